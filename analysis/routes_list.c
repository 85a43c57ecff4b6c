/* SPDX-License-Identifier: MIT */
#include "analysis/routes_kinds.h"

#include <stdlib.h>
#include <string.h>

static bool read_number(const char *text, char **end, unsigned long most, unsigned long *n)
{
    if (*text < '0' || *text > '9')
        return false;
    *n = strtoul(text, end, 10);
    return *n <= most;
}

/* The next word, and the text behind it; NULL: there is none. */
static char *word(char **text)
{
    char *begin = *text + strspn(*text, " \t\r");
    char *end = begin + strcspn(begin, " \t\r");
    if (*end != '\0')
        *end++ = '\0';
    *text = end;
    return *begin == '\0' ? NULL : begin;
}

/* "192.0.2.0/24", or "192.0.2.0" and the length in the next word. */
static bool take_prefix(struct routes_reading *r, char **text)
{
    char *address = word(text);
    if (address == NULL)
        return false;
    char *slash = strchr(address, '/');
    char *length_text = slash != NULL ? slash + 1 : word(text);
    unsigned long length;
    char *end;
    if (slash != NULL)
        *slash = '\0';
    return length_text != NULL && read_number(length_text, &end, 128, &length) &&
           *end == '\0' && routes_parse(address, length, &r->route);
}

/* Asked before a line is cut into words: it may be of another kind. */
static bool begins_with_address(const char *line)
{
    size_t digits = strspn(line, "0123456789abcdefABCDEF");
    return line[digits] == ':' || (digits > 0 && line[digits] == '.');
}

struct origins_text {
    uint32_t asn[ROUTE_ORIGINS_MAX];
    uint32_t set[ROUTE_ORIGINS_MAX]; /* equal and not 0: members of one */
    unsigned count;
};

/* "64496", "AS64496", "64497_64498": several, "64497,64498" or "{64497,64498}": a set. */
static bool read_origins(const char *text, struct origins_text *o)
{
    uint32_t set = 1;
    o->count = 0;
    for (;;) {
        unsigned long asn;
        char *end;
        text += *text == '{';
        text += strncmp(text, "AS", 2) == 0 ? 2 : 0;
        if (o->count == ROUTE_ORIGINS_MAX || !read_number(text, &end, UINT32_MAX, &asn))
            return false;
        o->asn[o->count] = (uint32_t)asn;
        o->set[o->count++] = set;
        end += *end == '}';
        if (*end == '\0')
            return true;
        if (*end != '_' && *end != ',')
            return false;
        set += *end == '_';
        text = end + 1;
    }
}

/* Several origins are several routes, the first with the most weight. */
static bool give_origins(struct routes_reading *r, const struct origins_text *o,
                         struct error *err)
{
    uint32_t sets = o->set[o->count - 1];
    for (unsigned i = 0; i < o->count;) {
        uint32_t set = o->set[i];
        r->path.hops = 0;
        for (; i < o->count && o->set[i] == set; i++)
            routes_path_add(&r->path, o->asn[i], set);
        if (r->path.hops == 1)
            r->path.hop[0].set = 0;
        r->route.weight = sets - set + 1;
        if (!routes_give(r, err))
            return false;
    }
    return true;
}

bool routes_list_line(struct routes_reading *r, char *line, struct error *err)
{
    char *text = line;
    struct origins_text origins;
    if (line[strspn(line, " \t\r")] == '\0')
        return r->about->kind == ROUTES_LIST;
    if (!begins_with_address(line) || !take_prefix(r, &text))
        return false;
    char *asn = word(&text);
    if (asn == NULL || !read_origins(asn, &origins))
        return false;
    text += strspn(text, " \t");
    text[strcspn(text, "\r")] = '\0';
    r->route.name = *text != '\0' ? text : NULL;
    return !routes_wanted(r) || give_origins(r, &origins, err);
}

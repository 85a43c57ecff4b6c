/*
 * A line as routers print it, one for each path:
 *
 *     *> 192.0.2.0/24     198.51.100.1      0    100      0 64496 64497 {64498,64499} i
 *     status, network, next hop, metric, preference, weight, path, origin code
 *
 * A network without a length is classful.  A line without a network has that of the line
 * above; a long network, and a long next hop, end their line.  Metric and preference may be
 * blank: the path is what follows the weight, all of it with single spaces between.
 */
/* SPDX-License-Identifier: MIT */
#include "analysis/routes_kinds.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { STATUS_COLUMNS = 5 }; /* at most: RPKI, valid, best, internal, a space */

/* What a terminal shows of a line: its pager wrote over what it had asked. */
static void overwrite(char *line)
{
    size_t at = 0;
    size_t end = 0;
    for (const char *c = line; *c != '\0'; c++) {
        if (*c == '\b') {
            at -= at > 0;
        } else if (*c == '\r') {
            at = 0;
        } else {
            line[at++] = *c;
            end = at > end ? at : end;
        }
    }
    while (end > 0 && line[end - 1] == ' ')
        end--;
    line[end] = '\0';
}

/* " --More-- " and "<--- More --->" where nothing wrote over them. */
static char *behind_pager(char *line)
{
    char *more = strstr(line, "More");
    if (more == NULL)
        return line;
    const char *before = line + strspn(line, " <-");
    if (before != more || memchr(line, '-', (size_t)(more - line)) == NULL)
        return line;
    char *rest = more + 4;
    rest += strspn(rest, " ");
    size_t dashes = strspn(rest, "->");
    rest += dashes;
    return dashes > 0 && *rest == ' ' ? rest + 1 : rest;
}

/* "192.0.2.0/24", "192.0.0.0" (then classful) or an IPv6 prefix, up to the next space. */
static bool read_network(const char *text, struct route *r)
{
    char address[ROUTE_TEXT_BYTES];
    size_t n = strcspn(text, " ");
    if (n == 0 || n >= sizeof address)
        return false;
    memcpy(address, text, n);
    address[n] = '\0';
    char *slash = strchr(address, '/');
    if (slash == NULL) {
        unsigned long first = strtoul(address, NULL, 10);
        if (strchr(address, '.') == NULL || strchr(address, ':') != NULL || first >= 224)
            return false;
        unsigned long length = first < 128 ? 8 : first < 192 ? 16 : 24;
        return routes_parse(address, strcmp(address, "0.0.0.0") == 0 ? 0 : length, r);
    }
    *slash = '\0';
    char *end;
    unsigned long length = strtoul(slash + 1, &end, 10);
    return slash[1] >= '0' && slash[1] <= '9' && *end == '\0' &&
           routes_parse(address, length, r);
}

/* Letters of a status may touch the network, and be digits of an IPv6 one. */
static size_t status_columns(const char *line, struct route *network, bool *has_network)
{
    for (size_t i = 0;; i++) {
        *has_network = line[i] != ' ' && read_network(line + i, network);
        if (*has_network || i == STATUS_COLUMNS || line[i] == '\0' ||
            strchr(" *>=sdhxirSRNVIbmfacu", line[i]) == NULL)
            return i;
    }
}

static bool is_address(const char *word)
{
    char text[INET6_ADDRSTRLEN];
    uint8_t address[16];
    size_t n = strcspn(word, " @"); /* FRR: next hop@VRF */
    if (n >= sizeof text)
        return false;
    memcpy(text, word, n);
    text[n] = '\0';
    return inet_pton(strchr(text, ':') != NULL ? AF_INET6 : AF_INET, text, address) == 1;
}

/* Where the last words begin that have one space between them: weight, path, origin code. */
static char *last_run(char *line)
{
    char *run = line;
    for (char *c = line; *c != '\0'; c++)
        if (c[0] == ' ' && c[1] == ' ')
            run = c + 2;
    return run + strspn(run, " ");
}

/* "64496" or "1.10", which is 65546 (RFC 5396). */
static bool read_asn(char **text, uint32_t *asn)
{
    if (**text < '0' || **text > '9')
        return false;
    unsigned long n = strtoul(*text, text, 10);
    if (**text == '.' && (*text)[1] >= '0' && (*text)[1] <= '9') {
        unsigned long low = strtoul(*text + 1, text, 10);
        if (n > UINT16_MAX || low > UINT16_MAX)
            return false;
        n = n << 16 | low;
    }
    *asn = (uint32_t)n;
    return n <= UINT32_MAX;
}

/* The path up to the origin code.  ASes of a confederation, in brackets, are not public. */
static bool read_path(char *text, struct routes_path_room *p)
{
    uint32_t set = 0;
    bool confederation = false;
    p->hops = 0;
    p->sets = 0;
    for (;;) {
        text += strspn(text, " ,");
        uint32_t asn;
        if (*text == '{')
            set = ++p->sets;
        else if (*text == '}')
            set = 0;
        else if (*text == '(' || *text == '[')
            confederation = true;
        else if (*text == ')' || *text == ']')
            confederation = false;
        else if (!read_asn(&text, &asn))
            break;
        else {
            if (!confederation)
                routes_path_add(p, asn, set);
            continue;
        }
        text++;
    }
    return (*text == 'i' || *text == 'e' || *text == '?') && text[1] == '\0' && set == 0;
}

static bool bad_line(const struct routes_reading *r, const char *what, struct error *err)
{
    return error_set(err, "%s:%lu: %s", r->from->name, r->from->line, what);
}

static bool take_path(struct routes_reading *r, struct routes_show *s, char *text,
                      struct error *err)
{
    uint32_t weight;
    if (!read_asn(&text, &weight))
        return bad_line(r, "no weight before an AS path", err);
    if (!read_path(text, &r->path))
        return bad_line(r, "not an AS path with its origin code", err);
    r->about->kind = ROUTES_SHOW;
    s->waits = s->has_next_hop = false;
    if (s->withdrawn)
        return true;
    r->route.name = NULL;
    return !routes_wanted(r) || routes_give(r, err);
}

/* `next_hop` begins with one; what follows may be on the next line. */
static bool take_next_hop(struct routes_reading *r, struct routes_show *s, char *next_hop,
                          struct error *err)
{
    if (!s->has_prefix)
        return bad_line(r, "a path before any network", err);
    s->has_next_hop = next_hop[strcspn(next_hop, " ")] == '\0';
    return s->has_next_hop || take_path(r, s, last_run(next_hop), err);
}

/* Prompts, headings and sums are passed over. */
static bool other_line(const struct routes_reading *r, struct routes_show *s, const char *line,
                       struct error *err)
{
    if (strncmp(line, "BGP routing table entry for", 27) == 0)
        return bad_line(r, "the detailed form of `show ip bgp`; the short one would do", err);
    if (line[0] == '*' || (line[0] != '\0' && line[1] == '*'))
        return bad_line(r, "no network and no next hop", err);
    if (s->waits)
        return bad_line(r, "another line where a path should follow", err);
    s->has_prefix = false;
    return true;
}

/* The path of a next hop that filled the line above. */
static bool is_rest(const struct routes_show *s, const char *line)
{
    return s->has_next_hop && line[0] == ' ' && line[1] == ' ' &&
           line[strspn(line, " 0123456789.{},()ie?")] == '\0';
}

bool routes_show_end(const struct routes_reading *r, const struct routes_show *s,
                     struct error *err)
{
    return !s->waits || bad_line(r, "no path behind it: the file is cut short", err);
}

bool routes_show_line(struct routes_reading *r, struct routes_show *s, char *line,
                      struct error *err)
{
    overwrite(line);
    line = behind_pager(line);
    if (*line == '\0')
        return true;
    if (is_rest(s, line))
        return take_path(r, s, last_run(line), err);
    struct route network = r->route;
    bool has_network;
    size_t columns = status_columns(line, &network, &has_network);
    char *next_hop = line + columns;
    if (has_network)
        next_hop += strcspn(next_hop, " ");
    next_hop += strspn(next_hop, " ");
    bool has_next_hop = is_address(next_hop);
    if (!has_next_hop && (!has_network || *next_hop != '\0'))
        return other_line(r, s, line, err);
    if (s->waits && (has_network || s->has_next_hop))
        return bad_line(r, "another route where a path should follow", err);
    if (has_network) {
        r->route = network;
        s->has_prefix = true;
    }
    s->waits = true;
    if (has_network || line[0] != ' ')
        s->withdrawn = memchr(line, 'h', columns) != NULL || memchr(line, 'R', columns) != NULL;
    return !has_next_hop || take_next_hop(r, s, next_hop, err);
}

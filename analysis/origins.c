/* SPDX-License-Identifier: MIT */
#include "analysis/origins.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { HEADS = 1 << 16, NONE = UINT32_MAX >> 8 };

struct announcement {
    uint64_t bits;     /* of its struct prefix */
    uint32_t number;   /* of the AS; while reading, the AS itself */
    uint32_t covering; /* the next larger announcement around it, or NONE */
};

/* IPv4 and IPv6 apart: their addresses share the leading bits. */
struct family {
    struct announcement *list;
    size_t count, room;
    uint32_t head[HEADS + 1]; /* first announcement with these leading 16 bits, or later */
};

struct origins {
    struct family family[2];
    uint32_t *asn; /* ascending: an AS's number is its place */
    size_t ases;
};

static uint64_t first_of(uint64_t bits)
{
    return bits & ~(uint64_t)0xff;
}

static unsigned length_of(const struct announcement *a)
{
    return prefix_length((struct prefix){a->bits});
}

static bool covers(const struct announcement *a, uint64_t address)
{
    unsigned length = length_of(a);
    return length == 0 || ((a->bits ^ address) >> (64 - length)) == 0;
}

static int by_address(const void *x, const void *y)
{
    const struct announcement *a = x;
    const struct announcement *b = y;
    uint64_t p = first_of(a->bits);
    uint64_t q = first_of(b->bits);
    if (p != q)
        return p < q ? -1 : 1;
    unsigned k = length_of(a);
    unsigned l = length_of(b);
    if (k != l)
        return k < l ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

static int by_number(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x;
    uint32_t b = *(const uint32_t *)y;
    return (a > b) - (a < b);
}

static bool append(struct family *f, struct prefix p, uint32_t asn)
{
    if (f->count == f->room) {
        size_t room = f->room == 0 ? 4096 : 2 * f->room;
        struct announcement *list = realloc(f->list, room * sizeof *list);
        if (list == NULL || room >= NONE)
            return false;
        f->list = list;
        f->room = room;
    }
    f->list[f->count++] = (struct announcement){.bits = p.bits, .number = asn};
    return true;
}

static bool parse_line(const char *line, struct prefix *p, uint32_t *asn)
{
    char address[INET6_ADDRSTRLEN];
    char text[PREFIX_TEXT_BYTES + 8];
    unsigned length;
    if (sscanf(line, "%45s %u %u", address, &length, asn) != 3)
        return false;
    if (strchr(address, ':') != NULL && length > 56)
        length = 56; /* a longer one is within one counted prefix */
    (void)snprintf(text, sizeof text, "%s/%u", address, length);
    return prefix_parse(text, p);
}

static bool read_lines(struct origins *o, FILE *from, const char *name, struct error *err)
{
    char line[256];
    for (unsigned long n = 1; fgets(line, sizeof line, from) != NULL; n++) {
        struct prefix p;
        uint32_t asn;
        if (line[0] == '#' || line[0] == '\n')
            continue;
        if (!parse_line(line, &p, &asn))
            return error_set(err, "%s:%lu: not an address, a length and an AS number", name, n);
        if (!append(&o->family[prefix_family(p) == 6], p, asn))
            return error_set(err, "%s: no memory for so many announcements", name);
    }
    if (ferror(from))
        return error_errno(err, "reading %s", name);
    return o->family[0].count + o->family[1].count > 0 ||
           error_set(err, "%s: no announcement in it", name);
}

static bool number_ases(struct origins *o)
{
    size_t count = o->family[0].count + o->family[1].count;
    size_t used = 0;
    o->asn = malloc(count * sizeof *o->asn);
    if (o->asn == NULL)
        return false;
    for (unsigned f = 0; f < 2; f++)
        for (size_t i = 0; i < o->family[f].count; i++)
            o->asn[used++] = o->family[f].list[i].number;
    qsort(o->asn, used, sizeof *o->asn, by_number);
    for (size_t i = 0; i < used; i++)
        if (o->ases == 0 || o->asn[o->ases - 1] != o->asn[i])
            o->asn[o->ases++] = o->asn[i];
    return true;
}

static uint32_t number_of(const struct origins *o, uint32_t asn)
{
    const uint32_t *at = bsearch(&asn, o->asn, o->ases, sizeof *o->asn, by_number);
    return (uint32_t)(at - o->asn);
}

/* Of one prefix announced by several ASes the lowest number stays: the same on every day. */
static void drop_repeated(struct family *f)
{
    size_t kept = 0;
    for (size_t i = 0; i < f->count; i++)
        if (kept == 0 || f->list[kept - 1].bits != f->list[i].bits)
            f->list[kept++] = f->list[i];
    f->count = kept;
}

/* In order of addresses an announcement's cover is the one before it, or a cover of that. */
static void link_covers(struct family *f)
{
    uint32_t next = 0;
    for (size_t i = 0; i < f->count; i++) {
        struct announcement *a = &f->list[i];
        uint32_t cover = i == 0 ? NONE : (uint32_t)(i - 1);
        while (cover != NONE && !covers(&f->list[cover], a->bits))
            cover = f->list[cover].covering;
        a->covering = cover;
        for (uint32_t head = (uint32_t)(a->bits >> 48); next <= head; next++)
            f->head[next] = (uint32_t)i;
    }
    for (; next <= HEADS; next++)
        f->head[next] = (uint32_t)f->count;
}

static void put_in_order(struct origins *o)
{
    for (unsigned n = 0; n < 2; n++) {
        struct family *f = &o->family[n];
        if (f->count > 0)
            qsort(f->list, f->count, sizeof *f->list, by_address);
        drop_repeated(f);
        for (size_t i = 0; i < f->count; i++)
            f->list[i].number = number_of(o, f->list[i].number);
        link_covers(f);
    }
}

struct origins *origins_read(FILE *from, const char *name, struct error *err)
{
    struct origins *o = calloc(1, sizeof *o);
    if (o == NULL) {
        error_set(err, "%s: no memory for a table of origins", name);
        return NULL;
    }
    if (!read_lines(o, from, name, err))
        goto fail;
    if (!number_ases(o)) {
        error_set(err, "%s: no memory for its ASes", name);
        goto fail;
    }
    put_in_order(o);
    return o;

fail:
    origins_free(o);
    return NULL;
}

void origins_free(struct origins *o)
{
    if (o == NULL)
        return;
    free(o->family[0].list);
    free(o->family[1].list);
    free(o->asn);
    free(o);
}

size_t origins_count(const struct origins *o)
{
    return o == NULL ? 0 : o->ases;
}

size_t origins_announcements(const struct origins *o)
{
    return o == NULL ? 0 : o->family[0].count + o->family[1].count;
}

uint32_t origins_asn(const struct origins *o, uint32_t number)
{
    return o->asn[number];
}

/* The last announcement that begins at or before the address; NONE where there is none. */
static uint32_t last_before(const struct family *f, uint64_t address)
{
    uint32_t low = f->head[address >> 48];
    uint32_t high = f->head[(address >> 48) + 1];
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (first_of(f->list[middle].bits) <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? NONE : low - 1;
}

bool origins_find(const struct origins *o, struct prefix p, struct origin *found)
{
    if (o == NULL)
        return false;
    const struct family *f = &o->family[prefix_family(p) == 6];
    uint64_t address = first_of(p.bits);
    uint32_t at = last_before(f, address);
    while (at != NONE &&
           (!covers(&f->list[at], address) || length_of(&f->list[at]) > prefix_length(p)))
        at = f->list[at].covering;
    if (at == NONE)
        return false;
    const struct announcement *a = &f->list[at];
    *found = (struct origin){o->asn[a->number], a->number, {a->bits}};
    return true;
}

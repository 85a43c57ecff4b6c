/* SPDX-License-Identifier: MIT */
#include "analysis/origins.h"

#include "analysis/as_names.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { HEADS = 1 << 16, NONE = UINT32_MAX >> 8, LOOK_BACK = 8 };
enum { IPV4_SHORTEST = 8, IPV6_SHORTEST = 16, IPV6_LONGEST = 56 };

/* In two forms: while the table is read, and then in order. */
struct announcement {
    uint64_t bits; /* of its struct prefix */
    union {
        struct {
            uint32_t asn;
            uint16_t routes; /* how many, or more than can be counted */
            uint16_t country;
        } read;
        struct {
            uint64_t number : 24;   /* of the AS, or NONE */
            uint64_t covering : 24; /* the next larger announcement around it, or NONE */
            uint64_t country : 16;
        };
    };
};

_Static_assert(sizeof(struct announcement) == 16, "announcement: no padding");

/* One more origin of an announcement, beside the one that counts. */
struct also {
    uint64_t bits;
    uint32_t asn;
    uint32_t routes;
};

/* IPv4 and IPv6 apart: their addresses share the leading bits. */
struct family {
    struct announcement *list;
    size_t count, room;
    size_t sorted_at;         /* once it is so long, what repeats is added up */
    uint32_t head[HEADS + 1]; /* first announcement with these leading 16 bits, or later */
};

struct origins {
    struct family family[2];
    struct routes_about about;
    bool has_countries;
    uint32_t *asn; /* ascending: an AS's number is its place */
    size_t ases;
    struct also *also; /* in order of prefixes */
    size_t also_count, also_room;
    struct as_names names;
};

/* While it is read: the table, and who is asked whether to go on. */
struct reading {
    struct origins *o;
    origins_keep_on *keep_on;
    void *to;
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

/* `*list` with room for `more`; doubled where it has none. */
static bool make_room(void **list, size_t *room, size_t need, size_t size)
{
    if (need <= *room)
        return true;
    size_t larger = *room == 0 ? 4096 : 2 * *room;
    larger = larger < need ? need : larger;
    void *at = realloc(*list, larger * size);
    if (at == NULL)
        return false;
    *list = at;
    *room = larger;
    return true;
}

/* ---- Reading --------------------------------------------------------------------------- */

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
    return (a->read.asn > b->read.asn) - (a->read.asn < b->read.asn);
}

static void add_routes(struct announcement *to, uint32_t routes, uint16_t country)
{
    uint32_t sum = to->read.routes + (routes > UINT16_MAX ? UINT16_MAX : routes);
    to->read.routes = sum > UINT16_MAX ? UINT16_MAX : (uint16_t)sum;
    if (to->read.country != country)
        to->read.country = 0;
}

static bool is_in_order(const struct family *f)
{
    for (size_t i = 1; i < f->count; i++)
        if (by_address(&f->list[i - 1], &f->list[i]) > 0)
            return false;
    return true;
}

/* In order, the routes of one prefix by one AS added up. */
static void add_up(struct family *f)
{
    size_t kept = 0;
    if (!is_in_order(f)) /* as most tables are */
        qsort(f->list, f->count, sizeof *f->list, by_address);
    for (size_t i = 0; i < f->count; i++) {
        struct announcement *last = kept > 0 ? &f->list[kept - 1] : NULL;
        const struct announcement *a = &f->list[i];
        if (last != NULL && last->bits == a->bits && last->read.asn == a->read.asn)
            add_routes(last, a->read.routes, a->read.country);
        else
            f->list[kept++] = *a;
    }
    f->count = kept;
}

static uint16_t country_of(const struct route *r)
{
    return (uint16_t)((uint8_t)r->country[0] | (uint8_t)r->country[1] << 8);
}

static bool append(struct family *f, struct prefix p, uint32_t asn, const struct route *r)
{
    uint16_t country = country_of(r);
    /* Tables name a prefix's routes one after another, by few origins. */
    size_t stop = f->count < LOOK_BACK ? 0 : f->count - LOOK_BACK;
    for (size_t i = f->count; i-- > stop && f->list[i].bits == p.bits;)
        if (f->list[i].read.asn == asn) {
            add_routes(&f->list[i], r->weight, country);
            return true;
        }
    if (f->count == f->sorted_at) {
        add_up(f);
        f->sorted_at = f->count < 2048 ? 4096 : 2 * f->count;
    }
    void *list = f->list;
    if (f->count >= NONE - 1 || !make_room(&list, &f->room, f->count + 1, sizeof *f->list))
        return false;
    f->list = list;
    struct announcement *a = &f->list[f->count++];
    *a = (struct announcement){.bits = p.bits, .read = {.asn = asn, .country = country}};
    add_routes(a, r->weight, country);
    return true;
}

static bool take_route(void *to, const struct route *r, struct error *err)
{
    struct origins *o = ((struct reading *)to)->o;
    o->has_countries |= r->country[0] != '\0';
    unsigned longest = r->family == 4 ? 32 : IPV6_LONGEST;
    if (r->length < (r->family == 4 ? IPV4_SHORTEST : IPV6_SHORTEST))
        return true;
    struct prefix p =
            prefix_of(r->family, r->address, r->length < longest ? r->length : longest);
    struct family *f = &o->family[r->family == 6];
    unsigned origins = routes_origins(r);
    bool good = origins > 0 || append(f, p, 0, r);
    for (unsigned i = 0; good && i < origins; i++)
        good = append(f, p, r->hop[r->hops - origins + i].asn, r);
    if (good && r->name != NULL && origins > 0)
        good = as_names_add(&o->names, r->hop[r->hops - 1].asn, r->name);
    return good || error_set(err, "no memory for so many announcements");
}

/* ---- Putting in order ------------------------------------------------------------------ */

static int by_number(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x;
    uint32_t b = *(const uint32_t *)y;
    return (a > b) - (a < b);
}

static int by_prefix_and_routes(const void *x, const void *y)
{
    const struct also *a = x;
    const struct also *b = y;
    if (a->bits != b->bits)
        return a->bits < b->bits ? -1 : 1;
    if (a->routes != b->routes)
        return a->routes > b->routes ? -1 : 1;
    return (a->asn > b->asn) - (a->asn < b->asn);
}

/* The place, among those from `i` on with one prefix, of the origin that counts. */
static size_t leading_origin(const struct family *f, size_t i, size_t *end)
{
    size_t best = i;
    size_t at = i;
    for (; at < f->count && f->list[at].bits == f->list[i].bits; at++)
        if (f->list[best].read.asn == 0 ||
            (f->list[at].read.routes > f->list[best].read.routes && f->list[at].read.asn != 0))
            best = at;
    *end = at;
    return best;
}

static bool keep_also(struct origins *o, const struct announcement *a)
{
    void *list = o->also;
    bool good = make_room(&list, &o->also_room, o->also_count + 1, sizeof *o->also);
    o->also = list;
    if (good)
        o->also[o->also_count++] = (struct also){a->bits, a->read.asn, a->read.routes};
    return good;
}

/* Leaves one origin to each prefix; the others go to `also`. */
static bool settle_origins(struct origins *o, struct family *f)
{
    size_t kept = 0;
    size_t end;
    add_up(f);
    for (size_t i = 0; i < f->count; i = end) {
        size_t best = leading_origin(f, i, &end);
        struct announcement leading = f->list[best];
        for (size_t k = i; k < end; k++)
            if (k != best && f->list[k].read.asn != 0 && !keep_also(o, &f->list[k]))
                return false;
        f->list[kept++] = leading;
    }
    f->count = kept;
    return true;
}

static bool number_ases(struct origins *o)
{
    size_t count = o->family[0].count + o->family[1].count;
    size_t used = 0;
    o->asn = malloc((count + 1) * sizeof *o->asn);
    if (o->asn == NULL)
        return false;
    for (unsigned f = 0; f < 2; f++)
        for (size_t i = 0; i < o->family[f].count; i++)
            o->asn[used++] = o->family[f].list[i].read.asn;
    qsort(o->asn, used, sizeof *o->asn, by_number);
    for (size_t i = 0; i < used; i++)
        if (o->asn[i] != 0 && (o->ases == 0 || o->asn[o->ases - 1] != o->asn[i]))
            o->asn[o->ases++] = o->asn[i];
    return true;
}

static uint32_t number_of(const struct origins *o, uint32_t asn)
{
    if (asn == 0)
        return NONE;
    const uint32_t *at = bsearch(&asn, o->asn, o->ases, sizeof *o->asn, by_number);
    return (uint32_t)(at - o->asn);
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
        a->covering = cover & NONE;
        for (uint32_t head = (uint32_t)(a->bits >> 48); next <= head; next++)
            f->head[next] = (uint32_t)i;
    }
    for (; next <= HEADS; next++)
        f->head[next] = (uint32_t)f->count;
}

static void settle(struct announcement *a, uint32_t number)
{
    uint16_t country = a->read.country;
    a->number = number & NONE;
    a->covering = NONE;
    a->country = country;
}

static bool put_in_order(struct origins *o)
{
    if (!settle_origins(o, &o->family[0]) || !settle_origins(o, &o->family[1]) ||
        !number_ases(o))
        return false;
    for (unsigned n = 0; n < 2; n++) {
        struct family *f = &o->family[n];
        for (size_t i = 0; i < f->count; i++)
            settle(&f->list[i], number_of(o, f->list[i].read.asn));
        link_covers(f);
    }
    if (o->also_count > 0)
        qsort(o->also, o->also_count, sizeof *o->also, by_prefix_and_routes);
    as_names_put_in_order(&o->names);
    return true;
}

static bool go_on(void *to, const struct feed *from, uint64_t routes)
{
    struct reading *r = to;
    return r->keep_on == NULL || r->keep_on(r->to, from, routes);
}

static struct origins *read_table(struct feed *from, bool countries, origins_keep_on *keep_on,
                                  void *to, struct error *err)
{
    struct origins *o = calloc(1, sizeof *o);
    if (o == NULL) {
        error_set(err, "%s: no memory for a table of origins", from->name);
        return NULL;
    }
    struct reading reading = {o, keep_on, to};
    const struct routes_taker taker = {
            .to = &reading, .countries = countries, .take = take_route, .keep_on = go_on};
    if (!routes_read(from, &taker, &o->about, err))
        goto fail;
    if (o->family[0].count + o->family[1].count == 0) {
        error_set(err, "%s: no announcement in it", from->name);
        goto fail;
    }
    if (countries && !o->has_countries) {
        error_set(err,
                  "%s: a table of origins (%s) without countries; libloc's database would do, "
                  "or an MMDB with them",
                  from->name, routes_kind_name(o->about.kind));
        goto fail;
    }
    if (!put_in_order(o)) {
        error_set(err, "%s: no memory to put it in order", from->name);
        goto fail;
    }
    return o;

fail:
    origins_free(o);
    return NULL;
}

struct origins *origins_read(struct feed *from, origins_keep_on *keep_on, void *to,
                             struct error *err)
{
    return read_table(from, false, keep_on, to, err);
}

struct origins *origins_read_countries(struct feed *from, origins_keep_on *keep_on, void *to,
                                       struct error *err)
{
    return read_table(from, true, keep_on, to, err);
}

void origins_free(struct origins *o)
{
    if (o == NULL)
        return;
    free(o->family[0].list);
    free(o->family[1].list);
    free(o->asn);
    free(o->also);
    as_names_fini(&o->names);
    free(o);
}

/* ---- Looking up ------------------------------------------------------------------------ */

const struct routes_about *origins_about(const struct origins *o)
{
    return &o->about;
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

struct origin origins_place(const struct origins *o, uint32_t place)
{
    bool second = place >= o->family[0].count;
    const struct announcement *a =
            second ? &o->family[1].list[place - o->family[0].count] : &o->family[0].list[place];
    bool known = a->number != NONE;
    return (struct origin){.asn = known ? o->asn[a->number] : 0,
                           .number = known ? a->number : 0,
                           .place = place,
                           .announced = {a->bits}};
}

uint64_t origins_fingerprint(const struct origins *o)
{
    uint64_t hash = o->about.whole_ipv4 | o->about.whole_ipv6 << 1;
    for (unsigned f = 0; f < 2; f++)
        if (o->family[f].count > 0)
            hash = XXH3_64bits_withSeed(o->family[f].list,
                                        o->family[f].count * sizeof *o->family[f].list, hash);
    return XXH3_64bits_withSeed(o->asn, o->ases * sizeof *o->asn, hash);
}

const char *origins_name(const struct origins *o, uint32_t number)
{
    return as_names_find(&o->names, o->asn[number]);
}

bool origins_is_whole(const struct origins *o, unsigned family)
{
    return o != NULL && (family == 6 ? o->about.whole_ipv6 : o->about.whole_ipv4);
}

/*
 * The last announcement that begins at or before the address, or the one before the first with
 * its leading 16 bits; NONE where there is none.  No step depends on a guess.
 */
static uint32_t last_before(const struct family *f, uint64_t address)
{
    uint32_t low = f->head[address >> 48];
    uint32_t count = f->head[(address >> 48) + 1] - low;
    const struct announcement *at = f->list + low;
    while (count > 1) {
        uint32_t half = count / 2;
        at = first_of(at[half].bits) <= address ? at + half : at;
        count -= half;
    }
    low = (uint32_t)(at - f->list);
    bool behind = count > 0 && first_of(at->bits) <= address;
    return low + behind == 0 ? NONE : low + behind - 1;
}

static const struct announcement *find(const struct family *f, struct prefix p)
{
    uint64_t address = first_of(p.bits);
    unsigned tag = p.bits & 0xff;
    uint32_t at = f->count == 0 ? NONE : last_before(f, address);
    while (at != NONE) {
        const struct announcement *a = &f->list[at];
        if ((a->bits & 0xff) <= tag && covers(a, address))
            return a;
        at = a->covering;
    }
    return NULL;
}

enum origins_answer origins_look_up(const struct origins *o, struct prefix p,
                                    struct origin *found)
{
    *found = (struct origin){.asn = 0};
    if (o == NULL)
        return ORIGINS_UNKNOWN;
    const struct family *f = &o->family[prefix_family(p) == 6];
    const struct announcement *a = find(f, p);
    if (a == NULL)
        return origins_is_whole(o, prefix_family(p)) ? ORIGINS_UNROUTED : ORIGINS_UNKNOWN;
    found->announced = (struct prefix){a->bits};
    found->place = (uint32_t)(a - f->list + (f == o->family ? 0 : o->family[0].count));
    if (a->number == NONE)
        return ORIGINS_UNKNOWN;
    found->asn = o->asn[a->number];
    found->number = a->number;
    return ORIGINS_ANNOUNCED;
}

bool origins_find(const struct origins *o, struct prefix p, struct origin *found)
{
    return origins_look_up(o, p, found) == ORIGINS_ANNOUNCED;
}

uint16_t origins_country(const struct origins *o, const struct origin *found)
{
    if (o == NULL || found->announced.bits == 0)
        return 0;
    bool second = found->place >= o->family[0].count;
    const struct family *f = &o->family[second];
    return f->list[found->place - (second ? o->family[0].count : 0)].country & UINT16_MAX;
}

size_t origins_all(const struct origins *o, const struct origin *found, uint32_t *asn,
                   size_t room)
{
    size_t low = 0;
    size_t high = o->also_count;
    size_t count = 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (o->also[middle].bits < found->announced.bits)
            low = middle + 1;
        else
            high = middle;
    }
    if (room > 0 && found->asn != 0)
        asn[count++] = found->asn;
    for (; low < o->also_count && o->also[low].bits == found->announced.bits; low++)
        if (count < room)
            asn[count++] = o->also[low].asn;
    return count;
}

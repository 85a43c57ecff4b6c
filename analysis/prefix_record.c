/* SPDX-License-Identifier: MIT */
#include "analysis/prefix_record.h"

#include "analysis/region.h"

#include <math.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

bool prefix_pool_init(struct prefix_pool *p, uint32_t records)
{
    *p = (struct prefix_pool){
            .records = region_reserve(records * sizeof *p->records, true),
            .details = region_reserve(records * sizeof *p->details, true),
            .size = records,
    };
    return p->records != NULL && p->details != NULL;
}

void prefix_pool_fini(struct prefix_pool *p)
{
    region_release(p->records, p->size * sizeof *p->records);
    region_release(p->details, p->size * sizeof *p->details);
}

unsigned prefix_host_bit(const uint8_t client[static 16], bool ipv6)
{
    /* All tables must agree, since records are merged: no seed of their own. */
    return ipv6 ? (unsigned)(XXH3_64bits(client + 6, 10) % PREFIX_HOST_BITS) : client[3];
}

static inline void add_query(struct prefix_detail *d, struct prefix_query q)
{
    d->hosts[q.host / 64] |= UINT64_C(1) << q.host % 64;
    d->qtype[q.class]++;
}

/* Zeros in whole vectors: memset() of so few octets is a slow instruction or a call. */
static inline void zero_detail(struct prefix_detail *d)
{
    typedef uint64_t line __attribute__((vector_size(64)));
    static const line zero;
    memcpy(d, &zero, sizeof zero);
    memcpy((char *)d + sizeof zero, &zero, sizeof zero);
}

struct prefix_detail *prefix_pool_detail(struct prefix_pool *p, struct prefix_record *r)
{
    if (r->detail != 0)
        return &p->details[r->detail - 1];
    /* There are as many as records, and a record keeps its own for good. */
    struct prefix_detail *d = &p->details[p->detailed++];
    r->detail = p->detailed;
    zero_detail(d);
    for (uint32_t i = 0; i < r->queries; i++)
        add_query(d, r->few[i]);
    return d;
}

/* The other line of both is best left where it is when it says nothing. */
static void add_detail(struct prefix_detail *to, const struct prefix_detail *from,
                       uint32_t queries)
{
    uint32_t near = 0;
    for (unsigned i = 0; i < PREFIX_HOST_BITS / 64; i++)
        to->hosts[i] |= from->hosts[i];
    for (unsigned i = 0; i < PREFIX_NEAR_TYPES; i++) {
        near += from->qtype[i];
        to->qtype[i] += from->qtype[i];
    }
    for (unsigned i = PREFIX_NEAR_TYPES; near < queries && i < QTYPE_CLASSES; i++)
        to->qtype[i] += from->qtype[i];
}

bool prefix_pool_add_many(struct prefix_pool *p, struct prefix_record *to,
                          const struct prefix_pool *other, const struct prefix_record *from)
{
    uint32_t sum = to->queries + from->queries;
    if (sum < from->queries)
        return false;
    to->junk += from->junk;
    if (from->detail != 0) {
        add_detail(prefix_pool_detail(p, to), &other->details[from->detail - 1], from->queries);
    } else {
        struct prefix_detail *d = prefix_pool_detail(p, to);
        for (uint32_t i = 0; i < from->queries; i++)
            add_query(d, from->few[i]);
    }
    to->queries = sum;
    return true;
}

bool prefix_pool_add_unknown(struct prefix_pool *p, struct prefix_record *r, uint32_t queries)
{
    if (queries > UINT32_MAX - r->queries)
        return false;
    prefix_pool_detail(p, r)->qtype[QTYPE_CLASS_OTHER] += queries;
    r->queries += queries;
    return true;
}

void prefix_pool_reuse(struct prefix_pool *p, struct prefix_record *r, struct prefix prefix)
{
    *r = (struct prefix_record){.prefix = prefix, .detail = r->detail};
    if (r->detail != 0)
        zero_detail(&p->details[r->detail - 1]);
}

void prefix_pool_tell(const struct prefix_pool *p, const struct prefix_record *r,
                      struct prefix_detail *d)
{
    if (r->detail != 0) {
        *d = p->details[r->detail - 1];
        return;
    }
    zero_detail(d);
    for (uint32_t i = 0; i < r->queries; i++)
        add_query(d, r->few[i]);
}

uint32_t prefix_detail_hosts(const struct prefix_detail *d, struct prefix of)
{
    unsigned set = 0;
    for (unsigned i = 0; i < PREFIX_HOST_BITS / 64; i++)
        set += (unsigned)__builtin_popcountll(d->hosts[i]);
    if (prefix_family(of) == 4 || set == 0)
        return set;
    double zeros = set == PREFIX_HOST_BITS ? 0.5 : PREFIX_HOST_BITS - set;
    return (uint32_t)lround(PREFIX_HOST_BITS * log(PREFIX_HOST_BITS / zeros));
}

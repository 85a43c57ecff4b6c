/*
 * The ways to the records of a pool of prefixes, and the counts of /24s that have none.
 *
 * A record is found by open addressing under a keyed hash, in no more slots than what was met
 * lately needs, so that they stay in the cache, and in at most PREFIX_PROBES_MAX steps: of
 * prefixes that fill half of the slots one in some 250,000 would need more, of fewer hardly
 * any. When there are many, IPv4 /24s turn to an array of all 2^24 of them, which no choice of
 * sources can flood or make slow; it also holds bare counts of /24s for which the pool had no
 * room.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/prefix_record.h"
#include "capture/error.h"

enum { PREFIX_PROBES_MAX = 64 };

/* How a /24's record is found. */
enum prefix_way {
    PREFIX_HASHED,
    PREFIX_DIRECT,           /* by the array as soon as there are many */
    PREFIX_DIRECT_WHEN_FULL, /* hashed as long as there is room for new records */
};

/* Where a prefix is looked for, but for the array. */
struct prefix_home {
    struct prefix prefix;
    uint64_t hash;
};

/* An entry of the array: 0, or the record's number + 1, or a count without a record. */
#define PREFIX_BARE UINT32_C(0x80000000)

/* A slot of the hash: 0, or 8 bits of the hash above the record's number + 1. */
#define PREFIX_SLOT_RECORD UINT32_C(0xffffff)

struct prefix_ways {
    struct prefix_pool *pool;
    enum prefix_way way;
    bool by_array; /* /24s are found through it; else all are hashed */
    bool has_bare;
    uint32_t *direct; /* an entry a /24, all zero but where by_array; or NULL */
    uint32_t *slots;  /* mask + 1 of them in use, at least twice what is hashed */
    uint64_t mask, mask_max;
    uint64_t seed;
    uint32_t hashed;     /* of the pool's records */
    uint32_t hashed_max; /* more turn to the array, where there may be one */
    uint64_t *bare;      /* a bit for each line of the array that holds bare counts */
};

bool prefix_ways_init(struct prefix_ways *w, struct prefix_pool *pool, enum prefix_way way,
                      struct error *err);
void prefix_ways_fini(struct prefix_ways *w);

static inline bool prefix_ways_is_direct(const struct prefix_ways *w, struct prefix p)
{
    return w->by_array && prefix_family(p) == 4;
}

/* Of a /24: does not depend on how it is found just now. */
static inline uint32_t *prefix_ways_entry(const struct prefix_ways *w, struct prefix p)
{
    return &w->direct[p.bits >> 40];
}

/* Where to look for a prefix; asked for at once. */
struct prefix_home prefix_ways_seek(const struct prefix_ways *w, struct prefix p);

/* The home has arrived: the record that it most likely leads to; NULL: none. */
static inline struct prefix_record *prefix_ways_likely(const struct prefix_ways *w,
                                                       const struct prefix_home *h)
{
    uint64_t number = prefix_ways_is_direct(w, h->prefix)
                              ? *prefix_ways_entry(w, h->prefix) & ~PREFIX_BARE
                              : w->slots[h->hash & w->mask] & PREFIX_SLOT_RECORD;
    return number == 0 || number > w->pool->size ? NULL : &w->pool->records[number - 1];
}

/* The number of a prefix's record, made if need be; -1: there is no room. */
int32_t prefix_ways_record(struct prefix_ways *w, const struct prefix_home *h);
/* NULL: it has none. */
struct prefix_record *prefix_ways_find(const struct prefix_ways *w, struct prefix p);

/* Adds to the bare count of a /24 without a record; false: there is no room to. */
bool prefix_ways_count_bare(struct prefix_ways *w, struct prefix p, uint32_t queries);
/* From now on /24s are found through the array, where that may be. */
void prefix_ways_turn_direct(struct prefix_ways *w);
/* Calls `each` for every /24 with a bare count; `other`, where not NULL, will be asked for the
 * same /24s. */
void prefix_ways_each_bare(const struct prefix_ways *w, const struct prefix_ways *other,
                           void (*each)(void *argument, struct prefix p, uint32_t queries),
                           void *argument);

/* Forgets all ways, before the pool is cleared; the next interval will most likely need as
 * many, found in the same way. */
void prefix_ways_clear(struct prefix_ways *w);

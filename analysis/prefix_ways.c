/* SPDX-License-Identifier: MIT */
#include "analysis/prefix_ways.h"

#include "analysis/region.h"

#include <stdlib.h>
#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    IPV4_PREFIXES = 1 << 24,
    BLOCK = 64,     /* so many look-ups are under way at once */
    LINE = 16,      /* entries of the array */
    BARE_AHEAD = 2, /* words of marks */
    BARE_WORDS = IPV4_PREFIXES / LINE / 64,
    SLOTS_MIN = 1 << 10,
    SPARSE = 16,          /* so many slots a record, and the next table has half of them */
    HASHED_MAX = 1 << 17, /* records; the array is then as fast, and cannot be flooded */
};

static uint64_t slots_for(uint32_t records)
{
    uint64_t slots = 64;
    while (slots < 2 * (uint64_t)records)
        slots *= 2;
    return slots;
}

/* So many records may be hashed before /24s are found through the array, where that may be. */
static uint32_t hashed_at_most(const struct prefix_ways *w)
{
    bool may_turn = w->way == PREFIX_DIRECT && w->pool->size > HASHED_MAX;
    return may_turn ? HASHED_MAX : w->pool->size;
}

static bool create_direct(struct prefix_ways *w)
{
    w->direct = region_reserve(IPV4_PREFIXES * sizeof *w->direct, true);
    w->bare = calloc(BARE_WORDS, sizeof *w->bare);
    return w->direct != NULL && w->bare != NULL;
}

bool prefix_ways_init(struct prefix_ways *w, struct prefix_pool *pool, enum prefix_way way,
                      struct error *err)
{
    *w = (struct prefix_ways){.pool = pool, .way = way};
    w->mask_max = slots_for(pool->size) - 1;
    w->mask = w->mask_max < SLOTS_MIN ? w->mask_max : SLOTS_MIN - 1;
    w->hashed_max = hashed_at_most(w);
    w->slots = region_reserve((w->mask_max + 1) * sizeof *w->slots, true);
    if (w->slots == NULL || (way == PREFIX_DIRECT && !create_direct(w)))
        return error_set(err, "no memory for a table of %u prefixes", pool->size);
    if (getrandom(&w->seed, sizeof w->seed, 0) != sizeof w->seed)
        return error_errno(err, "seeding a table of prefixes");
    return true;
}

void prefix_ways_fini(struct prefix_ways *w)
{
    region_release(w->slots, (w->mask_max + 1) * sizeof *w->slots);
    region_release(w->direct, IPV4_PREFIXES * sizeof *w->direct);
    free(w->bare);
}

static inline struct prefix_home home_of(const struct prefix_ways *w, struct prefix p)
{
    if (prefix_ways_is_direct(w, p))
        return (struct prefix_home){.prefix = p};
    return (struct prefix_home){p, XXH3_64bits_withSeed(&p.bits, sizeof p.bits, w->seed)};
}

struct prefix_home prefix_ways_seek(const struct prefix_ways *w, struct prefix p)
{
    struct prefix_home h = home_of(w, p);
    if (prefix_ways_is_direct(w, p))
        __builtin_prefetch(prefix_ways_entry(w, p), 1);
    else
        __builtin_prefetch(&w->slots[h.hash & w->mask], 1);
    return h;
}

/* ---- By the hash ----------------------------------------------------------------------- */

static inline uint32_t tag_of(const struct prefix_home *h)
{
    return (uint32_t)(h->hash >> 32) & ~PREFIX_SLOT_RECORD;
}

/* The slot that holds the prefix, or a free one for it; NULL: neither within reach. */
static inline uint32_t *find_slot(const struct prefix_ways *w, const struct prefix_home *h)
{
    for (uint64_t i = 0; i < PREFIX_PROBES_MAX; i++) {
        uint32_t *slot = &w->slots[(h->hash + i) & w->mask];
        if (*slot == 0)
            return slot;
        if ((*slot ^ tag_of(h)) <= PREFIX_SLOT_RECORD &&
            w->pool->records[(*slot & PREFIX_SLOT_RECORD) - 1].prefix.bits == h->prefix.bits)
            return slot;
    }
    return NULL;
}

static uint32_t slot_of(const struct prefix_home *h, uint32_t number)
{
    return tag_of(h) | (number + 1);
}

/* Finds anew a way to each record, by the array or by slots; false: not to all of them. */
static bool lay_ways(struct prefix_ways *w)
{
    bool all = true;
    memset(w->slots, 0, (w->mask + 1) * sizeof *w->slots);
    w->hashed = 0;
    for (uint32_t i = 0; i < w->pool->used; i++) {
        struct prefix_home h = home_of(w, w->pool->records[i].prefix);
        if (prefix_ways_is_direct(w, h.prefix)) {
            *prefix_ways_entry(w, h.prefix) = i + 1;
            continue;
        }
        uint32_t *slot = find_slot(w, &h);
        w->hashed++;
        all &= slot != NULL;
        if (slot != NULL)
            *slot = slot_of(&h, i);
    }
    return all;
}

/*
 * Twice the slots, or more where that does not do.  Few slots stay in the cache; a table that
 * is cleared keeps what it had, so that this is rare.
 */
static __attribute__((noinline)) bool grow(struct prefix_ways *w)
{
    if (w->mask == w->mask_max)
        return false;
    do
        w->mask = w->mask * 2 + 1;
    while (!lay_ways(w) && w->mask < w->mask_max);
    return true;
}

static int32_t hashed_record(struct prefix_ways *w, const struct prefix_home *h)
{
    uint32_t *slot = find_slot(w, h);
    if (slot != NULL && *slot != 0)
        return (int32_t)(*slot & PREFIX_SLOT_RECORD) - 1;
    if (w->hashed == w->hashed_max)
        return -1;
    while ((slot == NULL || 2 * w->hashed > w->mask) && grow(w))
        slot = find_slot(w, h);
    int32_t made = slot == NULL ? -1 : prefix_pool_new(w->pool, h->prefix);
    if (made < 0)
        return -1;
    *slot = slot_of(h, (uint32_t)made);
    w->hashed++;
    return made;
}

/* ---- By the array ---------------------------------------------------------------------- */

static inline int32_t direct_record(struct prefix_ways *w, const struct prefix_home *h)
{
    uint32_t *entry = prefix_ways_entry(w, h->prefix);
    if (*entry != 0)
        return *entry & PREFIX_BARE ? -1 : (int32_t)(*entry - 1);
    int32_t made = prefix_pool_new(w->pool, h->prefix);
    if (made >= 0)
        *entry = (uint32_t)made + 1;
    return made;
}

/* False: nothing has changed. */
static __attribute__((noinline)) bool turn_direct(struct prefix_ways *w)
{
    if (w->way == PREFIX_HASHED || w->by_array || (w->bare == NULL && !create_direct(w)))
        return false;
    w->by_array = true;
    w->hashed_max = w->pool->size;
    (void)lay_ways(w); /* there is more room than there was */
    return true;
}

void prefix_ways_turn_direct(struct prefix_ways *w)
{
    (void)turn_direct(w);
}

int32_t prefix_ways_record(struct prefix_ways *w, const struct prefix_home *h)
{
    if (prefix_ways_is_direct(w, h->prefix))
        return direct_record(w, h);
    int32_t record = hashed_record(w, h);
    if (record < 0 && turn_direct(w))
        return prefix_ways_is_direct(w, h->prefix) ? direct_record(w, h) : hashed_record(w, h);
    return record;
}

struct prefix_record *prefix_ways_find(const struct prefix_ways *w, struct prefix p)
{
    struct prefix_home h = home_of(w, p);
    uint64_t found = 0;
    if (prefix_ways_is_direct(w, p)) {
        uint32_t entry = *prefix_ways_entry(w, p);
        found = entry & PREFIX_BARE ? 0 : entry;
    } else {
        const uint32_t *slot = find_slot(w, &h);
        found = slot == NULL ? 0 : *slot & PREFIX_SLOT_RECORD;
    }
    return found == 0 ? NULL : &w->pool->records[found - 1];
}

/* ---- Without a record ------------------------------------------------------------------ */

bool prefix_ways_count_bare(struct prefix_ways *w, struct prefix p, uint32_t queries)
{
    if (!prefix_ways_is_direct(w, p))
        return false;
    uint32_t line = (uint32_t)(p.bits >> 40) / LINE;
    uint32_t *entry = prefix_ways_entry(w, p);
    uint64_t sum = (uint64_t)(*entry & ~PREFIX_BARE) + queries;
    if (sum >= PREFIX_BARE)
        return false;
    *entry = PREFIX_BARE | (uint32_t)sum;
    w->bare[line / 64] |= UINT64_C(1) << line % 64;
    w->has_bare = true;
    return true;
}

/* Which are bare is as good as random, so it is found out without branches. */
static inline uint32_t bare_in_line(const uint32_t line[static LINE])
{
    uint32_t bare = 0;
    for (uint32_t i = 0; i < LINE; i++)
        bare |= (line[i] & PREFIX_BARE) >> (31 - i);
    return bare;
}

static inline void bare_of_line(const struct prefix_ways *w, uint32_t line,
                                void (*each)(void *argument, struct prefix p, uint32_t queries),
                                void *argument)
{
    uint32_t bare = bare_in_line(&w->direct[line * LINE]);
    for (; bare != 0; bare &= bare - 1) {
        uint32_t i = line * LINE + (uint32_t)__builtin_ctz(bare);
        const uint8_t address[16] = {(uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
        each(argument, prefix_of_client(address, false), w->direct[i] & ~PREFIX_BARE);
    }
}

/* Asks for the lines of `w` that are marked in word `at` of `marks`. */
static inline void prefetch_bare(const struct prefix_ways *w, const struct prefix_ways *marks,
                                 uint32_t at)
{
    uint64_t bits = at < BARE_WORDS ? marks->bare[at] : 0;
    for (; bits != 0; bits &= bits - 1)
        __builtin_prefetch(&w->direct[(at * 64 + (uint32_t)__builtin_ctzll(bits)) * LINE], 1);
}

void prefix_ways_each_bare(const struct prefix_ways *w, const struct prefix_ways *other,
                           void (*each)(void *argument, struct prefix p, uint32_t queries),
                           void *argument)
{
    for (uint32_t at = 0; w->has_bare && at < BARE_WORDS; at++) {
        prefetch_bare(w, w, at + BARE_AHEAD);
        if (other != NULL && other->by_array)
            prefetch_bare(other, w, at + BARE_AHEAD);
        for (uint64_t bits = w->bare[at]; bits != 0; bits &= bits - 1)
            bare_of_line(w, at * 64 + (uint32_t)__builtin_ctzll(bits), each, argument);
    }
}

/* ---- Clearing -------------------------------------------------------------------------- */

/* Forgets the ways to /24s through the array, which lie anywhere in memory. */
static void forget_entries(struct prefix_ways *w)
{
    const struct prefix_pool *p = w->pool;
    for (uint32_t at = 0; at < p->used; at += BLOCK) {
        uint32_t end = p->used - at < BLOCK ? p->used : at + BLOCK;
        for (uint32_t i = at; i < end; i++)
            if (prefix_ways_is_direct(w, p->records[i].prefix))
                __builtin_prefetch(prefix_ways_entry(w, p->records[i].prefix), 1);
        for (uint32_t i = at; i < end; i++)
            if (prefix_ways_is_direct(w, p->records[i].prefix))
                *prefix_ways_entry(w, p->records[i].prefix) = 0;
    }
}

static void forget_bare(struct prefix_ways *w)
{
    for (uint32_t at = 0; at < BARE_WORDS; at++) {
        for (uint64_t bits = w->bare[at]; bits != 0; bits &= bits - 1)
            memset(&w->direct[(at * 64 + (uint32_t)__builtin_ctzll(bits)) * LINE], 0,
                   LINE * sizeof *w->direct);
        w->bare[at] = 0;
    }
    w->has_bare = false;
}

void prefix_ways_clear(struct prefix_ways *w)
{
    if (w->by_array)
        forget_entries(w);
    if (w->has_bare)
        forget_bare(w);
    memset(w->slots, 0, (w->mask + 1) * sizeof *w->slots);
    if (w->by_array && w->pool->used < hashed_at_most(w) / 2) {
        w->by_array = false;
        w->hashed_max = hashed_at_most(w);
    }
    if (w->mask >= SLOTS_MIN && w->hashed < w->mask / SPARSE)
        w->mask /= 2;
    w->hashed = 0;
}

/* SPDX-License-Identifier: MIT */
#include "analysis/prefix_counts.h"

#include "analysis/region.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    IPV4_PREFIXES = 1 << 24,
    RECORDS_MAX = 1 << 23,
    BLOCK = MESSAGE_BATCH_MAX, /* so many look-ups are under way at once */
    HOST_BITS = 256,
    LINE = 16,      /* entries of the array */
    BARE_AHEAD = 2, /* words of marks */
    BARE_WORDS = IPV4_PREFIXES / LINE / 64,
    SLOTS_MIN = 1 << 10,
    SPARSE = 16,          /* so many slots a record, and the next table has half of them */
    HASHED_MAX = 1 << 16, /* records; the array is then as fast, and cannot be flooded */
};

/* An entry of the array: 0, or the record's number + 1, or a count without a record. */
#define BARE UINT32_C(0x80000000)

/* A slot of the hash: 0, or 40 bits of the hash above the record's number + 1. */
#define SLOT_RECORD UINT64_C(0xffffff)

struct prefix_counts {
    enum prefix_way way;
    bool by_array;    /* /24s are found through it; else all are hashed */
    uint32_t *direct; /* IPV4_PREFIXES entries, all zero but where by_array; or NULL */
    uint64_t *slots;  /* mask + 1 of them in use, at least twice what is hashed */
    struct prefix_record *records;
    uint64_t mask, mask_max;
    uint64_t seed;
    uint32_t size; /* of the pool */
    uint32_t used;
    uint32_t hashed;     /* of those used */
    uint32_t hashed_max; /* more turn to the array, where there may be one */
    uint32_t watched;    /* the first so many records are never given up */
    uint32_t cursor;     /* where the next to give up is looked for */
    uint64_t *bare;      /* a bit for each LINE of the array that holds bare counts */
    bool has_bare;
    struct prefix_totals totals;
};

static uint64_t slots_for(uint32_t records)
{
    uint64_t slots = 64;
    while (slots < 2 * (uint64_t)records)
        slots *= 2;
    return slots;
}

/* So many records may be hashed before /24s are found through the array, where that may be. */
static uint32_t hashed_at_most(const struct prefix_counts *t)
{
    return t->way == PREFIX_DIRECT && t->size > HASHED_MAX ? HASHED_MAX : t->size;
}

static bool create_direct(struct prefix_counts *t)
{
    t->direct = region_reserve(IPV4_PREFIXES * sizeof *t->direct, true);
    t->bare = calloc(BARE_WORDS, sizeof *t->bare);
    return t->direct != NULL && t->bare != NULL;
}

struct prefix_counts *prefix_counts_create(uint32_t records, enum prefix_way way,
                                           struct error *err)
{
    assert(records > 0 && records <= RECORDS_MAX);
    struct prefix_counts *t = calloc(1, sizeof *t);
    if (t == NULL)
        goto no_memory;
    t->way = way;
    t->size = records;
    t->mask_max = slots_for(records) - 1;
    t->mask = t->mask_max < SLOTS_MIN ? t->mask_max : SLOTS_MIN - 1;
    t->hashed_max = hashed_at_most(t);
    t->records = region_reserve(records * sizeof *t->records, true);
    t->slots = region_reserve((t->mask_max + 1) * sizeof *t->slots, true);
    if (t->records == NULL || t->slots == NULL || (way == PREFIX_DIRECT && !create_direct(t)))
        goto no_memory;
    if (getrandom(&t->seed, sizeof t->seed, 0) != sizeof t->seed) {
        error_errno(err, "seeding a table of prefixes");
        goto fail;
    }
    return t;

no_memory:
    error_set(err, "no memory for a table of %u prefixes", records);
fail:
    prefix_counts_free(t);
    return NULL;
}

void prefix_counts_free(struct prefix_counts *t)
{
    if (t == NULL)
        return;
    region_release(t->records, t->size * sizeof *t->records);
    region_release(t->slots, (t->mask_max + 1) * sizeof *t->slots);
    region_release(t->direct, IPV4_PREFIXES * sizeof *t->direct);
    free(t->bare);
    free(t);
}

static inline bool is_direct(const struct prefix_counts *t, struct prefix p)
{
    return t->by_array && prefix_family(p) == 4;
}

/* Of a /24: does not depend on how it is found just now. */
static inline uint32_t *entry_of(const struct prefix_counts *t, struct prefix p)
{
    return &t->direct[p.bits >> 40];
}

static inline struct prefix_home home_of(const struct prefix_counts *t, struct prefix p)
{
    if (is_direct(t, p))
        return (struct prefix_home){.prefix = p};
    return (struct prefix_home){p, XXH3_64bits_withSeed(&p.bits, sizeof p.bits, t->seed)};
}

static inline void prefetch_home(const struct prefix_counts *t, const struct prefix_home *h)
{
    if (is_direct(t, h->prefix))
        __builtin_prefetch(entry_of(t, h->prefix), 1);
    else
        __builtin_prefetch(&t->slots[h->hash & t->mask], 1);
}

/* The home has arrived: the record that it most likely leads to; NULL: none. */
static inline struct prefix_record *likely_record(const struct prefix_counts *t,
                                                  const struct prefix_home *h)
{
    uint64_t number = is_direct(t, h->prefix) ? *entry_of(t, h->prefix) & ~BARE
                                              : t->slots[h->hash & t->mask] & SLOT_RECORD;
    return number == 0 || number > t->size ? NULL : &t->records[number - 1];
}

/* Zeros in whole vectors: memset() of so few octets is a slow instruction or a call. */
static inline void zero_record(struct prefix_record *r)
{
    typedef uint64_t line __attribute__((vector_size(64)));
    static const line zero;
    memcpy(r, &zero, sizeof zero);
    memcpy((char *)r + sizeof zero, &zero, sizeof zero);
}

static inline int32_t new_record(struct prefix_counts *t, struct prefix p)
{
    if (t->used == t->size)
        return -1;
    zero_record(&t->records[t->used]);
    t->records[t->used].prefix = p;
    return (int32_t)t->used++;
}

static inline int32_t direct_record(struct prefix_counts *t, const struct prefix_home *h)
{
    uint32_t *entry = entry_of(t, h->prefix);
    if (*entry != 0)
        return *entry & BARE ? -1 : (int32_t)(*entry - 1);
    int32_t made = new_record(t, h->prefix);
    if (made >= 0)
        *entry = (uint32_t)made + 1;
    return made;
}

/* The slot that holds the prefix, or a free one for it; NULL: neither within reach. */
static inline uint64_t *find_slot(const struct prefix_counts *t, const struct prefix_home *h)
{
    for (uint64_t i = 0; i < PREFIX_PROBES_MAX; i++) {
        uint64_t *slot = &t->slots[(h->hash + i) & t->mask];
        if (*slot == 0)
            return slot;
        if ((*slot ^ h->hash) <= SLOT_RECORD &&
            t->records[(*slot & SLOT_RECORD) - 1].prefix.bits == h->prefix.bits)
            return slot;
    }
    return NULL;
}

static uint64_t slot_of(const struct prefix_home *h, uint32_t number)
{
    return (h->hash & ~SLOT_RECORD) | ((uint64_t)number + 1);
}

/* Finds anew a way to each record, by the array or by slots; false: not to all of them. */
static bool lay_ways(struct prefix_counts *t)
{
    bool all = true;
    memset(t->slots, 0, (t->mask + 1) * sizeof *t->slots);
    t->hashed = 0;
    for (uint32_t i = 0; i < t->used; i++) {
        struct prefix_home h = home_of(t, t->records[i].prefix);
        if (is_direct(t, h.prefix)) {
            *entry_of(t, h.prefix) = i + 1;
            continue;
        }
        uint64_t *slot = find_slot(t, &h);
        t->hashed++;
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
static __attribute__((noinline)) bool grow(struct prefix_counts *t)
{
    if (t->mask == t->mask_max)
        return false;
    do
        t->mask = t->mask * 2 + 1;
    while (!lay_ways(t) && t->mask < t->mask_max);
    return true;
}

static int32_t hashed_record(struct prefix_counts *t, const struct prefix_home *h)
{
    uint64_t *slot = find_slot(t, h);
    if (slot != NULL && *slot != 0)
        return (int32_t)(*slot & SLOT_RECORD) - 1;
    if (t->hashed == t->hashed_max)
        return -1;
    while ((slot == NULL || 2 * t->hashed > t->mask) && grow(t))
        slot = find_slot(t, h);
    int32_t made = slot == NULL ? -1 : new_record(t, h->prefix);
    if (made < 0)
        return -1;
    *slot = slot_of(h, (uint32_t)made);
    t->hashed++;
    return made;
}

/*
 * From now on a /24 is found through the array, where it can be counted without a record.
 * False: nothing has changed.
 */
static __attribute__((noinline)) bool turn_direct(struct prefix_counts *t)
{
    if (t->way == PREFIX_HASHED || t->by_array || (t->bare == NULL && !create_direct(t)))
        return false;
    t->by_array = true;
    t->hashed_max = t->size;
    (void)lay_ways(t); /* there is more room than there was */
    return true;
}

/* The record of a prefix, made if need be; -1 when there is no room. */
static inline int32_t record_for(struct prefix_counts *t, const struct prefix_home *h)
{
    if (is_direct(t, h->prefix))
        return direct_record(t, h);
    int32_t record = hashed_record(t, h);
    if (record < 0 && turn_direct(t))
        return is_direct(t, h->prefix) ? direct_record(t, h) : hashed_record(t, h);
    return record;
}

/* Queries of a prefix for which there is no record. */
static void count_without(struct prefix_counts *t, const struct prefix_home *h,
                          uint32_t queries)
{
    if (!is_direct(t, h->prefix)) {
        t->totals.lost += queries;
        return;
    }
    uint32_t line = (uint32_t)(h->prefix.bits >> 40) / LINE;
    uint32_t *entry = entry_of(t, h->prefix);
    uint64_t sum = (uint64_t)(*entry & ~BARE) + queries;
    if (sum >= BARE) {
        t->totals.lost += queries;
        return;
    }
    *entry = BARE | (uint32_t)sum;
    t->bare[line / 64] |= UINT64_C(1) << line % 64;
    t->has_bare = true;
    t->totals.bare += queries;
}

unsigned prefix_host_bit(const uint8_t client[static 16], bool ipv6)
{
    /* All tables must agree, since records are merged: no seed of their own. */
    return ipv6 ? (unsigned)(XXH3_64bits(client + 6, 10) % HOST_BITS) : client[3];
}

static inline enum qtype_class class_of(const struct message *m)
{
    return m->flags & MESSAGE_QUESTION ? qtype_class(m->qtype) : QTYPE_CLASS_OTHER;
}

static inline void add_query(struct prefix_record *r, const struct message *m, bool junk)
{
    unsigned host = prefix_host_bit(m->client, m->flags & MESSAGE_IPV6);
    r->queries++;
    r->junk += junk;
    r->hosts[host / 64] |= UINT64_C(1) << host % 64;
    r->qtype[class_of(m)]++;
}

void prefix_counts_seek(const struct prefix_counts *t, const struct message_batch *batch,
                        struct prefix_home home[static MESSAGE_BATCH_MAX])
{
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct message *m = &batch->message[i];
        home[i] = home_of(t, prefix_of_client(m->client, m->flags & MESSAGE_IPV6));
        prefetch_home(t, &home[i]);
    }
}

void prefix_counts_approach(const struct prefix_counts *t, const struct message_batch *batch,
                            const struct prefix_home home[static MESSAGE_BATCH_MAX])
{
    for (uint32_t i = 0; i < batch->count; i++) {
        struct prefix_record *r = likely_record(t, &home[i]);
        if (r == NULL)
            continue;
        __builtin_prefetch(&r->queries, 1);
        __builtin_prefetch(&r->qtype[class_of(&batch->message[i])],
                           1); /* either of two lines */
    }
}

void prefix_counts_add(struct prefix_counts *t, const struct message_batch *batch,
                       const struct prefix_home home[static MESSAGE_BATCH_MAX],
                       const bool junk[static MESSAGE_BATCH_MAX],
                       int32_t records[static MESSAGE_BATCH_MAX])
{
    uint64_t queries = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        bool query = (batch->message[i].flags & MESSAGE_RESPONSE) == 0;
        records[i] = query ? record_for(t, &home[i]) : -1;
        if (query && records[i] < 0)
            count_without(t, &home[i], 1);
        queries += query;
    }
    for (uint32_t i = 0; i < batch->count; i++)
        if (records[i] >= 0)
            add_query(&t->records[records[i]], &batch->message[i], junk[i]);
    t->totals.queries += queries;
}

void prefix_counts_count(struct prefix_counts *t, const struct message_batch *batch,
                         int32_t *records)
{
    static const bool junk[MESSAGE_BATCH_MAX];
    struct prefix_home home[MESSAGE_BATCH_MAX];
    int32_t unused[MESSAGE_BATCH_MAX];
    prefix_counts_seek(t, batch, home);
    prefix_counts_approach(t, batch, home);
    prefix_counts_add(t, batch, home, junk, records != NULL ? records : unused);
}

/* Adds up to what a record can hold; what is beyond it is lost, and counted so. */
static void add_record(struct prefix_counts *t, struct prefix_record *into,
                       const struct prefix_record *from)
{
    uint32_t room = UINT32_MAX - into->queries;
    if (from->queries > room) {
        t->totals.lost += from->queries;
        return;
    }
    into->queries += from->queries;
    into->junk += from->junk;
    for (unsigned i = 0; i < 4; i++)
        into->hosts[i] |= from->hosts[i];
    if (from->queries == 1) { /* as most are: the other line is best left where it is */
        unsigned i = 0;
        while (from->qtype[i] == 0)
            i++;
        into->qtype[i]++;
        return;
    }
    for (unsigned i = 0; i < QTYPE_CLASSES; i++)
        into->qtype[i] += from->qtype[i];
}

/*
 * A record of a /24 with few queries, given up for one with many: its queries are then counted
 * without.  NULL: none such among the next few.
 */
static struct prefix_record *give_up_record(struct prefix_counts *t, uint32_t queries)
{
    enum { LOOKED_AT = 16, TIMES_MORE = 16 };
    if (queries < TIMES_MORE)
        return NULL;
    for (unsigned i = 0; i < LOOKED_AT && t->watched < t->used; i++) {
        struct prefix_record *r = &t->records[t->cursor];
        t->cursor = t->cursor + 1 == t->used ? t->watched : t->cursor + 1;
        if (prefix_family(r->prefix) != 4 || r->queries > queries / TIMES_MORE)
            continue;
        struct prefix_home h = {.prefix = r->prefix};
        *entry_of(t, r->prefix) = 0;
        if (r->queries > 0)
            count_without(t, &h, r->queries);
        return r;
    }
    return NULL;
}

/* What a /24 had before it got its record stays with it, as of unknown type. */
static void take_record(struct prefix_counts *t, struct prefix_record *r,
                        const struct prefix_record *from, const struct prefix_home *h)
{
    uint32_t *entry = entry_of(t, h->prefix);
    uint32_t bare = *entry & ~BARE;
    *r = *from;
    *entry = (uint32_t)(r - t->records) + 1;
    t->totals.bare -= bare;
    if (bare > UINT32_MAX - r->queries)
        bare = UINT32_MAX - r->queries;
    r->queries += bare;
    r->qtype[QTYPE_CLASS_OTHER] += bare;
}

static void merge_record(struct prefix_counts *into, const struct prefix_record *from,
                         const struct prefix_home *h)
{
    int32_t record = record_for(into, h);
    struct prefix_record *r;
    into->totals.queries += from->queries;
    if (record >= 0)
        add_record(into, &into->records[record], from);
    else if (is_direct(into, from->prefix) && (r = give_up_record(into, from->queries)) != NULL)
        take_record(into, r, from, h);
    else
        count_without(into, h, from->queries);
}

/* Asks for the lines of a record that adding `from` to it will change. */
static inline void prefetch_sums(const struct prefix_record *r,
                                 const struct prefix_record *from)
{
    enum { SECOND = 4 }; /* types from here on stand in the second line */
    _Static_assert(offsetof(struct prefix_record, qtype[SECOND]) == 64, "where a line ends");
    uint32_t first = 0;
    for (unsigned i = 0; i < SECOND; i++)
        first += from->qtype[i];
    __builtin_prefetch(r, 1);
    if (first < from->queries)
        __builtin_prefetch(&r->qtype[SECOND], 1);
}

/* Asks for what merging the records will need, so that all of it is on its way at once. */
static void approach_block(const struct prefix_counts *into,
                           const struct prefix_record *const from[static BLOCK], uint32_t count,
                           struct prefix_home home[static BLOCK])
{
    for (uint32_t i = 0; i < count; i++) {
        home[i] = home_of(into, from[i]->prefix);
        prefetch_home(into, &home[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct prefix_record *r = likely_record(into, &home[i]);
        if (r != NULL)
            prefetch_sums(r, from[i]);
    }
}

/* Of one block of records, those that find no room are left in `from`; their number. */
static uint32_t merge_block(struct prefix_counts *into,
                            const struct prefix_record *from[static BLOCK], uint32_t count)
{
    struct prefix_home home[BLOCK];
    int32_t record[BLOCK];
    uint32_t left = 0;
    approach_block(into, from, count, home);
    for (uint32_t i = 0; i < count; i++)
        record[i] = record_for(into, &home[i]);
    for (uint32_t i = 0; i < count; i++) {
        if (record[i] < 0) {
            from[left++] = from[i];
            continue;
        }
        into->totals.queries += from[i]->queries;
        add_record(into, &into->records[record[i]], from[i]);
    }
    return left;
}

/* The same where all of them must stay. */
static void merge_last(struct prefix_counts *into,
                       const struct prefix_record *from[static BLOCK], uint32_t count)
{
    struct prefix_home home[BLOCK];
    count = merge_block(into, from, count);
    if (count > 0)
        approach_block(into, from, count, home);
    for (uint32_t i = 0; i < count; i++)
        merge_record(into, from[i], &home[i]);
}

/* Which are bare is as good as random, so it is found out without branches. */
static inline uint32_t bare_in_line(const uint32_t line[static LINE])
{
    uint32_t bare = 0;
    for (uint32_t i = 0; i < LINE; i++)
        bare |= (line[i] & BARE) >> (31 - i);
    return bare;
}

static inline void bare_of_line(const struct prefix_counts *t, uint32_t line,
                                void (*each)(void *argument, struct prefix p, uint32_t queries),
                                void *argument)
{
    uint32_t bare = bare_in_line(&t->direct[line * LINE]);
    for (; bare != 0; bare &= bare - 1) {
        uint32_t i = line * LINE + (uint32_t)__builtin_ctz(bare);
        const uint8_t address[16] = {(uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
        each(argument, prefix_of_client(address, false), t->direct[i] & ~BARE);
    }
}

/* Asks for the lines of `t` that are marked in word `w` of `marks`. */
static inline void prefetch_bare(const struct prefix_counts *t,
                                 const struct prefix_counts *marks, uint32_t w)
{
    uint64_t bits = w < BARE_WORDS ? marks->bare[w] : 0;
    for (; bits != 0; bits &= bits - 1)
        __builtin_prefetch(&t->direct[(w * 64 + (uint32_t)__builtin_ctzll(bits)) * LINE], 1);
}

static void merge_bare(void *argument, struct prefix p, uint32_t queries)
{
    struct prefix_counts *into = argument;
    struct prefix_home h = home_of(into, p);
    into->totals.queries += queries;
    uint32_t entry = is_direct(into, p) ? *entry_of(into, p) : 0;
    if (entry != 0 && (entry & BARE) == 0) {
        struct prefix_record *r = &into->records[entry - 1];
        if (queries <= UINT32_MAX - r->queries) {
            r->queries += queries;
            r->qtype[QTYPE_CLASS_OTHER] += queries;
            return;
        }
        into->totals.lost += queries;
        return;
    }
    count_without(into, &h, queries);
}

static void merge_all_bare(struct prefix_counts *into, const struct prefix_counts *from)
{
    if (!from->has_bare)
        return;
    (void)turn_direct(into); /* where they can be counted without a record, too */
    for (uint32_t w = 0; w < BARE_WORDS; w++) {
        prefetch_bare(from, from, w + BARE_AHEAD);
        if (into->by_array)
            prefetch_bare(into, from, w + BARE_AHEAD);
        for (uint64_t bits = from->bare[w]; bits != 0; bits &= bits - 1)
            bare_of_line(from, w * 64 + (uint32_t)__builtin_ctzll(bits), merge_bare, into);
    }
}

/* Those with queries of the next records, a block of them. */
static uint32_t take_block(const struct prefix_counts *from, uint32_t *at,
                           const struct prefix_record *block[static BLOCK])
{
    uint32_t count = 0;
    for (; *at < from->used && count < BLOCK; (*at)++)
        if (from->records[*at].queries > 0)
            block[count++] = &from->records[*at];
    return count;
}

void prefix_counts_merge(struct prefix_counts *into, const struct prefix_counts *from,
                         struct prefix_counts *spill)
{
    const struct prefix_record *block[BLOCK];
    struct prefix_counts *rest = spill != NULL ? spill : into;
    for (uint32_t at = 0; at < from->used;) {
        uint32_t count = take_block(from, &at, block);
        if (spill != NULL)
            count = merge_block(into, block, count);
        if (count > 0)
            merge_last(rest, block, count);
    }
    merge_all_bare(rest, from);
    rest->totals.queries += from->totals.lost;
    rest->totals.lost += from->totals.lost;
}

/* Forgets the ways to /24s through the array, which lie anywhere in memory. */
static void forget_entries(struct prefix_counts *t)
{
    for (uint32_t at = 0; at < t->used; at += BLOCK) {
        uint32_t end = t->used - at < BLOCK ? t->used : at + BLOCK;
        for (uint32_t i = at; i < end; i++)
            if (is_direct(t, t->records[i].prefix))
                __builtin_prefetch(entry_of(t, t->records[i].prefix), 1);
        for (uint32_t i = at; i < end; i++)
            if (is_direct(t, t->records[i].prefix))
                *entry_of(t, t->records[i].prefix) = 0;
    }
}

static void forget_bare(struct prefix_counts *t)
{
    for (uint32_t w = 0; w < BARE_WORDS; w++) {
        for (uint64_t bits = t->bare[w]; bits != 0; bits &= bits - 1)
            memset(&t->direct[(w * 64 + (uint32_t)__builtin_ctzll(bits)) * LINE], 0,
                   LINE * sizeof *t->direct);
        t->bare[w] = 0;
    }
    t->has_bare = false;
}

/* All ways; the next interval will most likely need as many, found in the same way. */
static void forget_ways(struct prefix_counts *t)
{
    if (t->by_array)
        forget_entries(t);
    if (t->has_bare)
        forget_bare(t);
    memset(t->slots, 0, (t->mask + 1) * sizeof *t->slots);
    if (t->by_array && t->used < hashed_at_most(t) / 2) {
        t->by_array = false;
        t->hashed_max = hashed_at_most(t);
    }
    if (t->mask >= SLOTS_MIN && t->hashed < t->mask / SPARSE)
        t->mask /= 2;
    t->hashed = 0;
}

void prefix_counts_clear(struct prefix_counts *t, const struct prefix *watch, uint32_t watched)
{
    forget_ways(t);
    t->used = 0;
    t->watched = t->cursor = watched;
    t->totals = (struct prefix_totals){0};
    assert(watched <= t->size);
    for (uint32_t i = 0; i < watched; i++) {
        struct prefix_home h = home_of(t, watch[i]);
        (void)record_for(t, &h);
    }
}

const struct prefix_record *prefix_counts_records(const struct prefix_counts *t,
                                                  uint32_t *count)
{
    *count = t->used;
    return t->records;
}

struct prefix_totals prefix_counts_totals(const struct prefix_counts *t)
{
    return t->totals;
}

const struct prefix_record *prefix_counts_find(const struct prefix_counts *t, struct prefix p)
{
    struct prefix_home h = home_of(t, p);
    uint64_t found;
    if (is_direct(t, p)) {
        found = *entry_of(t, p) & BARE ? 0 : *entry_of(t, p);
    } else {
        const uint64_t *slot = find_slot(t, &h);
        found = slot == NULL ? 0 : *slot & SLOT_RECORD;
    }
    return found == 0 ? NULL : &t->records[found - 1];
}

void prefix_counts_bare(const struct prefix_counts *t,
                        void (*each)(void *argument, struct prefix p, uint32_t queries),
                        void *argument)
{
    for (uint32_t w = 0; t->has_bare && w < BARE_WORDS; w++) {
        prefetch_bare(t, t, w + BARE_AHEAD);
        for (uint64_t bits = t->bare[w]; bits != 0; bits &= bits - 1)
            bare_of_line(t, w * 64 + (uint32_t)__builtin_ctzll(bits), each, argument);
    }
}

uint32_t prefix_record_hosts(const struct prefix_record *r)
{
    unsigned set = 0;
    for (unsigned i = 0; i < 4; i++)
        set += (unsigned)__builtin_popcountll(r->hosts[i]);
    if (prefix_family(r->prefix) == 4 || set == 0)
        return set;
    double zeros = set == HOST_BITS ? 0.5 : HOST_BITS - set;
    return (uint32_t)lround(HOST_BITS * log(HOST_BITS / zeros));
}

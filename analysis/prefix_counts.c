/* SPDX-License-Identifier: MIT */
#include "analysis/prefix_counts.h"

#include <assert.h>
#include <stdlib.h>

enum {
    RECORDS_MAX = 1 << 23,
    BLOCK = MESSAGE_BATCH_MAX, /* so many look-ups are under way at once */
};

struct prefix_counts {
    struct prefix_pool pool;
    struct prefix_ways ways;
    uint32_t watched; /* the first so many records are never given up */
    uint32_t cursor;  /* where the next to give up is looked for */
    struct prefix_totals totals;
};

struct prefix_counts *prefix_counts_create(uint32_t records, enum prefix_way way,
                                           struct error *err)
{
    assert(records > 0 && records <= RECORDS_MAX);
    struct prefix_counts *t = calloc(1, sizeof *t);
    if (t == NULL || !prefix_pool_init(&t->pool, records)) {
        error_set(err, "no memory for a table of %u prefixes", records);
        goto fail;
    }
    if (prefix_ways_init(&t->ways, &t->pool, way, err))
        return t;

fail:
    prefix_counts_free(t);
    return NULL;
}

void prefix_counts_free(struct prefix_counts *t)
{
    if (t == NULL)
        return;
    prefix_ways_fini(&t->ways);
    prefix_pool_fini(&t->pool);
    free(t);
}

/* Queries of a prefix for which there is no record. */
static void count_without(struct prefix_counts *t, struct prefix p, uint32_t queries)
{
    if (prefix_ways_count_bare(&t->ways, p, queries))
        t->totals.bare += queries;
    else
        t->totals.lost += queries;
}

/* ---- A batch --------------------------------------------------------------------------- */

static inline struct prefix_query query_of(const struct message *m)
{
    bool known = m->flags & MESSAGE_QUESTION;
    return (struct prefix_query){
            .host = (uint8_t)prefix_host_bit(m->client, m->flags & MESSAGE_IPV6),
            .class = (uint8_t)(known ? qtype_class(m->qtype) : QTYPE_CLASS_OTHER),
    };
}

void prefix_counts_seek(const struct prefix_counts *t, const struct message_batch *batch,
                        struct prefix_home home[static MESSAGE_BATCH_MAX])
{
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct message *m = &batch->message[i];
        home[i] = prefix_ways_seek(&t->ways,
                                   prefix_of_client(m->client, m->flags & MESSAGE_IPV6));
    }
}

void prefix_counts_approach(const struct prefix_counts *t, const struct message_batch *batch,
                            const struct prefix_home home[static MESSAGE_BATCH_MAX])
{
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct prefix_record *r = prefix_ways_likely(&t->ways, &home[i]);
        if (r != NULL)
            __builtin_prefetch(r, 1);
    }
}

/* Finding all records first leaves time for their details to arrive. */
void prefix_counts_add(struct prefix_counts *t, const struct message_batch *batch,
                       const struct prefix_home home[static MESSAGE_BATCH_MAX],
                       const bool junk[static MESSAGE_BATCH_MAX],
                       int32_t records[static MESSAGE_BATCH_MAX])
{
    struct prefix_pool *p = &t->pool;
    uint64_t queries = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        bool query = (batch->message[i].flags & MESSAGE_RESPONSE) == 0;
        records[i] = query ? prefix_ways_record(&t->ways, &home[i]) : -1;
        if (records[i] >= 0)
            prefix_pool_expect(p, &p->records[records[i]]);
        else if (query)
            count_without(t, home[i].prefix, 1);
        queries += query;
    }
    for (uint32_t i = 0; i < batch->count; i++)
        if (records[i] >= 0)
            prefix_pool_count(p, &p->records[records[i]], query_of(&batch->message[i]),
                              junk[i]);
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

/* ---- Merging --------------------------------------------------------------------------- */

/* Adds up to what a record can hold; what is beyond it is lost, and counted so. */
static void add_record(struct prefix_counts *t, struct prefix_record *to,
                       const struct prefix_counts *from, const struct prefix_record *record)
{
    if (!prefix_pool_add(&t->pool, to, &from->pool, record))
        t->totals.lost += record->queries;
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
    for (unsigned i = 0; i < LOOKED_AT && t->watched < t->pool.used; i++) {
        struct prefix_record *r = &t->pool.records[t->cursor];
        t->cursor = t->cursor + 1 == t->pool.used ? t->watched : t->cursor + 1;
        if (prefix_family(r->prefix) != 4 || r->queries > queries / TIMES_MORE)
            continue;
        *prefix_ways_entry(&t->ways, r->prefix) = 0;
        if (r->queries > 0)
            count_without(t, r->prefix, r->queries);
        return r;
    }
    return NULL;
}

/* What a /24 had before it got its record stays with it, as of unknown type. */
static void take_record(struct prefix_counts *t, struct prefix_record *to,
                        const struct prefix_counts *from, const struct prefix_record *record)
{
    uint32_t *entry = prefix_ways_entry(&t->ways, record->prefix);
    uint32_t bare = *entry & ~PREFIX_BARE;
    prefix_pool_reuse(&t->pool, to, record->prefix);
    *entry = (uint32_t)(to - t->pool.records) + 1;
    t->totals.bare -= bare;
    add_record(t, to, from, record);
    if (bare > 0 && !prefix_pool_add_unknown(&t->pool, to, bare))
        t->totals.lost += bare;
}

/* Asks for what merging the records will need, so that all of it is on its way at once. */
static void approach_block(const struct prefix_counts *into,
                           const struct prefix_record *const from[static BLOCK], uint32_t count,
                           struct prefix_home home[static BLOCK])
{
    for (uint32_t i = 0; i < count; i++)
        home[i] = prefix_ways_seek(&into->ways, from[i]->prefix);
    for (uint32_t i = 0; i < count; i++) {
        const struct prefix_record *r = prefix_ways_likely(&into->ways, &home[i]);
        if (r != NULL)
            __builtin_prefetch(r, 1);
    }
}

/* Of one block of records, those that find no room are left in `block`; their number. */
static uint32_t merge_block(struct prefix_counts *into, const struct prefix_counts *from,
                            const struct prefix_record *block[static BLOCK], uint32_t count)
{
    struct prefix_home home[BLOCK];
    int32_t record[BLOCK];
    uint32_t left = 0;
    approach_block(into, block, count, home);
    for (uint32_t i = 0; i < count; i++) {
        record[i] = prefix_ways_record(&into->ways, &home[i]);
        if (record[i] >= 0)
            prefix_pool_expect(&into->pool, &into->pool.records[record[i]]);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (record[i] < 0) {
            block[left++] = block[i];
            continue;
        }
        into->totals.queries += block[i]->queries;
        add_record(into, &into->pool.records[record[i]], from, block[i]);
    }
    return left;
}

static void merge_record(struct prefix_counts *into, const struct prefix_counts *from,
                         const struct prefix_record *record, const struct prefix_home *home)
{
    int32_t number = prefix_ways_record(&into->ways, home);
    struct prefix_record *r;
    into->totals.queries += record->queries;
    if (number >= 0)
        add_record(into, &into->pool.records[number], from, record);
    else if (prefix_ways_is_direct(&into->ways, record->prefix) &&
             (r = give_up_record(into, record->queries)) != NULL)
        take_record(into, r, from, record);
    else
        count_without(into, record->prefix, record->queries);
}

/* A block of which all must stay. */
static void merge_last(struct prefix_counts *into, const struct prefix_counts *from,
                       const struct prefix_record *block[static BLOCK], uint32_t count)
{
    struct prefix_home home[BLOCK];
    count = merge_block(into, from, block, count);
    if (count > 0)
        approach_block(into, block, count, home);
    for (uint32_t i = 0; i < count; i++)
        merge_record(into, from, block[i], &home[i]);
}

static void merge_bare(void *argument, struct prefix p, uint32_t queries)
{
    struct prefix_counts *into = argument;
    uint32_t entry =
            prefix_ways_is_direct(&into->ways, p) ? *prefix_ways_entry(&into->ways, p) : 0;
    into->totals.queries += queries;
    if (entry == 0 || (entry & PREFIX_BARE) != 0)
        count_without(into, p, queries);
    else if (!prefix_pool_add_unknown(&into->pool, &into->pool.records[entry - 1], queries))
        into->totals.lost += queries;
}

/* Those with queries of the next records, a block of them. */
static uint32_t take_block(const struct prefix_counts *from, uint32_t *at,
                           const struct prefix_record *block[static BLOCK])
{
    uint32_t count = 0;
    for (; *at < from->pool.used && count < BLOCK; (*at)++)
        if (from->pool.records[*at].queries > 0)
            block[count++] = &from->pool.records[*at];
    return count;
}

void prefix_counts_merge(struct prefix_counts *into, const struct prefix_counts *from,
                         struct prefix_counts *spill)
{
    const struct prefix_record *block[BLOCK];
    struct prefix_counts *rest = spill != NULL ? spill : into;
    for (uint32_t at = 0; at < from->pool.used;) {
        uint32_t count = take_block(from, &at, block);
        if (spill != NULL)
            count = merge_block(into, from, block, count);
        if (count > 0)
            merge_last(rest, from, block, count);
    }
    if (from->ways.has_bare) {
        prefix_ways_turn_direct(&rest->ways); /* where they need no record, too */
        prefix_ways_each_bare(&from->ways, &rest->ways, merge_bare, rest);
    }
    rest->totals.queries += from->totals.lost;
    rest->totals.lost += from->totals.lost;
}

void prefix_counts_clear(struct prefix_counts *t, const struct prefix *watch, uint32_t watched)
{
    assert(watched <= t->pool.size);
    prefix_ways_clear(&t->ways);
    prefix_pool_clear(&t->pool);
    t->watched = t->cursor = watched;
    t->totals = (struct prefix_totals){0};
    for (uint32_t i = 0; i < watched; i++) {
        struct prefix_home h = prefix_ways_seek(&t->ways, watch[i]);
        (void)prefix_ways_record(&t->ways, &h);
    }
}

/* ---- Reading --------------------------------------------------------------------------- */

const struct prefix_record *prefix_counts_records(const struct prefix_counts *t,
                                                  uint32_t *count)
{
    *count = t->pool.used;
    return t->pool.records;
}

struct prefix_totals prefix_counts_totals(const struct prefix_counts *t)
{
    return t->totals;
}

const struct prefix_record *prefix_counts_find(const struct prefix_counts *t, struct prefix p)
{
    return prefix_ways_find(&t->ways, p);
}

void prefix_counts_detail(const struct prefix_counts *t, const struct prefix_record *r,
                          struct prefix_detail *d)
{
    prefix_pool_tell(&t->pool, r, d);
}

uint32_t prefix_counts_hosts(const struct prefix_counts *t, const struct prefix_record *r)
{
    struct prefix_detail d;
    prefix_pool_tell(&t->pool, r, &d);
    return prefix_detail_hosts(&d, r->prefix);
}

void prefix_counts_bare(const struct prefix_counts *t,
                        void (*each)(void *argument, struct prefix p, uint32_t queries),
                        void *argument)
{
    prefix_ways_each_bare(&t->ways, NULL, each, argument);
}

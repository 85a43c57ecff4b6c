/*
 * Queries counted by source prefix (/24, /48): hosts and query types of each, exactly.
 *
 * Every prefix met gets a record from a pool sized once (prefix_record.h), found by a hash or,
 * where there are many, by an array of all /24s (prefix_ways.h).
 *
 * When the pool is full, a direct table goes on counting queries of each /24 (but not its
 * hosts and types) in the array itself; other prefixes are counted in `lost` alone.  So that,
 * always: queries = sum of the records' + bare + lost.  A /24 that is merged into a full table
 * with many queries at once takes the record of one with few, which goes on without: what leads
 * keeps its detail however many sources there are.
 *
 * One thread owns a table at a time.  Nothing here locks, logs or reads a clock.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/prefix_ways.h"
#include "capture/message.h"

struct prefix_totals {
    uint64_t queries;
    uint64_t bare; /* of /24s without a record */
    uint64_t lost; /* counted nowhere else */
};

struct prefix_counts; /* private */

/* `records` 1 to 2^23. */
struct prefix_counts *prefix_counts_create(uint32_t records, enum prefix_way way,
                                           struct error *err);
void prefix_counts_free(struct prefix_counts *t); /* NULL is fine */

/*
 * Counts the queries of `batch` (responses are passed over).  records[i], where not NULL, is
 * set to the number of the record that message i went to, or -1.
 */
void prefix_counts_count(struct prefix_counts *t, const struct message_batch *batch,
                         int32_t *records);

/*
 * The same in three steps, for a caller with other work to do while memory answers: the first
 * asks for the ways to the records, the second for the records, the third counts.  junk[i]:
 * whether message i is junk, where it is a query.
 */
void prefix_counts_seek(const struct prefix_counts *t, const struct message_batch *batch,
                        struct prefix_home home[static MESSAGE_BATCH_MAX]);
void prefix_counts_approach(const struct prefix_counts *t, const struct message_batch *batch,
                            const struct prefix_home home[static MESSAGE_BATCH_MAX]);
void prefix_counts_add(struct prefix_counts *t, const struct message_batch *batch,
                       const struct prefix_home home[static MESSAGE_BATCH_MAX],
                       const bool junk[static MESSAGE_BATCH_MAX],
                       int32_t records[static MESSAGE_BATCH_MAX]);

/*
 * Adds all of `from` to `into`.  What finds no record there goes to `spill` when that is not
 * NULL (a table one step longer-lived), else to into's own bare and lost.
 */
void prefix_counts_merge(struct prefix_counts *into, const struct prefix_counts *from,
                         struct prefix_counts *spill);

/*
 * Empties the table.  The prefixes given take records 0 to watched - 1 and keep them, with
 * zero queries until one comes.  Costs what was touched, not what there is.
 */
void prefix_counts_clear(struct prefix_counts *t, const struct prefix *watch, uint32_t watched);

/* The records in use, in the order met; those of watched prefixes may have zero queries. */
const struct prefix_record *prefix_counts_records(const struct prefix_counts *t,
                                                  uint32_t *count);
struct prefix_totals prefix_counts_totals(const struct prefix_counts *t);
const struct prefix_record *prefix_counts_find(const struct prefix_counts *t, struct prefix p);

/* Calls `each` for every /24 without a record. */
void prefix_counts_bare(const struct prefix_counts *t,
                        void (*each)(void *argument, struct prefix p, uint32_t queries),
                        void *argument);

/* Hosts and types of a record of this table. */
void prefix_counts_detail(const struct prefix_counts *t, const struct prefix_record *r,
                          struct prefix_detail *d);
/* Its distinct hosts, see prefix_detail_hosts(). */
uint32_t prefix_counts_hosts(const struct prefix_counts *t, const struct prefix_record *r);

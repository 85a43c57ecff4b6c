/*
 * Queries counted by source prefix (/24, /48): hosts and query types of each, exactly.
 *
 * Every prefix met gets a record of 128 bytes from a pool sized once, in the order they are
 * met, so that a walk over the pool touches only what was counted.  A record is found by open
 * addressing under a keyed hash, in at most PREFIX_PROBES_MAX steps and no more slots than
 * what was met lately needs, so that they stay in the cache.  When there are many, IPv4 /24s
 * turn to an array of all 2^24 of them, which no choice of sources can flood or make slow; a
 * table that is filled by merging only may do without.
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

#include "analysis/prefix.h"
#include "analysis/qtype.h"
#include "capture/error.h"
#include "capture/message.h"

#include <stdbool.h>
#include <stddef.h>

enum { PREFIX_PROBES_MAX = 16 };

/* How a /24's record is found. */
enum prefix_way {
    PREFIX_HASHED,
    PREFIX_DIRECT,           /* by the array as soon as there are many */
    PREFIX_DIRECT_WHEN_FULL, /* hashed as long as there is room for new records */
};

struct prefix_record {
    struct prefix prefix;
    uint32_t queries;
    uint32_t junk;     /* of these: of a class but legitimate, see junk.h; 0 where not judged */
    uint64_t hosts[4]; /* IPv4: one bit per last octet seen; IPv6: 256 bits by address hash */
    uint32_t qtype[QTYPE_CLASSES]; /* by qtype_class(); sums to `queries` */
};

_Static_assert(sizeof(struct prefix_record) == 128, "prefix_record: two cache lines");

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

/* Where a prefix is looked for, but for the array. */
struct prefix_home {
    struct prefix prefix;
    uint64_t hash;
};

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

/* Distinct hosts of a record: exact for IPv4; for IPv6 an estimate by linear counting. */
uint32_t prefix_record_hosts(const struct prefix_record *r);
/* Which of 256 host bits an address has. */
unsigned prefix_host_bit(const uint8_t client[static 16], bool ipv6);

/*
 * Queries counted by name, for the leading names: a table of fixed size.
 *
 * Buckets of six, one cache line each; a name is told from others by its bucket and 32 bits
 * of a keyed hash, so that one pair in 2^43 would be taken for one name.  When its bucket is
 * full, a new name is counted in `lost` alone (an interval: what leads it comes early); where
 * the table evicts, a name that comes with NAMES_EVICT_MIN queries at once takes the place of
 * the least of the six instead, with that one's count as its possible error (Space-Saving,
 * Metwally et al., ICDT 2005, within a bucket).  So a name asked once an interval at most does
 * not enter a full table: names made up at random would else push each other through it.
 *
 * Tables are merged by hash, so all of one engine share a seed.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/error.h"
#include "capture/message.h"

#include <stdbool.h>
#include <stddef.h>

enum { NAMES_PER_BUCKET = 6, NAMES_EVICT_MIN = 2, NAMES_TEXT_BYTES = 1024 };

struct names; /* private */

struct name_count {
    const uint8_t *name; /* wire format, lower case; valid until the table changes */
    uint8_t name_bytes;
    uint64_t queries;
    uint64_t error; /* of `queries`, at most, too many */
    uint64_t hash;  /* names_hash() */
};

/* `buckets`: a power of two up to 8192; 0.5 KiB each and what is long, touched as they fill. */
struct names *names_create(uint32_t buckets, bool evict, uint64_t seed, struct error *err);
void names_free(struct names *n); /* NULL is fine */
void names_clear(struct names *n);

uint64_t names_hash(const struct names *n, const uint8_t *name, uint8_t name_bytes);
/*
 * The names of a batch's messages in two steps, so that memory has time to answer: the first
 * hashes them and asks for their places, the second counts those of queries.
 */
void names_seek(const struct names *n, const struct message_batch *batch,
                uint64_t hash[static MESSAGE_BATCH_MAX]);
void names_count(struct names *n, const struct message_batch *batch,
                 const uint64_t hash[static MESSAGE_BATCH_MAX]);
void names_add(struct names *n, uint64_t hash, const uint8_t *name, uint8_t name_bytes,
               uint32_t queries);
void names_merge(struct names *into, const struct names *from);

/* The `most` names with most queries, most first, then by octets; their number. */
unsigned names_leading(const struct names *n, struct name_count *leading, unsigned most);
uint64_t names_lost(const struct names *n); /* queries counted under no name */
/*
 * How far counts can be too small, beside name_count.error, by which they can be too large: of
 * one name in the table no more than names_unseen() are missing, and one that is not in it had
 * no more than names_absent().
 */
uint64_t names_unseen(const struct names *n);
uint64_t names_absent(const struct names *n);
/* Counts queries under no name that were lost elsewhere, and may all be of one. */
void names_lose(struct names *n, uint64_t queries);
void names_each(const struct names *n,
                void (*each)(void *argument, const struct name_count *name), void *argument);

/*
 * Presentation form (RFC 1035 section 5.1, RFC 4343 section 2.1): every octet that is not a
 * letter, digit, hyphen or underscore as \DDD; without the final dot, "." for the root.
 */
const char *names_text(const uint8_t *name, uint8_t name_bytes,
                       char text[static NAMES_TEXT_BYTES]);

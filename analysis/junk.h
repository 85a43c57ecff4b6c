/*
 * Puts queries in their classes (junk_class.h).
 *
 * The last four need a memory: one table of fixed size, in sets of four places, of 28 bits of
 * a keyed hash of source and question, its time and ID.  A query that was never asked is taken
 * for one that was with a chance of 4 in 2^28, about 1.5e-8.  When a set is full, what was met
 * longest ago in it goes: it is counted in `forgotten` by how long it was remembered.  At r new
 * questions a second a table of m MiB is taken anew every 131072 m / r seconds; a source's
 * first question about each zone takes two places.
 *
 * Where that is less than five minutes, of the questions that are referred only a sample is
 * remembered (junk_level.h).  Whether a query is junk does not depend on that, and is known of
 * each: who repeats a question was referred before.  Questions that are told apart whatever the
 * sample are those that are not referred, and what the caller asks for.
 *
 * Several threads may use one judge: workers to which the kernel spreads a source's queries by
 * their ports share one memory.  A place is one word that is read and written whole; two
 * queries at the same instant can miss each other, and are then both new.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/junk_class.h"
#include "analysis/tlds.h"
#include "capture/message.h"

#include <stdbool.h>

enum { JUNK_CUT_MAX = 2 };

struct junk_settings {
    const struct tlds *tlds; /* outlives the judge, or is followed by another in time */
    uint32_t memory_mib;     /* 1 to 4096; rounded down to a power of two */
    uint32_t cut;            /* labels of a zone that is delegated: 1 for a root, 2 for a TLD */
};

/* A batch on its way. */
struct junk_batch {
    uint8_t kind[MESSAGE_BATCH_MAX];      /* enum junk_class */
    bool apart[MESSAGE_BATCH_MAX];        /* to be told apart in any case; set by the caller */
    uint64_t question[MESSAGE_BATCH_MAX]; /* keys of the memory */
    uint64_t referral[MESSAGE_BATCH_MAX]; /* 0: it cannot be one */
    unsigned kept, counted;               /* levels of the sample; see junk_level.h */
};

struct junk; /* private */

struct junk *junk_create(const struct junk_settings *settings, struct error *err);
void junk_free(struct junk *j); /* NULL is fine */
/* Other top-level domains, before the first query is judged. */
void junk_set_tlds(struct junk *j, const struct tlds *tlds);

/*
 * In two steps, so that memory has time to answer: the first classes by the name and asks for
 * places, the second looks there and counts.  name_hash[i]: names_hash() of message i's name.
 */
void junk_seek(struct junk *j, const struct message_batch *batch,
               const uint64_t name_hash[static MESSAGE_BATCH_MAX], struct junk_batch *b);
void junk_recall(struct junk *j, const struct message_batch *batch, struct junk_batch *b,
                 struct junk_counts *counts);

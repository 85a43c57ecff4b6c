/*
 * Hours of RSSAC002 in the database of a state directory: sums, and the set of sources.
 *
 * Putting an hour again (a process that was stopped or killed in it, and the next one) adds to
 * the sums and unites the sets.  What cannot be read again is replaced, and counted as unread;
 * what is of another service is replaced.
 *
 * Used by the thread that uses the store.  False, or NULL: see err.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/rssac002.h"
#include "analysis/store.h"

/* All or nothing, in the transaction that is open or in its own.  The hour stays the caller's;
 * its set is made on the way. */
bool store_put_rssac002(struct store *s, int64_t hour_s, struct rssac002_hour *h,
                        struct error *err);

/* Called for each hour stored, oldest first; `counts` NULL: that cannot be read. */
typedef bool store_rssac002_function(void *argument, int64_t hour_s, const char *service,
                                     const struct rssac002_counts *counts);
/* In a database of an older form there are none. */
bool store_rssac002_hours(struct store *s, int64_t from_s, int64_t to_s,
                          store_rssac002_function *each, void *argument, struct error *err);

/* Removes hours older than that, the oldest first, and no more than a day of them. */
bool store_forget_rssac002(struct store *s, int64_t before_s, struct error *err);

/* The sources of an hour that is stored, to be read before the transaction ends.  The reader is
 * theirs, and goes with them. */
struct store_sources; /* private */
struct store_sources *store_sources_open(struct store *s, int64_t hour_s, struct error *err);
struct source_reader *store_sources_reader(struct store_sources *o);
void store_sources_close(struct store_sources *o); /* NULL is fine */

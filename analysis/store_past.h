/*
 * What a store had when a reader of files began, so that what is read again is not counted
 * again: a file twice, the rest of one whose reading was killed, files that overlap.
 *
 * Minutes are stored as they end and hours when theirs does, so a reader that was killed leaves
 * minutes whose hour is not there.  How far it had come in both is noted with them.  A minute
 * in which a reader came to its files' end may go on in the next one's; so may its last
 * interval, since files may be cut anywhere, where the next one begins there.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/store.h"

enum store_past_part {
    PAST_NOTHING, /* not stored, as far as is known */
    PAST_MINUTES, /* its minute is stored whole, its hour is not, or not this part of it */
    PAST_ALL,
};

struct store_past; /* private */

struct store_past *store_past_read(struct store *s, struct error *err); /* NULL: see err */
void store_past_free(struct store_past *p);                             /* NULL is fine */

/* The files that are read now begin with the interval of then; NULL is fine. */
void store_past_begin(struct store_past *p, int64_t time_s, int64_t interval_s);
/* What was stored of this moment; NULL: nothing. */
enum store_past_part store_past_part(const struct store_past *p, int64_t time_s);

/* Up to when a reader of files has stored minutes, and hours: with each of them. */
bool store_note_minutes(struct store *s, int64_t to_s, struct error *err);
bool store_note_hours(struct store *s, int64_t to_s, struct error *err);

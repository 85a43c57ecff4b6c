/*
 * The hour that goes on, as far as it has come: kept aside, so that a process that is killed
 * loses minutes of it and not all.
 *
 * It is one value, replaced whole every few minutes, since a row for each prefix each time
 * would cost more than all else that is stored.  No reader of hours sees it.  When the hour
 * ends it is dropped with what it became; what a process left that did not come so far is put
 * among the hours by the next one, as the earlier part of its hour.  Each of that is one
 * transaction: nothing is counted twice.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/rssac002.h"
#include "analysis/store_names.h"

/* All that is stored of an hour; its owner frees it by store_hour_fini(). */
struct store_hour {
    int64_t start_s;
    struct store_hour_row *row; /* in any order */
    size_t rows;
    struct store_names *names[STORE_NAMES_KINDS];
    struct rssac002_hour *rssac002; /* NULL: not counted */
    bool silent;                    /* without queries: what else was counted is all there is */
};

void store_hour_fini(struct store_hour *h);

/* In place of what was kept of this hour before. */
bool store_keep_going(struct store *s, struct store_hour *h, struct error *err);
/* Puts a whole hour, or its later part, and drops what was kept of it; all or nothing. */
bool store_end_hour(struct store *s, struct store_hour *h, struct error *err);
/* The same, but what is kept of this hour is what another process left, and stays. */
bool store_put_part(struct store *s, struct store_hour *h, struct error *err);
/* Whether something is kept of an hour of the period; false, too, when it cannot be read. */
bool store_has_left(struct store *s, int64_t from_s, int64_t to_s);
/*
 * Puts what other processes left, hour by hour.  `left`: how many hours.  One that cannot be
 * read is dropped: true, and err says so; else err is empty.
 */
bool store_end_left(struct store *s, unsigned *left, struct error *err);

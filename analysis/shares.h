/*
 * What part of the traffic each key of one series usually has, and whether it has more now.
 *
 * A row keeps a key's usual share, a slow mean, and a bounded cumulative sum of its excess:
 *
 *     S = max(0, S + min(share - slack usual - material, cap))     per second
 *
 * which is an alarm from `alarm` on.  The bound makes a burst of two or three seconds harmless,
 * whatever its size; the material part makes chance harmless.  With few queries a second chance
 * is louder: cap and alarm then grow together (share_moment.scale), and floods of some seconds
 * are told as late as noise of that size demands.  A share needs no model of the day: when
 * everybody asks more, nobody's share rises.
 *
 * The table has a fixed number of rows in buckets of eight; the least important row of a full
 * bucket is forgotten.  Rows are brought forward when they are met, so that an interval costs
 * what was asked in it.  Hashes are not seeded: equal traffic gives equal rows, and a client
 * that fills a bucket only pushes out rows that hardly had a share.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct share_limits {
    double slack;    /* of the usual share, before anything counts as excess; 1.15 */
    double material; /* share: an excess below it is nobody's business */
    double cap;      /* share-seconds that a second may add */
    double alarm;    /* share-seconds */
};

/* The interval that is looked at: all a row need know of it. */
struct share_moment {
    double start_s;
    double length_s;
    double rest;      /* queries that shares are of */
    double learned_s; /* for how long this series has been looked at */
    double scale;     /* of cap and alarm, 1 or more */
    double forgiven;  /* queries above the usual that open incidents may have made */
    bool learning;    /* nothing adds up yet */
};

struct share_row {
    uint64_t key;   /* 0: free */
    double usual;   /* share */
    double slow;    /* the same over a day */
    double recent;  /* the same over ten seconds */
    double steady;  /* over ten minutes */
    double sum;     /* share-seconds */
    double seen_s;  /* end of the last interval it was brought up to */
    double since_s; /* when `sum` left zero */
};

struct shares; /* private */

/* `buckets`: a power of two; 576 octets each. */
struct shares *shares_create(uint32_t buckets, struct error *err);
void shares_free(struct shares *s); /* NULL is fine */

/* Asks memory for the row of a key that is looked at soon. */
void shares_prefetch(const struct shares *s, uint64_t key);
/* Adds what the interval says of `key`; the row is valid until the next call. */
struct share_row *shares_add(struct shares *s, const struct share_limits *limits,
                             const struct share_moment *now, uint64_t key, double queries);
bool share_is_alarm(const struct share_row *r, const struct share_limits *limits,
                    const struct share_moment *now);
bool share_is_suspicious(const struct share_row *r, const struct share_limits *limits,
                         const struct share_moment *now);

/* The row of `key`; NULL: there is none. */
struct share_row *shares_find(struct shares *s, uint64_t key);
/* Row by row, free ones too; NULL after the last. */
struct share_row *shares_row(struct shares *s, uint32_t number);

/* Nothing of this interval is learned of `key`: an open incident explains it. */
void shares_freeze(struct shares *s, uint64_t key, const struct share_moment *now);
/*
 * The key is counted differently from now on: its share rises by `change` (or falls) without
 * anybody asking more, in every mean.  No sum is told from it.  After all changes of one time:
 * shares_settle().
 */
void shares_shift(struct shares *s, uint64_t key, double change, double now_s);
void shares_settle(struct shares *s);
/* All sums start anew: something finer explains what they saw. */
void shares_reset(struct shares *s);
/* Time passed without being watched: nothing of it counts. */
void shares_skip(struct shares *s, double gap_s);

/* Rows with a usual share of 0.2 % or more: at most 500, and those under suspicion. */
json_t *shares_json(const struct shares *s);
/* Rows that were brought up to `end_s` at the latest; false: not all could be read. */
bool shares_parse(const json_t *json, struct shares *s, double end_s);
void shares_clear(struct shares *s);

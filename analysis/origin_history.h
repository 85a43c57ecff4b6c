/*
 * Who announced a prefix, over tables of different days: in each table the announcements that
 * cover the prefix, or are it; and, where asked for, those within it.
 *
 * Tables are read one after another, in any order of their dates, and only what concerns the
 * prefix is kept: at most 1024 announcements of a table, 64 different paths of each.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/routes.h"

enum {
    ORIGIN_HISTORY_ORIGINS = 16, /* of one announcement, those of most routes */
    ORIGIN_HISTORY_PATH_BYTES = 512,
};

/*
 * Not found in a table, nobody announced a prefix if the table is whole; else it is unknown.
 */
enum origin_match { ORIGIN_NOBODY, ORIGIN_UNKNOWN, ORIGIN_COVERS, ORIGIN_SAME, ORIGIN_WITHIN };

struct origin_history_table {
    const char *name; /* as given */
    int64_t time;     /* seconds since 1970 */
    enum routes_kind kind;
    uint64_t routes;
    bool whole;      /* for the family of the prefix: see struct routes_about */
    uint64_t within; /* routes of longer prefixes in the one asked for */
    bool left_out;   /* there were more announcements than are kept */
};

/* Tables that follow each other in time and say the same of a prefix. */
struct origin_history_row {
    int64_t from, to; /* of the first table and the last */
    unsigned tables;
    enum origin_match match;
    struct route prefix;                     /* without a path; not found: the one asked for */
    uint32_t origin[ORIGIN_HISTORY_ORIGINS]; /* ascending */
    unsigned origins;                        /* 0: none is known, or it was not found */
    uint64_t routes;                         /* in all its tables */
    char path[ORIGIN_HISTORY_PATH_BYTES];    /* the commonest; "... " and the end they have in
                                                common, where it was not always the same */
};

struct origin_history; /* private */

struct origin_history *origin_history_create(const struct route *asked, bool within,
                                             struct error *err);
void origin_history_free(struct origin_history *h); /* NULL is fine */

/*
 * `name` is kept.  The date is `time`, or, where that is 0, what the table says, or what its
 * name says.  After a failure the history is as it was.  `keep_on` may be NULL.
 */
typedef bool origin_history_keep_on(void *to, const struct feed *from, uint64_t routes);
bool origin_history_read(struct origin_history *h, struct feed *from, int64_t time,
                         origin_history_keep_on *keep_on, void *to, struct error *err);

/* Puts tables in the order of time and finds the rows, in the order of their beginnings. */
bool origin_history_finish(struct origin_history *h, struct error *err);
const struct origin_history_table *origin_history_tables(const struct origin_history *h,
                                                         unsigned *count);
const struct origin_history_row *origin_history_rows(const struct origin_history *h,
                                                     unsigned *count);

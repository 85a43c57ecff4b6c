/* SPDX-License-Identifier: MIT */
/*
 * The archives of a state directory: RRD files in `rrd/`, made from the minutes of the store.
 *
 * A minute without a row is unknown, never zero; one that a minute before reached over was as
 * that one.  The store is the truth: a damaged file is
 * renamed aside (`.bad`), noted, and made again by the next archive_catch_up(); the same holds
 * for one of an older shape.  Processes may work on one directory at the same time: each of
 * the functions below has it for itself.  An archive is used by one thread at a time.
 *
 * A prefix is followed when it has a file of its own.  For minutes that say nothing of it the
 * file takes the hourly counts, spread over what was captured of the hour; an hour that was
 * stored without it is a true zero.
 *
 * All times are seconds since 1970, UTC.  `now_s` is the clock, or the stream's time: a minute
 * that ends more than an hour after it is refused, since librrd could never go back.
 */
#pragma once

#include "analysis/store.h"
#include "graphs/archive_file.h"

enum {
    ARCHIVE_PATH_BYTES = 1200,
    ARCHIVE_FOLLOWED = 256,        /* prefixes, at most */
    ARCHIVE_BACK_FILL_S = 3024000, /* 35 days: how far back a newly followed prefix is filled */
};

struct archive; /* private */

struct archive *archive_open(const char *state_directory, struct error *err);
void archive_close(struct archive *a); /* NULL is fine */

/* One minute as it ends, into every file; minutes already archived are passed over. */
bool archive_put(struct archive *a, const struct minute *m, int64_t now_s, struct error *err);
/* All complete minutes of the store that are not archived yet. */
bool archive_catch_up(struct archive *a, struct store *s, int64_t now_s, struct error *err);
/* Makes files for those prefixes that have none. */
bool archive_follow(struct archive *a, struct store *s, const struct prefix *prefix,
                    unsigned prefixes, int64_t now_s, struct error *err);

/* End of the last minute archived; 0: nothing is. */
int64_t archive_last(const struct archive *a);
bool archive_follows(const struct archive *a, struct prefix p);
/* "" or what was found damaged and set aside since archive_open(). */
const char *archive_notes(const struct archive *a);

/* Where a family's file is, or that of a followed prefix; returns `path`. */
const char *archive_path(const struct archive *a, enum series_family f, struct prefix p,
                         char path[static ARCHIVE_PATH_BYTES]);

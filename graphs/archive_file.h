/* SPDX-License-Identifier: MIT */
/*
 * One RRD file: its shape, whether it is sound, and many updates at once.
 *
 * librrd dies of damaged files, so a file is compared with the shape that this program would
 * give it, field by field, before librrd may open it.  A new file is filled aside and renamed
 * in place when it is complete.  All times are seconds since 1970, UTC.
 *
 * Source of the layout: rrd_format.h of RRDtool 1.7, file version 0003, on 64-bit machines.
 */
#pragma once

#include "graphs/series.h"

#include <stddef.h>

enum { ARCHIVE_STEP_S = 60, ARCHIVE_HEARTBEAT_S = 120 };

enum archive_file_state { ARCHIVE_FILE_SOUND, ARCHIVE_FILE_MISSING, ARCHIVE_FILE_DAMAGED };

/* On SOUND *last_s is the end of the last minute in it; otherwise err says what is wrong. */
enum archive_file_state archive_file_check(const char *path, enum series_family f,
                                           int64_t *last_s, struct error *err);

/* An empty file that takes minutes from start_s on; what was there before is replaced. */
bool archive_file_create(const char *path, enum series_family f, int64_t start_s,
                         struct error *err);

/* Rows on their way into one file; all zero is an empty one. */
struct archive_rows {
    char *text; /* one argument of rrd_update after the other, each with its zero */
    size_t used, size;
    unsigned count;
    int64_t last_s; /* end of the last row, or of what the file has: set before the first */
    bool no_memory;
};

/* A minute; what lies between it and last_s was not captured, and stays unknown. */
void archive_rows_add(struct archive_rows *r, int64_t start_s, const double *value,
                      unsigned values);
/* Puts the rows into the file, and empties them. */
bool archive_rows_write(struct archive_rows *r, const char *path, struct error *err);
void archive_rows_fini(struct archive_rows *r);

/* What one file knows of a range, at the resolution of a picture. */
struct archive_survey {
    double mean[SERIES_MOST], most[SERIES_MOST]; /* by data source; NAN: nothing is known */
    bool gap;                                    /* some of the range is unknown */
};
bool archive_file_survey(const char *path, enum series_family f, int64_t from_s, int64_t to_s,
                         struct archive_survey *survey, struct error *err);

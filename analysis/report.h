/*
 * Who asked, or what was asked, over a period: a ranking of what the store holds of it, beside
 * the period of the same length before.
 *
 * Sources and names come from hourly counts, so of whole hours; query types from minutes.  What
 * a period lacks is counted, never filled in:
 *
 *   - The total of an hour is that of its minutes: an hour leaves out prefixes with few queries
 *     (writer.h), and what was counted without a source.  The difference is `rest`.  Minutes
 *     are kept for less time than hours: where they are gone, or count less than the prefixes
 *     do, the prefixes' sum is the total, and nothing is known of a rest.  A single minute that
 *     was lost makes total and rest smaller; the number of minutes tells.
 *   - Of names an hour has the leading ones alone, each with how far from the truth it can be;
 * so a row says what its count is between, and the period what a name in no row had at most.
 *   - An hour that was not stored is in no row, no total and no rest, though its minutes be
 *     known: one that goes on, or was lost.
 *
 * Memory: 88 octets a source or name, and a name's text; 40 an hour; twice that at most.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/ranking.h"
#include "analysis/store.h"

struct report_period {
    int64_t from_s, to_s;   /* whole hours, or by query type whole minutes */
    uint64_t hours;         /* stored; by query type not asked for */
    uint64_t hours_alone;   /* of these: prefixes are the total, see above */
    uint64_t minutes;       /* stored, and those that one of them reached over */
    uint64_t minutes_apart; /* of these: in hours that are not */
    uint64_t queries_apart; /* queries of these */
    uint64_t captured_s;    /* in all minutes stored */
    uint64_t counted_s;     /* in what is ranked; an hour without minutes is one */
    uint64_t queries;       /* in what is ranked */
    uint64_t undecoded, kernel_drops, interface_drops; /* frames */
    uint64_t names_lost;   /* by name: queries under none, for there were too many */
    uint64_t names_absent; /* by name: a name in no row had so many at most */
};

struct report {
    enum ranking_by by;
    struct report_period now, before;
    const struct ranking_row *row; /* without those of the period before alone */
    size_t rows;
    struct ranking_totals totals; /* by source, what is unrouted and unknown has rows */
    uint64_t rest;                /* of the total; by query type: of the types not told apart */

    struct ranking *ranking; /* private, as all that follows */
    struct ranking_row *own;
    size_t room;
};

/* The period that is ranked when none is given: the last day of what is stored. */
bool report_last_day(struct store *s, enum ranking_by by, int64_t *from_s, int64_t *to_s,
                     struct error *err);

/*
 * The period is widened to whole hours or minutes.  `origins` may be NULL by source and by
 * query type, and must outlive the report.  Whatever is returned, report_fini() is called.
 */
bool report_read(struct report *r, struct store *s, const struct origins *origins,
                 enum ranking_by by, int64_t from_s, int64_t to_s, struct error *err);
void report_fini(struct report *r);

/*
 * What count / before is multiplied with to compare rates; 0: one of the periods was captured
 * for less than nine tenths of the time of the other.
 */
double report_change_scale(const struct report *r);

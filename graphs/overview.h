/* SPDX-License-Identifier: MIT */
/*
 * What a range of time was, in a few numbers: sums over its minutes, and who asked most.
 *
 * From hourly counts where the store has them, so over whole hours; a capture shorter than
 * that is ranked by its minutes, where a prefix counts only while it leads.
 */
#pragma once

#include "analysis/store.h"

enum { OVERVIEW_LEADING = 20 };

struct overview_source {
    struct prefix prefix;
    uint64_t queries;
    uint32_t hosts;
    double junk;        /* of its queries, 0 to 1; NAN: not known */
    double week_before; /* queries in the same hours a week earlier; NAN: not known */
};

struct overview_as {
    uint32_t asn;
    uint64_t queries; /* in the minutes in which it was one of the leading */
    char name[MINUTE_AS_NAME_BYTES];
};

struct overview {
    int64_t from_s, to_s;
    uint64_t minutes, covered_s; /* stored; seconds captured in them */
    uint64_t queries, responses;
    double usual, compared; /* usual queries of minutes where they are known; counted in them */
    double peak_qps;        /* of a minute */
    int64_t peak_s;
    struct overview_source source[OVERVIEW_LEADING]; /* most queries first */
    unsigned sources;
    bool by_hours; /* from hourly counts, and sources_queries of the same hours */
    struct overview_as as[OVERVIEW_LEADING]; /* the same */
    unsigned ases;
    uint64_t routed, unrouted, unknown; /* of minutes with a table of origins: their queries */
    uint64_t sources_queries; /* all queries of the time that sources are counted over */
};

bool overview_read(struct overview *o, struct store *s, int64_t from_s, int64_t to_s,
                   struct error *err);

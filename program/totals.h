/*
 * What a live capture counted since it began: sums of its intervals, which never become
 * smaller.
 *
 * They are in status.json for those who come by now and then and want to know how much there
 * was meanwhile.  A capturing process begins anew at nothing, and says when that was.
 *
 * Filled once an interval, never on a packet's way.  One thread.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/interval.h"

#include <jansson.h>

enum { TOTALS_RCODES = 24 }; /* IANA "DNS RCODEs": assigned below; others are counted as one */

struct totals {
    int64_t start_ns; /* of the first interval */
    uint64_t intervals, lossy_intervals;
    uint64_t queries, responses, malformed, late;
    uint64_t queries_by[TRANSPORTS], responses_by[TRANSPORTS];
    uint64_t qtype[QTYPE_CLASSES], unreadable; /* sum to `queries` */
    uint64_t rcode[TOTALS_RCODES + 1];         /* the last: others */
    uint64_t junk[JUNK_CLASSES], estimated;
    uint64_t bare, lost, names_lost; /* queries that tables had no room for */
    struct source_counts source;
};

void totals_add(struct totals *t, const struct interval *interval);
/* NULL: no memory.  Every key is there from the beginning, with 0. */
json_t *totals_json(const struct totals *t);

/*
 * Notices what is not usual, interval by interval, without knowing what will come of it.
 *
 * What is tested is a source prefix's share of all queries, against its own usual share, by a
 * bounded cumulative sum:
 *
 *     S = max(0, S + min(share - 1.15 usual - material, cap))     per second
 *
 * and a finding is made when S reaches `alarm`.  The bound makes a burst of two or three
 * seconds harmless, whatever its size, and the material share makes chance harmless: no noise
 * of a quiet server adds up to it.  A share needs no model of the day: when everybody asks
 * more, nobody's share rises.  The traffic of open incidents is taken out of the whole before
 * shares are made, so that a second culprit is as visible as the first.
 *
 * Memory is fixed: the prefixes that matter are kept, the least important one is forgotten.
 * Only message time counts; the same intervals give the same findings.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/incident.h"
#include "analysis/interval.h"

enum {
    DETECTOR_FINDINGS = 8,  /* at most, in one interval */
    DETECTOR_SUSPECTS = 16, /* listed, the most suspicious */
};

struct detector_limits {
    double material_share; /* an excess below it is nobody's business; 0.015 */
    double material_qps;   /* nor one below this rate; 5 */
    uint32_t warmup_s;     /* only learns for so long, without a history; 300 */
};

struct finding {
    enum incident_kind kind;
    struct prefix prefix;
    int64_t since_s;   /* when the sum left zero */
    double usual_share; /* frozen from here on, for as long as the incident is open */
};

struct detector; /* private */

struct detector *detector_create(const struct detector_limits *limits, struct error *err);
void detector_free(struct detector *d); /* NULL is fine */

/*
 * Looks at the next interval.  `open` are the prefixes of open incidents.  Returns the number
 * of findings, at most DETECTOR_FINDINGS; the caller opens an incident for each.
 */
unsigned detector_interval(struct detector *d, const struct interval *interval,
                           const struct prefix *open, unsigned opened,
                           struct finding found[static DETECTOR_FINDINGS]);

/* Prefixes that may become findings soon, to be watched closely; their number. */
unsigned detector_suspects(const struct detector *d,
                           struct prefix suspects[static DETECTOR_SUSPECTS]);

json_t *detector_json(const struct detector *d);
/* Into a detector just made. */
bool detector_parse(const json_t *json, struct detector *d, struct error *err);

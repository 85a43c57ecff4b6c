/*
 * The open incidents: what is known of each, when it is told, when it changes, when it ends.
 *
 * An incident opens with a finding of a detector; it is told again when what its culprit asks
 * changes in kind (a wave of its own types and names) or doubles; it closes when the excess
 * has been gone for `quiet_s`.  A pause shorter than that is part of the incident.  A culprit that comes back
 * within a day takes up its old id.
 *
 * Suspects of the detectors get a dossier before anything is told, so that an incident opens
 * with its hosts, types and names.  All times are message times.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/detector.h"
#include "analysis/incident.h"
#include "analysis/interval.h"

enum { CASEBOOK_OPEN_MAX = 64 };

struct casebook_limits {
    double material_share; /* as the detectors': half of it is quiet */
    double material_qps;
    uint32_t quiet_s; /* so long without excess closes an incident; 900 */
};

struct casebook; /* private */

typedef void casebook_tell(void *argument, struct incident_event *e);

/* What an interval is looked at with. */
struct casebook_view {
    const struct interval *interval;
    const struct prefix_counts *history; /* counts of earlier minutes; NULL: none */
    double usual_qps;                    /* of all queries at this hour; NAN: not known */
    casebook_tell *tell; /* the event is the book's; copy what is kept of it */
    void *argument;
};

struct casebook *casebook_create(const struct casebook_limits *limits, uint64_t seed,
                                 struct error *err);
void casebook_free(struct casebook *b); /* NULL is fine */

void casebook_interval(struct casebook *b, const struct casebook_view *view,
                       const struct finding *found, unsigned findings,
                       const struct prefix *suspect, unsigned suspects);

/* The culprits of open incidents; their number. */
unsigned casebook_culprits(const struct casebook *b,
                           struct prefix culprit[static CASEBOOK_OPEN_MAX]);
/* What to watch closely in the next interval: culprits first, then suspects. */
unsigned casebook_watch(const struct casebook *b, struct prefix watch[static COUNTERS_WATCHED]);
/* Queries of open incidents in the last interval that are not usual for their culprits. */
double casebook_excess(const struct casebook *b);
/* Findings that found the book full, since it was made. */
uint64_t casebook_turned_away(const struct casebook *b);

json_t *casebook_json(const struct casebook *b);
/* Into a book just made. */
bool casebook_parse(const json_t *json, struct casebook *b, struct error *err);

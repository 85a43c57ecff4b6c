/*
 * The open incidents: what is known of each, when it is told, when it changes, when it ends.
 *
 * An incident opens with a finding of a detector.  A finding whose excess began at the same
 * time as that of an incident just opened is part of it, and is named in it.  An incident is
 * told again when a culprit joins, when what is asked changes in kind (a wave of its own types
 * and names), when its rate doubles, or when it is more severe than was told; it closes when
 * the excess has been gone for a while that depends on its kind.  A pause shorter than that is
 * part of the incident.  A culprit that comes back within a day takes up its old id.  What
 * comes back night after night is a habit: it is followed as all others are, so that it
 * disturbs nothing, but not told; the same holds for what begins in a silence (silence.h).
 *
 * Suspects of the detectors get a dossier before anything is told, so that an incident opens
 * with its hosts, types and names.  All times are message times.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/detector.h"
#include "analysis/evidence.h"
#include "analysis/incident.h"
#include "analysis/interval.h"
#include "analysis/silence.h"

enum { CASEBOOK_OPEN_MAX = 64 };

struct casebook_limits {
    double material_share; /* as the detectors': half of it is quiet */
    double material_qps;
    double sensitivity;
    uint32_t quiet_s;                /* so long without excess closes an incident; 900 */
    uint32_t evidence_frames;        /* kept of each incident; 0: none */
    struct annotation *annotation;   /* of the intervals; NULL: origins are not known */
    const struct silences *silences; /* when nothing is told; NULL: never */
};

struct casebook; /* private */

typedef void casebook_tell(void *argument, struct incident_event *e);

/*
 * Frames of the incident's prefixes so far: with each event that is told of it, when there is
 * no room for more, and when the program ends; the evidence is the book's.  `from_s`: 0, or
 * since when, where there may be frames from before: the incident has come back, or goes on
 * from another process.
 */
typedef void casebook_keep(void *argument, const char *id, int64_t from_s,
                           const struct evidence *e);

/* What an interval is looked at with. */
struct casebook_view {
    const struct interval *interval;
    const struct prefix_counts *history; /* counts of earlier minutes; NULL: none */
    const struct reasons *reasons;       /* of this interval and the last minutes; NULL: none */
    double usual_qps;                    /* of all queries at this hour; NAN: not known */
    double level_qps;                    /* of all queries, of late; 0: not known */
    casebook_tell *tell;                 /* the event is the book's; copy what is kept of it */
    casebook_keep *keep;                 /* NULL: nobody keeps frames */
    void *argument;
};

struct casebook *casebook_create(const struct casebook_limits *limits, uint64_t seed,
                                 struct error *err);
void casebook_free(struct casebook *b); /* NULL is fine */

/* What the interval holds of the open incidents; valid until the next call of the book. */
void casebook_explain(struct casebook *b, const struct interval *interval,
                      struct explained *explained);

/* After casebook_explain() of the same interval. */
void casebook_interval(struct casebook *b, const struct casebook_view *view,
                       const struct finding *found, unsigned findings,
                       const struct subject *suspect, unsigned suspects);

/* No interval comes after this: the evidence of all that is open and was told. */
void casebook_end(const struct casebook *b, casebook_keep *keep, void *argument);

/* The prefixes that open incidents name; their number. */
unsigned casebook_culprits(const struct casebook *b,
                           struct prefix culprit[static CASEBOOK_OPEN_MAX]);
/* How many incidents are open and were told, by severity. */
void casebook_open(const struct casebook *b, unsigned open[static INCIDENT_SEVERITIES]);
/* What to watch closely in the next interval: culprits first, then suspects. */
void casebook_watch(const struct casebook *b, struct watch_list *watch);
/* Queries of open incidents in the last interval that are not usual for their culprits. */
double casebook_excess(const struct casebook *b);
/* Fewer queries than usual are missed just now: nothing to learn from. */
bool casebook_has_gap(const struct casebook *b);
/* Findings that found the book full, since it was made. */
uint64_t casebook_turned_away(const struct casebook *b);

/* An incident of this id is known elsewhere: no other may get it. */
void casebook_note_id(struct casebook *b, const char *id);
/* Whether any was noted or given: without, those that are known elsewhere have to be noted. */
bool casebook_knows_ids(const struct casebook *b);

json_t *casebook_json(const struct casebook *b);
/* Into a book just made.  Takes up whatever can be read; false: not all, `err` says what. */
bool casebook_parse(const json_t *json, struct casebook *b, struct error *err);

/*
 * One incident, or one suspicion, as the casebook keeps it.
 *
 * The culprits of one incident are of one kind, and their queries are added up; a culprit of
 * another kind that began at the same time is named, but not counted: its queries are largely
 * the same ones.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/detector.h"
#include "analysis/dossier.h"

enum { CASE_CULPRITS = 8 };

enum case_state { CASE_FREE, CASE_SUSPECT, CASE_OPEN };

struct culprit {
    struct subject subject;
    double usual_share;
    bool counted;
    double queries;       /* since it was found */
    struct sample sample; /* of the last interval */
};

struct case_file {
    enum case_state state;
    struct dossier dossier; /* of the counted culprits together */
    int64_t suspected_s;    /* last time a detector said so */

    /* Of an open one: */
    struct incident incident;
    struct culprit culprit[CASE_CULPRITS];
    unsigned culprits;
    bool fresh;         /* opened in this interval, not told yet */
    bool habit;         /* comes every night: not told */
    bool silenced;      /* began in a silence: not told until that is over */
    bool joined;        /* by a culprit that was not told yet */
    bool continued;     /* there was an earlier part, whose frames are not here */
    bool full;          /* its evidence is, and was told so */
    bool graver;        /* a whole minute was worse than what was told */
    double usual_share; /* of the counted ones */
    double level_qps;   /* usual for all queries; of volume and gap */
    double before_qps[QTYPE_CLASSES];
    double reference_qps[QTYPE_CLASSES]; /* by type: what a new wave differs from */
    double told_qps;                     /* rate at the latest event */
    int64_t told_s;
    int64_t active_s;      /* last second of excess */
    int64_t seen_s;        /* end of the last interval */
    int64_t window_from_s; /* a change is being looked at since then; 0: none */
    double minute_sum, minute_s, minute_qps;
};

/* The kind of its first culprit: "spoof" is an incident's, not a subject's, where it has a
 * name. */
static inline enum incident_kind case_kind(const struct case_file *c)
{
    return c->culprit[0].subject.kind;
}

/* What would be usual now for the culprits, of `all` queries. */
double case_usual(double usual_share, double queries, double all);
/* Adds the culprits' samples of the interval to the dossier. */
void case_add_samples(struct case_file *c, double length_s);

/* How far the mix of types is from the reference: 0 the same, 2 nothing in common. */
double case_mix_distance(const struct case_file *c, double seconds);
/* Whether there is any excess worth following: in the last minute, and still now. */
bool case_is_active(const struct case_file *c, double material_share, double material_qps);
/* How long without excess closes it. */
int64_t case_quiet_s(const struct case_file *c, uint32_t quiet_s);
/*
 * To now, from when it was last seen.  Time that nobody watched is neither quiet nor busy;
 * without queries, it is more of a gap.
 */
void case_pass_gap(struct case_file *c, int64_t now_s);
bool case_has_waves(const struct case_file *c);

json_t *case_json(const struct case_file *c);
/* Into one whose dossier is initialised. */
bool case_parse(const json_t *json, struct case_file *c, struct error *err);

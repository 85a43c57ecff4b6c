/*
 * Notices what is not usual, interval by interval, without knowing what will come of it.
 *
 * Several series are looked at, finest first: source prefixes, names, the domains they are in,
 * origin ASes, sources without a route, top level domains, NXDOMAIN answers, query types, other
 * rcodes, queries without an answer (each by its share, see shares.h), and all queries together
 * (see volume.h).  A coarser series is told only when no finer one explains what it saw: it
 * waits a few seconds for a finer one that is on its way, and what a finer one found is
 * forgotten by the coarser. What open incidents explain is taken out of every series before it
 * is looked at, so that one cause is one finding, and a second cause is as visible as the
 * first.
 *
 * Memory is fixed.  Only message time counts; the same intervals give the same findings.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/annotation.h"
#include "analysis/incident.h"
#include "analysis/interval.h"
#include "analysis/known.h"
#include "analysis/subject.h"

enum {
    DETECTOR_FINDINGS = 8,  /* at most, in one interval */
    DETECTOR_SUSPECTS = 16, /* listed, the most suspicious */
    EXPLAINED_PARTS = 256,
};

struct detector_limits {
    double material_share;         /* an excess below it is nobody's business; 0.015 */
    double material_qps;           /* nor one below this rate; 1 */
    double sensitivity;            /* 1; 2 takes half the excess, for half the time */
    uint32_t warmup_s;             /* only learns for so long, without a history; 300 */
    struct annotation *annotation; /* of every interval that is looked at; NULL: none */
    const struct known *known;     /* who may send much; NULL: nobody */
};

/* What the interval holds of one subject of an open incident. */
struct explained_part {
    const struct subject *subject;
    double queries;              /* of the subject; 0 where others of the incident have them */
    double excess;               /* of them, not usual */
    double qtype[QTYPE_CLASSES]; /* of all of them */
    const struct watch *watch;   /* its names; NULL: not known */
};

struct explained {
    struct explained_part part[EXPLAINED_PARTS];
    unsigned parts;
};

struct finding {
    struct subject subject;
    int64_t since_s;    /* when the sum left zero */
    double usual_share; /* frozen from here on, for as long as the incident is open */
    double rate_qps;    /* ten seconds' memory */
    bool spoofed;       /* most of the excess comes from prefixes never met before */
    struct incident_evidence evidence;
};

struct detector; /* private */

struct detector *detector_create(const struct detector_limits *limits, uint64_t seed,
                                 struct error *err);
void detector_free(struct detector *d); /* NULL is fine */

/*
 * Looks at the next interval.  Returns the number of findings, at most DETECTOR_FINDINGS; the
 * caller opens an incident for each, or adds it to one that began at the same time.
 */
unsigned detector_interval(struct detector *d, const struct interval *interval,
                           const struct explained *explained,
                           struct finding found[static DETECTOR_FINDINGS]);

/*
 * Between two minutes: the annotation turns to the table it was offered.  What this changes of
 * the counts of the minute before is put to what is usual, so that nobody rises or falls by it.
 */
void detector_turn(struct detector *d, const struct prefix_counts *minute, int64_t now_s);

/* Prefixes and names that may become findings soon, to be watched closely; their number. */
unsigned detector_suspects(const struct detector *d,
                           struct subject suspects[static DETECTOR_SUSPECTS]);

/*
 * Whether traffic begins with the interval just looked at, where there had been next to none:
 * nothing is found in it, and the detector learns anew, as after a first start.
 */
bool detector_begins(const struct detector *d);

/* What is usual for all queries together just now; 0: not known yet. */
double detector_level(const struct detector *d);

json_t *detector_json(const struct detector *d);
/* Into a detector just made. */
bool detector_parse(const json_t *json, struct detector *d, struct error *err);

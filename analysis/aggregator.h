/*
 * From intervals to minutes, hours and incidents: everything that follows the merged counters.
 *
 * The owner gives each interval in the order of time and is told, through functions of its
 * own, of events, of whole minutes and of whole hours.  Nothing here reads a clock, a file or
 * a setting: the same intervals tell the same, live or from a file.
 *
 *     interval -> minute -> hour -> run       each merged into the next when it ends
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/baseline.h"
#include "analysis/casebook.h"
#include "analysis/rssac002.h"

/* The limits' annotations are made by the aggregator, and may be NULL. */
struct aggregator_settings {
    struct detector_limits detector;
    struct casebook_limits casebook;
    const struct origins *origins; /* NULL: ASes are not known */
    int64_t origins_age_s;         /* see annotation_create() */
    bool hours;                    /* count by hour, and tell of each */
    bool rssac002; /* and count what RSSAC002 asks of each; intervals have IPv6 sources */
    bool run;      /* keep counts of the whole run */
    uint64_t seed; /* the same as the counters' */
};

/* What an hour counted; valid while it is told. */
struct aggregator_hour {
    int64_t start_s;
    uint64_t queries;
    const struct prefix_counts *prefixes;
    const struct names *names, *tlds;
    const struct rssac002_counts *rssac002; /* NULL: not counted; queries may then be 0 */
    const struct address_set *sources6;     /* of these */
};

struct aggregator_told {
    casebook_tell *event;
    casebook_keep *evidence; /* after the event; NULL: nobody keeps frames */
    void (*minute)(void *argument, const struct minute *m);
    void (*hour)(void *argument, const struct aggregator_hour *hour);
    /* Every few minutes, of the hour that goes on, as far as it has come; NULL: nobody asks. */
    void (*going)(void *argument, const struct aggregator_hour *hour);
    /* Traffic begins where there had been next to none; NULL: nobody asks. */
    void (*begins)(void *argument, int64_t time_s, double rate_qps);
    void *argument;
};

struct aggregator; /* private */

struct aggregator *aggregator_create(const struct aggregator_settings *settings,
                                     const struct aggregator_told *told, struct error *err);
void aggregator_free(struct aggregator *a); /* NULL is fine */

/* Takes what the interval counted; the counters stay the caller's, to be cleared. */
void aggregator_interval(struct aggregator *a, const struct interval *interval);

/* What was stored by an earlier run: it counts for this run, and for nothing else. */
void aggregator_pass_over(struct aggregator *a, const struct interval *interval);

/* Ends the minute and the hour that go on: the input has ended, or the program will. */
void aggregator_end(struct aggregator *a);

/*
 * Another table of origins, or NULL, from the next minute on; see annotation_offer().  Once
 * aggregator_origins() says so it is in use, and the one before may go.
 */
bool aggregator_offer_origins(struct aggregator *a, const struct origins *origins,
                              struct error *err);
const struct origins *aggregator_origins(const struct aggregator *a);

/* What is usual for all queries at the hour of the latest interval; NAN: not known. */
double aggregator_usual(const struct aggregator *a);

/* What the counters of the next interval are to watch; see counters_clear(). */
void aggregator_watch(const struct aggregator *a, struct watch_list *watch);

/* All that was counted since the start, where kept; valid after aggregator_end(). */
const struct counters *aggregator_run(const struct aggregator *a);
/* How many incidents are open and were told, by severity. */
void aggregator_open(const struct aggregator *a, unsigned open[static INCIDENT_SEVERITIES]);
/* Findings that found too many incidents open already. */
uint64_t aggregator_turned_away(const struct aggregator *a);

/* What was learned and is open: to be stored with each minute, and taken up by the next start.
 */
json_t *aggregator_json(const struct aggregator *a);
/*
 * Into an aggregator just made.  A part that is not as it was written begins anew (an open
 * incident goes alone); false then, and `err` says which parts and why.
 */
bool aggregator_parse(const json_t *json, struct aggregator *a, struct error *err);
/* An incident of this id is in the store: no other may get it. */
void aggregator_note_id(struct aggregator *a, const char *id);
/* Whether all in the store have been noted, or are part of what was learned. */
bool aggregator_knows_ids(const struct aggregator *a);

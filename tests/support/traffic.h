/*
 * Made-up traffic for tests of detection: intervals, of one second where a test does not
 * stretch them, fed to an aggregator.
 *
 * The background is 150 queries/s from 64 steady networks for 16 names, of types A, AAAA and
 * MX, half of them answered with NXDOMAIN.  What a test adds comes on top of it.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/aggregator.h"

enum { TRAFFIC_EVENTS = 64, TRAFFIC_WORKERS = 4 };

struct traffic {
    struct aggregator *aggregator;
    struct counters *counters; /* of the first worker, and of all when an interval ends */
    struct counters *others[TRAFFIC_WORKERS - 1];
    unsigned workers; /* 1; they share the traffic by client, as a kernel would */
    struct origins *origins;
    struct tlds *tlds;
    struct junk *judge;   /* one of all workers */
    struct origins *next; /* offered, and perhaps in use */
    int64_t now_s;
    unsigned interval_s;                    /* 1 */
    double level;                           /* of the background; 1 */
    bool lossy;                             /* what passes is marked so */
    double failed;                          /* of all queries, answered with SERVFAIL; 0 */
    double silent;                          /* of all queries, not answered; 0 */
    unsigned kernel_drops, interface_drops; /* frames a second that capture lost */
    bool before_drops;        /* a restart is from a release that did not count them */
    unsigned undecoded_qps;   /* frames of ethertype 0x88b5, beside the messages */
    unsigned varied;          /* of a hundred of a flow's queries, of TXT; 0 */
    struct known known;       /* who may send much; to be filled at any time */
    struct silences silences; /* the same */
    uint32_t random;
    struct incident_event event[TRAFFIC_EVENTS];
    unsigned events;
    unsigned beginnings; /* of traffic, where there had been next to none */
};

/* What is added for some time. */
struct traffic_flow {
    const char *client; /* with %u for the network's number, or without */
    unsigned networks;  /* 0: one */
    const char *name;   /* with %u for a number that never comes twice, or without */
    uint16_t qtype;
    unsigned rate_qps;
};

/*
 * `origins`: pfx2as text, or NULL.  traffic_whole() makes a whole table of it, with the
 * networks 20.0.0.0/8 to 79.0.0.0/8 beside what is given, and a time of its own; to be freed.
 */
char *traffic_whole(const char *origins, const char *day);
struct traffic *traffic_create(const char *origins, double sensitivity, uint64_t seed);
void traffic_free(struct traffic *t);

/* So many seconds, in whole intervals, of the background and of the flow; NULL: the background
 * alone. */
void traffic_pass(struct traffic *t, unsigned seconds, const struct traffic_flow *flow);
/* Another table of origins, from the next minute on. */
void traffic_offer(struct traffic *t, const char *origins);
/* Stops, and goes on with what a new process takes up from the state, `away_s` later. */
void traffic_restart(struct traffic *t, unsigned away_s);
/* Goes on with what a new process takes up from this document; as aggregator_parse(). */
bool traffic_resume(struct traffic *t, const json_t *state, struct error *err);
/* Events of a state since the beginning. */
unsigned traffic_count(const struct traffic *t, enum incident_state state);
/* The latest event; the test fails if there is none. */
const struct incident *traffic_last(const struct traffic *t);

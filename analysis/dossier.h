/*
 * What one subject asks, as long as it is watched closely: hosts, types, names, rates.
 *
 * A dossier is opened when a prefix or a name becomes suspicious, so that an incident knows its
 * hosts and types from its first second on; it is dropped when nothing came of the suspicion.
 * Traits and frames are those of this process: what another kept before it is not taken up.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/evidence.h"
#include "analysis/incident.h"
#include "analysis/sample.h"

struct dossier {
    struct subject subject; /* the first, of several */
    int64_t from_s;         /* watched since */
    double seconds;         /* of intervals added */
    uint64_t queries;
    uint64_t all_queries; /* of everybody, in the same intervals */
    uint64_t qtype[QTYPE_CLASSES];
    uint64_t judged, junk;      /* queries put in classes; junk of these */
    struct junk_counts classes; /* as far as they are known by class */
    uint64_t host[256];         /* by prefix_host_bit() */
    uint8_t address[256][16];
    uint64_t network[WATCH_NETWORK_BITS / 64]; /* see struct watch */
    uint32_t networks, many_hosts;             /* most of an AS, in one interval */
    double rate_qps;                           /* ten seconds' memory */
    double all_qps;                            /* of everybody */
    double calm_qps, calm_all_qps;             /* the same, a minute's memory */
    double type_qps[QTYPE_CLASSES];            /* twenty seconds' memory */
    struct names *names;                       /* since it was opened */
    struct names *window;                      /* since dossier_open_window() */
    struct traits traits;                      /* of prefixes */
    struct evidence evidence;
    uint64_t window_queries;
    uint64_t window_qtype[QTYPE_CLASSES];
    double window_s;
};

/* `frames`: how many are kept as evidence, at most. */
bool dossier_init(struct dossier *d, uint64_t seed, uint32_t frames, struct error *err);
void dossier_fini(struct dossier *d);
void dossier_start(struct dossier *d, const struct subject *s, int64_t from_s);

/* Adds an interval's sample. */
void dossier_add(struct dossier *d, const struct sample *sample, double length_s);
/* Adds what is known of hosts and names, of each subject. */
void dossier_add_watch(struct dossier *d, const struct watch *watch);
/* Begins to count names and types anew, beside the whole: what a new wave asks. */
void dossier_open_window(struct dossier *d);

unsigned dossier_hosts(const struct dossier *d);
unsigned dossier_networks(const struct dossier *d);
/* Busiest first; their number. */
unsigned dossier_leading_hosts(const struct dossier *d, struct incident_host *host,
                               unsigned most);

json_t *dossier_json(const struct dossier *d);
bool dossier_parse(const json_t *json, struct dossier *d);

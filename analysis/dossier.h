/*
 * What one prefix asks, as long as it is watched closely: hosts, types, names, rates.
 *
 * A dossier is opened when a prefix becomes suspicious, so that an incident knows its hosts
 * and types from its first second on; it is dropped when nothing came of the suspicion.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/incident.h"
#include "analysis/interval.h"

struct dossier {
    struct prefix prefix;
    int64_t from_s; /* watched since */
    double seconds; /* of intervals added */
    uint64_t queries;
    uint64_t all_queries; /* of everybody, in the same intervals */
    uint64_t qtype[QTYPE_CLASSES];
    uint64_t host[256]; /* by prefix_host_bit() */
    uint8_t address[256][16];
    double rate_qps;               /* ten seconds' memory */
    double all_qps;                /* of everybody */
    double type_qps[QTYPE_CLASSES]; /* twenty seconds' memory */
    struct names *names;           /* since it was opened */
    struct names *window;          /* since dossier_open_window() */
    uint64_t window_queries;
    uint64_t window_qtype[QTYPE_CLASSES];
    double window_s;
};

bool dossier_init(struct dossier *d, uint64_t seed, struct error *err);
void dossier_fini(struct dossier *d);
void dossier_start(struct dossier *d, struct prefix p, int64_t from_s);

/* Adds an interval; `watch` NULL: it was not watched in it, only its record is known. */
void dossier_add(struct dossier *d, const struct interval *interval, const struct watch *watch);
/* Begins to count names and types anew, beside the whole: what a new wave asks. */
void dossier_open_window(struct dossier *d);

unsigned dossier_hosts(const struct dossier *d);
/* Busiest first; their number. */
unsigned dossier_leading_hosts(const struct dossier *d, struct incident_host *host,
                               unsigned most);

json_t *dossier_json(const struct dossier *d);
bool dossier_parse(const json_t *json, struct dossier *d);

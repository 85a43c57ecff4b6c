/*
 * Puts an open incident into words and tables: what its event tells.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/dossier.h"

enum case_state { CASE_FREE, CASE_SUSPECT, CASE_OPEN };

/* What the casebook keeps of one prefix. */
struct case_file {
    enum case_state state;
    struct dossier dossier;
    int64_t suspected_s; /* last time a detector said so */

    /* Of an open one: */
    struct incident incident;
    double usual_share;
    double before_qps[QTYPE_CLASSES];
    double reference_qps[QTYPE_CLASSES]; /* by type: what a new wave differs from */
    double told_qps;                     /* rate at the latest event */
    int64_t told_s;
    int64_t active_s;      /* last second of excess */
    int64_t window_from_s; /* a change is being looked at since then; 0: none */
    double minute_sum, minute_s, minute_qps;
};

/*
 * Fills the incident's figures, types, hosts, names and summary from its dossier.  An opening
 * tells the whole dossier, a change what its window shows.
 */
void describe_incident(struct case_file *c, enum incident_state state);

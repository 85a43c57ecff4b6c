/*
 * status.json: what the last interval of a live capture was, for `rootwatch top` and for other
 * programs that want to know now, and not in a minute.
 *
 * Schema "rootwatch-status/1"; its keys are promises to users (rootwatch(8)).  The file is
 * replaced whole, so that a reader sees one interval or the next.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/incident.h"
#include "analysis/interval.h"
#include "analysis/origins.h"
#include "program/totals.h"

#include <jansson.h>

enum { STATUS_PREFIXES = 20, STATUS_NAMES = 10, STATUS_PATH_BYTES = 4096 };

struct status_view {
    const struct interval *interval;
    const struct origins *origins; /* NULL: there is no table */
    const struct totals *totals;   /* with this interval */
    const char *site;
    const char *interface;
    uint32_t interval_s; /* as set; the last one is shorter, others may be longer */
    double usual_qps;    /* of all queries at this hour; NAN: not known */
    unsigned open[INCIDENT_SEVERITIES]; /* incidents */
    uint64_t turned_away;               /* findings, as too many were open already */
};

/* After the interval's domains were found; NULL: no memory. */
json_t *status_json(const struct status_view *v);

/* "DIRECTORY/status.json"; false: the path is too long. */
bool status_path(const char *state, char path[static STATUS_PATH_BYTES]);
bool status_write(const char *state, const json_t *status, struct error *err);
/* NULL: see err. */
json_t *status_read(const char *state, struct error *err);

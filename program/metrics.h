/*
 * A status (status.h) as metrics for Prometheus: text format 0.0.4.
 *
 * A table of series, each with HELP and TYPE once, and only where it has a sample.  What is
 * summed up is a counter; what is of the last interval is a gauge.  Labels take values from
 * lists of ours, except two: the interface, and prefixes, which are bounded: of the leading
 * ones of the status those that sent at least a hundredth of all queries.  Names that clients
 * asked for are in no label.
 *
 * Old numbers are never passed off as those of now: of a status that is old, or not there,
 * nothing is told but that it is so (rootwatch_up 0), and when its interval ended.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct metrics_view {
    const json_t *status; /* rootwatch-status/1; NULL: there is none */
    const char *why_none; /* in words */
    const char *version;  /* of the program */
    double now_s;         /* since 1970, UTC */
};

/* Whether the status is as new as one of a capture that goes on. */
bool metrics_is_fresh(const json_t *status, double now_s);
/* To be freed; NULL: no memory. */
char *metrics_text(const struct metrics_view *v);

/*
 * The files of RSSAC002 version 5, as text: one YAML document a metric and day.  After the
 * values, comments say how much of the day was captured and what was lost.
 *
 * load-time and zone-size are not among them: a mirror port does not show them.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/rssac002_day.h"

enum rssac002_metric {
    RSSAC002_TRAFFIC_VOLUME,
    RSSAC002_TRAFFIC_SIZES,
    RSSAC002_RCODE_VOLUME,
    RSSAC002_UNIQUE_SOURCES,
    RSSAC002_METRICS,
};

enum { RSSAC002_NAME_BYTES = 384, RSSAC002_NOTE_BYTES = 256 };

const char *rssac002_metric_name(enum rssac002_metric m); /* "traffic-volume" */

/*
 * "2026/01/traffic-volume/x-root-20260115-traffic-volume.yaml"; returns `name`.  A service that
 * is not of root-servers.net gives its whole name, with hyphens in place of dots.
 */
const char *rssac002_file_name(const struct rssac002_day *d, enum rssac002_metric m,
                               char name[static RSSAC002_NAME_BYTES]);

/* A mirror with one direction alone has no rcodes, or no sources. */
bool rssac002_has_metric(const struct rssac002_day *d, enum rssac002_metric m);

/* The file, which the caller frees; NULL: no memory.  `maker`: "rootwatch 1.0". */
char *rssac002_text(const struct rssac002_day *d, enum rssac002_metric m, const char *maker);

/* What is to be known of the day beside its values; `warning`: it makes them doubtful. */
typedef void rssac002_note_function(void *argument, bool warning, const char *text);
void rssac002_notes(const struct rssac002_day *d, rssac002_note_function *note, void *argument);

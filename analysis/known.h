/*
 * Sources that are known to ask much: large resolvers, measurement, probes of one's own.
 *
 * As long as one sends no more than it may, it is no culprit, and its queries are nothing that
 * its AS is blamed for.  They are counted all the same, and all queries together, types and
 * names have them.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/prefix.h"

#include <stdbool.h>

enum { KNOWN_SOURCES = 64, KNOWN_TEXT_BYTES = PREFIX_TEXT_BYTES + 24 };

struct known_source {
    struct prefix prefix; /* a /24, a /48 or shorter: each of them in it */
    double most_qps;      /* of each; INFINITY: whatever it sends */
};

struct known {
    struct known_source source[KNOWN_SOURCES];
    unsigned sources;
};

/* "192.0.2.0/24", or "192.0.2.0/24=800"; false when it is neither. */
bool known_parse(const char *text, struct known_source *s);
/* The same back; returns `text`. */
const char *known_format(const struct known_source *s, char text[static KNOWN_TEXT_BYTES]);

/* Whether `p`, a /24 or /48, may send so much; the longest prefix it is in says so. */
bool known_allows(const struct known *k, struct prefix p, double rate_qps);

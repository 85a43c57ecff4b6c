/* SPDX-License-Identifier: MIT */
/*
 * The series that are archived: which file holds them, under which name, and how each is taken
 * from a minute.
 *
 * One file a family, with fixed data sources; one more file for every prefix that is followed.
 * A rate is a count divided by the seconds captured, so a minute that was half captured does
 * not look like half the traffic.  To archive another number, add a row: files of the old
 * shape are then made again from the store.
 */
#pragma once

#include "analysis/minute.h"

enum {
    SERIES_NAME_BYTES = 20, /* RRDtool's limit, with the final zero */
    SERIES_MOST = 24,       /* data sources in one file */
};

enum series_family {
    SERIES_TOTAL,     /* queries, responses, usual, spread: per second */
    SERIES_QTYPE,     /* by qtype_class(): per second */
    SERIES_RCODE,     /* by minute_rcode: per second */
    SERIES_TRANSPORT, /* queries by transport: per second */
    SERIES_SOURCE,    /* sources4, sources6: distinct in a minute */
    SERIES_HEALTH,    /* what was captured, and what was lost: per second; covered: 0 to 1 */
    SERIES_EDNS,      /* edns, dnssec_ok: per second */
    SERIES_JUNK,      /* queries by junk_class_name(): per second */
    SERIES_ORIGIN,    /* routed, unrouted, unknown: per second; not known without a table */
    SERIES_FAMILIES,
    SERIES_FOLLOWED = SERIES_FAMILIES, /* queries per second, hosts; a file for each prefix */
    SERIES_KINDS,
};

const char *series_file(enum series_family f); /* "qtype.rrd"; NULL for SERIES_FOLLOWED */
unsigned series_count(enum series_family f);
const char *series_name(enum series_family f, unsigned n); /* "MX" */

/* The nth value of a family in one minute; NAN: not known. */
double series_value(enum series_family f, unsigned n, const struct minute *m);
/* The same for a followed prefix, of which the minute may say nothing. */
double series_followed_value(unsigned n, const struct minute *m, struct prefix p);

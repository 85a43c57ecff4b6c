/*
 * What one minute of traffic was: the row that archives, pages and summaries are made of.
 *
 * Counts are of what was captured; `covered_s` says how much of the minute that was, and rates
 * divide by it.  A minute without any second captured has no row: a gap is never a zero.  A
 * live interval that could not end in time belongs to the minute it began in, with all its
 * seconds and queries, and the next minutes lack those: so rates are what they were, and sums
 * stay whole.  A next minute that it reached over has no row of its own: see minute_reach().
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/junk_class.h"
#include "analysis/prefix.h"
#include "analysis/qtype.h"
#include "analysis/reasons.h"
#include "capture/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    MINUTE_COVERED_MAX_S = 3600,
    MINUTE_LEADING = 20, /* prefixes with most queries */
    MINUTE_WATCHED = 44, /* at most, beside them: what an open incident or an archive follows */
    MINUTE_PREFIXES = MINUTE_LEADING + MINUTE_WATCHED,
    MINUTE_ORIGINS = 10,       /* leading ASes, and leading announced prefixes */
    MINUTE_AS_NAME_BYTES = 48, /* of a longer name the beginning */
};

enum transport { TRANSPORT_UDP4, TRANSPORT_UDP6, TRANSPORT_TCP4, TRANSPORT_TCP6, TRANSPORTS };

/* IANA "DNS RCODEs": those a root server gives, and all others. */
enum minute_rcode {
    MINUTE_NOERROR,
    MINUTE_FORMERR,
    MINUTE_SERVFAIL,
    MINUTE_NXDOMAIN,
    MINUTE_NOTIMP,
    MINUTE_REFUSED,
    MINUTE_RCODE_OTHER,
    MINUTE_RCODES,
};

struct minute_prefix {
    struct prefix prefix;
    uint64_t queries;
    uint32_t hosts;
    bool watched;
};

struct minute_as {
    uint32_t asn;
    uint64_t queries;
    char name[MINUTE_AS_NAME_BYTES]; /* valid UTF-8, fit for a terminal; empty: not known */
};

struct minute_announced {
    struct prefix prefix;
    uint32_t asn;
    uint64_t queries;
};

/*
 * Who announces the sources.  `routed`, `unrouted` and `unknown` are all queries of the minute;
 * those that were counted without a source are unknown.
 */
struct minute_origins {
    bool known;      /* there was a table; else all is zero */
    int64_t table_s; /* when it was so; 0: it does not say */
    uint64_t routed, unrouted, unknown;
    uint32_t ases, prefixes; /* that queries came from; the largest of them: */
    struct minute_as as[MINUTE_ORIGINS];
    unsigned ases_listed;
    struct minute_announced announced[MINUTE_ORIGINS];
    unsigned listed;
};

struct minute {
    int64_t start_s;    /* since 1970, UTC; a whole minute */
    uint32_t covered_s; /* 1 to 60; more with an interval that reached into the next minutes */
    uint64_t queries, responses, malformed;
    uint64_t queries_by[TRANSPORTS], responses_by[TRANSPORTS];
    uint64_t qtype[QTYPE_CLASSES];
    uint64_t rcode[MINUTE_RCODES];
    struct junk_counts junk;     /* all zero in a minute of a release that had no classes */
    uint64_t edns, dnssec_ok;    /* queries with an OPT record, with DO in it */
    uint64_t sources4, sources6; /* distinct /24s and /48s that sent a query */
    uint64_t frames, bytes;      /* captured, of any kind; bytes on the wire */
    uint64_t undecoded;          /* frames that may have held DNS and could not be read */
    struct reasons reasons; /* of these frames; none in a minute of a release that kept none */
    uint64_t kernel_drops, interface_drops;
    uint64_t overflow; /* queries counted in totals, but not by source */
    double usual_qps,
            spread_qps; /* usual rate and one standard deviation; NAN: not known yet */
    struct minute_prefix prefix[MINUTE_PREFIXES]; /* most queries first */
    unsigned prefixes;
    struct minute_origins origins;
};

const char *transport_name(enum transport t);       /* "udp4" */
const char *minute_rcode_name(enum minute_rcode r); /* "NXDOMAIN", "other" */

/*
 * Adds the second part of a minute that was captured in two, with a stop between.  Distinct
 * sources of both are added too, so they may then be more than there were; the same holds for
 * ASes and announced prefixes, of which those are listed that led one of the parts.
 */
void minute_add(struct minute *into, const struct minute *m);

/* How many minutes it covers, this one and those it reached over as a whole. */
static inline uint32_t minute_reach(const struct minute *m)
{
    return m->covered_s < 120 ? 1 : m->covered_s / 60;
}

/* Whether queries were put into classes: one without queries is as good as judged. */
bool minute_is_judged(const struct minute *m);

json_t *minute_json(const struct minute *m); /* NULL when memory is short */
bool minute_parse(const json_t *json, struct minute *m, struct error *err);

/*
 * An incident: traffic that is not usual, from its opening to its closing, and who explains it.
 *
 * A detector fills one in; everything later (store, pages, mails, webhook) works on what is
 * here and asks nobody else.  An incident keeps one id for its whole life.  What happens to it
 * is told as events: opened, changed, closed, each with the incident as it was then.
 *
 * All rates are means of the last ten seconds unless a name says otherwise.  Names are in
 * presentation form with RFC 4343 escapes (\DDD), so they are printable ASCII.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/junk_class.h"
#include "analysis/prefix.h"
#include "analysis/reasons.h"
#include "analysis/traits.h"
#include "capture/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    INCIDENT_ID_BYTES = 24,
    INCIDENT_NAME_BYTES = 1024, /* 255 octets, each \DDD, with dots and a final zero */
    INCIDENT_SUMMARY_BYTES = 256,
    INCIDENT_JUNK_BYTES = 96,
    INCIDENT_TRAITS_BYTES = 1024,
    INCIDENT_DROPS_BYTES = 256,
    INCIDENT_PREFIXES = 8, /* culprits named in one incident */
    INCIDENT_ORIGINS = 8,  /* and their ASes */
    INCIDENT_TYPES = 24,   /* rows of the table by qtype */
    INCIDENT_HOSTS = 16,   /* leading hosts listed */
    INCIDENT_NAMES = 10,   /* leading names listed */
};

enum incident_state { INCIDENT_OPENED, INCIDENT_CHANGED, INCIDENT_CLOSED };

enum incident_kind {
    INCIDENT_PREFIX,
    INCIDENT_ASN,
    INCIDENT_QTYPE,
    INCIDENT_NAME,
    INCIDENT_NXDOMAIN,
    INCIDENT_VOLUME,
    INCIDENT_GAP,
    INCIDENT_SPOOF,
    INCIDENT_RCODE,      /* of the answers; NXDOMAIN is a kind of its own */
    INCIDENT_UNANSWERED, /* queries */
    INCIDENT_UNROUTED,   /* many sources, of networks that nobody announces */
    INCIDENT_KINDS,
};

/* What the table of origins says of a culprit that is a source prefix, where it is of note. */
enum incident_route {
    INCIDENT_ROUTE_NOT_TOLD, /* it is announced, or there was no table */
    INCIDENT_ROUTE_NONE,     /* nobody announces it */
    INCIDENT_ROUTE_UNKNOWN,  /* not in the table, which is not whole, or not of these days */
    INCIDENT_ROUTES,
};

/* What the culprits ask, by type: before the incident, in its first wave, and now. */
struct incident_type {
    char qtype[16]; /* "MX", "other" */
    double before_qps;
    double now_qps;
    uint64_t queries; /* since the incident began */
    bool named;       /* one of those that explain the incident, or its latest wave */
};

struct incident_host {
    uint8_t address[16]; /* network order, IPv4 in the first 4 octets */
    bool ipv6;
    uint64_t queries; /* since the incident began */
};

struct incident_name {
    char *name; /* owned by the incident */
    uint64_t queries;
    bool named; /* leads the latest wave */
};

/*
 * Why it was opened, so that one can argue with it: the test that passed, what it saw, what is
 * usual, and by how much the limit was reached.
 */
struct incident_evidence {
    char series[96]; /* "prefix 192.0.2.0/24" */
    char test[16];   /* "share", "slow share", "volume"; empty: not known */
    double observed; /* a share of all queries; of "volume": queries/s */
    double usual;    /* the same, before */
    double value;    /* of the sum that the test is */
    double limit;    /* that it reached */
};

/*
 * What of their packets speaks for, or against, forged sources (traits.h), as far as the
 * prefixes were watched closely by this process.
 */
struct incident_traits {
    uint64_t queries; /* 0: nothing is known */
    uint64_t tcp_queries, responses, tcp_responses, syns, unreachables;
    struct traits_handshakes handshakes;
    uint64_t rcode[MINUTE_RCODES];
    uint32_t ttls; /* different ones */
    struct {
        uint8_t ttl;
        uint64_t queries;
    } leading[TRAITS_LEADING];           /* most queries first; then without queries */
    uint32_t ports;                      /* of source, about */
    uint32_t hosts_steady, hosts_varied; /* by their TTLs */
    enum traits_verdict verdict;
};

/*
 * What of the culprits' queries is junk (junk_class.h), since it began.  The share is of all of
 * them that were put in classes, with those that have no readable question.
 */
struct incident_junk {
    uint64_t judged; /* 0: nothing is known of it */
    uint64_t junk;
    struct junk_counts classes; /* may be fewer: of what was watched closely; of an AS none */
};

/* Frames that capture lost, of all that there were in the same time. */
struct incident_drops {
    int64_t since_s; /* counted from here on: the second that it was noticed in; 0: never */
    uint64_t frames; /* that were captured */
    uint64_t kernel, interface;
};

/*
 * How much the service is touched: what is above or below the usual, as a part of what all
 * queries together usually are; from 8 % on a warning, from 25 % on critical.  A spoofed flood
 * or one that loses frames is at least a warning.
 */
enum incident_severity { INCIDENT_NOTICE, INCIDENT_WARNING, INCIDENT_CRITICAL };
enum { INCIDENT_SEVERITIES = INCIDENT_CRITICAL + 1 };

struct incident {
    char id[INCIDENT_ID_BYTES]; /* "2005-0118-1": the UTC day it opened, its number that day */
    enum incident_kind kind;
    enum incident_severity severity; /* the worst since it opened */
    unsigned wave;                   /* 1; a second wave makes it 2 */
    int64_t began_s;   /* when the excess began; seconds since 1970, UTC, as all times here */
    int64_t opened_s;  /* when it was noticed */
    int64_t changed_s; /* time of the latest event */
    int64_t ended_s;   /* last second of the excess, where it has paused or ended; else 0 */
    int64_t closed_s;  /* 0 while open; quiet for a while after ended_s */
    struct prefix prefix[INCIDENT_PREFIXES];
    enum incident_route route[INCIDENT_PREFIXES]; /* of each of them */
    unsigned prefixes;
    uint32_t asn[INCIDENT_ORIGINS]; /* culprits; or the origins of the prefixes, where known */
    unsigned asns;
    char rcode[16];    /* "SERVFAIL", of that kind; else empty */
    unsigned networks; /* about so many /24s and /48s take part; 0: not known */
    struct incident_evidence evidence;
    double rate_qps;     /* of the culprits */
    double baseline_qps; /* usual for them */
    double peak_qps;     /* highest mean of a minute so far */
    double share;        /* of all queries, 0 to 1 */
    double total_qps;    /* all queries, the culprits' among them */
    double usual_qps;    /* usual for all queries at this hour; 0 when not yet known */
    uint64_t queries;    /* of the culprits, since it began */
    struct incident_junk junk;
    struct incident_traits traits;
    unsigned hosts; /* addresses seen in the culprits' prefixes since it began */
    bool lossy;     /* capture lost many frames meanwhile: figures are too small */
    struct incident_drops drops;

    /* Of all frames, the mirror's whole traffic, since the minute before it was noticed. */
    struct reasons reasons;

    struct incident_type type[INCIDENT_TYPES]; /* most asked first */
    unsigned types;
    struct incident_host host[INCIDENT_HOSTS]; /* busiest first */
    unsigned hosts_listed;
    struct incident_name name[INCIDENT_NAMES]; /* most asked first */
    unsigned names;
    char summary[INCIDENT_SUMMARY_BYTES]; /* the fact, one line for a person */
};

struct incident_event {
    int64_t sequence; /* in the store; 0 before it is there */
    int64_t time_s;   /* message time */
    enum incident_state state;
    struct incident incident;
};

void incident_fini(struct incident *i); /* frees the names; the rest is the owner's */

const char *incident_state_name(enum incident_state s);       /* "open", "update", "close" */
const char *incident_kind_name(enum incident_kind k);         /* "prefix" */
const char *incident_severity_name(enum incident_severity s); /* "critical" */
/* By the figures as they are now. */
enum incident_severity incident_severity(const struct incident *i);
/* "97 % of these queries are junk, mostly repeated (81 %)"; NULL: nothing is known of it. */
const char *incident_junk_text(const struct incident *i, char text[static INCIDENT_JUNK_BYTES]);
/* In one line: TTLs, ports, TCP, answers, verdict; NULL: nothing is known of it. */
const char *incident_traits_text(const struct incident *i,
                                 char text[static INCIDENT_TRAITS_BYTES]);
/*
 * "1200 frames were dropped meanwhile (1.3 % of all; by the kernel 1200, by the interface 0):
 * the figures are too small"; NULL: none was.
 */
const char *incident_drops_text(const struct incident *i,
                                char text[static INCIDENT_DROPS_BYTES]);
double incident_drops_share(const struct incident *i);             /* of all frames, 0 to 1 */
bool incident_kind_parse(const char *name, enum incident_kind *k); /* NULL is no kind */

/*
 * The event as the one JSON object that --events, the webhook and the command get, and the
 * store keeps; NULL when memory is short.  incident_event_parse() takes it back, every field.
 */
json_t *incident_event_json(const struct incident_event *e);
bool incident_event_parse(const json_t *json, struct incident_event *e, struct error *err);

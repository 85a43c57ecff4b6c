/*
 * Who is behind an incident: what was found out about its hosts, networks and ASes by asking
 * others, each fact with who was asked and when, each failure with what failed.
 *
 * It begins with subjects and no facts.  A fact is looked up elsewhere (analysis/lookup_dns.h,
 * program/lookups.h), travels and is stored as one JSON object, and is taken in by
 * investigation_take(): a newer one replaces an older, but a failure never a finding.  So an
 * investigation can be made in pieces, by several processes, and be completed days later.
 *
 * Whatever stands in a fact came from outside: it is bounded and valid UTF-8 without control
 * characters, which investigation_take() sees to, and still must be escaped where it is shown.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/incident.h"
#include "analysis/lookup.h"
#include "analysis/origin_history.h"
#include "analysis/origins.h"
#include "analysis/whois_text.h"

enum {
    INVESTIGATION_NAMES = 4, /* reverse names of a host */
    INVESTIGATION_NAME_BYTES = 256,
    INVESTIGATION_ASES = 4,
    INVESTIGATION_ROWS = 32, /* of the history */
    INVESTIGATION_ORIGINS = 4,
    INVESTIGATION_TOLD = 24,
};

struct investigation_host {
    struct lookup lookup; /* of the names */
    uint8_t address[16];  /* as in struct incident_host */
    bool ipv6;
    struct investigation_name {
        char name[INVESTIGATION_NAME_BYTES]; /* presentation form, ASCII; "..." where cut */
        bool confirmed;                      /* it has this address */
    } name[INVESTIGATION_NAMES];
    unsigned names;
    bool more; /* there were more names */
};

struct investigation_registration {
    struct lookup lookup;
    struct whois_text text;
    char *raw; /* the answer, cleaned; owned; NULL: none */
    bool raw_cut;
};

/* By the table of origins. */
struct investigation_routing {
    struct lookup lookup;
    enum origins_answer answer;
    uint32_t asn;
    char announced[ROUTE_TEXT_BYTES];
    char name[128];  /* of the AS */
    int64_t table_s; /* the table's own date; 0: it has none */
};

/* By DNS, as Team Cymru and RouteViews publish it. */
struct investigation_dns {
    struct lookup lookup;
    uint32_t asn;
    char announced[ROUTE_TEXT_BYTES];
    char country[8], registry[16];
    char allocated[WHOIS_DATE_BYTES];
};

struct investigation_row {
    int64_t from, to; /* of the first table and the last that say so */
    unsigned tables;
    enum origin_match match;
    char announced[ROUTE_TEXT_BYTES];
    uint32_t origin[INVESTIGATION_ORIGINS];
    unsigned origins;
    char path[256];
};

struct investigation_history {
    struct lookup lookup;
    struct investigation_row row[INVESTIGATION_ROWS]; /* oldest first */
    unsigned rows;
    unsigned tables; /* read */
    bool more;       /* there were more rows */
};

struct investigation_network {
    struct prefix prefix;
    struct investigation_registration registration;
    struct investigation_routing routing;
    struct investigation_dns dns;
    struct investigation_history history;
};

struct investigation_as {
    uint32_t asn;
    struct investigation_registration registration;
    struct lookup lookup; /* of the name */
    char name[128];
};

struct investigation {
    struct investigation_host host[INCIDENT_HOSTS];
    unsigned hosts;
    struct investigation_network network[INCIDENT_PREFIXES];
    unsigned networks;
    struct investigation_as as[INVESTIGATION_ASES]; /* who announces, or did last */
    unsigned ases;
    char told[INVESTIGATION_TOLD][LOOKUP_WORDS_BYTES]; /* who was written to, and when */
    unsigned tolds;
    int64_t told_s; /* when that was noted; 0: never */
};

/* The kinds of facts. */
enum fact {
    FACT_REVERSE,
    FACT_WHOIS,
    FACT_ROUTING,
    FACT_DNS,
    FACT_HISTORY,
    FACT_AS_NAME,
    FACTS
};
const char *fact_name(enum fact kind); /* "reverse" */

/* Of the incident as it is now; NULL: no memory. */
struct investigation *investigation_create(const struct incident *i);
void investigation_free(struct investigation *v); /* NULL is fine */

/* ASes that facts name become subjects themselves, while there is room. */
void investigation_find_ases(struct investigation *v);

/* Each fact's lookup, with its kind and subject; `each` may change it. */
typedef void investigation_each(void *argument, enum fact kind, const char *subject,
                                struct lookup *lookup);
void investigation_walk(struct investigation *v, investigation_each *each, void *argument);

/* A fact as JSON; NULL: there is no such subject, or no memory. */
json_t *investigation_fact(const struct investigation *v, enum fact kind, const char *subject);
/*
 * Takes one in.  False: it is about nothing that is looked into, or not of that form; nothing
 * has changed then.
 */
bool investigation_take(struct investigation *v, const json_t *fact);

/* Who was written to, as JSON and back. */
json_t *investigation_told_json(const struct investigation *v);
bool investigation_take_told(struct investigation *v, const json_t *told);

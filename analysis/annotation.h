/*
 * Queries by origin: every prefix of an interval is given its AS and its announced prefix, and
 * a minute's queries are added up by both, completely.
 *
 * What the table of origins says of a prefix is remembered over intervals (4 MiB), so that most
 * prefixes cost one line of memory.  It is remembered at a place that follows from the prefix;
 * who chooses his prefixes can only make others be looked up again.  Sums are kept by number in
 * the table: 12 octets an announcement and 12 an AS, touched as they are met.
 *
 * A table that is offered takes the place of the old one where a minute begins: a minute is of
 * one table.  All is of one thread.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/interval.h"
#include "analysis/minute.h"
#include "analysis/origins.h"

/* Instead of an AS's number. */
enum { ANNOTATION_UNROUTED = INT32_MAX - 1, ANNOTATION_UNKNOWN = INT32_MAX };

/* What the table says of one prefix. */
struct annotation_tag {
    uint32_t as;    /* its number, or one of those above */
    uint32_t place; /* of the announcement, where it has an AS */
};

struct annotation; /* private */

/* `age_s`: how far a table's time may be from that of the traffic; see annotation_tells(). */
struct annotation *annotation_create(int64_t age_s, uint64_t seed, struct error *err);
void annotation_free(struct annotation *a); /* NULL is fine */

/*
 * A table to be used from the next turn on; NULL: nothing is known from then on.  Tables stay
 * the caller's, for as long as they are in use or offered.  False: no memory, nothing changes.
 */
bool annotation_offer(struct annotation *a, const struct origins *origins, struct error *err);
bool annotation_has_offer(const struct annotation *a);
/* Between two minutes: what was offered is in use from here on. */
void annotation_turn(struct annotation *a);
/* The table in use; NULL: there is none, or no annotation. */
const struct origins *annotation_origins(const struct annotation *a);

/* Tags all prefixes of the interval, and adds their queries to the minute. */
void annotation_interval(struct annotation *a, const struct interval *interval);
/* Of the same interval: the tag of record i of its prefix counts. */
struct annotation_tag annotation_tag(const struct annotation *a, uint32_t record);
/* And queries of unrouted prefixes that have no record. */
uint64_t annotation_bare_unrouted(const struct annotation *a);
/* The tag of any prefix, by the table in use. */
struct annotation_tag annotation_find(struct annotation *a, struct prefix p);

/*
 * Whether "unrouted" says something at this time: the table is whole, for one family at least,
 * and, where it says of when it is, not much older or newer than the traffic.
 */
bool annotation_tells(const struct annotation *a, int64_t time_s);

/* The sums of the minute, which begin anew. */
void annotation_minute(struct annotation *a, struct minute_origins *m);

/* Sums by AS for whoever needs some: any number of additions, then one walk that leaves none.
 */
void annotation_add(struct annotation *a, uint32_t as, double queries);
void annotation_take(struct annotation *a,
                     void (*each)(void *argument, uint32_t asn, double queries),
                     void *argument);

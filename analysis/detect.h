/*
 * Inside the detector: its state, and the functions that look at one kind of series each.
 *
 * Every detect_*() walks what the interval counted of its kind, takes out what open incidents
 * explain, adds the shares to its series and proposes what is an alarm.  The detector chooses.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/deductions.h"
#include "analysis/detector.h"
#include "analysis/novelty.h"
#include "analysis/shares.h"
#include "analysis/volume.h"

/* Finest first: the order in which they explain. */
enum detect_series {
    SERIES_PREFIX,
    SERIES_NAME,
    SERIES_DOMAIN,
    SERIES_ASN,
    SERIES_UNROUTED,
    SERIES_TLD,
    SERIES_NXDOMAIN,
    SERIES_QTYPE,
    SERIES_RCODE,
    SERIES_UNANSWERED,
    SERIES_SHARES, /* those above are shares */
    SERIES_VOLUME = SERIES_SHARES,
    SERIES,
};

enum { PROPOSALS = 32 };

struct proposal {
    enum detect_series series;
    struct finding finding;
};

/* The interval that is looked at. */
struct look {
    const struct interval *interval;
    const struct explained *explained;
    struct share_moment moment;
    double excess;        /* explained by prefixes, names and ASes */
    double coarse_excess; /* by types and answers */
};

struct detector {
    struct detector_limits limits;
    struct share_limits share_limits[SERIES_SHARES];
    struct shares *shares[SERIES_SHARES];
    struct volume volume;
    struct novelty *novelty;
    struct deductions *deductions; /* names of the interval that open incidents explain */
    struct names *domains;         /* of the interval, those that may matter */
    struct names *tlds;            /* of the interval, without what incidents explain */
    double unrouted;               /* queries of the interval, of unrouted sources */
    bool unrouted_is_explained;    /* by an open incident */
    double learned_s;              /* how long it has looked, without gaps and silence */
    double answers_s;              /* the same, at answers */
    double rcodes_s;               /* at their rcodes */
    double queries_s;              /* at whether there are answers */
    double origins_s;              /* at origins, by the table in use */
    double end_s;                  /* of the last interval with queries */
    bool begins;                   /* traffic did, in the interval */
    double rest_qps;               /* of all but open incidents, ten seconds' memory */
    double day_qps;                /* the same, a day's memory */
    double new_qps;                /* queries from new prefixes, two seconds' memory */
    double brief_qps;              /* of all but open incidents, the same */
    double usual_new;              /* share of them, twenty minutes' memory */
    double watched_s;              /* since this process began: how much novelty knows */
    int64_t day;                   /* of its generation */
    double waiting_s[SERIES];      /* since when a coarse alarm has waited; 0: none does */
    double suspicion[SERIES];      /* highest sum of the interval, of its alarm */
    double greatest;               /* share of a prefix, name or domain in the interval */
    struct proposal proposal[PROPOSALS];
    unsigned proposals;
    unsigned suspects;
    struct subject suspect[DETECTOR_SUSPECTS];
    double suspect_sum[DETECTOR_SUSPECTS];
    uint64_t moved; /* prefixes that took over another's queries */
};

/* Adds `queries` of `key` to the series.  Its row is returned where it is suspicious, which few
 * are, so that a subject need be made for those alone. */
struct share_row *detect_add(struct detector *d, const struct look *look,
                             enum detect_series series, uint64_t key, double queries);
/* To be watched closely from the next interval on. */
void detect_suspect(struct detector *d, const struct share_row *row,
                    const struct subject *subject);
/* Whether a row is one for a proposal; NULL is none. */
bool detect_is_alarm(const struct detector *d, const struct look *look,
                     enum detect_series series, const struct share_row *row);
/* Proposes the row, if it matters in absolute terms, too; else NULL. */
struct proposal *detect_propose(struct detector *d, const struct look *look,
                                enum detect_series series, const struct share_row *row,
                                const struct subject *subject);
bool detect_is_explained(const struct look *look, const struct subject *s);
/* Queries that are too few to be looked at on their own. */
double detect_least(const struct look *look);
/* Whether the excess just now comes from prefixes not met before. */
bool detect_is_spoofed(const struct detector *d, double excess_qps);

void detect_sources(struct detector *d, const struct look *look);
void detect_names(struct detector *d, const struct look *look);
void detect_origins(struct detector *d, const struct look *look);
void detect_unrouted(struct detector *d, const struct look *look);
void detect_answers(struct detector *d, const struct look *look);
void detect_unanswered(struct detector *d, const struct look *look);
void detect_types(struct detector *d, const struct look *look);
void detect_volume(struct detector *d, const struct look *look);

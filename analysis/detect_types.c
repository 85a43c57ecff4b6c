/* Query types, rcodes among the answers, and answers that do not come. */
/* SPDX-License-Identifier: MIT */
#include "analysis/detect.h"

#include <math.h>
#include <stdio.h>

enum { SLOW_LEARN_S = 12 * 3600, STEADY_S = 600, RCODE_NOERROR = 0, RCODE_NXDOMAIN = 3 };

static const double slow_material = 0.042; /* above the day's mean, for ten minutes */
static const double slow_ratio = 1.5;
static const double answered = 0.2; /* of the queries: with fewer answers they tell nothing */

/* The commonest type of the class in this interval. */
static uint16_t leading_type(const struct tally *t, unsigned class)
{
    uint16_t lead = 0;
    for (uint32_t i = 0; i < t->met; i++) {
        uint16_t type = t->touched[i];
        if (qtype_class(type) == class && (lead == 0 || t->count[type] > t->count[lead]))
            lead = type;
    }
    return lead;
}

static void fill_classes(const struct look *look, double *queries)
{
    const struct counters *c = look->interval->counters;
    for (uint32_t i = 0; i < c->qtype.met; i++)
        queries[qtype_class(c->qtype.touched[i])] +=
                (double)c->qtype.count[c->qtype.touched[i]];
    for (unsigned p = 0; p < look->explained->parts; p++) {
        const struct explained_part *part = &look->explained->part[p];
        if (part->queries <= 0 || part->subject->kind == INCIDENT_QTYPE)
            continue;
        for (unsigned i = 0; i < QTYPE_CLASSES; i++)
            queries[i] -= part->qtype[i] * part->excess / part->queries;
    }
}

static bool is_slow_alarm(const struct detector *d, const struct share_row *r)
{
    return d->learned_s > SLOW_LEARN_S &&
           r->steady - r->slow > slow_material / d->limits.sensitivity &&
           r->steady > slow_ratio * r->slow;
}

/* A type that grows over hours is usual for the fast sum, and not for the day. */
static void propose_slow(struct detector *d, const struct look *look, struct share_row *row,
                         const struct subject *s)
{
    struct share_row slow = *row;
    slow.usual = row->slow;
    slow.sum = (row->steady - row->slow) * STEADY_S;
    slow.since_s = look->moment.start_s - STEADY_S;
    struct proposal *p = detect_propose(d, look, SERIES_QTYPE, &slow, s);
    if (p == NULL)
        return;
    struct incident_evidence *e = &p->finding.evidence;
    (void)snprintf(e->test, sizeof e->test, "slow share");
    e->observed = row->steady;
    e->value = row->steady - row->slow;
    e->limit = slow_material / d->limits.sensitivity;
}

static void look_at_type(struct detector *d, const struct look *look, unsigned class,
                         double queries)
{
    struct subject s = {.kind = INCIDENT_QTYPE,
                        .key = leading_type(&look->interval->counters->qtype, class)};
    if (s.key == 0)
        return;
    if (detect_is_explained(look, &s)) {
        shares_freeze(d->shares[SERIES_QTYPE], class + 1, &look->moment);
        return;
    }
    struct share_row *row = detect_add(d, look, SERIES_QTYPE, class + 1, fmax(0, queries));
    if (detect_is_alarm(d, look, SERIES_QTYPE, row)) {
        detect_propose(d, look, SERIES_QTYPE, row, &s);
        return;
    }
    row = shares_find(d->shares[SERIES_QTYPE], class + 1);
    if (row != NULL && is_slow_alarm(d, row))
        propose_slow(d, look, row, &s);
}

/* What is answered with NXDOMAIN is of some type or other. */
static double without_types(const struct explained *e)
{
    double queries = 0;
    for (unsigned i = 0; i < e->parts; i++)
        if (e->part[i].subject->kind == INCIDENT_NXDOMAIN ||
            e->part[i].subject->kind == INCIDENT_RCODE)
            queries += e->part[i].excess;
    return queries;
}

void detect_types(struct detector *d, const struct look *look)
{
    struct look of_types = *look;
    double queries[QTYPE_CLASSES] = {0};
    of_types.moment.forgiven = without_types(look->explained);
    fill_classes(look, queries);
    for (unsigned i = 0; i < QTYPE_CLASSES; i++)
        look_at_type(d, &of_types, i, queries[i]);
}

/* All but NOERROR, which falls when others rise, and NXDOMAIN, which goes with names. */
static void look_at_rcodes(struct detector *d, const struct look *look, struct look *of_answers)
{
    const struct tally *t = &look->interval->counters->rcode;
    of_answers->moment.learned_s = d->rcodes_s;
    of_answers->moment.learning = d->rcodes_s < d->limits.warmup_s;
    for (uint32_t i = 0; i < t->met; i++) {
        const struct subject s = {.kind = INCIDENT_RCODE, .key = t->touched[i]};
        if (s.key == RCODE_NOERROR || s.key == RCODE_NXDOMAIN)
            continue;
        if (detect_is_explained(look, &s) || of_answers->moment.rest < 1) {
            shares_freeze(d->shares[SERIES_RCODE], s.key, &look->moment);
            continue;
        }
        struct share_row *row =
                detect_add(d, of_answers, SERIES_RCODE, s.key, (double)t->count[s.key]);
        if (detect_is_alarm(d, of_answers, SERIES_RCODE, row))
            detect_propose(d, look, SERIES_RCODE, row, &s);
    }
}

static void look_at_nxdomain(struct detector *d, const struct look *look,
                             const struct look *of_answers)
{
    const struct subject s = {.kind = INCIDENT_NXDOMAIN};
    double nxdomain = (double)look->interval->counters->rcode.count[RCODE_NXDOMAIN];
    if (detect_is_explained(look, &s) || of_answers->moment.rest < 1) {
        shares_freeze(d->shares[SERIES_NXDOMAIN], 1, &look->moment);
        return;
    }
    struct share_row *row = detect_add(d, of_answers, SERIES_NXDOMAIN, 1, nxdomain);
    if (detect_is_alarm(d, of_answers, SERIES_NXDOMAIN, row))
        detect_propose(d, look, SERIES_NXDOMAIN, row, &s);
}

/*
 * What open incidents asked may have been answered with NXDOMAIN, or not: that is not known. So
 * the share among the other answers is known within bounds only, and is taken for as near to
 * the usual one as they allow (share_moment.forgiven).
 */
void detect_answers(struct detector *d, const struct look *look)
{
    const struct counters *c = look->interval->counters;
    double answers = (double)c->responses;
    if (answers < answered * (double)c->queries || answers < 1) {
        /* Not a time in which no answer had that code: one in which there was none to see. */
        shares_freeze(d->shares[SERIES_NXDOMAIN], 1, &look->moment);
        shares_skip(d->shares[SERIES_RCODE], look->moment.length_s);
        return;
    }
    double explained = look->excess * fmin(1, answers / fmax(1, (double)c->queries));
    d->answers_s += look->moment.length_s;
    d->rcodes_s += look->moment.length_s;
    struct look of_answers = *look;
    of_answers.moment.rest = answers - explained;
    of_answers.moment.forgiven = explained;
    of_answers.moment.learned_s = d->answers_s;
    of_answers.moment.learning = d->answers_s < d->limits.warmup_s;
    look_at_nxdomain(d, look, &of_answers);
    of_answers.moment.forgiven += look->coarse_excess;
    look_at_rcodes(d, look, &of_answers);
}

/* A flood that nobody can answer is told as a flood; and where frames are lost, answers are. */
static bool is_flooded(const struct detector *d, const struct look *look)
{
    for (unsigned i = 0; i < look->explained->parts; i++) {
        enum incident_kind kind = look->explained->part[i].subject->kind;
        if (kind == INCIDENT_VOLUME || kind == INCIDENT_SPOOF || kind == INCIDENT_GAP)
            return true;
    }
    return look->interval->lossy || volume_is_suspicious(&d->volume);
}

/*
 * Queries less answers: the server does not keep up, or the mirror has lost one direction.  A
 * mirror that never had answers has a usual share of one.
 */
void detect_unanswered(struct detector *d, const struct look *look)
{
    const struct counters *c = look->interval->counters;
    const struct subject s = {.kind = INCIDENT_UNANSWERED};
    struct look of_queries = *look;
    of_queries.moment.forgiven = look->excess + look->coarse_excess;
    if (detect_is_explained(look, &s) || is_flooded(d, look)) {
        shares_freeze(d->shares[SERIES_UNANSWERED], 1, &look->moment);
        return;
    }
    d->queries_s += look->moment.length_s;
    of_queries.moment.learned_s = d->queries_s;
    of_queries.moment.learning = d->queries_s < d->limits.warmup_s;
    struct share_row *row = detect_add(d, &of_queries, SERIES_UNANSWERED, 1,
                                       fmax(0, (double)c->queries - (double)c->responses));
    if (detect_is_alarm(d, &of_queries, SERIES_UNANSWERED, row))
        detect_propose(d, look, SERIES_UNANSWERED, row, &s);
}

/* Query types, and NXDOMAIN among the answers. */
/* SPDX-License-Identifier: MIT */
#include "analysis/detect.h"

#include <math.h>
#include <stdio.h>

enum { SLOW_LEARN_S = 12 * 3600, STEADY_S = 600, RCODE_NXDOMAIN = 3 };

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
    struct share_row *row =
            detect_add(d, look, SERIES_QTYPE, class + 1, fmax(0, queries), NULL);
    if (row != NULL) {
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
        if (e->part[i].subject->kind == INCIDENT_NXDOMAIN)
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

/*
 * What open incidents asked may have been answered with NXDOMAIN, or not: that is not known.  So
 * the share among the other answers is known within bounds only, and is taken for as near to the
 * usual one as they allow (share_moment.forgiven).
 */
void detect_answers(struct detector *d, const struct look *look)
{
    const struct counters *c = look->interval->counters;
    const struct subject s = {.kind = INCIDENT_NXDOMAIN};
    double answers = (double)c->responses;
    double nxdomain = (double)c->rcode.count[RCODE_NXDOMAIN];
    if (answers < answered * (double)c->queries || answers < 1)
        return;
    double explained = look->excess * fmin(1, answers / fmax(1, (double)c->queries));
    d->answers_s += look->moment.length_s;
    struct look of_answers = *look;
    of_answers.moment.rest = answers - explained;
    of_answers.moment.forgiven = explained;
    of_answers.moment.learned_s = d->answers_s;
    of_answers.moment.learning = d->answers_s < d->limits.warmup_s;
    if (detect_is_explained(look, &s) || of_answers.moment.rest < 1) {
        shares_freeze(d->shares[SERIES_NXDOMAIN], 1, &look->moment);
        return;
    }
    struct share_row *row = detect_add(d, &of_answers, SERIES_NXDOMAIN, 1, nxdomain, NULL);
    if (row != NULL)
        detect_propose(d, look, SERIES_NXDOMAIN, row, &s);
}

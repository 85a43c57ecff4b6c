/* SPDX-License-Identifier: MIT */
#include "analysis/case_file.h"

#include "analysis/json.h"

#include <math.h>

enum { QUIET_VOLUME_S = 120, QUIET_GAP_S = 30, QUIET_COARSE_S = 600 };

static const double risen = 1.12; /* of the level: half of what opens a volume incident */
static const double fallen = 0.8;
static const double swing = 0.1; /* of what is usual for a type: that it does by itself */

double case_usual(double usual_share, double queries, double all)
{
    double share = fmin(usual_share, 0.95);
    return share * fmax(0, all - queries) / (1 - share);
}

void case_add_samples(struct case_file *c, double length_s)
{
    struct sample sum = c->culprit[0].sample;
    for (unsigned i = 1; i < c->culprits; i++)
        if (c->culprit[i].counted)
            sample_add(&sum, &c->culprit[i].sample);
    for (unsigned i = 0; i < c->culprits; i++)
        c->culprit[i].queries += c->culprit[i].sample.queries;
    dossier_add(&c->dossier, &sum, length_s);
    for (unsigned i = 0; i < c->culprits; i++)
        if (c->culprit[i].counted)
            dossier_add_watch(&c->dossier, c->culprit[i].sample.watch);
}

static double sum_of(const double *qps)
{
    double sum = 0;
    for (unsigned i = 0; i < QTYPE_CLASSES; i++)
        sum += qps[i];
    return sum;
}

/* What counting so few queries alone would show is taken off. */
double case_mix_distance(const struct case_file *c, double seconds)
{
    double now = sum_of(c->dossier.type_qps);
    double then = sum_of(c->reference_qps);
    double distance = 0;
    if (now <= 0 || then <= 0)
        return 0;
    for (unsigned i = 0; i < QTYPE_CLASSES; i++)
        distance += fabs(c->dossier.type_qps[i] / now - c->reference_qps[i] / then);
    return distance - 3 / sqrt(now * seconds);
}

bool case_is_active(const struct case_file *c, double material_share, double material_qps)
{
    const struct dossier *d = &c->dossier;
    double usual = case_usual(c->usual_share, d->calm_qps, d->calm_all_qps);
    double excess = fmin(d->calm_qps, d->rate_qps) - usual;
    switch (case_kind(c)) {
    case INCIDENT_VOLUME:
    case INCIDENT_SPOOF:
        return d->rate_qps > risen * c->level_qps;
    case INCIDENT_GAP:
        return d->rate_qps < fallen * c->level_qps;
    case INCIDENT_QTYPE:
    case INCIDENT_NXDOMAIN:
    case INCIDENT_RCODE:
    case INCIDENT_UNANSWERED:
        return excess >= material_share * d->calm_all_qps + swing * usual;
    default:
        return excess >= material_share / 2 * d->calm_all_qps && excess >= material_qps / 2;
    }
}

int64_t case_quiet_s(const struct case_file *c, uint32_t quiet_s)
{
    int64_t most = quiet_s;
    switch (case_kind(c)) {
    case INCIDENT_VOLUME:
    case INCIDENT_SPOOF:
        return most < QUIET_VOLUME_S ? most : QUIET_VOLUME_S;
    case INCIDENT_GAP:
        return most < QUIET_GAP_S ? most : QUIET_GAP_S;
    case INCIDENT_QTYPE:
    case INCIDENT_NXDOMAIN:
    case INCIDENT_RCODE:
    case INCIDENT_UNANSWERED:
        return most < QUIET_COARSE_S ? most : QUIET_COARSE_S;
    default:
        return most;
    }
}

/* Set back: nothing was before now. */
static int64_t at_most(int64_t time_s, int64_t now_s)
{
    return time_s < now_s ? time_s : now_s;
}

void case_pass_gap(struct case_file *c, int64_t now_s)
{
    int64_t gap = now_s - c->seen_s;
    if (gap < 0) {
        c->active_s = at_most(c->active_s, now_s);
        c->told_s = at_most(c->told_s, now_s);
    }
    if (gap <= 1)
        return;
    if (case_kind(c) == INCIDENT_GAP)
        c->active_s = now_s;
    else
        c->active_s += gap;
    c->told_s += gap;
}

bool case_has_waves(const struct case_file *c)
{
    enum incident_kind kind = case_kind(c);
    return kind == INCIDENT_PREFIX || kind == INCIDENT_ASN || kind == INCIDENT_UNROUTED ||
           kind == INCIDENT_NAME;
}

static json_t *culprits_json(const struct case_file *c)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < c->culprits; i++)
        json_array_append_new(array,
                              json_pack("[o, f, b, f]", subject_json(&c->culprit[i].subject),
                                        c->culprit[i].usual_share, c->culprit[i].counted,
                                        c->culprit[i].queries));
    return array;
}

json_t *case_json(const struct case_file *c)
{
    const struct incident_event e = {
            .time_s = c->told_s, .state = INCIDENT_CHANGED, .incident = c->incident};
    json_t *reference = json_array();
    json_t *before = json_array();
    for (unsigned i = 0; i < QTYPE_CLASSES; i++) {
        json_array_append_new(reference, json_real(c->reference_qps[i]));
        json_array_append_new(before, json_real(c->before_qps[i]));
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:f, s:f, s:I, s:I, s:I, s:f}",
                     "event", incident_event_json(&e), "culprits", culprits_json(c), "dossier",
                     dossier_json(&c->dossier), "reference", reference, "before", before,
                     "habit", c->habit, "silenced", c->silenced, "usual_share", c->usual_share,
                     "level", c->level_qps, "active", (json_int_t)c->active_s, "seen",
                     (json_int_t)c->seen_s, "told", (json_int_t)c->told_s, "told_qps",
                     c->told_qps);
}

static bool parse_numbers(const json_t *array, double *to)
{
    for (unsigned i = 0; i < QTYPE_CLASSES; i++)
        if (!json_to_quantity(json_array_get(array, i), &to[i]))
            return false;
    return true;
}

static bool parse_culprits(const json_t *array, struct case_file *c)
{
    for (size_t i = 0; i < json_array_size(array) && i < CASE_CULPRITS; i++) {
        const json_t *row = json_array_get(array, i);
        struct culprit *to = &c->culprit[c->culprits++];
        const json_t *queries = json_array_get(row, 3); /* none of an older release */
        if (!subject_parse(json_array_get(row, 0), &to->subject) ||
            !json_to_quantity(json_array_get(row, 1), &to->usual_share) ||
            (queries != NULL &&
             !json_to_number(queries, 0, (double)JSON_COUNT_MAX, &to->queries)))
            return false;
        to->counted = json_is_true(json_array_get(row, 2));
    }
    return c->culprits > 0;
}

bool case_parse(const json_t *json, struct case_file *c, struct error *err)
{
    struct incident_event e;
    if (!incident_event_parse(json_object_get(json, "event"), &e, err))
        return false;
    c->state = CASE_OPEN;
    c->incident = e.incident;
    bool good = parse_culprits(json_object_get(json, "culprits"), c) &&
                dossier_parse(json_object_get(json, "dossier"), &c->dossier) &&
                parse_numbers(json_object_get(json, "reference"), c->reference_qps) &&
                parse_numbers(json_object_get(json, "before"), c->before_qps) &&
                json_read_bool(json, "habit", &c->habit) &&
                json_read_bool(json, "silenced", &c->silenced) &&
                json_read_quantity(json, "usual_share", &c->usual_share) &&
                json_read_quantity(json, "level", &c->level_qps) &&
                json_read_time(json, "active", &c->active_s) &&
                json_read_time(json, "seen", &c->seen_s) &&
                json_read_time(json, "told", &c->told_s) &&
                json_read_quantity(json, "told_qps", &c->told_qps);
    return good || error_set(err, "incident \"%s\" is not as it was written", c->incident.id);
}

/* SPDX-License-Identifier: MIT */
#include "analysis/detector.h"

#include "analysis/detect.h"
#include "analysis/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SOURCE_BUCKETS = 2048,
    NAME_BUCKETS = 2048,
    DOMAIN_BUCKETS = 1024, /* of one interval's names, six each */
    FEW_BUCKETS = 16,
    RECENT_S = 10,
    DAY_S = 86400,
    GAP_S = 60,  /* a longer pause is no time passed */
    WAIT_S = 10, /* at most, for a finer series */
    GRACE_S = 5, /* that all queries together wait in any case */
};

static const double negligible = 0.001; /* shares below are not looked at */
static const double plenty_qps = 150;   /* with fewer, chance is louder than the limits are */
static const double of_the_day = 1.5;   /* material, of the day's mean rate: nights are small */
static const double on_its_way = 0.3;   /* of its alarm: a finer series worth waiting for */

/*
 * The table of detectors, finest first.  Material is in units of the smallest share that
 * matters to the operator.  Coarse series swing more by themselves, so they need more.
 */
static const struct detect_row {
    const char *name; /* in state and evidence */
    void (*look)(struct detector *d, const struct look *look);
    uint32_t buckets;
    double slack, material, cap, alarm;
} rows[SERIES] = {
        [SERIES_PREFIX] = {"prefix", detect_sources, SOURCE_BUCKETS, 1.15, 1, 0.075, 0.75},
        [SERIES_NAME] = {"name", detect_names, NAME_BUCKETS, 1.15, 1, 0.075, 0.75},
        [SERIES_DOMAIN] = {"domain", NULL, NAME_BUCKETS, 1.15, 1, 0.075, 0.75},
        [SERIES_ASN] = {"origin", detect_origins, SOURCE_BUCKETS, 1.15, 5.0 / 3, 0.05, 1},
        [SERIES_UNROUTED] = {"unrouted", detect_unrouted, FEW_BUCKETS, 1.15, 5.0 / 3, 0.075,
                             0.75},
        [SERIES_TLD] = {"tld", NULL, NAME_BUCKETS, 1.15, 2, 0.05, 1},
        [SERIES_NXDOMAIN] = {"answers", detect_answers, FEW_BUCKETS, 1.1, 2, 0.05, 1},
        [SERIES_QTYPE] = {"type", detect_types, FEW_BUCKETS, 1.15, 5.0 / 3, 0.05, 1},
        [SERIES_RCODE] = {"rcodes", NULL, FEW_BUCKETS, 1.15, 2, 0.05, 1},
        [SERIES_UNANSWERED] = {"unanswered", detect_unanswered, FEW_BUCKETS, 1.15, 2, 0.05, 1},
        [SERIES_VOLUME] = {"volume", detect_volume, 0, 0, 0, 0, 0},
};

static bool create_shares(struct detector *d, struct error *err)
{
    for (unsigned i = 0; i < SERIES_SHARES; i++) {
        const struct detect_row *row = &rows[i];
        d->share_limits[i] = (struct share_limits){
                .slack = row->slack,
                .material = row->material * d->limits.material_share / d->limits.sensitivity,
                .cap = row->cap,
                .alarm = row->alarm / d->limits.sensitivity,
        };
        d->shares[i] = shares_create(row->buckets, err);
        if (d->shares[i] == NULL)
            return false;
    }
    return true;
}

struct detector *detector_create(const struct detector_limits *limits, uint64_t seed,
                                 struct error *err)
{
    struct detector *d = calloc(1, sizeof *d);
    if (d == NULL) {
        error_set(err, "no memory for a detector");
        return NULL;
    }
    d->limits = *limits;
    d->domains = names_create(DOMAIN_BUCKETS, true, seed, err);
    d->tlds = names_create(DOMAIN_BUCKETS, true, seed, err);
    d->novelty = novelty_create(err);
    d->deductions = deductions_create(err);
    if (d->domains != NULL && d->tlds != NULL && d->novelty != NULL && d->deductions != NULL &&
        create_shares(d, err))
        return d;
    detector_free(d);
    return NULL;
}

void detector_free(struct detector *d)
{
    if (d == NULL)
        return;
    for (unsigned i = 0; i < SERIES_SHARES; i++)
        shares_free(d->shares[i]);
    novelty_free(d->novelty);
    deductions_free(d->deductions);
    names_free(d->domains);
    names_free(d->tlds);
    free(d);
}

double detect_least(const struct look *look)
{
    return look->moment.rest * negligible;
}

bool detect_is_explained(const struct look *look, const struct subject *s)
{
    for (unsigned i = 0; i < look->explained->parts; i++)
        if (subject_same(look->explained->part[i].subject, s))
            return true;
    return false;
}

void detect_suspect(struct detector *d, const struct share_row *row,
                    const struct subject *subject)
{
    double sum = row->sum;
    if (d->suspects == DETECTOR_SUSPECTS && sum <= d->suspect_sum[DETECTOR_SUSPECTS - 1])
        return;
    unsigned at = d->suspects < DETECTOR_SUSPECTS ? d->suspects++ : d->suspects - 1;
    for (; at > 0 && d->suspect_sum[at - 1] < sum; at--) {
        d->suspect[at] = d->suspect[at - 1];
        d->suspect_sum[at] = d->suspect_sum[at - 1];
    }
    d->suspect[at] = *subject;
    d->suspect_sum[at] = sum;
}

/* What is usual is of all seconds, also of those without a query. */
static double usual_of_queries(const struct detector *d, const struct share_row *row)
{
    double busy = fmin(1, d->volume.level_qps);
    return busy > 0 ? row->usual / busy : 0;
}

/* A domain may be all that there is to ask for: of it counts what is not usual. */
static void note_share(struct detector *d, const struct look *look, enum detect_series series,
                       const struct share_row *row, double queries)
{
    double share = queries / look->moment.rest;
    if (series <= SERIES_DOMAIN)
        d->greatest = fmax(d->greatest,
                           series == SERIES_DOMAIN ? share - usual_of_queries(d, row) : share);
}

struct share_row *detect_add(struct detector *d, const struct look *look,
                             enum detect_series series, uint64_t key, double queries)
{
    const struct share_limits *limits = &d->share_limits[series];
    struct share_row *row = shares_add(d->shares[series], limits, &look->moment, key, queries);
    double alarm = limits->alarm * look->moment.scale;
    d->suspicion[series] = fmax(d->suspicion[series], row->sum / alarm);
    note_share(d, look, series, row, queries);
    return share_is_suspicious(row, limits, &look->moment) ? row : NULL;
}

bool detect_is_alarm(const struct detector *d, const struct look *look,
                     enum detect_series series, const struct share_row *row)
{
    return row != NULL && share_is_alarm(row, &d->share_limits[series], &look->moment);
}

/* The mean excess since it began, in queries/s: steadier than what is seen just now. */
static bool is_material(const struct detector *d, const struct share_moment *now,
                        enum detect_series series, const struct share_row *row)
{
    const struct share_limits *limits = &d->share_limits[series];
    double lasting_s = now->start_s + now->length_s - row->since_s;
    double mean = limits->material + (limits->slack - 1) * row->usual + row->sum / lasting_s;
    double recent = row->recent - row->usual;
    double excess_qps = (lasting_s < 60 ? fmax(mean, recent) : mean) * d->rest_qps;
    double least_qps = fmax(d->limits.material_qps / d->limits.sensitivity,
                            of_the_day * limits->material * d->day_qps);
    return excess_qps >= least_qps;
}

struct proposal *detect_propose(struct detector *d, const struct look *look,
                                enum detect_series series, const struct share_row *row,
                                const struct subject *subject)
{
    const struct share_moment *now = &look->moment;
    double excess_qps = (row->recent - row->usual) * d->rest_qps;
    if (d->proposals == PROPOSALS || !is_material(d, now, series, row))
        return NULL;
    struct proposal *p = &d->proposal[d->proposals++];
    char text[SUBJECT_TEXT_BYTES];
    *p = (struct proposal){
            .series = series,
            .finding = {.subject = *subject,
                        .since_s = (int64_t)row->since_s,
                        .usual_share = row->usual,
                        .rate_qps = row->recent * d->rest_qps,
                        .evidence = {.test = "share",
                                     .observed = row->recent,
                                     .usual = row->usual,
                                     .value = row->sum,
                                     .limit = d->share_limits[series].alarm * now->scale}}};
    p->finding.spoofed = subject_is_name(subject) && detect_is_spoofed(d, excess_qps);
    (void)snprintf(p->finding.evidence.series, sizeof p->finding.evidence.series, "%s",
                   subject_text(subject, text));
    return p;
}

static void find_excess(const struct explained *explained, struct look *look)
{
    for (unsigned i = 0; i < explained->parts; i++) {
        const struct explained_part *p = &explained->part[i];
        switch (p->subject->kind) {
        case INCIDENT_PREFIX:
        case INCIDENT_ASN:
        case INCIDENT_UNROUTED:
        case INCIDENT_NAME:
            look->excess += p->excess;
            break;
        case INCIDENT_QTYPE:
        case INCIDENT_NXDOMAIN:
        case INCIDENT_RCODE:
            look->coarse_excess += p->excess;
            break;
        default:
            break;
        }
    }
    double queries = (double)look->interval->counters->queries;
    look->excess = fmin(look->excess, queries);
}

/* A stop, a silence, or the clock moved: what was learned stays, but no time has passed. */
static void skip_gap(struct detector *d, double start_s)
{
    double gap = start_s - d->end_s;
    if (d->end_s == 0 || (gap >= 0 && gap <= GAP_S))
        return;
    for (unsigned i = 0; i < SERIES_SHARES; i++)
        shares_skip(d->shares[i], gap);
}

/* Whether a finer series is on its way to an alarm of its own. */
static bool is_finer_coming(const struct detector *d, enum detect_series series)
{
    for (unsigned i = 0; i < series; i++)
        if (d->suspicion[i] >= on_its_way && i != SERIES_TLD)
            return true;
    return false;
}

/* The finer ones explain more: a coarse one waits for them, but not for long. */
static bool is_due(struct detector *d, enum detect_series series, double now_s)
{
    if (series < SERIES_ASN)
        return true;
    if (d->waiting_s[series] == 0 || now_s - d->waiting_s[series] > 6 * WAIT_S)
        d->waiting_s[series] = now_s;
    double waited = now_s - d->waiting_s[series];
    bool up = series == SERIES_VOLUME && d->volume.up > 0 && d->volume.down <= 0;
    if (up && waited < GRACE_S)
        return false;
    return waited >= WAIT_S || (series == SERIES_VOLUME && !up) || !is_finer_coming(d, series);
}

/* What coarser series saw is explained. */
static void reset_coarser(struct detector *d, enum detect_series series)
{
    for (unsigned i = series == SERIES_NAME ? SERIES_DOMAIN : series + 1; i < SERIES_SHARES;
         i++)
        shares_reset(d->shares[i]);
    if (series != SERIES_VOLUME)
        volume_reset(&d->volume);
    memset(d->waiting_s, 0, sizeof d->waiting_s);
}

static void take(struct detector *d, const struct proposal *p, struct finding *to)
{
    *to = p->finding;
    if (p->series == SERIES_VOLUME)
        volume_reset(&d->volume);
    else if (p->series < SERIES_QTYPE) {
        struct share_row *row = shares_find(d->shares[p->series], p->finding.subject.key);
        if (row != NULL)
            row->sum = 0;
    }
}

/* All findings of the finest series that has one; the coarser saw the same. */
static unsigned choose(struct detector *d, double now_s,
                       struct finding found[static DETECTOR_FINDINGS])
{
    for (unsigned series = 0; series < SERIES; series++) {
        unsigned findings = 0;
        for (unsigned i = 0; i < d->proposals && findings < DETECTOR_FINDINGS; i++)
            if (d->proposal[i].series == series && is_due(d, series, now_s))
                take(d, &d->proposal[i], &found[findings++]);
        if (findings == 0)
            continue;
        reset_coarser(d, series);
        return findings;
    }
    return 0;
}

static struct look look_of(const struct interval *interval, const struct explained *explained)
{
    struct look look = {
            .interval = interval,
            .explained = explained,
            .moment = {.start_s = (double)interval->start_ns / 1e9,
                       .length_s = interval_seconds(interval)},
    };
    find_excess(explained, &look);
    look.moment.rest = (double)interval->counters->queries - look.excess;
    return look;
}

static void look_at_shares(struct detector *d, struct look *look)
{
    struct share_moment *m = &look->moment;
    skip_gap(d, m->start_s);
    d->end_s = m->start_s + m->length_s;
    d->learned_s += m->length_s;
    d->origins_s += m->length_s;
    double memory = fmin(d->learned_s, RECENT_S);
    d->rest_qps += fmin(1, m->length_s / memory) * (m->rest / m->length_s - d->rest_qps);
    d->day_qps += fmin(1, m->length_s / fmin(d->learned_s, DAY_S)) *
                  (m->rest / m->length_s - d->day_qps);
    m->learned_s = d->learned_s;
    m->learning = d->learned_s < d->limits.warmup_s;
    m->scale = fmax(1, plenty_qps / fmax(d->rest_qps, 1));
    for (unsigned i = 0; i < SERIES_SHARES; i++)
        if (rows[i].look != NULL)
            rows[i].look(d, look);
}

/* How long it has learned means nothing without what it learned, so all of it goes. */
static void forget_shares(struct detector *d)
{
    d->learned_s = d->answers_s = d->rcodes_s = d->queries_s = d->origins_s = d->end_s = 0;
    d->rest_qps = d->day_qps = d->new_qps = d->usual_new = 0;
    for (unsigned i = 0; i < SERIES_SHARES; i++)
        shares_clear(d->shares[i]);
}

/* Shares of next to none are no measure for those of the traffic. */
static void begin(struct detector *d)
{
    forget_shares(d);
    d->watched_s = 0;
    d->proposals = d->suspects = 0;
}

unsigned detector_interval(struct detector *d, const struct interval *interval,
                           const struct explained *explained,
                           struct finding found[static DETECTOR_FINDINGS])
{
    struct look look = look_of(interval, explained);
    d->suspects = 0;
    d->proposals = 0;
    d->begins = false;
    d->greatest = 0;
    memset(d->suspicion, 0, sizeof d->suspicion);
    if (look.moment.rest >= 1)
        look_at_shares(d, &look);
    /* Lost frames leave shares as they are, and rates too small: a fall means nothing then. */
    if (!interval->lossy || look.moment.rest > d->volume.level_qps * look.moment.length_s)
        rows[SERIES_VOLUME].look(d, &look);
    if (d->begins)
        begin(d);
    return choose(d, look.moment.start_s + look.moment.length_s, found);
}

unsigned detector_suspects(const struct detector *d,
                           struct subject suspects[static DETECTOR_SUSPECTS])
{
    memcpy(suspects, d->suspect, d->suspects * sizeof *suspects);
    return d->suspects;
}

bool detector_begins(const struct detector *d)
{
    return d->begins;
}

double detector_level(const struct detector *d)
{
    return d->volume.level_qps;
}

/* Tells a table from others: what was learned of origins is of one table. */
static const char *table_text(const struct detector *d, char text[static 20])
{
    const struct origins *o = annotation_origins(d->limits.annotation);
    (void)snprintf(text, 20, "%016" PRIx64, o == NULL ? 0 : origins_fingerprint(o));
    return text;
}

json_t *detector_json(const struct detector *d)
{
    char table[20];
    json_t *json = json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:o}", "day_qps",
                             d->day_qps, "learned_s", d->learned_s, "answers_s", d->answers_s,
                             "rcodes_s", d->rcodes_s, "queries_s", d->queries_s, "end_s",
                             d->end_s, "rest_qps", d->rest_qps, "new_qps", d->new_qps,
                             "usual_new", d->usual_new, "volume", volume_json(&d->volume));
    if (json == NULL)
        return NULL;
    json_object_set_new(json, "origins_s", json_real(d->origins_s));
    json_object_set_new(json, "table", json_string(table_text(d, table)));
    for (unsigned i = 0; i < SERIES_SHARES; i++)
        json_object_set_new(json, rows[i].name, shares_json(d->shares[i]));
    return json;
}

/*
 * With another table than before the restart, or where the release before knew none, shares by
 * origin are learned anew: which of their changes are the table's cannot be told.
 */
static bool parse_origins(const json_t *json, struct detector *d)
{
    char table[20];
    const char *before = json_string_value(json_object_get(json, "table"));
    if (!json_read_quantity(json, "origins_s", &d->origins_s))
        return false;
    if (before == NULL || strcmp(before, table_text(d, table)) != 0)
        d->origins_s = 0;
    return true;
}

static bool is_of_older_release(const json_t *json, enum detect_series series)
{
    return series == SERIES_UNROUTED && json_object_get(json, rows[series].name) == NULL;
}

static bool parse_times(const json_t *json, struct detector *d)
{
    return json_read_quantity(json, "learned_s", &d->learned_s) &&
           json_read_quantity(json, "answers_s", &d->answers_s) &&
           json_read_quantity(json, "rcodes_s", &d->rcodes_s) &&
           json_read_quantity(json, "queries_s", &d->queries_s) &&
           json_read_quantity(json, "end_s", &d->end_s) && d->end_s <= (double)JSON_TIME_MAX;
}

bool detector_parse(const json_t *json, struct detector *d, struct error *err)
{
    bool good = json_is_object(json) && parse_times(json, d) &&
                json_read_quantity(json, "rest_qps", &d->rest_qps) &&
                json_read_quantity(json, "day_qps", &d->day_qps) &&
                json_read_quantity(json, "new_qps", &d->new_qps) &&
                json_read_quantity(json, "usual_new", &d->usual_new) &&
                parse_origins(json, d) &&
                volume_parse(json_object_get(json, "volume"), &d->volume);
    for (unsigned i = 0; good && i < SERIES_SHARES; i++)
        good = is_of_older_release(json, i) ||
               shares_parse(json_object_get(json, rows[i].name), d->shares[i], d->end_s);
    if (good)
        return true;
    forget_shares(d);
    d->volume = (struct volume){.level_qps = 0};
    return error_set(err, "what the detectors learned is not as it was written");
}

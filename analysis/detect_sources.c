/* Source prefixes, their origin ASes, and those without a route. */
/* SPDX-License-Identifier: MIT */
#include "analysis/detect.h"

#include <math.h>

enum { DAY_S = 86400, KNOWN_S = 3600, RECENT_S = 10, BRIEF_S = 2, LEVEL_S = 1200 };
enum {
    UNROUTED_KEY = 1,
    TURN_QUERIES = 1000, /* of a minute by which two tables are compared, at least */
};

static const double moved_least = 0.008; /* usual share of a prefix that may have moved */
static const double moved_part = 0.65;   /* of the rise that its fall must be, at least */
static const double moved_most = 1.5;    /* and at most */
static const double moved_gone = 0.5;    /* of its usual share, that must be gone */
static const double excess_part = 0.25; /* of a culprit's excess, that all must have risen by */
static const double unrouted_part = 0.6; /* of the rise, from sources without a route */
static const double spoofed_part = 0.6;  /* of the rise, from new prefixes */

/* One that was heavy has fallen by what this one rose. */
static struct share_row *find_predecessor(struct shares *series, const struct share_row *risen)
{
    double rise = risen->recent - risen->usual;
    double now_s = risen->seen_s;
    struct share_row *r;
    for (uint32_t i = 0; (r = shares_row(series, i)) != NULL; i++) {
        if (r == risen || r->usual < moved_least)
            continue;
        double recent = r->recent * exp(-fmax(0, now_s - r->seen_s) / RECENT_S);
        double fall = r->usual - recent;
        if (fall >= moved_part * rise && fall <= moved_most * rise &&
            fall >= moved_gone * r->usual)
            return r;
    }
    return NULL;
}

/* Renumbered: what was usual for the one is usual for the other from now on. */
static bool is_moved(struct detector *d, struct shares *series, struct share_row *risen)
{
    if (d->volume.up > 0.5 * volume_limit(VOLUME_UP))
        return false;
    struct share_row *old = find_predecessor(series, risen);
    if (old == NULL)
        return false;
    risen->usual = fmax(risen->recent, old->usual);
    risen->sum = 0;
    old->usual = 0;
    d->moved++;
    return true;
}

static void look_at_prefix(struct detector *d, const struct look *look,
                           const struct prefix_record *r)
{
    struct share_row *row = detect_add(d, look, SERIES_PREFIX, r->prefix.bits, r->queries);
    if (row == NULL)
        return;
    struct subject s = subject_of_prefix(r->prefix);
    detect_suspect(d, row, &s);
    if (detect_is_alarm(d, look, SERIES_PREFIX, row) &&
        !is_moved(d, d->shares[SERIES_PREFIX], row))
        detect_propose(d, look, SERIES_PREFIX, row, &s);
}

static bool is_explained_as(const struct look *look, uint32_t asn)
{
    struct subject s = {.kind = INCIDENT_ASN, .key = asn};
    return detect_is_explained(look, &s);
}

/* True: its AS, or the sources without a route, are in an open incident, so that it is no
 * culprit of its own. */
static bool count_origin(struct detector *d, const struct look *look, struct annotation_tag tag,
                         double queries)
{
    struct annotation *a = d->limits.annotation;
    if (tag.as == ANNOTATION_UNKNOWN)
        return false;
    if (tag.as == ANNOTATION_UNROUTED) {
        d->unrouted += queries;
        return d->unrouted_is_explained;
    }
    if (look->explained->parts > 0 &&
        is_explained_as(look, origins_asn(annotation_origins(a), tag.as)))
        return true;
    annotation_add(a, tag.as, queries);
    return false;
}

static bool is_known(const struct detector *d, const struct look *look,
                     const struct prefix_record *r)
{
    const struct known *k = d->limits.known;
    return k != NULL && known_allows(k, r->prefix, r->queries / look->moment.length_s);
}

/* What open incidents about the prefix explain of its queries; < 0: there are none. */
static double explained_excess(const struct look *look, struct prefix p)
{
    for (unsigned i = 0; i < look->explained->parts; i++) {
        const struct explained_part *part = &look->explained->part[i];
        if (part->subject->kind == INCIDENT_PREFIX && part->subject->key == p.bits)
            return part->excess;
    }
    return -1;
}

static void turn_day(struct detector *d)
{
    int64_t day = (int64_t)d->end_s / DAY_S;
    if (day != d->day)
        novelty_turn(d->novelty);
    d->day = day;
}

/* While more is asked than usual, nobody gets to be known. */
static void note_new(struct detector *d, const struct look *look, double queries)
{
    double length_s = look->moment.length_s;
    double gain = 1 - exp(-length_s / BRIEF_S);
    d->new_qps += gain * (queries / length_s - d->new_qps);
    d->brief_qps += gain * (look->moment.rest / length_s - d->brief_qps);
    if (!volume_is_suspicious(&d->volume))
        d->usual_new += fmin(1, length_s / LEVEL_S) *
                        (queries / fmax(look->moment.rest, 1) - d->usual_new);
    d->watched_s += length_s;
}

/* Going by the last few seconds: the first of a botnet's queries come from new networks, too.
 */
bool detect_is_spoofed(const struct detector *d, double excess_qps)
{
    double risen = d->brief_qps - d->volume.level_qps;
    return d->watched_s > KNOWN_S && risen > excess_part * excess_qps && excess_qps > 0 &&
           d->new_qps - d->usual_new * d->volume.level_qps > spoofed_part * risen;
}

/* True: it was not known before. */
static bool meet(struct detector *d, struct prefix p, bool calm)
{
    bool is_new = novelty_is_new(d->novelty, p);
    if (calm)
        novelty_note(d->novelty, p); /* also one that is known, or it would be new tomorrow */
    else if (is_new)
        novelty_note_flood(d->novelty, p);
    return is_new;
}

static void look_at_source(struct detector *d, const struct look *look,
                           const struct prefix_record *r, struct annotation_tag tag,
                           double least)
{
    double excess = explained_excess(look, r->prefix);
    bool explained = excess >= 0;
    explained |=
            is_known(d, look, r) || count_origin(d, look, tag, r->queries - fmax(0, excess));
    if (r->queries < least)
        return;
    if (explained)
        shares_freeze(d->shares[SERIES_PREFIX], r->prefix.bits, &look->moment);
    else
        look_at_prefix(d, look, r);
}

/* Asks memory for what will be read of it. */
static void expect_source(const struct detector *d, const struct prefix_record *r, double least)
{
    novelty_prefetch(d->novelty, r->prefix);
    if (r->queries >= least)
        shares_prefetch(d->shares[SERIES_PREFIX], r->prefix.bits);
}

void detect_sources(struct detector *d, const struct look *look)
{
    enum { AHEAD = 16 }; /* so many answers of memory are under way */
    uint32_t count;
    const struct prefix_record *r =
            prefix_counts_records(look->interval->counters->prefixes, &count);
    bool calm = !volume_is_suspicious(&d->volume);
    double least = detect_least(look);
    double fresh = (double)prefix_counts_totals(look->interval->counters->prefixes).bare;
    const struct subject unrouted = {.kind = INCIDENT_UNROUTED};
    d->unrouted = 0;
    d->unrouted_is_explained = detect_is_explained(look, &unrouted);
    turn_day(d);
    if (calm)
        novelty_end_flood(d->novelty);
    for (uint32_t i = 0; i < count; i++) {
        if (i + AHEAD < count)
            expect_source(d, &r[i + AHEAD], least);
        if (r[i].queries == 0)
            continue;
        fresh += meet(d, r[i].prefix, calm) ? r[i].queries : 0;
        look_at_source(d, look, &r[i], annotation_tag(d->limits.annotation, i), least);
    }
    note_new(d, look, fresh);
}

/* For as long as the table in use is. */
static struct look look_of_origins(const struct detector *d, const struct look *look)
{
    struct look of_origins = *look;
    of_origins.moment.learned_s = d->origins_s;
    of_origins.moment.learning |= d->origins_s < d->limits.warmup_s;
    return of_origins;
}

struct walk {
    struct detector *d;
    const struct look *look;
    double least;
};

static void look_at_as(void *argument, uint32_t asn, double queries)
{
    const struct walk *w = argument;
    struct detector *d = w->d;
    if (queries < w->least || asn == 0)
        return;
    struct share_row *row = detect_add(d, w->look, SERIES_ASN, asn, queries);
    if (!detect_is_alarm(d, w->look, SERIES_ASN, row) ||
        is_moved(d, d->shares[SERIES_ASN], row))
        return;
    struct subject s = {.kind = INCIDENT_ASN, .key = asn};
    detect_propose(d, w->look, SERIES_ASN, row, &s);
}

void detect_origins(struct detector *d, const struct look *look)
{
    const struct look of_origins = look_of_origins(d, look);
    struct walk w = {d, &of_origins, detect_least(look)};
    if (d->limits.annotation != NULL)
        annotation_take(d->limits.annotation, look_at_as, &w);
}

/*
 * Who asks for a name, or for a type, is not known by origin, but any of them may have no
 * route; in a flood of everything, or of made-up sources, a part of it has none.
 */
static bool forgive(struct look *of_origins, const struct explained *e)
{
    of_origins->moment.forgiven = of_origins->coarse_excess;
    for (unsigned i = 0; i < e->parts; i++) {
        enum incident_kind kind = e->part[i].subject->kind;
        if (kind == INCIDENT_VOLUME || kind == INCIDENT_SPOOF)
            return false;
        if (kind == INCIDENT_NAME)
            of_origins->moment.forgiven += e->part[i].excess;
    }
    return true;
}

/* Where others have risen as well, what is not routed is a part of a larger flood. */
static bool explains_rise(const struct detector *d, const struct share_row *row)
{
    double risen = d->brief_qps - d->volume.level_qps;
    return (row->recent - row->usual) * d->rest_qps > unrouted_part * risen;
}

void detect_unrouted(struct detector *d, const struct look *look)
{
    const struct annotation *a = d->limits.annotation;
    const struct subject s = {.kind = INCIDENT_UNROUTED};
    if (a == NULL)
        return;
    struct look of_origins = look_of_origins(d, look);
    if (d->unrouted_is_explained || !annotation_tells(a, (int64_t)look->moment.start_s) ||
        !forgive(&of_origins, look->explained)) {
        shares_freeze(d->shares[SERIES_UNROUTED], UNROUTED_KEY, &look->moment);
        return;
    }
    double queries = d->unrouted + (double)annotation_bare_unrouted(a);
    struct share_row *row = detect_add(d, &of_origins, SERIES_UNROUTED, UNROUTED_KEY, queries);
    if (row != NULL)
        detect_suspect(d, row, &s);
    if (detect_is_alarm(d, &of_origins, SERIES_UNROUTED, row) && explains_rise(d, row))
        detect_propose(d, &of_origins, SERIES_UNROUTED, row, &s);
    row = shares_find(d->shares[SERIES_UNROUTED], UNROUTED_KEY);
    if (row != NULL && !explains_rise(d, row))
        d->suspicion[SERIES_UNROUTED] = 0; /* nothing coarser need wait for it */
}

/* ---- Another table --------------------------------------------------------------------- */

struct turn {
    struct detector *d;
    double all, sign, now_s;
};

static void shift_as(void *argument, uint32_t asn, double queries)
{
    const struct turn *t = argument;
    shares_shift(t->d->shares[SERIES_ASN], asn, t->sign * queries / t->all, t->now_s);
}

/* Puts what the minute has by the table in use to what is usual, or takes it from there. */
static void shift(struct turn *t, const struct prefix_counts *minute)
{
    struct annotation *a = t->d->limits.annotation;
    uint32_t count;
    double unrouted = 0;
    const struct prefix_record *r = prefix_counts_records(minute, &count);
    for (uint32_t i = 0; i < count; i++) {
        struct annotation_tag tag = annotation_find(a, r[i].prefix);
        if (tag.as == ANNOTATION_UNROUTED)
            unrouted += r[i].queries;
        else if (tag.as != ANNOTATION_UNKNOWN)
            annotation_add(a, tag.as, r[i].queries);
    }
    annotation_take(a, shift_as, t);
    if (annotation_tells(a, (int64_t)t->now_s))
        shares_shift(t->d->shares[SERIES_UNROUTED], UNROUTED_KEY, t->sign * unrouted / t->all,
                     t->now_s);
}

void detector_turn(struct detector *d, const struct prefix_counts *minute, int64_t now_s)
{
    struct turn t = {.d = d, .sign = -1, .now_s = (double)now_s};
    t.all = (double)prefix_counts_totals(minute).queries;
    bool enough = t.all >= TURN_QUERIES;
    if (enough)
        shift(&t, minute);
    annotation_turn(d->limits.annotation);
    t.sign = 1;
    if (enough)
        shift(&t, minute);
    else
        d->origins_s = 0; /* nothing to compare the two by: learned anew */
    shares_settle(d->shares[SERIES_ASN]);
    shares_settle(d->shares[SERIES_UNROUTED]);
}

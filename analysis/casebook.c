/* SPDX-License-Identifier: MIT */
#include "analysis/casebook_inside.h"

#include "analysis/describe.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    COME_BACK_S = 24 * 3600,
    SUSPECT_IDLE_S = 60, /* not suspected for so long: dropped */
    SETTLE_S = 60,       /* an incident's first minute makes its reference */
    TELL_AGAIN_S = 120,  /* at least, between events */
    TELL_JOINED_S = 15,  /* the same, when a culprit joined */
    WINDOW_S = 20,       /* a change is looked at for so long before it is told */
    REFERENCE_MEMORY_S = 600,
    TOGETHER_S = 15, /* what begins so near to each other has one cause */
    JOIN_S = 180,    /* after the opening; a small culprit is found late */
};

static const double mix_change = 0.24; /* sum of the differences of types' shares */
static const double doubled = 2;

struct casebook *casebook_create(const struct casebook_limits *limits, uint64_t seed,
                                 struct error *err)
{
    struct casebook *b = calloc(1, sizeof *b);
    if (b == NULL) {
        error_set(err, "no memory for the incidents");
        return NULL;
    }
    b->limits = *limits;
    for (unsigned i = 0; i < CASEBOOK_SLOTS; i++)
        if (!dossier_init(&b->slot[i].dossier, seed, limits->evidence_frames, err)) {
            casebook_free(b);
            return NULL;
        }
    return b;
}

void casebook_free(struct casebook *b)
{
    if (b == NULL)
        return;
    for (unsigned i = 0; i < CASEBOOK_SLOTS; i++) {
        incident_fini(&b->slot[i].incident);
        dossier_fini(&b->slot[i].dossier);
    }
    free(b);
}

static struct case_file *find_suspect(struct casebook *b, const struct subject *s)
{
    for (unsigned i = 0; i < CASEBOOK_SLOTS; i++)
        if (b->slot[i].state == CASE_SUSPECT && subject_same(&b->slot[i].dossier.subject, s))
            return &b->slot[i];
    return NULL;
}

static bool is_open_about(const struct case_file *c, const struct subject *s)
{
    for (unsigned i = 0; c->state == CASE_OPEN && i < c->culprits; i++)
        if (subject_same(&c->culprit[i].subject, s))
            return true;
    return false;
}

static bool is_open(const struct casebook *b, const struct subject *s)
{
    for (unsigned i = 0; i < CASEBOOK_SLOTS; i++)
        if (is_open_about(&b->slot[i], s))
            return true;
    return false;
}

static unsigned count(const struct casebook *b, enum case_state state)
{
    unsigned n = 0;
    for (unsigned i = 0; i < CASEBOOK_SLOTS; i++)
        n += b->slot[i].state == state;
    return n;
}

struct case_file *casebook_take_slot(struct casebook *b, const struct subject *s, int64_t now_s)
{
    for (unsigned i = 0; i < CASEBOOK_SLOTS; i++) {
        struct case_file *c = &b->slot[i];
        if (c->state != CASE_FREE)
            continue;
        dossier_start(&c->dossier, s, now_s);
        *c = (struct case_file){
                .state = CASE_SUSPECT, .dossier = c->dossier, .suspected_s = now_s};
        return c;
    }
    return NULL;
}

void casebook_drop(struct case_file *c)
{
    incident_fini(&c->incident);
    c->state = CASE_FREE;
}

static int64_t end_of(const struct interval *interval)
{
    return (interval->start_ns + interval->length_ns) / 1000000000;
}

/* By its last whole minute. */
static enum incident_severity severity_now(const struct case_file *c,
                                           const struct casebook_view *view)
{
    const struct incident i = {
            .kind = c->incident.kind,
            .lossy = c->incident.lossy,
            .rate_qps = c->minute_qps,
            .baseline_qps = c->incident.baseline_qps,
            .total_qps = c->dossier.calm_all_qps,
            .usual_qps = isnan(view->usual_qps) ? 0 : view->usual_qps,
    };
    return incident_severity(&i);
}

/* As it is told now; or by the minute that made it be told. */
static void note_severity(struct case_file *c, const struct casebook_view *view)
{
    enum incident_severity told = incident_severity(&c->incident);
    enum incident_severity minute = c->graver ? severity_now(c, view) : told;
    told = minute > told ? minute : told;
    if (told > c->incident.severity)
        c->incident.severity = told;
}

static void keep_evidence(const struct case_file *c, casebook_keep *keep, void *argument)
{
    const struct dossier *d = &c->dossier;
    if (keep != NULL && d->evidence.frames > 0)
        keep(argument, c->incident.id, c->continued ? d->from_s : 0, &d->evidence);
}

/* From then on a frame only takes the place of another. */
static void keep_when_full(struct case_file *c, const struct casebook_view *view)
{
    bool full = c->dossier.evidence.frames == c->dossier.evidence.limit;
    if (casebook_is_told(c) && full && !c->full)
        keep_evidence(c, view->keep, view->argument);
    c->full = full;
}

static void tell(struct casebook *b, struct case_file *c, const struct casebook_view *view,
                 enum incident_state state)
{
    int64_t now_s = end_of(view->interval);
    bool silent = state == INCIDENT_CHANGED && silences_cover(b->limits.silences, now_s);
    c->incident.changed_s = now_s;
    c->incident.usual_qps = isnan(view->usual_qps) ? 0 : view->usual_qps;
    describe_incident(c, state, view->interval, b->limits.annotation);
    if (state != INCIDENT_CLOSED)
        note_severity(c, view);
    struct incident_event e = {.time_s = now_s, .state = state, .incident = c->incident};
    if (casebook_is_told(c) && !silent) {
        view->tell(view->argument, &e);
        keep_evidence(c, view->keep, view->argument);
    }
    c->told_s = now_s;
    c->told_qps = c->incident.rate_qps;
    c->joined = c->graver = false;
}

static void keep_reference(struct case_file *c, double gain)
{
    const struct dossier *d = &c->dossier;
    for (unsigned i = 0; i < QTYPE_CLASSES; i++)
        c->reference_qps[i] += gain * (d->type_qps[i] - c->reference_qps[i]);
}

/* On an earlier day than the latest it is one that no day has had. */
static unsigned next_number(struct casebook *b, int64_t day)
{
    unsigned number;
    if (day > b->day)
        b->opened = 0;
    b->day = day > b->day ? day : b->day;
    number = day < b->day ? b->most + 1 : ++b->opened;
    b->most = number > b->most ? number : b->most;
    return number;
}

/* "2005-0118-1": the day, and a number that grows through it. */
static void give_id(struct casebook *b, struct case_file *c, int64_t now_s)
{
    time_t at = (time_t)now_s;
    struct tm utc;
    char text[INCIDENT_ID_BYTES];
    gmtime_r(&at, &utc);
    (void)strftime(text, sizeof text, "%Y-%m%d", &utc);
    (void)snprintf(c->incident.id, sizeof c->incident.id, "%.12s-%u", text,
                   next_number(b, now_s / 86400));
}

/* A flash crowd or a gap is never the same as the one before. */
static bool take_up_old(struct casebook *b, struct case_file *c, int64_t now_s)
{
    for (unsigned i = 0; i < CASEBOOK_CLOSED && case_has_waves(c); i++) {
        const struct casebook_closed *old = &b->closed[i];
        if (old->id[0] == '\0' || !subject_same(&old->subject, &c->culprit[0].subject) ||
            llabs(now_s - old->closed_s) > COME_BACK_S)
            continue;
        memcpy(c->incident.id, old->id, sizeof c->incident.id);
        c->incident.wave = old->wave + 1;
        c->continued = true;
        b->closed[i] = (struct casebook_closed){.id = ""};
        return true;
    }
    return false;
}

/* What the culprit asked before: its usual rate, in the proportions of its history. */
static void recall(struct case_file *c, const struct casebook_view *view, double usual_qps)
{
    const struct prefix_record *r =
            view->history == NULL || case_kind(c) != INCIDENT_PREFIX
                    ? NULL
                    : prefix_counts_find(view->history,
                                         (struct prefix){c->culprit[0].subject.key});
    struct prefix_detail d;
    if (r != NULL)
        prefix_counts_detail(view->history, r, &d);
    for (unsigned i = 0; i < QTYPE_CLASSES; i++)
        c->before_qps[i] =
                r == NULL || r->queries == 0 ? 0 : usual_qps * d.qtype[i] / r->queries;
    if (case_kind(c) == INCIDENT_QTYPE)
        c->before_qps[qtype_class((uint16_t)c->culprit[0].subject.key)] = usual_qps;
}

static void add_culprit(struct casebook *b, struct case_file *c,
                        const struct casebook_view *view, const struct finding *f)
{
    struct culprit *to = &c->culprit[c->culprits++];
    *to = (struct culprit){.subject = f->subject,
                           .usual_share = f->usual_share,
                           .counted = c->culprits == 1 || f->subject.kind == case_kind(c)};
    sample_take(&to->sample, &to->subject, view->interval, b->limits.annotation);
    if (to->counted)
        c->usual_share += f->usual_share;
    if (f->since_s < c->incident.began_s)
        c->incident.began_s = f->since_s;
}

static bool is_about_all(enum incident_kind k)
{
    return k == INCIDENT_VOLUME || k == INCIDENT_GAP || k == INCIDENT_SPOOF;
}

/* An open incident that the finding is part of: it began at the same time, and was just found.
 */
static struct case_file *joinable(struct casebook *b, const struct finding *f, int64_t now_s)
{
    for (unsigned i = 0; i < CASEBOOK_SLOTS; i++) {
        struct case_file *c = &b->slot[i];
        if (c->state != CASE_OPEN || c->culprits == CASE_CULPRITS ||
            is_about_all(case_kind(c)) || f->subject.kind == INCIDENT_GAP)
            continue;
        if (now_s - c->incident.opened_s <= JOIN_S &&
            llabs(f->since_s - c->incident.began_s) <= TOGETHER_S)
            return c;
    }
    return NULL;
}

/* A suspect's dossier, or a new one that begins with this interval. */
static struct case_file *take_case(struct casebook *b, const struct finding *f, int64_t now_s)
{
    struct case_file *c = find_suspect(b, &f->subject);
    if (c == NULL)
        c = casebook_take_slot(b, &f->subject, now_s);
    if (c == NULL || count(b, CASE_OPEN) == CASEBOOK_OPEN_MAX) {
        b->turned_away++;
        return NULL;
    }
    return c;
}

static void count_drops(struct incident *i, const struct interval *interval)
{
    const struct source_counts *s = &interval->counters->source;
    struct incident_drops *d = &i->drops;
    if (d->since_s == 0)
        d->since_s = interval->start_ns / 1000000000;
    d->frames += s->frames;
    d->kernel += s->kernel_drops;
    d->interface += s->interface_drops;
    i->lossy |= interval->lossy;
}

static void open_case(struct casebook *b, const struct casebook_view *view,
                      const struct finding *f)
{
    int64_t now_s = end_of(view->interval);
    struct case_file *c = take_case(b, f, now_s);
    if (c == NULL)
        return;
    c->state = CASE_OPEN;
    c->fresh = true;
    c->incident = (struct incident){
            .kind = f->spoofed ? INCIDENT_SPOOF : f->subject.kind,
            .wave = 1,
            .began_s = f->since_s,
            .opened_s = now_s,
            .evidence = f->evidence,
    };
    count_drops(&c->incident, view->interval);
    if (view->reasons != NULL)
        c->incident.reasons = *view->reasons;
    add_culprit(b, c, view, f);
    if (c->dossier.seconds <= 0)
        case_add_samples(c, interval_seconds(view->interval));
    if (c->dossier.seconds < 3)
        c->dossier.rate_qps = c->dossier.calm_qps = f->rate_qps;
    c->level_qps = view->level_qps;
    c->active_s = c->seen_s = now_s;
    c->habit = habits_has(&b->habits, &f->subject, f->since_s, f->rate_qps, 0);
    habits_note(&b->habits, &f->subject, f->since_s);
    c->silenced = silences_cover(b->limits.silences, now_s);
    if (casebook_is_told(c) && !take_up_old(b, c, now_s))
        give_id(b, c, now_s);
    recall(c, view, c->usual_share * c->dossier.all_qps);
    keep_reference(c, 1);
}

static void take_finding(struct casebook *b, const struct casebook_view *view,
                         const struct finding *f)
{
    if (is_open(b, &f->subject))
        return;
    struct case_file *c = joinable(b, f, end_of(view->interval));
    if (c == NULL) {
        open_case(b, view, f);
        return;
    }
    add_culprit(b, c, view, f);
    c->joined = true;
}

static void tell_fresh(struct casebook *b, const struct casebook_view *view)
{
    for (unsigned i = 0; i < CASEBOOK_SLOTS; i++)
        if (b->slot[i].state == CASE_OPEN && b->slot[i].fresh) {
            b->slot[i].fresh = false;
            tell(b, &b->slot[i], view, INCIDENT_OPENED);
        }
}

static void close_case(struct casebook *b, struct case_file *c,
                       const struct casebook_view *view)
{
    int64_t lasted_s = c->incident.ended_s - c->incident.began_s;
    c->incident.closed_s = end_of(view->interval);
    tell(b, c, view, INCIDENT_CLOSED);
    habits_measure(&b->habits, &c->culprit[0].subject,
                   fmax(c->incident.peak_qps, c->incident.rate_qps), lasted_s);
    if (casebook_is_told(c)) {
        struct casebook_closed *old = &b->closed[b->closed_next++ % CASEBOOK_CLOSED];
        *old = (struct casebook_closed){.subject = c->culprit[0].subject,
                                        .closed_s = c->incident.closed_s,
                                        .wave = c->incident.wave};
        memcpy(old->id, c->incident.id, sizeof old->id);
    }
    casebook_drop(c);
}

static bool is_changing(const struct casebook *b, const struct case_file *c)
{
    if (c->dossier.rate_qps < b->limits.material_qps || c->incident.ended_s != 0 ||
        case_kind(c) == INCIDENT_GAP)
        return false;
    return (case_has_waves(c) && case_mix_distance(c, WINDOW_S) > mix_change) ||
           c->dossier.rate_qps > doubled * c->told_qps;
}

static void tell_change(struct casebook *b, struct case_file *c,
                        const struct casebook_view *view)
{
    if (case_has_waves(c) && case_mix_distance(c, WINDOW_S) > mix_change)
        c->incident.wave++;
    tell(b, c, view, INCIDENT_CHANGED);
    keep_reference(c, 1);
}

/* Looks for a change; one that is there is watched for a while, and then told as it is. */
static void follow(struct casebook *b, struct case_file *c, const struct casebook_view *view,
                   int64_t now_s)
{
    if ((c->joined || c->graver) && now_s - c->told_s >= TELL_JOINED_S) {
        dossier_open_window(&c->dossier);
        tell(b, c, view, INCIDENT_CHANGED);
    } else if (c->window_from_s != 0) {
        if (now_s - c->window_from_s < WINDOW_S)
            return;
        c->window_from_s = 0;
        if (is_changing(b, c))
            tell_change(b, c, view);
    } else if (now_s - c->incident.opened_s < SETTLE_S || now_s - c->told_s < SETTLE_S) {
        keep_reference(c, 1);
        c->told_qps = fmax(c->told_qps, c->dossier.rate_qps);
    } else if (now_s - c->told_s >= TELL_AGAIN_S && is_changing(b, c)) {
        c->window_from_s = now_s;
        dossier_open_window(&c->dossier);
    } else if (c->incident.ended_s == 0) {
        keep_reference(c, fmin(1, interval_seconds(view->interval) / REFERENCE_MEMORY_S));
    }
}

static void measure(const struct casebook *b, struct case_file *c,
                    const struct casebook_view *view, int64_t now_s)
{
    const struct dossier *d = &c->dossier;
    struct incident *i = &c->incident;
    bool about_all = is_about_all(case_kind(c));
    if (about_all && view->level_qps > 0)
        c->level_qps = view->level_qps;
    i->baseline_qps =
            about_all ? c->level_qps : case_usual(c->usual_share, d->rate_qps, d->all_qps);
    if (case_is_active(c, b->limits.material_share / b->limits.sensitivity,
                       b->limits.material_qps / b->limits.sensitivity))
        c->active_s = now_s;
    i->ended_s = c->active_s == now_s ? 0 : c->active_s;
    i->peak_qps = fmax(i->peak_qps, d->seconds >= 60 ? c->minute_qps : 0);
}

/* The highest mean of a whole minute of the incident's own; and whether it grows more severe.
 */
static void count_minute(struct case_file *c, const struct casebook_view *view, double queries,
                         double length_s)
{
    c->minute_sum += queries;
    c->minute_s += length_s;
    if (c->minute_s < 60)
        return;
    c->minute_qps = c->minute_sum / c->minute_s;
    c->incident.peak_qps = fmax(c->incident.peak_qps, c->minute_qps);
    c->minute_sum = c->minute_s = 0;
    c->graver |= severity_now(c, view) > c->incident.severity;
}

static bool is_still_habit(const struct casebook *b, const struct case_file *c, int64_t now_s)
{
    return c->habit && habits_has(&b->habits, &c->culprit[0].subject, c->incident.began_s,
                                  c->dossier.rate_qps, now_s - c->incident.began_s);
}

/*
 * A habit that is larger or longer than it ever was is told after all, and so is what goes on
 * when the silence it began in is over.
 */
static void tell_late(struct casebook *b, struct case_file *c, const struct casebook_view *view)
{
    int64_t now_s = end_of(view->interval);
    if (casebook_is_told(c))
        return;
    c->habit = is_still_habit(b, c, now_s);
    if (c->active_s == now_s && !silences_cover(b->limits.silences, now_s))
        c->silenced = false;
    if (!casebook_is_told(c))
        return;
    if (!take_up_old(b, c, now_s))
        give_id(b, c, now_s);
    tell(b, c, view, INCIDENT_OPENED);
}

static void follow_suspect(struct casebook *b, struct case_file *c,
                           const struct casebook_view *view)
{
    struct sample sample;
    if (end_of(view->interval) - c->suspected_s > SUSPECT_IDLE_S) {
        casebook_drop(c);
        return;
    }
    sample_take(&sample, &c->dossier.subject, view->interval, b->limits.annotation);
    dossier_add(&c->dossier, &sample, interval_seconds(view->interval));
    dossier_add_watch(&c->dossier, sample.watch);
}

static void follow_open(struct casebook *b, struct case_file *c,
                        const struct casebook_view *view)
{
    int64_t now_s = end_of(view->interval);
    double length_s = interval_seconds(view->interval);
    uint64_t before = c->dossier.queries;
    case_pass_gap(c, view->interval->start_ns / 1000000000);
    c->seen_s = now_s;
    case_add_samples(c, length_s);
    double queries = (double)(c->dossier.queries - before);
    count_drops(&c->incident, view->interval);
    reasons_add_source(&c->incident.reasons, &view->interval->counters->source);
    measure(b, c, view, now_s);
    count_minute(c, view, queries, length_s);
    if (case_has_waves(c) || case_kind(c) == INCIDENT_VOLUME || case_kind(c) == INCIDENT_SPOOF)
        b->excess_queries += fmax(0, queries - c->incident.baseline_qps * length_s);
    tell_late(b, c, view);
    keep_when_full(c, view);
    if (now_s - c->active_s >= case_quiet_s(c, b->limits.quiet_s))
        close_case(b, c, view);
    else
        follow(b, c, view, now_s);
}

static void note_suspects(struct casebook *b, const struct subject *suspect, unsigned suspects,
                          int64_t now_s)
{
    for (unsigned i = 0; i < suspects; i++) {
        if (is_open(b, &suspect[i]))
            continue;
        struct case_file *c = find_suspect(b, &suspect[i]);
        if (c == NULL && count(b, CASE_SUSPECT) < CASEBOOK_SUSPECTS)
            c = casebook_take_slot(b, &suspect[i], now_s);
        if (c != NULL)
            c->suspected_s = now_s;
    }
}

static void explain_case(struct casebook *b, struct case_file *c,
                         const struct interval *interval, struct explained *explained)
{
    for (unsigned i = 0; i < c->culprits && explained->parts < EXPLAINED_PARTS; i++) {
        struct culprit *u = &c->culprit[i];
        struct sample *s = &u->sample;
        sample_take(s, &u->subject, interval, b->limits.annotation);
        struct explained_part *p = &explained->part[explained->parts++];
        *p = (struct explained_part){.subject = &u->subject, .watch = s->watch};
        if (!u->counted || is_about_all(u->subject.kind))
            continue;
        p->queries = s->queries;
        p->excess = fmax(0, s->queries - case_usual(u->usual_share, s->queries, s->all));
        for (unsigned t = 0; t < QTYPE_CLASSES; t++)
            p->qtype[t] = (double)s->qtype[t];
    }
}

void casebook_explain(struct casebook *b, const struct interval *interval,
                      struct explained *explained)
{
    explained->parts = 0;
    for (unsigned i = 0; i < CASEBOOK_SLOTS; i++)
        if (b->slot[i].state == CASE_OPEN)
            explain_case(b, &b->slot[i], interval, explained);
}

void casebook_interval(struct casebook *b, const struct casebook_view *view,
                       const struct finding *found, unsigned findings,
                       const struct subject *suspect, unsigned suspects)
{
    b->excess_queries = 0;
    for (unsigned i = 0; i < CASEBOOK_SLOTS; i++) {
        if (b->slot[i].state == CASE_OPEN)
            follow_open(b, &b->slot[i], view);
        else if (b->slot[i].state == CASE_SUSPECT)
            follow_suspect(b, &b->slot[i], view);
    }
    for (unsigned i = 0; i < findings; i++)
        take_finding(b, view, &found[i]);
    tell_fresh(b, view);
    note_suspects(b, suspect, suspects, end_of(view->interval));
}

void casebook_end(const struct casebook *b, casebook_keep *keep, void *argument)
{
    for (unsigned i = 0; i < CASEBOOK_SLOTS; i++)
        if (b->slot[i].state == CASE_OPEN && casebook_is_told(&b->slot[i]))
            keep_evidence(&b->slot[i], keep, argument);
}

double casebook_excess(const struct casebook *b)
{
    return b->excess_queries;
}

bool casebook_has_gap(const struct casebook *b)
{
    const struct subject gap = {.kind = INCIDENT_GAP};
    return is_open(b, &gap);
}

uint64_t casebook_turned_away(const struct casebook *b)
{
    return b->turned_away;
}

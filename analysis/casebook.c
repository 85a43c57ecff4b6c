/* SPDX-License-Identifier: MIT */
#include "analysis/casebook.h"

#include "analysis/describe.h"
#include "analysis/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    SUSPECTS = 16,
    SLOTS = CASEBOOK_OPEN_MAX + SUSPECTS,
    CLOSED = 32,             /* remembered, to take up their ids again */
    WATCHED_CULPRITS = 12,   /* of COUNTERS_WATCHED; the rest is for suspects */
    COME_BACK_S = 24 * 3600,
    SUSPECT_IDLE_S = 60,     /* not suspected for so long: dropped */
    SETTLE_S = 60,           /* an incident's first minute makes its reference */
    TELL_AGAIN_S = 120,      /* at least, between events */
    WINDOW_S = 20,           /* a change is looked at for so long before it is told */
    REFERENCE_MEMORY_S = 600,
};

static const double mix_change = 0.24; /* sum of the differences of types' shares */
static const double doubled = 2;

struct closed_case {
    struct prefix prefix;
    char id[INCIDENT_ID_BYTES];
    int64_t closed_s;
    unsigned wave;
};

struct casebook {
    struct casebook_limits limits;
    struct case_file slot[SLOTS];
    struct closed_case closed[CLOSED];
    unsigned closed_next;
    int64_t day;      /* days since 1970 of the latest opening */
    unsigned opened;  /* incidents of that day */
    uint64_t turned_away;
    double excess_queries;
};

struct casebook *casebook_create(const struct casebook_limits *limits, uint64_t seed,
                                 struct error *err)
{
    struct casebook *b = calloc(1, sizeof *b);
    if (b == NULL) {
        error_set(err, "no memory for the incidents");
        return NULL;
    }
    b->limits = *limits;
    for (unsigned i = 0; i < SLOTS; i++)
        if (!dossier_init(&b->slot[i].dossier, seed, err)) {
            casebook_free(b);
            return NULL;
        }
    return b;
}

void casebook_free(struct casebook *b)
{
    if (b == NULL)
        return;
    for (unsigned i = 0; i < SLOTS; i++) {
        incident_fini(&b->slot[i].incident);
        dossier_fini(&b->slot[i].dossier);
    }
    free(b);
}

static struct case_file *find(struct casebook *b, struct prefix p)
{
    for (unsigned i = 0; i < SLOTS; i++)
        if (b->slot[i].state != CASE_FREE && b->slot[i].dossier.prefix.bits == p.bits)
            return &b->slot[i];
    return NULL;
}

static unsigned count(const struct casebook *b, enum case_state state)
{
    unsigned n = 0;
    for (unsigned i = 0; i < SLOTS; i++)
        n += b->slot[i].state == state;
    return n;
}

static struct case_file *take_slot(struct casebook *b, struct prefix p, int64_t now_s)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        struct case_file *c = &b->slot[i];
        if (c->state != CASE_FREE)
            continue;
        dossier_start(&c->dossier, p, now_s);
        *c = (struct case_file){
                .state = CASE_SUSPECT, .dossier = c->dossier, .suspected_s = now_s};
        return c;
    }
    return NULL;
}

static void drop(struct case_file *c)
{
    incident_fini(&c->incident);
    c->state = CASE_FREE;
}

static int64_t end_of(const struct interval *interval)
{
    return (interval->start_ns + interval->length_ns) / 1000000000;
}

static void tell(struct case_file *c, const struct casebook_view *view,
                 enum incident_state state)
{
    int64_t now_s = end_of(view->interval);
    c->incident.changed_s = now_s;
    c->incident.usual_qps = isnan(view->usual_qps) ? 0 : view->usual_qps;
    describe_incident(c, state);
    struct incident_event e = {.time_s = now_s, .state = state, .incident = c->incident};
    view->tell(view->argument, &e);
    c->told_s = now_s;
    c->told_qps = c->dossier.rate_qps;
}

static void keep_reference(struct case_file *c, double gain)
{
    const struct dossier *d = &c->dossier;
    for (unsigned i = 0; i < QTYPE_CLASSES; i++)
        c->reference_qps[i] += gain * (d->type_qps[i] - c->reference_qps[i]);
}

/* "2005-0118-1": the day, and a number that grows through it. */
static void give_id(struct casebook *b, struct case_file *c, int64_t now_s)
{
    int64_t day = now_s / 86400;
    if (day != b->day)
        b->opened = 0;
    b->day = day;
    time_t at = (time_t)now_s;
    struct tm utc;
    char text[INCIDENT_ID_BYTES];
    gmtime_r(&at, &utc);
    (void)strftime(text, sizeof text, "%Y-%m%d", &utc);
    (void)snprintf(c->incident.id, sizeof c->incident.id, "%.12s-%u", text, ++b->opened);
}

static bool take_up_old(struct casebook *b, struct case_file *c, int64_t now_s)
{
    for (unsigned i = 0; i < CLOSED; i++) {
        const struct closed_case *old = &b->closed[i];
        if (old->prefix.bits != c->dossier.prefix.bits || old->id[0] == '\0' ||
            now_s - old->closed_s > COME_BACK_S)
            continue;
        memcpy(c->incident.id, old->id, sizeof c->incident.id);
        c->incident.wave = old->wave + 1;
        b->closed[i] = (struct closed_case){.id = ""};
        return true;
    }
    return false;
}

/* What the culprit asked before: its usual rate, in the proportions of its history. */
static void recall(struct case_file *c, const struct casebook_view *view, double usual_qps)
{
    const struct prefix_record *r =
            view->history == NULL ? NULL
                                  : prefix_counts_find(view->history, c->dossier.prefix);
    for (unsigned i = 0; i < QTYPE_CLASSES; i++)
        c->before_qps[i] =
                r == NULL || r->queries == 0 ? 0 : usual_qps * r->qtype[i] / r->queries;
}

static void open_case(struct casebook *b, const struct casebook_view *view,
                      const struct finding *f)
{
    int64_t now_s = end_of(view->interval);
    struct case_file *c = find(b, f->prefix);
    if (c == NULL && (c = take_slot(b, f->prefix, now_s)) == NULL) {
        b->turned_away++;
        return;
    }
    if (count(b, CASE_OPEN) == CASEBOOK_OPEN_MAX) {
        b->turned_away++;
        return;
    }
    if (c->dossier.seconds <= 0)
        dossier_add(&c->dossier, view->interval, NULL);
    c->state = CASE_OPEN;
    c->incident = (struct incident){
            .kind = f->kind,
            .wave = 1,
            .began_s = f->since_s,
            .opened_s = now_s,
            .prefix = {f->prefix},
            .prefixes = 1,
    };
    c->usual_share = f->usual_share;
    c->active_s = now_s;
    if (!take_up_old(b, c, now_s))
        give_id(b, c, now_s);
    recall(c, view, c->usual_share * c->dossier.all_qps);
    keep_reference(c, 1);
    tell(c, view, INCIDENT_OPENED);
}

static void close_case(struct casebook *b, struct case_file *c, const struct casebook_view *view)
{
    c->incident.closed_s = end_of(view->interval);
    tell(c, view, INCIDENT_CLOSED);
    struct closed_case *old = &b->closed[b->closed_next++ % CLOSED];
    *old = (struct closed_case){.prefix = c->dossier.prefix,
                                .closed_s = c->incident.closed_s,
                                .wave = c->incident.wave};
    memcpy(old->id, c->incident.id, sizeof old->id);
    drop(c);
}

static double sum_of(const double *qps)
{
    double sum = 0;
    for (unsigned i = 0; i < QTYPE_CLASSES; i++)
        sum += qps[i];
    return sum;
}

/*
 * How far the mix of types is from the reference: 0 the same, 2 nothing in common.  What
 * counting so few queries alone would show is taken off.
 */
static double mix_distance(const struct case_file *c)
{
    double now = sum_of(c->dossier.type_qps);
    double then = sum_of(c->reference_qps);
    double distance = 0;
    if (now <= 0 || then <= 0)
        return 0;
    for (unsigned i = 0; i < QTYPE_CLASSES; i++)
        distance += fabs(c->dossier.type_qps[i] / now - c->reference_qps[i] / then);
    double seen = now * WINDOW_S;
    return distance - 3 / sqrt(seen);
}

static bool is_changing(const struct casebook *b, const struct case_file *c)
{
    if (c->dossier.rate_qps < b->limits.material_qps || c->incident.ended_s != 0)
        return false;
    return mix_distance(c) > mix_change || c->dossier.rate_qps > doubled * c->told_qps;
}

/* Looks for a change; one that is there is watched for a while, and then told as it is. */
static void follow(struct casebook *b, struct case_file *c, const struct casebook_view *view,
                   int64_t now_s)
{
    if (c->window_from_s != 0) {
        if (now_s - c->window_from_s < WINDOW_S)
            return;
        c->window_from_s = 0;
        if (!is_changing(b, c))
            return;
        if (mix_distance(c) > mix_change)
            c->incident.wave++;
        tell(c, view, INCIDENT_CHANGED);
        keep_reference(c, 1);
    } else if (now_s - c->told_s < SETTLE_S) {
        keep_reference(c, 1);
    } else if (now_s - c->told_s >= TELL_AGAIN_S && is_changing(b, c)) {
        c->window_from_s = now_s;
        dossier_open_window(&c->dossier);
    } else if (c->incident.ended_s == 0) {
        keep_reference(c, interval_seconds(view->interval) / REFERENCE_MEMORY_S);
    }
}

static void measure(const struct casebook *b, struct case_file *c, int64_t now_s)
{
    const struct dossier *d = &c->dossier;
    struct incident *i = &c->incident;
    i->baseline_qps = c->usual_share * (d->all_qps - d->rate_qps) / (1 - c->usual_share);
    double excess = d->rate_qps - i->baseline_qps;
    if (excess >= b->limits.material_share / 2 * d->all_qps &&
        excess >= b->limits.material_qps / 2)
        c->active_s = now_s;
    i->ended_s = c->active_s == now_s ? 0 : c->active_s;
    i->peak_qps = fmax(i->peak_qps, d->seconds >= 60 ? c->minute_qps : 0);
}

/* The highest mean of a whole minute of the incident's own. */
static void count_minute(struct case_file *c, double queries, double length_s)
{
    c->minute_sum += queries;
    c->minute_s += length_s;
    if (c->minute_s < 60)
        return;
    c->minute_qps = c->minute_sum / c->minute_s;
    c->incident.peak_qps = fmax(c->incident.peak_qps, c->minute_qps);
    c->minute_sum = c->minute_s = 0;
}

static const struct watch *watch_of(const struct counters *counters, struct prefix p)
{
    for (unsigned i = 0; i < counters->watched; i++)
        if (counters->watch[i].prefix.bits == p.bits)
            return &counters->watch[i];
    return NULL;
}

static void advance(struct casebook *b, struct case_file *c, const struct casebook_view *view)
{
    const struct interval *interval = view->interval;
    int64_t now_s = end_of(interval);
    uint64_t before = c->dossier.queries;
    dossier_add(&c->dossier, interval, watch_of(interval->counters, c->dossier.prefix));
    if (c->state == CASE_SUSPECT) {
        if (now_s - c->suspected_s > SUSPECT_IDLE_S)
            drop(c);
        return;
    }
    double queries = (double)(c->dossier.queries - before);
    double length_s = interval_seconds(interval);
    c->incident.lossy |= interval->lossy;
    measure(b, c, now_s);
    count_minute(c, queries, length_s);
    b->excess_queries += fmax(0, queries - c->incident.baseline_qps * length_s);
    if (now_s - c->active_s >= b->limits.quiet_s)
        close_case(b, c, view);
    else
        follow(b, c, view, now_s);
}

static void note_suspects(struct casebook *b, const struct prefix *suspect, unsigned suspects,
                          int64_t now_s)
{
    for (unsigned i = 0; i < suspects; i++) {
        struct case_file *c = find(b, suspect[i]);
        if (c == NULL && count(b, CASE_SUSPECT) < SUSPECTS)
            c = take_slot(b, suspect[i], now_s);
        if (c != NULL)
            c->suspected_s = now_s;
    }
}

void casebook_interval(struct casebook *b, const struct casebook_view *view,
                       const struct finding *found, unsigned findings,
                       const struct prefix *suspect, unsigned suspects)
{
    b->excess_queries = 0;
    for (unsigned i = 0; i < SLOTS; i++)
        if (b->slot[i].state != CASE_FREE)
            advance(b, &b->slot[i], view);
    for (unsigned i = 0; i < findings; i++)
        open_case(b, view, &found[i]);
    note_suspects(b, suspect, suspects, end_of(view->interval));
}

unsigned casebook_culprits(const struct casebook *b,
                           struct prefix culprit[static CASEBOOK_OPEN_MAX])
{
    unsigned n = 0;
    for (unsigned i = 0; i < SLOTS; i++)
        if (b->slot[i].state == CASE_OPEN)
            culprit[n++] = b->slot[i].dossier.prefix;
    return n;
}

static unsigned list(const struct casebook *b, enum case_state state, struct prefix *to,
                     unsigned most)
{
    unsigned n = 0;
    for (unsigned i = 0; i < SLOTS && n < most; i++)
        if (b->slot[i].state == state)
            to[n++] = b->slot[i].dossier.prefix;
    return n;
}

unsigned casebook_watch(const struct casebook *b, struct prefix watch[static COUNTERS_WATCHED])
{
    unsigned n = list(b, CASE_OPEN, watch, WATCHED_CULPRITS);
    return n + list(b, CASE_SUSPECT, watch + n, COUNTERS_WATCHED - n);
}

double casebook_excess(const struct casebook *b)
{
    return b->excess_queries;
}

uint64_t casebook_turned_away(const struct casebook *b)
{
    return b->turned_away;
}

static json_t *case_json(const struct case_file *c)
{
    const struct incident_event e = {
            .time_s = c->told_s, .state = INCIDENT_CHANGED, .incident = c->incident};
    json_t *reference = json_array();
    json_t *before = json_array();
    for (unsigned i = 0; i < QTYPE_CLASSES; i++) {
        json_array_append_new(reference, json_real(c->reference_qps[i]));
        json_array_append_new(before, json_real(c->before_qps[i]));
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:f, s:I, s:I, s:f}", "event",
                     incident_event_json(&e), "dossier", dossier_json(&c->dossier), "reference",
                     reference, "before", before, "usual_share", c->usual_share, "active",
                     (json_int_t)c->active_s, "told", (json_int_t)c->told_s, "told_qps",
                     c->told_qps);
}

static json_t *closed_json(const struct closed_case *old)
{
    char text[PREFIX_TEXT_BYTES];
    return json_pack("{s:s, s:s, s:I, s:i}", "id", old->id, "prefix",
                     prefix_format(old->prefix, text), "closed", (json_int_t)old->closed_s,
                     "wave", (int)old->wave);
}

json_t *casebook_json(const struct casebook *b)
{
    json_t *open = json_array();
    json_t *closed = json_array();
    for (unsigned i = 0; i < SLOTS; i++)
        if (b->slot[i].state == CASE_OPEN)
            json_array_append_new(open, case_json(&b->slot[i]));
    for (unsigned i = 0; i < CLOSED; i++)
        if (b->closed[i].id[0] != '\0')
            json_array_append_new(closed, closed_json(&b->closed[i]));
    return json_pack("{s:I, s:i, s:o, s:o}", "day", (json_int_t)b->day, "opened",
                     (int)b->opened, "open", open, "closed", closed);
}

static bool parse_numbers(const json_t *array, double *to)
{
    for (unsigned i = 0; i < QTYPE_CLASSES; i++) {
        const json_t *v = json_array_get(array, i);
        if (!json_is_number(v))
            return false;
        to[i] = json_number_value(v);
    }
    return true;
}

static bool parse_case(struct casebook *b, const json_t *json, struct error *err)
{
    struct incident_event e;
    if (!incident_event_parse(json_object_get(json, "event"), &e, err))
        return false;
    struct case_file *c = take_slot(b, e.incident.prefix[0], e.time_s);
    if (c == NULL) {
        incident_fini(&e.incident);
        return error_set(err, "more open incidents than there is room for");
    }
    c->state = CASE_OPEN;
    c->incident = e.incident;
    return dossier_parse(json_object_get(json, "dossier"), &c->dossier) &&
           parse_numbers(json_object_get(json, "reference"), c->reference_qps) &&
           parse_numbers(json_object_get(json, "before"), c->before_qps) &&
           json_read_double(json, "usual_share", &c->usual_share) &&
           json_read_i64(json, "active", &c->active_s) &&
           json_read_i64(json, "told", &c->told_s) &&
           json_read_double(json, "told_qps", &c->told_qps);
}

static bool parse_closed(struct casebook *b, const json_t *json)
{
    char text[PREFIX_TEXT_BYTES] = "";
    struct closed_case *old = &b->closed[b->closed_next++ % CLOSED];
    return json_read_text(json, "id", old->id, sizeof old->id) &&
           json_read_text(json, "prefix", text, sizeof text) &&
           prefix_parse(text, &old->prefix) && json_read_i64(json, "closed", &old->closed_s) &&
           json_read_u32(json, "wave", &old->wave);
}

bool casebook_parse(const json_t *json, struct casebook *b, struct error *err)
{
    const json_t *open = json_object_get(json, "open");
    const json_t *closed = json_object_get(json, "closed");
    bool good = json_read_i64(json, "day", &b->day) && json_read_u32(json, "opened", &b->opened);
    err->text[0] = '\0';
    for (size_t i = 0; good && i < json_array_size(open); i++)
        good = parse_case(b, json_array_get(open, i), err);
    for (size_t i = 0; good && i < json_array_size(closed); i++)
        good = parse_closed(b, json_array_get(closed, i));
    if (!good && err->text[0] == '\0')
        error_set(err, "the open incidents are not as they were written");
    return good;
}

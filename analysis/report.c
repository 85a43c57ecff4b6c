/* SPDX-License-Identifier: MIT */
#include "analysis/report.h"

#include "analysis/store_names.h"

#include <stdlib.h>
#include <string.h>

enum { MINUTE_S = 60, HOUR_S = 3600, DAY_S = 86400, ROOM_AT_FIRST = 1024 };

static const double comparable = 0.9; /* of the longer time captured */

/* An hour that is stored. */
struct hour {
    int64_t start_s;
    uint64_t counted, queries; /* by prefix or name; by minute */
    uint64_t captured_s;       /* 0: without minutes */
};

struct reading {
    struct report_period *period;
    struct hour *hour; /* oldest first */
    size_t hours, room, at;
    uint64_t *qtype; /* NULL: by hours */
    bool names;      /* by hours of names */
    enum store_names_kind kind;
    struct error *err;
};

/* ---- One period ------------------------------------------------------------------------ */

static bool keep_hour(void *argument, int64_t hour_s, uint64_t counted)
{
    struct reading *r = argument;
    if (r->hours == r->room) {
        size_t room = r->room == 0 ? ROOM_AT_FIRST : 2 * r->room;
        struct hour *larger = realloc(r->hour, room * sizeof *larger);
        if (larger == NULL)
            return error_set(r->err, "no memory for a report of %zu hours", room);
        r->hour = larger;
        r->room = room;
    }
    r->hour[r->hours++] = (struct hour){.start_s = hour_s, .counted = counted};
    return true;
}

static bool keep_names_hour(void *argument, const struct store_names_hour *h)
{
    struct reading *r = argument;
    r->period->names_lost += h->lost;
    r->period->names_absent += h->absent;
    return keep_hour(r, h->start_s, h->queries);
}

/* Minutes come in order, too. */
static void add_to_hour(struct reading *r, const struct minute *m)
{
    while (r->at < r->hours && r->hour[r->at].start_s + HOUR_S <= m->start_s)
        r->at++;
    if (r->at < r->hours && r->hour[r->at].start_s <= m->start_s) {
        r->hour[r->at].queries += m->queries;
        r->hour[r->at].captured_s += m->covered_s;
        return;
    }
    r->period->minutes_apart++;
    r->period->queries_apart += m->queries;
}

static void add_types(struct reading *r, const struct minute *m)
{
    r->period->queries += m->queries;
    r->period->counted_s += m->covered_s;
    for (unsigned i = 0; i < QTYPE_CLASSES; i++)
        r->qtype[i] += m->qtype[i];
}

static bool add_minute(void *argument, const struct minute *m)
{
    struct reading *r = argument;
    uint64_t left = (uint64_t)(r->period->to_s - m->start_s) / MINUTE_S;
    r->period->minutes += minute_reach(m) < left ? minute_reach(m) : left;
    r->period->captured_s += m->covered_s;
    r->period->undecoded += m->undecoded;
    r->period->kernel_drops += m->kernel_drops;
    r->period->interface_drops += m->interface_drops;
    if (r->qtype != NULL)
        add_types(r, m);
    else
        add_to_hour(r, m);
    return true;
}

static void add_hours(struct reading *r)
{
    struct report_period *p = r->period;
    for (size_t i = 0; i < r->hours; i++) {
        const struct hour *h = &r->hour[i];
        bool alone = h->captured_s == 0 || h->queries < h->counted;
        p->hours_alone += alone;
        p->queries += alone ? h->counted : h->queries;
        p->names_absent += r->names && !alone ? h->queries - h->counted : 0;
        p->counted_s += h->captured_s == 0 ? HOUR_S : h->captured_s;
    }
    p->hours = r->hours;
}

static bool read_hours(struct reading *r, struct store *s, struct error *err)
{
    const struct report_period *p = r->period;
    return r->qtype != NULL ||
           (r->names
                    ? store_names_hours(s, r->kind, p->from_s, p->to_s, keep_names_hour, r, err)
                    : store_hours(s, p->from_s, p->to_s, keep_hour, r, err));
}

static bool read_period(struct reading *r, struct store *s)
{
    const struct report_period *p = r->period;
    bool good = read_hours(r, s, r->err) &&
                store_minutes(s, p->from_s, p->to_s, add_minute, r, r->err);
    add_hours(r);
    free(r->hour);
    return good;
}

static bool is_by_name(enum ranking_by by)
{
    return by == RANKING_BY_NAME || by == RANKING_BY_TLD;
}

static enum store_names_kind kind_of(enum ranking_by by)
{
    return by == RANKING_BY_TLD ? STORE_TLDS : STORE_NAMES;
}

/* `now` and `before`: of types, what is added to; else NULL. */
static bool read_periods(struct report *r, struct store *s, uint64_t *now, uint64_t *before,
                         struct error *err)
{
    struct reading reading = {.period = &r->now,
                              .qtype = now,
                              .names = is_by_name(r->by),
                              .kind = kind_of(r->by),
                              .err = err};
    struct reading earlier = reading;
    earlier.period = &r->before;
    earlier.qtype = before;
    return read_period(&reading, s) && read_period(&earlier, s);
}

/* ---- Rows ------------------------------------------------------------------------------ */

struct adding {
    struct report *report;
    const struct origins *origins;
    struct error *err;
};

static bool add_announced(void *argument, const struct store_sum *sum)
{
    struct adding *a = argument;
    const struct ranking_counts counts = {sum->queries, sum->before, sum->judged, sum->junk};
    return ranking_add_counts(a->report->ranking, sum->prefix, &counts, a->err);
}

static struct ranking_row *new_row(struct report *r, struct error *err)
{
    if (r->rows == r->room) {
        size_t room = r->room == 0 ? ROOM_AT_FIRST : 2 * r->room;
        struct ranking_row *larger = realloc(r->own, room * sizeof *larger);
        if (larger == NULL) {
            error_set(err, "no memory for a report of %zu prefixes", room);
            return NULL;
        }
        r->own = larger;
        r->room = room;
    }
    return &r->own[r->rows++];
}

static bool add_source(void *argument, const struct store_sum *sum)
{
    struct adding *a = argument;
    struct ranking_totals *t = &a->report->totals;
    struct origin found;
    uint64_t queries = sum->queries;
    struct ranking_row *row = queries == 0 ? NULL : new_row(a->report, a->err);
    if (row == NULL)
        return queries == 0;
    enum origins_answer answer = origins_look_up(a->origins, sum->prefix, &found);
    bool announced = answer == ORIGINS_ANNOUNCED;
    t->count += queries;
    t->judged += sum->judged;
    t->junk += sum->junk;
    t->unrouted += answer == ORIGINS_UNROUTED ? queries : 0;
    t->unknown += answer == ORIGINS_UNKNOWN ? queries : 0;
    *row = (struct ranking_row){.count = queries,
                                .before = sum->before,
                                .judged = sum->judged,
                                .junk = sum->junk,
                                .source = sum->prefix,
                                .asn = found.asn,
                                .unrouted = answer == ORIGINS_UNROUTED,
                                .prefix = found.announced,
                                .name = announced ? origins_name(a->origins, found.number)
                                                  : NULL};
    return true;
}

static bool read_sums(struct report *r, struct store *s, const struct origins *origins,
                      store_sum_function *each, struct error *err)
{
    struct adding a = {r, origins, err};
    return read_periods(r, s, NULL, NULL, err) &&
           store_sums(s, r->before.from_s, r->now.from_s, r->now.to_s, each, &a, err);
}

/* The leading first, of equals by prefix or name. */
static int by_count(const void *x, const void *y)
{
    const struct ranking_row *a = x;
    const struct ranking_row *b = y;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    if (a->source.bits == 0)
        return strcmp(a->name, b->name);
    return (a->source.bits > b->source.bits) - (a->source.bits < b->source.bits);
}

static void sort_own(struct report *r)
{
    if (r->rows > 0)
        qsort(r->own, r->rows, sizeof *r->own, by_count);
    r->row = r->own;
}

static bool read_sources(struct report *r, struct store *s, const struct origins *origins,
                         struct error *err)
{
    if (!read_sums(r, s, origins, add_source, err))
        return false;
    sort_own(r);
    return true;
}

static bool read_announced(struct report *r, struct store *s, const struct origins *origins,
                           struct error *err)
{
    r->ranking = ranking_create(origins, err);
    if (r->ranking == NULL || !read_sums(r, s, origins, add_announced, err))
        return false;
    r->totals = ranking_totals(r->ranking, r->by);
    r->row = ranking_rows(r->ranking, r->by, &r->rows, err);
    while (r->row != NULL && r->rows > 0 && r->row[r->rows - 1].count == 0)
        r->rows--;
    return r->row != NULL;
}

static bool read_types(struct report *r, struct store *s, struct error *err)
{
    uint64_t now[QTYPE_CLASSES] = {0}, before[QTYPE_CLASSES] = {0};
    if (!read_periods(r, s, now, before, err))
        return false;
    for (unsigned i = 0; i < QTYPE_CLASSES; i++) {
        if (i == QTYPE_CLASS_OTHER || now[i] == 0)
            continue;
        struct ranking_row *row = new_row(r, err);
        if (row == NULL)
            return false;
        *row = (struct ranking_row){
                .count = now[i], .before = before[i], .name = qtype_class_name(i)};
        r->totals.count += now[i];
    }
    sort_own(r);
    return true;
}

static uint64_t at_most(const struct report_period *p, const struct store_name_sum *sum)
{
    return (uint64_t)((int64_t)p->names_absent + sum->above);
}

static bool add_name(void *argument, const uint8_t *name, uint8_t name_bytes,
                     const struct store_name_sum *now, const struct store_name_sum *before)
{
    struct adding *a = argument;
    struct report *r = a->report;
    char text[NAMES_TEXT_BYTES];
    struct ranking_row *row = now->queries == 0 ? NULL : new_row(r, a->err);
    if (row == NULL)
        return now->queries == 0;
    *row = (struct ranking_row){
            .count = now->queries,
            .before = before->queries,
            .name = strdup(names_text(name, name_bytes, text)),
            .at_least = now->error < now->queries ? now->queries - now->error : 0,
            .at_most = at_most(&r->now, now),
            .before_at_most = at_most(&r->before, before),
    };
    r->totals.count += now->queries;
    return row->name != NULL ||
           error_set(a->err, "no memory for a report of %zu names", r->rows);
}

static bool read_names(struct report *r, struct store *s, struct error *err)
{
    struct adding a = {r, NULL, err};
    if (!read_periods(r, s, NULL, NULL, err) ||
        !store_name_sums(s, kind_of(r->by), r->before.from_s, r->now.from_s, r->now.to_s,
                         add_name, &a, err))
        return false;
    sort_own(r);
    return true;
}

/* ---- The report ------------------------------------------------------------------------ */

static int64_t down(int64_t time_s, int64_t unit_s)
{
    return time_s - ((time_s % unit_s) + unit_s) % unit_s;
}

static void set_periods(struct report *r, int64_t from_s, int64_t to_s)
{
    int64_t unit_s = r->by == RANKING_BY_QTYPE ? MINUTE_S : HOUR_S;
    r->now.from_s = down(from_s, unit_s);
    r->now.to_s = down(to_s + unit_s - 1, unit_s);
    r->before.to_s = r->now.from_s;
    r->before.from_s = r->now.from_s - (r->now.to_s - r->now.from_s);
}

bool report_last_day(struct store *s, enum ranking_by by, int64_t *from_s, int64_t *to_s,
                     struct error *err)
{
    int64_t first_s, last_s;
    bool types = by == RANKING_BY_QTYPE;
    bool any = types            ? store_span(s, &first_s, &last_s, err)
               : is_by_name(by) ? store_names_span(s, kind_of(by), &first_s, &last_s, err)
                                : store_hours_span(s, &first_s, &last_s, err);
    if (!any)
        return err->text[0] == '\0' &&
               error_set(err, types ? "nothing is stored yet"
                              : is_by_name(by)
                                      ? "no hour with names is stored yet: one is when "
                                        "it has ended"
                                      : "no hour is stored yet: one is when it has "
                                        "ended");
    *to_s = last_s + (types ? MINUTE_S : HOUR_S);
    *from_s = *to_s - DAY_S;
    return true;
}

bool report_read(struct report *r, struct store *s, const struct origins *origins,
                 enum ranking_by by, int64_t from_s, int64_t to_s, struct error *err)
{
    *r = (struct report){.by = by};
    set_periods(r, from_s, to_s);
    if (!store_begin_reading(s, err))
        return false;
    bool good = by == RANKING_BY_QTYPE    ? read_types(r, s, err)
                : is_by_name(by)          ? read_names(r, s, err)
                : by == RANKING_BY_SOURCE ? read_sources(r, s, origins, err)
                                          : read_announced(r, s, origins, err);
    store_abandon(s);
    if (r->now.queries < r->totals.count) /* by hours that nothing notes as stored */
        r->now.queries = r->totals.count;
    r->rest = r->now.queries - r->totals.count;
    r->totals.count = r->now.queries;
    return good;
}

void report_fini(struct report *r)
{
    ranking_free(r->ranking);
    for (size_t i = 0; is_by_name(r->by) && i < r->rows; i++)
        free((char *)r->own[i].name);
    free(r->own);
}

double report_change_scale(const struct report *r)
{
    double now = (double)r->now.counted_s;
    double before = (double)r->before.counted_s;
    if (now == 0 || before < comparable * now || now < comparable * before)
        return 0;
    return before / now;
}

/* SPDX-License-Identifier: MIT */
#include "analysis/store_past.h"

#include "analysis/store_inside.h"

#include <stdlib.h>

enum {
    MINUTE_S = 60,
    HOUR_S = 3600,
    DISORDER = 2, /* intervals that a file may begin before the end of the one before */
};

static const char minutes_name[] = "read minutes"; /* in the table of what was learned */
static const char hours_name[] = "read hours";

/* Times that follow each other in equal steps are one span. */
struct span {
    int64_t from_s, to_s;
};

struct spans {
    int64_t step_s;
    struct span *span;
    size_t count, room;
};

struct store_past {
    struct spans minutes, hours;
    int64_t minutes_to_s, hours_to_s; /* of the reader before; 0: there was none */
    int64_t goes_on_s;                /* from then on its last minute is new */
};

static bool add_span(struct spans *s, int64_t from_s)
{
    struct span *last = s->count == 0 ? NULL : &s->span[s->count - 1];
    if (last != NULL && last->to_s == from_s) {
        last->to_s += s->step_s;
        return true;
    }
    if (s->count == s->room) {
        size_t room = s->room == 0 ? 16 : 2 * s->room;
        struct span *more = realloc(s->span, room * sizeof *more);
        if (more == NULL)
            return false;
        s->span = more;
        s->room = room;
    }
    s->span[s->count++] = (struct span){from_s, from_s + s->step_s};
    return true;
}

/* A column of times, oldest first. */
static bool read_spans(struct store *s, const char *sql, struct spans *to, struct error *err)
{
    sqlite3_stmt *q = store_prepare(s, sql, err);
    if (q == NULL)
        return false;
    bool good = true;
    int result;
    while (good && (result = sqlite3_step(q)) == SQLITE_ROW)
        good = add_span(to, sqlite3_column_int64(q, 0)) ||
               error_set(err, "no memory for what is stored already");
    if (good && result != SQLITE_DONE)
        good = store_fail(s, "reading what is stored already", err);
    sqlite3_finalize(q);
    return good;
}

static bool read_mark(struct store *s, const char *name, int64_t *to_s, struct error *err)
{
    json_t *mark = store_learned(s, name, to_s, err);
    json_decref(mark);
    return err->text[0] == '\0';
}

struct store_past *store_past_read(struct store *s, struct error *err)
{
    struct store_past *p = calloc(1, sizeof *p);
    if (p == NULL) {
        error_set(err, "no memory for what is stored already");
        return NULL;
    }
    p->minutes.step_s = MINUTE_S;
    p->hours.step_s = HOUR_S;
    /* An hour that another process left is stored before anything else is. */
    if (read_spans(s, "SELECT start FROM minutes ORDER BY start", &p->minutes, err) &&
        read_spans(s,
                   "SELECT start FROM hours_stored UNION SELECT start FROM hours_going"
                   " UNION SELECT start FROM rssac002 ORDER BY start",
                   &p->hours, err) &&
        read_mark(s, minutes_name, &p->minutes_to_s, err) &&
        read_mark(s, hours_name, &p->hours_to_s, err)) {
        p->goes_on_s = p->minutes_to_s;
        return p;
    }
    store_past_free(p);
    return NULL;
}

void store_past_begin(struct store_past *p, int64_t time_s, int64_t interval_s)
{
    if (p != NULL && time_s < p->minutes_to_s &&
        time_s >= p->minutes_to_s - DISORDER * interval_s)
        p->goes_on_s = time_s;
}

void store_past_free(struct store_past *p)
{
    if (p == NULL)
        return;
    free(p->minutes.span);
    free(p->hours.span);
    free(p);
}

static int compare_time(const void *key, const void *element)
{
    const int64_t *time_s = key;
    const struct span *s = element;
    return *time_s < s->from_s ? -1 : *time_s >= s->to_s;
}

static bool has(const struct spans *s, int64_t time_s)
{
    return s->count > 0 &&
           bsearch(&time_s, s->span, s->count, sizeof *s->span, compare_time) != NULL;
}

/* The rest of the minute in which the reader before ended. */
static bool goes_on(const struct store_past *p, int64_t time_s)
{
    int64_t last_s = p->minutes_to_s - 1;
    return time_s >= p->goes_on_s && time_s < last_s - last_s % MINUTE_S + MINUTE_S;
}

enum store_past_part store_past_part(const struct store_past *p, int64_t time_s)
{
    if (p == NULL || !has(&p->minutes, time_s) || goes_on(p, time_s))
        return PAST_NOTHING;
    bool lost = time_s >= p->hours_to_s && time_s < p->minutes_to_s;
    return has(&p->hours, time_s) && !lost ? PAST_ALL : PAST_MINUTES;
}

static bool note(struct store *s, const char *name, int64_t to_s, struct error *err)
{
    json_t *nothing = json_object();
    bool good = store_put_learned(s, name, to_s, nothing, err);
    json_decref(nothing);
    return good;
}

bool store_note_minutes(struct store *s, int64_t to_s, struct error *err)
{
    return note(s, minutes_name, to_s, err);
}

bool store_note_hours(struct store *s, int64_t to_s, struct error *err)
{
    return note(s, hours_name, to_s, err);
}

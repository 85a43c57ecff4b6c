/* SPDX-License-Identifier: MIT */
#include "analysis/store_inside.h"

static bool put_event_row(struct store *s, struct incident_event *e, struct error *err)
{
    sqlite3_stmt *q =
            store_prepare(s, "INSERT INTO events (incident, time, doc) VALUES (?, ?, ?)", err);
    if (q == NULL)
        return false;
    json_t *json = incident_event_json(e);
    sqlite3_bind_text(q, 1, e->incident.id, -1, SQLITE_STATIC);
    sqlite3_bind_int64(q, 2, e->time_s);
    bool bound = store_bind_json(s, q, 3, json, err);
    json_decref(json);
    if (!bound) {
        sqlite3_finalize(q);
        return false;
    }
    if (!store_finish(s, q, "storing an event", err))
        return false;
    e->sequence = sqlite3_last_insert_rowid(store_database(s));
    return true;
}

static bool put_incident_row(struct store *s, const struct incident_event *e, struct error *err)
{
    sqlite3_stmt *q =
            store_prepare(s, "INSERT OR REPLACE INTO incidents VALUES (?, ?, ?, ?)", err);
    if (q == NULL)
        return false;
    sqlite3_bind_text(q, 1, e->incident.id, -1, SQLITE_STATIC);
    sqlite3_bind_int64(q, 2, e->incident.began_s);
    sqlite3_bind_int64(q, 3, e->incident.closed_s);
    sqlite3_bind_int64(q, 4, e->sequence);
    return store_finish(s, q, "storing an incident", err);
}

bool store_put_event(struct store *s, struct incident_event *e, struct error *err)
{
    bool own;
    if (!store_begin_own(s, &own, err))
        return false;
    bool good = put_event_row(s, e, err) && put_incident_row(s, e, err);
    return store_end_own(s, own, good, err);
}

struct event_reader {
    store_event_function *each;
    void *argument;
};

static bool event_row(struct store *s, sqlite3_stmt *q, void *argument, struct error *err)
{
    struct event_reader *r = argument;
    struct incident_event e;
    json_t *json = store_column_json(s, q, 1, err);
    bool good = json != NULL && incident_event_parse(json, &e, err);
    json_decref(json);
    if (!good)
        return store_skip_damaged(s, err);
    e.sequence = sqlite3_column_int64(q, 0);
    bool more = r->each(r->argument, &e);
    incident_fini(&e.incident);
    return more;
}

bool store_events(struct store *s, const char *id, store_event_function *each, void *argument,
                  struct error *err)
{
    sqlite3_stmt *q = store_prepare(
            s, "SELECT sequence, doc FROM events WHERE incident = ? ORDER BY sequence", err);
    if (q == NULL)
        return false;
    struct event_reader r = {each, argument};
    sqlite3_bind_text(q, 1, id, -1, SQLITE_TRANSIENT);
    return store_each_row(s, q, event_row, &r, err);
}

bool store_incidents(struct store *s, int64_t from_s, int64_t to_s, store_event_function *each,
                     void *argument, struct error *err)
{
    sqlite3_stmt *q =
            store_prepare(s,
                          "SELECT e.sequence, e.doc FROM incidents AS i JOIN events AS e"
                          " ON e.sequence = i.last"
                          " WHERE i.began < ?2 AND (i.closed = 0 OR i.closed >= ?1)"
                          " ORDER BY i.began DESC, i.id DESC",
                          err);
    if (q == NULL)
        return false;
    struct event_reader r = {each, argument};
    sqlite3_bind_int64(q, 1, from_s);
    sqlite3_bind_int64(q, 2, to_s);
    return store_each_row(s, q, event_row, &r, err);
}

static bool note_row(struct store *s, sqlite3_stmt *q, void *argument, struct error *err)
{
    (void)s;
    (void)q;
    (void)err;
    *(bool *)argument = true;
    return true;
}

bool store_is_closed(struct store *s, const char *id, int64_t before_s, bool *is,
                     struct error *err)
{
    sqlite3_stmt *q = store_prepare(
            s, "SELECT 1 FROM incidents WHERE id = ? AND closed > 0 AND closed < ?", err);
    *is = false;
    if (q == NULL)
        return false;
    sqlite3_bind_text(q, 1, id, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int64(q, 2, before_s);
    return store_each_row(s, q, note_row, is, err);
}

bool store_untold(struct store *s, unsigned channel, store_event_function *each, void *argument,
                  struct error *err)
{
    sqlite3_stmt *q = store_prepare(
            s, "SELECT sequence, doc FROM events WHERE told & ? = 0 ORDER BY sequence", err);
    if (q == NULL)
        return false;
    struct event_reader r = {each, argument};
    sqlite3_bind_int64(q, 1, channel);
    return store_each_row(s, q, event_row, &r, err);
}

bool store_told(struct store *s, int64_t sequence, unsigned channel, struct error *err)
{
    sqlite3_stmt *q =
            store_prepare(s, "UPDATE events SET told = told | ? WHERE sequence = ?", err);
    if (q == NULL)
        return false;
    sqlite3_bind_int64(q, 1, channel);
    sqlite3_bind_int64(q, 2, sequence);
    return store_finish(s, q, "noting what was told", err);
}

static bool take_sequence(struct store *s, sqlite3_stmt *q, void *argument, struct error *err)
{
    (void)s, (void)err;
    *(int64_t *)argument = sqlite3_column_int64(q, 0);
    return true;
}

bool store_newest_event(struct store *s, int64_t *sequence, struct error *err)
{
    *sequence = 0;
    sqlite3_stmt *q = store_prepare(s, "SELECT coalesce(max(sequence), 0) FROM events", err);
    return q != NULL && store_each_row(s, q, take_sequence, sequence, err);
}

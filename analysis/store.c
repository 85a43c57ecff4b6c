/* SPDX-License-Identifier: MIT */
#include "analysis/store.h"

#include "analysis/store_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BUSY_MS = 10000, /* another process writes: wait so long for its transaction */
    SCHEMA = 2,      /* PRAGMA user_version; 1: hours had no junk */
    STATE_MODE = 0750,
};

static const char schema[] =
        "BEGIN IMMEDIATE;"
        "CREATE TABLE IF NOT EXISTS minutes (start INTEGER PRIMARY KEY,"
        " doc TEXT NOT NULL CHECK (json_valid(doc))) STRICT;"
        "CREATE TABLE IF NOT EXISTS hours (start INTEGER NOT NULL, prefix INTEGER NOT NULL,"
        " queries INTEGER NOT NULL, hosts INTEGER NOT NULL, junk INTEGER,"
        " PRIMARY KEY (start, prefix)) STRICT, WITHOUT ROWID;"
        "CREATE TABLE IF NOT EXISTS hours_stored (start INTEGER PRIMARY KEY) STRICT;"
        "CREATE TABLE IF NOT EXISTS events (sequence INTEGER PRIMARY KEY AUTOINCREMENT,"
        " incident TEXT NOT NULL, time INTEGER NOT NULL, told INTEGER NOT NULL DEFAULT 0,"
        " doc TEXT NOT NULL CHECK (json_valid(doc))) STRICT;"
        "CREATE INDEX IF NOT EXISTS events_by_incident ON events (incident, sequence);"
        "CREATE TABLE IF NOT EXISTS incidents (id TEXT PRIMARY KEY, began INTEGER NOT NULL,"
        " closed INTEGER NOT NULL, last INTEGER NOT NULL REFERENCES events) STRICT;"
        "CREATE TABLE IF NOT EXISTS learned (name TEXT PRIMARY KEY, time INTEGER NOT NULL,"
        " doc TEXT NOT NULL CHECK (json_valid(doc))) STRICT;"
        "PRAGMA user_version = 2;"
        "COMMIT;";

/* What hours of version 1 lack; NULL: not known. */
static const char junk_added[] = "BEGIN IMMEDIATE;"
                                 "ALTER TABLE hours ADD COLUMN junk INTEGER;"
                                 "PRAGMA user_version = 2;"
                                 "COMMIT;";

struct store {
    sqlite3 *db;
    char *path;
    int lock;    /* held by the one writer; -1 */
    int version; /* of its form, when it was opened; 0: empty */
    bool in_transaction;
    uint64_t damaged;
};

sqlite3 *store_database(struct store *s)
{
    return s->db;
}

static bool fail(struct store *s, const char *doing, struct error *err)
{
    return error_set(err, "%s: %s: %s", s->path, doing, sqlite3_errmsg(s->db));
}

static bool run(struct store *s, const char *sql, const char *doing, struct error *err)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK || fail(s, doing, err);
}

/* NULL: see err. */
static sqlite3_stmt *prepare(struct store *s, const char *sql, struct error *err)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(s->db, sql, -1, &statement, NULL) != SQLITE_OK)
        fail(s, "asking", err);
    return statement;
}

/* Of `h`, the hours in today's form. */
static sqlite3_stmt *prepare_hours(struct store *s, const char *sql, struct error *err)
{
    char text[512];
    (void)snprintf(text, sizeof text,
                   "WITH h AS (SELECT start, prefix, queries, hosts, %s FROM hours) %s",
                   s->version == 1 ? "NULL AS junk" : "junk", sql);
    return prepare(s, text, err);
}

/* Runs a statement that returns no rows, and ends it. */
static bool finish(struct store *s, sqlite3_stmt *statement, const char *doing,
                   struct error *err)
{
    bool done = sqlite3_step(statement) == SQLITE_DONE || fail(s, doing, err);
    sqlite3_finalize(statement);
    return done;
}

static bool check_version(struct store *s, struct error *err)
{
    sqlite3_stmt *q = prepare(s, "PRAGMA user_version", err);
    if (q == NULL)
        return false;
    int version = sqlite3_step(q) == SQLITE_ROW ? sqlite3_column_int(q, 0) : -1;
    sqlite3_finalize(q); /* whose result, too, is that of the step */
    /* Without a writer, the first reader must make the files beside the database. */
    if (version < 0 && (sqlite3_errcode(s->db) & 0xff) == SQLITE_READONLY)
        return error_set(err,
                         "%s: while no rootwatch writes it, only a user who may write in its "
                         "directory can read it",
                         s->path);
    if (version < 0)
        return fail(s, "opening", err);
    if (version > SCHEMA)
        return error_set(err, "%s: written by a newer rootwatch (version %d of its form)",
                         s->path, version);
    s->version = version;
    return true;
}

/* One writer a directory, for as long as it lives: a lock that goes with the process. */
static bool take_lock(struct store *s, const char *directory, struct error *err)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/rootwatch.lock", directory);
    s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (s->lock < 0)
        return error_errno(err, "%s", path);
    if (flock(s->lock, LOCK_EX | LOCK_NB) == 0)
        return true;
    if (errno == EWOULDBLOCK) {
        error_set(err, "%s: another rootwatch uses this state directory", directory);
        return error_kind(err, ERROR_IN_USE);
    }
    return error_errno(err, "locking %s", path);
}

static bool make_directory(const char *directory, struct error *err)
{
    if (mkdir(directory, STATE_MODE) == 0 || errno == EEXIST)
        return true;
    return error_errno(err, "making the state directory %s", directory);
}

static bool open_database(struct store *s, int flags, struct error *err)
{
    if (sqlite3_open_v2(s->path, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return fail(s, "opening", err);
    sqlite3_busy_timeout(s->db, BUSY_MS);
    return check_version(s, err);
}

static bool prepare_writer(struct store *s, struct error *err)
{
    if (!run(s, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;", "opening", err))
        return false;
    if (s->version == 1 && !run(s, junk_added, "bringing it into today's form", err)) {
        store_abandon(s);
        return false;
    }
    s->version = SCHEMA;
    return run(s, schema, "preparing", err);
}

struct store *store_open(const char *directory, enum store_mode mode, struct error *err)
{
    static const int flags[] = {
            [STORE_READ] = SQLITE_OPEN_READONLY,
            [STORE_WRITE] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
            [STORE_NOTE] = SQLITE_OPEN_READWRITE,
    };
    struct store *s = calloc(1, sizeof *s);
    if (s == NULL || asprintf(&s->path, "%s/rootwatch.db", directory) < 0) {
        free(s);
        error_set(err, "no memory for the store");
        return NULL;
    }
    s->lock = -1;
    bool ready = mode != STORE_WRITE ||
                 (make_directory(directory, err) && take_lock(s, directory, err));
    if (ready && open_database(s, flags[mode], err) &&
        (mode != STORE_WRITE || prepare_writer(s, err)))
        return s;
    store_close(s);
    return NULL;
}

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    sqlite3_close_v2(s->db);
    if (s->lock >= 0)
        close(s->lock);
    free(s->path);
    free(s);
}

static bool begin(struct store *s, const char *sql, struct error *err)
{
    if (s->in_transaction)
        return error_set(err, "%s: a transaction within a transaction", s->path);
    s->in_transaction = run(s, sql, "beginning a transaction", err);
    return s->in_transaction;
}

bool store_begin(struct store *s, struct error *err)
{
    return begin(s, "BEGIN IMMEDIATE", err);
}

bool store_begin_reading(struct store *s, struct error *err)
{
    return begin(s, "BEGIN", err);
}

void store_abandon(struct store *s)
{
    s->in_transaction = false;
    sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

bool store_commit(struct store *s, struct error *err)
{
    s->in_transaction = false;
    if (run(s, "COMMIT", "committing", err))
        return true;
    store_abandon(s);
    return false;
}

/* Ends the transaction of one function: none of it stays when `good` is false. */
static bool end_own(struct store *s, bool own, bool good, struct error *err)
{
    if (!own)
        return good;
    if (good)
        return store_commit(s, err);
    store_abandon(s);
    return false;
}

/* Begins one unless the caller has. */
static bool begin_own(struct store *s, bool *own, struct error *err)
{
    *own = !s->in_transaction;
    return !*own || store_begin(s, err);
}

/* Binds the JSON as text; the text is freed by SQLite. */
static bool bind_json(struct store *s, sqlite3_stmt *q, int at, const json_t *json,
                      struct error *err)
{
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(9));
    if (text == NULL)
        return error_set(err, "%s: no memory, or a number that JSON cannot hold", s->path);
    return sqlite3_bind_text(q, at, text, -1, free) == SQLITE_OK || fail(s, "storing", err);
}

static json_t *column_json(struct store *s, sqlite3_stmt *q, int column, struct error *err)
{
    json_error_t cause;
    const char *text = (const char *)sqlite3_column_text(q, column);
    json_t *json = text == NULL ? NULL : json_loads(text, 0, &cause);
    if (json == NULL)
        error_set(err, "%s: a row that is not JSON", s->path);
    return json;
}

/* Of "start, doc". */
static bool read_minute(struct store *s, sqlite3_stmt *q, struct minute *m, struct error *err)
{
    json_t *json = column_json(s, q, 1, err);
    bool good = json != NULL && minute_parse(json, m, err);
    json_decref(json);
    return good && (m->start_s == sqlite3_column_int64(q, 0) ||
                    error_set(err, "%s: a minute in the place of another", s->path));
}

/* One bad row must not take the good ones with it. */
static bool skip_damaged(struct store *s, struct error *err)
{
    s->damaged++;
    err->text[0] = '\0';
    return true;
}

uint64_t store_damaged(const struct store *s)
{
    return s->damaged;
}

/* Adds what the store already has of the same minute, if that can be read. */
static bool add_stored(struct store *s, struct minute *m, struct error *err)
{
    sqlite3_stmt *q = prepare(s, "SELECT start, doc FROM minutes WHERE start = ?", err);
    if (q == NULL)
        return false;
    sqlite3_bind_int64(q, 1, m->start_s);
    struct minute stored;
    if (sqlite3_step(q) == SQLITE_ROW && read_minute(s, q, &stored, err)) {
        minute_add(&stored, m);
        *m = stored;
    }
    sqlite3_finalize(q);
    return true;
}

bool store_put_minute(struct store *s, const struct minute *m, struct error *err)
{
    struct minute whole = *m;
    if (!add_stored(s, &whole, err))
        return false;
    sqlite3_stmt *q = prepare(s, "INSERT OR REPLACE INTO minutes VALUES (?, ?)", err);
    if (q == NULL)
        return false;
    json_t *json = minute_json(&whole);
    sqlite3_bind_int64(q, 1, whole.start_s);
    bool bound = bind_json(s, q, 2, json, err);
    json_decref(json);
    if (bound)
        return finish(s, q, "storing a minute", err);
    sqlite3_finalize(q);
    return false;
}

/* Steps through the rows of `q` and ends it; `row` returns false to stop, with or without err.
 */
static bool each_row(struct store *s, sqlite3_stmt *q,
                     bool (*row)(struct store *s, sqlite3_stmt *q, void *argument,
                                 struct error *err),
                     void *argument, struct error *err)
{
    int result;
    err->text[0] = '\0';
    while ((result = sqlite3_step(q)) == SQLITE_ROW)
        if (!row(s, q, argument, err))
            break;
    if (result != SQLITE_ROW && result != SQLITE_DONE)
        fail(s, "reading", err);
    sqlite3_finalize(q);
    return err->text[0] == '\0';
}

struct minute_reader {
    store_minute_function *each;
    void *argument;
};

static bool minute_row(struct store *s, sqlite3_stmt *q, void *argument, struct error *err)
{
    struct minute_reader *r = argument;
    struct minute m;
    if (!read_minute(s, q, &m, err))
        return skip_damaged(s, err);
    return r->each(r->argument, &m);
}

bool store_minutes(struct store *s, int64_t from_s, int64_t to_s, store_minute_function *each,
                   void *argument, struct error *err)
{
    sqlite3_stmt *q = prepare(
            s, "SELECT start, doc FROM minutes WHERE start >= ? AND start < ? ORDER BY start",
            err);
    if (q == NULL)
        return false;
    struct minute_reader r = {each, argument};
    sqlite3_bind_int64(q, 1, from_s);
    sqlite3_bind_int64(q, 2, to_s);
    return each_row(s, q, minute_row, &r, err);
}

/* `sql` asks for a first and a last time. */
static bool span(struct store *s, const char *sql, int64_t *first_s, int64_t *last_s,
                 struct error *err)
{
    err->text[0] = '\0';
    sqlite3_stmt *q = prepare(s, sql, err);
    if (q == NULL)
        return false;
    bool any = sqlite3_step(q) == SQLITE_ROW && sqlite3_column_type(q, 0) != SQLITE_NULL;
    *first_s = sqlite3_column_int64(q, 0);
    *last_s = sqlite3_column_int64(q, 1);
    sqlite3_finalize(q);
    return any;
}

bool store_span(struct store *s, int64_t *first_s, int64_t *last_s, struct error *err)
{
    return span(s, "SELECT min(start), max(start) FROM minutes", first_s, last_s, err);
}

bool store_hours_span(struct store *s, int64_t *first_s, int64_t *last_s, struct error *err)
{
    return span(s, "SELECT min(start), max(start) FROM hours_stored", first_s, last_s, err);
}

static int by_prefix(const void *a, const void *b)
{
    int64_t p = (int64_t)((const struct store_hour_row *)a)->prefix.bits;
    int64_t q = (int64_t)((const struct store_hour_row *)b)->prefix.bits;
    return (p > q) - (p < q); /* as SQLite orders them */
}

struct store_hour_row *store_hour_rows(const struct prefix_counts *counts, uint32_t floor,
                                       size_t *rows)
{
    uint32_t count;
    const struct prefix_record *record = prefix_counts_records(counts, &count);
    struct store_hour_row *list = malloc((count + 1) * sizeof *list);
    if (list == NULL)
        return NULL;
    *rows = 0;
    for (uint32_t i = 0; i < count; i++)
        if (record[i].queries > 0 && record[i].queries >= floor)
            list[(*rows)++] =
                    (struct store_hour_row){record[i].prefix, record[i].queries,
                                            prefix_record_hosts(&record[i]), record[i].junk};
    qsort(list, *rows, sizeof *list, by_prefix);
    return list;
}

static bool put_rows(struct store *s, int64_t hour_s, const struct store_hour_row *row,
                     size_t rows, struct error *err)
{
    sqlite3_stmt *q = prepare(s,
                              "INSERT INTO hours (start, prefix, queries, hosts, junk)"
                              " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                              " queries = queries + excluded.queries,"
                              " hosts = max(hosts, excluded.hosts),"
                              " junk = junk + excluded.junk",
                              err);
    if (q == NULL)
        return false;
    bool good = true;
    for (size_t i = 0; good && i < rows; i++) {
        sqlite3_bind_int64(q, 1, hour_s);
        sqlite3_bind_int64(q, 2, (int64_t)row[i].prefix.bits);
        sqlite3_bind_int64(q, 3, row[i].queries);
        sqlite3_bind_int64(q, 4, row[i].hosts);
        sqlite3_bind_int64(q, 5, row[i].junk);
        good = sqlite3_step(q) == SQLITE_DONE || fail(s, "storing an hour", err);
        sqlite3_reset(q);
    }
    sqlite3_finalize(q);
    return good;
}

static bool note_hour(struct store *s, int64_t hour_s, struct error *err)
{
    sqlite3_stmt *q = prepare(s, "INSERT OR IGNORE INTO hours_stored VALUES (?)", err);
    if (q == NULL)
        return false;
    sqlite3_bind_int64(q, 1, hour_s);
    return finish(s, q, "storing an hour", err);
}

bool store_put_hour(struct store *s, int64_t hour_s, const struct store_hour_row *row,
                    size_t rows, struct error *err)
{
    bool own;
    if (!begin_own(s, &own, err))
        return false;
    bool good = put_rows(s, hour_s, row, rows, err) && note_hour(s, hour_s, err);
    return end_own(s, own, good, err);
}

int store_leading(struct store *s, int64_t from_s, int64_t to_s, struct store_rank *rank,
                  unsigned most, struct error *err)
{
    sqlite3_stmt *q = prepare_hours(s,
                                    "SELECT prefix, sum(queries), max(hosts),"
                                    " sum(iif(junk IS NULL, 0, queries)), total(junk) FROM h"
                                    " WHERE start >= ? AND start < ? GROUP BY prefix"
                                    " ORDER BY 2 DESC, prefix LIMIT ?",
                                    err);
    if (q == NULL)
        return -1;
    sqlite3_bind_int64(q, 1, from_s);
    sqlite3_bind_int64(q, 2, to_s);
    sqlite3_bind_int64(q, 3, most);
    int count = 0;
    int result;
    while ((result = sqlite3_step(q)) == SQLITE_ROW && (unsigned)count < most)
        rank[count++] = (struct store_rank){
                .prefix = {(uint64_t)sqlite3_column_int64(q, 0)},
                .queries = (uint64_t)sqlite3_column_int64(q, 1),
                .hosts = (uint32_t)sqlite3_column_int64(q, 2),
                .judged = (uint64_t)sqlite3_column_int64(q, 3),
                .junk = (uint64_t)sqlite3_column_int64(q, 4),
        };
    if (result != SQLITE_DONE && result != SQLITE_ROW) {
        fail(s, "ranking", err);
        count = -1;
    }
    sqlite3_finalize(q);
    return count;
}

struct hour_reader {
    store_hour_function *each;
    void *argument;
};

static bool hour_row(struct store *s, sqlite3_stmt *q, void *argument, struct error *err)
{
    (void)s;
    (void)err;
    struct hour_reader *r = argument;
    return r->each(r->argument, sqlite3_column_int64(q, 0),
                   (uint64_t)sqlite3_column_int64(q, 1));
}

bool store_prefix_hours(struct store *s, struct prefix p, int64_t from_s, int64_t to_s,
                        store_hour_function *each, void *argument, struct error *err)
{
    sqlite3_stmt *q = prepare(s,
                              "SELECT h.start, h.queries FROM hours_stored AS d JOIN hours AS h"
                              " ON h.start = d.start AND h.prefix = ?"
                              " WHERE d.start >= ? AND d.start < ? ORDER BY d.start",
                              err);
    if (q == NULL)
        return false;
    struct hour_reader r = {each, argument};
    sqlite3_bind_int64(q, 1, (int64_t)p.bits);
    sqlite3_bind_int64(q, 2, from_s);
    sqlite3_bind_int64(q, 3, to_s);
    return each_row(s, q, hour_row, &r, err);
}

bool store_hours(struct store *s, int64_t from_s, int64_t to_s, store_hour_function *each,
                 void *argument, struct error *err)
{
    sqlite3_stmt *q = prepare(s,
                              "SELECT d.start, (SELECT coalesce(sum(h.queries), 0)"
                              " FROM hours AS h WHERE h.start = d.start)"
                              " FROM hours_stored AS d"
                              " WHERE d.start >= ? AND d.start < ? ORDER BY d.start",
                              err);
    if (q == NULL)
        return false;
    struct hour_reader r = {each, argument};
    sqlite3_bind_int64(q, 1, from_s);
    sqlite3_bind_int64(q, 2, to_s);
    return each_row(s, q, hour_row, &r, err);
}

struct sum_reader {
    store_sum_function *each;
    void *argument;
};

static bool sum_row(struct store *s, sqlite3_stmt *q, void *argument, struct error *err)
{
    (void)s;
    (void)err;
    struct sum_reader *r = argument;
    const struct store_sum sum = {
            .prefix = {(uint64_t)sqlite3_column_int64(q, 0)},
            .queries = (uint64_t)sqlite3_column_int64(q, 1),
            .before = (uint64_t)sqlite3_column_int64(q, 2),
            .judged = (uint64_t)sqlite3_column_int64(q, 3),
            .junk = (uint64_t)sqlite3_column_int64(q, 4),
    };
    return r->each(r->argument, &sum);
}

bool store_sums(struct store *s, int64_t before_s, int64_t from_s, int64_t to_s,
                store_sum_function *each, void *argument, struct error *err)
{
    sqlite3_stmt *q = prepare_hours(s,
                                    "SELECT prefix, sum(iif(start >= ?2, queries, 0)),"
                                    " sum(iif(start < ?2, queries, 0)),"
                                    " sum(iif(start >= ?2 AND junk IS NOT NULL, queries, 0)),"
                                    " total(iif(start >= ?2, junk, 0)) FROM h"
                                    " WHERE start >= ?1 AND start < ?3 GROUP BY prefix",
                                    err);
    if (q == NULL)
        return false;
    struct sum_reader r = {each, argument};
    sqlite3_bind_int64(q, 1, before_s);
    sqlite3_bind_int64(q, 2, from_s);
    sqlite3_bind_int64(q, 3, to_s);
    return each_row(s, q, sum_row, &r, err);
}

bool store_has_hour(struct store *s, int64_t hour_s)
{
    struct error ignored;
    sqlite3_stmt *q = prepare(s, "SELECT 1 FROM hours_stored WHERE start = ?", &ignored);
    if (q == NULL)
        return false;
    sqlite3_bind_int64(q, 1, hour_s);
    bool there = sqlite3_step(q) == SQLITE_ROW;
    sqlite3_finalize(q);
    return there;
}

static bool put_event_row(struct store *s, struct incident_event *e, struct error *err)
{
    sqlite3_stmt *q =
            prepare(s, "INSERT INTO events (incident, time, doc) VALUES (?, ?, ?)", err);
    if (q == NULL)
        return false;
    json_t *json = incident_event_json(e);
    sqlite3_bind_text(q, 1, e->incident.id, -1, SQLITE_STATIC);
    sqlite3_bind_int64(q, 2, e->time_s);
    bool bound = bind_json(s, q, 3, json, err);
    json_decref(json);
    if (!bound) {
        sqlite3_finalize(q);
        return false;
    }
    if (!finish(s, q, "storing an event", err))
        return false;
    e->sequence = sqlite3_last_insert_rowid(s->db);
    return true;
}

static bool put_incident_row(struct store *s, const struct incident_event *e, struct error *err)
{
    sqlite3_stmt *q = prepare(s, "INSERT OR REPLACE INTO incidents VALUES (?, ?, ?, ?)", err);
    if (q == NULL)
        return false;
    sqlite3_bind_text(q, 1, e->incident.id, -1, SQLITE_STATIC);
    sqlite3_bind_int64(q, 2, e->incident.began_s);
    sqlite3_bind_int64(q, 3, e->incident.closed_s);
    sqlite3_bind_int64(q, 4, e->sequence);
    return finish(s, q, "storing an incident", err);
}

bool store_put_event(struct store *s, struct incident_event *e, struct error *err)
{
    bool own;
    if (!begin_own(s, &own, err))
        return false;
    bool good = put_event_row(s, e, err) && put_incident_row(s, e, err);
    return end_own(s, own, good, err);
}

struct event_reader {
    store_event_function *each;
    void *argument;
};

static bool event_row(struct store *s, sqlite3_stmt *q, void *argument, struct error *err)
{
    struct event_reader *r = argument;
    struct incident_event e;
    json_t *json = column_json(s, q, 1, err);
    bool good = json != NULL && incident_event_parse(json, &e, err);
    json_decref(json);
    if (!good)
        return skip_damaged(s, err);
    e.sequence = sqlite3_column_int64(q, 0);
    bool more = r->each(r->argument, &e);
    incident_fini(&e.incident);
    return more;
}

bool store_events(struct store *s, const char *id, store_event_function *each, void *argument,
                  struct error *err)
{
    sqlite3_stmt *q = prepare(
            s, "SELECT sequence, doc FROM events WHERE incident = ? ORDER BY sequence", err);
    if (q == NULL)
        return false;
    struct event_reader r = {each, argument};
    sqlite3_bind_text(q, 1, id, -1, SQLITE_TRANSIENT);
    return each_row(s, q, event_row, &r, err);
}

bool store_incidents(struct store *s, int64_t from_s, int64_t to_s, store_event_function *each,
                     void *argument, struct error *err)
{
    sqlite3_stmt *q = prepare(s,
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
    return each_row(s, q, event_row, &r, err);
}

bool store_untold(struct store *s, unsigned channel, store_event_function *each, void *argument,
                  struct error *err)
{
    sqlite3_stmt *q = prepare(
            s, "SELECT sequence, doc FROM events WHERE told & ? = 0 ORDER BY sequence", err);
    if (q == NULL)
        return false;
    struct event_reader r = {each, argument};
    sqlite3_bind_int64(q, 1, channel);
    return each_row(s, q, event_row, &r, err);
}

bool store_told(struct store *s, int64_t sequence, unsigned channel, struct error *err)
{
    sqlite3_stmt *q = prepare(s, "UPDATE events SET told = told | ? WHERE sequence = ?", err);
    if (q == NULL)
        return false;
    sqlite3_bind_int64(q, 1, channel);
    sqlite3_bind_int64(q, 2, sequence);
    return finish(s, q, "noting what was told", err);
}

bool store_put_learned(struct store *s, const char *name, int64_t time_s, const json_t *learned,
                       struct error *err)
{
    sqlite3_stmt *q = prepare(s, "INSERT OR REPLACE INTO learned VALUES (?, ?, ?)", err);
    if (q == NULL)
        return false;
    sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(q, 2, time_s);
    if (bind_json(s, q, 3, learned, err))
        return finish(s, q, "storing what was learned", err);
    sqlite3_finalize(q);
    return false;
}

json_t *store_learned(struct store *s, const char *name, int64_t *time_s, struct error *err)
{
    err->text[0] = '\0';
    sqlite3_stmt *q = prepare(s, "SELECT time, doc FROM learned WHERE name = ?", err);
    if (q == NULL)
        return NULL;
    json_t *json = NULL;
    sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
    if (sqlite3_step(q) == SQLITE_ROW) {
        *time_s = sqlite3_column_int64(q, 0);
        json = column_json(s, q, 1, err);
    }
    sqlite3_finalize(q);
    return json;
}

static bool forget(struct store *s, const char *sql, int64_t before_s, struct error *err)
{
    sqlite3_stmt *q = prepare(s, sql, err);
    if (q == NULL)
        return false;
    sqlite3_bind_int64(q, 1, before_s);
    return finish(s, q, "forgetting what is old", err);
}

bool store_forget(struct store *s, int64_t minutes_before_s, int64_t hours_before_s,
                  struct error *err)
{
    bool own;
    if (!begin_own(s, &own, err))
        return false;
    bool good = forget(s,
                       "DELETE FROM minutes WHERE start IN (SELECT start FROM minutes"
                       " WHERE start < ? ORDER BY start LIMIT 1440)",
                       minutes_before_s, err) &&
                forget(s,
                       "DELETE FROM hours WHERE start IN (SELECT start FROM hours_stored"
                       " WHERE start < ? ORDER BY start LIMIT 24)",
                       hours_before_s, err) &&
                forget(s,
                       "DELETE FROM hours_stored WHERE start IN (SELECT start FROM hours_stored"
                       " WHERE start < ? ORDER BY start LIMIT 24)",
                       hours_before_s, err);
    return end_own(s, own, good, err);
}

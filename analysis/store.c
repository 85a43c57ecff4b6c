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
    /* PRAGMA user_version; 1: hours had no junk; 2: no names; 3: none went on; 4: nothing of
     * RSSAC002. */
    SCHEMA = 5,
    STATE_MODE = 0750,
    ESCAPE_BYTES = sizeof "\\000",
};

static const char schema[] =
        "BEGIN IMMEDIATE;"
        "CREATE TABLE IF NOT EXISTS minutes (start INTEGER PRIMARY KEY,"
        " doc TEXT NOT NULL CHECK (json_valid(doc))) STRICT;"
        "CREATE TABLE IF NOT EXISTS hours (start INTEGER NOT NULL, prefix INTEGER NOT NULL,"
        " queries INTEGER NOT NULL, hosts INTEGER NOT NULL, junk INTEGER,"
        " PRIMARY KEY (start, prefix)) STRICT, WITHOUT ROWID;"
        "CREATE TABLE IF NOT EXISTS hours_stored (start INTEGER PRIMARY KEY) STRICT;"
        "CREATE TABLE IF NOT EXISTS hour_names (kind INTEGER NOT NULL, start INTEGER NOT NULL,"
        " name BLOB NOT NULL CHECK (length(name) BETWEEN 1 AND 255),"
        " queries INTEGER NOT NULL, error INTEGER NOT NULL, missed INTEGER NOT NULL,"
        " PRIMARY KEY (kind, start, name)) STRICT, WITHOUT ROWID;"
        "CREATE TABLE IF NOT EXISTS hour_names_stored (kind INTEGER NOT NULL,"
        " start INTEGER NOT NULL, queries INTEGER NOT NULL, lost INTEGER NOT NULL,"
        " absent INTEGER NOT NULL, PRIMARY KEY (kind, start)) STRICT, WITHOUT ROWID;"
        "CREATE TABLE IF NOT EXISTS events (sequence INTEGER PRIMARY KEY AUTOINCREMENT,"
        " incident TEXT NOT NULL, time INTEGER NOT NULL, told INTEGER NOT NULL DEFAULT 0,"
        " doc TEXT NOT NULL CHECK (json_valid(doc))) STRICT;"
        "CREATE INDEX IF NOT EXISTS events_by_incident ON events (incident, sequence);"
        "CREATE TABLE IF NOT EXISTS incidents (id TEXT PRIMARY KEY, began INTEGER NOT NULL,"
        " closed INTEGER NOT NULL, last INTEGER NOT NULL REFERENCES events) STRICT;"
        "CREATE TABLE IF NOT EXISTS learned (name TEXT PRIMARY KEY, time INTEGER NOT NULL,"
        " doc TEXT NOT NULL CHECK (json_valid(doc))) STRICT;"
        "CREATE TABLE IF NOT EXISTS hours_going (start INTEGER PRIMARY KEY,"
        " doc BLOB NOT NULL) STRICT;"
        "CREATE TABLE IF NOT EXISTS rssac002 (start INTEGER PRIMARY KEY,"
        " doc TEXT NOT NULL CHECK (json_valid(doc)), sources BLOB NOT NULL) STRICT;"
        "PRAGMA user_version = 5;"
        "COMMIT;";

/* What hours of version 1 lack; NULL: not known.  Later ones lack tables alone. */
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

int store_version(const struct store *s)
{
    return s->version;
}

/* SQLite repeats names and statements of the schema, and the database may be anybody's. */
static void escape(const char *from, char *to, size_t size)
{
    size_t used = 0;
    for (; *from != '\0' && used + ESCAPE_BYTES <= size; from++)
        if (*from >= ' ' && *from <= '~')
            to[used++] = *from;
        else
            used += (size_t)sprintf(to + used, "\\%03u", (unsigned char)*from);
    to[used] = '\0';
}

bool store_fail(struct store *s, const char *doing, struct error *err)
{
    char words[sizeof err->text];
    escape(sqlite3_errmsg(s->db), words, sizeof words);
    return error_set(err, "%s: %s: %s", s->path, doing, words);
}

static bool run(struct store *s, const char *sql, const char *doing, struct error *err)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK || store_fail(s, doing, err);
}

sqlite3_stmt *store_prepare(struct store *s, const char *sql, struct error *err)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(s->db, sql, -1, &statement, NULL) != SQLITE_OK)
        store_fail(s, "asking", err);
    return statement;
}

bool store_finish(struct store *s, sqlite3_stmt *statement, const char *doing,
                  struct error *err)
{
    bool done = sqlite3_step(statement) == SQLITE_DONE || store_fail(s, doing, err);
    sqlite3_finalize(statement);
    return done;
}

static bool check_version(struct store *s, struct error *err)
{
    sqlite3_stmt *q = store_prepare(s, "PRAGMA user_version", err);
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
        return store_fail(s, "opening", err);
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

/* It may be another site's, or of a stranger's making: what is read are tables and no more. */
static bool open_database(struct store *s, int flags, struct error *err)
{
    if (sqlite3_open_v2(s->path, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return store_fail(s, "opening", err);
    sqlite3_busy_timeout(s->db, BUSY_MS);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
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

bool store_end_own(struct store *s, bool own, bool good, struct error *err)
{
    if (!own)
        return good;
    if (good)
        return store_commit(s, err);
    store_abandon(s);
    return false;
}

bool store_begin_own(struct store *s, bool *own, struct error *err)
{
    *own = !s->in_transaction;
    return !*own || store_begin(s, err);
}

bool store_bind_json(struct store *s, sqlite3_stmt *q, int at, const json_t *json,
                     struct error *err)
{
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(9));
    if (text == NULL)
        return error_set(err, "%s: no memory, or a number that JSON cannot hold", s->path);
    return sqlite3_bind_text(q, at, text, -1, free) == SQLITE_OK ||
           store_fail(s, "storing", err);
}

json_t *store_column_json(struct store *s, sqlite3_stmt *q, int column, struct error *err)
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
    json_t *json = store_column_json(s, q, 1, err);
    bool good = json != NULL && minute_parse(json, m, err);
    json_decref(json);
    return good && (m->start_s == sqlite3_column_int64(q, 0) ||
                    error_set(err, "%s: a minute in the place of another", s->path));
}

bool store_skip_damaged(struct store *s, struct error *err)
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
    sqlite3_stmt *q = store_prepare(s, "SELECT start, doc FROM minutes WHERE start = ?", err);
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
    sqlite3_stmt *q = store_prepare(s, "INSERT OR REPLACE INTO minutes VALUES (?, ?)", err);
    if (q == NULL)
        return false;
    json_t *json = minute_json(&whole);
    sqlite3_bind_int64(q, 1, whole.start_s);
    bool bound = store_bind_json(s, q, 2, json, err);
    json_decref(json);
    if (bound)
        return store_finish(s, q, "storing a minute", err);
    sqlite3_finalize(q);
    return false;
}

bool store_each_row(struct store *s, sqlite3_stmt *q, store_row_function *row, void *argument,
                    struct error *err)
{
    int result;
    err->text[0] = '\0';
    while ((result = sqlite3_step(q)) == SQLITE_ROW)
        if (!row(s, q, argument, err))
            break;
    if (result != SQLITE_ROW && result != SQLITE_DONE)
        store_fail(s, "reading", err);
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
        return store_skip_damaged(s, err);
    return r->each(r->argument, &m);
}

bool store_minutes(struct store *s, int64_t from_s, int64_t to_s, store_minute_function *each,
                   void *argument, struct error *err)
{
    sqlite3_stmt *q = store_prepare(
            s, "SELECT start, doc FROM minutes WHERE start >= ? AND start < ? ORDER BY start",
            err);
    if (q == NULL)
        return false;
    struct minute_reader r = {each, argument};
    sqlite3_bind_int64(q, 1, from_s);
    sqlite3_bind_int64(q, 2, to_s);
    return store_each_row(s, q, minute_row, &r, err);
}

bool store_read_span(struct store *s, const char *sql, int64_t *first_s, int64_t *last_s,
                     struct error *err)
{
    err->text[0] = '\0';
    sqlite3_stmt *q = store_prepare(s, sql, err);
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
    return store_read_span(s, "SELECT min(start), max(start) FROM minutes", first_s, last_s,
                           err);
}

bool store_put_learned(struct store *s, const char *name, int64_t time_s, const json_t *learned,
                       struct error *err)
{
    sqlite3_stmt *q = store_prepare(s, "INSERT OR REPLACE INTO learned VALUES (?, ?, ?)", err);
    if (q == NULL)
        return false;
    sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(q, 2, time_s);
    if (store_bind_json(s, q, 3, learned, err))
        return store_finish(s, q, "storing what was learned", err);
    sqlite3_finalize(q);
    return false;
}

json_t *store_learned(struct store *s, const char *name, int64_t *time_s, struct error *err)
{
    err->text[0] = '\0';
    sqlite3_stmt *q = store_prepare(s, "SELECT time, doc FROM learned WHERE name = ?", err);
    if (q == NULL)
        return NULL;
    json_t *json = NULL;
    sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
    if (sqlite3_step(q) == SQLITE_ROW) {
        *time_s = sqlite3_column_int64(q, 0);
        json = store_column_json(s, q, 1, err);
    }
    sqlite3_finalize(q);
    return json;
}

static bool forget(struct store *s, const char *sql, int64_t before_s, struct error *err)
{
    sqlite3_stmt *q = store_prepare(s, sql, err);
    if (q == NULL)
        return false;
    sqlite3_bind_int64(q, 1, before_s);
    return store_finish(s, q, "forgetting what is old", err);
}

bool store_forget(struct store *s, int64_t minutes_before_s, int64_t hours_before_s,
                  struct error *err)
{
    bool own;
    if (!store_begin_own(s, &own, err))
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
                       hours_before_s, err) &&
                store_forget_names(s, hours_before_s, err);
    return store_end_own(s, own, good, err);
}

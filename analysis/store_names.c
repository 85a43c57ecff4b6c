/* SPDX-License-Identifier: MIT */
#include "analysis/store_names.h"

#include "analysis/store_inside.h"

#include <stdlib.h>
#include <string.h>

enum { NAMES_SINCE = 3 }; /* of the database's forms: the first with these tables */

/* ---- What is put ----------------------------------------------------------------------- */

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void fill_rows(struct store_names *to, const struct name_count *leading, uint64_t unseen)
{
    uint8_t *octets = (uint8_t *)&to->row[to->rows];
    for (size_t i = 0; i < to->rows; i++) {
        const struct name_count *c = &leading[i];
        memcpy(octets, c->name, c->name_bytes);
        to->row[i] = (struct store_name){octets, c->name_bytes, c->queries, c->error, unseen};
        octets += c->name_bytes;
    }
}

struct store_names *store_names_create(const struct names *n, uint64_t queries, unsigned most)
{
    struct name_count *leading = malloc((most + 1) * sizeof *leading);
    struct store_names *to = NULL;
    if (leading == NULL)
        return NULL;
    unsigned found = names_leading(n, leading, most + 1); /* one more bounds all others */
    size_t rows = found < most ? found : most;
    size_t octets = 0;
    for (size_t i = 0; i < rows; i++)
        octets += leading[i].name_bytes;
    to = malloc(sizeof *to + rows * sizeof *to->row + octets);
    if (to != NULL) {
        uint64_t next = found > most ? leading[most].queries : 0;
        *to = (struct store_names){
                .queries = queries,
                .lost = names_lost(n),
                .absent = larger(names_absent(n), next + names_unseen(n)),
                .most = most,
                .rows = rows,
        };
        fill_rows(to, leading, names_unseen(n));
    }
    free(leading);
    return to;
}

void store_names_free(struct store_names *names)
{
    free(names);
}

/* ---- Putting --------------------------------------------------------------------------- */

struct place {
    struct store *store;
    enum store_names_kind kind;
    int64_t hour_s;
};

/* With kind and hour as ?1 and ?2. */
static sqlite3_stmt *prepare_at(const struct place *p, const char *sql, struct error *err)
{
    sqlite3_stmt *q = store_prepare(p->store, sql, err);
    if (q != NULL) {
        sqlite3_bind_int64(q, 1, p->kind);
        sqlite3_bind_int64(q, 2, p->hour_s);
    }
    return q;
}

static bool run_at(const struct place *p, const char *sql, uint64_t number, struct error *err)
{
    sqlite3_stmt *q = prepare_at(p, sql, err);
    if (q == NULL)
        return false;
    sqlite3_bind_int64(q, 3, (int64_t)number);
    return store_finish(p->store, q, "storing names", err);
}

/* One number, 0 where there is none. */
static bool ask_at(const struct place *p, const char *sql, uint64_t limit, uint64_t *answer,
                   struct error *err)
{
    sqlite3_stmt *q = prepare_at(p, sql, err);
    if (q == NULL)
        return false;
    if (sqlite3_bind_parameter_count(q) > 2)
        sqlite3_bind_int64(q, 3, (int64_t)limit);
    int result = sqlite3_step(q);
    *answer = result == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(q, 0) : 0;
    sqlite3_finalize(q);
    return result == SQLITE_ROW || result == SQLITE_DONE ||
           store_fail(p->store, "reading names", err);
}

/*
 * Of a name that only one part of an hour has in a row, the other part may have had as much as
 * of any other: so all old rows are raised by that first, and those met again lowered.
 */
static bool put_rows(const struct place *p, const struct store_names *names, uint64_t absent,
                     struct error *err)
{
    sqlite3_stmt *q =
            prepare_at(p,
                       "INSERT INTO hour_names (kind, start, name, queries, error, missed)"
                       " VALUES (?1, ?2, ?3, ?4, ?5, ?6 + ?7) ON CONFLICT DO UPDATE SET"
                       " queries = queries + excluded.queries, error = error + excluded.error,"
                       " missed = missed - ?8 + ?6",
                       err);
    bool good = q != NULL;
    for (size_t i = 0; good && i < names->rows; i++) {
        const struct store_name *row = &names->row[i];
        sqlite3_bind_blob(q, 3, row->name, row->name_bytes, SQLITE_STATIC);
        sqlite3_bind_int64(q, 4, (int64_t)row->queries);
        sqlite3_bind_int64(q, 5, (int64_t)row->error);
        sqlite3_bind_int64(q, 6, (int64_t)row->missed);
        sqlite3_bind_int64(q, 7, (int64_t)absent);
        sqlite3_bind_int64(q, 8, (int64_t)names->absent);
        good = sqlite3_step(q) == SQLITE_DONE || store_fail(p->store, "storing names", err);
        sqlite3_reset(q);
    }
    sqlite3_finalize(q);
    return good;
}

static bool put_hour(const struct place *p, const struct store_names *names, struct error *err)
{
    sqlite3_stmt *q =
            prepare_at(p,
                       "INSERT INTO hour_names_stored (kind, start, queries, lost, absent)"
                       " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET"
                       " queries = queries + excluded.queries, lost = lost + excluded.lost,"
                       " absent = absent + excluded.absent",
                       err);
    if (q == NULL)
        return false;
    sqlite3_bind_int64(q, 3, (int64_t)names->queries);
    sqlite3_bind_int64(q, 4, (int64_t)names->lost);
    sqlite3_bind_int64(q, 5, (int64_t)names->absent);
    return store_finish(p->store, q, "storing names", err);
}

/* Those behind the leading are names as any other from now on. */
static bool prune(const struct place *p, size_t most, struct error *err)
{
    uint64_t absent;
    return ask_at(p,
                  "SELECT max(truth) FROM (SELECT queries + missed AS truth FROM hour_names"
                  " WHERE kind = ?1 AND start = ?2 ORDER BY queries DESC, name"
                  " LIMIT -1 OFFSET ?3)",
                  most, &absent, err) &&
           run_at(p,
                  "DELETE FROM hour_names WHERE kind = ?1 AND start = ?2 AND name IN"
                  " (SELECT name FROM hour_names WHERE kind = ?1 AND start = ?2"
                  " ORDER BY queries DESC, name LIMIT -1 OFFSET ?3)",
                  most, err) &&
           run_at(p,
                  "UPDATE hour_names_stored SET absent = max(absent, ?3)"
                  " WHERE kind = ?1 AND start = ?2",
                  absent, err);
}

bool store_put_names(struct store *s, enum store_names_kind kind, int64_t hour_s,
                     const struct store_names *names, struct error *err)
{
    const struct place p = {s, kind, hour_s};
    uint64_t absent;
    bool own;
    if (!store_begin_own(s, &own, err))
        return false;
    bool good =
            ask_at(&p, "SELECT absent FROM hour_names_stored WHERE kind = ?1 AND start = ?2", 0,
                   &absent, err) &&
            run_at(&p,
                   "UPDATE hour_names SET missed = missed + ?3"
                   " WHERE kind = ?1 AND start = ?2",
                   names->absent, err) &&
            put_rows(&p, names, absent, err) && put_hour(&p, names, err) &&
            prune(&p, names->most, err);
    return store_end_own(s, own, good, err);
}

/* ---- Reading --------------------------------------------------------------------------- */

struct hour_reader {
    store_names_hour_function *each;
    void *argument;
};

static bool hour_row(struct store *s, sqlite3_stmt *q, void *argument, struct error *err)
{
    (void)s;
    (void)err;
    struct hour_reader *r = argument;
    const struct store_names_hour h = {
            .start_s = sqlite3_column_int64(q, 0),
            .queries = (uint64_t)sqlite3_column_int64(q, 1),
            .lost = (uint64_t)sqlite3_column_int64(q, 2),
            .absent = (uint64_t)sqlite3_column_int64(q, 3),
    };
    return r->each(r->argument, &h);
}

bool store_names_hours(struct store *s, enum store_names_kind kind, int64_t from_s,
                       int64_t to_s, store_names_hour_function *each, void *argument,
                       struct error *err)
{
    if (store_version(s) < NAMES_SINCE)
        return true;
    sqlite3_stmt *q = store_prepare(s,
                                    "SELECT start, queries, lost, absent FROM hour_names_stored"
                                    " WHERE kind = ? AND start >= ? AND start < ?"
                                    " ORDER BY start",
                                    err);
    if (q == NULL)
        return false;
    struct hour_reader r = {each, argument};
    sqlite3_bind_int64(q, 1, kind);
    sqlite3_bind_int64(q, 2, from_s);
    sqlite3_bind_int64(q, 3, to_s);
    return store_each_row(s, q, hour_row, &r, err);
}

bool store_names_span(struct store *s, enum store_names_kind kind, int64_t *first_s,
                      int64_t *last_s, struct error *err)
{
    err->text[0] = '\0';
    if (store_version(s) < NAMES_SINCE)
        return false;
    return store_read_span(
            s,
            kind == STORE_NAMES
                    ? "SELECT min(start), max(start) FROM hour_names_stored WHERE kind = 0"
                    : "SELECT min(start), max(start) FROM hour_names_stored WHERE kind = 1",
            first_s, last_s, err);
}

struct sums_reader {
    store_name_sums_function *each;
    void *argument;
};

static struct store_name_sum sum_at(sqlite3_stmt *q, int column)
{
    return (struct store_name_sum){
            .queries = (uint64_t)sqlite3_column_int64(q, column),
            .error = (uint64_t)sqlite3_column_int64(q, column + 1),
            .above = sqlite3_column_int64(q, column + 2),
    };
}

static bool sums_row(struct store *s, sqlite3_stmt *q, void *argument, struct error *err)
{
    struct sums_reader *r = argument;
    const uint8_t *name = sqlite3_column_blob(q, 0);
    int bytes = sqlite3_column_bytes(q, 0);
    if (bytes < 1 || bytes > MESSAGE_NAME_BYTES_MAX)
        return store_skip_damaged(s, err);
    const struct store_name_sum now = sum_at(q, 1);
    const struct store_name_sum before = sum_at(q, 4);
    return r->each(r->argument, name, (uint8_t)bytes, &now, &before);
}

bool store_name_sums(struct store *s, enum store_names_kind kind, int64_t before_s,
                     int64_t from_s, int64_t to_s, store_name_sums_function *each,
                     void *argument, struct error *err)
{
    if (store_version(s) < NAMES_SINCE)
        return true;
    sqlite3_stmt *q = store_prepare(
            s,
            "WITH h AS (SELECT name, n.start >= ?3 AS now, n.queries AS queries, error,"
            " n.queries + missed - absent AS above FROM hour_names AS n"
            " JOIN hour_names_stored AS d ON d.kind = n.kind AND d.start = n.start"
            " WHERE n.kind = ?1 AND n.start >= ?2 AND n.start < ?4)"
            " SELECT name, sum(iif(now, queries, 0)), sum(iif(now, error, 0)),"
            " sum(iif(now, above, 0)), sum(iif(now, 0, queries)), sum(iif(now, 0, error)),"
            " sum(iif(now, 0, above)) FROM h GROUP BY name",
            err);
    if (q == NULL)
        return false;
    struct sums_reader r = {each, argument};
    sqlite3_bind_int64(q, 1, kind);
    sqlite3_bind_int64(q, 2, before_s);
    sqlite3_bind_int64(q, 3, from_s);
    sqlite3_bind_int64(q, 4, to_s);
    return store_each_row(s, q, sums_row, &r, err);
}

/* ---- Forgetting ------------------------------------------------------------------------ */

bool store_forget_names(struct store *s, int64_t before_s, struct error *err)
{
    static const char *const sql[] = {
            "DELETE FROM hour_names WHERE kind IN (0, 1) AND start IN (SELECT DISTINCT start"
            " FROM hour_names_stored WHERE start < ? ORDER BY start LIMIT 24)",
            "DELETE FROM hour_names_stored WHERE start IN (SELECT DISTINCT start"
            " FROM hour_names_stored WHERE start < ? ORDER BY start LIMIT 24)"};
    for (size_t i = 0; i < sizeof sql / sizeof *sql; i++) {
        sqlite3_stmt *q = store_prepare(s, sql[i], err);
        if (q == NULL)
            return false;
        sqlite3_bind_int64(q, 1, before_s);
        if (!store_finish(s, q, "forgetting what is old", err))
            return false;
    }
    return true;
}

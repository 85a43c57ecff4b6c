/* SPDX-License-Identifier: MIT */
#include "analysis/store_inside.h"

#include <stdio.h>
#include <stdlib.h>

/* Of `h`, the hours in today's form. */
static sqlite3_stmt *prepare_hours(struct store *s, const char *sql, struct error *err)
{
    char text[512];
    (void)snprintf(text, sizeof text,
                   "WITH h AS (SELECT start, prefix, queries, hosts, %s FROM hours) %s",
                   store_version(s) == 1 ? "NULL AS junk" : "junk", sql);
    return store_prepare(s, text, err);
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
            list[(*rows)++] = (struct store_hour_row){record[i].prefix, record[i].queries,
                                                      prefix_counts_hosts(counts, &record[i]),
                                                      record[i].junk};
    return list;
}

static bool put_rows(struct store *s, int64_t hour_s, const struct store_hour_row *row,
                     size_t rows, struct error *err)
{
    sqlite3_stmt *q = store_prepare(s,
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
        good = sqlite3_step(q) == SQLITE_DONE || store_fail(s, "storing an hour", err);
        sqlite3_reset(q);
    }
    sqlite3_finalize(q);
    return good;
}

static bool note_hour(struct store *s, int64_t hour_s, struct error *err)
{
    sqlite3_stmt *q = store_prepare(s, "INSERT OR IGNORE INTO hours_stored VALUES (?)", err);
    if (q == NULL)
        return false;
    sqlite3_bind_int64(q, 1, hour_s);
    return store_finish(s, q, "storing an hour", err);
}

bool store_put_hour(struct store *s, int64_t hour_s, struct store_hour_row *row, size_t rows,
                    struct error *err)
{
    bool own;
    if (rows > 0)
        qsort(row, rows, sizeof *row, by_prefix);
    if (!store_begin_own(s, &own, err))
        return false;
    bool good = put_rows(s, hour_s, row, rows, err) && note_hour(s, hour_s, err);
    return store_end_own(s, own, good, err);
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
        store_fail(s, "ranking", err);
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
    sqlite3_stmt *q =
            store_prepare(s,
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
    return store_each_row(s, q, hour_row, &r, err);
}

bool store_hours(struct store *s, int64_t from_s, int64_t to_s, store_hour_function *each,
                 void *argument, struct error *err)
{
    sqlite3_stmt *q = store_prepare(s,
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
    return store_each_row(s, q, hour_row, &r, err);
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
    return store_each_row(s, q, sum_row, &r, err);
}

bool store_hours_span(struct store *s, int64_t *first_s, int64_t *last_s, struct error *err)
{
    return store_read_span(s, "SELECT min(start), max(start) FROM hours_stored", first_s,
                           last_s, err);
}

bool store_has_hour(struct store *s, int64_t hour_s)
{
    struct error ignored;
    sqlite3_stmt *q = store_prepare(s, "SELECT 1 FROM hours_stored WHERE start = ?", &ignored);
    if (q == NULL)
        return false;
    sqlite3_bind_int64(q, 1, hour_s);
    bool there = sqlite3_step(q) == SQLITE_ROW;
    sqlite3_finalize(q);
    return there;
}

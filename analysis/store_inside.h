/*
 * The inside of a store, for the modules that keep tables of their own in it.
 *
 * A statement belongs to who prepared it until it is given to what ends it.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/store.h"

#include <sqlite3.h>

sqlite3 *store_database(struct store *s);
/* Of the form it is in; a writer's is today's. */
int store_version(const struct store *s);

/* Says in err what SQLite says; false. */
bool store_fail(struct store *s, const char *doing, struct error *err);
/* NULL: see err. */
sqlite3_stmt *store_prepare(struct store *s, const char *sql, struct error *err);
/* Runs a statement that returns no rows, and ends it. */
bool store_finish(struct store *s, sqlite3_stmt *q, const char *doing, struct error *err);
/* Steps through the rows of `q` and ends it; `row` returns false to stop, with or without err.
 */
typedef bool store_row_function(struct store *s, sqlite3_stmt *q, void *argument,
                                struct error *err);
bool store_each_row(struct store *s, sqlite3_stmt *q, store_row_function *row, void *argument,
                    struct error *err);
/* `sql` asks for a first and a last time; see store_span(). */
bool store_read_span(struct store *s, const char *sql, int64_t *first_s, int64_t *last_s,
                     struct error *err);

/* Binds the JSON as text. */
bool store_bind_json(struct store *s, sqlite3_stmt *q, int at, const json_t *json,
                     struct error *err);
json_t *store_column_json(struct store *s, sqlite3_stmt *q, int column, struct error *err);
/* One bad row must not take the good ones with it: counts it, and takes back err. */
bool store_skip_damaged(struct store *s, struct error *err);

/* A part of store_forget(). */
bool store_forget_names(struct store *s, int64_t before_s, struct error *err);

/* A transaction of one function, unless its caller has one: of its own, none stays when
 * `good` is false. */
bool store_begin_own(struct store *s, bool *own, struct error *err);
bool store_end_own(struct store *s, bool own, bool good, struct error *err);

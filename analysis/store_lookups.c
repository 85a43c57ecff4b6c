/* SPDX-License-Identifier: MIT */
#include "analysis/store_lookups.h"

#include "analysis/store_inside.h"

#include <stdlib.h>

static const char schema[] =
        "CREATE TABLE IF NOT EXISTS lookups (incident TEXT NOT NULL, kind TEXT NOT NULL,"
        " subject TEXT NOT NULL, time INTEGER NOT NULL, due INTEGER NOT NULL,"
        " doc TEXT NOT NULL CHECK (json_valid(doc)), PRIMARY KEY (incident, kind, subject))"
        " STRICT;"
        "CREATE INDEX IF NOT EXISTS lookups_by_subject ON lookups (kind, subject, time);";

/* Not the name of a fact: who was written to. */
static const char told_kind[] = "told";

static bool fail(struct store *s, const char *doing, struct error *err)
{
    return error_set(err, "look-ups in the store: %s: %s", doing,
                     sqlite3_errmsg(store_database(s)));
}

static sqlite3_stmt *prepare(struct store *s, const char *sql, struct error *err)
{
    sqlite3_stmt *q = NULL;
    if (sqlite3_prepare_v2(store_database(s), sql, -1, &q, NULL) != SQLITE_OK)
        fail(s, "asking", err);
    return q;
}

/* False without a text: there is no such table yet. */
static bool has_table(struct store *s, struct error *err)
{
    err->text[0] = '\0';
    sqlite3_stmt *q = prepare(
            s, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'lookups'", err);
    if (q == NULL)
        return false;
    int result = sqlite3_step(q);
    if (result != SQLITE_ROW && result != SQLITE_DONE)
        fail(s, "reading", err);
    sqlite3_finalize(q);
    return result == SQLITE_ROW;
}

/* ---- Putting --------------------------------------------------------------------------- */

struct putting {
    struct store *store;
    const char *incident;
    const struct investigation *investigation;
    struct error *err;
    bool good;
};

/* The document becomes the statement's. */
static bool put_row(struct store *s, const char *incident, const char *kind,
                    const char *subject, const struct lookup *l, json_t *doc, struct error *err)
{
    char *text = doc == NULL ? NULL : json_dumps(doc, JSON_COMPACT);
    json_decref(doc);
    if (text == NULL)
        return error_set(err, "no memory for a fact about %s", subject);
    sqlite3_stmt *q =
            prepare(s, "INSERT OR REPLACE INTO lookups VALUES (?, ?, ?, ?, ?, ?)", err);
    if (q == NULL) {
        free(text);
        return false;
    }
    sqlite3_bind_text(q, 1, incident, -1, SQLITE_STATIC);
    sqlite3_bind_text(q, 2, kind, -1, SQLITE_STATIC);
    sqlite3_bind_text(q, 3, subject, -1, SQLITE_STATIC);
    sqlite3_bind_int64(q, 4, l->time_s);
    sqlite3_bind_int64(q, 5, l->due_s);
    bool good = sqlite3_bind_text(q, 6, text, -1, free) == SQLITE_OK &&
                sqlite3_step(q) == SQLITE_DONE;
    if (!good)
        fail(s, "storing", err);
    sqlite3_finalize(q);
    return good;
}

static void put_fact(void *argument, enum fact kind, const char *subject, struct lookup *l)
{
    struct putting *p = argument;
    if (p->good && l->state != LOOKUP_WAITING)
        p->good = put_row(p->store, p->incident, fact_name(kind), subject, l,
                          investigation_fact(p->investigation, kind, subject), p->err);
}

static bool put_told(struct putting *p)
{
    const struct lookup l = {.time_s = p->investigation->told_s};
    return l.time_s == 0 || put_row(p->store, p->incident, told_kind, "", &l,
                                    investigation_told_json(p->investigation), p->err);
}

bool store_put_investigation(struct store *s, const char *incident,
                             const struct investigation *v, struct error *err)
{
    struct putting p = {s, incident, v, err, true};
    if (!store_begin(s, err))
        return false;
    p.good = sqlite3_exec(store_database(s), schema, NULL, NULL, NULL) == SQLITE_OK ||
             fail(s, "making their table", err);
    if (p.good) /* walking lets one change the lookups, which this does not */
        investigation_walk((struct investigation *)v, put_fact, &p);
    if (p.good && put_told(&p))
        return store_commit(s, err);
    store_abandon(s);
    return false;
}

/* ---- Getting --------------------------------------------------------------------------- */

static json_t *row_json(sqlite3_stmt *q, int column)
{
    const char *text = (const char *)sqlite3_column_text(q, column);
    return text == NULL ? NULL : json_loads(text, 0, NULL);
}

/* ASes come last: what is found about networks says which they are. */
static bool take_rows(struct store *s, const char *incident, const char *which,
                      struct investigation *v, struct error *err)
{
    char sql[160];
    (void)snprintf(sql, sizeof sql, "SELECT kind, doc FROM lookups WHERE incident = ? AND %s",
                   which);
    sqlite3_stmt *q = prepare(s, sql, err);
    int result;
    if (q == NULL)
        return false;
    sqlite3_bind_text(q, 1, incident, -1, SQLITE_STATIC);
    while ((result = sqlite3_step(q)) == SQLITE_ROW) {
        json_t *doc = row_json(q, 1);
        const char *kind = (const char *)sqlite3_column_text(q, 0);
        /* What is not of this form, or about what is no longer looked into, is passed over. */
        if (doc != NULL && strcmp(kind, told_kind) == 0)
            (void)investigation_take_told(v, doc);
        else if (doc != NULL)
            (void)investigation_take(v, doc);
        json_decref(doc);
    }
    bool good = result == SQLITE_DONE || fail(s, "reading", err);
    sqlite3_finalize(q);
    return good;
}

bool store_investigation(struct store *s, const char *incident, struct investigation *v,
                         struct error *err)
{
    if (!has_table(s, err))
        return err->text[0] == '\0';
    if (!take_rows(s, incident, "subject NOT LIKE 'AS%'", v, err))
        return false;
    investigation_find_ases(v);
    return take_rows(s, incident, "subject LIKE 'AS%'", v, err);
}

json_t *store_recent_lookup(struct store *s, enum fact kind, const char *subject,
                            int64_t since_s, struct error *err)
{
    json_t *doc = NULL;
    if (!has_table(s, err))
        return NULL;
    sqlite3_stmt *q =
            prepare(s,
                    "SELECT doc FROM lookups WHERE kind = ? AND subject = ? AND time >= ?"
                    " AND due = 0 AND json_extract(doc, '$.state') IN ('found', 'nothing')"
                    " ORDER BY time DESC LIMIT 1",
                    err);
    if (q == NULL)
        return NULL;
    sqlite3_bind_text(q, 1, fact_name(kind), -1, SQLITE_STATIC);
    sqlite3_bind_text(q, 2, subject, -1, SQLITE_STATIC);
    sqlite3_bind_int64(q, 3, since_s);
    int result = sqlite3_step(q);
    if (result == SQLITE_ROW)
        doc = row_json(q, 0);
    else if (result != SQLITE_DONE)
        fail(s, "reading", err);
    sqlite3_finalize(q);
    return doc;
}

bool store_due_lookups(struct store *s, int64_t now_s, store_id_function *each, void *argument,
                       struct error *err)
{
    int result;
    if (!has_table(s, err))
        return err->text[0] == '\0';
    sqlite3_stmt *q = prepare(s,
                              "SELECT incident FROM lookups WHERE due > 0 AND due <= ?"
                              " GROUP BY incident ORDER BY min(due)",
                              err);
    if (q == NULL)
        return false;
    sqlite3_bind_int64(q, 1, now_s);
    while ((result = sqlite3_step(q)) == SQLITE_ROW)
        if (!each(argument, (const char *)sqlite3_column_text(q, 0)))
            break;
    bool good = result == SQLITE_DONE || result == SQLITE_ROW || fail(s, "reading", err);
    sqlite3_finalize(q);
    return good;
}

/* SPDX-License-Identifier: MIT */
#include "analysis/store_rssac002.h"

#include "analysis/source_union.h"
#include "analysis/store_inside.h"

#include <stdlib.h>
#include <string.h>

enum { RSSAC002_SINCE = 5 }; /* of the database's forms: the first with this table */

/* ---- Sources --------------------------------------------------------------------------- */

struct store_sources {
    struct store *store;
    sqlite3_blob *blob;
    struct source_reader *reader;
};

static bool read_blob(void *argument, size_t at, uint8_t *to, size_t size, struct error *err)
{
    struct store_sources *o = argument;
    return size == 0 || sqlite3_blob_read(o->blob, to, (int)size, (int)at) == SQLITE_OK ||
           store_fail(o->store, "reading a set of sources", err);
}

struct store_sources *store_sources_open(struct store *s, int64_t hour_s, struct error *err)
{
    struct store_sources *o = calloc(1, sizeof *o);
    if (o == NULL) {
        error_set(err, "no memory to read a set of sources");
        return NULL;
    }
    o->store = s;
    if (sqlite3_blob_open(store_database(s), "main", "rssac002", "sources", hour_s, 0,
                          &o->blob) != SQLITE_OK)
        store_fail(s, "reading a set of sources", err);
    else
        o->reader = source_reader_open(read_blob, o, (size_t)sqlite3_blob_bytes(o->blob), err);
    if (o->reader != NULL)
        return o;
    store_sources_close(o);
    return NULL;
}

struct source_reader *store_sources_reader(struct store_sources *o)
{
    return o->reader;
}

void store_sources_close(struct store_sources *o)
{
    if (o == NULL)
        return;
    source_reader_close(o->reader);
    (void)sqlite3_blob_close(o->blob);
    free(o);
}

/* ---- Putting --------------------------------------------------------------------------- */

static bool write_item(void *argument, const struct source4 *ipv4, const struct source6 *ipv6)
{
    return ipv4 != NULL ? source_writer_ipv4(argument, ipv4)
                        : source_writer_ipv6(argument, ipv6);
}

static bool unite(struct source_reader *const readers[static 2], uint8_t **set, size_t *size,
                  struct error *err)
{
    struct source_writer *w = source_writer_create(err);
    bool good = w != NULL && source_union(readers, 2, write_item, w, err) &&
                source_writer_end(w, set, size, err);
    source_writer_free(w);
    return good;
}

/* With what is stored in the set of `h`; false: that could not be read, and nothing changed. */
static bool unite_stored(struct store *s, int64_t hour_s, struct rssac002_hour *h,
                         uint8_t **set, size_t *size, struct error *err)
{
    struct store_sources *stored = store_sources_open(s, hour_s, err);
    if (stored == NULL)
        return false;
    struct source_reader *own =
            source_reader_open(source_set_memory, h->set, h->set_bytes, err);
    struct source_reader *const readers[] = {stored->reader, own};
    bool good = own != NULL && unite(readers, set, size, err);
    source_reader_close(own);
    store_sources_close(stored);
    return good;
}

static bool write_row(struct store *s, int64_t hour_s, const struct rssac002_counts *counts,
                      const char *service, const uint8_t *set, size_t size, struct error *err)
{
    sqlite3_stmt *q = store_prepare(s, "INSERT OR REPLACE INTO rssac002 VALUES (?, ?, ?)", err);
    if (q == NULL)
        return false;
    json_t *json = rssac002_json(counts, service);
    sqlite3_bind_int64(q, 1, hour_s);
    bool bound = store_bind_json(s, q, 2, json, err) &&
                 (sqlite3_bind_blob64(q, 3, set, size, SQLITE_STATIC) == SQLITE_OK ||
                  store_fail(s, "storing a set of sources", err));
    json_decref(json);
    if (bound)
        return store_finish(s, q, "storing counts of RSSAC002", err);
    sqlite3_finalize(q);
    return false;
}

/* Whether there is a row of this service; its sums are added to `counts`, where they can be
 * read. */
static bool add_stored(struct store *s, int64_t hour_s, const char *service,
                       struct rssac002_counts *counts, bool *there, struct error *err)
{
    static const struct rssac002_counts none;
    sqlite3_stmt *q = store_prepare(s, "SELECT doc FROM rssac002 WHERE start = ?", err);
    if (q == NULL)
        return false;
    struct rssac002_counts *stored = malloc(sizeof *stored);
    char stored_service[RSSAC002_SERVICE_BYTES];
    sqlite3_bind_int64(q, 1, hour_s);
    int result = sqlite3_step(q);
    *there = result == SQLITE_ROW;
    if (*there && stored != NULL) {
        struct error damaged;
        json_t *json = store_column_json(s, q, 0, &damaged);
        bool good = rssac002_parse(json, stored, stored_service, &damaged);
        if (!good) {
            *stored = none;
            stored->unread = 1;
        }
        *there = !good || strcmp(stored_service, service) == 0;
        if (*there)
            rssac002_add(counts, stored);
        json_decref(json);
    }
    free(stored);
    sqlite3_finalize(q);
    if (result != SQLITE_ROW && result != SQLITE_DONE)
        return store_fail(s, "reading counts of RSSAC002", err);
    return stored != NULL || error_set(err, "no memory for counts of RSSAC002");
}

static bool put(struct store *s, int64_t hour_s, struct rssac002_hour *h,
                struct rssac002_counts *counts, struct error *err)
{
    struct error damaged;
    uint8_t *set = NULL;
    size_t size;
    bool there;
    *counts = h->counts;
    if (!rssac002_hour_encode(h, err) ||
        !add_stored(s, hour_s, h->service, counts, &there, err))
        return false;
    if (there && !unite_stored(s, hour_s, h, &set, &size, &damaged))
        counts->unread++;
    bool good = set != NULL
                        ? write_row(s, hour_s, counts, h->service, set, size, err)
                        : write_row(s, hour_s, counts, h->service, h->set, h->set_bytes, err);
    free(set);
    return good;
}

bool store_put_rssac002(struct store *s, int64_t hour_s, struct rssac002_hour *h,
                        struct error *err)
{
    bool own;
    struct rssac002_counts *counts = malloc(sizeof *counts);
    if (counts == NULL)
        return error_set(err, "no memory for counts of RSSAC002");
    bool good = store_begin_own(s, &own, err) &&
                store_end_own(s, own, put(s, hour_s, h, counts, err), err);
    free(counts);
    return good;
}

/* ---- Reading --------------------------------------------------------------------------- */

struct hours_reader {
    store_rssac002_function *each;
    void *argument;
    struct rssac002_counts counts;
};

static bool read_row(struct store *s, sqlite3_stmt *q, void *argument, struct error *err)
{
    struct hours_reader *r = argument;
    struct error damaged;
    char service[RSSAC002_SERVICE_BYTES];
    (void)err;
    json_t *json = store_column_json(s, q, 1, &damaged);
    bool good = rssac002_parse(json, &r->counts, service, &damaged);
    json_decref(json);
    return r->each(r->argument, sqlite3_column_int64(q, 0), service, good ? &r->counts : NULL);
}

bool store_rssac002_hours(struct store *s, int64_t from_s, int64_t to_s,
                          store_rssac002_function *each, void *argument, struct error *err)
{
    if (store_version(s) < RSSAC002_SINCE)
        return true;
    sqlite3_stmt *q = store_prepare(
            s, "SELECT start, doc FROM rssac002 WHERE start >= ? AND start < ? ORDER BY start",
            err);
    struct hours_reader *r = q == NULL ? NULL : malloc(sizeof *r);
    if (r == NULL) {
        sqlite3_finalize(q);
        return q == NULL ? false : error_set(err, "no memory for counts of RSSAC002");
    }
    r->each = each;
    r->argument = argument;
    sqlite3_bind_int64(q, 1, from_s);
    sqlite3_bind_int64(q, 2, to_s);
    bool good = store_each_row(s, q, read_row, r, err);
    free(r);
    return good;
}

bool store_forget_rssac002(struct store *s, int64_t before_s, struct error *err)
{
    sqlite3_stmt *q = store_prepare(s,
                                    "DELETE FROM rssac002 WHERE start IN (SELECT start"
                                    " FROM rssac002 WHERE start < ? ORDER BY start LIMIT 24)",
                                    err);
    if (q == NULL)
        return false;
    sqlite3_bind_int64(q, 1, before_s);
    return store_finish(s, q, "forgetting what is old", err);
}

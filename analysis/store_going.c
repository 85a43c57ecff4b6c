/* SPDX-License-Identifier: MIT */
#include "analysis/store_going.h"

#include "analysis/json.h"
#include "analysis/store_inside.h"
#include "analysis/store_rssac002.h"
#include "capture/bytes.h"

#include <stdlib.h>
#include <string.h>

/*
 * The value, all numbers in network order:
 *
 *     4          prefixes; of each
 *     8 4 4 4        prefix, queries, hosts, junk
 *     8 8 8 4 4  names: queries, lost, absent, most, rows; of each row
 *     1 n            its octets
 *     8 8 8          queries, error, missed
 *                the same of top-level domains
 *     4 n        RSSAC002: octets of the sums, which are JSON, and these
 *     4 n            the same of the set of sources
 *
 * Where nothing was counted for RSSAC002, it ends before that.
 */
enum { ROW_BYTES = 20, NAMES_BYTES = 32, NAME_BYTES = 25 /* and the name's */ };

void store_hour_fini(struct store_hour *h)
{
    free(h->row);
    for (unsigned i = 0; i < STORE_NAMES_KINDS; i++)
        store_names_free(h->names[i]);
    rssac002_hour_free(h->rssac002);
}

/* ---- Writing --------------------------------------------------------------------------- */

static uint8_t *put_u32(uint8_t *to, uint32_t n)
{
    n = htobe32(n);
    memcpy(to, &n, sizeof n);
    return to + sizeof n;
}

static uint8_t *put_u64(uint8_t *to, uint64_t n)
{
    n = htobe64(n);
    memcpy(to, &n, sizeof n);
    return to + sizeof n;
}

static size_t size_of(const struct store_hour *h)
{
    size_t size = 4 + h->rows * ROW_BYTES;
    for (unsigned i = 0; i < STORE_NAMES_KINDS; i++) {
        size += NAMES_BYTES + h->names[i]->rows * NAME_BYTES;
        for (size_t n = 0; n < h->names[i]->rows; n++)
            size += h->names[i]->row[n].name_bytes;
    }
    return size;
}

static uint8_t *put_names(uint8_t *to, const struct store_names *names)
{
    to = put_u64(to, names->queries);
    to = put_u64(to, names->lost);
    to = put_u64(to, names->absent);
    to = put_u32(to, (uint32_t)names->most);
    to = put_u32(to, (uint32_t)names->rows);
    for (size_t i = 0; i < names->rows; i++) {
        const struct store_name *n = &names->row[i];
        *to++ = n->name_bytes;
        memcpy(to, n->name, n->name_bytes);
        to = put_u64(to + n->name_bytes, n->queries);
        to = put_u64(to, n->error);
        to = put_u64(to, n->missed);
    }
    return to;
}

static uint8_t *put_octets(uint8_t *to, const void *octets, size_t size)
{
    to = put_u32(to, (uint32_t)size);
    memcpy(to, octets, size);
    return to + size;
}

/* `sums`: of RSSAC002, or NULL. */
static void write_hour(uint8_t *to, const struct store_hour *h, const char *sums)
{
    to = put_u32(to, (uint32_t)h->rows);
    for (size_t i = 0; i < h->rows; i++) {
        to = put_u64(to, h->row[i].prefix.bits);
        to = put_u32(to, h->row[i].queries);
        to = put_u32(to, h->row[i].hosts);
        to = put_u32(to, h->row[i].junk);
    }
    for (unsigned i = 0; i < STORE_NAMES_KINDS; i++)
        to = put_names(to, h->names[i]);
    if (sums != NULL) {
        to = put_octets(to, sums, strlen(sums));
        put_octets(to, h->rssac002->set, h->rssac002->set_bytes);
    }
}

/* The octets, which the caller frees; NULL: see err. */
static uint8_t *hour_value(const struct store_hour *h, const char *sums, size_t *size,
                           struct error *err)
{
    *size = size_of(h);
    if (sums != NULL)
        *size += 8 + strlen(sums) + h->rssac002->set_bytes;
    uint8_t *value = malloc(*size);
    if (value == NULL)
        error_set(err, "no memory for the hour that goes on");
    else
        write_hour(value, h, sums);
    return value;
}

static bool make_sums(struct store_hour *h, char **sums, struct error *err)
{
    if (h->rssac002 == NULL)
        return true;
    json_t *json = rssac002_json(&h->rssac002->counts, h->rssac002->service);
    *sums = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
    json_decref(json);
    if (*sums == NULL)
        return error_set(err, "no memory for the hour that goes on");
    return rssac002_hour_encode(h->rssac002, err);
}

bool store_keep_going(struct store *s, struct store_hour *h, struct error *err)
{
    char *sums = NULL;
    size_t size;
    uint8_t *value = make_sums(h, &sums, err) ? hour_value(h, sums, &size, err) : NULL;
    free(sums);
    if (value == NULL)
        return false;
    sqlite3_stmt *q = store_prepare(s, "INSERT OR REPLACE INTO hours_going VALUES (?, ?)", err);
    if (q == NULL) {
        free(value);
        return false;
    }
    sqlite3_bind_int64(q, 1, h->start_s);
    sqlite3_bind_blob64(q, 2, value, size, free);
    return store_finish(s, q, "keeping the hour that goes on", err);
}

/* ---- Reading --------------------------------------------------------------------------- */

static bool take_u32(struct bytes *b, uint32_t *n)
{
    const uint8_t *p = bytes_take(b, sizeof *n);
    if (p != NULL)
        *n = bytes_u32(p);
    return p != NULL;
}

static bool take_u64(struct bytes *b, uint64_t *n)
{
    uint32_t high;
    uint32_t low;
    if (!take_u32(b, &high) || !take_u32(b, &low))
        return false;
    *n = (uint64_t)high << 32 | low;
    return *n <= JSON_COUNT_MAX; /* sums of it are what a column holds */
}

static bool take_row(struct bytes *b, struct store_hour_row *row)
{
    char text[PREFIX_TEXT_BYTES];
    struct prefix again;
    uint32_t high = 0;
    uint32_t low = 0;
    bool whole = take_u32(b, &high) && take_u32(b, &low) && take_u32(b, &row->queries) &&
                 take_u32(b, &row->hosts) && take_u32(b, &row->junk);
    row->prefix.bits = (uint64_t)high << 32 | low;
    return whole && row->junk <= row->queries &&
           prefix_parse(prefix_format(row->prefix, text), &again) &&
           again.bits == row->prefix.bits;
}

static bool take_rows(struct bytes *b, struct store_hour *h)
{
    uint32_t rows;
    if (!take_u32(b, &rows) || bytes_left(b) < (size_t)rows * ROW_BYTES)
        return false;
    h->row = malloc((rows + 1U) * sizeof *h->row);
    for (; h->row != NULL && h->rows < rows; h->rows++)
        if (!take_row(b, &h->row[h->rows]))
            return false;
    return h->row != NULL;
}

static bool take_name(struct bytes *b, struct store_name *n)
{
    const uint8_t *length = bytes_take(b, 1);
    n->name_bytes = length == NULL ? 0 : *length;
    n->name = bytes_take(b, n->name_bytes);
    return n->name_bytes > 0 && n->name != NULL && take_u64(b, &n->queries) &&
           take_u64(b, &n->error) && take_u64(b, &n->missed);
}

/* The rows' octets stay where they are. */
static struct store_names *take_names(struct bytes *b)
{
    struct store_names head = {.rows = 0};
    uint32_t most;
    uint32_t rows;
    if (!take_u64(b, &head.queries) || !take_u64(b, &head.lost) || !take_u64(b, &head.absent) ||
        !take_u32(b, &most) || !take_u32(b, &rows) || bytes_left(b) < (size_t)rows * NAME_BYTES)
        return NULL;
    struct store_names *names = malloc(sizeof *names + rows * sizeof *names->row);
    if (names == NULL)
        return NULL;
    *names = head;
    names->most = most;
    for (; names->rows < rows; names->rows++)
        if (!take_name(b, &names->row[names->rows])) {
            store_names_free(names);
            return NULL;
        }
    return names;
}

static const uint8_t *take_octets(struct bytes *b, uint32_t *size)
{
    return take_u32(b, size) ? bytes_take(b, *size) : NULL;
}

static bool parse_sums(const uint8_t *sums, uint32_t size, struct rssac002_hour *h)
{
    struct error ignored;
    json_t *json = json_loadb((const char *)sums, size, 0, NULL);
    bool good = rssac002_parse(json, &h->counts, h->service, &ignored);
    json_decref(json);
    return good;
}

static bool is_sound(const struct rssac002_hour *h)
{
    struct error ignored;
    struct source_reader *r =
            source_reader_open(source_set_memory, h->set, h->set_bytes, &ignored);
    bool good = r != NULL && source_reader_check(r, &ignored);
    source_reader_close(r);
    return good;
}

static bool take_rssac002(struct bytes *b, struct store_hour *h)
{
    uint32_t sums_size;
    uint32_t set_size;
    const uint8_t *sums = take_octets(b, &sums_size);
    const uint8_t *set = sums == NULL ? NULL : take_octets(b, &set_size);
    h->rssac002 = set == NULL ? NULL : calloc(1, sizeof *h->rssac002);
    if (h->rssac002 == NULL || !parse_sums(sums, sums_size, h->rssac002))
        return false;
    h->rssac002->set_bytes = set_size;
    h->rssac002->set = malloc(set_size + 1UL);
    if (h->rssac002->set != NULL)
        memcpy(h->rssac002->set, set, set_size);
    return h->rssac002->set != NULL && is_sound(h->rssac002);
}

/* Its names are valid as long as the value is. */
static bool read_hour(const void *value, size_t size, struct store_hour *h)
{
    const uint8_t *from = value;
    struct bytes b = {.at = from, .end = from + size};
    bool good = take_rows(&b, h);
    for (unsigned i = 0; good && i < STORE_NAMES_KINDS; i++) {
        h->names[i] = take_names(&b);
        good = h->names[i] != NULL;
    }
    if (good && bytes_left(&b) > 0)
        good = take_rssac002(&b, h);
    h->silent = good && h->rssac002 != NULL && h->names[STORE_NAMES]->queries == 0;
    return good && bytes_left(&b) == 0;
}

/* ---- Ending ---------------------------------------------------------------------------- */

static bool drop(struct store *s, int64_t start_s, struct error *err)
{
    sqlite3_stmt *q = store_prepare(s, "DELETE FROM hours_going WHERE start = ?", err);
    if (q == NULL)
        return false;
    sqlite3_bind_int64(q, 1, start_s);
    return store_finish(s, q, "ending an hour", err);
}

static bool put_all(struct store *s, struct store_hour *h, struct error *err)
{
    if (h->rssac002 != NULL && !store_put_rssac002(s, h->start_s, h->rssac002, err))
        return false;
    if (h->silent)
        return true;
    if (!store_put_hour(s, h->start_s, h->row, h->rows, err))
        return false;
    for (unsigned i = 0; i < STORE_NAMES_KINDS; i++)
        if (!store_put_names(s, i, h->start_s, h->names[i], err))
            return false;
    return true;
}

bool store_put_part(struct store *s, struct store_hour *h, struct error *err)
{
    bool own;
    return store_begin_own(s, &own, err) && store_end_own(s, own, put_all(s, h, err), err);
}

bool store_end_hour(struct store *s, struct store_hour *h, struct error *err)
{
    bool own;
    return store_begin_own(s, &own, err) &&
           store_end_own(s, own, put_all(s, h, err) && drop(s, h->start_s, err), err);
}

/* A copy, since rows are added while it is looked at; false, and no error: there is none. */
static bool next_left(struct store *s, int64_t *start_s, void **value, size_t *size,
                      struct error *err)
{
    err->text[0] = '\0';
    sqlite3_stmt *q =
            store_prepare(s, "SELECT start, doc FROM hours_going ORDER BY start LIMIT 1", err);
    if (q == NULL)
        return false;
    int result = sqlite3_step(q);
    bool found = result == SQLITE_ROW;
    if (found) {
        *start_s = sqlite3_column_int64(q, 0);
        const void *doc = sqlite3_column_blob(q, 1);
        *size = (size_t)sqlite3_column_bytes(q, 1);
        *value = malloc(*size + 1);
        found = *value != NULL || error_set(err, "no memory for an hour that was left");
        if (found && *size > 0)
            memcpy(*value, doc, *size);
    } else if (result != SQLITE_DONE) {
        store_fail(s, "reading an hour that was left", err);
    }
    sqlite3_finalize(q);
    return found;
}

bool store_end_left(struct store *s, unsigned *left, struct error *err)
{
    struct error damaged = {.text = ""};
    struct store_hour h = {.rows = 0};
    void *value;
    size_t size;
    bool good = true;
    for (*left = 0; good && next_left(s, &h.start_s, &value, &size, err); *left += good) {
        bool sound = h.start_s >= 0 && h.start_s % 3600 == 0 && read_hour(value, size, &h);
        if (!sound)
            error_set(&damaged, "an hour that was left is not as it was written, and is lost");
        good = sound ? store_end_hour(s, &h, err) : drop(s, h.start_s, err);
        store_hour_fini(&h);
        h = (struct store_hour){.rows = 0};
        free(value);
    }
    if (!good || err->text[0] != '\0')
        return false;
    *err = damaged;
    return true;
}

bool store_has_left(struct store *s, int64_t from_s, int64_t to_s)
{
    struct error ignored;
    sqlite3_stmt *q = store_prepare(
            s, "SELECT 1 FROM hours_going WHERE start >= ? AND start < ?", &ignored);
    if (q == NULL)
        return false;
    sqlite3_bind_int64(q, 1, from_s);
    sqlite3_bind_int64(q, 2, to_s);
    bool there = sqlite3_step(q) == SQLITE_ROW;
    sqlite3_finalize(q);
    return there;
}

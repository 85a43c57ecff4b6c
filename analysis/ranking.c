/* SPDX-License-Identifier: MIT */
#include "analysis/ranking.h"

#include <stdlib.h>
#include <string.h>

enum { ENTRIES_AT_FIRST = 4096, SIGNS = 36, COUNTRIES = SIGNS * SIGNS };

struct entry {
    uint64_t bits; /* of the announced prefix */
    struct ranking_counts counts;
    uint32_t number; /* of the AS */
};

struct ranking {
    const struct origins *origins;
    struct ranking_totals totals;
    struct ranking_counts country[COUNTRIES]; /* of two signs each */
    uint64_t no_country;
    struct entry *entry;
    size_t entries, room;
    struct ranking_row *row;
};

static uint64_t sum(uint64_t a, uint64_t b)
{
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

static void add_counts(struct ranking_counts *to, const struct ranking_counts *from)
{
    to->count = sum(to->count, from->count);
    to->before = sum(to->before, from->before);
    to->judged = sum(to->judged, from->judged);
    to->junk = sum(to->junk, from->junk);
}

struct ranking *ranking_create(const struct origins *origins, struct error *err)
{
    struct ranking *r = calloc(1, sizeof *r);
    if (r == NULL)
        goto no_memory;
    r->origins = origins;
    r->room = ENTRIES_AT_FIRST;
    r->entry = malloc(r->room * sizeof *r->entry);
    if (r->entry == NULL)
        goto no_memory;
    return r;

no_memory:
    error_set(err, "no memory for a ranking");
    ranking_free(r);
    return NULL;
}

void ranking_free(struct ranking *r)
{
    if (r == NULL)
        return;
    free(r->entry);
    free(r->row);
    free(r);
}

static int by_prefix(const void *x, const void *y)
{
    const struct entry *a = x;
    const struct entry *b = y;
    return (a->bits > b->bits) - (a->bits < b->bits);
}

static int by_as(const void *x, const void *y)
{
    const struct entry *a = x;
    const struct entry *b = y;
    return (a->number > b->number) - (a->number < b->number);
}

/* Leaves one entry of each prefix. */
static void add_up(struct ranking *r)
{
    size_t kept = 0;
    qsort(r->entry, r->entries, sizeof *r->entry, by_prefix);
    for (size_t i = 0; i < r->entries; i++) {
        struct entry *last = &r->entry[kept - (kept > 0)];
        if (kept > 0 && last->bits == r->entry[i].bits) {
            add_counts(&last->counts, &r->entry[i].counts);
        } else {
            r->entry[kept++] = r->entry[i];
        }
    }
    r->entries = kept;
}

/* Room for one more: by adding up, and where that frees less than half, by more memory. */
static bool make_room(struct ranking *r, struct error *err)
{
    add_up(r);
    if (r->entries <= r->room / 2)
        return true;
    struct entry *larger = realloc(r->entry, 2 * r->room * sizeof *larger);
    if (larger == NULL)
        return error_set(err, "no memory for a ranking of %zu prefixes", r->entries);
    r->entry = larger;
    r->room *= 2;
    return true;
}

bool ranking_add(struct ranking *r, struct prefix host, uint64_t count, struct error *err)
{
    const struct ranking_counts counts = {.count = count};
    return ranking_add_counts(r, host, &counts, err);
}

static unsigned sign(unsigned c)
{
    return c >= 'A' ? c - 'A' + 10 : c - '0';
}

static void add_country(struct ranking *r, const struct origin *found,
                        const struct ranking_counts *counts)
{
    unsigned code = origins_country(r->origins, found);
    if (code == 0)
        r->no_country = sum(r->no_country, counts->count);
    else
        add_counts(&r->country[sign(code & 0xff) * SIGNS + sign(code >> 8)], counts);
}

bool ranking_add_counts(struct ranking *r, struct prefix p, const struct ranking_counts *counts,
                        struct error *err)
{
    uint64_t count = counts->count;
    struct origin found;
    enum origins_answer answer = origins_look_up(r->origins, p, &found);
    add_country(r, &found, counts);
    r->totals.count = sum(r->totals.count, count);
    r->totals.judged = sum(r->totals.judged, counts->judged);
    r->totals.junk = sum(r->totals.junk, counts->junk);
    if (answer == ORIGINS_UNROUTED)
        r->totals.unrouted = sum(r->totals.unrouted, count);
    if (answer == ORIGINS_UNKNOWN)
        r->totals.unknown = sum(r->totals.unknown, count);
    if (answer != ORIGINS_ANNOUNCED)
        return true;
    if (r->entries == r->room && !make_room(r, err))
        return false;
    r->entry[r->entries++] = (struct entry){found.announced.bits, *counts, found.number};
    return true;
}

static int by_count(const void *x, const void *y)
{
    const struct ranking_row *a = x;
    const struct ranking_row *b = y;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return (a->prefix.bits > b->prefix.bits) - (a->prefix.bits < b->prefix.bits);
}

static int by_count_and_asn(const void *x, const void *y)
{
    const struct ranking_row *a = x;
    const struct ranking_row *b = y;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return (a->asn > b->asn) - (a->asn < b->asn);
}

static void put_counts(struct ranking_row *row, const struct ranking_counts *counts)
{
    row->count = sum(row->count, counts->count);
    row->before = sum(row->before, counts->before);
    row->judged = sum(row->judged, counts->judged);
    row->junk = sum(row->junk, counts->junk);
}

/* Entries of one AS stand together: one row, with the prefix that counts most. */
static size_t rows_by_as(struct ranking *r)
{
    size_t rows = 0;
    uint64_t most = 0; /* of the present row's prefixes */
    for (size_t i = 0; i < r->entries; i++) {
        const struct entry *e = &r->entry[i];
        struct ranking_row *row = &r->row[rows - (rows > 0)];
        if (i == 0 || r->entry[i - 1].number != e->number) {
            row = &r->row[rows++];
            *row = (struct ranking_row){.asn = origins_asn(r->origins, e->number),
                                        .name = origins_name(r->origins, e->number)};
            most = 0;
        }
        put_counts(row, &e->counts);
        if (row->prefix.bits == 0 || e->counts.count > most ||
            (e->counts.count == most && e->bits < row->prefix.bits)) {
            row->prefix = (struct prefix){e->bits};
            most = e->counts.count;
        }
    }
    return rows;
}

static size_t rows_by_prefix(struct ranking *r)
{
    for (size_t i = 0; i < r->entries; i++) {
        r->row[i] = (struct ranking_row){.asn = origins_asn(r->origins, r->entry[i].number),
                                         .prefix = {r->entry[i].bits},
                                         .name = origins_name(r->origins, r->entry[i].number)};
        put_counts(&r->row[i], &r->entry[i].counts);
    }
    return r->entries;
}

static int by_count_and_country(const void *x, const void *y)
{
    const struct ranking_row *a = x;
    const struct ranking_row *b = y;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return strcmp(a->country, b->country);
}

static size_t rows_by_country(struct ranking *r)
{
    static const char signs[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    size_t rows = 0;
    for (unsigned i = 0; i < COUNTRIES; i++) {
        if (r->country[i].count + r->country[i].before == 0)
            continue;
        struct ranking_row *row = &r->row[rows++];
        *row = (struct ranking_row){.country = {signs[i / SIGNS], signs[i % SIGNS]}};
        put_counts(row, &r->country[i]);
    }
    return rows;
}

const struct ranking_row *ranking_rows(struct ranking *r, enum ranking_by by, size_t *rows,
                                       struct error *err)
{
    add_up(r);
    free(r->row);
    size_t room = by == RANKING_BY_COUNTRY ? COUNTRIES : r->entries;
    r->row = malloc((room + 1) * sizeof *r->row);
    if (r->row == NULL) {
        error_set(err, "no memory for a ranking of %zu prefixes", r->entries);
        return NULL;
    }
    if (by == RANKING_BY_ASN) {
        qsort(r->entry, r->entries, sizeof *r->entry, by_as);
        *rows = rows_by_as(r);
        qsort(r->row, *rows, sizeof *r->row, by_count_and_asn);
    } else if (by == RANKING_BY_COUNTRY) {
        *rows = rows_by_country(r);
        qsort(r->row, *rows, sizeof *r->row, by_count_and_country);
    } else {
        *rows = rows_by_prefix(r);
        qsort(r->row, *rows, sizeof *r->row, by_count);
    }
    return r->row;
}

struct ranking_totals ranking_totals(const struct ranking *r, enum ranking_by by)
{
    struct ranking_totals t = r->totals;
    if (by == RANKING_BY_COUNTRY) {
        t.unknown = r->no_country;
        t.unrouted = 0;
    }
    return t;
}

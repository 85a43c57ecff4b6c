/* SPDX-License-Identifier: MIT */
#include "analysis/store_names.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 4, NAMES = 12, HOUR_S = 3600 };

static char directory[64];
static struct store *store;
static struct error err;

static void setup(void)
{
    strcpy(directory, "/tmp/rootwatch-store-names-XXXXXX");
    cr_assert_not_null(mkdtemp(directory));
    store = store_open(directory, STORE_WRITE, &err);
    cr_assert_not_null(store, "%s", err.text);
}

static void teardown(void)
{
    char command[128];
    store_close(store);
    (void)snprintf(command, sizeof command, "rm -rf %s", directory);
    cr_assert(eq(int, system(command), 0));
}

TestSuite(store_names, .init = setup, .fini = teardown);

static void reopen(enum store_mode mode)
{
    store_close(store);
    store = store_open(directory, mode, &err);
    cr_assert_not_null(store, "%s", err.text);
}

static void sql(const char *text)
{
    char path[sizeof directory + 16];
    sqlite3 *beside;
    (void)snprintf(path, sizeof path, "%s/rootwatch.db", directory);
    cr_assert(eq(int, sqlite3_open(path, &beside), SQLITE_OK));
    cr_assert(eq(int, sqlite3_exec(beside, text, NULL, NULL, NULL), SQLITE_OK), "%s",
              sqlite3_errmsg(beside));
    sqlite3_close(beside);
}

/* A name of one label: "a", "b", ... */
static void add(struct names *n, unsigned name, uint32_t queries)
{
    const uint8_t octets[] = {1, (uint8_t)('a' + name), 0};
    if (queries > 0)
        names_add(n, names_hash(n, octets, sizeof octets), octets, sizeof octets, queries);
}

static void put(int64_t hour_s, const struct names *n, uint64_t queries)
{
    struct store_names *names = store_names_create(n, queries, MOST);
    cr_assert_not_null(names);
    cr_assert(store_put_names(store, STORE_NAMES, hour_s, names, &err), "%s", err.text);
    store_names_free(names);
}

/* What is known of an hour. */
struct known {
    struct store_name_sum sum[NAMES];
    struct store_names_hour all;
    unsigned rows, hours;
    uint64_t before[NAMES];
};

static bool keep_sum(void *argument, const uint8_t *name, uint8_t name_bytes,
                     const struct store_name_sum *now, const struct store_name_sum *before)
{
    struct known *k = argument;
    cr_assert(eq(u8, name_bytes, 3));
    k->sum[name[1] - 'a'] = *now;
    k->before[name[1] - 'a'] = before->queries;
    k->rows++;
    return true;
}

static bool keep_hour(void *argument, const struct store_names_hour *h)
{
    struct known *k = argument;
    k->all.queries += h->queries;
    k->all.lost += h->lost;
    k->all.absent += h->absent;
    k->hours++;
    return true;
}

static struct known read_all(int64_t before_s, int64_t from_s, int64_t to_s)
{
    struct known k = {.rows = 0};
    cr_assert(store_names_hours(store, STORE_NAMES, from_s, to_s, keep_hour, &k, &err), "%s",
              err.text);
    cr_assert(store_name_sums(store, STORE_NAMES, before_s, from_s, to_s, keep_sum, &k, &err),
              "%s", err.text);
    return k;
}

Test(store_names, keep_the_leading_and_say_what_any_other_had_at_most)
{
    struct names *n = names_create(16, false, 1, &err);
    for (unsigned i = 0; i < 7; i++)
        add(n, i, 10 * (i + 1));
    put(HOUR_S, n, 300);
    struct known k = read_all(0, 0, 2 * HOUR_S);
    cr_expect(eq(u32, k.rows, MOST));
    cr_expect(eq(u32, k.hours, 1));
    cr_expect(eq(u64, k.sum[6].queries, 70));
    cr_expect(eq(u64, k.sum[3].queries, 40));
    cr_expect(eq(u64, k.sum[2].queries, 0));
    cr_expect(eq(u64, k.all.absent, 30));
    cr_expect(eq(u64, k.all.queries, 300));
    put(HOUR_S, n, 300); /* in a row of both parts nothing is missing */
    k = read_all(0, 0, 2 * HOUR_S);
    cr_expect(eq(u64, k.all.absent, 60));
    cr_expect(eq(i64, k.sum[6].above, 140 - 60));
    names_free(n);
}

Test(store_names, know_kinds_and_periods_apart)
{
    struct names *n = names_create(16, false, 1, &err);
    int64_t first_s, last_s;
    cr_expect_not(store_names_span(store, STORE_NAMES, &first_s, &last_s, &err));
    cr_expect(eq(str, err.text, ""));
    add(n, 1, 5);
    put(1 * HOUR_S, n, 5);
    put(2 * HOUR_S, n, 5);
    add(n, 1, 1);
    put(3 * HOUR_S, n, 6);
    struct store_names *tlds = store_names_create(n, 6, MOST);
    cr_assert(store_put_names(store, STORE_TLDS, 9 * HOUR_S, tlds, &err), "%s", err.text);
    store_names_free(tlds);
    struct known k = read_all(HOUR_S, 3 * HOUR_S, 10 * HOUR_S);
    cr_expect(eq(u32, k.hours, 1));
    cr_expect(eq(u64, k.sum[1].queries, 6));
    cr_expect(eq(u64, k.before[1], 10));
    cr_expect(store_names_span(store, STORE_NAMES, &first_s, &last_s, &err));
    cr_expect(eq(i64, first_s, HOUR_S));
    cr_expect(eq(i64, last_s, 3 * HOUR_S));
    cr_expect(store_names_span(store, STORE_TLDS, &first_s, &last_s, &err));
    cr_expect(eq(i64, first_s, 9 * HOUR_S));
    names_free(n);
}

/*
 * Hours in one part and in several, of tables that are too small: whatever was asked, each name
 * is between its bounds, and rows and rest are all there was.
 */
Test(store_names, bound_every_name_also_after_stops_within_an_hour)
{
    uint64_t state = 1;
    unsigned in_row = 0, raised = 0;
    for (unsigned round = 0; round < 60; round++) {
        uint64_t truth[NAMES] = {0}, total = 0;
        int64_t from_s = round * 100 * HOUR_S;
        for (unsigned part = 0; part < 5; part++) {
            struct names *n = names_create(1 + round % 2, true, round, &err);
            for (unsigned k = 0; k < 40; k++) {
                state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
                unsigned name = (unsigned)(state >> 33) % (1 + (unsigned)(state >> 50) % NAMES);
                uint32_t queries = 1 + (uint32_t)(state >> 40) % 3;
                add(n, name, queries);
                truth[name] += queries;
                total += queries;
            }
            uint64_t queries = names_lost(n);
            struct name_count all[NAMES];
            unsigned found = names_leading(n, all, NAMES);
            for (unsigned i = 0; i < found; i++)
                queries += all[i].queries;
            put(from_s + (part % (1 + round % 3)) * HOUR_S, n, queries);
            names_free(n);
        }
        struct known k = read_all(from_s, from_s, from_s + 10 * HOUR_S);
        uint64_t rows = 0;
        cr_expect(eq(u64, k.all.queries, total));
        cr_expect(le(u32, k.rows, MOST * k.hours));
        for (unsigned i = 0; i < NAMES; i++) {
            const struct store_name_sum *s = &k.sum[i];
            uint64_t most = (uint64_t)((int64_t)k.all.absent + s->above);
            rows += s->queries;
            cr_expect(le(u64, s->queries - s->error, truth[i]), "round %u name %u", round, i);
            cr_expect(le(u64, truth[i], most), "round %u name %u", round, i);
            in_row += s->queries > 0;
            raised += truth[i] > s->queries;
        }
        cr_expect(le(u64, rows, total));
    }
    cr_expect(gt(u32, in_row, 200));
    cr_expect(gt(u32, raised, 100));
}

Test(store_names, are_forgotten_with_their_hours)
{
    struct names *n = names_create(16, false, 1, &err);
    add(n, 1, 5);
    for (int i = 1; i <= 3; i++) {
        put(i * HOUR_S, n, 5);
        struct store_names *tlds = store_names_create(n, 5, MOST);
        cr_assert(store_put_names(store, STORE_TLDS, i * HOUR_S, tlds, &err));
        store_names_free(tlds);
    }
    cr_assert(store_forget(store, 0, 3 * HOUR_S, &err), "%s", err.text);
    struct known k = read_all(0, 0, 9 * HOUR_S);
    cr_expect(eq(u32, k.hours, 1));
    cr_expect(eq(u64, k.sum[1].queries, 5));
    int64_t first_s, last_s;
    cr_expect(store_names_span(store, STORE_TLDS, &first_s, &last_s, &err));
    cr_expect(eq(i64, first_s, 3 * HOUR_S));
    sql("CREATE TABLE left (n INTEGER CHECK (n = 2));" /* one of each kind */
        "INSERT INTO left SELECT count(*) FROM hour_names");
    names_free(n);
}

/* As version 2 made it: with hours, and an event. */
static void make_old(void)
{
    struct store_hour_row row = {.queries = 7, .hosts = 1, .junk = 2};
    cr_assert(prefix_parse("192.0.2.0/24", &row.prefix));
    cr_assert(store_put_hour(store, HOUR_S, &row, 1, &err), "%s", err.text);
    sql("DROP TABLE hour_names; DROP TABLE hour_names_stored; PRAGMA user_version = 2");
}

Test(store_names, are_none_in_a_database_of_before)
{
    int64_t first_s, last_s;
    make_old();
    reopen(STORE_READ);
    cr_expect_not(store_names_span(store, STORE_NAMES, &first_s, &last_s, &err));
    cr_expect(eq(str, err.text, ""));
    struct known k = read_all(0, 0, 9 * HOUR_S);
    cr_expect(eq(u32, k.hours + k.rows, 0));
}

Test(store_names, come_into_a_database_of_before_that_keeps_what_it_has)
{
    struct names *n = names_create(16, false, 1, &err);
    struct store_rank rank[2];
    make_old();
    for (int twice = 0; twice < 2; twice++) {
        reopen(STORE_WRITE);
        add(n, 1, 5);
        put(2 * HOUR_S, n, 5);
        names_clear(n);
    }
    struct known k = read_all(0, 0, 9 * HOUR_S);
    cr_expect(eq(u32, k.hours, 1));
    cr_expect(eq(u64, k.sum[1].queries, 10));
    cr_assert(eq(int, store_leading(store, 0, 9 * HOUR_S, rank, 2, &err), 1));
    cr_expect(eq(u64, rank[0].queries, 7));
    cr_expect(eq(u64, rank[0].junk, 2));
    names_free(n);
}

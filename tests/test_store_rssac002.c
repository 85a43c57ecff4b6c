/* SPDX-License-Identifier: MIT */
#include "analysis/store_rssac002.h"

#include "analysis/rssac002_day.h"
#include "analysis/store_going.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_S = 1768435200, HOUR_S = DAY_S + 7 * 3600 };

static const char service[] = "x.root-servers.net";

static char directory[64];
static struct store *store;
static struct error err;
static sqlite3 *beside;

static void setup(void)
{
    char path[sizeof directory + 16];
    strcpy(directory, "/tmp/rootwatch-store-rssac002-XXXXXX");
    cr_assert_not_null(mkdtemp(directory));
    store = store_open(directory, STORE_WRITE, &err);
    cr_assert_not_null(store, "%s", err.text);
    (void)snprintf(path, sizeof path, "%s/rootwatch.db", directory);
    cr_assert(eq(int, sqlite3_open(path, &beside), SQLITE_OK));
}

static void teardown(void)
{
    char command[128];
    sqlite3_close(beside);
    store_close(store);
    (void)snprintf(command, sizeof command, "rm -rf %s", directory);
    cr_assert(eq(int, system(command), 0));
}

TestSuite(store_rssac002, .init = setup, .fini = teardown);

static void sql(const char *text)
{
    cr_assert(eq(int, sqlite3_exec(beside, text, NULL, NULL, NULL), SQLITE_OK), "%s",
              sqlite3_errmsg(beside));
}

static int number(const char *text)
{
    sqlite3_stmt *q;
    cr_assert(eq(int, sqlite3_prepare_v2(beside, text, -1, &q, NULL), SQLITE_OK), "%s",
              sqlite3_errmsg(beside));
    cr_assert(eq(int, sqlite3_step(q), SQLITE_ROW));
    int n = sqlite3_column_int(q, 0);
    sqlite3_finalize(q);
    return n;
}

/* So many queries of UDP/IPv4, from hosts `from` to 99 of 192.0.2.0/24, and as many of IPv6. */
static struct rssac002_hour *part(unsigned queries, unsigned from)
{
    struct rssac002_hour *h = calloc(1, sizeof *h);
    (void)snprintf(h->service, sizeof h->service, "%s", service);
    h->counts.captured_ms = 60000;
    h->counts.queries[TRANSPORT_UDP4] = queries;
    h->counts.query_sizes[0][3] = queries;
    h->sources.ipv4 = calloc(1, sizeof *h->sources.ipv4);
    h->sources.ipv6 = calloc(100, sizeof *h->sources.ipv6);
    h->sources.ipv4s = 1;
    h->sources.ipv4[0].network = 0xc00002;
    for (unsigned n = 99; n >= from && n < 100; n--) {
        h->sources.ipv4[0].hosts[n / 64] |= UINT64_C(1) << n % 64;
        struct source6 *s = &h->sources.ipv6[h->sources.ipv6s++];
        s->address[0] = 0x20;
        s->address[7] = (uint8_t)(n / 10);
        s->address[15] = (uint8_t)n;
    }
    return h;
}

static void put_at(int64_t hour_s, unsigned queries, unsigned from)
{
    struct rssac002_hour *h = part(queries, from);
    cr_assert(store_put_rssac002(store, hour_s, h, &err), "%s", err.text);
    rssac002_hour_free(h);
}

static struct store_hour whole_hour(unsigned queries, unsigned from)
{
    struct store_hour h = {.start_s = HOUR_S,
                           .row = calloc(1, sizeof *h.row),
                           .rssac002 = part(queries, from)};
    struct names *names = names_create(16, false, 1, &err);
    for (unsigned i = 0; i < STORE_NAMES_KINDS; i++)
        h.names[i] = store_names_create(names, queries, 10);
    names_free(names);
    h.silent = queries == 0;
    return h;
}

static void keep(unsigned queries, unsigned from)
{
    struct store_hour h = whole_hour(queries, from);
    cr_assert(store_keep_going(store, &h, &err), "%s", err.text);
    store_hour_fini(&h);
}

static bool end(unsigned queries, unsigned from)
{
    struct store_hour h = whole_hour(queries, from);
    bool good = store_end_hour(store, &h, &err);
    store_hour_fini(&h);
    return good;
}

static struct rssac002_day day;

static bool read_day(void)
{
    return rssac002_day_read(&day, &store, 1, DAY_S, service, &err);
}

/* The day has so many queries, and sources of each version; IPv6 in /64s of ten. */
static void expect(unsigned queries, unsigned sources)
{
    cr_assert(read_day(), "%s", err.text);
    cr_expect(eq(u64, day.counts.queries[TRANSPORT_UDP4], queries));
    cr_expect(eq(u64, day.counts.query_sizes[0][3], queries));
    cr_expect(eq(u64, day.sources4, sources));
    cr_expect(eq(u64, day.sources6, sources));
    cr_expect(eq(u64, day.networks6, (sources + 9) / 10));
    cr_expect(eq(str, day.service, (char *)service));
    rssac002_day_fini(&day);
}

Test(store_rssac002, adds_sums_and_unites_sources_of_parts_of_an_hour)
{
    put_at(HOUR_S, 5, 60);
    expect(5, 40);
    put_at(HOUR_S, 7, 80);
    expect(12, 40);
    put_at(HOUR_S, 1, 50);
    expect(13, 50);
    cr_expect(eq(int, number("SELECT count(*) FROM rssac002"), 1));
}

Test(store_rssac002, adds_up_a_day_and_no_other)
{
    put_at(DAY_S - 3600, 1000, 0);
    put_at(DAY_S, 1, 99);
    put_at(DAY_S + 23 * 3600, 2, 90);
    put_at(DAY_S + 24 * 3600, 1000, 0);
    expect(3, 10);
}

Test(store_rssac002, outlives_a_process_that_is_killed_and_counts_nothing_twice)
{
    unsigned left;
    keep(5, 90);
    keep(6, 80);
    cr_assert(read_day(), "%s", err.text);
    cr_expect(day.instance[0].left);
    cr_expect(eq(u32, day.instance[0].hours, 0));
    rssac002_day_fini(&day);

    cr_assert(store_end_left(store, &left, &err), "%s", err.text);
    cr_expect(eq(str, err.text, ""));
    expect(6, 20);
    keep(10, 95);
    cr_assert(store_end_left(store, &left, &err), "%s", err.text);
    keep(20, 95);
    cr_assert(end(24, 70), "%s", err.text);
    expect(6 + 10 + 24, 30);
    cr_assert(read_day(), "%s", err.text);
    cr_expect_not(day.instance[0].left);
    cr_expect(eq(u64, day.instance[0].captured_ms, 3 * 60000));
    rssac002_day_fini(&day);
}

Test(store_rssac002, is_stored_with_its_hour_or_not_at_all)
{
    unsigned left;
    keep(5, 90);
    sql("CREATE TRIGGER full BEFORE INSERT ON rssac002 BEGIN SELECT "
        "RAISE(ABORT, 'disk full'); END");
    cr_expect_not(store_end_left(store, &left, &err));
    cr_expect_not_null(strstr(err.text, "disk full"), "%s", err.text);
    cr_expect_not(end(7, 0));
    cr_expect(eq(int, number("SELECT count(*) FROM hours_stored"), 0));
    cr_expect(eq(int, number("SELECT count(*) FROM hours_going"), 1));
    sql("DROP TRIGGER full");
    cr_assert(store_end_left(store, &left, &err), "%s", err.text);
    expect(5, 10);
    cr_expect(eq(int, number("SELECT count(*) FROM hours_stored"), 1));
}

Test(store_rssac002, of_an_hour_without_queries_is_all_there_is_of_it)
{
    keep(0, 100);
    cr_assert(end(0, 100), "%s", err.text);
    cr_expect(eq(int, number("SELECT count(*) FROM rssac002"), 1));
    cr_expect(eq(int, number("SELECT count(*) FROM hours_stored"), 0));
    cr_expect(eq(int, number("SELECT count(*) FROM hour_names_stored"), 0));
}

/* Whatever octet is another: the hour is dropped, and said, or as it was. */
Test(store_rssac002, kept_aside_bears_any_octet_at_every_place)
{
    unsigned left;
    unsigned dropped = 0;
    char text[220];
    keep(5, 90);
    int size = number("SELECT length(doc) FROM hours_going");
    sql("CREATE TABLE good AS SELECT * FROM hours_going");
    for (int at = 1; at <= size; at++) {
        (void)snprintf(
                text, sizeof text,
                "DELETE FROM rssac002; INSERT OR REPLACE INTO hours_going SELECT start,"
                " CAST(substr(doc, 1, %d) || x'%02x' || substr(doc, %d) AS BLOB) FROM good",
                at - 1, (unsigned)at * 37 % 256, at + 1);
        sql(text);
        cr_assert(store_end_left(store, &left, &err), "%d: %s", at, err.text);
        dropped += err.text[0] != '\0';
        bool whole = rssac002_day_read(&day, &store, 1, DAY_S, "", &err);
        cr_assert(whole && day.instance[0].spoilt == 0, "%d: %s", at, err.text);
        rssac002_day_fini(&day);
    }
    cr_expect(gt(u32, dropped, 200));
}

Test(store_rssac002, that_cannot_be_read_again_is_replaced_and_said)
{
    put_at(HOUR_S, 5, 60);
    sql("UPDATE rssac002 SET sources = substr(sources, 1, length(sources) - 1)");
    put_at(HOUR_S, 7, 80);
    cr_assert(read_day(), "%s", err.text);
    cr_expect(eq(u64, day.counts.unread, 1));
    cr_expect(eq(u64, day.counts.queries[TRANSPORT_UDP4], 12));
    cr_expect(eq(u64, day.sources4, 20));
    rssac002_day_fini(&day);
    sql("UPDATE rssac002 SET doc = '[]'");
    put_at(HOUR_S, 9, 70);
    cr_assert(read_day(), "%s", err.text);
    cr_expect(eq(u64, day.counts.unread, 1));
    cr_expect(eq(u64, day.counts.queries[TRANSPORT_UDP4], 9));
    cr_expect(eq(u64, day.sources4, 30));
    rssac002_day_fini(&day);
}

/* Neither sums nor sources of two services are put together. */
Test(store_rssac002, of_another_service_is_replaced)
{
    put_at(HOUR_S, 5, 60);
    sql("UPDATE rssac002 SET doc = replace(doc, 'x.root', 'y.root')");
    put_at(HOUR_S, 7, 80);
    expect(7, 20);
}

/* A database of another site, made to harm: an hour that is there more than once. */
Test(store_rssac002, takes_each_hour_once_whatever_the_table_is)
{
    put_at(HOUR_S, 5, 60);
    sql("ALTER TABLE rssac002 RENAME TO good;"
        "CREATE TABLE rssac002 (start INTEGER, doc TEXT, sources BLOB);"
        "INSERT INTO rssac002 (rowid, start, doc, sources) SELECT start, * FROM good;"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)"
        " INSERT INTO rssac002 SELECT start, doc, sources FROM good, n");
    cr_assert(read_day(), "%s", err.text);
    cr_expect(eq(u64, day.counts.queries[TRANSPORT_UDP4], 5));
    cr_expect(eq(u32, day.instance[0].hours, 1));
    cr_expect(eq(u32, day.instance[0].spoilt, 100));
    rssac002_day_fini(&day);
}

/* The same: a view may compute whatever it likes, and for ever. */
Test(store_rssac002, is_read_from_no_view)
{
    put_at(HOUR_S, 5, 60);
    sql("ALTER TABLE rssac002 RENAME TO good;"
        "CREATE VIEW rssac002 AS SELECT * FROM good");
    store_close(store);
    store = store_open(directory, STORE_READ, &err);
    cr_assert_not_null(store, "%s", err.text);
    cr_expect_not(read_day());
    cr_expect_not_null(strstr(err.text, "view"), "%s", err.text);
    rssac002_day_fini(&day);
}

Test(store_rssac002, unites_instances)
{
    char other[sizeof directory + 8];
    (void)snprintf(other, sizeof other, "%s/other", directory);
    put_at(HOUR_S, 5, 60);
    put_at(HOUR_S + 3600, 5, 70);
    struct store *first = store;
    store = store_open(other, STORE_WRITE, &err);
    cr_assert_not_null(store, "%s", err.text);
    put_at(HOUR_S, 7, 40);
    struct store *const stores[] = {first, store};
    cr_assert(rssac002_day_read(&day, stores, 2, DAY_S, "", &err), "%s", err.text);
    cr_expect(eq(u64, day.counts.queries[TRANSPORT_UDP4], 17));
    cr_expect(eq(u64, day.sources4, 60));
    cr_expect(eq(u64, day.sources6, 60));
    cr_expect(eq(u32, day.instance[0].hours, 2));
    cr_expect(eq(u32, day.instance[1].hours, 1));
    cr_expect(eq(str, day.service, (char *)service));
    rssac002_day_fini(&day);
    cr_expect_not(rssac002_day_read(&day, stores, 2, DAY_S, "y.root-servers.net", &err));
    cr_expect_not_null(strstr(err.text, "not of y.root-servers.net"), "%s", err.text);
    rssac002_day_fini(&day);
    store_close(store);
    store = first;
    put_at(HOUR_S, 1, 0); /* no transaction was left behind */
}

Test(store_rssac002, is_forgotten_by_days_the_oldest_first)
{
    for (int hour = 0; hour < 30; hour++)
        put_at(DAY_S + hour * 3600, 1, 99);
    cr_assert(store_forget_rssac002(store, DAY_S + 29 * 3600, &err), "%s", err.text);
    cr_expect(eq(int, number("SELECT count(*) FROM rssac002"), 6));
    cr_assert(store_forget_rssac002(store, DAY_S + 29 * 3600, &err), "%s", err.text);
    cr_expect(eq(int, number("SELECT count(*) FROM rssac002"), 1));
}

Test(store_rssac002, comes_into_a_database_of_before)
{
    sql("DROP TABLE rssac002; PRAGMA user_version = 4");
    store_close(store);
    store = store_open(directory, STORE_READ, &err);
    cr_assert_not_null(store, "%s", err.text);
    expect(0, 0);
    store_close(store);
    store = store_open(directory, STORE_WRITE, &err);
    cr_assert_not_null(store, "%s", err.text);
    put_at(HOUR_S, 5, 60);
    expect(5, 40);
}

/* What the release before kept aside ends where its names do. */
Test(store_rssac002, is_not_in_what_a_process_of_before_left)
{
    unsigned left;
    struct store_hour h = whole_hour(5, 90);
    rssac002_hour_free(h.rssac002);
    h.rssac002 = NULL;
    cr_assert(store_keep_going(store, &h, &err), "%s", err.text);
    store_hour_fini(&h);
    cr_assert(store_end_left(store, &left, &err), "%s", err.text);
    cr_expect(eq(str, err.text, ""));
    cr_expect(eq(int, number("SELECT count(*) FROM hours_stored"), 1));
    cr_expect(eq(int, number("SELECT count(*) FROM rssac002"), 0));
}

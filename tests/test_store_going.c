/* SPDX-License-Identifier: MIT */
#include "analysis/store_going.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOUR_S = 1735689600, MOST = 10 };

static char directory[64];
static struct store *store;
static struct error err;
static sqlite3 *beside;

static void setup(void)
{
    char path[sizeof directory + 16];
    strcpy(directory, "/tmp/rootwatch-store-going-XXXXXX");
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

TestSuite(store_going, .init = setup, .fini = teardown);

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

/* An hour in which 192.0.2.0/24 and 2001:db8::/48 ask, the second twice, for two names. */
static struct store_hour hour_of(uint32_t queries)
{
    struct store_hour h = {.start_s = HOUR_S, .row = malloc(2 * sizeof *h.row), .rows = 2};
    struct names *names = names_create(16, false, 1, &err);
    const uint8_t a[] = {1, 'a', 0};
    const uint8_t b[] = {2, 'b', 0xff, 0};
    h.row[0] = (struct store_hour_row){.queries = queries, .hosts = 3, .junk = 1};
    h.row[1] = (struct store_hour_row){.queries = 2 * queries, .hosts = 1, .junk = queries};
    cr_assert(prefix_parse("192.0.2.0/24", &h.row[0].prefix));
    cr_assert(prefix_parse("2001:db8::/48", &h.row[1].prefix));
    names_add(names, names_hash(names, a, sizeof a), a, sizeof a, queries);
    names_add(names, names_hash(names, b, sizeof b), b, sizeof b, 2 * queries);
    for (unsigned i = 0; i < STORE_NAMES_KINDS; i++)
        h.names[i] = store_names_create(names, 3ULL * queries, MOST);
    names_free(names);
    return h;
}

static void keep(uint32_t queries)
{
    struct store_hour h = hour_of(queries);
    cr_assert(store_keep_going(store, &h, &err), "%s", err.text);
    store_hour_fini(&h);
}

static bool end(uint32_t queries)
{
    struct store_hour h = hour_of(queries);
    bool good = store_end_hour(store, &h, &err);
    store_hour_fini(&h);
    return good;
}

/* Everything of the hour is of so many queries; and none of it is still kept aside. */
static void expect(int queries)
{
    cr_expect(eq(int, number("SELECT sum(queries) FROM hours"), 3 * queries));
    cr_expect(eq(int, number("SELECT max(hosts) FROM hours"), queries == 0 ? 0 : 3));
    cr_expect(
            eq(int, number("SELECT sum(queries) FROM hour_names WHERE kind = 1"), 3 * queries));
    cr_expect(eq(int, number("SELECT sum(queries) FROM hour_names WHERE length(name) = 4"),
                 4 * queries));
    cr_expect(eq(int, number("SELECT sum(queries) FROM hour_names_stored WHERE kind = 0"),
                 3 * queries));
    cr_expect(eq(int, number("SELECT count(*) FROM hours_going"), 0));
}

Test(store_going, is_no_hour_before_it_ends)
{
    keep(5);
    cr_expect(eq(int, number("SELECT count(*) FROM hours_stored"), 0));
    cr_expect_not(store_has_hour(store, HOUR_S));
    cr_assert(end(7));
    expect(7);
}

Test(store_going, is_ended_by_the_next_process_as_it_was_last_kept)
{
    unsigned left;
    keep(5);
    keep(6);
    cr_assert(store_end_left(store, &left, &err), "%s", err.text);
    cr_expect(eq(u32, left, 1));
    cr_expect(eq(str, err.text, ""));
    expect(6);
    cr_assert(store_end_left(store, &left, &err), "%s", err.text);
    cr_expect(eq(u32, left, 0));
    expect(6);
}

/* Three processes in one hour; the first two are killed. */
Test(store_going, is_added_up_over_processes_with_nothing_twice)
{
    unsigned left;
    keep(5);
    cr_assert(store_end_left(store, &left, &err));
    keep(10);
    keep(11);
    cr_assert(store_end_left(store, &left, &err));
    keep(20);
    cr_assert(end(24));
    expect(5 + 11 + 24);
}

Test(store_going, stays_when_it_cannot_be_ended)
{
    unsigned left;
    keep(5);
    sql("CREATE TRIGGER full BEFORE INSERT ON hour_names_stored BEGIN SELECT "
        "RAISE(ABORT, 'disk full'); END");
    cr_expect_not(store_end_left(store, &left, &err));
    cr_expect_not_null(strstr(err.text, "disk full"), "%s", err.text);
    cr_expect_not(end(7));
    cr_expect(eq(int, number("SELECT count(*) FROM hours"), 0));
    cr_expect(eq(int, number("SELECT count(*) FROM hours_going"), 1));
    sql("DROP TRIGGER full");
    cr_assert(store_end_left(store, &left, &err), "%s", err.text);
    expect(5);
}

Test(store_going, that_is_damaged_is_dropped_and_said)
{
    unsigned left;
    keep(5);
    sql("UPDATE hours_going SET doc = substr(doc, 1, length(doc) - 1)");
    sql("INSERT INTO hours_going VALUES (-7, x''), (7, x'00'), (3600, x'ffffffff')");
    cr_assert(store_end_left(store, &left, &err), "%s", err.text);
    cr_expect_not_null(strstr(err.text, "is lost"), "%s", err.text);
    cr_expect(eq(int, number("SELECT count(*) FROM hours_going"), 0));
    cr_expect(eq(int, number("SELECT count(*) FROM hours"), 0));
}

/* Its sum with what is stored would be none that a column holds: it would be tried for ever. */
Test(store_going, that_counts_beyond_all_measure_is_dropped_and_said)
{
    unsigned left;
    cr_assert(end(5));
    keep(5);
    sql("UPDATE hours_going SET doc = CAST(substr(doc, 1, 44) || x'7fffffffffffffff'"
        " || substr(doc, 53) AS BLOB)");
    cr_assert(store_end_left(store, &left, &err), "%s", err.text);
    cr_expect_not_null(strstr(err.text, "is lost"), "%s", err.text);
    expect(5);
}

/* Under a sanitizer it says more. */
Test(store_going, bears_any_octet_at_every_place)
{
    static const uint8_t octets[] = {0, 1, 0x7f, 0x80, 0xff};
    unsigned left;
    char text[200];
    keep(5);
    int size = number("SELECT length(doc) FROM hours_going");
    sql("CREATE TABLE good AS SELECT * FROM hours_going");
    for (int at = 1; at <= size; at++) {
        (void)snprintf(
                text, sizeof text,
                "INSERT OR REPLACE INTO hours_going SELECT start, CAST(substr(doc, 1, %d)"
                " || x'%02x' || substr(doc, %d) AS BLOB) FROM good",
                at - 1, octets[at % sizeof octets], at + 1);
        sql(text);
        cr_assert(store_end_left(store, &left, &err), "%d: %s", at, err.text);
        cr_assert(eq(int, number("SELECT count(*) FROM hours_going"), 0));
    }
    cr_expect(eq(int, number("SELECT count(*) FROM hours WHERE junk < 0"), 0));
}

Test(store_going, comes_into_a_database_of_before)
{
    struct store_hour h = hour_of(2);
    cr_assert(store_put_hour(store, HOUR_S, h.row, h.rows, &err), "%s", err.text);
    store_hour_fini(&h);
    sql("DROP TABLE hours_going; PRAGMA user_version = 3");
    store_close(store);
    store = store_open(directory, STORE_WRITE, &err);
    cr_assert_not_null(store, "%s", err.text);
    keep(5);
    cr_expect(eq(int, number("SELECT sum(queries) FROM hours"), 6));
}

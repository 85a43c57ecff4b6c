/* SPDX-License-Identifier: MIT */
#include "analysis/report.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOUR_S = 3600, T = 100 * HOUR_S };

static char directory[64];
static struct store *store;
static struct origins *origins;
static struct report report;
static struct error err;

static void setup(void)
{
    strcpy(directory, "/tmp/rootwatch-report-XXXXXX");
    cr_assert_not_null(mkdtemp(directory));
    store = store_open(directory, STORE_WRITE, &err);
    cr_assert_not_null(store, "%s", err.text);
}

static void teardown(void)
{
    char command[128];
    report_fini(&report);
    origins_free(origins);
    store_close(store);
    (void)snprintf(command, sizeof command, "rm -rf %s", directory);
    cr_assert(eq(int, system(command), 0));
}

TestSuite(report, .init = setup, .fini = teardown);

static void given_minute(int64_t start_s, uint64_t a, uint64_t mx, uint64_t other)
{
    struct minute m = {.start_s = start_s,
                       .covered_s = 60,
                       .queries = a + mx + other,
                       .undecoded = 3,
                       .usual_qps = NAN,
                       .spread_qps = NAN};
    m.qtype[QTYPE_CLASS_A] = a;
    m.qtype[QTYPE_CLASS_MX] = mx;
    m.qtype[QTYPE_CLASS_OTHER] = other;
    cr_assert(store_put_minute(store, &m, &err), "%s", err.text);
}

static void given_hour(int64_t hour_s, const char *prefix, uint32_t queries)
{
    struct store_hour_row row = {.queries = queries, .hosts = 1};
    cr_assert(prefix_parse(prefix, &row.prefix));
    cr_assert(store_put_hour(store, hour_s, &row, 1, &err), "%s", err.text);
}

static void given_origins(const char *table)
{
    struct feed from;
    cr_assert(feed_memory(&from, "table", table, strlen(table), &err));
    origins = origins_read(&from, NULL, NULL, &err);
    cr_assert_not_null(origins, "%s", err.text);
    feed_close(&from);
}

static void read_report(enum ranking_by by, int64_t from_s, int64_t to_s)
{
    cr_assert(report_read(&report, store, origins, by, from_s, to_s, &err), "%s", err.text);
}

static void expect_rows(const char *want)
{
    char told[1024] = "", prefix[PREFIX_TEXT_BYTES];
    for (size_t i = 0; i < report.rows; i++) {
        const struct ranking_row *r = &report.row[i];
        const char *key = r->source.bits != 0 ? prefix_format(r->source, prefix) : r->name;
        size_t used = strlen(told);
        (void)snprintf(told + used, sizeof told - used, "%lu %lu AS%u %s\n",
                       (unsigned long)r->count, (unsigned long)r->before, r->asn,
                       key == NULL ? "-" : key);
    }
    cr_expect(eq(str, told, (char *)(uintptr_t)want));
}

Test(report, ranks_sources_and_says_what_is_in_no_row)
{
    given_hour(T - HOUR_S, "192.0.2.0/24", 4);
    given_hour(T - HOUR_S, "203.0.113.0/24", 40);
    given_hour(T, "192.0.2.0/24", 10);
    given_hour(T, "198.51.100.0/24", 30);
    given_minute(T, 40, 10, 0);
    given_origins("192.0.2.0/24 64500 One\n");
    read_report(RANKING_BY_SOURCE, T + 5, T + 7); /* widened to the hour */
    expect_rows("30 0 AS0 198.51.100.0/24\n10 4 AS64500 192.0.2.0/24\n");
    cr_expect(eq(i64, report.now.from_s, T));
    cr_expect(eq(i64, report.now.to_s, T + HOUR_S));
    cr_expect(eq(i64, report.before.from_s, T - HOUR_S));
    cr_expect(eq(u64, report.totals.count, 50));
    cr_expect(eq(u64, report.rest, 10));
    cr_expect(eq(u64, report.totals.unknown, 30));
    cr_expect(eq(u64, report.now.undecoded, 3));
    cr_expect(eq(u64, report.before.hours_alone, 1));
}

Test(report, adds_sources_up_by_origin)
{
    given_hour(T - HOUR_S, "192.0.2.0/24", 4);
    given_hour(T - HOUR_S, "203.0.113.0/24", 40); /* of an AS that is silent now */
    given_hour(T, "192.0.2.0/24", 10);
    given_hour(T, "198.51.100.0/24", 30);
    given_hour(T, "2001:db8::/48", 5);
    given_origins("192.0.2.0/24 64500\n198.51.100.0/24 64500\n203.0.113.0/24 64501\n");
    read_report(RANKING_BY_ASN, T, T + HOUR_S);
    expect_rows("40 4 AS64500 -\n");
    cr_expect(eq(u64, report.totals.count, 45));
    cr_expect(eq(u64, report.totals.unknown, 5));
    cr_expect(eq(u64, report.rest, 0));
}

Test(report, leaves_out_an_hour_that_is_not_stored)
{
    given_hour(T, "192.0.2.0/24", 10);
    given_minute(T, 10, 0, 0);
    given_minute(T + HOUR_S, 7, 0, 0); /* it goes on */
    read_report(RANKING_BY_SOURCE, T, T + 3 * HOUR_S);
    cr_expect(eq(u64, report.now.hours, 1));
    cr_expect(eq(u64, report.now.minutes, 2));
    cr_expect(eq(u64, report.now.minutes_apart, 1));
    cr_expect(eq(u64, report.now.queries_apart, 7));
    cr_expect(eq(u64, report.totals.count, 10));
    cr_expect(eq(u64, report.rest, 0));
}

Test(report, knows_no_rest_of_an_hour_whose_minutes_are_gone)
{
    given_hour(T, "192.0.2.0/24", 10);
    given_hour(T + HOUR_S, "192.0.2.0/24", 10);
    given_minute(T + HOUR_S, 4, 0, 0);
    read_report(RANKING_BY_SOURCE, T, T + 2 * HOUR_S);
    cr_expect(eq(u64, report.now.hours_alone, 2));
    cr_expect(eq(u64, report.totals.count, 20));
    cr_expect(eq(u64, report.now.counted_s, HOUR_S + 60));
}

Test(report, misses_no_minute_that_another_reached_over)
{
    struct minute m = {
            .start_s = T + 120, .covered_s = 200, .usual_qps = NAN, .spread_qps = NAN};
    cr_assert(store_put_minute(store, &m, &err), "%s", err.text);
    read_report(RANKING_BY_QTYPE, T, T + 600);
    cr_expect(eq(u64, report.now.minutes, 3));
    read_report(RANKING_BY_QTYPE, T + 120, T + 180);
    cr_expect(eq(u64, report.now.minutes, 1));
}

Test(report, ranks_types_by_minutes)
{
    given_minute(T - 60, 1, 20, 0);
    given_minute(T, 5, 30, 2);
    given_minute(T + 60, 5, 0, 2);
    read_report(RANKING_BY_QTYPE, T + 1, T + 2);
    expect_rows("30 20 AS0 MX\n5 1 AS0 A\n");
    cr_expect(eq(u64, report.totals.count, 37));
    cr_expect(eq(u64, report.rest, 2), "other types");
    cr_expect(eq(u64, report.now.minutes, 1));
    cr_expect(eq(u64, report.now.to_s, T + 60));
}

Test(report, compares_rates_of_periods_that_were_captured_alike)
{
    for (int i = 0; i < 20; i++)
        given_minute(T + i * 60, 5, 0, 0);
    for (int i = 0; i < 19; i++)
        given_minute(T - 1200 + i * 60, 5, 0, 0);
    read_report(RANKING_BY_QTYPE, T, T + 1200);
    cr_expect(epsilon_eq(dbl, report_change_scale(&report), 0.95, 1e-9));
    report_fini(&report);
    read_report(RANKING_BY_QTYPE, T - 300,
                T + 1200); /* a third of it was not captured before */
    cr_expect(eq(dbl, report_change_scale(&report), 0));
}

Test(report, takes_the_last_day_of_what_is_stored)
{
    int64_t from_s, to_s;
    cr_expect_not(report_last_day(store, RANKING_BY_SOURCE, &from_s, &to_s, &err));
    cr_expect(eq(str, err.text, "no hour is stored yet: one is when it has ended"));
    cr_expect_not(report_last_day(store, RANKING_BY_QTYPE, &from_s, &to_s, &err));
    cr_expect(eq(str, err.text, "nothing is stored yet"));
    given_hour(T, "192.0.2.0/24", 10);
    given_minute(T + HOUR_S, 4, 0, 0);
    cr_assert(report_last_day(store, RANKING_BY_SOURCE, &from_s, &to_s, &err));
    cr_expect(eq(i64, to_s, T + HOUR_S));
    cr_expect(eq(i64, from_s, T - 23 * HOUR_S));
    cr_assert(report_last_day(store, RANKING_BY_QTYPE, &from_s, &to_s, &err));
    cr_expect(eq(i64, to_s, T + HOUR_S + 60));
}

/* SPDX-License-Identifier: MIT */
#include "analysis/ranking.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>

static struct origins *origins;
static struct ranking *ranking;
static struct error err;

static void begin(const char *table)
{
    struct feed from;
    cr_assert(feed_memory(&from, "table", table, strlen(table), &err));
    origins = origins_read(&from, NULL, NULL, &err);
    cr_assert_not_null(origins, "%s", err.text);
    feed_close(&from);
    ranking = ranking_create(origins, &err);
    cr_assert_not_null(ranking);
}

static void fini(void)
{
    ranking_free(ranking);
    origins_free(origins);
}

TestSuite(ranking, .fini = fini);

static void given(const char *host, uint64_t count)
{
    struct prefix p;
    cr_assert(prefix_parse(host, &p));
    cr_assert(ranking_add(ranking, p, count, &err));
}

static void expect(enum ranking_by by, const char *want)
{
    char told[1024] = "", prefix[PREFIX_TEXT_BYTES];
    size_t rows;
    const struct ranking_row *r = ranking_rows(ranking, by, &rows, &err);
    cr_assert_not_null(r);
    for (size_t i = 0; i < rows; i++)
        (void)snprintf(told + strlen(told), sizeof told - strlen(told), "%lu AS%u %s %s\n",
                       (unsigned long)r[i].count, r[i].asn, prefix_format(r[i].prefix, prefix),
                       r[i].name == NULL ? "-" : r[i].name);
    cr_expect(eq(str, told, (char *)(uintptr_t)want));
}

Test(ranking, adds_up_by_announced_prefix_and_by_as)
{
    begin("192.0.2.0/24 64500 One\n198.51.100.0/24 64501\n203.0.113.0/24 64500\n"
          "2001:db8::/32 64502\n");
    given("192.0.2.1/32", 2);
    given("198.51.100.1/32", 4);
    given("192.0.2.9/32", 1);
    given("203.0.113.1/32", 3);
    given("2001:db8:1::/56", 4);
    given("100.64.0.1/32", 10);
    expect(RANKING_BY_PREFIX, "4 AS64502 2001:db8::/32 -\n4 AS64501 198.51.100.0/24 -\n"
                              "3 AS64500 192.0.2.0/24 One\n3 AS64500 203.0.113.0/24 One\n");
    expect(RANKING_BY_ASN, "6 AS64500 192.0.2.0/24 One\n4 AS64501 198.51.100.0/24 -\n"
                           "4 AS64502 2001:db8::/32 -\n");
    struct ranking_totals t = ranking_totals(ranking, RANKING_BY_ASN);
    cr_expect(eq(u64, t.count, 24));
    cr_expect(eq(u64, t.unknown, 10));
    cr_expect(eq(u64, t.unrouted, 0), "of an excerpt");
}

Test(ranking, keeps_the_period_before_apart)
{
    begin("192.0.2.0/24 64500\n198.51.100.0/24 64500\n203.0.113.0/24 64501\n");
    struct prefix p, q, unknown;
    size_t rows;
    cr_assert(prefix_parse("192.0.2.0/24", &p) && prefix_parse("198.51.100.0/24", &q) &&
              prefix_parse("100.64.0.0/24", &unknown));
    cr_assert(ranking_add_counts(ranking, p, &(struct ranking_counts){7, 4, 7, 7 / 2}, &err));
    cr_assert(ranking_add_counts(ranking, q, &(struct ranking_counts){1, 9, 1, 1 / 2}, &err));
    cr_assert(ranking_add_counts(ranking, unknown, &(struct ranking_counts){2, 5, 2, 2 / 2},
                                 &err));
    const struct ranking_row *r = ranking_rows(ranking, RANKING_BY_PREFIX, &rows, &err);
    cr_assert(eq(sz, rows, 2));
    cr_expect(eq(u64, r[1].before, 9));
    r = ranking_rows(ranking, RANKING_BY_ASN, &rows, &err);
    cr_assert(eq(sz, rows, 1));
    cr_expect(eq(u64, r[0].count, 8));
    cr_expect(eq(u64, r[0].before, 13));
    cr_expect(eq(u64, r[0].prefix.bits, p.bits));
    cr_expect(eq(u64, ranking_totals(ranking, RANKING_BY_ASN).count, 10));
}

Test(ranking, holds_sums_that_would_be_too_large)
{
    begin("192.0.2.0/24 64500\n");
    given("192.0.2.1/32", INT64_MAX - 1);
    given("192.0.2.1/32", 5);
    expect(RANKING_BY_PREFIX, "9223372036854775807 AS64500 192.0.2.0/24 -\n");
}

Test(ranking, is_right_with_more_announcements_than_it_began_with)
{
    enum { NETWORKS = 20000 };
    char *table = malloc(NETWORKS * 32);
    size_t used = 0, rows;
    for (int i = 0; i < NETWORKS; i++)
        used += (size_t)sprintf(table + used, "10.%d.%d.0/24 %d\n", i / 256, i % 256,
                                1 + i % 7);
    begin(table);
    for (int i = 0; i < 3 * NETWORKS; i++) {
        char host[32];
        int n = i % NETWORKS;
        (void)snprintf(host, sizeof host, "10.%d.%d.7/32", n / 256, n % 256);
        given(host, 1);
    }
    const struct ranking_row *r = ranking_rows(ranking, RANKING_BY_ASN, &rows, &err);
    uint64_t sum = 0;
    for (size_t i = 0; i < rows; i++)
        sum += r[i].count;
    cr_expect(eq(sz, rows, 7));
    cr_expect(eq(u64, sum, 3 * NETWORKS));
    free(table);
}

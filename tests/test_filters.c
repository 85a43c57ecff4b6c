/* SPDX-License-Identifier: MIT */
#include "analysis/filters.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HOUR_S = 3600, DAY_HOURS = 24, ROWS_MAX = 64 };

static char directory[] = "/tmp/rootwatch-filters-XXXXXX";
static struct store *store;
static struct origins *origins;
static struct report report;
static struct filters_sources sources;
static struct filters list;
static struct error err;
static struct store_hour_row hour[ROWS_MAX];
static size_t rows;

static void setup(void)
{
    cr_assert_not_null(mkdtemp(directory));
    store = store_open(directory, STORE_WRITE, &err);
    cr_assert_not_null(store, "%s", err.text);
}

static void teardown(void)
{
    char command[64];
    filters_fini(&list);
    filters_sources_fini(&sources);
    report_fini(&report);
    origins_free(origins);
    store_close(store);
    (void)snprintf(command, sizeof command, "rm -rf %s", directory);
    cr_assert(eq(int, system(command), 0));
}

TestSuite(filters, .init = setup, .fini = teardown);

static struct prefix prefix(const char *text)
{
    struct prefix p = {0};
    cr_assert(prefix_parse(text, &p), "%s", text);
    return p;
}

static void asked(const char *source, uint32_t queries, uint32_t junk)
{
    hour[rows++] = (struct store_hour_row){prefix(source), queries, 1, junk};
}

static int by_bits(const void *x, const void *y)
{
    uint64_t a = ((const struct store_hour_row *)x)->prefix.bits;
    uint64_t b = ((const struct store_hour_row *)y)->prefix.bits;
    return (a > b) - (a < b);
}

static void hour_ends(int64_t hour_s)
{
    qsort(hour, rows, sizeof *hour, by_bits);
    cr_assert(store_put_hour(store, hour_s, hour, rows, &err), "%s", err.text);
    rows = 0;
}

static void given_table(const char *text)
{
    struct feed from;
    cr_assert(feed_memory(&from, "table", text, strlen(text), &err));
    origins = origins_read(&from, NULL, NULL, &err);
    feed_close(&from);
    cr_assert_not_null(origins, "%s", err.text);
}

/* Sources of the hours from `from_s` on. */
static void gathered(int64_t from_s, int64_t to_s, bool unrouted)
{
    cr_assert(report_read(&report, store, origins, RANKING_BY_SOURCE, from_s, to_s, &err), "%s",
              err.text);
    cr_assert(filters_sources_read(&sources, store, &report, unrouted, &err), "%s", err.text);
}

static bool read_list(const char *text)
{
    struct feed from;
    cr_assert(feed_memory(&from, "list", text, strlen(text), &err));
    err.text[0] = '\0';
    bool good = filters_read(&list, &from, &err);
    feed_close(&from);
    return good;
}

static void judged(const char *text)
{
    cr_assert(read_list(text), "%s", err.text);
    cr_assert(filters_judge(&list, &sources, &err), "%s", err.text);
}

static void expect_sums(const struct filters_sums *s, uint64_t queries, uint64_t junk,
                        uint64_t from, uint64_t hurt)
{
    cr_expect(eq(u64, s->queries, queries));
    cr_expect(eq(u64, s->junk, junk));
    cr_expect(eq(u64, s->sources, from));
    cr_expect(eq(u64, s->hurt, hurt));
}

Test(filters, reads_prefixes_with_comments_behind_and_between)
{
    cr_assert(read_list("# a list\n\n 192.0.2.0/24 ; SBL1\r\n0.0.0.0/0\n2001:db8::/32#x\n"));
    cr_assert(eq(sz, list.rows, 3));
    cr_expect(eq(u64, list.row[0].prefix.bits, prefix("192.0.2.0/24").bits));
    cr_expect(eq(ulong, list.row[0].line, 3));
    cr_expect(eq(u64, list.row[2].prefix.bits, prefix("2001:db8::/32").bits));
}

Test(filters, names_the_line_that_will_not_do_and_why)
{
    static const struct {
        const char *list, *why;
    } bad[] = {
            {"192.0.2.0/24\nnonsense\n", "list:2: \"nonsense\" is no prefix: it has no length"},
            {"192.0.2.1\n", "list:1: \"192.0.2.1\" is no prefix: it has no length"},
            {"192.0.2.0/33\n", "list:1: \"192.0.2.0/33\" is no prefix"},
            {"192.0.2.0/24x\n", "list:1: \"192.0.2.0/24x\" is no prefix"},
            {"192.0.2.0/\n", "list:1: \"192.0.2.0/\" is no prefix"},
            {"192.0.2/24\n", "list:1: \"192.0.2/24\" is no prefix"},
            {"192.0.2.7/24\n", "list:1: \"192.0.2.7/24\" has bits set behind its length"},
            {"192.0.2.0/25\n",
             "list:1: \"192.0.2.0/25\" is longer than what is counted: a /24, of IPv6 a /48"},
            {"2001:db8::/49\n",
             "list:1: \"2001:db8::/49\" is longer than what is counted: a /24, of IPv6 a /48"},
            {"192.0.2.0/24 198.51.100.0/24\n", "list:1: \"198.51.100.0/24\" stands behind a "
                                               "prefix; a comment begins with \";\" or "
                                               "\"#\""},
            {"\x1b[31m/8\n", "list:1: \"?[31m/8\" is no prefix"},
            {"# nothing\n", "list: no prefix in it"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_expect(not(read_list(bad[i].list)));
        cr_expect(eq(str, err.text, (char *)bad[i].why));
        filters_fini(&list);
    }
}

Test(filters, counts_nested_and_repeated_prefixes_once_in_all)
{
    asked("192.0.2.0/24", 100, 90);
    asked("192.0.3.0/24", 50, 50);
    asked("198.51.100.0/24", 30, 0);
    asked("2001:db8:1::/48", 20, 5);
    asked("2001:db8:2::/48", 7, 7);
    hour_ends(0);
    gathered(0, HOUR_S, false);
    judged("192.0.2.0/23\n192.0.2.0/24\n192.0.2.0/24\n2001:db8::/32\n2001:db8:2::/48\n"
           "203.0.113.0/24\n");
    expect_sums(&list.row[0].sums, 150, 140, 2, 1);
    expect_sums(&list.row[1].sums, 100, 90, 1, 1);
    expect_sums(&list.row[2].sums, 100, 90, 1, 1);
    expect_sums(&list.row[3].sums, 27, 12, 2, 1);
    expect_sums(&list.row[4].sums, 7, 7, 1, 0);
    expect_sums(&list.row[5].sums, 0, 0, 0, 0);
    expect_sums(&list.total, 177, 152, 4, 2);
    expect_sums(&list.all, 207, 152, 5, 3);
    const bool within[] = {false, true, true, false, true, false};
    for (size_t i = 0; i < list.rows; i++)
        cr_expect(eq(int, list.row[i].within, within[i]));
}

Test(filters, takes_all_of_a_family_and_nothing_of_the_other)
{
    asked("0.0.0.0/24", 1, 1);
    asked("255.255.255.0/24", 2, 2);
    asked("::/48", 4, 4);
    asked("ffff:ffff:ffff::/48", 8, 8);
    hour_ends(0);
    gathered(0, HOUR_S, false);
    judged("0.0.0.0/0\n::/0\n255.255.255.0/24\nffff::/16\n");
    cr_expect(eq(u64, list.row[0].sums.queries, 3));
    cr_expect(eq(u64, list.row[1].sums.queries, 12));
    cr_expect(eq(u64, list.row[2].sums.queries, 2));
    cr_expect(eq(u64, list.row[3].sums.queries, 8));
    cr_expect(eq(u64, list.total.queries, 15));
}

Test(filters, doubts_sources_without_a_route_where_that_is_believed)
{
    char *whole = malloc(60 * 256 * 32 + 64);
    size_t used = 0;
    for (unsigned i = 0; i < 60 * 256; i++)
        used += (size_t)sprintf(whole + used, "%u.%u.0.0\t16\t64500\n", 20 + i / 256, i % 256);
    given_table(whole);
    free(whole);
    asked("20.0.0.0/24", 10, 5);
    asked("192.0.2.0/24", 11, 5);
    hour_ends(0);
    gathered(0, HOUR_S, true);
    judged("20.0.0.0/24\n192.0.2.0/24\n0.0.0.0/0\n");
    cr_expect(eq(int, filters_doubt(&list.row[0]), FILTERS_CREDIBLE));
    cr_expect(eq(int, filters_doubt(&list.row[1]), FILTERS_UNROUTED));
    cr_expect(eq(int, filters_doubt(&list.row[2]), FILTERS_UNROUTED)); /* more than half */
    filters_fini(&list);
    filters_sources_fini(&sources);
    report_fini(&report);
    gathered(0, HOUR_S, false);
    judged("192.0.2.0/24\n");
    cr_expect(eq(int, filters_doubt(&list.row[0]), FILTERS_CREDIBLE));
}

Test(filters, doubts_who_was_seen_during_a_spoofed_flood_alone)
{
    struct incident_event e = {.time_s = 10 * HOUR_S + 5,
                               .incident = {.id = "1970-0101-1",
                                            .kind = INCIDENT_SPOOF,
                                            .began_s = 10 * HOUR_S + 1,
                                            .opened_s = 10 * HOUR_S + 5,
                                            .ended_s = 11 * HOUR_S + 60}};
    for (int64_t h = 5; h < 13; h++) {
        asked("192.0.2.0/24", 1, 1); /* always */
        if (h == 10 || h == 11)
            asked("198.51.100.0/24", 9, 9);
        if (h == 5 || h == 11) /* in the period before, too */
            asked("203.0.113.0/24", 9, 9);
        if (h == 12)
            asked("203.0.114.0/24", 9, 9);
        hour_ends(h * HOUR_S);
    }
    cr_assert(store_put_event(store, &e, &err), "%s", err.text);
    gathered(9 * HOUR_S, 13 * HOUR_S, false);
    cr_expect(eq(u32, sources.floods, 1));
    judged("192.0.2.0/24\n198.51.100.0/24\n203.0.113.0/24\n203.0.114.0/24\n");
    cr_expect(eq(int, filters_doubt(&list.row[0]), FILTERS_CREDIBLE));
    cr_expect(eq(int, filters_doubt(&list.row[1]), FILTERS_FLOOD));
    cr_expect(eq(int, filters_doubt(&list.row[2]), FILTERS_CREDIBLE));
    cr_expect(eq(int, filters_doubt(&list.row[3]), FILTERS_CREDIBLE));
}

static void suggested(double junk, double harm)
{
    const struct filters_goal goal = {junk, harm};
    filters_fini(&list);
    cr_assert(filters_suggest(&list, &sources, &goal, &err), "%s", err.text);
}

/* Junk is 1000, what is legitimate 1000. */
static void given_junk(void)
{
    given_table("192.0.0.0/16 64500\n192.0.2.0/23 64501\n198.51.0.0/16 64502\n");
    asked("192.0.2.0/24", 310, 300);
    asked("192.0.3.0/24", 310, 300);
    asked("198.51.100.0/24", 700, 300); /* much junk, and much more */
    asked("198.51.101.0/24", 100, 100);
    asked("203.0.113.0/24", 580, 0);
    hour_ends(0);
    gathered(0, HOUR_S, false);
}

Test(filters, suggests_the_announced_prefix_in_place_of_its_sources)
{
    given_junk();
    suggested(0.6, 0.02);
    cr_assert(eq(sz, list.rows, 1));
    cr_expect(eq(u64, list.row[0].prefix.bits, prefix("192.0.2.0/23").bits));
    cr_expect(eq(u64, list.total.junk, 600));
    const struct filters_goal goal = {0.6, 0.02};
    cr_expect(filters_reaches(&list, &goal));
}

Test(filters, suggests_what_hurts_little_and_passes_over_what_hurts_much)
{
    given_junk();
    suggested(0.7, 0.02);
    cr_assert(eq(sz, list.rows, 2));
    cr_expect(eq(u64, list.row[0].prefix.bits, prefix("192.0.2.0/23").bits));
    cr_expect(eq(u64, list.row[1].prefix.bits, prefix("198.51.101.0/24").bits));
    cr_expect(eq(u64, filters_legitimate(&list.total), 20));
}

Test(filters, suggests_what_removes_most_where_the_goal_cannot_be_reached)
{
    const struct filters_goal goal = {0.9, 0.02};
    given_junk();
    suggested(goal.junk, goal.harm);
    cr_expect(not(filters_reaches(&list, &goal)));
    cr_expect(eq(u64, list.total.junk, 700));
    suggested(1, 1);
    cr_expect(eq(u64, list.total.junk, 1000));
    cr_expect(eq(sz, list.rows, 2));
}

/* The search that finds most weighs harm so heavily that it holds the last back. */
Test(filters, suggests_also_what_the_best_search_held_back_but_may_go)
{
    asked("192.0.2.0/24", 150, 100);
    asked("198.51.100.0/24", 80, 60);
    asked("198.51.101.0/24", 70, 50);
    asked("203.0.113.0/24", 16, 6);
    hour_ends(0);
    gathered(0, HOUR_S, false);
    suggested(0.9, 0.5);
    cr_expect(eq(u64, list.total.junk, 116));
    cr_expect(eq(u64, filters_legitimate(&list.total), 50));
    cr_expect(eq(sz, list.rows, 3));
}

Test(filters, suggests_nothing_that_looks_forged)
{
    given_junk();
    for (size_t i = 0; i < sources.count; i++)
        if (sources.source[i].prefix.bits == prefix("192.0.2.0/24").bits ||
            sources.source[i].prefix.bits == prefix("192.0.3.0/24").bits) {
            sources.source[i].doubt = FILTERS_UNROUTED;
            for (size_t k = i + 1; k <= sources.count; k++)
                sources.before[k].doubtful[FILTERS_UNROUTED] += sources.source[i].queries;
        }
    suggested(0.6, 0.02);
    for (size_t i = 0; i < list.rows; i++)
        cr_expect(not(prefix_contains(prefix("192.0.0.0/16"), list.row[i].prefix)));
    cr_expect(eq(u64, list.total.junk, 100));
}

/* Against every list there is, of few sources drawn at random. */
Test(filters, suggests_no_more_than_one_more_than_the_shortest_list)
{
    enum { SOURCES = 9, TIMES = 60 };
    const struct filters_goal goal = {0.4, 0.2};
    unsigned reached = 0;
    srand(5);
    for (int n = 0; n < TIMES; n++) {
        uint64_t junk[SOURCES], harm[SOURCES], all_junk = 0, all_harm = 0;
        for (unsigned i = 0; i < SOURCES; i++) {
            char text[32];
            junk[i] = (uint64_t)rand() % 100;
            harm[i] = (uint64_t)rand() % 60;
            (void)snprintf(text, sizeof text, "192.0.%u.0/24", i);
            asked(text, (uint32_t)(junk[i] + harm[i] + 1), (uint32_t)junk[i]);
            harm[i]++;
            all_junk += junk[i];
            all_harm += harm[i];
        }
        hour_ends((int64_t)n * DAY_HOURS * HOUR_S);
        gathered((int64_t)n * DAY_HOURS * HOUR_S, (int64_t)n * DAY_HOURS * HOUR_S + HOUR_S,
                 false);
        unsigned shortest = SOURCES + 1;
        for (unsigned set = 0; set < 1U << SOURCES; set++) {
            uint64_t j = 0, h = 0;
            for (unsigned i = 0; i < SOURCES; i++) {
                j += set >> i & 1 ? junk[i] : 0;
                h += set >> i & 1 ? harm[i] : 0;
            }
            unsigned length = (unsigned)__builtin_popcount(set);
            if (5 * j >= 2 * all_junk && 5 * h <= all_harm && length < shortest)
                shortest = length;
        }
        suggested(goal.junk, goal.harm);
        cr_expect(le(u64, 5 * filters_legitimate(&list.total), all_harm));
        if (filters_reaches(&list, &goal)) {
            cr_expect(le(sz, list.rows, shortest + 1));
            reached++;
        } else {
            cr_expect(ge(u32, shortest, 3), "missed a list of %u", shortest);
        }
        filters_sources_fini(&sources);
        report_fini(&report);
        report = (struct report){.rows = 0};
    }
    cr_expect(gt(u32, reached, TIMES / 8));
}

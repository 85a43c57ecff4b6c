/* SPDX-License-Identifier: MIT */
#include "analysis/origin_history.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>

static struct origin_history *history;
static struct error err;

static void begin(const char *address, unsigned length, bool within)
{
    struct route asked = {.family = 0};
    cr_assert(routes_parse(address, length, &asked));
    history = origin_history_create(&asked, within, &err);
    cr_assert_not_null(history);
}

static void fini(void)
{
    origin_history_free(history);
}

TestSuite(origin_history, .fini = fini);

static bool given(const char *name, const char *text)
{
    struct feed from;
    cr_assert(feed_memory(&from, name, text, strlen(text), &err));
    bool good = origin_history_read(history, &from, 0, NULL, NULL, &err);
    feed_close(&from);
    return good;
}

/* A table as routers print it, with 52 /8s so that it is whole. */
static void given_whole(const char *name, const char *routes)
{
    char text[8192];
    size_t at = 0;
    for (int i = 0; i < 52; i++)
        at += (size_t)snprintf(text + at, sizeof text - at,
                               "*> %d.0.0.0         198.51.100.1           0 64496 i\n", i + 1);
    (void)snprintf(text + at, sizeof text - at, "%s", routes);
    cr_assert(given(name, text), "%s", err.text);
}

/* Each row in a line: days of January 2005, tables, prefix, origins, path. */
static void expect(const char *want)
{
    static const char *const matches[] = {"nobody", "unknown", "covers", "same", "within"};
    char told[4096] = "", prefix[ROUTE_TEXT_BYTES];
    unsigned rows;
    cr_assert(origin_history_finish(history, &err));
    const struct origin_history_row *r = origin_history_rows(history, &rows);
    for (unsigned i = 0; i < rows; i++) {
        size_t at = strlen(told);
        at += (size_t)snprintf(told + at, sizeof told - at, "%d-%d %u %s %s",
                               (int)((r[i].from - 1104451200) / 86400),
                               (int)((r[i].to - 1104451200) / 86400), r[i].tables,
                               routes_prefix(&r[i].prefix, prefix), matches[r[i].match]);
        for (unsigned k = 0; k < r[i].origins; k++)
            at += (size_t)snprintf(told + at, sizeof told - at, " AS%u", r[i].origin[k]);
        (void)snprintf(told + at, sizeof told - at, "%s%s\n", r[i].path[0] ? ": " : "",
                       r[i].path);
    }
    cr_expect(eq(str, told, (char *)(uintptr_t)want));
}

#define BY(PATH) "*> 192.0.2.0/24     198.51.100.1           0 " PATH " i\n"

Test(origin_history, tells_the_story)
{
    begin("192.0.2.0", 24, false);
    given_whole("rib.20050118", "");
    given_whole("rib.20050105", BY("3356 64500 64501"));
    given_whole("rib.20050103", BY("701 64500 64501"));
    given_whole("rib.20050110", BY("701 64502"));
    given_whole("rib.20050119", "");
    given_whole("rib.20050117", BY("701 64502"));
    expect("3-5 2 192.0.2.0/24 same AS64501: ... 64500 64501\n"
           "10-17 2 192.0.2.0/24 same AS64502: 701 64502\n"
           "18-19 2 192.0.2.0/24 nobody\n");
}

Test(origin_history, shows_what_covers_and_on_request_what_is_within)
{
    const char *table = "192.0.0.0/16 64500\n192.0.2.0/24 64501_64502\n192.0.2.128/25 64503\n"
                        "192.0.3.0/24 64504\n0.0.0.0/0 64505\n";
    begin("192.0.2.0", 24, true);
    cr_assert(given("2005-01-02", table), "%s", err.text);
    expect("2-2 1 192.0.0.0/16 covers AS64500\n"
           "2-2 1 192.0.2.0/24 same AS64501 AS64502\n"
           "2-2 1 192.0.2.128/25 within AS64503\n");
    origin_history_free(history);

    begin("192.0.2.0", 24, false);
    cr_assert(given("2005-01-02", table), "%s", err.text);
    expect("2-2 1 192.0.0.0/16 covers AS64500\n"
           "2-2 1 192.0.2.0/24 same AS64501 AS64502\n");
    unsigned tables;
    cr_expect(eq(u64, origin_history_tables(history, &tables)->within, 1));
}

Test(origin_history, knows_nothing_from_the_silence_of_an_excerpt)
{
    begin("192.0.2.0", 24, false);
    cr_assert(given("2005-01-02", "198.51.100.0/24 64500\n"));
    cr_assert(given("2005-01-03", "198.51.100.0/24 64500\n"));
    given_whole("2005-01-04", "");
    expect("2-3 2 192.0.2.0/24 unknown\n"
           "4-4 1 192.0.2.0/24 nobody\n");
}

Test(origin_history, is_broken_by_a_table_without_the_prefix)
{
    begin("192.0.2.0", 24, false);
    given_whole("2005-01-02", BY("64500"));
    given_whole("2005-01-03", "");
    given_whole("2005-01-04", BY("64500"));
    expect("2-2 1 192.0.2.0/24 same AS64500: 64500\n"
           "3-3 1 192.0.2.0/24 nobody\n"
           "4-4 1 192.0.2.0/24 same AS64500: 64500\n");
}

Test(origin_history, has_the_commonest_path_of_a_table)
{
    begin("192.0.2.0", 24, false);
    given_whole("2005-01-02", BY("1 2 64500") BY("3 64500") BY("4 64500") BY("4 64500"));
    expect("2-2 1 192.0.2.0/24 same AS64500: 4 64500\n");
}

Test(origin_history, is_as_it_was_after_a_bad_table)
{
    begin("192.0.2.0", 24, false);
    cr_assert(given("2005-01-02", "192.0.2.0/24 64500\n"));
    cr_expect_not(given("2005-01-03", "192.0.2.0/24 64501\nwhat?\n"));
    cr_expect(eq(str, err.text, "2005-01-03:2: not a prefix and an AS number"));
    cr_expect_not(given("undated", "192.0.2.0/24 64501\n"));
    cr_expect(eq(str, err.text,
                 "undated: no date in the table or in its name; one can be given, as in "
                 "2005-01-18=undated"));
    cr_assert(given("2005-01-04", "192.0.2.0/24 64500\n"));
    expect("2-4 2 192.0.2.0/24 same AS64500\n");
}

Test(origin_history, is_bounded)
{
    enum { LINES = 3000 };
    char *text = malloc(LINES * 32);
    size_t at = 0;
    for (int i = 0; i < LINES; i++)
        at += (size_t)sprintf(text + at, "10.%d.%d.0/24 64500\n", i / 256, i % 256);
    begin("10.0.0.0", 8, true);
    cr_assert(given("2005-01-02", text));
    cr_assert(origin_history_finish(history, &err));
    unsigned rows, tables;
    (void)origin_history_rows(history, &rows);
    const struct origin_history_table *t = origin_history_tables(history, &tables);
    cr_expect(eq(uint, rows, 1025), "and that of the prefix itself");
    cr_expect(t->left_out);
    cr_expect(eq(u64, t->within, LINES));
    free(text);
}

Test(origin_history, names_the_origins_of_most_routes_in_whatever_order_they_come)
{
    char forth[4096] = "", back[4096] = "";
    for (unsigned i = 0; i < 20; i++) {
        size_t at = strlen(forth);
        (void)snprintf(forth + at, sizeof forth - at, BY("%u"), 64500 + i);
        at = strlen(back);
        (void)snprintf(back + at, sizeof back - at, BY("%u"), 64519 - i);
    }
    strcat(forth, BY("64519"));
    strcat(back, BY("64519"));
    begin("192.0.2.0", 24, false);
    given_whole("rib.20050118", forth);
    given_whole("rib.20050119", back);
    cr_assert(origin_history_finish(history, &err));
    unsigned rows;
    const struct origin_history_row *r = origin_history_rows(history, &rows);
    cr_assert(eq(u32, rows, 1));
    cr_expect(eq(u32, r->origins, 16));
    cr_expect(eq(u32, r->origin[15], 64519));
}

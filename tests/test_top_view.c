/* SPDX-License-Identifier: MIT */
#include "program/top_view.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

static struct top_view view;
static char *text;
static const struct top_size whole = {0};

static void setup(void)
{
    view = (struct top_view){.over = 10};
}

static void teardown(void)
{
    top_view_fini(&view);
    free(text);
    text = NULL;
}

TestSuite(top_view, .init = setup, .fini = teardown);

/* One second of a site where 192.0.2.0/24 asks `culprit` of 1000 queries. */
static json_t *second(double time_s, int culprit)
{
    json_t *status = json_pack(
            "{s:s, s:s, s:f, s:f, s:b, s:f, s:i, s:i, s:i, s:{s:i}, s:{s:i, s:i}, s:{}, s:i, "
            "s:i,"
            " s:i, s:i, s:{s:i, s:i}, s:i, s:i}",
            "schema", "rootwatch-status/1", "site", "x-root", "time", time_s, "length_s", 1.0,
            "lossy", 0, "usual_qps", 800.0, "queries", 1000, "responses", 0, "malformed", 0,
            "queries_by", "udp4", 1000, "qtype", "A", 1000 - culprit, "MX", culprit, "rcode",
            "junk", 500, "sources", 77, "frames", 1000, "undecoded", 0, "drops", "kernel", 0,
            "interface", 0, "without_source", 0, "without_name", 0);
    json_object_set_new(
            status, "prefixes",
            json_pack("[{s:s, s:i, s:i, s:i, s:{s:i}, s:i, s:s}, {s:s, s:i, s:i, s:i, s:{s:i},"
                      " s:s}]",
                      "prefix", "192.0.2.0/24", "queries", culprit, "hosts", 7, "junk",
                      culprit / 2, "qtype", "MX", culprit, "asn", 64496, "as_name", "Example",
                      "prefix", "198.51.100.0/24", "queries", 30, "hosts", 2, "junk", 0,
                      "qtype", "A", 30, "origin", "unrouted"));
    json_object_set_new(status, "names",
                        json_pack("[{s:s, s:i}]", "name", "a\\060b.example", "queries", 40));
    json_object_set_new(status, "tlds",
                        json_pack("[{s:s, s:i}]", "name", "example", "queries", 40));
    return status;
}

static const char *shown(int64_t now_s, struct top_size size)
{
    size_t bytes;
    free(text);
    FILE *to = open_memstream(&text, &bytes);
    top_view_print(&view, now_s, size, to);
    (void)fclose(to);
    return text;
}

#define SHOWS(part)    cr_expect_not_null(strstr(text, part), "no \"%s\" in:\n%s", part, text)
#define DOES_NOT(part) cr_expect_null(strstr(text, part), "\"%s\" in:\n%s", part, text)

Test(top_view, shows_means_of_the_intervals_held)
{
    cr_expect(top_view_add(&view, second(1000, 300)));
    cr_expect(top_view_add(&view, second(1001, 100)));
    shown(1001, whole);
    SHOWS("mean of 2 s");
    SHOWS("queries 1000/s  usual 800/s (+25 %)");
    SHOWS("     200    20 %      7    50 %  192.0.2.0/24          MX 100 %");
    SHOWS("AS64496 Example");
    SHOWS("  A 80 %  MX 20 %");
    SHOWS("no route");
    SHOWS("nothing lost");
    SHOWS("no open incident");
    cr_expect(lt(ptr, strstr(text, "192.0.2.0/24"), strstr(text, "198.51.100.0/24")));
}

Test(top_view, holds_no_more_intervals_than_it_was_told)
{
    view.over = 2;
    for (int i = 0; i < 5; i++)
        cr_expect(top_view_add(&view, second(1000 + i, 100 * (i + 1))));
    json_t *again = second(1004, 1);
    cr_expect_not(top_view_add(&view, again));
    json_decref(again);
    shown(1004, whole);
    SHOWS("mean of 2 s");
    SHOWS("     450    45 %");
    cr_expect(eq(i64, top_view_time(&view), 1004));
}

Test(top_view, says_what_is_lost)
{
    json_t *status = second(1000, 100);
    json_object_set_new(status, "drops", json_pack("{s:i, s:i}", "kernel", 12, "interface", 3));
    json_object_set_new(status, "undecoded", json_integer(4));
    json_object_set_new(status, "without_name", json_integer(5));
    top_view_add(&view, status);
    shown(1000, whole);
    SHOWS("lost: 12 frames dropped by the kernel, 3 frames dropped by the interface, 4 frames "
          "not decoded, 5 queries without room for their name");
    DOES_NOT("nothing lost");
}

Test(top_view, says_that_it_is_old)
{
    top_view_add(&view, second(1000, 100));
    shown(1004, whole);
    DOES_NOT("is `rootwatch run` capturing?");
    shown(1042, whole);
    SHOWS("the last interval ended 42");
    SHOWS("is `rootwatch run` capturing?");
}

Test(top_view, lists_open_incidents_or_says_why_not)
{
    top_view_add(&view, second(1000, 100));
    view.open = 7;
    for (unsigned i = 0; i < TOP_INCIDENTS; i++)
        view.incident[i] = (struct top_incident){.id = "1970-0101-1",
                                                 .summary = "192.0.2.0/24 sends 20 %"};
    shown(1000, whole);
    SHOWS("1970-0101-1  since 1 Jan 1970 00:00  192.0.2.0/24 sends 20 %");
    SHOWS("and 2 more");
    view.blind_to = "the database is damaged";
    shown(1000, whole);
    SHOWS("incidents are not known: the database is damaged");
    DOES_NOT("no open incident");
}

static unsigned columns_of(const char *line, size_t length)
{
    unsigned columns = 0;
    bool escaped = false;
    for (size_t i = 0; i < length; i++) {
        escaped |= line[i] == '\033';
        columns += !escaped && (line[i] & 0xc0) != 0x80;
        if (escaped && ((line[i] >= 'A' && line[i] <= 'Z') || line[i] == 'm'))
            escaped = false;
    }
    return columns;
}

Test(top_view, keeps_within_the_screen)
{
    top_view_add(&view, second(1000, 100));
    for (unsigned lines = 1; lines < 40; lines++)
        for (unsigned columns = 1; columns < 120; columns += 7) {
            unsigned seen = 1;
            shown(2000, (struct top_size){columns, lines, true});
            for (const char *at = text; *at != '\0';) {
                size_t length = strcspn(at, "\n");
                cr_assert(le(u32, columns_of(at, length), columns));
                seen += at[length] == '\n';
                at += length + (at[length] == '\n');
            }
            cr_assert(le(u32, seen, lines));
        }
}

/* Whatever is in the file, nothing of it can act on a terminal. */
Test(top_view, passes_no_control_character_on)
{
    json_t *status = second(1000, 100);
    json_object_set_new(status, "site", json_string("x\033[2J\x7f\ty"));
    json_t *row = json_array_get(json_object_get(status, "prefixes"), 0);
    json_object_set_new(row, "as_name", json_string("Ex\033]0;amp\007le \u00a7 \302\23331m"));
    json_object_set_new(row, "prefix", json_string("192\r.0"));
    top_view_add(&view, status);
    shown(1000, whole);
    for (const char *c = text; *c != '\0'; c++)
        cr_assert(ge(u32, *c == '\n' ? ' ' : (uint8_t)*c, ' '));
    SHOWS("x?[2J??y");
    SHOWS("AS64496 Ex?]0;amp?le \u00a7 ?31m");
}

/* Where a line should begin with a style there may be anything then. */
Test(top_view, bears_the_end_of_a_line_within_a_text)
{
    json_t *status = second(1000, 100);
    json_object_set_new(status, "site", json_string("one\n\ntwo\nxthree\u00ff\n\u00ff"));
    top_view_add(&view, status);
    shown(1000, (struct top_size){80, 24, true});
    SHOWS("one");
    SHOWS("three");
    SHOWS("queries 1000/s");
}

/* As a terminal does it, what erases behind the last column takes the character there. */
Test(top_view, erases_nothing_behind_a_line_that_is_full)
{
    top_view_add(&view, second(1000, 100));
    shown(1000, (struct top_size){20, 3, true});
    DOES_NOT("\033[0m\033[K");
    DOES_NOT("\033[J");
    cr_expect_not_null(strstr(text, "\033[K\033[1mrootwatch  x-root  1"), "%s", text);
    shown(1000, (struct top_size){20, 40, true});
    SHOWS("\n\033[J");
}

Test(top_view, bears_a_time_that_is_none)
{
    json_t *status = second(1e300, 100);
    top_view_add(&view, status);
    cr_expect(eq(i64, top_view_time(&view), 0));
    shown(1000, whole);
    SHOWS("1970-01-01 00:00:00 UTC");
}

/* A file of something else, or of a later release, costs nothing but what it lacks. */
Test(top_view, bears_a_status_without_what_it_looks_for)
{
    top_view_add(&view, json_pack("{s:s, s:[i, s, n], s:s, s:[i]}", "queries", "many",
                                  "prefixes", 1, "x", "qtype", "A", "drops", 3));
    shown(0, whole);
    SHOWS("queries 0");
}

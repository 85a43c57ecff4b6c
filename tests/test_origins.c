/* SPDX-License-Identifier: MIT */
#include "analysis/origins.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>

static struct origins *read_text(const char *text, struct error *err)
{
    struct feed from;
    cr_assert(feed_memory(&from, "table", text, strlen(text), err));
    struct origins *o = origins_read(&from, NULL, NULL, err);
    feed_close(&from);
    return o;
}

static uint32_t origin_of(const struct origins *o, const char *text)
{
    struct prefix p;
    struct origin found;
    cr_assert(prefix_parse(text, &p));
    return origins_find(o, p, &found) ? found.asn : 0;
}

Test(origins, finds_the_longest_announcement_around_a_prefix)
{
    struct error err;
    struct origins *o = read_text("192.0.0.0\t8\t64496\n"
                                  "192.0.2.0\t24\t64497\n"
                                  "192.0.2.128\t25\t64498\n"
                                  "203.0.112.0\t20\t64499_64500\n"
                                  "2001:db8::\t32\t64501\n",
                                  &err);
    cr_assert_not_null(o, "%s", err.text);
    cr_expect(eq(u32, origin_of(o, "192.0.2.0/24"), 64497));
    cr_expect(eq(u32, origin_of(o, "192.0.3.0/24"), 64496));
    cr_expect(eq(u32, origin_of(o, "192.255.255.0/24"), 64496));
    cr_expect(eq(u32, origin_of(o, "203.0.113.0/24"), 64499));
    cr_expect(eq(u32, origin_of(o, "203.0.128.0/24"), 0));
    cr_expect(eq(u32, origin_of(o, "2001:db8:7::/48"), 64501));
    cr_expect(eq(u32, origin_of(o, "2001:db9::/48"), 0));
    cr_expect(eq(sz, origins_count(o), 5));
    origins_free(o);
}

Test(origins, of_several_the_one_of_most_routes_counts)
{
    struct error err;
    struct prefix p;
    struct origin found;
    uint32_t asn[4];
    struct origins *o = read_text("192.0.2.0/24\t64499\n198.51.100.0/24\t64500_64499\n"
                                  "192.0.2.0/24\t64497\n203.0.113.0/24\t64502,64501\n"
                                  "192.0.2.0/24\t64498\n192.0.2.0/24\t64498 A name\n",
                                  &err);
    cr_assert_not_null(o, "%s", err.text);
    cr_expect(eq(u32, origin_of(o, "203.0.113.0/24"), 64501), "of equals the lowest");
    cr_expect(eq(u32, origin_of(o, "198.51.100.0/24"), 64500), "the first in a list");
    cr_assert(prefix_parse("192.0.2.0/24", &p));
    cr_assert(origins_find(o, p, &found));
    cr_expect(eq(str, (char *)(uintptr_t)origins_name(o, found.number), "A name"));
    cr_assert(eq(sz, origins_all(o, &found, asn, 4), 3));
    cr_expect(eq(u32, asn[0], 64498));
    cr_expect(eq(u32, asn[1], 64497));
    cr_expect(eq(u32, asn[2], 64499));
    origins_free(o);
}

static enum origins_answer answer(const struct origins *o, const char *text)
{
    struct prefix p;
    struct origin found;
    cr_assert(prefix_parse(text, &p));
    return origins_look_up(o, p, &found);
}

static const char *name_in_table(const char *line)
{
    static char name[256];
    struct error err;
    struct origins *o = read_text(line, &err);
    cr_assert_not_null(o, "%s", err.text);
    (void)snprintf(name, sizeof name, "%s", origins_name(o, 0));
    origins_free(o);
    return name;
}

Test(origins, have_names_that_are_fit_to_be_shown)
{
    const struct {
        const char *given, *kept;
    } name[] = {{"Telef\xc3\xb3nica \xe2\x82\xac", "Telef\xc3\xb3nica \xe2\x82\xac"},
                {"a\033[2Jb\177", "a?[2Jb?"},
                {"\xc2\x9b"
                 "31m \xe2\x80\xae",
                 "??31m ???"},
                {"\xe9 \xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80", "? ?? ??? ????"},
                {"cut \xe2\x82", "cut ??"}};
    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        char line[128];
        (void)snprintf(line, sizeof line, "192.0.2.0/24 64496 %s\n", name[i].given);
        cr_expect(eq(str, (char *)(uintptr_t)name_in_table(line),
                     (char *)(uintptr_t)name[i].kept));
    }
}

Test(origins, say_unrouted_only_of_a_whole_table)
{
    struct error err;
    struct origins *part = read_text("0.0.0.0/0 64496\n192.0.2.0/24 64497\n", &err);
    cr_assert_not_null(part);
    cr_expect(eq(int, answer(part, "198.51.100.0/24"), ORIGINS_UNKNOWN), "nor by default");
    cr_expect(eq(int, answer(part, "192.0.2.0/24"), ORIGINS_ANNOUNCED));

    char text[64 * 32] = "";
    for (int i = 0; i < 52; i++)
        (void)sprintf(text + strlen(text), "%d.0.0.0/8 64496\n", 1 + i);
    struct origins *whole = read_text(text, &err);
    cr_assert_not_null(whole);
    cr_expect(eq(int, answer(whole, "198.51.100.0/24"), ORIGINS_UNROUTED));
    cr_expect(eq(int, answer(whole, "2001:db8::/48"), ORIGINS_UNKNOWN), "of IPv6 it has none");
    origins_free(part);
    origins_free(whole);
}

Test(origins, are_few_however_often_and_disordered_they_come)
{
    struct error err;
    enum { LINES = 300000 };
    char *text = malloc(LINES * 24);
    size_t used = 0;
    for (int i = 0; i < LINES; i++)
        used += (size_t)sprintf(text + used, "192.0.%d.0/24 %d\n", i % 16, 1 + i % 5);
    struct origins *o = read_text(text, &err);
    cr_assert_not_null(o);
    cr_expect(eq(sz, origins_announcements(o), 16));
    origins_free(o);
    free(text);
}

Test(origins, says_where_a_line_is_wrong)
{
    struct error err;
    cr_expect_null(read_text("192.0.2.0\t24\t64497\n192.0.2.0 64497\n", &err));
    cr_expect(eq(str, err.text, "table:2: not a prefix and an AS number"));
}

Test(origins, know_nothing_without_a_table)
{
    struct prefix p;
    struct origin found;
    cr_assert(prefix_parse("192.0.2.0/24", &p));
    cr_expect_not(origins_find(NULL, p, &found));
}

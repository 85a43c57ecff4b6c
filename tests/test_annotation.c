/* SPDX-License-Identifier: MIT */
#include "analysis/annotation.h"

#include "tests/support/batch.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_S = 86400, MONTH_S = 30 * DAY_S, RECORDS = 64 };

static struct annotation *annotation;
static struct counters *counters;
static struct message_batch batch;
static struct interval interval;
static struct minute_origins minute;
static struct origins *table[2];
static struct error err;

static struct origins *read_table(const char *text)
{
    struct feed from;
    cr_assert(feed_memory(&from, "origins", text, strlen(text), &err));
    struct origins *o = origins_read(&from, NULL, NULL, &err);
    feed_close(&from);
    cr_assert_not_null(o, "%s", err.text);
    return o;
}

static void setup(void)
{
    const struct counters_size size = {
            .prefix_records = RECORDS, .way = PREFIX_DIRECT, .name_buckets = 64, .seed = 3};
    annotation = annotation_create(MONTH_S, 3, &err);
    counters = counters_create(&size, &err);
    cr_assert(annotation != NULL && counters != NULL, "%s", err.text);
    counters_clear(counters, NULL);
    interval = (struct interval){.length_ns = 1000000000, .counters = counters};
}

static void teardown(void)
{
    annotation_free(annotation);
    counters_free(counters);
    origins_free(table[0]);
    origins_free(table[1]);
    table[0] = table[1] = NULL;
}

TestSuite(annotation, .init = setup, .fini = teardown);

static void given_table(const char *text)
{
    table[0] = read_table(text);
    cr_assert(annotation_offer(annotation, table[0], &err), "%s", err.text);
    annotation_turn(annotation);
}

static void asked(const char *client, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        batch_query(&batch, client, "example", 1);
        counters_add(counters, &batch, 0);
        batch.count = batch.names_used = 0;
    }
}

static void interval_ends(void)
{
    annotation_interval(annotation, &interval);
    counters_clear(counters, NULL);
}

static void minute_ends(void)
{
    annotation_minute(annotation, &minute);
}

/* A whole table: 60 * 256 /16s beside what is given. */
static char *whole(const char *rest)
{
    char *text = malloc(60 * 256 * 32 + strlen(rest) + 64);
    size_t used = (size_t)sprintf(text, "# 2005-01-18\n");
    for (unsigned i = 0; i < 60 * 256; i++)
        used += (size_t)sprintf(text + used, "%u.%u.0.0\t16\t64511\n", 20 + i / 256, i % 256);
    strcpy(text + used, rest);
    return text;
}

Test(annotation, adds_up_a_minute_by_as_and_by_announced_prefix)
{
    given_table("192.0.2.0/24 64500 One\n198.51.0.0/16 64500\n203.0.113.0/24 64501 Two\n"
                "2001:db8::/32 64501\n");
    asked("192.0.2.1", 3);
    asked("198.51.100.1", 4);
    interval_ends();
    asked("198.51.7.1", 5);
    asked("203.0.113.9", 6);
    asked("2001:db8:7::1", 7);
    asked("10.0.0.1", 8);
    interval_ends();
    minute_ends();

    cr_expect(minute.known);
    cr_expect(eq(u64, minute.routed, 25));
    cr_expect(eq(u64, minute.unknown, 8));
    cr_expect(eq(u64, minute.unrouted, 0));
    cr_assert(eq(u32, minute.ases, 2));
    cr_expect(eq(u32, minute.as[0].asn, 64501));
    cr_expect(eq(u64, minute.as[0].queries, 13));
    cr_expect(eq(str, minute.as[0].name, "Two"));
    cr_expect(eq(u32, minute.as[1].asn, 64500));
    cr_expect(eq(u64, minute.as[1].queries, 12));
    cr_assert(eq(u32, minute.prefixes, 4));
    char text[PREFIX_TEXT_BYTES];
    cr_expect(
            eq(str, (char *)prefix_format(minute.announced[0].prefix, text), "198.51.0.0/16"));
    cr_expect(eq(u64, minute.announced[0].queries, 9));
    cr_expect(
            eq(str, (char *)prefix_format(minute.announced[1].prefix, text), "2001:db8::/32"));

    minute_ends();
    cr_expect(eq(u64, minute.routed + minute.unknown, 0), "a minute begins anew");
    cr_expect(eq(u32, minute.ases_listed + minute.listed, 0));
}

Test(annotation, tells_a_source_without_a_route_from_one_that_is_not_known)
{
    char *text = whole("");
    given_table(text);
    free(text);
    asked("20.1.2.3", 1);
    asked("10.0.0.1", 2);
    asked("2001:db8::1", 4); /* the table has no IPv6 */
    interval_ends();
    minute_ends();
    cr_expect(eq(u64, minute.routed, 1));
    cr_expect(eq(u64, minute.unrouted, 2));
    cr_expect(eq(u64, minute.unknown, 4));
}

Test(annotation, counts_what_has_no_record_and_what_has_no_source)
{
    char *text = whole("");
    given_table(text);
    free(text);
    for (unsigned i = 0; i < 2 * RECORDS; i++) {
        char client[64];
        (void)snprintf(client, sizeof client, "%u.0.%u.1", i % 2 == 0 ? 20 : 10, i);
        asked(client, 1);
        (void)snprintf(client, sizeof client, "2001:db8:%x::1", i);
        asked(client, 1);
    }
    struct prefix_totals totals = prefix_counts_totals(counters->prefixes);
    cr_assert(gt(u64, totals.bare, 0));
    cr_assert(gt(u64, totals.lost, 0));
    interval_ends();
    minute_ends();
    cr_expect(eq(u64, minute.routed, RECORDS));
    cr_expect(eq(u64, minute.unrouted, RECORDS));
    cr_expect(eq(u64, minute.unknown, 2 * RECORDS));
    cr_expect(gt(u64, annotation_bare_unrouted(annotation), 0));
}

Test(annotation, says_how_many_there_are_beyond_those_it_lists)
{
    char text[4096];
    size_t used = 0;
    for (unsigned i = 0; i < 30; i++)
        used += (size_t)sprintf(text + used, "192.0.%u.0/24 %u\n", i, 64500 + i);
    given_table(text);
    for (unsigned i = 0; i < 30; i++) {
        char client[32];
        (void)snprintf(client, sizeof client, "192.0.%u.1", i);
        asked(client, i + 1);
    }
    interval_ends();
    minute_ends();
    cr_expect(eq(u32, minute.ases, 30));
    cr_expect(eq(u32, minute.prefixes, 30));
    cr_assert(eq(u32, minute.ases_listed, MINUTE_ORIGINS));
    for (unsigned i = 0; i < MINUTE_ORIGINS; i++) {
        cr_expect(eq(u32, minute.as[i].asn, 64529 - i));
        cr_expect(eq(u64, minute.announced[i].queries, 30 - i));
    }
}

/* More prefixes than are remembered, again and again, and in different orders. */
Test(annotation, remembers_what_the_table_says)
{
    enum { PREFIXES = 400000 };
    char *text = whole("10.0.0.0\t9\t64499\n198.18.0.0\t15\t64498\n");
    given_table(text);
    free(text);
    for (unsigned n = 0; n < 3 * PREFIXES; n++) {
        uint32_t a = (n % PREFIXES) * UINT32_C(0x9e3779b1) >> 8 << 8;
        const struct prefix p = {(uint64_t)a << 32 | (PREFIX_IPV4 + 24)};
        struct origin found;
        enum origins_answer answer = origins_look_up(table[0], p, &found);
        struct annotation_tag tag = annotation_find(annotation, p);
        if (answer == ORIGINS_ANNOUNCED)
            cr_assert(tag.as == found.number && tag.place == found.place &&
                      origins_place(table[0], tag.place).announced.bits ==
                              found.announced.bits);
        else
            cr_assert(eq(u32, tag.as, ANNOTATION_UNROUTED));
    }
}

Test(annotation, turns_to_another_table_when_told)
{
    given_table("192.0.2.0/24 64500\n");
    table[1] = read_table("192.0.0.0/16 64501\n198.51.100.0/24 64502\n");
    asked("192.0.2.1", 3);
    interval_ends();
    cr_assert(annotation_offer(annotation, table[1], &err));
    asked("192.0.2.1", 4);
    interval_ends();
    minute_ends();
    cr_expect(eq(u32, minute.as[0].asn, 64500), "a minute is of one table");
    cr_expect(eq(u64, minute.as[0].queries, 7));

    annotation_turn(annotation);
    cr_expect(annotation_origins(annotation) == table[1]);
    asked("192.0.2.1", 5);
    interval_ends();
    minute_ends();
    cr_expect(eq(u32, minute.as[0].asn, 64501));
    cr_expect(eq(u64, minute.as[0].queries, 5));

    cr_assert(annotation_offer(annotation, NULL, &err));
    annotation_turn(annotation);
    asked("192.0.2.1", 5);
    interval_ends();
    minute_ends();
    cr_expect(not(minute.known));
}

Test(annotation, believes_that_nobody_announces_a_month_long_and_of_whole_tables)
{
    const int64_t day_s = 1106006400; /* 2005-01-18 */
    given_table("# 2005-01-18\n192.0.2.0/24 64500\n");
    cr_expect(not(annotation_tells(annotation, day_s)), "not whole");
    origins_free(table[0]);
    char *text = whole("");
    given_table(text);
    free(text);
    cr_expect(annotation_tells(annotation, day_s + MONTH_S));
    cr_expect(annotation_tells(annotation, day_s - MONTH_S));
    cr_expect(not(annotation_tells(annotation, day_s + MONTH_S + 1)));
    cr_expect(not(annotation_tells(annotation, day_s - MONTH_S - 1)));
    cr_expect(not(annotation_tells(NULL, day_s)));
}

Test(annotation, cuts_a_long_name_between_two_characters)
{
    given_table(
            "192.0.2.0/24 64500 "
            "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
            "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
            "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\n");
    asked("192.0.2.1", 1);
    interval_ends();
    minute_ends();
    cr_expect(eq(sz, strlen(minute.as[0].name), 46));
}

/* SPDX-License-Identifier: MIT */
#include "analysis/prefix_counts.h"

#include "tests/support/batch.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>

static struct message_batch batch;
static struct prefix_counts *table;
static struct error err;

static void make(uint32_t records, enum prefix_way way)
{
    table = prefix_counts_create(records, way, &err);
    cr_assert_not_null(table, "%s", err.text);
    batch.count = batch.names_used = 0;
}

static void teardown(void)
{
    prefix_counts_free(table);
}

TestSuite(prefix_counts, .fini = teardown);

static void count_batch(void)
{
    prefix_counts_count(table, &batch, NULL);
    batch.count = batch.names_used = 0;
}

static void given(const char *client, uint16_t qtype)
{
    if (batch.count == MESSAGE_BATCH_MAX)
        count_batch();
    batch_query(&batch, client, "example", qtype);
}

static struct prefix prefix(const char *text)
{
    struct prefix p;
    cr_assert(prefix_parse(text, &p), "%s", text);
    return p;
}

static const struct prefix_record *record_of(const char *text)
{
    return prefix_counts_find(table, prefix(text));
}

static struct prefix_detail detail_of(const struct prefix_counts *of, const char *text)
{
    struct prefix_detail d;
    const struct prefix_record *r = prefix_counts_find(of, prefix(text));
    cr_assert_not_null(r, "%s", text);
    prefix_counts_detail(of, r, &d);
    return d;
}

Test(prefix_counts, adds_up_the_hosts_and_types_of_one_network)
{
    make(64, PREFIX_DIRECT);
    given("207.244.46.1", QTYPE_MX);
    given("207.244.46.9", QTYPE_MX);
    given("207.244.46.9", QTYPE_A);
    given("207.244.47.1", QTYPE_A);
    count_batch();

    const struct prefix_record *r = record_of("207.244.46.0/24");
    cr_assert_not_null(r);
    struct prefix_detail d = detail_of(table, "207.244.46.0/24");
    cr_expect(eq(u32, r->queries, 3));
    cr_expect(eq(u32, prefix_counts_hosts(table, r), 2));
    cr_expect(eq(u32, d.qtype[QTYPE_CLASS_MX], 2));
    cr_expect(eq(u32, d.qtype[QTYPE_CLASS_A], 1));
    cr_expect(eq(u64, d.hosts[0], UINT64_C(1) << 1 | UINT64_C(1) << 9));
}

/* The first few queries stand in the record, the others beside it: none is lost between. */
Test(prefix_counts, keeps_every_host_and_type_of_a_network_that_asks_more_and_more)
{
    static const uint16_t type[] = {QTYPE_A, QTYPE_MX, QTYPE_HTTPS, 65280};
    uint32_t by_type[4] = {0};
    make(64, PREFIX_DIRECT);
    for (unsigned n = 0; n < 40; n++) {
        char client[32];
        (void)snprintf(client, sizeof client, "192.0.2.%u", n % 25);
        given(client, type[n % 3 == 0 ? 3 : n % 4]);
        by_type[n % 3 == 0 ? 3 : n % 4]++;
        count_batch();

        struct prefix_detail d = detail_of(table, "192.0.2.0/24");
        cr_assert(eq(u32, record_of("192.0.2.0/24")->queries, n + 1));
        cr_assert(
                eq(u32, prefix_detail_hosts(&d, prefix("192.0.2.0/24")), n < 25 ? n + 1 : 25));
        cr_assert(eq(u32, d.qtype[QTYPE_CLASS_A], by_type[0]));
        cr_assert(eq(u32, d.qtype[QTYPE_CLASS_MX], by_type[1]));
        cr_assert(eq(u32, d.qtype[QTYPE_CLASS_HTTPS], by_type[2]));
        cr_assert(eq(u32, d.qtype[QTYPE_CLASS_OTHER], by_type[3]));
    }
}

/* Each of the ways in which one record can be added to another, few and many queries in both.
 */
Test(prefix_counts, merges_few_and_many_queries_of_a_network)
{
    for (unsigned first = 0; first < 10; first++)
        for (unsigned second = 0; second < 10; second++) {
            struct prefix_counts *sum = prefix_counts_create(64, PREFIX_HASHED, &err);
            make(64, PREFIX_DIRECT);
            for (unsigned n = 0; n < first + second; n++) {
                char client[32];
                if (n == first) {
                    count_batch();
                    prefix_counts_merge(sum, table, NULL);
                    prefix_counts_clear(table, NULL, 0);
                }
                (void)snprintf(client, sizeof client, "192.0.2.%u", 3 * n);
                given(client, n % 2 == 0 ? QTYPE_A : QTYPE_HTTPS);
            }
            count_batch();
            prefix_counts_merge(sum, table, NULL);
            if (first + second > 0) {
                const struct prefix_record *r = prefix_counts_find(sum, prefix("192.0.2.0/24"));
                struct prefix_detail d = detail_of(sum, "192.0.2.0/24");
                cr_assert(eq(u32, r->queries, first + second));
                cr_assert(eq(u32, prefix_counts_hosts(sum, r), first + second));
                cr_assert(eq(u32, d.qtype[QTYPE_CLASS_A], (first + second + 1) / 2));
                cr_assert(eq(u32, d.qtype[QTYPE_CLASS_HTTPS], (first + second) / 2));
            }
            prefix_counts_free(sum);
            prefix_counts_free(table);
        }
    make(64, PREFIX_DIRECT);
}

Test(prefix_counts, keeps_the_two_families_apart_and_passes_over_responses)
{
    make(64, PREFIX_DIRECT);
    given("2001:db8:1::1", QTYPE_AAAA);
    given("2001:db8:1:ffff::2", QTYPE_AAAA);
    given("32.1.13.184", QTYPE_A); /* the same first octets */
    batch_response(&batch, "192.0.2.1", 0);
    count_batch();

    cr_expect(eq(u32, record_of("2001:db8:1::/48")->queries, 2));
    cr_expect(eq(u32, record_of("32.1.13.0/24")->queries, 1));
    cr_expect_null(record_of("192.0.2.0/24"));
    cr_expect(eq(u64, prefix_counts_totals(table).queries, 3));
}

static void sum_bare(void *argument, struct prefix p, uint32_t queries)
{
    (void)p;
    *(uint64_t *)argument += queries;
}

Test(prefix_counts, goes_on_counting_each_ipv4_network_when_the_pool_is_full)
{
    make(4, PREFIX_DIRECT);
    for (int n = 0; n < 200; n++) {
        char client[32];
        (void)snprintf(client, sizeof client, "198.51.%d.1", n % 100);
        given(client, QTYPE_A);
    }
    count_batch();

    struct prefix_totals t = prefix_counts_totals(table);
    uint64_t bare = 0;
    prefix_counts_bare(table, sum_bare, &bare);
    cr_expect(eq(u64, t.queries, 200));
    cr_expect(eq(u64, t.bare, 192)); /* all but two of each of the four with a record */
    cr_expect(eq(u64, bare, 192));
    cr_expect(eq(u64, t.lost, 0));
    cr_expect(eq(u32, record_of("198.51.3.0/24")->queries, 2));
}

Test(prefix_counts, counts_ipv6_networks_without_room_as_lost)
{
    make(2, PREFIX_DIRECT);
    for (int n = 0; n < 10; n++) {
        char client[40];
        (void)snprintf(client, sizeof client, "2001:db8:%x::1", n);
        given(client, QTYPE_A);
    }
    count_batch();
    cr_expect(eq(u64, prefix_counts_totals(table).queries, 10));
    cr_expect(eq(u64, prefix_counts_totals(table).lost, 8));
}

Test(prefix_counts, is_empty_after_clearing_but_for_what_is_watched)
{
    struct prefix watch[] = {prefix("192.0.2.0/24"), prefix("2001:db8::/48")};
    int32_t record[MESSAGE_BATCH_MAX];
    uint32_t count;
    make(4, PREFIX_DIRECT);
    for (int n = 0; n < 50; n++) {
        char client[32];
        (void)snprintf(client, sizeof client, "198.51.%d.1", n);
        given(client, QTYPE_A);
    }
    count_batch();
    prefix_counts_clear(table, watch, 2);

    cr_expect(eq(u64, prefix_counts_totals(table).queries, 0));
    const struct prefix_record *r = prefix_counts_records(table, &count);
    cr_expect(eq(u32, count, 2));
    cr_expect(eq(u32, r[0].queries, 0));
    cr_expect_null(record_of("198.51.7.0/24"));

    given("2001:db8::5", QTYPE_MX);
    given("192.0.2.9", QTYPE_MX);
    given("203.0.113.1", QTYPE_MX);
    prefix_counts_count(table, &batch, record);
    cr_expect(eq(i32, record[0], 1));
    cr_expect(eq(i32, record[1], 0));
    cr_expect(eq(i32, record[2], 2));
}

/* Counts the same into a direct table and, merged, into hashed ones. */
Test(prefix_counts, merges_to_the_same_as_counting_at_once)
{
    struct prefix_counts *parts = prefix_counts_create(64, PREFIX_DIRECT, &err);
    struct prefix_counts *whole = prefix_counts_create(64, PREFIX_HASHED, &err);
    make(64, PREFIX_DIRECT);
    for (int round = 0; round < 3; round++) {
        for (int n = 0; n < 40; n++) {
            char client[40];
            (void)snprintf(client, sizeof client, n % 2 ? "198.51.%d.%d" : "2001:db8:%d::%d",
                           n % 20, round + 1);
            batch_query(&batch, client, "example", n % 3 ? QTYPE_A : QTYPE_MX);
        }
        prefix_counts_count(table, &batch, NULL);
        prefix_counts_count(parts, &batch, NULL);
        prefix_counts_merge(whole, parts, NULL);
        prefix_counts_clear(parts, NULL, 0);
        batch.count = batch.names_used = 0;
    }
    uint32_t count;
    uint32_t merged;
    const struct prefix_record *r = prefix_counts_records(table, &count);
    (void)prefix_counts_records(whole, &merged);
    cr_assert(eq(u32, count, merged));
    for (uint32_t i = 0; i < count; i++) {
        const struct prefix_record *m = prefix_counts_find(whole, r[i].prefix);
        cr_assert_not_null(m);
        struct prefix_detail at_once, in_parts;
        prefix_counts_detail(table, &r[i], &at_once);
        prefix_counts_detail(whole, m, &in_parts);
        cr_expect(eq(u32, m->queries, r[i].queries));
        cr_expect_arr_eq(&in_parts, &at_once, sizeof at_once);
    }
    cr_expect(eq(u64, prefix_counts_totals(whole).queries, 120));
    prefix_counts_free(parts);
    prefix_counts_free(whole);
}

Test(prefix_counts, spills_what_finds_no_room_so_that_nothing_is_lost)
{
    struct prefix_counts *minute = prefix_counts_create(8, PREFIX_HASHED, &err);
    struct prefix_counts *run = prefix_counts_create(8, PREFIX_DIRECT_WHEN_FULL, &err);
    make(64, PREFIX_DIRECT);
    for (int n = 0; n < 60; n++) {
        char client[32];
        (void)snprintf(client, sizeof client, "198.51.%d.1", n);
        given(client, QTYPE_A);
    }
    count_batch();
    prefix_counts_merge(minute, table, run);

    struct prefix_totals m = prefix_counts_totals(minute);
    struct prefix_totals r = prefix_counts_totals(run);
    cr_expect(eq(u64, m.queries, 8));
    cr_expect(eq(u64, m.lost + m.bare, 0));
    cr_expect(eq(u64, r.queries, 52));
    cr_expect(eq(u64, r.bare, 44));
    prefix_counts_free(minute);
    prefix_counts_free(run);
}

Test(prefix_counts, gives_a_heavy_network_the_record_of_a_light_one)
{
    struct prefix_counts *run = prefix_counts_create(8, PREFIX_DIRECT_WHEN_FULL, &err);
    make(64, PREFIX_DIRECT);
    for (int n = 0; n < 60; n++) {
        char client[32];
        (void)snprintf(client, sizeof client, "198.51.%d.1", n);
        given(client, QTYPE_A);
    }
    count_batch();
    prefix_counts_merge(run, table, NULL);
    prefix_counts_clear(table, NULL, 0);
    for (int n = 0; n < 100; n++)
        given(n % 2 ? "198.51.59.7" : "198.51.59.9", QTYPE_MX);
    count_batch();
    prefix_counts_merge(run, table, NULL);

    const struct prefix_record *heavy = prefix_counts_find(run, prefix("198.51.59.0/24"));
    cr_assert_not_null(heavy);
    cr_expect(eq(u32, heavy->queries, 101));
    struct prefix_detail d = detail_of(run, "198.51.59.0/24");
    cr_expect(eq(u32, d.qtype[QTYPE_CLASS_MX], 100));
    cr_expect(eq(u32, prefix_counts_hosts(run, heavy), 2));

    struct prefix_totals t = prefix_counts_totals(run);
    uint64_t bare = 0;
    uint32_t count;
    (void)prefix_counts_records(run, &count);
    prefix_counts_bare(run, sum_bare, &bare);
    cr_expect(eq(u32, count, 8));
    cr_expect(eq(u64, t.queries, 160));
    cr_expect(eq(u64, t.bare, 52)); /* of 60, less the heavy one's, and seven keep a record */
    cr_expect(eq(u64, bare, t.bare));
    prefix_counts_free(run);
}

Test(prefix_counts, finds_all_it_had_when_it_is_full_and_turns_to_the_array)
{
    struct prefix_counts *run = prefix_counts_create(16, PREFIX_DIRECT_WHEN_FULL, &err);
    make(64, PREFIX_DIRECT);
    for (int n = 0; n < 20; n++) {
        char client[32];
        (void)snprintf(client, sizeof client, n % 2 ? "198.51.%d.1" : "2001:db8:%d::1", n);
        given(client, QTYPE_A);
    }
    count_batch();
    prefix_counts_merge(run, table, NULL);
    prefix_counts_merge(run, table, NULL);

    uint32_t count;
    const struct prefix_record *r = prefix_counts_records(run, &count);
    cr_assert(eq(u32, count, 16));
    for (uint32_t i = 0; i < count; i++) {
        cr_expect(eq(ptr, (void *)prefix_counts_find(run, r[i].prefix), (void *)&r[i]));
        cr_expect(eq(u32, r[i].queries, 2));
    }
    struct prefix_totals t = prefix_counts_totals(run);
    cr_expect(eq(u64, t.queries, 40));
    cr_expect(eq(u64, t.bare, 4));
    cr_expect(eq(u64, t.lost, 4));
    prefix_counts_free(run);
}

Test(prefix_counts, estimates_the_hosts_of_an_ipv6_network)
{
    make(8, PREFIX_DIRECT);
    for (int n = 0; n < 100; n++) {
        char client[40];
        (void)snprintf(client, sizeof client, "2001:db8::%x:%x", n, 7 * n + 1);
        given(client, QTYPE_A);
    }
    count_batch();
    uint32_t hosts = prefix_counts_hosts(table, record_of("2001:db8::/48"));
    cr_expect(ge(u32, hosts, 80));
    cr_expect(le(u32, hosts, 120));
}

/* A few of one /24, then many others, so that the ways to them change meanwhile. */
static void given_networks(uint32_t first, uint32_t networks)
{
    for (uint32_t i = first; i < first + networks; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "%u.%u.%u.1", 1 + (i >> 16), i >> 8 & 255, i & 255);
        given(text, QTYPE_A);
    }
    count_batch();
}

static void expect_each_once(uint32_t first, uint32_t networks)
{
    uint32_t wrong = 0;
    for (uint32_t i = first; i < first + networks; i++) {
        const uint8_t address[16] = {(uint8_t)(1 + (i >> 16)), (uint8_t)(i >> 8), (uint8_t)i};
        const struct prefix_record *r =
                prefix_counts_find(table, prefix_of_client(address, false));
        wrong += r == NULL || r->queries != 1;
    }
    cr_expect(eq(u32, wrong, 0));
}

Test(prefix_counts, finds_each_network_however_many_there_are)
{
    uint32_t used;
    make(1 << 18, PREFIX_DIRECT);
    given_networks(0, 100);
    expect_each_once(0, 100);
    given_networks(100, 200000);
    given("2001:db8:1::1", QTYPE_AAAA);
    count_batch();
    expect_each_once(0, 200100);
    (void)prefix_counts_records(table, &used);
    cr_expect(eq(u32, used, 200101));

    prefix_counts_clear(table, NULL, 0);
    cr_expect(eq(ptr, (void *)record_of("2001:db8:1::/48"), NULL));
    given_networks(50, 30); /* few again, and found in the other way */
    prefix_counts_clear(table, NULL, 0);
    given_networks(60, 200000);
    expect_each_once(60, 200000);
    cr_expect(eq(ptr, (void *)record_of("1.0.50.0/24"), NULL));
    cr_expect(eq(u64, prefix_counts_totals(table).queries, 200000));
}

/* Steps to a record are bounded, but not so narrowly that chance would end them first. */
Test(prefix_counts, has_room_for_any_network_while_records_are_left)
{
    make(1 << 18, PREFIX_HASHED);
    given_networks(0, 200000);
    expect_each_once(0, 200000);
    cr_expect(eq(u64, prefix_counts_totals(table).lost, 0));
}

struct seen {
    uint64_t networks, queries;
};

static void see_bare(void *argument, struct prefix p, uint32_t queries)
{
    struct seen *s = argument;
    cr_assert(eq(u32, prefix_family(p), 4));
    s->networks++;
    s->queries += queries;
}

Test(prefix_counts, merges_what_a_flood_left_without_records)
{
    struct prefix_counts *run = prefix_counts_create(64, PREFIX_DIRECT_WHEN_FULL, &err);
    struct seen in_run = {0};
    struct seen after_clearing = {0};
    make(1024, PREFIX_DIRECT);
    for (int round = 0; round < 3; round++) {
        given_networks(0, 50000);
        prefix_counts_merge(run, table, NULL);
        prefix_counts_clear(table, NULL, 0);
    }
    prefix_counts_bare(table, see_bare, &after_clearing);
    prefix_counts_bare(run, see_bare, &in_run);
    cr_expect(eq(u64, after_clearing.networks, 0));
    cr_expect(eq(u64, in_run.networks, 50000 - 64));
    cr_expect(eq(u64, in_run.queries, 3 * (50000 - 64)));
    cr_expect(eq(u64, prefix_counts_totals(run).queries, 150000));
    cr_expect(eq(u64, prefix_counts_totals(run).lost, 0));
    prefix_counts_free(run);
}

/* The count is also the number of a record that the network had before clearing. */
Test(prefix_counts, does_not_take_a_count_without_a_record_for_one)
{
    struct prefix_counts *flooded = prefix_counts_create(1, PREFIX_DIRECT, &err);
    uint64_t bare = 0;
    make(16, PREFIX_DIRECT);
    given("192.0.2.1", QTYPE_A);
    given("198.51.100.1", QTYPE_A);
    given("203.0.113.1", QTYPE_A);
    count_batch();
    prefix_counts_clear(table, NULL, 0);

    given("192.0.2.1", QTYPE_A);
    for (int i = 0; i < 3; i++)
        given("203.0.113.1", QTYPE_A);
    prefix_counts_count(flooded, &batch, NULL);
    batch.count = batch.names_used = 0;
    prefix_counts_merge(table, flooded, NULL);
    given("203.0.113.1", QTYPE_A);
    count_batch();

    prefix_counts_bare(table, sum_bare, &bare);
    cr_expect(eq(u64, bare, 4));
    cr_expect(eq(u64, prefix_counts_totals(table).bare, 4));
    prefix_counts_free(flooded);
}

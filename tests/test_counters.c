/* SPDX-License-Identifier: MIT */
#include "analysis/counters.h"

#include "tests/support/batch.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>

static struct message_batch batch;
static struct counters *counters;
static struct error err;
static const struct counters_size size = {
        .prefix_records = 64, .way = PREFIX_DIRECT, .name_buckets = 64, .seed = 3};

static void setup(void)
{
    counters = counters_create(&size, &err);
    cr_assert_not_null(counters);
    counters_clear(counters, NULL);
    batch.count = batch.names_used = 0;
}

static void teardown(void)
{
    counters_free(counters);
}

TestSuite(counters, .init = setup, .fini = teardown);

Test(counters, tell_queries_from_responses_by_transport_and_family)
{
    batch_query(&batch, "192.0.2.1", "example", 1)->flags |= MESSAGE_TCP;
    batch_query(&batch, "2001:db8::1", "example", 28);
    batch_response(&batch, "192.0.2.1", 3);
    counters_add(counters, &batch, 0);

    cr_expect(eq(u64, counters->queries, 2));
    cr_expect(eq(u64, counters->responses, 1));
    cr_expect(eq(u64, counters->queries_by[TRANSPORT_TCP4], 1));
    cr_expect(eq(u64, counters->queries_by[TRANSPORT_UDP6], 1));
    cr_expect(eq(u64, counters->responses_by[TRANSPORT_UDP4], 1));
    cr_expect(eq(u64, counters->rcode.count[3], 1));
    cr_expect(eq(u64, counters->qtype.count[28], 1));
}

Test(counters, put_sizes_into_bins_by_transport)
{
    static const struct {
        uint16_t bytes;
        unsigned query_bin, response_bin;
    } sizes[] = {{12, 0, 0},      {15, 0, 0},      {16, 1, 1},
                 {287, 17, 17},   {288, 18, 18},   {512, 18, 32},
                 {4095, 18, 255}, {4096, 18, 256}, {UINT16_MAX, 18, 256}};
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct message *query = batch_query(&batch, "192.0.2.1", "example", 1);
        query->dns_bytes = sizes[i].bytes;
        struct message *response = batch_response(&batch, "192.0.2.1", 0);
        response->dns_bytes = sizes[i].bytes;
        response->flags |= MESSAGE_TCP;
        counters_add(counters, &batch, 0);
        cr_expect(eq(u64, counters->query_sizes[0][sizes[i].query_bin], 1));
        cr_expect(eq(u64, counters->response_sizes[1][sizes[i].response_bin], 1));
        cr_expect(eq(u64, counters->query_sizes[1][sizes[i].query_bin], 0));
        cr_expect(eq(u64, counters->response_sizes[0][sizes[i].response_bin], 0));
        counters_clear(counters, NULL);
        batch.count = batch.names_used = 0;
    }
}

Test(counters, count_a_query_without_a_question_as_unreadable)
{
    struct message *m = batch_query(&batch, "192.0.2.1", "", 0);
    m->flags = MESSAGE_MALFORMED;
    counters_add(counters, &batch, 0);
    cr_expect(eq(u64, counters->queries, 1));
    cr_expect(eq(u64, counters->unreadable, 1));
    cr_expect(eq(u64, counters->malformed, 1));
    cr_expect(eq(u32, counters->qtype.met, 0));
}

Test(counters, know_what_came_before_its_interval)
{
    batch_query(&batch, "192.0.2.1", "example", 1)->time_ns = 5;
    batch_query(&batch, "192.0.2.1", "example", 1)->time_ns = 10;
    counters_add(counters, &batch, 10);
    cr_expect(eq(u64, counters->queries, 2));
    cr_expect(eq(u64, counters->late, 1));
}

Test(counters, look_closely_at_what_is_watched)
{
    struct prefix watched;
    struct name_count leading[2];
    cr_assert(prefix_parse("192.0.2.0/24", &watched));
    const struct watch_list list = {.prefix = {subject_of_prefix(watched)}, .prefixes = 1};
    counters_clear(counters, &list);
    batch_query(&batch, "192.0.2.9", "a.example", QTYPE_MX);
    batch_query(&batch, "192.0.2.9", "a.example", QTYPE_MX);
    batch_query(&batch, "192.0.2.7", "b.example", QTYPE_A);
    batch_query(&batch, "198.51.100.7", "c.example", QTYPE_A);
    counters_add(counters, &batch, 0);

    const struct watch *w = &counters->watch[0];
    cr_expect(eq(u64, w->queries, 3));
    cr_expect(eq(u64, w->host[9], 2));
    cr_expect(eq(u64, w->host[7], 1));
    cr_expect(eq(u64, w->qtype[QTYPE_CLASS_MX], 2));
    cr_assert(eq(u32, names_leading(w->names, leading, 2), 2));
    cr_expect(eq(u64, leading[0].queries, 2));
}

Test(counters, look_closely_at_a_domain_and_what_is_below_it)
{
    static const uint8_t domain[] = "\7example\3net";
    const struct watch_list list = {.name = {subject_of_name(domain, sizeof domain, true)},
                                    .names = 1};
    counters_clear(counters, &list);
    batch_query(&batch, "192.0.2.9", "a.example.net", QTYPE_MX);
    batch_query(&batch, "198.51.100.7", "example.net", QTYPE_A);
    batch_query(&batch, "198.51.100.7", "notexample.net", QTYPE_A);
    batch_query(&batch, "198.51.100.7", "example.net.org", QTYPE_A);
    counters_add(counters, &batch, 0);

    const struct watch *w = counters_watch(counters, &list.name[0]);
    cr_assert_not_null(w);
    cr_expect(eq(u64, w->queries, 2));
    cr_expect(eq(u64, w->qtype[QTYPE_CLASS_MX], 1));
    cr_expect(eq(u32, watch_networks(w->network), 2));
}

Test(counters, merged_are_as_if_counted_in_one)
{
    struct counters *whole = counters_create(&size, &err);
    counters_clear(whole, NULL);
    for (int round = 0; round < 4; round++) {
        for (int n = 0; n < 20; n++) {
            char client[40];
            (void)snprintf(client, sizeof client, n % 2 ? "198.51.%d.1" : "2001:db8:%d::1", n);
            batch_query(&batch, client, n % 3 ? "www.example" : "example.com", 1 + n % 5);
        }
        counters_add(counters, &batch, 0);
        counters_find_zones(counters);
        counters_merge(whole, counters, NULL);
        counters_clear(counters, NULL);
        batch.count = batch.names_used = 0;
    }
    struct name_count tld[2];
    cr_expect(eq(u64, whole->queries, 80));
    cr_expect(eq(u64, whole->qtype.count[1], 16));
    cr_expect(eq(u64, prefix_counts_totals(whole->prefixes).queries, 80));
    cr_expect(eq(u64, distinct_count(&whole->addresses6), 10));
    cr_assert(eq(u32, names_leading(whole->tlds, tld, 2), 2));
    cr_expect(eq(u64, tld[0].queries + tld[1].queries, 80));
    counters_free(whole);
}

static unsigned ask_ipv6(struct counters *c, unsigned from, unsigned to)
{
    for (unsigned n = from; n < to; n++) {
        char client[40];
        (void)snprintf(client, sizeof client, "2001:db8:%u::%u", n % 7, n / 2);
        batch_query(&batch, client, "a.example", 1);
        batch_query(&batch, "192.0.2.1", "a.example", 1);
        batch_response(&batch, "2001:db8:ffff::1", 0)->flags |= MESSAGE_IPV6;
        if (batch.count + 3 > MESSAGE_BATCH_MAX || n + 1 == to) {
            counters_add(c, &batch, 0);
            batch.count = batch.names_used = 0;
        }
    }
    return c->sources6->count;
}

Test(counters, have_each_ipv6_source_where_somebody_asks)
{
    struct counters_size exact = size;
    exact.sources6 = 1000;
    struct counters *a = counters_create(&exact, &err);
    struct counters *b = counters_create(&exact, &err);
    cr_assert(a != NULL && b != NULL, "%s", err.text);
    cr_expect_null(counters->sources6);
    counters_clear(a, NULL);
    counters_clear(b, NULL);
    for (unsigned round = 0; round < 2; round++) {
        cr_expect(eq(u32, ask_ipv6(a, 0, 300), 300));
        cr_expect(eq(u32, ask_ipv6(b, 200, 500), 300));
        counters_merge(a, b, NULL);
        cr_expect(eq(u32, a->sources6->count, 500));
        cr_expect(eq(u64, a->sources6->refused, 0));
        counters_merge(counters, a, NULL);
        counters_clear(a, NULL);
        counters_clear(b, NULL);
        cr_expect(eq(u32, a->sources6->count, 0));
    }
    cr_expect(eq(u32, ask_ipv6(a, 0, 2000), 1000));
    cr_expect(eq(u64, a->sources6->refused, 1000));
    counters_merge(b, a, NULL);
    cr_expect(eq(u64, b->sources6->refused, 1000));
    counters_free(a);
    counters_free(b);
}

Test(counters, miss_of_top_level_domains_what_they_lost_of_names)
{
    struct counters_size small = size;
    struct name_count tld[2];
    small.name_buckets = 1;
    struct counters *c = counters_create(&small, &err);
    cr_assert_not_null(c);
    counters_clear(c, NULL);
    for (int n = 0; n < 20; n++) {
        char name[16];
        (void)snprintf(name, sizeof name, "n%d.example", n);
        batch_query(&batch, "192.0.2.1", name, 1);
    }
    counters_add(c, &batch, 0);
    counters_find_zones(c);
    cr_expect(eq(u64, names_lost(c->names), 20 - NAMES_PER_BUCKET));
    cr_expect(eq(u64, names_lost(c->tlds), 20 - NAMES_PER_BUCKET));
    cr_assert(eq(u32, names_leading(c->tlds, tld, 2), 1));
    cr_expect(eq(u64, tld[0].queries + names_unseen(c->tlds), 20));
    counters_free(c);
}

Test(counters, add_the_difference_of_two_readings_of_a_source)
{
    struct source_counts before = {.frames = 10, .kernel_drops = 1};
    struct source_counts now = {.frames = 25, .kernel_drops = 4, .first_time_ns = 7};
    struct source_counts sum = {0};
    before.verdict[VERDICT_NOT_IP] = 2;
    now.verdict[VERDICT_NOT_IP] = 5;
    now.verdict[VERDICT_IP_HEADER] = 6;
    counters_add_source(&sum, &now, &before);
    cr_expect(eq(u64, sum.frames, 15));
    cr_expect(eq(u64, sum.kernel_drops, 3));
    cr_expect(eq(u64, sum.verdict[VERDICT_NOT_IP], 3));
    cr_expect(eq(u64, counters_undecoded(&sum), 6));
}

Test(counters, name_the_unknown_number_that_leads_over_several_readings)
{
    struct source_counts before = {0};
    struct source_counts now = {.unknown[UNKNOWN_ETHERTYPE] = {0x8999, 30}};
    struct source_counts sum = {0};
    counters_add_source(&sum, &now, &before);
    now.unknown[UNKNOWN_ETHERTYPE] = (struct leading){0x1234, 40};
    counters_add_source(&sum, &now, &before);
    cr_expect(eq(u32, sum.unknown[UNKNOWN_ETHERTYPE].number, 0x1234));
    cr_expect(eq(u64, sum.unknown[UNKNOWN_ETHERTYPE].lead, 10));
}

Test(counters, estimate_distinct_things_within_three_standard_errors)
{
    static struct distinct d;
    uint64_t z = 1;
    for (int i = 0; i < 1000000; i++) {
        z = (z + UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xbf58476d1ce4e5b9);
        z ^= z >> 29;
        distinct_add(&d, z);
        distinct_add(&d, z);
    }
    cr_expect(ge(u64, distinct_count(&d), 976000));
    cr_expect(le(u64, distinct_count(&d), 1024000));
}

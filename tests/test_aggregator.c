/* SPDX-License-Identifier: MIT */
#include "analysis/aggregator.h"

#include "tests/support/batch.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

enum { HOUR_S = 1735689600, MINUTES = 64 };

/* What was told. */
static struct {
    unsigned going, hours, minutes;
    uint64_t queries; /* of the latest hour, or part of one */
    int64_t start_s;
    struct minute minute[MINUTES];
} told;
static struct rssac002_counts sums; /* of the same */
static unsigned networks4, sources6;
static struct aggregator *aggregator;
static struct counters *counters;
static struct error err;

static void note_hour_of(const struct aggregator_hour *hour)
{
    told.queries = hour->queries;
    told.start_s = hour->start_s;
    if (hour->rssac002 == NULL)
        return;
    struct rssac002_hour *h =
            rssac002_hour_create("x", hour->rssac002, hour->prefixes, hour->sources6);
    cr_assert_not_null(h);
    sums = h->counts;
    networks4 = (unsigned)h->sources.ipv4s;
    sources6 = (unsigned)h->sources.ipv6s;
    rssac002_hour_free(h);
}

static void note_going(void *argument, const struct aggregator_hour *hour)
{
    (void)argument;
    told.going++;
    note_hour_of(hour);
}

static void note_hour(void *argument, const struct aggregator_hour *hour)
{
    (void)argument;
    told.hours++;
    note_hour_of(hour);
}

static void note_minute(void *argument, const struct minute *m)
{
    (void)argument;
    cr_assert(lt(u32, told.minutes, MINUTES));
    told.minute[told.minutes++] = *m;
}

static void note_event(void *argument, struct incident_event *e)
{
    (void)argument;
    (void)e;
}

static void start(bool rssac002, uint32_t records, uint32_t addresses)
{
    const struct aggregator_settings settings = {
            .detector = {.material_share = 0.015, .sensitivity = 1, .warmup_s = 300},
            .casebook = {.material_share = 0.015, .sensitivity = 1, .quiet_s = 900},
            .hours = true,
            .rssac002 = rssac002,
            .seed = 1};
    const struct aggregator_told tell = {
            .event = note_event, .minute = note_minute, .hour = note_hour, .going = note_going};
    const struct counters_size size = {.prefix_records = records,
                                       .way = PREFIX_DIRECT,
                                       .name_buckets = 64,
                                       .sources6 = addresses,
                                       .seed = 1};
    aggregator = aggregator_create(&settings, &tell, &err);
    counters = counters_create(&size, &err);
    cr_assert(aggregator != NULL && counters != NULL, "%s", err.text);
    counters_clear(counters, NULL);
}

static void setup(void)
{
    start(false, 1024, 0);
}

static void teardown(void)
{
    counters_free(counters);
    aggregator_free(aggregator);
}

TestSuite(aggregator, .init = setup, .fini = teardown);

/* An interval, so long after the hour began. */
static void pass(int64_t second, int64_t length_s, unsigned queries)
{
    static struct message_batch batch;
    int64_t start_ns = (HOUR_S + second) * 1000000000;
    for (unsigned i = 0; i < queries; i++) {
        batch_query(&batch, "192.0.2.1", "a.example", 1)->time_ns = start_ns;
        counters_add(counters, &batch, start_ns);
        batch.count = batch.names_used = 0;
    }
    const struct interval i = {
            .start_ns = start_ns, .length_ns = length_s * 1000000000, .counters = counters};
    aggregator_interval(aggregator, &i);
    counters_clear(counters, NULL);
}

Test(aggregator, tells_every_five_minutes_of_the_hour_that_goes_on)
{
    for (int64_t minute = 3; minute < 5; minute++)
        pass(60 * minute, 60, 1);
    cr_expect(eq(u32, told.going, 0));
    pass(60 * 5, 60, 1);
    cr_expect(eq(u32, told.going, 1));
    cr_expect(eq(u64, told.queries, 2));
    for (int64_t minute = 6; minute < 60; minute++)
        pass(60 * minute, 60, 1);
    cr_expect(eq(u32, told.going, 11));
    cr_expect(eq(u64, told.queries, 52));
    cr_expect(eq(u32, told.hours, 0));
    pass(3600, 60, 1);
    cr_expect(eq(u32, told.going, 11), "the hour has ended");
    cr_expect(eq(u32, told.hours, 1));
    cr_expect(eq(u64, told.queries, 57));
    cr_expect(eq(i64, told.start_s, HOUR_S));
}

/* A stretched interval, or a mirror that was silent, may leave out the minute that is due. */
Test(aggregator, tells_of_the_hour_that_goes_on_where_minutes_are_missing)
{
    pass(60 * 4, 150, 1);
    pass(60 * 6, 60, 1);
    cr_expect(eq(u32, told.going, 1));
    cr_expect(eq(u64, told.queries, 1));
    pass(60 * 9, 60, 1);
    cr_expect(eq(u32, told.going, 1));
    pass(60 * 26, 60, 1);
    cr_expect(eq(u32, told.going, 2));
    cr_expect(eq(u64, told.queries, 3));
}

/* A minute from `from_s` on whose last interval could not end in time, but `beyond_s` later. */
static void pass_stretched(int64_t minute, int64_t from_s, int64_t beyond_s)
{
    for (int64_t second = from_s; second < 59; second++)
        pass(60 * minute + second, 1, 10);
    pass(60 * minute + 59, 1 + beyond_s, (unsigned)(10 * (1 + beyond_s)));
}

Test(aggregator, tells_rates_as_they_were_when_an_interval_is_stretched_beyond_its_minute)
{
    struct minute back;
    pass_stretched(0, 0, 5);
    pass_stretched(1, 5, 5);
    pass(120 + 5, 1, 10);
    cr_assert(eq(u32, told.minutes, 2));
    cr_expect(eq(u32, told.minute[0].covered_s, 65));
    cr_expect(eq(u64, told.minute[0].queries, 650));
    cr_expect(eq(u32, told.minute[1].covered_s, 60));
    cr_expect(eq(u64, told.minute[1].queries, 600));
    json_t *json = minute_json(&told.minute[0]);
    cr_assert(minute_parse(json, &back, &err), "%s", err.text);
    json_decref(json);
    cr_expect(eq(u32, back.covered_s, 65));
}

Test(aggregator, learns_the_usual_rate_of_minutes_with_a_stretched_interval)
{
    for (int64_t minute = 0; minute < 24; minute += 2) {
        pass_stretched(minute, 0, 3);
        pass_stretched(minute + 1, 3, 0);
    }
    pass(60 * 24, 1, 10);
    cr_expect(eq(u32, told.minutes, 24));
    cr_expect(epsilon_eq(dbl, aggregator_usual(aggregator), 10, 0.01));
}

Test(aggregator, bears_an_interval_of_hours)
{
    struct minute back;
    pass(0, 8000, 10);
    pass(8040, 1, 10);
    cr_assert(eq(u32, told.minutes, 1));
    json_t *json = minute_json(&told.minute[0]);
    cr_assert(minute_parse(json, &back, &err), "%s", err.text);
    json_decref(json);
}

/* ---- RSSAC002 -------------------------------------------------------------------------- */

static void restart(uint32_t records, uint32_t addresses)
{
    teardown();
    start(true, records, addresses);
}

/* A second in which hosts of so many /24s ask, and as many IPv6 addresses; all are answered. */
static void pass_sources(int64_t second, unsigned from, unsigned count)
{
    static struct message_batch batch;
    int64_t start_ns = (HOUR_S + second) * 1000000000;
    for (unsigned n = from; n < from + count; n++) {
        char client[40];
        (void)snprintf(client, sizeof client, "10.%u.%u.9", n / 256, n % 256);
        batch_query(&batch, client, "a.example", 1)->time_ns = start_ns;
        batch_response(&batch, client, 3)->time_ns = start_ns;
        (void)snprintf(client, sizeof client, "2001:db8::%x", n);
        batch_query(&batch, client, "a.example", 1)->time_ns = start_ns;
        counters_add(counters, &batch, start_ns);
        batch.count = batch.names_used = 0;
    }
    counters->source.frames = 3UL * count;
    const struct interval i = {
            .start_ns = start_ns, .length_ns = 1000000000, .counters = counters};
    aggregator_interval(aggregator, &i);
    counters_clear(counters, NULL);
}

Test(aggregator, counts_for_rssac002_where_it_is_asked_to)
{
    restart(1024, 1024);
    pass_sources(0, 0, 100);
    pass_sources(59, 50, 100);
    pass_sources(60 * 30, 50, 100);
    cr_expect(eq(u32, told.going, 1), "as it was before that minute");
    cr_expect(eq(u64, sums.queries[TRANSPORT_UDP4], 200));
    cr_expect(eq(u32, networks4, 150));
    cr_expect(eq(u32, sources6, 150));
    pass_sources(60 * 31, 120, 80);
    pass_sources(60 * 60, 0, 1000);
    cr_expect(eq(u32, told.hours, 1));
    cr_expect(eq(u64, sums.queries[TRANSPORT_UDP4], 380));
    cr_expect(eq(u64, sums.queries[TRANSPORT_UDP6], 380));
    cr_expect(eq(u64, sums.responses[TRANSPORT_UDP4], 380));
    cr_expect(eq(u64, sums.rcode[3], 380));
    cr_expect(eq(u64, sums.frames, 3 * 380));
    cr_expect(eq(u64, sums.captured_ms, 4000));
    cr_expect(eq(u64, sums.unplaced + sums.refused6, 0));
    cr_expect(eq(u32, networks4, 200));
    cr_expect(eq(u32, sources6, 200));
    aggregator_end(aggregator);
    cr_expect(eq(u64, sums.queries[TRANSPORT_UDP4], 1000),
              "nothing is left of the hour before");
    cr_expect(eq(u32, networks4, 1000));
    cr_expect(eq(u32, sources6, 1000));
}

/* An interval has room for 1024 sources, and half as many of IPv6 exactly. */
Test(aggregator, knows_for_rssac002_what_found_no_room)
{
    restart(1024, 512);
    pass_sources(0, 0, 2000);
    pass_sources(1, 0, 10);
    aggregator_end(aggregator);
    cr_expect(eq(u32, sources6, 512));
    cr_expect(eq(u64, sums.refused6, 2000 - 512));
    cr_expect(eq(u32, networks4, 1023), "and one for all of IPv6");
    cr_expect(ge(u64, sums.unplaced, 2000 - 1023));
    cr_expect(le(u64, sums.unplaced, 2 * (2000 - 1023)), "it is an upper bound");
    cr_expect(eq(u64, sums.queries[TRANSPORT_UDP4], 2010));
}

Test(aggregator, tells_for_rssac002_of_an_hour_without_queries)
{
    restart(1024, 512);
    for (int64_t minute = 0; minute < 60; minute++)
        pass(60 * minute, 60, 0);
    pass(3600, 60, 1);
    cr_expect(eq(u32, told.hours, 1));
    cr_expect(eq(u64, told.queries, 0));
    cr_expect(eq(u64, sums.captured_ms, 3600000));
    cr_expect(eq(u32, networks4 + sources6, 0));
}

Test(aggregator, tells_of_no_hour_without_queries_where_nobody_asks)
{
    for (int64_t minute = 0; minute < 60; minute++)
        pass(60 * minute, 60, 0);
    pass(3600, 60, 1);
    cr_expect(eq(u32, told.hours, 0));
}

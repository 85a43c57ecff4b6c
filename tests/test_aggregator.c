/* SPDX-License-Identifier: MIT */
#include "analysis/aggregator.h"

#include "tests/support/batch.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

enum { HOUR_S = 1735689600, MINUTES = 64 };

/* What was told. */
static struct {
    unsigned going, hours, minutes;
    uint64_t queries; /* of the latest hour, or part of one */
    int64_t start_s;
    struct minute minute[MINUTES];
} told;
static struct aggregator *aggregator;
static struct counters *counters;
static struct error err;

static void note_hour_of(const struct aggregator_hour *hour)
{
    told.queries = hour->queries;
    told.start_s = hour->start_s;
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

static void setup(void)
{
    const struct aggregator_settings settings = {
            .detector = {.material_share = 0.015, .sensitivity = 1, .warmup_s = 300},
            .casebook = {.material_share = 0.015, .sensitivity = 1, .quiet_s = 900},
            .hours = true,
            .seed = 1};
    const struct aggregator_told tell = {
            .event = note_event, .minute = note_minute, .hour = note_hour, .going = note_going};
    const struct counters_size size = {
            .prefix_records = 1024, .way = PREFIX_DIRECT, .name_buckets = 64, .seed = 1};
    aggregator = aggregator_create(&settings, &tell, &err);
    counters = counters_create(&size, &err);
    cr_assert(aggregator != NULL && counters != NULL, "%s", err.text);
    counters_clear(counters, NULL);
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

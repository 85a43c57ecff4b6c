/* What was learned, read back from a store that is damaged or was edited. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/hostile.h"
#include "tests/support/traffic.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

static struct traffic *t;
static json_t *learned; /* with an open incident, and a closed one */
static struct error err;
static const struct traffic_flow flood = {"203.0.113.7", 0, "mail.example.net", 15, 50};
static const struct traffic_flow names = {"192.0.%u.7", 200, "www.example.org", 1, 50};

static void setup(void)
{
    t = traffic_create(NULL, 1, 7);
    traffic_pass(t, 900, NULL);
    traffic_pass(t, 120, &flood);
    traffic_pass(t, 1100, NULL);
    traffic_pass(t, 60, &names);
    cr_assert(eq(u32, t->events, 3));
    learned = aggregator_json(t->aggregator);
    cr_assert_not_null(learned);
}

static void teardown(void)
{
    json_decref(learned);
    traffic_free(t);
}

TestSuite(learned, .init = setup, .fini = teardown, .timeout = 900);

static json_t *with(const char *path, json_t *value)
{
    json_t *copy = json_deep_copy(learned);
    bool found = false;
    for (unsigned i = 0; !found && i < hostile_places(copy); i++) {
        char *at = hostile_path(copy, i);
        found = strcmp(at, path) == 0 && hostile_replace(copy, i, value);
        free(at);
    }
    cr_assert(found, "nothing is at %s", path);
    return copy;
}

static bool resume(const char *path, json_t *value)
{
    json_t *state = with(path, value);
    bool good = traffic_resume(t, state, &err);
    json_decref(state);
    return good;
}

static size_t length_of(const char *object, const char *list)
{
    json_t *now = aggregator_json(t->aggregator);
    size_t n = json_array_size(json_object_get(json_object_get(now, object), list));
    json_decref(now);
    return n;
}

static double number_of(const char *object, const char *key)
{
    json_t *now = aggregator_json(t->aggregator);
    double n = json_number_value(json_object_get(json_object_get(now, object), key));
    json_decref(now);
    return n;
}

Test(learned, is_taken_up_as_it_was_written)
{
    cr_assert(traffic_resume(t, learned, &err), "%s", err.text);
    json_t *again = aggregator_json(t->aggregator);
    json_object_del(json_object_get(again, "detector"), "prefix"); /* in another order */
    json_object_del(json_object_get(learned, "detector"), "prefix");
    cr_expect(json_equal(json_object_get(again, "total"), json_object_get(learned, "total")));
    cr_expect(json_equal(json_object_get(again, "casebook"),
                         json_object_get(learned, "casebook")));
    json_decref(again);
}

/* A million a second for a month; no rate comes near. */
Test(learned, of_an_incident_that_lasts_is_taken_up)
{
    cr_expect(resume("/casebook/open/0/culprits/0/3", json_real(2.6e12)), "%s", err.text);
    cr_expect(eq(sz, length_of("casebook", "open"), 1));
    cr_expect_not(resume("/casebook/open/0/culprits/0/3", json_real(1e17)));
}

/* The shares are gone, so how long they were learned for has to be as well. */
Test(learned, of_detectors_begins_anew_where_it_is_damaged)
{
    cr_expect_not(resume("/detector/prefix/0/3", json_real(-0.5)));
    cr_expect_not_null(strstr(err.text, "what the detectors learned"), "%s", err.text);
    cr_expect(eq(dbl, number_of("detector", "learned_s"), 0));
    cr_expect(eq(sz, length_of("detector", "prefix"), 0));
    cr_expect(gt(dbl, number_of("total", "minutes"), 10));
    cr_expect(eq(sz, length_of("casebook", "open"), 1));
    traffic_pass(t, 300, NULL);
    cr_expect(eq(u32, t->events, 3), "nobody is accused by what is not known");
}

Test(learned, of_the_usual_rate_begins_anew_where_it_is_damaged)
{
    cr_expect_not(resume("/total/hour", json_integer(INT64_C(-1000000000000000))));
    cr_expect_not_null(strstr(err.text, "a baseline"), "%s", err.text);
    cr_expect(eq(dbl, number_of("total", "minutes"), 0));
    cr_expect(gt(dbl, number_of("detector", "learned_s"), 900));
    traffic_pass(t, 130, NULL);
}

Test(learned, of_several_parts_is_told_with_each_reason)
{
    json_t *state = with("/total/variance", json_real(-1));
    json_object_set_new(state, "followed", json_pack("[[s, s]]", "192.0.2.0/24", "never"));
    cr_expect_not(traffic_resume(t, state, &err));
    json_decref(state);
    cr_expect_not_null(strstr(err.text, "a baseline"), "%s", err.text);
    cr_expect_not_null(strstr(err.text, "; the followed prefixes"), "%s", err.text);
}

Test(learned, of_an_incident_costs_no_other_when_it_is_damaged)
{
    cr_expect_not(resume("/casebook/open/0/usual_share", json_real(-3)));
    cr_expect_not_null(strstr(err.text, "incident \"2025-0101-2\""), "%s", err.text);
    cr_expect(eq(sz, length_of("casebook", "open"), 0));
    cr_expect(eq(sz, length_of("casebook", "closed"), 1));
}

Test(learned, gives_no_number_twice_when_the_latest_is_lost)
{
    cr_expect_not(resume("/casebook/opened", json_integer(-1)));
    cr_expect(eq(dbl, number_of("casebook", "opened"), 2));
    aggregator_note_id(t->aggregator, "2025-0101-7");
    aggregator_note_id(t->aggregator, "2024-1231-9");
    aggregator_note_id(t->aggregator, "9999-9999-9");
    aggregator_note_id(t->aggregator, "2025-0101-8x");
    cr_expect(eq(dbl, number_of("casebook", "opened"), 7));
}

Test(learned, of_a_release_that_did_not_keep_the_highest_number_has_it_from_the_store)
{
    cr_expect(aggregator_knows_ids(t->aggregator));
    (void)json_object_del(json_object_get(learned, "casebook"), "most");
    cr_assert(traffic_resume(t, learned, &err), "%s", err.text);
    cr_expect_not(aggregator_knows_ids(t->aggregator));
    aggregator_note_id(t->aggregator, "2024-1231-9");
    cr_expect(aggregator_knows_ids(t->aggregator));
    cr_expect(eq(dbl, number_of("casebook", "most"), 9));
    cr_expect(eq(dbl, number_of("casebook", "opened"), 2));
}

Test(learned, holds_no_incident_open_by_a_time_that_has_not_come)
{
    cr_assert(resume("/casebook/open/0/active", json_integer(INT64_C(9000000000))));
    traffic_pass(t, 1100, NULL);
    cr_expect(eq(u32, traffic_count(t, INCIDENT_CLOSED), 2));
}

Test(learned, takes_no_id_that_leads_out_of_the_directory)
{
    cr_expect_not(resume("/casebook/open/0/event/id", json_string("../../etc/passwd")));
    cr_expect_not(resume("/casebook/closed/0/id", json_string("../../etc/passwd")));
}

/* Any value at any place: it is refused, or what follows from it can be written and read. */
static void check(const json_t *value, unsigned place)
{
    json_t *state = json_deep_copy(learned);
    char *path = hostile_path(state, place);
    cr_assert(hostile_replace(state, place, json_deep_copy(value)));
    (void)traffic_resume(t, state, &err);
    t->now_s -= t->now_s % 60; /* a new minute soon, so that hours end and are learned from */
    traffic_pass(t, 2, &flood);
    json_t *after = aggregator_json(t->aggregator);
    cr_assert_not_null(after, "%s: what follows is not a number", path);
    cr_assert(traffic_resume(t, after, &err), "%s: %s", path, err.text);
    json_decref(after);
    json_decref(state);
    free(path);
}

/* One of two values at each place, the next time the other. */
static void check_everywhere(json_t *even, json_t *odd)
{
    for (unsigned i = 0; i < hostile_places(learned); i++)
        check(i % 2 == 0 ? even : odd, i);
    json_decref(even);
    json_decref(odd);
}

Test(learned, bears_numbers_below_zero_at_every_place)
{
    check_everywhere(json_integer(-1), json_integer(INT64_MIN));
}

Test(learned, bears_numbers_beyond_every_bound_at_every_place)
{
    check_everywhere(json_integer(INT64_MAX), json_real(1e300));
}

Test(learned, bears_what_is_absurd_but_within_bounds_at_every_place)
{
    check_everywhere(json_real(1e11), json_integer(INT64_C(9223372000)));
}

Test(learned, bears_what_is_no_number_at_every_place)
{
    check_everywhere(json_string("\x1b[2J"), json_null());
}

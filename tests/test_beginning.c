/* Traffic that begins where there was next to none: no incident, but what is usual from now on.
 */
/* SPDX-License-Identifier: MIT */
#include "analysis/volume.h"
#include "tests/support/traffic.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

static struct traffic *t;
static const struct traffic_flow stray = {"203.0.113.7", 0, "mail.example.net", 15, 1};
static const struct traffic_flow flood = {"192.0.2.9", 0, "www.example.org", 1, 300};

static void setup(void)
{
    t = traffic_create(NULL, 1, 7);
}

static void teardown(void)
{
    traffic_free(t);
}

TestSuite(beginning, .init = setup, .fini = teardown, .timeout = 110);

/* One query every so many seconds, and nothing else. */
static void pass_strays(unsigned seconds, unsigned every_s)
{
    double level = t->level;
    t->level = 0;
    for (unsigned i = 0; i < seconds / every_s; i++) {
        traffic_pass(t, 1, &stray);
        traffic_pass(t, every_s - 1, NULL);
    }
    t->level = level;
}

static void expect_no_events(void)
{
    cr_expect(eq(u32, t->events, 0), "%s", t->events > 0 ? traffic_last(t)->summary : "");
}

static void expect_flood_is_told(void)
{
    traffic_pass(t, 60, &flood);
    cr_assert(eq(u32, traffic_count(t, INCIDENT_OPENED), 1));
    cr_expect(eq(int, t->event[0].incident.kind, INCIDENT_PREFIX));
}

static double usual_qps(void)
{
    return aggregator_usual(t->aggregator);
}

Test(beginning, after_a_silence_is_a_first_start)
{
    t->level = 0;
    traffic_pass(t, 7200, NULL);
    t->level = 1;
    traffic_pass(t, 900, NULL);
    expect_no_events();
    expect_flood_is_told();
}

Test(beginning, within_the_first_minute_is_a_first_start)
{
    pass_strays(30, 5);
    traffic_pass(t, 600, NULL);
    expect_no_events();
    expect_flood_is_told();
}

Test(beginning, at_the_end_of_an_interval_is_no_rise_in_the_next)
{
    static const double rates[] = {0, 0, 40, 4000, 4000, 4000, 4000, 4000, 4000, 4000};
    struct volume v = {.level_qps = 0};
    for (unsigned i = 0; i < sizeof rates / sizeof *rates; i++) {
        const struct volume_moment now = {
                .start_s = i, .length_s = 1, .all_qps = rates[i], .sensitivity = 1};
        cr_expect(eq(int, volume_add(&v, &now, rates[i]), VOLUME_USUAL), "second %u", i);
    }
    cr_expect(epsilon_eq(dbl, v.level_qps, 4000, 1));
}

Test(beginning, after_stray_queries_is_no_rise)
{
    pass_strays(7200, 10);
    cr_expect(lt(dbl, usual_qps(), 1));
    t->level = 5;
    traffic_pass(t, 1200, NULL);
    expect_no_events();
    cr_expect(eq(u32, t->beginnings, 1));
    cr_expect(gt(dbl, usual_qps(), 600));
    t->level = 1;
    traffic_pass(t, 60, NULL);
    cr_expect(eq(int, traffic_last(t)->kind, INCIDENT_GAP));
}

Test(beginning, over_a_minute_is_no_rise)
{
    pass_strays(600, 10);
    for (unsigned i = 0; i < 60; i++) {
        t->level = i / 12.0;
        traffic_pass(t, 1, NULL);
    }
    traffic_pass(t, 600, NULL);
    expect_no_events();
}

Test(beginning, is_no_rise_also_with_a_restart_in_it)
{
    pass_strays(600, 10);
    traffic_pass(t, 3, NULL);
    traffic_restart(t, 1);
    traffic_pass(t, 600, NULL);
    expect_no_events();
}

/* Nor what rises once more then: what sources sent is known. */
Test(beginning, is_not_what_a_rise_is_that_has_become_usual_after_hours)
{
    traffic_pass(t, 1200, NULL);
    t->level = 2;
    traffic_pass(t, 4 * 3600 + 240, NULL);
    cr_assert(eq(u32, t->events, 2));
    cr_expect(eq(int, t->event[0].incident.kind, INCIDENT_VOLUME));
    cr_expect(eq(int, t->event[1].state, INCIDENT_CLOSED));
    t->level = 4;
    traffic_pass(t, 30, NULL);
    cr_expect(eq(u32, traffic_count(t, INCIDENT_OPENED), 2));
    cr_expect(eq(u32, t->beginnings, 0));
}

/* One query in two seconds. */
Test(beginning, is_not_what_a_flood_on_a_tiny_site_is)
{
    pass_strays(3600, 2);
    expect_no_events();
    t->level = 0;
    traffic_pass(t, 120, &flood);
    cr_assert(eq(u32, traffic_count(t, INCIDENT_OPENED), 1));
    cr_expect(eq(int, t->event[0].incident.kind, INCIDENT_PREFIX));
}

/* On a site with a query in five seconds, as long as it is of one network, name or domain. */
static void expect_flood_on_next_to_none_is_told(const struct traffic_flow *f,
                                                 enum incident_kind kind)
{
    pass_strays(3600, 5);
    t->level = 0;
    traffic_pass(t, 120, f);
    cr_assert(eq(u32, traffic_count(t, INCIDENT_OPENED), 1));
    cr_expect(eq(int, t->event[0].incident.kind, kind));
    pass_strays(1800, 5);
    cr_expect(eq(u32, traffic_count(t, INCIDENT_OPENED), 1), "%s", traffic_last(t)->summary);
    cr_expect(eq(u32, traffic_count(t, INCIDENT_CLOSED), 1));
    cr_expect(eq(u32, t->beginnings, 0));
}

Test(beginning, is_not_what_a_flood_of_one_network_is)
{
    static const struct traffic_flow f = {"192.0.2.9", 0, "name%u.example.org", 1, 2000};
    expect_flood_on_next_to_none_is_told(&f, INCIDENT_PREFIX);
}

Test(beginning, is_not_what_a_flood_of_the_only_source_there_was_is)
{
    const struct traffic_flow f = {stray.client, 0, stray.name, stray.qtype, 2000};
    expect_flood_on_next_to_none_is_told(&f, INCIDENT_PREFIX);
}

Test(beginning, is_not_what_a_flood_for_one_name_is)
{
    static const struct traffic_flow f = {"198.18.%u.9", 250, "www.example.org", 1, 2000};
    expect_flood_on_next_to_none_is_told(&f, INCIDENT_NAME);
}

Test(beginning, is_not_what_a_flood_for_names_of_one_domain_is)
{
    static const struct traffic_flow f = {"198.18.%u.9", 250, "%u.example.org", 1, 2000};
    expect_flood_on_next_to_none_is_told(&f, INCIDENT_NAME);
}

/* A server of one zone, switched on. */
Test(beginning, is_what_queries_for_a_domain_are_that_strays_asked_for)
{
    static const struct traffic_flow all = {"198.18.%u.9", 250, "%u.example.net", 1, 200};
    pass_strays(3600, 5);
    t->level = 0;
    traffic_pass(t, 600, &all);
    expect_no_events();
    cr_expect(eq(u32, t->beginnings, 1));
}

Test(beginning, leaves_what_was_learned_of_sources_before_a_long_silence)
{
    const struct traffic_flow resolver = {"203.0.113.7", 0, "mail.example.net", 15, 30};
    traffic_pass(t, 7200, &resolver);
    t->level = 0;
    traffic_pass(t, 6 * 3600, NULL);
    t->level = 1;
    traffic_pass(t, 120, &resolver);
    cr_assert(eq(u32, traffic_count(t, INCIDENT_OPENED), 1));
    cr_expect(eq(u32, traffic_count(t, INCIDENT_CLOSED), 1));
    cr_expect(eq(int, traffic_last(t)->kind, INCIDENT_GAP));
    cr_expect(eq(u32, t->beginnings, 0));
    traffic_pass(t, 30, &flood); /* not warming up */
    cr_assert(eq(u32, traffic_count(t, INCIDENT_OPENED), 2));
    cr_expect(eq(int, traffic_last(t)->kind, INCIDENT_PREFIX));
}
/* With a query every ten seconds in between; hours of before are still known. */
Test(beginning, after_a_long_gap_is_what_was_usual_before)
{
    traffic_pass(t, 7200, NULL);
    pass_strays(8 * 3600, 10);
    traffic_pass(t, 1200, NULL);
    cr_assert(eq(u32, traffic_count(t, INCIDENT_OPENED), 1));
    cr_expect(eq(int, traffic_last(t)->kind, INCIDENT_GAP));
    cr_expect(eq(u32, traffic_count(t, INCIDENT_CLOSED), 1));
    cr_expect(gt(dbl, usual_qps(), 140));
}

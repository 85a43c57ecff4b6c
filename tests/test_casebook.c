/* SPDX-License-Identifier: MIT */
#include "tests/support/traffic.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static struct traffic *t;
static const struct traffic_flow flood = {"203.0.113.7", 0, "mail.example.net", 15, 50};

static void setup(void)
{
    t = traffic_create(NULL, 1, 7);
    cr_assert_not_null(t->aggregator);
    traffic_pass(t, 900, NULL);
}

static void teardown(void)
{
    traffic_free(t);
}

TestSuite(casebook, .init = setup, .fini = teardown);

Test(casebook, closes_an_incident_after_a_quarter_of_an_hour_of_quiet)
{
    traffic_pass(t, 120, &flood);
    traffic_pass(t, 1100, NULL);
    cr_assert(eq(u32, t->events, 2));
    cr_expect(eq(u32, t->event[1].state, INCIDENT_CLOSED));
    cr_expect(t->event[1].incident.ended_s - t->event[1].incident.began_s < 240);
}

Test(casebook, keeps_pulses_in_one_incident)
{
    for (int i = 0; i < 4; i++) {
        traffic_pass(t, 120, &flood);
        traffic_pass(t, 300, NULL);
    }
    cr_expect(eq(u32, traffic_count(t, INCIDENT_OPENED), 1));
    cr_expect(eq(u32, traffic_count(t, INCIDENT_CLOSED), 0));
}

Test(casebook, tells_a_second_wave_of_the_same_incident)
{
    const struct traffic_flow wave = {"203.0.113.7", 0, "a.example.org", 28, 50};
    traffic_pass(t, 600, &flood);
    traffic_pass(t, 60, &wave);

    const struct incident *i = traffic_last(t);
    cr_assert(eq(u32, t->events, 2));
    cr_expect(eq(u32, t->event[1].state, INCIDENT_CHANGED));
    cr_expect(eq(u32, i->wave, 2));
    cr_expect(eq(str, (char *)i->id, t->event[0].incident.id));
    cr_expect(strcmp(i->type[0].qtype, "AAAA") == 0 && i->type[0].named);
}

/* Of its queries a few are of another type from then on: too few for a change. */
Test(casebook, finds_no_wave_after_an_interval_that_was_stretched_to_half_an_hour)
{
    traffic_pass(t, 300, &flood);
    t->varied = 12;
    t->interval_s = 1800;
    traffic_pass(t, 1800, &flood);
    t->interval_s = 1;
    traffic_pass(t, 300, &flood);
    cr_expect(eq(u32, t->events, 1), "%s", traffic_last(t)->summary);
}

Test(casebook, tells_with_an_incident_what_was_not_decoded_meanwhile)
{
    char text[REASONS_LINE_BYTES];
    t->undecoded_qps = 100;
    traffic_pass(t, 60, &flood);
    const struct reasons *opened = &traffic_last(t)->reasons;
    uint64_t at_first = reasons_count(opened, REASONS_UNDECODED);
    cr_expect(ge(u64, at_first, 100));
    cr_expect(le(u64, at_first, 6000));
    cr_expect(eq(u64, reasons_frames(opened), at_first + opened->verdict[VERDICT_MESSAGE]));

    t->undecoded_qps = 0;
    traffic_restart(t, 3);
    traffic_pass(t, 1100, NULL);
    cr_assert(eq(u32, t->events, 2));
    const struct reasons *closed = &traffic_last(t)->reasons;
    cr_expect(eq(u64, reasons_count(closed, REASONS_UNDECODED), 6000));
    cr_expect_not_null(reasons_line(closed, REASONS_UNDECODED, text));
    cr_expect_not_null(strstr(text, " frames (2 %): ethertype 0x88b5 6000"), "%s", text);
}

Test(casebook, tells_how_many_frames_were_lost_over_a_restart)
{
    char text[INCIDENT_DROPS_BYTES];
    t->lossy = true;
    t->kernel_drops = 40;
    t->interface_drops = 10;
    traffic_pass(t, 60, &flood);
    const struct incident_drops first = traffic_last(t)->drops;
    cr_expect(first.since_s > 0 && first.since_s < traffic_last(t)->opened_s);
    cr_expect(eq(u64, first.kernel, 40 * (traffic_last(t)->opened_s - first.since_s)));

    traffic_restart(t, 3);
    traffic_pass(t, 10, &flood);
    int64_t until_s = t->now_s;
    t->lossy = false;
    t->kernel_drops = t->interface_drops = 0;
    traffic_pass(t, 1100, NULL);
    cr_assert(eq(u32, t->events, 2));
    const struct incident *closed = traffic_last(t);
    uint64_t seconds = until_s - closed->drops.since_s - 3; /* when nobody counted */
    cr_expect(eq(i64, closed->drops.since_s, first.since_s));
    cr_expect(eq(u64, closed->drops.kernel, 40 * seconds));
    cr_expect(eq(u64, closed->drops.interface, 10 * seconds));
    cr_expect(ge(u64, closed->drops.frames, 150 * 1000));
    double share = 50.0 * seconds / (50.0 * seconds + closed->drops.frames);
    cr_expect(epsilon_eq(dbl, incident_drops_share(closed), share, 1e-12));
    cr_expect(closed->lossy);
    cr_assert_not_null(incident_drops_text(closed, text));
    char wanted[64];
    (void)snprintf(wanted, sizeof wanted, "%lu frames were dropped meanwhile (%.1f %%",
                   50 * seconds, 100 * share);
    cr_expect_not_null(strstr(text, wanted), "%s", text);
}

Test(casebook, tells_of_few_lost_frames_without_calling_figures_too_small)
{
    char text[INCIDENT_DROPS_BYTES];
    traffic_pass(t, 60, &flood);
    cr_expect_null(incident_drops_text(traffic_last(t), text));
    t->kernel_drops = 1;
    traffic_pass(t, 1, NULL);
    t->kernel_drops = 0;
    traffic_pass(t, 1100, NULL);
    cr_assert_not_null(incident_drops_text(traffic_last(t), text));
    cr_expect_not_null(strstr(text, "1 frame was dropped meanwhile (0.000"), "%s", text);
    cr_expect_null(strstr(text, "too small"), "%s", text);
}

Test(casebook, does_not_make_up_what_an_older_release_did_not_count)
{
    char text[INCIDENT_DROPS_BYTES];
    t->lossy = true;
    t->kernel_drops = 40;
    traffic_pass(t, 60, &flood);
    t->before_drops = true;
    traffic_restart(t, 3);
    int64_t from_s = t->now_s;
    traffic_pass(t, 10, &flood);
    t->lossy = false;
    t->kernel_drops = 0;
    traffic_pass(t, 1100, NULL);
    cr_assert(eq(u32, t->events, 2));
    const struct incident *closed = traffic_last(t);
    cr_expect(eq(i64, closed->drops.since_s, from_s));
    cr_expect(eq(u64, closed->drops.kernel, 400));
    cr_assert_not_null(incident_drops_text(closed, text));
    cr_expect_not_null(strstr(text, "400 frames were dropped meanwhile ("), "%s", text);
    cr_expect_not_null(strstr(text, "before they were counted, others: the figures"), "%s",
                       text);

    struct incident older = {.lossy = true, .opened_s = 1};
    cr_assert_not_null(incident_drops_text(&older, text));
    cr_expect(eq(str, (char *)text,
                 "Frames were dropped meanwhile, it is not known how many: the figures are too "
                 "small"));
}

Test(casebook, says_of_a_gap_what_comes_in_the_place_of_queries)
{
    char text[REASONS_LINE_BYTES];
    t->level = 0;
    t->undecoded_qps = 300;
    traffic_pass(t, 60, NULL);
    cr_expect(eq(int, traffic_last(t)->kind, INCIDENT_GAP));
    cr_expect_not_null(reasons_line(&traffic_last(t)->reasons, REASONS_UNDECODED, text));
}

Test(casebook, tells_when_the_rate_doubles)
{
    struct traffic_flow more = flood;
    more.rate_qps = 150;
    traffic_pass(t, 600, &flood);
    traffic_pass(t, 60, &more);
    cr_expect(eq(u32, traffic_count(t, INCIDENT_CHANGED), 1));
    cr_expect(eq(u32, traffic_last(t)->wave, 1));
}

Test(casebook, tells_how_severe_an_incident_is_and_was)
{
    struct traffic_flow more = flood;
    struct traffic_flow less = flood;
    unsigned open[INCIDENT_SEVERITIES];
    less.rate_qps = 8;
    traffic_pass(t, 120, &less);
    cr_expect(eq(u32, t->event[0].incident.severity, INCIDENT_NOTICE));
    aggregator_open(t->aggregator, open);
    cr_expect(open[INCIDENT_NOTICE] == 1 && open[INCIDENT_CRITICAL] == 0);
    more.rate_qps = 60;
    traffic_pass(t, 180, &more);
    cr_expect(eq(u32, traffic_last(t)->severity, INCIDENT_CRITICAL));
    aggregator_open(t->aggregator, open);
    cr_expect(open[INCIDENT_NOTICE] == 0 && open[INCIDENT_CRITICAL] == 1);
    traffic_pass(t, 1100, NULL);
    aggregator_open(t->aggregator, open);
    cr_expect(open[INCIDENT_NOTICE] == 0 && open[INCIDENT_CRITICAL] == 0);
    cr_expect(eq(u32, t->event[t->events - 1].state, INCIDENT_CLOSED));
    cr_expect(eq(u32, traffic_last(t)->severity, INCIDENT_CRITICAL));
}

Test(casebook, tells_when_an_incident_gets_more_severe)
{
    struct traffic_flow more = flood;
    struct traffic_flow less = flood;
    less.rate_qps = 9;
    traffic_pass(t, 12, &less);
    more.rate_qps = 9;
    traffic_pass(t, 30, &more);
    cr_assert(eq(u32, t->events, 1));
    cr_expect(eq(u32, t->event[0].incident.severity, INCIDENT_NOTICE));
    more.rate_qps = 50; /* in the first minute, in which a change is not yet one */
    traffic_pass(t, 180, &more);
    cr_expect(eq(u32, traffic_count(t, INCIDENT_CHANGED), 1));
    cr_expect(eq(u32, traffic_last(t)->severity, INCIDENT_CRITICAL));
}

static void keep_silent(unsigned seconds)
{
    t->silences.span[t->silences.spans++] = (struct silence){t->now_s, t->now_s + seconds};
}

Test(casebook, tells_nothing_that_begins_and_ends_in_a_silence)
{
    keep_silent(3600);
    traffic_pass(t, 300, &flood);
    traffic_pass(t, 1100, NULL);
    cr_expect(eq(u32, t->events, 0));
}

Test(casebook, tells_what_goes_on_when_a_silence_is_over)
{
    int64_t end_s = t->now_s + 600;
    keep_silent(600);
    traffic_pass(t, 300, &flood);
    traffic_restart(t, 10);
    traffic_pass(t, 400, &flood);
    cr_assert(eq(u32, t->events, 1));
    cr_expect(eq(u32, t->event[0].state, INCIDENT_OPENED));
    cr_expect(t->event[0].time_s >= end_s && t->event[0].time_s < end_s + 5);
    cr_expect(ne(str, t->event[0].incident.id, ""));
    cr_expect(t->event[0].incident.began_s < end_s - 500);

    traffic_pass(t, 1100, NULL);
    cr_expect(eq(u32, traffic_count(t, INCIDENT_CLOSED), 1));
}

Test(casebook, tells_in_a_silence_only_the_end_of_what_began_before)
{
    struct traffic_flow more = flood;
    more.rate_qps = 150;
    traffic_pass(t, 600, &flood);
    keep_silent(3600);
    traffic_pass(t, 300, &more);
    cr_expect(eq(u32, t->events, 1));
    traffic_pass(t, 1100, NULL);
    cr_assert(eq(u32, t->events, 2));
    cr_expect(eq(u32, t->event[1].state, INCIDENT_CLOSED));
}

Test(casebook, takes_for_one_what_begins_together)
{
    const struct traffic_flow two = {"203.0.%u.7", 2, "mail.example.net", 15, 60};
    traffic_pass(t, 60, &two);
    cr_expect(eq(u32, traffic_count(t, INCIDENT_OPENED), 1));
    cr_expect(eq(u32, traffic_last(t)->prefixes, 2));
}

Test(casebook, does_not_open_again_after_a_restart)
{
    traffic_pass(t, 300, &flood);
    traffic_restart(t, 30);
    traffic_pass(t, 300, &flood);
    cr_expect(eq(u32, traffic_count(t, INCIDENT_OPENED), 1));

    traffic_pass(t, 1100, NULL);
    cr_expect(eq(u32, traffic_count(t, INCIDENT_OPENED), 1));
    cr_expect(eq(u32, traffic_count(t, INCIDENT_CLOSED), 1));
}

Test(casebook, takes_up_the_id_of_a_culprit_that_comes_back)
{
    traffic_pass(t, 120, &flood);
    traffic_pass(t, 1100, NULL);
    traffic_pass(t, 60, &flood);
    cr_assert(eq(u32, t->events, 3));
    cr_expect(eq(str, t->event[2].incident.id, t->event[0].incident.id));
    cr_expect(eq(u32, t->event[2].incident.wave, 2));
}

static void expect_id(const char *client, const char *id)
{
    const struct traffic_flow f = {client, 0, "mail.example.net", 15, 50};
    traffic_pass(t, 30, &f);
    cr_assert_not_null(traffic_last(t));
    cr_expect(eq(str, (char *)traffic_last(t)->id, (char *)id));
    traffic_pass(t, 1000, NULL);
}

/* Also of one whose culprit came back, but days before it was there. */
Test(casebook, gives_no_id_twice_when_days_go_back)
{
    t->now_s += 3 * 86400;
    expect_id("203.0.113.7", "2025-0104-1");
    t->now_s += 86400;
    expect_id("203.0.114.7", "2025-0105-1");
    t->now_s -= 86400;
    expect_id("203.0.115.7", "2025-0104-2");
    t->now_s -= 2 * 86400;
    expect_id("203.0.114.7", "2025-0102-3");
    traffic_restart(t, 1);
    expect_id("203.0.115.7", "2025-0102-4");
    t->now_s += 3 * 86400;
    expect_id("203.0.116.7", "2025-0105-2");
    t->now_s += 86400;
    expect_id("203.0.117.7", "2025-0106-1");
}

Test(casebook, closes_an_incident_in_time_when_the_clock_is_set_back)
{
    traffic_pass(t, 120, &flood);
    traffic_pass(t, 60, NULL);
    t->now_s -= 7200;
    traffic_pass(t, 1100, NULL);
    cr_expect(eq(u32, traffic_count(t, INCIDENT_CLOSED), 1));
}

/* What each of several culprits asked since it was found is told by another process, too. */
Test(casebook, counts_each_culprit_over_a_restart)
{
    const struct traffic_flow a = {"192.0.%u.7", 200, "www.example.org", 1, 100};
    const struct traffic_flow b = {"192.0.%u.7", 200, "mail.example.net", 1, 100};
    for (unsigned i = 0; i < 60; i++)
        traffic_pass(t, 1, i % 2 == 0 ? &a : &b);
    traffic_restart(t, 1);
    for (unsigned i = 0; i < 60; i++)
        traffic_pass(t, 1, i % 2 == 0 ? &a : &b);
    traffic_pass(t, 1100, NULL);
    const struct incident *closed = traffic_last(t);
    cr_assert(eq(u32, t->event[t->events - 1].state, INCIDENT_CLOSED));
    unsigned named = 0;
    for (unsigned i = 0; i < closed->names; i++) {
        if (!closed->name[i].named)
            continue;
        named++;
        cr_expect(ge(u64, closed->name[i].queries, 4500), "%s", closed->name[i].name);
    }
    cr_expect(eq(u32, named, 2));
}

/* SPDX-License-Identifier: MIT */
#include "tests/support/traffic.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

static const char origins[] = "198.51.0.0\t16\t64496\n"
                              "203.0.0.0\t16\t64511\n"
                              "203.0.113.0\t24\t64500\n";
static struct traffic *t;

static void setup(void)
{
    t = traffic_create(origins, 1, 7);
    cr_assert_not_null(t->aggregator);
    traffic_pass(t, 900, NULL);
    cr_assert(eq(u32, t->events, 0));
}

static void teardown(void)
{
    traffic_free(t);
}

TestSuite(detector, .init = setup, .fini = teardown);

static const struct incident *opened(enum incident_kind kind)
{
    const struct incident *i = traffic_last(t);
    cr_assert_not_null(i);
    cr_assert(eq(u32, traffic_count(t, INCIDENT_OPENED), 1));
    cr_expect(eq(u32, i->kind, kind));
    cr_expect(i->evidence.test[0] != 0);
    return i;
}

static bool names(const struct incident *i, const char *name)
{
    for (unsigned n = 0; n < i->names; n++)
        if (i->name[n].named && strcmp(i->name[n].name, name) == 0)
            return true;
    return false;
}

Test(detector, names_the_prefix_its_origin_type_and_name)
{
    const struct traffic_flow f = {"203.0.113.7", 0, "mail.example.net", 15, 50};
    traffic_pass(t, 15, &f);

    const struct incident *i = opened(INCIDENT_PREFIX);
    char text[PREFIX_TEXT_BYTES];
    cr_expect(eq(str, (char *)prefix_format(i->prefix[0], text), "203.0.113.0/24"));
    cr_expect(eq(u32, i->asn[0], 64500));
    cr_expect(names(i, "mail.example.net"));
    cr_expect(i->type[0].named && strcmp(i->type[0].qtype, "MX") == 0);
}

Test(detector, names_the_name_that_many_networks_ask_for)
{
    const struct traffic_flow f = {"10.0.%u.1", 200, "www.example.net", 1, 60};
    traffic_pass(t, 20, &f);

    const struct incident *i = opened(INCIDENT_NAME);
    cr_expect(names(i, "www.example.net"));
    cr_expect(eq(u32, i->prefixes, 0));
}

Test(detector, names_the_domain_of_names_made_up_at_random)
{
    const struct traffic_flow f = {"10.0.%u.1", 200, "r%u.example.net", 1, 60};
    traffic_pass(t, 20, &f);

    cr_expect(names(opened(INCIDENT_NAME), "example.net"));
}

Test(detector, names_the_as_whose_prefixes_rise_together)
{
    const struct traffic_flow f = {"203.0.%u.1", 100, "name3.example", 28, 60};
    const struct traffic_flow spread = {"203.0.%u.1", 100, "r%u.", 1, 60};
    (void)f;
    traffic_pass(t, 40, &spread);

    const struct incident *i = opened(INCIDENT_ASN);
    cr_expect(eq(u32, i->asn[0], 64511));
}

Test(detector, names_the_type_when_everybody_asks_for_it)
{
    const struct traffic_flow f = {"198.51.%u.1", 64, "r%u.", 33, 40};
    traffic_pass(t, 60, &f);

    const struct incident *i = traffic_last(t);
    cr_assert_not_null(i);
    cr_expect(eq(u32, i->kind, INCIDENT_QTYPE));
    cr_expect(strcmp(i->type[0].qtype, "SRV") == 0 && i->type[0].named);
}

Test(detector, names_nobody_when_everybody_asks_more)
{
    t->level = 2;
    traffic_pass(t, 40, NULL);

    const struct incident *i = opened(INCIDENT_VOLUME);
    cr_expect(eq(u32, i->prefixes + i->asns + i->names, 0));
}

Test(detector, notices_that_queries_stop_and_when_they_are_back)
{
    t->level = 0;
    traffic_pass(t, 10, NULL);
    opened(INCIDENT_GAP);

    t->level = 1;
    traffic_pass(t, 60, NULL);
    cr_expect(eq(u32, traffic_count(t, INCIDENT_CLOSED), 1));
    cr_expect(eq(u32, traffic_count(t, INCIDENT_OPENED), 1));
}

/* What the flood explains is no queries that are missing. */
Test(detector, tells_no_gap_while_a_flood_holds_the_whole_up)
{
    const struct traffic_flow f = {"10.0.%u.1", 200, "r%u.example.net", 1, 300};
    traffic_pass(t, 60, &f);
    opened(INCIDENT_NAME);
    t->level = 0.02;
    traffic_pass(t, 60, &f);
    cr_expect(eq(u32, traffic_count(t, INCIDENT_OPENED), 1));

    traffic_pass(t, 10, NULL); /* and that is hardly any */
    const struct incident *i = traffic_last(t);
    cr_expect(eq(u32, i->kind, INCIDENT_GAP));
    cr_expect(i->rate_qps < 0.5 * i->baseline_qps, "%g of %g", i->rate_qps, i->baseline_qps);
}

Test(detector, passes_over_a_burst_of_two_seconds)
{
    const struct traffic_flow f = {"203.0.113.7", 0, "r%u.", 1, 1500};
    traffic_pass(t, 2, &f);
    traffic_pass(t, 120, NULL);
    cr_expect(eq(u32, t->events, 0));
}

Test(detector, takes_a_renumbered_source_for_the_same)
{
    const struct traffic_flow old = {"203.0.113.7", 0, "name1.example", 1, 12};
    const struct traffic_flow new = {"203.0.99.7", 0, "name1.example", 1, 12};
    traffic_free(t);
    t = traffic_create(origins, 1, 7);
    traffic_pass(t, 3600, &old);
    traffic_pass(t, 300, &new);
    cr_expect(eq(u32, t->events, 0));
}

Test(detector, takes_a_fall_for_nothing_while_frames_are_lost)
{
    t->lossy = true;
    t->level = 0.1;
    traffic_pass(t, 60, NULL);
    cr_expect(eq(u32, t->events, 0));
}

Test(detector, finds_who_overruns_the_capture_and_marks_what_it_tells)
{
    const struct traffic_flow f = {"203.0.113.7", 0, "mail.example.net", 15, 50};
    t->lossy = true;
    traffic_pass(t, 30, &f);
    cr_assert(eq(u32, traffic_count(t, INCIDENT_OPENED), 1));
    cr_expect(eq(int, traffic_last(t)->kind, INCIDENT_PREFIX));
    cr_expect(traffic_last(t)->lossy);
}

Test(detector, finds_the_same_whatever_the_seed)
{
    const struct traffic_flow f = {"10.0.%u.1", 200, "r%u.example.net", 1, 30};
    int64_t found_s = 0;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        traffic_free(t);
        t = traffic_create(origins, 1, seed);
        traffic_pass(t, 600, NULL);
        traffic_pass(t, 60, &f);
        cr_assert(t->events > 0);
        if (found_s != 0)
            cr_expect(eq(i64, t->event[0].time_s, found_s));
        found_s = t->event[0].time_s;
    }
}

Test(detector, leaves_a_known_source_and_its_as_alone_up_to_its_rate)
{
    const struct traffic_flow probe = {"10.0.0.1", 0, "mail.example.net", 15, 60};
    traffic_free(t);
    t = traffic_create(origins, 1, 7);
    cr_assert(known_parse("10.0.0.0/24=100", &t->known.source[t->known.sources++]));
    traffic_pass(t, 900, NULL);
    traffic_pass(t, 300, &probe);
    for (unsigned i = 0; i < t->events; i++)
        cr_expect(t->event[i].incident.kind != INCIDENT_PREFIX &&
                          t->event[i].incident.kind != INCIDENT_ASN,
                  "%s", t->event[i].incident.summary);

    struct traffic_flow flood = probe;
    flood.rate_qps = 400;
    traffic_pass(t, 60, &flood);
    cr_assert(t->events > 0);
    bool named = false;
    for (unsigned i = 0; i < t->events; i++)
        named |= t->event[i].incident.prefixes > 0;
    cr_expect(named);
}

/* The highest sum of a series in what the detector would save. */
static double highest_sum(const char *series)
{
    json_t *state = aggregator_json(t->aggregator);
    const json_t *rows = json_object_get(json_object_get(state, "detector"), series);
    double highest = -1;
    for (size_t i = 0; i < json_array_size(rows); i++)
        highest = fmax(highest, json_number_value(json_array_get(json_array_get(rows, i), 5)));
    json_decref(state);
    return highest;
}

Test(detector, suspects_no_domain_of_the_many_names_one_source_makes_up)
{
    const struct traffic_flow net = {"203.0.113.7", 0, "n%u.net", 1, 1500};
    const struct traffic_flow com = {"203.0.113.7", 0, "n%u.com", 1, 1500};
    traffic_free(t);
    t = traffic_create(NULL, 1, 7);
    t->level = 10;
    traffic_pass(t, 1800, NULL);
    t->level = 10.5;
    for (int i = 0; i < 300; i++)
        traffic_pass(t, 1, i % 2 == 0 ? &net : &com);
    cr_assert(highest_sum("tld") >= 0);
    cr_expect(highest_sum("tld") < 0.1);
}

Test(detector, does_not_learn_other_answers_from_those_to_an_incident)
{
    const struct traffic_flow flood = {"203.0.113.7", 0, "mail.example.net", 15, 600};
    traffic_pass(t, 1800, &flood);
    traffic_pass(t, 300, NULL);
    cr_expect(eq(u32, traffic_count(t, INCIDENT_OPENED), 1), "%s", traffic_last(t)->summary);
}

Test(detector, tells_that_many_answers_are_failures)
{
    traffic_pass(t, 1800, NULL);
    t->failed = 0.2;
    traffic_pass(t, 120, NULL);
    t->failed = 0;
    traffic_pass(t, 900, NULL);
    cr_assert(eq(u32, t->events, 2));
    const struct incident *i = &t->event[0].incident;
    cr_expect(eq(int, i->kind, INCIDENT_RCODE));
    cr_expect(eq(str, (char *)i->rcode, "SERVFAIL"));
    cr_expect_not_null(strstr(i->summary, "SERVFAIL is "), "%s", i->summary);
    cr_expect(le(i64, i->opened_s - i->began_s, 40));
    cr_expect_not_null(strstr(t->event[1].incident.summary, " answers, at most "));
}

Test(detector, finds_the_rcodes_of_answers_that_are_back_as_usual_as_before)
{
    traffic_pass(t, 900, NULL);
    t->silent = 1;
    traffic_pass(t, 2700, NULL);
    t->silent = 0;
    traffic_pass(t, 300, NULL);
    for (unsigned i = 0; i < t->events; i++)
        cr_expect(eq(int, t->event[i].incident.kind, INCIDENT_UNANSWERED), "%s",
                  t->event[i].incident.summary);
}

Test(detector, learns_that_there_are_no_answers_also_when_it_starts_with_losses)
{
    traffic_free(t);
    t = traffic_create(origins, 1, 7);
    t->silent = 1;
    t->lossy = true;
    traffic_pass(t, 400, NULL);
    t->lossy = false;
    traffic_pass(t, 1200, NULL);
    cr_expect(eq(u32, t->events, 0), "%s", t->events > 0 ? traffic_last(t)->summary : "");
}

Test(detector, tells_that_the_server_has_stopped_to_answer)
{
    traffic_pass(t, 1800, NULL);
    t->silent = 1;
    traffic_pass(t, 60, NULL);
    cr_assert(eq(u32, t->events, 1));
    cr_expect(eq(int, traffic_last(t)->kind, INCIDENT_UNANSWERED));
    cr_expect_not_null(strstr(traffic_last(t)->summary, " of all queries get no answer"));
    t->silent = 0;
    traffic_pass(t, 900, NULL);
    cr_assert(eq(u32, traffic_count(t, INCIDENT_CLOSED), 1));
    cr_expect_not_null(strstr(traffic_last(t)->summary, "Queries are answered as usual"));
}

Test(detector, finds_a_mirror_without_answers_usual)
{
    traffic_free(t);
    t = traffic_create(origins, 1, 7);
    t->silent = 1;
    traffic_pass(t, 1800, NULL);
    t->silent = 0;
    traffic_pass(t, 600, NULL);
    cr_expect(eq(u32, t->events, 0));
}

Test(detector, tells_a_flood_that_is_not_answered_as_a_flood)
{
    const struct traffic_flow f = {"203.0.113.7", 0, "mail.example.net", 15, 300};
    traffic_pass(t, 1800, NULL);
    t->silent = 0.7;
    traffic_pass(t, 120, &f);
    cr_expect(eq(int, t->event[0].incident.kind, INCIDENT_PREFIX));
    cr_expect(eq(u32, traffic_count(t, INCIDENT_OPENED), 1));
}

/* ---- Routes ---------------------------------------------------------------------------- */

static const struct traffic_flow unrouted = {"10.0.%u.1", 200, "r%u.", 1, 40};

/* Of the day the traffic is of, or of another. */
static void given_whole_table(const char *rest, const char *day)
{
    char *text = traffic_whole(rest, day);
    traffic_free(t);
    t = traffic_create(text, 1, 7);
    free(text);
    cr_assert(origins_is_whole(t->origins, 4));
    traffic_pass(t, 900, NULL);
    cr_assert(eq(u32, t->events, 0));
}

Test(detector, tells_of_many_sources_that_nobody_announces)
{
    given_whole_table(origins, "2025-01-01");
    traffic_pass(t, 40, &unrouted);

    const struct incident *i = opened(INCIDENT_UNROUTED);
    cr_expect(eq(u32, i->prefixes + i->asns, 0));
    cr_expect(gt(u32, i->networks, 25)); /* in one second */
    cr_expect_not_null(strstr(i->summary, "Sources without a route send 2"), "%s", i->summary);
    cr_expect(eq(str, (char *)i->evidence.series, "sources without a route"));

    traffic_pass(t, 1200, NULL);
    cr_assert(eq(u32, traffic_count(t, INCIDENT_CLOSED), 1));
    cr_expect_not_null(strstr(traffic_last(t)->summary, "Sources without a route are back to"),
                       "%s", traffic_last(t)->summary);
}

Test(detector, names_a_single_source_without_a_route_and_says_so)
{
    const struct traffic_flow f = {"10.0.0.7", 0, "r%u.", 1, 40};
    given_whole_table(origins, "2025-01-01");
    traffic_pass(t, 20, &f);

    const struct incident *i = opened(INCIDENT_PREFIX);
    cr_expect(eq(int, i->route[0], INCIDENT_ROUTE_NONE)); /* the event was written and read */
    cr_expect_not_null(strstr(i->summary, "10.0.0.0/24 (no route) sends"), "%s", i->summary);
}

Test(detector, calls_a_source_unknown_that_an_excerpt_does_not_have)
{
    const struct traffic_flow f = {"10.0.0.7", 0, "r%u.", 1, 40};
    traffic_pass(t, 20, &f);
    cr_expect(eq(int, opened(INCIDENT_PREFIX)->route[0], INCIDENT_ROUTE_UNKNOWN));
    cr_expect_not_null(strstr(traffic_last(t)->summary, "(origin unknown) sends"));
}

Test(detector, concludes_nothing_from_a_table_of_another_time)
{
    const struct traffic_flow f = {"10.0.0.7", 0, "r%u.", 1, 40};
    given_whole_table(origins, "2024-11-30");
    traffic_pass(t, 40, &unrouted);
    for (unsigned i = 0; i < t->events; i++)
        cr_expect(ne(int, t->event[i].incident.kind, INCIDENT_UNROUTED));

    given_whole_table(origins, "2024-11-30");
    traffic_pass(t, 20, &f);
    cr_expect(eq(int, opened(INCIDENT_PREFIX)->route[0], INCIDENT_ROUTE_UNKNOWN));
}

Test(detector, finds_a_flood_of_which_a_part_has_no_route_no_matter_of_routes)
{
    const struct traffic_flow f = {"%u.7.7.1", 80, "r%u.", 1, 400};
    given_whole_table(origins, "2025-01-01");
    traffic_pass(t, 60, &f);
    cr_assert(t->events > 0);
    for (unsigned i = 0; i < t->events; i++)
        cr_expect(ne(int, t->event[i].incident.kind, INCIDENT_UNROUTED), "%s",
                  t->event[i].incident.summary);
}

/* A new table takes the routes of two thirds of the sources, or gives them to another AS. */
static void expect_no_step(const char *before, const char *after)
{
    given_whole_table(before, "2025-01-01");
    char *text = traffic_whole(after, "2025-01-01");
    traffic_offer(t, text);
    traffic_pass(t, 600, NULL);
    cr_expect(aggregator_origins(t->aggregator) == t->next);
    cr_expect(eq(u32, t->events, 0), "%s", t->events > 0 ? traffic_last(t)->summary : "");
    free(text);
}

Test(detector, concludes_nothing_from_the_step_that_a_new_table_makes)
{
    expect_no_step(origins, "198.51.0.0\t18\t64496\n");
    expect_no_step("198.51.0.0\t20\t64496\n", origins);
    expect_no_step(origins, "198.51.0.0\t17\t64501\n198.51.32.0\t19\t64502\n");

    traffic_pass(t, 40, &unrouted);
    opened(INCIDENT_UNROUTED);
}

Test(detector, loses_nothing_it_learned_of_an_as_when_the_table_is_replaced)
{
    const struct traffic_flow usual = {"203.0.%u.1", 100, "r%u.", 1, 30};
    given_whole_table(origins, "2025-01-01");
    traffic_free(t);
    char *text = traffic_whole(origins, "2025-01-01");
    t = traffic_create(text, 1, 7);
    traffic_pass(t, 1800, &usual);
    traffic_offer(t, text);
    traffic_pass(t, 1200, &usual);
    cr_expect(eq(u32, t->events, 0), "%s", t->events > 0 ? traffic_last(t)->summary : "");
    free(text);
}

Test(detector, learns_origins_anew_when_it_starts_with_another_table)
{
    given_whole_table(origins, "2025-01-01");
    char *text = traffic_whole("198.51.0.0\t18\t64501\n", "2025-01-01");
    traffic_offer(t, text);
    free(text);
    traffic_restart(t, 5);
    traffic_pass(t, 1200, NULL);
    cr_expect(eq(u32, t->events, 0), "%s", t->events > 0 ? traffic_last(t)->summary : "");
    traffic_pass(t, 40, &unrouted);
    opened(INCIDENT_UNROUTED);
}

/* A story of several kinds of incident, told by so many workers. */
static json_t *story(unsigned workers)
{
    const struct traffic_flow heavy = {"203.0.113.7", 0, "mail.example.net", 15, 50};
    const struct traffic_flow wave = {"203.0.113.7", 0, "a.example.org", 28, 120};
    const struct traffic_flow many = {"10.0.%u.1", 200, "r%u.example.net", 1, 60};
    json_t *events = json_array();
    traffic_free(t);
    t = traffic_create(origins, 1, 7);
    t->workers = workers;
    t->undecoded_qps = 3;
    traffic_pass(t, 600, NULL);
    traffic_pass(t, 300, &heavy);
    traffic_pass(t, 300, &wave);
    traffic_pass(t, 1200, NULL);
    traffic_pass(t, 120, &many);
    t->level = 0;
    traffic_pass(t, 60, NULL);
    for (unsigned i = 0; i < t->events; i++)
        json_array_append_new(events, incident_event_json(&t->event[i]));
    return events;
}

Test(detector, finds_the_same_with_any_number_of_workers)
{
    json_t *alone = story(1);
    cr_expect(ge(sz, json_array_size(alone), 5));
    const json_t *junk = json_object_get(json_array_get(alone, 1), "junk");
    cr_expect(
            eq(str, (char *)json_string_value(json_object_get(junk, "leading")), "identical"));
    for (unsigned workers = 2; workers <= TRAFFIC_WORKERS; workers++) {
        json_t *together = story(workers);
        cr_assert(eq(sz, json_array_size(together), json_array_size(alone)));
        for (size_t i = 0; i < json_array_size(alone); i++) {
            char *a = json_dumps(json_array_get(alone, i), 0);
            char *b = json_dumps(json_array_get(together, i), 0);
            cr_expect(eq(str, b, a), "%u workers", workers);
            free(a);
            free(b);
        }
        json_decref(together);
    }
    json_decref(alone);
}

/* SPDX-License-Identifier: MIT */
#include "analysis/rssac002_text.h"

#include "tests/support/batch.h"
#include "tests/support/hostile.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_S = 1768435200 }; /* 2026-01-15 */

static struct rssac002_counts counts;
static struct rssac002_instance instance[2];
static struct rssac002_day day;
static struct error err;

/* A query and a response by UDP/IPv4, and one query by TCP/IPv6, of a whole day. */
static void setup(void)
{
    counts = (struct rssac002_counts){.captured_ms = 86400000, .frames = 1000};
    counts.queries[TRANSPORT_UDP4] = 1;
    counts.query_sizes[0][2] = 1;
    counts.responses[TRANSPORT_UDP4] = 2;
    counts.response_sizes[0][32] = 1;
    counts.response_sizes[0][COUNTERS_RESPONSE_BINS - 1] = 1;
    counts.queries[TRANSPORT_TCP6] = 3;
    counts.query_sizes[1][COUNTERS_QUERY_BINS - 1] = 3;
    counts.rcode[3] = counts.rcode[23] = 1;
    instance[0] = (struct rssac002_instance){.captured_ms = 86400000, .hours = 24};
    instance[1] = instance[0];
    day = (struct rssac002_day){.start_s = DAY_S,
                                .service = "x.root-servers.net",
                                .counts = counts,
                                .sources4 = 7,
                                .sources6 = 5,
                                .networks6 = 2,
                                .instance = instance,
                                .instances = 1};
}

TestSuite(rssac002, .init = setup);

/* ---- Counting -------------------------------------------------------------------------- */

Test(rssac002, counts_what_counters_have)
{
    static struct message_batch batch;
    static struct rssac002_counts sum;
    const struct counters_size size = {
            .prefix_records = 64, .way = PREFIX_HASHED, .name_buckets = 64, .seed = 1};
    struct counters *c = counters_create(&size, &err);
    counters_clear(c, NULL);
    batch_query(&batch, "192.0.2.1", "a.example", 1)->dns_bytes = 47;
    batch_query(&batch, "2001:db8::1", "a.example", 1)->flags |= MESSAGE_TCP;
    struct message *response = batch_response(&batch, "192.0.2.1", 23);
    response->flags |= MESSAGE_CUT | MESSAGE_MALFORMED;
    response->dns_bytes = 5000;
    counters_add(c, &batch, 0);
    c->source.frames = 10;
    c->source.kernel_drops = 4;
    c->source.interface_drops = 5;
    c->source.verdict[VERDICT_UNKNOWN_ETHERTYPE] = 6;
    c->source.verdict[VERDICT_NOT_IP] = 7;
    c->source.loss[LOSS_TCP_GAPS] = 8;
    for (unsigned twice = 0; twice < 2; twice++)
        rssac002_count(&sum, c, 59999600000);

    cr_expect(eq(u64, sum.captured_ms, 120000));
    cr_expect(eq(u64, sum.queries[TRANSPORT_UDP4], 2));
    cr_expect(eq(u64, sum.queries[TRANSPORT_TCP6], 2));
    cr_expect(eq(u64, rssac002_sum(sum.queries, TRANSPORTS), 4));
    cr_expect(eq(u64, sum.responses[TRANSPORT_UDP4], 2));
    cr_expect(eq(u64, sum.query_sizes[0][2], 2));
    cr_expect(eq(u64, sum.query_sizes[1][2], 2));
    cr_expect(eq(u64, sum.response_sizes[0][256], 2));
    cr_expect(eq(u64, sum.rcode[23], 2));
    cr_expect(eq(u64, rssac002_sum(sum.rcode, COUNTERS_RCODES), 2));
    cr_expect(eq(u64, sum.malformed, 2));
    cr_expect(eq(u64, sum.cut, 2));
    cr_expect(eq(u64, sum.frames, 20));
    cr_expect(eq(u64, sum.kernel_drops, 8));
    cr_expect(eq(u64, sum.interface_drops, 10));
    cr_expect(eq(u64, sum.undecoded, 12));
    cr_expect(eq(u64, sum.loss[LOSS_TCP_GAPS], 16));
    counters_free(c);
}

/* ---- As JSON --------------------------------------------------------------------------- */

static bool parse(const json_t *json, struct rssac002_counts *to)
{
    char service[RSSAC002_SERVICE_BYTES];
    return rssac002_parse(json, to, service, &err) &&
           strcmp(service, "x.root-servers.net") == 0;
}

Test(rssac002, is_read_as_it_was_written)
{
    static struct rssac002_counts again;
    uint64_t n = 1;
    counts.malformed = n++;
    counts.cut = n++;
    counts.kernel_drops = n++;
    counts.interface_drops = n++;
    counts.undecoded = n++;
    counts.unplaced = n++;
    counts.refused6 = n++;
    counts.unread = n++;
    for (unsigned i = 0; i < LOSSES; i++)
        counts.loss[i] = n++;
    json_t *json = rssac002_json(&counts, "x.root-servers.net");
    cr_assert(parse(json, &again), "%s", err.text);
    cr_expect(eq(int, memcmp(&counts, &again, sizeof counts), 0));
    json_decref(json);
}

/* In the place of every value; a sum that is another's as well cannot change alone. */
Test(rssac002, spoilt_in_any_place_is_refused)
{
    static struct rssac002_counts again;
    json_t *right = rssac002_json(&counts, "x.root-servers.net");
    unsigned places = hostile_places(right);
    cr_assert(ge(u32, places, 20));
    for (unsigned place = 0; place < places; place++) {
        json_t *const values[] = {json_null(),         json_real(1.5),
                                  json_integer(-1),    json_integer(INT64_MAX),
                                  json_string("\x7f"), json_array()};
        char *path = hostile_path(right, place);
        for (unsigned v = 0; v < sizeof values / sizeof *values; v++) {
            json_t *json = json_deep_copy(right);
            cr_assert(hostile_replace(json, place, values[v]));
            cr_expect_not(parse(json, &again), "%s, %u", path, v);
            json_decref(json);
        }
        json_t *other = json_deep_copy(right);
        cr_assert(hostile_replace(other, place, json_integer(77)));
        bool is_table = strchr(path + 1, '/') != NULL;
        cr_expect(eq(int, parse(other, &again), !is_table && strcmp(path, "/service") != 0),
                  "%s", path);
        json_decref(other);
        free(path);
    }
    json_decref(right);
}

Test(rssac002, that_lacks_something_or_has_what_nobody_wrote_is_refused)
{
    static struct rssac002_counts again;
    json_t *json = rssac002_json(&counts, "x.root-servers.net");
    json_object_set_new(json_object_get(json, "rcode"), "4096", json_integer(1));
    cr_expect_not(parse(json, &again));
    json_object_del(json_object_get(json, "rcode"), "4096");
    cr_expect(parse(json, &again));
    json_object_set_new(json, "frames", json_integer((INT64_C(1) << 48) + 1));
    cr_expect_not(parse(json, &again));
    json_object_set_new(json, "frames", json_integer(INT64_C(1) << 48));
    cr_expect(parse(json, &again));
    json_object_del(json, "loss");
    cr_expect_not(parse(json, &again));
    json_decref(json);
    json = json_integer(7);
    cr_expect_not(parse(json, &again));
    cr_expect_not(parse(NULL, &again));
    cr_expect(eq(str, err.text, "RSSAC002 counts of an hour are not as they were written"));
    json_decref(json);
}

Test(rssac002, of_a_service_that_no_setting_can_name_is_refused)
{
    static const char *const bad[] = {"x.y: z", "x.y #", "a'b", "x\xe2\x80\xae.y", "x/y", ""};
    static struct rssac002_counts again;
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        char service[RSSAC002_SERVICE_BYTES];
        json_t *json = rssac002_json(&counts, bad[i]);
        cr_expect_not(rssac002_parse(json, &again, service, &err), "%s", bad[i]);
        json_decref(json);
    }
}

/* ---- As files -------------------------------------------------------------------------- */

static void expect_text(enum rssac002_metric m, const char *want)
{
    char *text = rssac002_text(&day, m, "maker");
    char *comments = strstr(text, "\n# ");
    cr_assert_not_null(comments);
    comments[1] = '\0';
    cr_expect(eq(str, text, (char *)want));
    free(text);
}

#define HEAD                                                  \
    "---\nversion: rssac002v5\nservice: x.root-servers.net\n" \
    "start-period: '2026-01-15T00:00:00Z'\n"

Test(rssac002, is_written_as_others_publish_it)
{
    expect_text(RSSAC002_TRAFFIC_VOLUME, HEAD "metric: traffic-volume\n"
                                              "dns-udp-queries-received-ipv4: 1\n"
                                              "dns-udp-queries-received-ipv6: 0\n"
                                              "dns-tcp-queries-received-ipv4: 0\n"
                                              "dns-tcp-queries-received-ipv6: 3\n"
                                              "dns-udp-responses-sent-ipv4: 2\n"
                                              "dns-udp-responses-sent-ipv6: 0\n"
                                              "dns-tcp-responses-sent-ipv4: 0\n"
                                              "dns-tcp-responses-sent-ipv6: 0\n");
    expect_text(RSSAC002_TRAFFIC_SIZES, HEAD "metric: traffic-sizes\n"
                                             "udp-request-sizes:\n  32-47: 1\n"
                                             "udp-response-sizes:\n  512-527: 1\n  4096-: 1\n"
                                             "tcp-request-sizes:\n  288-: 3\n"
                                             "tcp-response-sizes: {}\n");
    expect_text(RSSAC002_RCODE_VOLUME, HEAD "metric: rcode-volume\n3: 1\n23: 1\n");
    expect_text(RSSAC002_UNIQUE_SOURCES, HEAD "metric: unique-sources\n"
                                              "num-sources-ipv4: 7\n"
                                              "num-sources-ipv6: 5\n"
                                              "num-sources-ipv6-aggregate: 2\n");
}

Test(rssac002, tells_of_one_direction_nothing_of_the_other)
{
    memset(day.counts.queries, 0, sizeof day.counts.queries);
    memset(day.counts.query_sizes, 0, sizeof day.counts.query_sizes);
    cr_expect_not(rssac002_has_metric(&day, RSSAC002_UNIQUE_SOURCES));
    cr_expect(rssac002_has_metric(&day, RSSAC002_RCODE_VOLUME));
    expect_text(RSSAC002_TRAFFIC_SIZES, HEAD "metric: traffic-sizes\n"
                                             "udp-response-sizes:\n  512-527: 1\n  4096-: 1\n"
                                             "tcp-response-sizes: {}\n");
    expect_text(RSSAC002_TRAFFIC_VOLUME, HEAD "metric: traffic-volume\n"
                                              "dns-udp-responses-sent-ipv4: 2\n"
                                              "dns-udp-responses-sent-ipv6: 0\n"
                                              "dns-tcp-responses-sent-ipv4: 0\n"
                                              "dns-tcp-responses-sent-ipv6: 0\n");
}

static void expect_name(const char *service, const char *want)
{
    char name[RSSAC002_NAME_BYTES];
    (void)snprintf(day.service, sizeof day.service, "%s", service);
    cr_expect(eq(str, (char *)rssac002_file_name(&day, RSSAC002_RCODE_VOLUME, name),
                 (char *)want));
}

Test(rssac002, files_have_the_names_others_look_for)
{
    expect_name("x.root-servers.net", "2026/01/rcode-volume/x-root-20260115-rcode-volume.yaml");
    expect_name("X.ROOT-SERVERS.NET", "2026/01/rcode-volume/x-root-20260115-rcode-volume.yaml");
    expect_name("a.nic.Example",
                "2026/01/rcode-volume/a-nic-example-20260115-rcode-volume.yaml");
    expect_name("root-servers.net",
                "2026/01/rcode-volume/root-servers-net-20260115-rcode-volume.yaml");
    expect_name("../../etc/x y",
                "2026/01/rcode-volume/------etc-x-y-20260115-rcode-volume.yaml");
    memset(day.service, 'a', sizeof day.service - 1);
    char name[RSSAC002_NAME_BYTES];
    cr_expect_not_null(strstr(rssac002_file_name(&day, RSSAC002_TRAFFIC_VOLUME, name),
                              "a-20260115-traffic-volume.yaml"));
}

/* ---- Notes ----------------------------------------------------------------------------- */

static char said[4096];

static void note(void *argument, bool warning, const char *text)
{
    (void)argument;
    size_t used = strlen(said);
    (void)snprintf(said + used, sizeof said - used, "%s%s\n", warning ? "! " : "", text);
}

static char *all_notes(void)
{
    said[0] = '\0';
    rssac002_notes(&day, note, NULL);
    return said;
}

Test(rssac002, warns_of_nothing_where_nothing_is_wrong)
{
    cr_expect(eq(str, all_notes(),
                 "captured: 86400 of 86400 s\n"
                 "frames dropped: 0 by the kernel, 0 by the interface, of 1000\n"
                 "frames that may have held a message, and were not decoded: 0\n"));
    day.counts.captured_ms = 86314000;
    cr_expect_not_null(strstr(all_notes(), "captured: 86314 of 86400 s\n"));
    cr_expect_null(strchr(said, '!'), "%s", said);
    day.counts.captured_ms = 86400999; /* two processes within one second */
    cr_expect_not_null(strstr(all_notes(), "captured: 86400 of 86400 s\n"));
}

Test(rssac002, says_of_each_instance_what_it_lacks)
{
    day.instances = 2;
    day.counts.captured_ms = 2 * 86400000UL - 90000;
    instance[1] = (struct rssac002_instance){.captured_ms = 86400000 - 90000,
                                             .hours = 22,
                                             .spoilt = 1,
                                             .without_queries = 2,
                                             .without_responses = 3,
                                             .left = true};
    cr_expect(eq(str, all_notes(),
                 "captured: 172710 of 172800 s\n"
                 "! directory 2: captured: 86310 of 86400 s\n"
                 "! directory 2: hours that cannot be read, and are left out: 1\n"
                 "! directory 2: a part of an hour is not here yet: it is once `rootwatch run` "
                 "ends that hour, or is started again\n"
                 "! directory 2: hours with queries and without a response: 3\n"
                 "! directory 2: hours with responses and without a query: 2\n"
                 "frames dropped: 0 by the kernel, 0 by the interface, of 1000\n"
                 "frames that may have held a message, and were not decoded: 0\n"));
}

Test(rssac002, says_what_was_lost)
{
    struct rssac002_counts *c = &day.counts;
    c->captured_ms = 0;
    c->kernel_drops = 1;
    c->interface_drops = 1;
    c->undecoded = 1;
    c->loss[LOSS_TCP_UNFINISHED] = 9;
    c->malformed = 10;
    c->cut = 11;
    c->unread = 12;
    c->unplaced = 13;
    c->refused6 = 14;
    memset(c->responses, 0, sizeof c->responses);
    cr_expect(
            eq(str, all_notes(),
               "! captured: 0 of 86400 s\n"
               "! the capture has no responses: only what is known of queries is told\n"
               "! frames dropped: 1 by the kernel, 1 by the interface, of 1002\n"
               "frames that may have held a message, and were not decoded: 1\n"
               "lost of what comes in parts: TCP, messages whose end never came: 9\n"
               "malformed messages, which are counted: 10\n"
               "messages cut off by the capture, which are counted; rcodes above 15 may count "
               "as those below: 11\n"
               "! parts of hours that were stored and could not be read again: 12\n"
               "! sources are too few: up to 13 queries came from some that found no room\n"
               "! sources of IPv6 are too few: up to 14 found no room in a full set\n"));
}

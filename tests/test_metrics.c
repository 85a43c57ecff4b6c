/* SPDX-License-Identifier: MIT */
#include "program/metrics.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double now_s = 1106049961.5;
static json_t *status;
static char *text;

/* What a capture writes, as far as it matters here. */
static void setup(void)
{
    status =
            json_pack("{s:s, s:i, s:f, s:f, s:b, s:n, s:i, s:{s:i, s:i}}", "interface", "eth1",
                      "interval_s", 1, "time", now_s - 1, "length_s", 2.0, "lossy", 0,
                      "usual_qps", "sources", 31, "incidents_open", "notice", 2, "critical", 1);
    cr_assert_not_null(status);
    json_object_set_new(
            status, "totals",
            json_pack("{s:f, s:I, s:{s:i, s:i}, s:{s:I, s:i}, s:{s:i, s:i}, s:{s:i, s:i}}",
                      "start", 1106000000.25, "frames", (json_int_t)9007199254740991, "drops",
                      "kernel", 4, "interface", 0, "qtype", "MX", (json_int_t)5000000000,
                      "unreadable", 3, "queries_by", "udp4", 7, "tcp6", 8, "losses", "tcp-gaps",
                      1, "tcp-gap-octets", 77));
    json_object_set_new(status, "prefixes",
                        json_pack("[{s:s, s:i, s:f, s:i}, {s:s, s:i, s:f, s:i}]", "prefix",
                                  "207.244.46.0/24", "queries", 35, "share", 0.35, "hosts", 7,
                                  "prefix", "192.0.2.0/24", "queries", 1, "share", 0.0099,
                                  "hosts", 1));
}

static void teardown(void)
{
    json_decref(status);
    free(text);
    text = NULL;
}

TestSuite(metrics, .init = setup, .fini = teardown);

static void format(const json_t *of, double at_s)
{
    const struct metrics_view view = {
            .status = of, .why_none = "no\nfile", .version = "1.2", .now_s = at_s};
    free(text);
    text = metrics_text(&view);
    cr_assert_not_null(text);
}

/* As a whole line, once. */
static unsigned lines(const char *line)
{
    unsigned n = 0;
    size_t length = strlen(line);
    for (const char *at = text; (at = strstr(at, line)) != NULL; at += length)
        n += (at == text || at[-1] == '\n') && at[length] == '\n';
    return n;
}

#define HAS(line) cr_expect(eq(u32, lines(line), 1), "%s\nin\n%s", line, text)

Test(metrics, have_counters_of_all_and_gauges_of_the_last_interval)
{
    format(status, now_s);
    HAS("rootwatch_build_info{version=\"1.2\"} 1");
    HAS("rootwatch_up 1");
    HAS("rootwatch_last_interval_timestamp_seconds 1106049960.5");
    HAS("rootwatch_last_interval_length_seconds 2");
    HAS("rootwatch_start_time_seconds 1106000000.25");
    HAS("rootwatch_capture_packets_total{interface=\"eth1\"} 9007199254740991");
    HAS("rootwatch_capture_dropped_total{interface=\"eth1\",where=\"kernel\"} 4");
    HAS("rootwatch_queries_total{qtype=\"MX\"} 5000000000");
    HAS("rootwatch_queries_total{qtype=\"unreadable\"} 3");
    HAS("rootwatch_queries_by_transport_total{transport=\"udp\",family=\"ipv4\"} 7");
    HAS("rootwatch_queries_by_transport_total{transport=\"tcp\",family=\"ipv6\"} 8");
    HAS("rootwatch_incidents_open{severity=\"critical\"} 1");
    HAS("rootwatch_last_interval_lossy 0");
    HAS("rootwatch_last_interval_sources 31");
}

Test(metrics, tell_of_each_series_once_what_it_is_and_of_none_that_is_empty)
{
    format(status, now_s);
    HAS("# TYPE rootwatch_queries_total counter");
    HAS("# HELP rootwatch_queries_total Queries by type.");
    HAS("# TYPE rootwatch_incidents_open gauge");
    cr_expect_null(strstr(text, "usual"), "not known is not zero");
    cr_expect_null(strstr(text, "rcode"));
    unsigned helps = 0, types = 0;
    for (const char *at = text; (at = strstr(at, "# HELP ")) != NULL; at++)
        helps++;
    for (const char *at = text; (at = strstr(at, "# TYPE ")) != NULL; at++)
        types++;
    cr_expect(eq(u32, helps, types));
    cr_expect(gt(u32, helps, 10));
}

Test(metrics, do_not_mix_octets_with_events)
{
    format(status, now_s);
    HAS("rootwatch_tcp_gap_bytes_total 77");
    HAS("rootwatch_reassembly_losses_total{kind=\"tcp-gaps\"} 1");
    cr_expect_null(strstr(text, "octets\""));
}

Test(metrics, name_prefixes_that_lead_and_no_others)
{
    format(status, now_s);
    HAS("rootwatch_leading_prefix_queries_per_second{prefix=\"207.244.46.0/24\"} 17.5");
    HAS("rootwatch_leading_prefix_hosts{prefix=\"207.244.46.0/24\"} 7");
    cr_expect_null(strstr(text, "192.0.2.0"));
}

Test(metrics, escape_what_a_label_cannot_hold)
{
    json_object_set_new(status, "interface", json_string("a\"b\\c\nd\xc3\xa9"));
    format(status, now_s);
    HAS("rootwatch_capture_packets_total{interface=\"a\\\"b\\\\c\\nd\xc3\xa9\"} "
        "9007199254740991");
}

Test(metrics, of_an_old_status_or_one_of_the_future_say_only_that)
{
    static const double wrong_s[] = {-3600, 9.5, 3600};
    for (size_t i = 0; i < sizeof wrong_s / sizeof *wrong_s; i++) {
        format(status, now_s + wrong_s[i]);
        HAS("rootwatch_up 0");
        HAS("rootwatch_last_interval_timestamp_seconds 1106049960.5");
        HAS("# rootwatch_up is 0: the last interval is old; does `rootwatch run` capture?");
        cr_expect_null(strstr(text, "total"), "%s", text);
        cr_expect_null(strstr(text, "open"), "%s", text);
    }
    json_object_set_new(status, "interval_s",
                        json_integer(60)); /* the last one was cut short */
    format(status, now_s + 100);
    HAS("rootwatch_up 1");
}

Test(metrics, without_a_status_say_why_in_one_line)
{
    format(NULL, now_s);
    HAS("rootwatch_up 0");
    HAS("rootwatch_build_info{version=\"1.2\"} 1");
    HAS("# rootwatch_up is 0: no?file");
    cr_expect_null(strstr(text, "timestamp"));
}

Test(metrics, leave_out_what_is_not_of_the_kind_it_should_be)
{
    json_t *totals = json_object_get(status, "totals");
    json_object_set_new(totals, "frames", json_string("many"));
    json_object_set_new(totals, "qtype", json_integer(5));
    json_object_set_new(totals, "drops", json_pack("{s:s}", "kernel", "4"));
    json_object_set_new(status, "prefixes", json_pack("[i, {s:f}]", 1, "share", 0.5));
    json_object_set_new(status, "interface", json_null());
    format(status, now_s);
    HAS("rootwatch_up 1");
    cr_expect_null(strstr(text, "capture_"));
    cr_expect_null(strstr(text, "queries_total"));
    cr_expect_null(strstr(text, "prefix_"));
    json_object_clear(status);
    json_object_set_new(status, "time", json_real(now_s));
    format(status, now_s);
    HAS("rootwatch_up 1");
}

/* SPDX-License-Identifier: MIT */
#include "program/status.h"

#include "tests/support/batch.h"
#include "tests/support/directory.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct counters *counters;
static struct message_batch batch;
static struct error err;
static struct totals totals;

static void setup(void)
{
    const struct counters_size size = {
            .prefix_records = 64, .way = PREFIX_DIRECT, .name_buckets = 64, .seed = 1};
    counters = counters_create(&size, &err);
    cr_assert_not_null(counters, "%s", err.text);
    counters_clear(counters, NULL);
    batch.count = batch.names_used = 0;
    totals = (struct totals){.intervals = 0};
}

static void teardown(void)
{
    counters_free(counters);
}

TestSuite(status, .init = setup, .fini = teardown);

static json_t *status_of(double usual_qps)
{
    const struct interval interval = {.start_ns = INT64_C(1106049600500000000),
                                      .length_ns = 1000000000,
                                      .counters = counters};
    const struct status_view view = {.interval = &interval,
                                     .totals = &totals,
                                     .site = "x-root",
                                     .interface = "mirror",
                                     .interval_s = 1,
                                     .usual_qps = usual_qps,
                                     .open = {2, 0, 1},
                                     .turned_away = 3};
    counters_add(counters, &batch, 0);
    counters_find_zones(counters);
    totals_add(&totals, &interval);
    json_t *status = status_json(&view);
    cr_assert_not_null(status);
    return status;
}

static json_int_t number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    bool is_number = json_is_integer(value);
    cr_assert(is_number, "%s", key);
    return json_integer_value(value);
}

Test(status, tells_what_led_the_interval)
{
    for (int i = 0; i < 30; i++) {
        char client[32];
        (void)snprintf(client, sizeof client, "198.51.%d.1", i);
        batch_query(&batch, client, "www.example", 1);
    }
    for (int i = 0; i < 5; i++)
        batch_query(&batch, i % 2 ? "192.0.2.1" : "192.0.2.9", "example.net", 15);
    batch_response(&batch, "192.0.2.1", 3);
    counters->source.kernel_drops = 4;
    json_t *s = status_of(NAN);

    cr_expect(eq(i64, number(s, "queries"), 35));
    cr_expect(eq(i64, number(s, "responses"), 1));
    cr_expect(eq(i64, number(s, "sources"), 31));
    cr_expect(eq(i64, number(json_object_get(s, "qtype"), "MX"), 5));
    cr_expect(eq(i64, number(json_object_get(s, "rcode"), "NXDOMAIN"), 1));
    cr_expect(eq(i64, number(json_object_get(s, "drops"), "kernel"), 4));
    bool unknown = json_is_null(json_object_get(s, "usual_qps"));
    cr_expect(unknown);
    cr_expect(epsilon_eq(dbl, json_real_value(json_object_get(s, "time")), 1106049601.5, 1e-6));
    const json_t *prefixes = json_object_get(s, "prefixes");
    cr_assert(eq(sz, json_array_size(prefixes), STATUS_PREFIXES));
    const json_t *first = json_array_get(prefixes, 0);
    cr_expect_str_eq(json_string_value(json_object_get(first, "prefix")), "192.0.2.0/24");
    cr_expect(eq(i64, number(first, "queries"), 5));
    cr_expect(eq(i64, number(first, "hosts"), 2));
    const json_t *name = json_array_get(json_object_get(s, "names"), 0);
    cr_expect_str_eq(json_string_value(json_object_get(name, "name")), "www.example");
    json_decref(s);
}

static json_int_t sum_of(const json_t *object)
{
    json_int_t sum = 0;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value) sum += json_integer_value(value);
    return sum;
}

static void given_an_interval(void)
{
    counters_clear(counters, NULL);
    batch.count = batch.names_used = 0;
    batch_query(&batch, "192.0.2.1", "www.example", 1);
    batch_query(&batch, "192.0.2.1", "www.example", 15);
    batch_query(&batch, "2001:db8::1", "www.example", 65280);
    batch_response(&batch, "192.0.2.1", 3);
    batch_response(&batch, "192.0.2.1", 13);
    batch_response(&batch, "192.0.2.1", 4095);
    counters->source = (struct source_counts){.frames = 9, .bytes = 900, .kernel_drops = 4};
    counters->source.verdict[VERDICT_MESSAGE] = 6;
    counters->source.verdict[VERDICT_UNKNOWN_ETHERTYPE] = 2;
    counters->source.verdict[VERDICT_NOT_IP] = 1;
    counters->source.defect[DEFECT_RECORD] = 5;
    counters->source.loss[LOSS_TCP_GAP_OCTETS] = 77;
    counters->junk.queries[JUNK_LEGITIMATE] = 1;
    counters->junk.unsplit = 1;
}

Test(status, tells_sums_since_the_start)
{
    given_an_interval();
    json_decref(status_of(NAN));
    given_an_interval();
    json_t *s = status_of(NAN);
    const json_t *t = json_object_get(s, "totals");
    cr_expect(eq(i64, number(t, "intervals"), 2));
    cr_expect(
            epsilon_eq(dbl, json_real_value(json_object_get(t, "start")), 1106049600.5, 1e-6));
    cr_expect(eq(i64, number(t, "queries"), 6));
    cr_expect(eq(i64, number(t, "responses"), 6));
    cr_expect(eq(i64, number(t, "frames"), 18));
    cr_expect(eq(i64, number(t, "bytes"), 1800));
    const json_t *qtype = json_object_get(t, "qtype");
    cr_expect(eq(i64, number(qtype, "MX"), 2));
    cr_expect(eq(i64, number(qtype, "other"), 2));
    cr_expect(eq(i64, number(qtype, "AAAA"), 0));
    cr_expect(eq(i64, sum_of(qtype), 6));
    const json_t *rcode = json_object_get(t, "rcode");
    cr_expect(eq(i64, number(rcode, "NXDOMAIN"), 2));
    cr_expect(eq(i64, number(rcode, "other"), 4));
    cr_expect(eq(i64, sum_of(rcode), 6));
    cr_expect(eq(i64, number(json_object_get(t, "queries_by"), "udp6"), 2));
    const json_t *junk = json_object_get(t, "junk");
    cr_expect(eq(i64, sum_of(junk), 6));
    cr_expect(eq(i64, number(junk, "legitimate"), 2));
    cr_expect(eq(i64, number(t, "junk_estimated"), 2));
    cr_expect(eq(i64, number(json_object_get(t, "drops"), "kernel"), 8));
    cr_expect(eq(i64, number(json_object_get(t, "undecoded"), "unknown-ethertype"), 4));
    cr_expect(eq(i64, number(json_object_get(t, "not_dns"), "not-ip"), 2));
    cr_expect(eq(i64, number(json_object_get(t, "defects"), "record"), 10));
    cr_expect(eq(i64, number(json_object_get(t, "losses"), "tcp-gap-octets"), 154));
    cr_expect(eq(i64, number(json_object_get(t, "overflow"), "incidents"), 3));
    cr_expect(eq(i64, number(json_object_get(s, "incidents_open"), "critical"), 1));
    cr_expect(eq(i64, number(json_object_get(s, "incidents_open"), "warning"), 0));
    json_decref(s);
}

/* There is room for 64 records: the others are counted as sources all the same. */
Test(status, counts_sources_without_a_record)
{
    for (int i = 0; i < 200; i++) {
        char client[32];
        (void)snprintf(client, sizeof client, "198.51.%d.1", i);
        batch_query(&batch, client, "www.example", 1);
        if (batch.count == MESSAGE_BATCH_MAX) {
            counters_add(counters, &batch, 0);
            batch.count = batch.names_used = 0;
        }
    }
    json_t *s = status_of(NAN);
    cr_expect(eq(i64, number(s, "sources"), 200));
    cr_expect(eq(i64, number(s, "without_source"), 200 - 64));
    json_decref(s);
}

Test(status, is_replaced_whole)
{
    char directory[DIRECTORY_BYTES];
    char path[STATUS_PATH_BYTES];
    json_error_t problem;
    struct stat about;
    directory_make(directory);
    (void)umask(027);
    cr_assert(status_path(directory, path));
    for (int i = 1; i <= 2; i++) {
        json_t *s = json_pack("{s:i}", "queries", i);
        cr_expect(status_write(directory, s, &err), "%s", err.text);
        json_decref(s);
        json_t *back = json_load_file(path, 0, &problem);
        cr_expect(eq(i64, number(back, "queries"), i));
        json_decref(back);
    }
    cr_expect(eq(int, stat(path, &about), 0));
    cr_expect(eq(u32, about.st_mode & 07777, 0640));
    cr_expect_not(directory_holds(directory, ".new"));
    directory_remove(directory);
}

static void given_file(const char *directory, const char *text)
{
    char path[STATUS_PATH_BYTES];
    cr_assert(status_path(directory, path));
    FILE *f = fopen(path, "we");
    cr_assert(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

Test(status, is_read_back_and_nothing_else_is_taken_for_one)
{
    char directory[DIRECTORY_BYTES];
    directory_make(directory);
    cr_expect_null(status_read(directory, &err));
    cr_expect_not_null(strstr(err.text, "capturing with this state directory?"), "%s",
                       err.text);
    given_file(directory, "{\n\"schema\":");
    cr_expect_null(status_read(directory, &err));
    cr_expect_not_null(strstr(err.text, "status.json, line 2: "), "%s", err.text);
    given_file(directory, "{\"schema\":\"rootwatch-summary/1\"}");
    cr_expect_null(status_read(directory, &err));
    cr_expect_not_null(strstr(err.text, "not of schema"), "%s", err.text);
    json_t *s = status_of(NAN);
    cr_assert(status_write(directory, s, &err), "%s", err.text);
    json_t *back = status_read(directory, &err);
    cr_expect_str_eq(json_string_value(json_object_get(back, "site")), "x-root");
    json_decref(back);
    json_decref(s);
    directory_remove(directory);
}

Test(status, says_where_it_cannot_be_written)
{
    char longest[STATUS_PATH_BYTES];
    json_t *s = json_object();
    cr_expect_not(status_write("/nonexistent", s, &err));
    cr_expect_not_null(strstr(err.text, "/nonexistent/status.json.new"), "%s", err.text);
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    cr_expect_not(status_write(longest, s, &err));
    cr_expect_not_null(strstr(err.text, "too long"));
    json_decref(s);
}

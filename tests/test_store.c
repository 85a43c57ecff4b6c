/* SPDX-License-Identifier: MIT */
#include "analysis/store.h"

#include "tests/support/batch.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char directory[64];
static struct store *store;
static struct error err;

static void setup(void)
{
    strcpy(directory, "/tmp/rootwatch-store-XXXXXX");
    cr_assert_not_null(mkdtemp(directory));
    store = store_open(directory, STORE_WRITE, &err);
    cr_assert_not_null(store, "%s", err.text);
}

static void teardown(void)
{
    char command[128];
    store_close(store);
    (void)snprintf(command, sizeof command, "rm -rf %s", directory);
    cr_assert(eq(int, system(command), 0));
}

TestSuite(store, .init = setup, .fini = teardown);

static struct minute a_minute(int64_t start_s, uint64_t queries)
{
    struct minute m = {.start_s = start_s,
                       .covered_s = 60,
                       .queries = queries,
                       .usual_qps = NAN,
                       .spread_qps = NAN};
    m.qtype[QTYPE_CLASS_MX] = queries;
    m.queries_by[TRANSPORT_TCP6] = queries;
    m.rcode[MINUTE_NXDOMAIN] = 3;
    cr_assert(prefix_parse("192.0.2.0/24", &m.prefix[0].prefix));
    m.prefix[0].queries = queries;
    m.prefix[0].hosts = 2;
    m.prefix[0].watched = true;
    m.prefixes = 1;
    m.reasons.verdict[VERDICT_MESSAGE] = queries;
    m.reasons.verdict[VERDICT_UNKNOWN_ETHERTYPE] = 9;
    m.reasons.unknown[UNKNOWN_ETHERTYPE] = (struct leading){0x88b5, 7};
    m.reasons.defect[DEFECT_NONE] = queries;
    m.reasons.loss[LOSS_TCP_GAPS] = 1;
    m.origins =
            (struct minute_origins){.known = true,
                                    .table_s = 1106006400,
                                    .routed = queries,
                                    .unrouted = 2,
                                    .unknown = 1,
                                    .ases = 40,
                                    .prefixes = 50,
                                    .as = {{64500, queries, "Na\xc3\xafve"}, {64501, 1, ""}},
                                    .ases_listed = 2,
                                    .announced = {{m.prefix[0].prefix, 64500, queries}},
                                    .listed = 1};
    return m;
}

static bool keep_minute(void *argument, const struct minute *m)
{
    *(struct minute *)argument = *m;
    return true;
}

Test(store, gives_a_minute_back_as_it_was)
{
    struct minute m = a_minute(600, 4000000000);
    struct minute back;
    cr_assert(store_put_minute(store, &m, &err), "%s", err.text);
    cr_assert(store_minutes(store, 0, 1000, keep_minute, &back, &err), "%s", err.text);
    cr_expect(eq(u64, back.queries, 4000000000));
    cr_expect(eq(u64, back.qtype[QTYPE_CLASS_MX], 4000000000));
    cr_expect(eq(u64, back.queries_by[TRANSPORT_TCP6], 4000000000));
    cr_expect(eq(u64, back.rcode[MINUTE_NXDOMAIN], 3));
    cr_expect(isnan(back.usual_qps));
    cr_expect(eq(u32, back.prefixes, 1));
    cr_expect(eq(u64, back.prefix[0].prefix.bits, m.prefix[0].prefix.bits));
    cr_expect(back.prefix[0].watched);
    cr_expect(eq(u64, reasons_frames(&back.reasons), 4000000009));
    cr_expect(eq(u64, reasons_count(&back.reasons, REASONS_UNDECODED), 9));
    cr_expect(eq(u32, back.reasons.unknown[UNKNOWN_ETHERTYPE].number, 0x88b5));
    cr_expect(eq(u64, back.reasons.unknown[UNKNOWN_ETHERTYPE].lead, 7));
    cr_expect(eq(u64, back.reasons.loss[LOSS_TCP_GAPS], 1));
    cr_expect(memcmp(&back.origins, &m.origins, sizeof m.origins) == 0);
}

Test(store, takes_a_minute_without_origins_for_one_without)
{
    struct minute m = a_minute(600, 10);
    struct minute back;
    m.origins = (struct minute_origins){.known = false};
    cr_assert(store_put_minute(store, &m, &err), "%s", err.text);
    cr_assert(store_minutes(store, 0, 1000, keep_minute, &back, &err), "%s", err.text);
    cr_expect(not(back.origins.known));

    m = a_minute(600, 10); /* the second part has a table */
    cr_assert(store_put_minute(store, &m, &err), "%s", err.text);
    cr_assert(store_minutes(store, 0, 1000, keep_minute, &back, &err), "%s", err.text);
    cr_expect(back.origins.known);
    cr_expect(eq(u64, back.origins.unknown, 11));
    cr_expect(eq(u64, back.origins.routed, 10));
}

Test(store, adds_the_second_part_of_a_minute_with_a_stop_in_it)
{
    struct minute m = a_minute(600, 10);
    struct minute back;
    m.covered_s = 20;
    cr_assert(store_put_minute(store, &m, &err));
    cr_assert(store_put_minute(store, &m, &err));
    cr_assert(store_minutes(store, 600, 601, keep_minute, &back, &err));
    cr_expect(eq(u32, back.covered_s, 40));
    cr_expect(eq(u64, back.queries, 20));
    cr_expect(eq(u64, back.prefix[0].queries, 20));
    cr_expect(eq(u32, back.prefixes, 1));
    cr_expect(eq(u64, reasons_count(&back.reasons, REASONS_UNDECODED), 18));
    cr_expect(eq(u64, back.reasons.unknown[UNKNOWN_ETHERTYPE].lead, 14));
    cr_expect(eq(u64, back.origins.routed, 20));
    cr_expect(eq(u32, back.origins.ases_listed, 2));
    cr_expect(eq(u32, back.origins.as[0].asn, 64500));
    cr_expect(eq(u64, back.origins.as[0].queries, 20));
    cr_expect(eq(u32, back.origins.listed, 1));
    cr_expect(eq(u64, back.origins.announced[0].queries, 20));
}

Test(store, is_used_by_one_writer_at_a_time)
{
    struct store *second = store_open(directory, STORE_WRITE, &err);
    cr_expect_null(second);
    cr_expect(eq(int, err.kind, ERROR_IN_USE));
    struct store *reader = store_open(directory, STORE_READ, &err);
    cr_expect_not_null(reader);
    store_close(reader);
}

Test(store, keeps_nothing_of_a_transaction_given_up)
{
    int64_t first;
    int64_t last;
    struct minute m = a_minute(600, 1);
    cr_assert(store_begin(store, &err));
    cr_assert(store_put_minute(store, &m, &err));
    cr_expect_not(store_begin(store, &err));
    store_abandon(store);
    cr_expect_not(store_span(store, &first, &last, &err));
    cr_expect(eq(str, err.text, ""));
}

static void put_hour(int64_t hour_s, const char *client, int queries)
{
    struct message_batch batch = {.count = 0};
    struct prefix_counts *counts = prefix_counts_create(16, PREFIX_HASHED, &err);
    size_t rows;
    for (int i = 0; i < queries; i++)
        batch_query(&batch, client, "example", 1);
    prefix_counts_count(counts, &batch, NULL);
    struct store_hour_row *row = store_hour_rows(counts, 1, &rows);
    cr_assert(store_put_hour(store, hour_s, row, rows, &err), "%s", err.text);
    free(row);
    prefix_counts_free(counts);
}

static bool sum_hours(void *argument, int64_t hour_s, uint64_t queries)
{
    (void)hour_s;
    *(uint64_t *)argument += queries;
    return true;
}

Test(store, ranks_prefixes_over_hours)
{
    struct store_rank rank[4];
    struct prefix p;
    uint64_t sum = 0;
    put_hour(3600, "192.0.2.1", 5);
    put_hour(3600, "198.51.100.1", 9);
    put_hour(7200, "192.0.2.1", 6);
    cr_assert(eq(int, store_leading(store, 3600, 10800, rank, 4, &err), 2));
    cr_expect(eq(u64, rank[0].queries, 11));
    cr_assert(prefix_parse("192.0.2.0/24", &p));
    cr_expect(eq(u64, rank[0].prefix.bits, p.bits));
    cr_assert(store_prefix_hours(store, p, 0, 7200, sum_hours, &sum, &err));
    cr_expect(eq(u64, sum, 5));
    cr_expect(store_has_hour(store, 7200));
    cr_expect_not(store_has_hour(store, 10800));
}

struct told_sums {
    char text[256];
};

static bool tell_sum(void *argument, const struct store_sum *sum)
{
    struct told_sums *t = argument;
    char text[PREFIX_TEXT_BYTES];
    size_t used = strlen(t->text);
    (void)snprintf(t->text + used, sizeof t->text - used, "%s %lu %lu\n",
                   prefix_format(sum->prefix, text), (unsigned long)sum->queries,
                   (unsigned long)sum->before);
    return true;
}

static bool tell_hour(void *argument, int64_t hour_s, uint64_t queries)
{
    struct told_sums *t = argument;
    size_t used = strlen(t->text);
    (void)snprintf(t->text + used, sizeof t->text - used, "%ld %lu\n", (long)hour_s,
                   (unsigned long)queries);
    return true;
}

Test(store, adds_up_every_prefix_of_two_periods)
{
    struct told_sums sums = {""}, hours = {""};
    int64_t first, last;
    cr_expect_not(store_hours_span(store, &first, &last, &err));
    put_hour(3600, "192.0.2.1", 50);
    put_hour(7200, "192.0.2.1", 5);
    put_hour(7200, "198.51.100.1", 9);
    put_hour(10800, "198.51.100.1", 6);
    cr_assert(store_put_hour(store, 14400, NULL, 0, &err));
    put_hour(18000, "203.0.113.1", 60);
    cr_assert(store_sums(store, 7200, 10800, 18000, tell_sum, &sums, &err), "%s", err.text);
    cr_expect(eq(str, sums.text, "192.0.2.0/24 0 5\n198.51.100.0/24 6 9\n"));
    cr_assert(store_hours(store, 7200, 18000, tell_hour, &hours, &err), "%s", err.text);
    cr_expect(eq(str, hours.text, "7200 14\n10800 6\n14400 0\n"));
    cr_expect(store_hours_span(store, &first, &last, &err));
    cr_expect(eq(i64, first, 3600));
    cr_expect(eq(i64, last, 18000));
}

static void sql(const char *text)
{
    char path[sizeof directory + 16];
    sqlite3 *beside;
    (void)snprintf(path, sizeof path, "%s/rootwatch.db", directory);
    cr_assert(eq(int, sqlite3_open(path, &beside), SQLITE_OK));
    cr_assert(eq(int, sqlite3_exec(beside, text, NULL, NULL, NULL), SQLITE_OK));
    sqlite3_close(beside);
}

static bool keep_sum(void *argument, const struct store_sum *sum)
{
    *(struct store_sum *)argument = *sum;
    return true;
}

static void put_junk(int64_t hour_s, uint32_t queries, uint32_t junk)
{
    struct store_hour_row row = {.queries = queries, .hosts = 1, .junk = junk};
    cr_assert(prefix_parse("192.0.2.0/24", &row.prefix));
    cr_assert(store_put_hour(store, hour_s, &row, 1, &err), "%s", err.text);
}

Test(store, adds_up_the_junk_of_a_prefix)
{
    struct store_sum sum;
    struct store_rank rank[2];
    put_junk(3600, 90, 80);
    put_junk(7200, 10, 1);
    put_junk(10800, 20, 12);
    put_junk(10800, 5, 3);
    cr_assert(store_sums(store, 3600, 7200, 14400, keep_sum, &sum, &err), "%s", err.text);
    cr_expect(eq(u64, sum.queries, 35));
    cr_expect(eq(u64, sum.judged, 35));
    cr_expect(eq(u64, sum.junk, 16));
    cr_expect(eq(u64, sum.before, 90));
    cr_assert(eq(int, store_leading(store, 0, 14400, rank, 2, &err), 1), "%s", err.text);
    cr_expect(eq(u64, rank[0].junk, 96));
    cr_expect(eq(u64, rank[0].judged, 125));
}

/* As a database of the first form was made. */
static void make_old(void)
{
    sql("DROP TABLE hours");
    sql("CREATE TABLE hours (start INTEGER NOT NULL, prefix INTEGER NOT NULL,"
        " queries INTEGER NOT NULL, hosts INTEGER NOT NULL, PRIMARY KEY (start, prefix))"
        " STRICT, WITHOUT ROWID");
    sql("INSERT INTO hours VALUES (3600, 1 << 40, 7, 2)");
    sql("INSERT OR IGNORE INTO hours_stored VALUES (3600)");
    sql("PRAGMA user_version = 1");
    store_close(store);
    store = NULL;
}

Test(store, reads_a_database_whose_hours_have_no_junk)
{
    struct store_sum sum;
    struct store_rank rank[2];
    make_old();
    struct store *reader = store_open(directory, STORE_READ, &err);
    cr_assert_not_null(reader, "%s", err.text);
    cr_assert(store_sums(reader, 0, 3600, 7200, keep_sum, &sum, &err), "%s", err.text);
    cr_expect(eq(u64, sum.queries, 7));
    cr_expect(eq(u64, sum.judged, 0));
    cr_assert(eq(int, store_leading(reader, 0, 7200, rank, 2, &err), 1), "%s", err.text);
    cr_expect(eq(u64, rank[0].judged, 0));
    store_close(reader);
}

Test(store, brings_a_database_without_junk_into_todays_form)
{
    struct store_sum sum;
    make_old();
    for (int twice = 0; twice < 2; twice++) {
        store = store_open(directory, STORE_WRITE, &err);
        cr_assert_not_null(store, "%s", err.text);
        cr_assert(store_sums(store, 0, 3600, 7200, keep_sum, &sum, &err), "%s", err.text);
        cr_expect(eq(u64, sum.queries, 7));
        cr_expect(eq(u64, sum.judged, 0));
        store_close(store);
    }
    store = store_open(directory, STORE_WRITE, &err);
    cr_assert_not_null(store, "%s", err.text);
    put_junk(7200, 10, 4);
    cr_assert(store_sums(store, 7200, 7200, 10800, keep_sum, &sum, &err), "%s", err.text);
    cr_expect(eq(u64, sum.judged, 10));
    cr_expect(eq(u64, sum.junk, 4));
}

Test(store, shows_a_reader_one_state)
{
    struct told_sums before = {""}, after = {""};
    put_hour(3600, "192.0.2.1", 5);
    struct store *reader = store_open(directory, STORE_READ, &err);
    cr_assert(store_begin_reading(reader, &err), "%s", err.text);
    cr_assert(store_hours(reader, 0, 7200, tell_hour, &before, &err));
    put_hour(3600, "192.0.2.1", 5);
    cr_assert(store_hours(reader, 0, 7200, tell_hour, &after, &err));
    cr_expect(eq(str, after.text, before.text));
    cr_assert(store_commit(reader, &err));
    store_close(reader);
}

static struct incident_event an_event(enum incident_state state)
{
    struct incident_event e = {.time_s = 1000, .state = state};
    struct incident *i = &e.incident;
    strcpy(i->id, "2005-0118-1");
    strcpy(i->summary, "192.0.2.0/24 sends \"much\"");
    i->kind = INCIDENT_PREFIX;
    i->began_s = 900;
    i->closed_s = state == INCIDENT_CLOSED ? 1000 : 0;
    i->wave = 2;
    i->rate_qps = 1708.25;
    i->queries = 5000000000;
    cr_assert(prefix_parse("192.0.2.0/24", &i->prefix[0]));
    i->prefixes = 1;
    strcpy(i->type[0].qtype, "MX");
    i->type[0].named = true;
    i->type[0].now_qps = 1000;
    i->types = 1;
    i->host[0] = (struct incident_host){.address = {192, 0, 2, 7}, .queries = 12};
    i->hosts_listed = 1;
    i->name[0] = (struct incident_name){.name = strdup("\\000.example"), .named = true};
    i->names = 1;
    return e;
}

static void put_event(enum incident_state state)
{
    struct incident_event e = an_event(state);
    cr_assert(store_put_event(store, &e, &err), "%s", err.text);
    cr_expect(gt(i64, e.sequence, 0));
    incident_fini(&e.incident);
}

static bool check_event(void *argument, const struct incident_event *e)
{
    const struct incident *i = &e->incident;
    ++*(unsigned *)argument;
    cr_expect(eq(str, (char *)i->id, "2005-0118-1"));
    cr_expect(eq(str, (char *)i->summary, "192.0.2.0/24 sends \"much\""));
    cr_expect(eq(dbl, i->rate_qps, 1708.25));
    cr_expect(eq(u64, i->queries, 5000000000));
    cr_expect(eq(u32, i->wave, 2));
    cr_expect(eq(str, (char *)i->type[0].qtype, "MX"));
    cr_expect(i->type[0].named);
    cr_expect(eq(u8, i->host[0].address[3], 7));
    cr_expect(eq(str, i->name[0].name, "\\000.example"));
    cr_expect(i->name[0].named);
    return true;
}

Test(store, gives_events_back_as_they_were)
{
    unsigned events = 0;
    put_event(INCIDENT_OPENED);
    put_event(INCIDENT_CHANGED);
    cr_assert(store_events(store, "2005-0118-1", check_event, &events, &err), "%s", err.text);
    cr_expect(eq(u32, events, 2));
    events = 0;
    cr_assert(store_incidents(store, 0, 2000, check_event, &events, &err));
    cr_expect(eq(u32, events, 1));
}

static bool count_event(void *argument, const struct incident_event *e)
{
    (void)e;
    ++*(unsigned *)argument;
    return true;
}

Test(store, knows_which_channel_was_told_what)
{
    unsigned untold = 0;
    put_event(INCIDENT_OPENED);
    put_event(INCIDENT_CLOSED);
    cr_assert(store_told(store, 1, 2, &err));
    cr_assert(store_untold(store, 2, count_event, &untold, &err));
    cr_expect(eq(u32, untold, 1));
    untold = 0;
    cr_assert(store_untold(store, 1, count_event, &untold, &err));
    cr_expect(eq(u32, untold, 2));
}

Test(store, forgets_what_is_old_and_leaves_the_rest)
{
    int64_t first;
    int64_t last;
    for (int i = 0; i < 4; i++) {
        struct minute m = a_minute(i * 3600, 1);
        cr_assert(store_put_minute(store, &m, &err));
        put_hour(i * 3600, "192.0.2.1", 1);
    }
    cr_assert(store_forget(store, 7200, 3600, &err));
    cr_assert(store_span(store, &first, &last, &err));
    cr_expect(eq(i64, first, 7200));
    cr_expect_not(store_has_hour(store, 0));
    cr_expect(store_has_hour(store, 3600));
}

static bool count_minute(void *argument, const struct minute *m)
{
    (void)m;
    ++*(unsigned *)argument;
    return true;
}

Test(store, reads_on_where_a_row_is_damaged)
{
    unsigned minutes = 0;
    for (int i = 0; i < 4; i++) {
        struct minute m = a_minute(i * 60, 1);
        cr_assert(store_put_minute(store, &m, &err));
    }
    sql("UPDATE minutes SET doc = '[]' WHERE start = 60");
    sql("UPDATE minutes SET doc = (SELECT doc FROM minutes WHERE start = 0) WHERE start = 120");
    cr_assert(store_minutes(store, 0, 1000, count_minute, &minutes, &err), "%s", err.text);
    cr_expect(eq(u32, minutes, 2));
    cr_expect(eq(u64, store_damaged(store), 2));

    struct minute again = a_minute(60, 7);
    struct minute back;
    cr_assert(store_put_minute(store, &again, &err), "%s", err.text);
    cr_assert(store_minutes(store, 60, 61, keep_minute, &back, &err));
    cr_expect(eq(u64, back.queries, 7));
}

Test(store, forgets_a_day_at_most_at_a_time)
{
    int64_t first;
    int64_t last;
    cr_assert(store_begin(store, &err));
    for (int i = 0; i < 2 * 1440; i++) {
        struct minute m = a_minute(i * 60, 1);
        cr_assert(store_put_minute(store, &m, &err));
    }
    cr_assert(store_commit(store, &err));
    for (int i = 0; i < 48; i++)
        put_hour(i * 3600, "192.0.2.1", 1);
    cr_assert(store_forget(store, INT64_MAX, INT64_MAX, &err));
    cr_assert(store_span(store, &first, &last, &err));
    cr_expect(eq(i64, first, 86400));
    cr_expect_not(store_has_hour(store, 23 * 3600));
    cr_expect(store_has_hour(store, 24 * 3600));
}

Test(store, gives_back_what_was_learned)
{
    int64_t time_s;
    json_t *learned = json_pack("{s:f}", "share", 0.25);
    cr_assert(store_put_learned(store, "x", 77, learned, &err));
    json_decref(learned);
    learned = store_learned(store, "x", &time_s, &err);
    cr_assert_not_null(learned);
    cr_expect(eq(i64, time_s, 77));
    cr_expect(eq(dbl, json_real_value(json_object_get(learned, "share")), 0.25));
    json_decref(learned);
    cr_expect_null(store_learned(store, "y", &time_s, &err));
    cr_expect(eq(str, err.text, ""));
}

/* SQLite repeats names of the schema, which may be a stranger's. */
Test(store, escapes_what_a_database_says)
{
    sqlite3 *db;
    char path[sizeof directory + 16];
    (void)snprintf(path, sizeof path, "%s/rootwatch.db", directory);
    cr_assert(eq(int, sqlite3_open(path, &db), SQLITE_OK));
    cr_assert(eq(int,
                 sqlite3_exec(db,
                              "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET"
                              " name = 'a' || char(27, 233, 10), sql = 'CREATE' WHERE"
                              " name = 'hours'",
                              NULL, NULL, NULL),
                 SQLITE_OK));
    sqlite3_close(db);
    store_close(store);
    store = store_open(directory, STORE_READ, &err);
    cr_assert_not_null(store, "%s", err.text);
    int64_t first_s;
    int64_t last_s;
    cr_expect_not(store_span(store, &first_s, &last_s, &err));
    cr_expect_not_null(strstr(err.text, "(a\\027\\195\\169\\010)"), "%s", err.text);
}

Test(store, refuses_a_database_of_a_newer_form)
{
    char command[200];
    store_close(store);
    store = NULL;
    (void)snprintf(command, sizeof command,
                   "python3 -c \"import sqlite3; sqlite3.connect('%s/rootwatch.db')"
                   ".execute('PRAGMA user_version = 99')\"",
                   directory);
    cr_assert(eq(int, system(command), 0));
    cr_expect_null(store_open(directory, STORE_READ, &err));
    cr_expect_not_null(strstr(err.text, "newer rootwatch"), "%s", err.text);
}

Test(store, gives_a_minute_of_an_older_release_without_reasons)
{
    struct minute m = a_minute(600, 5);
    struct minute back;
    cr_assert(store_put_minute(store, &m, &err), "%s", err.text);
    sql("UPDATE minutes SET doc = json_remove(doc, '$.decoding')");
    cr_assert(store_minutes(store, 0, 1000, keep_minute, &back, &err), "%s", err.text);
    cr_expect(eq(u64, back.queries, 5));
    cr_expect(eq(u64, reasons_frames(&back.reasons), 0));
}

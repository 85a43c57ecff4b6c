/* SPDX-License-Identifier: MIT */
#include "program/writer.h"

#include "program/status.h"
#include "tests/support/batch.h"
#include "tests/support/directory.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000 };

static char directory[DIRECTORY_BYTES];
static struct log quiet;
static int poke_fd;     /* -1: not live */
static sqlite3 *beside; /* another connection to the same database */
static struct error err;

static void setup(void)
{
    directory_make(directory);
    poke_fd = -1;
    log_init(&quiet, open("/dev/null", O_WRONLY | O_CLOEXEC));
}

static void teardown(void)
{
    sqlite3_close(beside);
    close(quiet.fd);
    directory_remove(directory);
}

TestSuite(writer, .init = setup, .fini = teardown);

/* `www`: NULL, or where pages are; the state directory has case files. */
static struct writer *start_with(FILE *events, const char *www)
{
    char path[DIRECTORY_BYTES + 16];
    struct store *store = store_open(directory, STORE_WRITE, &err);
    cr_assert_not_null(store, "%s", err.text);
    (void)snprintf(path, sizeof path, "%s/rootwatch.db", directory);
    cr_assert(eq(int, sqlite3_open(path, &beside), SQLITE_OK));
    (void)sqlite3_busy_timeout(beside, PATIENCE_MS); /* the writer writes meanwhile */
    const struct writer_settings settings = {.store = store,
                                             .events = events,
                                             .log = &quiet,
                                             .status = true,
                                             .wait = true,
                                             .hour_floor = 1,
                                             .hour_names = 10,
                                             .minutes_days = 1,
                                             .hours_days = 1,
                                             .service = "x.root-servers.net",
                                             .rssac002_days = 2,
                                             .state = directory,
                                             .cases_days = 2,
                                             .www = www,
                                             .poke_fd = poke_fd};
    struct writer *w = writer_start(&settings, &err);
    cr_assert_not_null(w, "%s", err.text);
    return w;
}

static struct writer *start(FILE *events)
{
    return start_with(events, NULL);
}

static void sql(const char *text)
{
    cr_assert(eq(int, sqlite3_exec(beside, text, NULL, NULL, NULL), SQLITE_OK), "%s",
              sqlite3_errmsg(beside));
}

static int number(const char *text)
{
    sqlite3_stmt *q;
    cr_assert(eq(int, sqlite3_prepare_v2(beside, text, -1, &q, NULL), SQLITE_OK));
    cr_assert(eq(int, sqlite3_step(q), SQLITE_ROW));
    int n = sqlite3_column_int(q, 0);
    sqlite3_finalize(q);
    return n;
}

static void give_state(struct writer *w, const char *id, int64_t time_s,
                       enum incident_state state, enum incident_severity severity)
{
    struct incident_event e = {.time_s = time_s, .state = state};
    e.incident.severity = severity;
    (void)snprintf(e.incident.summary, sizeof e.incident.summary, "much of \\010");
    e.incident.began_s = e.incident.opened_s = time_s;
    e.incident.wave = 1;
    (void)snprintf(e.incident.id, sizeof e.incident.id, "%s", id);
    json_t *events = json_array();
    json_array_append_new(events, incident_event_json(&e));
    writer_events(w, events, json_pack("{s:I}", "after", (json_int_t)time_s), time_s);
}

static void give_minute(struct writer *w, int64_t start_s)
{
    const struct minute m = {.start_s = start_s,
                             .covered_s = 60,
                             .usual_qps = (double)NAN,
                             .spread_qps = (double)NAN};
    writer_minute(w, &m, json_pack("{s:I}", "after", (json_int_t)start_s + 60), 0);
}

static void give_event(struct writer *w, const char *id, int64_t time_s)
{
    give_state(w, id, time_s, INCIDENT_OPENED, INCIDENT_NOTICE);
}

/* Waits for the writer to have stored this minute, which follows what was given before. */
static void wait_for_minute(int64_t start_s)
{
    char text[80];
    (void)snprintf(text, sizeof text, "SELECT count(*) FROM minutes WHERE start = %lld",
                   (long long)start_s);
    for (int ms = 0; ms < PATIENCE_MS && number(text) == 0; ms += 10)
        (void)usleep(10000);
    cr_assert(eq(int, number(text), 1));
}

static const char refuse[] = "CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT "
                             "RAISE(ABORT, 'disk full'); END";

Test(writer, stores_events_once_the_trouble_is_over)
{
    struct writer *w = start(NULL);
    sql(refuse);
    give_event(w, "2005-0118-1", 600);
    give_event(w, "2005-0118-2", 601);
    give_minute(w, 600);
    wait_for_minute(600);
    cr_expect(eq(int, number("SELECT count(*) FROM events"), 0));

    sql("DROP TRIGGER full");
    give_minute(w, 660);
    struct writer_counts counts = writer_stop(w);

    cr_expect(eq(int, number("SELECT count(*) FROM events"), 2));
    cr_expect(eq(int, number("SELECT incident = '2005-0118-1' FROM events ORDER BY sequence"),
                 1));
    cr_expect(eq(u64, counts.failed, 0));
}

Test(writer, does_not_put_old_knowledge_over_new_with_late_events)
{
    struct writer *w = start(NULL);
    sql(refuse);
    give_event(w, "2005-0118-1", 600);
    give_minute(w, 600);
    wait_for_minute(600);
    sql("DROP TRIGGER full");
    (void)writer_stop(w);

    cr_expect(eq(int, number("SELECT count(*) FROM events"), 1));
    cr_expect(eq(int, number("SELECT doc ->> 'after' FROM learned"), 660));
}

Test(writer, counts_events_that_could_not_be_stored_to_the_end)
{
    struct writer *w = start(NULL);
    sql(refuse);
    give_event(w, "2005-0118-1", 600);
    struct writer_counts counts = writer_stop(w);
    cr_expect(eq(u64, counts.failed, 1));
}

/* All that was said, from the log's file. */
static const char *said(FILE *file)
{
    static char text[1024];
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    return text;
}

Test(writer, logs_each_event_once_where_it_is_live)
{
    FILE *file = tmpfile();
    int ends[2];
    cr_assert(eq(int, pipe2(ends, O_NONBLOCK), 0));
    close(quiet.fd);
    quiet = (struct log){.fd = dup(fileno(file)), .journal = true, .least = LOG_IS_INFO};
    poke_fd = ends[1];
    struct writer *w = start(NULL);
    sql(refuse);
    give_state(w, "2005-0118-1", 600, INCIDENT_OPENED, INCIDENT_NOTICE);
    for (int i = 1; i < 3; i++)
        give_minute(w, i * 600);
    wait_for_minute(1200);
    sql("DROP TRIGGER full");
    give_state(w, "2005-0118-1", 1201, INCIDENT_CHANGED, INCIDENT_CRITICAL);
    give_state(w, "2005-0118-2", 1202, INCIDENT_OPENED, INCIDENT_CRITICAL);
    give_state(w, "2005-0118-1", 1203, INCIDENT_CLOSED, INCIDENT_CRITICAL);
    (void)writer_stop(w);

    const char *text = said(file);
    const char *full = strstr(text, "<3>");
    cr_assert_not_null(full, "%s", text);
    cr_expect_not_null(strstr(full, "disk full; counting goes on"), "%s", text);
    cr_expect(eq(int, strncmp(text, "<5>incident 2005-0118-1, notice: much of \\010\n<3>", 47),
                 0),
              "%s", text);
    cr_expect_not_null(strstr(text,
                              "\n<6>incident 2005-0118-1 goes on, critical: much of \\010\n"
                              "<4>incident 2005-0118-2, critical: much of \\010\n"
                              "<5>incident 2005-0118-1 is over: much of \\010\n"),
                       "%s", text);
    close(ends[0]);
    close(ends[1]);
    (void)fclose(file);
}

Test(writer, does_not_blame_the_pipe_when_the_parent_has_gone)
{
    FILE *file = tmpfile();
    int ends[2];
    cr_assert(eq(int, pipe2(ends, O_NONBLOCK), 0));
    close(ends[0]);
    (void)signal(SIGPIPE, SIG_IGN);
    close(quiet.fd);
    log_init(&quiet, dup(fileno(file)));
    poke_fd = ends[1];
    struct writer *w = start(NULL);
    give_minute(w, 600);
    (void)writer_stop(w);
    cr_expect(eq(str, (char *)said(file), ""));
    close(ends[1]);
    (void)fclose(file);
}

Test(writer, says_in_the_status_what_could_not_be_stored)
{
    struct writer *w = start(NULL);
    sql("CREATE TRIGGER full BEFORE INSERT ON minutes WHEN NEW.start = 600 BEGIN SELECT "
        "RAISE(ABORT, 'disk full'); END");
    give_minute(w, 600);
    give_minute(w, 660);
    wait_for_minute(660);
    writer_status(w, json_pack("{s:s, s:{}}", "schema", "rootwatch-status/1", "totals"));
    (void)writer_stop(w);

    json_t *status = status_read(directory, &err);
    cr_assert_not_null(status, "%s", err.text);
    const json_t *lost = json_object_get(json_object_get(status, "totals"), "not_stored");
    cr_expect(eq(i64, json_integer_value(lost), 1));
    json_decref(status);
}

/* Somebody else writes in the database, so that the minute has to wait. */
Test(writer, keeps_the_status_new_while_something_takes_long_to_store)
{
    struct writer *w = start(NULL);
    sql("BEGIN IMMEDIATE");
    give_minute(w, 600);
    (void)usleep(200000); /* it has begun */
    writer_status(w, json_pack("{s:s, s:{}}", "schema", "rootwatch-status/1", "totals"));
    json_t *status = NULL;
    for (int ms = 0; ms < 5000 && status == NULL; ms += 10) {
        (void)usleep(10000);
        status = status_read(directory, &err);
    }
    cr_expect_not_null(status, "%s", err.text);
    cr_expect(eq(int, number("SELECT count(*) FROM minutes"), 0));
    json_decref(status);
    sql("COMMIT");
    struct writer_counts counts = writer_stop(w);
    cr_expect(eq(u64, counts.failed + counts.dropped, 0));
    cr_expect(eq(int, number("SELECT count(*) FROM minutes"), 1));
}

Test(writer, writes_a_line_an_event_whether_or_not_it_can_be_stored)
{
    char *text = NULL;
    size_t size = 0;
    FILE *events = open_memstream(&text, &size);
    struct writer *w = start(events);
    sql(refuse);
    give_event(w, "2005-0118-1", 600);
    for (int i = 1; i < 4; i++)
        give_minute(w, i * 60);
    wait_for_minute(180);
    (void)writer_stop(w);
    (void)fclose(events);

    unsigned lines = 0;
    for (const char *c = text; *c != '\0'; c++)
        lines += *c == '\n';
    cr_expect(eq(u32, lines, 1));
    free(text);
}

Test(writer, stores_events_also_when_their_file_is_full)
{
    FILE *events = fopen("/dev/full", "w");
    struct writer *w = start(events);
    give_event(w, "2005-0118-1", 600);
    struct writer_counts counts = writer_stop(w);
    (void)fclose(events);

    cr_expect(eq(int, number("SELECT count(*) FROM events"), 1));
    cr_expect(eq(u64, counts.failed, 1));
}

enum { DAY_S = 86400, NOW_S = 100 * DAY_S };

static void close_incident(struct writer *w, const char *id, int64_t time_s)
{
    struct incident_event e = {.time_s = time_s, .state = INCIDENT_CLOSED};
    e.incident.began_s = e.incident.opened_s = time_s - 60;
    e.incident.closed_s = time_s;
    (void)snprintf(e.incident.id, sizeof e.incident.id, "%s", id);
    json_t *events = json_array();
    json_array_append_new(events, incident_event_json(&e));
    writer_events(w, events, json_object(), time_s);
}

static void make(const char *what)
{
    char path[DIRECTORY_BYTES + 64];
    (void)snprintf(path, sizeof path, "%s/%s", directory, what);
    cr_assert(eq(int, mkdir(path, 0750), 0));
}

static bool is_there(const char *what)
{
    char path[DIRECTORY_BYTES + 64];
    (void)snprintf(path, sizeof path, "%s/%s", directory, what);
    return access(path, F_OK) == 0;
}

static void give_hour(struct writer *w, int64_t start_s)
{
    struct prefix_counts *prefixes = prefix_counts_create(64, PREFIX_HASHED, &err);
    struct names *names = names_create(16, true, 1, &err);
    const struct aggregator_hour hour = {
            .start_s = start_s, .prefixes = prefixes, .names = names, .tlds = names};
    writer_hour(w, &hour, 0);
    prefix_counts_free(prefixes);
    names_free(names);
}

static void give_counts(struct writer *w, uint32_t queries,
                        void (*as)(struct writer *, const struct aggregator_hour *))
{
    struct counters_size size = {
            .prefix_records = 64, .way = PREFIX_HASHED, .name_buckets = 16};
    struct counters *c = counters_create(&size, &err);
    static struct message_batch batch;
    counters_clear(c, NULL);
    for (uint32_t i = 0; i < queries; i++)
        batch_query(&batch, "192.0.2.1", "a.example", 1);
    counters_add(c, &batch, 0);
    batch.count = batch.names_used = 0;
    const struct aggregator_hour hour = {.start_s = 3600,
                                         .queries = queries,
                                         .prefixes = c->prefixes,
                                         .names = c->names,
                                         .tlds = c->names};
    as(w, &hour);
    counters_free(c);
}

static void end_hour(struct writer *w, const struct aggregator_hour *hour)
{
    writer_hour(w, hour, 0);
}

/* The first process never comes to the hour's end; the second goes on with the same hour. */
Test(writer, loses_no_more_of_an_hour_than_was_not_kept_when_it_is_killed)
{
    struct writer *w = start(NULL);
    give_counts(w, 3, writer_going);
    give_counts(w, 9, writer_going);
    struct writer_counts counts = writer_stop(w);
    cr_expect(eq(u64, counts.failed + counts.dropped, 0));
    cr_expect(eq(int, number("SELECT count(*) FROM hours"), 0));

    sqlite3_close(beside);
    w = start(NULL);
    give_counts(w, 4, writer_going);
    give_counts(w, 20, end_hour);
    counts = writer_stop(w);
    cr_expect(eq(u64, counts.failed + counts.dropped, 0));
    cr_expect(eq(int, number("SELECT sum(queries) FROM hours"), 9 + 20));
    cr_expect(eq(int, number("SELECT queries FROM hour_names WHERE kind = 0"), 9 + 20));
    cr_expect(eq(int, number("SELECT count(*) FROM hours_going"), 0));
}

static uint64_t refused; /* of the next hour's IPv6 sources */

static void give_rssac002(struct writer *w, int64_t start_s, uint32_t queries,
                          void (*as)(struct writer *, const struct aggregator_hour *))
{
    static struct rssac002_counts sums;
    struct prefix_counts *prefixes = prefix_counts_create(64, PREFIX_HASHED, &err);
    struct names *names = names_create(16, true, 1, &err);
    struct address_set *addresses = address_set_create(64, 1, &err);
    const uint8_t address[ADDRESS_BYTES] = {0x20, [15] = (uint8_t)queries};
    address_set_add(addresses, address, address_set_hash(addresses, address));
    sums.captured_ms = 1000;
    sums.refused6 = refused;
    sums.queries[TRANSPORT_UDP6] = sums.query_sizes[0][2] = queries;
    const struct aggregator_hour hour = {.start_s = start_s,
                                         .queries = queries,
                                         .prefixes = prefixes,
                                         .names = names,
                                         .tlds = names,
                                         .rssac002 = &sums,
                                         .sources6 = addresses};
    as(w, &hour);
    address_set_free(addresses);
    prefix_counts_free(prefixes);
    names_free(names);
}

Test(writer, loses_no_more_of_rssac002_than_was_not_kept_when_it_is_killed)
{
    struct writer *w = start(NULL);
    give_rssac002(w, 3600, 3, writer_going);
    give_rssac002(w, 3600, 9, writer_going);
    (void)writer_stop(w);
    cr_expect(eq(int, number("SELECT count(*) FROM rssac002"), 0));

    sqlite3_close(beside);
    w = start(NULL);
    give_rssac002(w, 3600, 4, writer_going);
    give_rssac002(w, 3600, 20, end_hour);
    give_rssac002(w, 7200, 0, end_hour);
    struct writer_counts counts = writer_stop(w);
    cr_expect(eq(u64, counts.failed + counts.dropped, 0));
    cr_expect(eq(int, number("SELECT doc -> '$.queries.udp6' FROM rssac002"), 9 + 20));
    cr_expect(eq(int, number("SELECT doc -> '$.captured_ms' FROM rssac002"), 2000));
    cr_expect(eq(int, number("SELECT doc ->> '$.service' = 'x.root-servers.net' FROM rssac002"),
                 1));
    /* Two addresses that share all but the last octet. */
    cr_expect(eq(int, number("SELECT length(sources) FROM rssac002"), 17 + 17 + 2));
    cr_expect(eq(int, number("SELECT count(*) FROM rssac002"), 2));
    cr_expect(eq(int, number("SELECT count(*) FROM hours_stored"), 1), "the other is silent");
}

Test(writer, says_at_the_end_of_an_hour_that_sources_found_no_room)
{
    char said[512] = "";
    FILE *file = tmpfile();
    close(quiet.fd);
    quiet.fd = dup(fileno(file));
    struct writer *w = start(NULL);
    refused = 5;
    give_rssac002(w, 3600, 1, writer_going);
    give_rssac002(w, 3600, 1, end_hour);
    refused = 0;
    give_rssac002(w, 7200, 1, end_hour);
    (void)writer_stop(w);
    rewind(file);
    size_t size = fread(said, 1, sizeof said - 1, file);
    cr_expect_not_null(strstr(said, "RSSAC002: the hour from 1970-01-01 01:00 UTC has too few "
                                    "sources: those of up to 0 queries found no room, and up "
                                    "to 5 of IPv6 in a full set\n"),
                       "%s", said);
    cr_expect(eq(ptr, strchr(said, '\n'), said + size - 1), "once: %s", said);
    (void)fclose(file);
}

Test(writer, forgets_rssac002_after_its_days)
{
    struct writer *w = start(NULL);
    for (int64_t hour = 0; hour < 60; hour++)
        give_rssac002(w, 1700000000 - 1700000000 % 3600 + 3600 * hour, 1, end_hour);
    (void)writer_stop(w);
    cr_expect(eq(int, number("SELECT count(*) FROM rssac002"), 49));
}

/* What the first process left cannot be stored while the second captures. */
Test(writer, replaces_nothing_of_another_process_with_its_own)
{
    struct writer *w = start(NULL);
    give_counts(w, 9, writer_going);
    (void)writer_stop(w);
    sql("CREATE TRIGGER full BEFORE INSERT ON hours WHEN new.queries = 9 BEGIN SELECT "
        "RAISE(ABORT, 'disk full'); END");

    sqlite3_close(beside);
    w = start(NULL);
    give_counts(w, 4, writer_going);
    give_counts(w, 20, end_hour);
    give_minute(w, 7200);
    wait_for_minute(7200);
    cr_expect(eq(int, number("SELECT sum(queries) FROM hours"), 20));
    sql("DROP TRIGGER full");
    give_counts(w, 5, writer_going);
    struct writer_counts counts = writer_stop(w);
    cr_expect(eq(u64, counts.failed + counts.dropped, 0));
    cr_expect(eq(int, number("SELECT sum(queries) FROM hours"), 20 + 9));
    cr_expect(eq(int, number("SELECT count(*) FROM hours_going"), 1));
}

/* Not only by the next process: what was kept of it is all that there is. */
Test(writer, stores_what_it_kept_of_an_hour_that_it_could_not_store)
{
    struct writer *w = start(NULL);
    give_counts(w, 9, writer_going);
    give_minute(w, 7200);
    wait_for_minute(7200);
    sql("CREATE TRIGGER full BEFORE INSERT ON hours BEGIN SELECT RAISE(ABORT, 'disk full'); "
        "END");
    give_counts(w, 20, end_hour);
    give_minute(w, 7260);
    wait_for_minute(7260);
    sql("DROP TRIGGER full");
    give_counts(w, 5, writer_going);
    struct writer_counts counts = writer_stop(w);
    cr_expect(eq(u64, counts.failed, 1));
    cr_expect(eq(int, number("SELECT sum(queries) FROM hours"), 9));
    cr_expect(eq(int, number("SELECT count(*) FROM hours_going"), 1));
}

static void end_read_hour(struct writer *w, const struct aggregator_hour *hour)
{
    writer_hour(w, hour, 7200);
}

/* A reader's hour that cannot be stored takes nothing back but itself. */
Test(writer, stores_what_another_left_though_the_hour_after_it_cannot_be)
{
    struct writer *w = start(NULL);
    give_counts(w, 9, writer_going);
    (void)writer_stop(w);
    sql("CREATE TRIGGER full BEFORE INSERT ON hours BEGIN SELECT RAISE(ABORT, 'disk full'); "
        "END");

    sqlite3_close(beside);
    w = start(NULL);
    give_minute(w, 7200);
    wait_for_minute(7200);
    sql("DROP TRIGGER full");
    sql("CREATE TRIGGER full BEFORE INSERT ON learned WHEN new.name = 'read hours' BEGIN "
        "SELECT RAISE(ABORT, 'disk full'); END");
    give_counts(w, 20, end_read_hour);
    give_minute(w, 7260);
    wait_for_minute(7260);
    sql("DROP TRIGGER full");
    give_counts(w, 5, end_read_hour);
    struct writer_counts counts = writer_stop(w);
    cr_expect(eq(u64, counts.failed, 1));
    cr_expect(eq(int, number("SELECT sum(queries) FROM hours"), 9 + 5));
}

/* More is kept the next time, so nothing is lost by it. */
Test(writer, does_not_count_as_lost_what_it_cannot_keep_aside)
{
    struct writer *w = start(NULL);
    sql("CREATE TRIGGER full BEFORE INSERT ON hours_going BEGIN SELECT "
        "RAISE(ABORT, 'disk full'); END");
    give_counts(w, 3, writer_going);
    give_counts(w, 20, end_hour);
    struct writer_counts counts = writer_stop(w);
    cr_expect(eq(u64, counts.failed + counts.dropped, 0));
    cr_expect(eq(int, number("SELECT sum(queries) FROM hours"), 20));
}

/* Pages are kept as long as the overview leads to them. */
Test(writer, removes_old_cases_and_older_pages_with_each_hour)
{
    char www[DIRECTORY_BYTES + 8];
    static const char *const folders[] = {
            "cases",
            "cases/1970-0330-1",
            "cases/1970-0403-1",
            "cases/1970-0226-1",
            "www",
            "www/incidents",
            "www/incidents/1970-0330-1",
            "www/incidents/1970-0226-1",
    };
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        make(folders[i]);
    (void)snprintf(www, sizeof www, "%s/www", directory);
    struct writer *w = start_with(NULL, www);
    close_incident(w, "1970-0330-1", NOW_S - 12 * DAY_S);
    close_incident(w, "1970-0226-1", NOW_S - 44 * DAY_S);
    close_incident(w, "1970-0403-1", NOW_S - DAY_S);
    give_hour(w, NOW_S);
    struct writer_counts counts = writer_stop(w);
    cr_expect(eq(u64, counts.failed, 0));
    cr_expect_not(is_there("cases/1970-0330-1"));
    cr_expect_not(is_there("cases/1970-0226-1"));
    cr_expect(is_there("cases/1970-0403-1"));
    cr_expect(is_there("www/incidents/1970-0330-1"));
    cr_expect_not(is_there("www/incidents/1970-0226-1"));
}

/* One frame with a time of the next century must not cost the evidence of this one. */
Test(writer, takes_nothing_for_old_by_an_hour_that_has_not_come)
{
    static const int64_t far_s = INT64_C(4102444800); /* 2100 */
    make("cases");
    make("cases/2099-0101-1");
    struct writer *w = start(NULL);
    close_incident(w, "2099-0101-1", far_s - 365 * DAY_S);
    give_minute(w, far_s - 365 * DAY_S);
    give_hour(w, far_s);
    struct writer_counts counts = writer_stop(w);
    cr_expect(eq(u64, counts.failed, 0));
    cr_expect(is_there("cases/2099-0101-1"));
    cr_expect(eq(int, number("SELECT count(*) FROM minutes"), 1));
}

Test(writer, stores_the_hour_though_an_old_case_cannot_be_removed)
{
    struct writer *w = start(NULL);
    char path[DIRECTORY_BYTES + 8];
    (void)snprintf(path, sizeof path, "%s/cases", directory);
    FILE *f = fopen(path, "w"); /* in the way */
    cr_assert_not_null(f);
    (void)fclose(f);
    give_hour(w, NOW_S);
    struct writer_counts counts = writer_stop(w);
    cr_expect(eq(u64, counts.failed, 0));
    cr_expect(eq(int, number("SELECT count(*) FROM hours_stored"), 1));
}

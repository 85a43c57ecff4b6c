/* SPDX-License-Identifier: MIT */
#include "program/jobs.h"

#include "analysis/store.h"

#include "tests/support/directory.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char directory[DIRECTORY_BYTES];
static struct log quiet;
static struct config config;
static struct store *store;
static struct error err;
static int64_t minute_s; /* a whole one, some time ago */

static void configure(void)
{
    char path[DIRECTORY_BYTES + 16];
    struct config_problems problems;
    (void)snprintf(path, sizeof path, "%s/yaml", directory);
    FILE *f = fopen(path, "w");
    (void)fprintf(f, "site: test\nstate: %s\n", directory);
    (void)fclose(f);
    cr_assert(config_load(path, &config, &problems), "%s", problems.problem[0].text);
}

static void setup(void)
{
    directory_make(directory);
    log_init(&quiet, open("/dev/null", O_WRONLY | O_CLOEXEC));
    configure();
    store = store_open(directory, STORE_WRITE, &err);
    cr_assert_not_null(store, "%s", err.text);
    minute_s = (int64_t)time(NULL) / 60 * 60 - 600;
}

static void teardown(void)
{
    store_close(store);
    close(quiet.fd);
    directory_remove(directory);
}

TestSuite(jobs, .init = setup, .fini = teardown, .timeout = 900);

static void put_minute(int64_t start_s)
{
    const struct minute m = {.start_s = start_s,
                             .covered_s = 60,
                             .queries = 60000,
                             .usual_qps = (double)NAN,
                             .spread_qps = (double)NAN};
    cr_assert(store_put_minute(store, &m, &err), "%s", err.text);
}

static void put_event(const char *id, int64_t time_s)
{
    struct incident_event e = {.time_s = time_s, .state = INCIDENT_OPENED};
    struct incident *i = &e.incident;
    i->began_s = i->opened_s = i->changed_s = time_s;
    i->wave = 1;
    i->prefixes = 1;
    i->prefix[0] = prefix_of(4, (const uint8_t[16]){207, 244, 46}, 24);
    i->rate_qps = 500;
    i->share = 0.5;
    (void)snprintf(i->id, sizeof i->id, "%s", id);
    (void)snprintf(i->summary, sizeof i->summary, "it sends more");
    cr_assert(store_put_event(store, &e, &err), "%s", err.text);
}

static bool has_page(const char *id)
{
    char path[DIRECTORY_BYTES + 64];
    (void)snprintf(path, sizeof path, "%s/www/incidents/%s/index.html", directory, id);
    return access(path, F_OK) == 0;
}

static unsigned mode_of(const char *name)
{
    char path[DIRECTORY_BYTES + 64];
    struct stat st;
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    cr_assert(eq(int, stat(path, &st), 0), "%s", path);
    return st.st_mode & 07777;
}

static bool has_case(const char *id, const char *name)
{
    char path[DIRECTORY_BYTES + 64];
    (void)snprintf(path, sizeof path, "%s/cases/%s/%s", directory, id, name);
    return access(path, F_OK) == 0;
}

static void run(void)
{
    struct notify_counts counts;
    cr_assert(jobs_run(&config, directory, &quiet, true, &counts));
}

Test(jobs, draw_an_incident_once_the_minute_it_opened_in_is_stored)
{
    put_minute(minute_s);
    put_event("2026-0101-1", minute_s + 70);
    run();
    cr_expect(not(has_page("2026-0101-1")));

    put_minute(minute_s + 60);
    run();
    cr_expect(has_page("2026-0101-1"));
}

Test(jobs, draw_pages_for_a_web_server_and_keep_the_rest_to_themselves)
{
    put_minute(minute_s);
    put_event("2026-0101-1", minute_s + 10);
    (void)umask(027);
    run();
    cr_expect(eq(u32, mode_of("www"), 0755));
    cr_expect(eq(u32, mode_of("www/incidents/2026-0101-1"), 0755));
    cr_expect(eq(u32, mode_of("www/index.html"), 0644));
    cr_expect(eq(u32, mode_of("cases/2026-0101-1"), 0750));
    cr_expect(eq(u32, mode_of("cases/2026-0101-1/case.txt"), 0640));
}

Test(jobs, draw_nothing_before_the_first_minute_is_stored)
{
    put_event("2026-0101-1", minute_s + 10);
    run();
    cr_expect(not(has_page("2026-0101-1")));

    put_minute(minute_s);
    run();
    cr_expect(has_page("2026-0101-1"));
}

Test(jobs, make_a_case_file_of_each_incident_at_once)
{
    put_event("2026-0101-1", minute_s + 10);
    put_event("2026-0101-2", minute_s + 20);
    run();
    cr_expect(has_case("2026-0101-1", "case.txt"), "before the first minute is stored, too");
    cr_expect(has_case("2026-0101-2", "case.html"));
    cr_expect(has_case("2026-0101-2", "case.json"));
    cr_expect(not(has_case("2026-0101-1", "share.png")));

    put_minute(minute_s);
    put_minute(minute_s + 60);
    put_event("2026-0101-1", minute_s + 90);
    run();
    cr_expect(has_case("2026-0101-1", "share.png"), "with its pictures, once there are some");
}

Test(jobs, ask_nobody_about_incidents_of_long_ago)
{
    put_event("2026-0101-1", minute_s - 3 * 86400);
    put_event("2026-0101-2", minute_s + 10);
    run();
    cr_expect(not(has_case("2026-0101-1", "case.txt")));
    cr_expect(has_case("2026-0101-2", "case.txt"));
}

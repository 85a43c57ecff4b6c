/* SPDX-License-Identifier: MIT */
#include "graphs/archive.h"
#include "tests/support/case.h"
#include "tests/support/directory.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <rrd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[DIRECTORY_BYTES];
static struct archive *archive;
static struct store *store;
static struct error err;

static void setup(void)
{
    directory_make(directory);
    archive = archive_open(directory, &err);
    cr_assert_not_null(archive, "%s", err.text);
}

static void teardown(void)
{
    archive_close(archive);
    store_close(store);
    directory_remove(directory);
}

TestSuite(archive, .init = setup, .fini = teardown);

static void stored(int64_t from_s, int64_t to_s)
{
    if (store == NULL)
        store = store_open(directory, STORE_WRITE, &err);
    cr_assert_not_null(store, "%s", err.text);
    cr_assert(case_fill(store, from_s, to_s, &err), "%s", err.text);
}

static void put(int64_t start_s, uint32_t covered_s, uint64_t queries)
{
    struct minute m = {.start_s = start_s,
                       .covered_s = covered_s,
                       .queries = queries,
                       .usual_qps = (double)NAN,
                       .spread_qps = (double)NAN};
    cr_assert(archive_put(archive, &m, start_s + 60, &err), "%s", err.text);
}

/* What the archive says of the minute that starts then. */
static double average(enum series_family f, struct prefix p, const char *name, int64_t start_s)
{
    char path[ARCHIVE_PATH_BYTES];
    time_t from = start_s, to = start_s + 60;
    unsigned long step = 60, sources;
    char **names;
    rrd_value_t *data;
    double value = (double)NAN;

    archive_path(archive, f, p, path);
    int failed = rrd_fetch_r(path, "AVERAGE", &from, &to, &step, &sources, &names, &data);
    cr_assert_eq(failed, 0, "%s", rrd_get_error());
    cr_assert_eq(step, 60);
    for (unsigned long i = 0; i < sources; i++) {
        if (strcmp(names[i], name) == 0)
            value = data[(start_s + 60 - from) / 60 * (long)sources - (long)sources + (long)i];
        free(names[i]);
    }
    free(names);
    free(data);
    return value;
}

static double total(const char *name, int64_t start_s)
{
    return average(SERIES_TOTAL, (struct prefix){0}, name, start_s);
}

#define T0 CASE_FROM_S

Test(archive, keeps_rates_per_second_captured)
{
    put(T0, 60, 6000);
    put(T0 + 60, 30, 6000);
    cr_expect(epsilon_eq(dbl, total("queries", T0), 100, 1e-9));
    cr_expect(epsilon_eq(dbl, total("queries", T0 + 60), 200, 1e-9));
    cr_expect(isnan(total("usual", T0)));
    cr_expect(epsilon_eq(dbl, average(SERIES_HEALTH, (struct prefix){0}, "covered", T0 + 60),
                         .5, 1e-9));
    cr_expect(eq(i64, archive_last(archive), T0 + 120));
}

/* Its last interval reached into the next minute; that is no more than all of it. */
Test(archive, keeps_the_rate_of_a_minute_with_a_stretched_interval)
{
    put(T0, 75, 7500);
    put(T0 + 60, 45, 4500);
    cr_expect(epsilon_eq(dbl, total("queries", T0), 100, 1e-9));
    cr_expect(epsilon_eq(dbl, total("queries", T0 + 60), 100, 1e-9));
    cr_expect(epsilon_eq(dbl, average(SERIES_HEALTH, (struct prefix){0}, "covered", T0), 1,
                         1e-9));
}

/* The last half minute is that of the next row, and what was not captured is unknown. */
Test(archive, draws_a_minute_that_a_stretched_interval_reached_over_as_that_one)
{
    put(T0, 60, 6000);
    struct minute m = {.start_s = T0 + 60, .covered_s = 210, .queries = 21000};
    cr_assert(archive_put(archive, &m, T0 + 270, &err), "%s", err.text);
    put(T0 + 240, 30, 6000);
    put(T0 + 420, 60, 6000);
    for (int64_t s = T0; s < T0 + 240; s += 60)
        cr_expect(epsilon_eq(dbl, total("queries", s), 100, 1e-9), "%d", (int)(s - T0));
    cr_expect(epsilon_eq(dbl, total("queries", T0 + 240), 200, 1e-9));
    cr_expect(isnan(total("queries", T0 + 300)));
    cr_expect(isnan(total("queries", T0 + 360)));
    cr_expect(eq(i64, archive_last(archive), T0 + 480));
}

Test(archive, leaves_a_minute_without_a_row_unknown)
{
    put(T0, 60, 6000);
    put(T0 + 120, 60, 12000);
    put(T0 + 600, 60, 12000);
    cr_expect(epsilon_eq(dbl, total("queries", T0), 100, 1e-9));
    cr_expect(isnan(total("queries", T0 + 60)), "one missing minute");
    cr_expect(epsilon_eq(dbl, total("queries", T0 + 120), 200, 1e-9));
    cr_expect(isnan(total("queries", T0 + 180)));
    cr_expect(isnan(total("queries", T0 + 540)));
    cr_expect(epsilon_eq(dbl, total("queries", T0 + 600), 200, 1e-9));
}

Test(archive, passes_over_what_it_has)
{
    put(T0, 60, 6000);
    put(T0, 60, 9999);
    cr_expect(epsilon_eq(dbl, total("queries", T0), 100, 1e-9));
}

Test(archive, refuses_the_future)
{
    struct minute m = {.start_s = T0 + 7200, .covered_s = 60};
    cr_expect(not(archive_put(archive, &m, T0, &err)));
    cr_expect_not_null(strstr(err.text, "future"), "%s", err.text);
    put(T0, 60, 6000);
    cr_expect(eq(i64, archive_last(archive), T0 + 60));
}

Test(archive, catches_up_with_the_store_and_twice_is_the_same)
{
    struct minute m;
    stored(T0, T0 + 8 * 3600);
    for (int i = 0; i < 2; i++)
        cr_assert(archive_catch_up(archive, store, T0 + 7 * 3600, &err), "%s", err.text);

    cr_expect(eq(i64, archive_last(archive), T0 + 7 * 3600));
    case_minute(T0 + 3 * 3600, &m);
    cr_expect(epsilon_eq(dbl, total("queries", m.start_s), m.queries / 60.0, 1e-6));
    cr_expect(epsilon_eq(dbl, average(SERIES_QTYPE, (struct prefix){0}, "MX", m.start_s),
                         m.qtype[QTYPE_CLASS_MX] / 60.0, 1e-6));
    cr_expect(isnan(total("queries", CASE_GAP_S)), "the mirror was silent");
    cr_expect(eq(str, (char *)archive_notes(archive), ""));
}

Test(archive, takes_only_complete_minutes)
{
    stored(T0, T0 + 3600);
    cr_assert(archive_catch_up(archive, store, T0 + 150, &err), "%s", err.text);
    cr_expect(eq(i64, archive_last(archive), T0 + 120));
}

static void spoil(enum series_family f, struct prefix p, long at, const char *text)
{
    char path[ARCHIVE_PATH_BYTES];
    FILE *file = fopen(archive_path(archive, f, p, path), "r+b");
    cr_assert_not_null(file);
    fseek(file, at, SEEK_SET);
    fputs(text, file);
    fclose(file);
}

static bool set_aside(const char *name)
{
    char path[DIRECTORY_BYTES + 64];
    struct stat st;
    snprintf(path, sizeof path, "%s/rrd/%s.bad", directory, name);
    return stat(path, &st) == 0;
}

Test(archive, makes_a_damaged_file_again_from_the_store)
{
    struct minute m;
    case_minute(T0 + 1200, &m);
    stored(T0, T0 + 3600);
    cr_assert(archive_catch_up(archive, store, T0 + 3600, &err), "%s", err.text);
    spoil(SERIES_TOTAL, (struct prefix){0}, 24, "\xff\xff\xff\xff");

    struct minute next;
    case_minute(T0 + 3600, &next);
    cr_assert(archive_put(archive, &next, T0 + 3660, &err), "a put does not start it anew");
    cr_expect(eq(i64, archive_last(archive), 0));
    cr_expect_not_null(strstr(archive_notes(archive), "total.rrd"));

    cr_assert(archive_catch_up(archive, store, T0 + 3600, &err), "%s", err.text);
    cr_expect(set_aside("total.rrd"));
    cr_expect(epsilon_eq(dbl, total("queries", m.start_s), m.queries / 60.0, 1e-6));
}

Test(archive, never_gives_a_damaged_file_to_the_library)
{
    stored(T0, T0 + 3600);
    for (long at = 0; at < 6000; at += 97) {
        cr_assert(archive_catch_up(archive, store, T0 + 3600, &err), "%s", err.text);
        spoil(SERIES_SOURCE, (struct prefix){0}, at, "\xfe\xff\xff\xff\xff\xff\xff\xff");
    }
    cr_expect(archive_catch_up(archive, store, T0 + 3600, &err), "%s", err.text);
}

Test(archive, makes_a_file_that_ends_in_the_future_again)
{
    stored(T0, T0 + 3600);
    put(T0 + 86400, 60, 1);
    cr_assert(archive_catch_up(archive, store, T0 + 3600, &err), "%s", err.text);
    cr_expect(set_aside("total.rrd"));
    cr_expect(eq(i64, archive_last(archive), T0 + 3600));
}

Test(archive, fills_a_followed_prefix_from_minutes_and_hours)
{
    struct prefix culprit = case_culprit();
    int64_t began_s = CASE_BEGAN_S;
    stored(began_s - 3 * 3600, began_s + 2 * 3600);
    cr_assert(archive_catch_up(archive, store, began_s + 3600, &err), "%s", err.text);
    cr_expect(not(archive_follows(archive, culprit)));
    cr_assert(archive_follow(archive, store, &culprit, 1, began_s + 3600, &err), "%s",
              err.text);

    cr_expect(archive_follows(archive, culprit));
    cr_expect(eq(dbl, average(SERIES_FOLLOWED, culprit, "queries", began_s - 600), 0),
              "an hour stored without it is a true zero");
    cr_expect(epsilon_eq(dbl, average(SERIES_FOLLOWED, culprit, "queries", began_s), 960, 25));
    cr_expect(eq(dbl, average(SERIES_FOLLOWED, culprit, "hosts", began_s), 5));

    cr_assert(archive_catch_up(archive, store, began_s + 7200, &err), "%s", err.text);
    cr_expect(epsilon_eq(dbl,
                         average(SERIES_FOLLOWED, culprit, "queries", began_s + 7000 / 60 * 60),
                         960, 25));
}

Test(archive, fills_a_followed_prefix_over_a_minute_that_reached_over_others)
{
    struct prefix culprit = case_culprit();
    int64_t stretched_s = CASE_BEGAN_S + 3600;
    struct minute m;
    stored(CASE_BEGAN_S, stretched_s);
    case_minute(stretched_s, &m);
    m.covered_s = 210;
    for (unsigned i = 0; i < m.prefixes; i++)
        m.prefix[i].queries = m.prefix[i].queries * 210 / 60;
    cr_assert(store_put_minute(store, &m, &err), "%s", err.text);
    case_minute(stretched_s + 300, &m);
    cr_assert(store_put_minute(store, &m, &err), "%s", err.text);
    cr_assert(archive_catch_up(archive, store, stretched_s + 360, &err), "%s", err.text);
    cr_assert(archive_follow(archive, store, &culprit, 1, stretched_s + 360, &err), "%s",
              err.text);
    for (int64_t s = stretched_s; s < stretched_s + 180; s += 60)
        cr_expect(epsilon_eq(dbl, average(SERIES_FOLLOWED, culprit, "queries", s), 960, 25));
    cr_expect(isnan(average(SERIES_FOLLOWED, culprit, "queries", stretched_s + 180)));
}

Test(archive, leaves_a_prefix_unknown_where_nothing_was_stored_of_it)
{
    struct prefix quiet = case_network(19);
    stored(CASE_BEGAN_S, CASE_BEGAN_S + 3600);
    struct minute m;
    case_minute(CASE_BEGAN_S + 3600, &m); /* of an hour that has not been stored */
    cr_assert(store_put_minute(store, &m, &err));
    cr_assert(archive_catch_up(archive, store, CASE_BEGAN_S + 3660, &err), "%s", err.text);
    cr_assert(archive_follow(archive, store, &quiet, 1, CASE_BEGAN_S + 3660, &err));
    cr_expect(isnan(average(SERIES_FOLLOWED, quiet, "queries", CASE_BEGAN_S + 3600)));
    cr_expect(eq(dbl, average(SERIES_FOLLOWED, quiet, "queries", CASE_BEGAN_S + 60), 0));
}

Test(archive, leaves_no_torn_file_on_a_full_disk)
{
    char small[DIRECTORY_BYTES + 8];
    snprintf(small, sizeof small, "%s/small", directory);
    mkdir(small, 0700);
    if (mount("tmpfs", small, "tmpfs", 0, "size=300k") != 0)
        cr_skip("a small tmpfs needs the rights of root");

    struct archive *full = archive_open(small, &err);
    struct minute m = {.start_s = T0, .covered_s = 60, .queries = 60};
    bool done = archive_put(full, &m, T0 + 60, &err);
    bool said = strstr(err.text, "disk") != NULL || strstr(err.text, "space") != NULL;
    bool left = archive_last(full) != 0;
    bool aside = directory_holds(small, ".new");
    archive_close(full);
    umount(small);
    cr_expect(not(done));
    cr_expect(said, "%s", err.text);
    cr_expect(not(left || aside));
}

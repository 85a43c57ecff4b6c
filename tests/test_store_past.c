/* SPDX-License-Identifier: MIT */
#include "analysis/store_going.h"
#include "analysis/store_past.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOUR_S = 1735689600, MINUTE_S = 60 };

static char directory[64];
static struct store *store;
static struct store_past *past;
static struct error err;

static void setup(void)
{
    strcpy(directory, "/tmp/rootwatch-store-past-XXXXXX");
    cr_assert_not_null(mkdtemp(directory));
    store = store_open(directory, STORE_WRITE, &err);
    cr_assert_not_null(store, "%s", err.text);
}

static void teardown(void)
{
    char command[128];
    store_past_free(past);
    store_close(store);
    (void)snprintf(command, sizeof command, "rm -rf %s", directory);
    cr_assert(eq(int, system(command), 0));
}

TestSuite(store_past, .init = setup, .fini = teardown);

static void given_minutes(int64_t from_s, unsigned minutes)
{
    struct minute m = {.covered_s = 60, .usual_qps = (double)NAN, .spread_qps = (double)NAN};
    for (unsigned i = 0; i < minutes; i++) {
        m.start_s = from_s + i * MINUTE_S;
        cr_assert(store_put_minute(store, &m, &err), "%s", err.text);
    }
}

static void given_hour(int64_t hour_s)
{
    cr_assert(store_put_hour(store, hour_s, NULL, 0, &err), "%s", err.text);
}

static void given_reader(int64_t minutes_to_s, int64_t hours_to_s)
{
    cr_assert(store_note_minutes(store, minutes_to_s, &err), "%s", err.text);
    cr_assert(hours_to_s == 0 || store_note_hours(store, hours_to_s, &err), "%s", err.text);
}

static void when_it_is_read(void)
{
    past = store_past_read(store, &err);
    cr_assert_not_null(past, "%s", err.text);
}

static void then(int64_t time_s, enum store_past_part part)
{
    cr_expect(eq(int, store_past_part(past, time_s), part), "%lld s",
              (long long)(time_s - HOUR_S));
}

Test(store_past, is_nothing_where_nothing_was_stored)
{
    then(HOUR_S, PAST_NOTHING);
    when_it_is_read();
    then(0, PAST_NOTHING);
    then(HOUR_S, PAST_NOTHING);
}

Test(store_past, is_what_minutes_and_hours_have_with_the_holes_in_them)
{
    for (unsigned i = 0; i < 40; i++)
        given_minutes(HOUR_S + i * 2 * MINUTE_S, 1);
    given_hour(HOUR_S);
    given_hour(HOUR_S + 3600);
    when_it_is_read();
    then(HOUR_S - 1, PAST_NOTHING);
    for (unsigned i = 0; i < 40; i++) {
        then(HOUR_S + i * 2 * MINUTE_S, PAST_ALL);
        then(HOUR_S + i * 2 * MINUTE_S + 59, PAST_ALL);
        then(HOUR_S + i * 2 * MINUTE_S + 60, PAST_NOTHING);
    }
    then(HOUR_S + 80 * MINUTE_S, PAST_NOTHING);
}

Test(store_past, goes_on_in_the_minute_in_which_the_files_ended)
{
    given_minutes(HOUR_S, 3);
    given_hour(HOUR_S);
    given_reader(HOUR_S + 150, HOUR_S + 150);
    when_it_is_read();
    then(HOUR_S + 119, PAST_ALL);
    then(HOUR_S + 149, PAST_ALL);
    then(HOUR_S + 150, PAST_NOTHING);
    then(HOUR_S + 180, PAST_NOTHING);
}

/* A file was cut within a second; not one that begins long before. */
Test(store_past, goes_on_in_the_interval_in_which_the_files_ended)
{
    given_minutes(HOUR_S, 4);
    given_hour(HOUR_S);
    given_reader(HOUR_S + 121, HOUR_S + 121);
    when_it_is_read();
    store_past_begin(past, HOUR_S + 60, 1);
    then(HOUR_S + 119, PAST_ALL);
    then(HOUR_S + 120, PAST_ALL);
    then(HOUR_S + 121, PAST_NOTHING);
    store_past_begin(past, HOUR_S + 119, 1);
    then(HOUR_S + 118, PAST_ALL);
    then(HOUR_S + 119, PAST_NOTHING);
    then(HOUR_S + 120, PAST_NOTHING);
    then(HOUR_S + 179, PAST_NOTHING);
    then(HOUR_S + 180, PAST_ALL);
}

Test(store_past, is_nothing_new_at_the_end_of_whole_minutes)
{
    given_minutes(HOUR_S, 3);
    given_hour(HOUR_S);
    given_reader(HOUR_S + 120, HOUR_S + 120);
    when_it_is_read();
    then(HOUR_S + 119, PAST_ALL);
    then(HOUR_S + 120, PAST_ALL);
}

/* Its hour is not stored, or only what a reader before it had of it. */
Test(store_past, is_minutes_alone_where_the_reader_was_killed)
{
    given_minutes(HOUR_S, 130);
    given_hour(HOUR_S);
    given_hour(HOUR_S + 3600);
    given_reader(HOUR_S + 7800, HOUR_S + 3600 + 1800);
    when_it_is_read();
    then(HOUR_S + 3599, PAST_ALL);
    then(HOUR_S + 3600 + 1799, PAST_ALL);
    then(HOUR_S + 3600 + 1800, PAST_MINUTES);
    then(HOUR_S + 7200, PAST_MINUTES);
    then(HOUR_S + 7799, PAST_MINUTES);
    then(HOUR_S + 7800, PAST_NOTHING);
}

/* A live capture that was killed has left its hour, which the next process ends. */
Test(store_past, has_an_hour_that_was_left)
{
    struct store_names *none = calloc(1, sizeof *none);
    struct store_hour left = {.start_s = HOUR_S, .names = {none, none}};
    given_minutes(HOUR_S, 5);
    cr_assert(store_keep_going(store, &left, &err), "%s", err.text);
    free(none);
    when_it_is_read();
    then(HOUR_S + 60, PAST_ALL);
}

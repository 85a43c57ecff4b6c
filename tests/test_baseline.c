/* SPDX-License-Identifier: MIT */
#include "analysis/baseline.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

enum { START_S = 1735689600, DAY_MINUTES = 1440 };

/* A day's cycle around 1000 queries/s. */
static double rate_at(int64_t minute_s)
{
    return 1000 + 400 * sin(2 * M_PI * (double)(minute_s % 86400) / 86400);
}

static void learn_days(struct baseline *b, int days)
{
    for (int m = 0; m < days * DAY_MINUTES; m++)
        baseline_learn(b, START_S + 60 * m, rate_at(START_S + 60 * m));
}

static double usual_at(const struct baseline *b, int64_t time_s)
{
    double usual, spread;
    cr_assert(baseline_usual(b, time_s, &usual, &spread));
    return usual;
}

Test(baseline, knows_nothing_for_ten_minutes)
{
    struct baseline b = {.level = 1};
    double usual, spread;
    cr_expect_not(baseline_usual(&b, START_S, &usual, &spread));
    learn_days(&b, 1);
    cr_expect(baseline_usual(&b, START_S + 86400, &usual, &spread));
}

Test(baseline, knows_the_hour_of_the_day_after_two_days)
{
    struct baseline b = {.level = 1};
    learn_days(&b, 2);
    int64_t noon_s = START_S + 2 * 86400 + 6 * 3600;
    cr_expect(fabs(usual_at(&b, noon_s) / rate_at(noon_s) - 1) < 0.1);
}

Test(baseline, is_hardly_moved_by_one_wild_minute)
{
    struct baseline b = {.level = 1};
    learn_days(&b, 2);
    int64_t now_s = START_S + 2 * 86400;
    double before = usual_at(&b, now_s);
    baseline_learn(&b, now_s, 100 * before);
    cr_expect(usual_at(&b, now_s) < 1.05 * before);
}

Test(baseline, survives_being_written_and_read)
{
    struct baseline b = {.level = 1};
    struct baseline again;
    struct error err;
    learn_days(&b, 1);
    json_t *json = baseline_json(&b);
    cr_assert(baseline_parse(json, &again, &err), "%s", err.text);
    json_decref(json);
    cr_expect(fabs(usual_at(&again, START_S + 90000) - usual_at(&b, START_S + 90000)) < 1e-6);
}

/* SPDX-License-Identifier: MIT */
#include "analysis/habits.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

enum { DAY_S = 86400, BEGAN_S = 1735689600 };

static struct habits h;
static const struct subject job = {.kind = INCIDENT_PREFIX, .key = 42};

static void seen(int64_t began_s)
{
    habits_note(&h, &job, began_s);
    habits_measure(&h, &job, 20, 180);
}

static void setup(void)
{
    h = (struct habits){.habit = {{.kind = 0}}};
}

TestSuite(habits, .init = setup);

Test(habits, are_known_on_the_third_night)
{
    seen(BEGAN_S);
    cr_expect_not(habits_has(&h, &job, BEGAN_S + DAY_S, 20, 0));
    seen(BEGAN_S + DAY_S);
    cr_expect(habits_has(&h, &job, BEGAN_S + 2 * DAY_S + 600, 20, 0));
}

Test(habits, are_not_what_comes_at_another_hour_larger_or_longer)
{
    seen(BEGAN_S);
    seen(BEGAN_S + DAY_S);
    cr_expect_not(habits_has(&h, &job, BEGAN_S + 2 * DAY_S + 3600, 20, 0));
    cr_expect_not(habits_has(&h, &job, BEGAN_S + 2 * DAY_S, 61, 0));
    cr_expect_not(habits_has(&h, &job, BEGAN_S + 2 * DAY_S, 20, 7200));
}

Test(habits, survive_a_restart)
{
    struct habits again = {.habit = {{.kind = 0}}};
    seen(BEGAN_S);
    seen(BEGAN_S + DAY_S);
    json_t *json = habits_json(&h);
    cr_assert(habits_parse(json, &again));
    json_decref(json);
    cr_expect(habits_has(&again, &job, BEGAN_S + 2 * DAY_S, 20, 0));
}

/* SPDX-License-Identifier: MIT */
#include "analysis/junk_level.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

/* Of 5000 places, taken anew in five minutes, 1000 may be taken in a minute. */
enum { PLACES = 5000, SECOND = 1000 / 60 };

static struct junk_level level;
static int64_t now_s;

static void setup(void)
{
    level = (struct junk_level){.kept = 0};
    now_s = 1106049600;
}

TestSuite(junk_level, .init = setup);

/* As many questions a second come anew, of which the sampled are seen. */
static void pass(int64_t seconds, uint64_t always, uint64_t questions)
{
    for (int64_t i = 0; i < seconds; i++, now_s++) {
        junk_level_add(&level, always, questions >> junk_level_kept(&level));
        junk_level_pass(&level, PLACES, now_s, now_s + 1);
    }
}

#define EXPECT_LEVELS(kept, counted)                      \
    cr_expect(eq(uint, junk_level_kept(&level), (kept))); \
    cr_expect(eq(uint, junk_level_counted(&level), (counted)))

Test(junk_level, keeps_all_while_there_is_room)
{
    pass(3600, SECOND / 4, SECOND / 2);
    EXPECT_LEVELS(0, 0);
}

Test(junk_level, bears_a_moment_of_more)
{
    pass(300, 1, SECOND / 2);
    pass(10, 1, 2 * SECOND);
    pass(300, 1, SECOND / 2);
    EXPECT_LEVELS(0, 0);
}

Test(junk_level, rises_as_far_as_it_must)
{
    pass(600, 1, 3 * SECOND);
    EXPECT_LEVELS(2, 2);
    pass(600, 1, 13 * SECOND);
    EXPECT_LEVELS(4, 4);
    pass(600, 1, 1000 * SECOND);
    EXPECT_LEVELS(JUNK_LEVEL_MAX, JUNK_LEVEL_MAX);
}

Test(junk_level, rises_within_seconds_where_much_comes)
{
    pass(3, 1, 100 * SECOND);
    EXPECT_LEVELS(3, 3);
    pass(20, 1, 100 * SECOND);
    EXPECT_LEVELS(JUNK_LEVEL_MAX, JUNK_LEVEL_MAX);
}

Test(junk_level, does_not_rise_where_that_makes_no_room)
{
    pass(600, 100 * SECOND, 10 * SECOND);
    EXPECT_LEVELS(0, 0);
    pass(600, 100 * SECOND, 40 * SECOND);
    EXPECT_LEVELS(2, 2);
}

Test(junk_level, falls_when_there_is_room_and_counts_what_was_kept_for_long_enough)
{
    pass(600, 1, 13 * SECOND);
    EXPECT_LEVELS(4, 4);
    pass(600, 1, 5 * SECOND); /* three would do, but only just */
    EXPECT_LEVELS(4, 4);
    int64_t since_s = now_s;
    while (junk_level_kept(&level) == 4 && now_s < since_s + 600)
        pass(1, 1, SECOND / 8);
    cr_expect(lt(i64, now_s, since_s + 300));
    pass(JUNK_LEVEL_KEEP_S - 2, 1, SECOND / 8);
    cr_expect(lt(uint, junk_level_kept(&level), 4));
    cr_expect(eq(uint, junk_level_counted(&level), 4));
    pass(2 * JUNK_LEVEL_KEEP_S, 1, SECOND / 8);
    EXPECT_LEVELS(0, 0);
}

Test(junk_level, counts_a_new_rise_at_once)
{
    pass(600, 1, 3 * SECOND);
    EXPECT_LEVELS(2, 2);
    pass(400, 1, SECOND / 8);
    pass(20, 1, 1000 * SECOND);
    EXPECT_LEVELS(JUNK_LEVEL_MAX, JUNK_LEVEL_MAX);
}

Test(junk_level, forgets_what_was_before_a_gap)
{
    pass(600, 1, 13 * SECOND);
    junk_level_pass(&level, PLACES, now_s, now_s + 7200);
    cr_expect(eq(uint, junk_level_kept(&level), 0));
    junk_level_pass(&level, PLACES, now_s + 7200, now_s + 14400);
    EXPECT_LEVELS(0, 0);
}

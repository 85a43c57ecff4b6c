/* SPDX-License-Identifier: MIT */
#include "program/restart.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const int ended_with_1 = 1 << 8; /* as wait(2) has it */

static struct restart again;
static struct log quiet;
static FILE *said;

static void setup(void)
{
    said = tmpfile();
    cr_assert_not_null(said);
    log_init(&quiet, fileno(said));
    again = (struct restart){.due_s = 0};
}

static void teardown(void)
{
    (void)fclose(said);
}

TestSuite(restart, .init = setup, .fini = teardown);

/* How long after its end it is due. */
static int64_t pause_after(int64_t begun_s, int64_t lasted_s, int wait_status)
{
    restart_begun(&again, begun_s);
    cr_expect_not(restart_is_due(&again, begun_s + 100000));
    restart_plan(&again, begun_s + lasted_s, "it", wait_status, &quiet);
    cr_expect(restart_is_due(&again, again.due_s));
    cr_expect_not(restart_is_due(&again, again.due_s - 1));
    return again.due_s - begun_s - lasted_s;
}

Test(restart, waits_longer_each_time_and_a_minute_at_most)
{
    static const int64_t pauses[] = {1, 2, 4, 8, 16, 32, 60, 60};
    int64_t now_s = 1000;
    for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++) {
        cr_expect(eq(i64, pause_after(now_s, 1, ended_with_1), pauses[i]));
        now_s = again.due_s;
    }
    cr_expect(eq(i64, pause_after(now_s, RESTART_STABLE_S, ended_with_1), 1));
}

Test(restart, says_how_it_ended)
{
    char text[512] = "";
    (void)pause_after(1000, 1, SIGKILL);
    (void)pause_after(1002, 1, ended_with_1);
    rewind(said);
    (void)!fread(text, 1, sizeof text - 1, said);
    cr_expect_not_null(strstr(text, "it was ended by signal 9 (Killed); started again in 1 s"),
                       "%s", text);
    cr_expect_not_null(strstr(text, "it ended with status 1; started again in 2 s"), "%s",
                       text);
}

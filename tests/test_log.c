/* SPDX-License-Identifier: MIT */
#include "program/log.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int ends[2];
static struct log log_;
static char said[4096];

static void setup(void)
{
    cr_assert(eq(int, pipe(ends), 0));
    (void)unsetenv("JOURNAL_STREAM");
    log_init(&log_, ends[1]);
}

TestSuite(log, .init = setup);

static char *line(void)
{
    ssize_t n = read(ends[0], said, sizeof said - 1);
    said[n > 0 ? n : 0] = '\0';
    return said;
}

Test(log, gives_priorities_to_the_journal)
{
    struct stat st;
    char stream[64];
    cr_assert(eq(int, fstat(ends[1], &st), 0));
    (void)snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)st.st_dev,
                   (uintmax_t)st.st_ino);
    cr_assert(eq(int, setenv("JOURNAL_STREAM", stream, 1), 0));
    log_init(&log_, ends[1]);
    log_warning(&log_, "%d frames lost", 7);
    cr_expect(eq(str, line(), "<4>7 frames lost\n"));
}

Test(log, gives_time_and_word_elsewhere)
{
    cr_assert(eq(int, setenv("JOURNAL_STREAM", "1:2", 1), 0));
    log_init(&log_, ends[1]);
    log_error(&log_, "no");
    cr_expect(eq(str, line() + strlen("2005-01-18T12:06:01"), "Z error: no\n"));
}

Test(log, begins_with_the_name_of_a_command_by_hand)
{
    log_.name = "rootwatch read";
    log_warning(&log_, "no");
    cr_expect(eq(str, line(), "rootwatch read: warning: no\n"));
}

Test(log, keeps_hostile_text_on_one_line)
{
    log_.journal = true;
    log_info(&log_, "%s", "250 ok\r\n<2>forged\033[2J");
    cr_expect(eq(str, line(), "<6>250 ok\\x0d\\x0a<2>forged\\x1b[2J\n"));
}

Test(log, cuts_a_long_line_and_ends_it)
{
    char lots[4000];
    memset(lots, '\n', sizeof lots - 1);
    lots[sizeof lots - 1] = '\0';
    log_info(&log_, "%s", lots);
    cr_expect(lt(sz, strlen(line()), 2049));
    cr_expect(eq(chr, said[strlen(said) - 1], '\n'));
}

Test(log, leaves_out_what_is_not_urgent_enough)
{
    log_debug(&log_, "x");
    log_.journal = true;
    log_notice(&log_, "y");
    cr_expect(eq(str, line(), "<5>y\n"));
}

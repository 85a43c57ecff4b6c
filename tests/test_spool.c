/* SPDX-License-Identifier: MIT */
#include "program/spool.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOW_S = 1106049960 };

/* A state directory with a sendmail of ours: it appends what it gets to `got`, and ends as the
 * file `status` says. */
static struct config config;
static struct spool_counts counts;
static struct error err;
static struct log quiet;
static char state[] = "/tmp/rootwatch-spool-XXXXXX";

static char *in_state(const char *name)
{
    static char path[4][128];
    static unsigned next;
    char *p = path[next++ % 4];
    (void)snprintf(p, sizeof path[0], "%s/%s", state, name);
    return p;
}

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");
    cr_assert(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

static char *text_of(const char *path)
{
    static char text[8192];
    FILE *f = fopen(path, "re");
    size_t n = f != NULL ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f != NULL)
        (void)fclose(f);
    text[n] = '\0';
    return text;
}

static void given_sendmail(const char *ends)
{
    char script[512];
    (void)snprintf(script, sizeof script,
                   "#!/bin/sh\ncat >>%s/got\necho \"$@\" >%s/arguments\n%s\n", state, state,
                   ends);
    write_text(in_state("sendmail"), script);
    cr_assert(eq(int, chmod(in_state("sendmail"), 0755), 0));
}

static void setup(void)
{
    cr_assert(mkdtemp(state) != NULL);
    quiet = (struct log){.fd = -1};
    (void)snprintf(config.sendmail, sizeof config.sendmail, "%s/sendmail", state);
    strcpy(config.mail_from, "rootwatch@example.net");
    strcpy(config.mail_to[0], "noc@example.net");
    config.mail_recipients = 1;
    config.mail_timeout_s = 60;
    given_sendmail("exit 0");
}

static void teardown(void)
{
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf %s", state);
    cr_assert(eq(int, system(command), 0));
}

TestSuite(spool, .init = setup, .fini = teardown);

static void given_mail(const char *name, const char *text, int64_t time_s)
{
    cr_assert(spool_put(state, name, text, strlen(text), time_s, &err), "%s", err.text);
}

static void delivered_at(int64_t time_s)
{
    cr_assert(spool_deliver_all(&config, state, time_s, &quiet, &counts, &err), "%s", err.text);
}

static bool is_there(const char *name)
{
    return access(in_state(name), F_OK) == 0;
}

Test(spool, of_nobody_is_no_error)
{
    delivered_at(NOW_S);
    cr_expect(eq(u32, counts.sent, 0));
}

Test(spool, hands_a_mail_to_sendmail_once_and_as_it_is)
{
    given_mail("2005-0118-1-1", "Subject: x\r\n\r\n.\r\nend\r\n", NOW_S);
    delivered_at(NOW_S);
    delivered_at(NOW_S + 60);
    cr_expect(eq(str, text_of(in_state("got")), "Subject: x\r\n\r\n.\r\nend\r\n"));
    cr_expect(eq(str, text_of(in_state("arguments")), "-t -i -f rootwatch@example.net\n"));
    cr_expect(not(is_there("spool/2005-0118-1-1.eml")));
    cr_expect(eq(u32, counts.waiting, 0));
}

Test(spool, sends_the_oldest_first_and_tenth_after_second)
{
    given_mail("b-10", "10", NOW_S);
    given_mail("b-2", "2", NOW_S);
    given_mail("z-1", "old", NOW_S - 1);
    delivered_at(NOW_S);
    cr_expect(eq(str, text_of(in_state("got")), "old210"));
    cr_expect(eq(u32, counts.sent, 3));
}

Test(spool, keeps_what_is_not_accepted_and_tries_later)
{
    given_mail("a-1", "x", NOW_S);
    given_sendmail("echo queue full; exit 75");
    delivered_at(NOW_S);
    cr_expect(eq(u32, counts.waiting, 1));
    cr_expect(
            not(eq(ptr, strstr(text_of(in_state("spool/a-1.eml.retry")), "queue full"), NULL)));

    given_sendmail("exit 0");
    delivered_at(NOW_S + 59);
    cr_expect(eq(u32, counts.waiting, 1));
    delivered_at(NOW_S + 60);
    cr_expect(eq(u32, counts.sent, 1));
    cr_expect(not(is_there("spool/a-1.eml.retry")));
}

Test(spool, puts_away_what_is_refused_for_good)
{
    given_mail("a-1", "x", NOW_S);
    given_sendmail("exit 65");
    delivered_at(NOW_S);
    cr_expect(eq(u32, counts.rejected, 1));
    cr_expect(is_there("spool/a-1.rejected"));
    cr_expect(not(is_there("spool/a-1.eml")));
}

Test(spool, gives_up_after_five_days)
{
    given_mail("a-1", "x", NOW_S);
    given_sendmail("exit 75");
    delivered_at(NOW_S + 5 * 86400 - 1);
    cr_expect(eq(u32, counts.waiting, 1));
    delivered_at(NOW_S + 5 * 86400 + 60);
    cr_expect(eq(u32, counts.rejected, 1));
    cr_expect(is_there("spool/a-1.rejected"));
}

Test(spool, does_not_ask_again_at_once_when_nobody_is_there)
{
    given_mail("a-1", "x", NOW_S);
    given_mail("a-2", "y", NOW_S);
    cr_assert(eq(int, unlink(in_state("sendmail")), 0));
    delivered_at(NOW_S);
    cr_expect(eq(u32, counts.waiting, 2));
    given_sendmail("exit 0");
    delivered_at(NOW_S + 30);
    cr_expect(eq(u32, counts.waiting, 2));
    delivered_at(NOW_S + 60);
    cr_expect(eq(u32, counts.sent, 2));
}

Test(spool, kills_a_sendmail_that_hangs_with_all_its_children)
{
    config.mail_timeout_s = 1;
    given_mail("a-1", "x", NOW_S);
    given_sendmail("sleep 60 & sleep 60");
    delivered_at(NOW_S);
    cr_expect(eq(u32, counts.waiting, 1));
    cr_expect(is_there("spool/a-1.eml"));
}

Test(spool, is_not_stopped_by_a_clock_set_back)
{
    given_mail("a-1", "x", NOW_S);
    given_sendmail("exit 75");
    delivered_at(NOW_S);
    given_sendmail("exit 0");
    delivered_at(NOW_S - 86400);
    cr_expect(eq(u32, counts.sent, 1));
}

Test(spool, leaves_half_a_mail_alone)
{
    given_mail("a-1", "x", NOW_S);
    write_text(in_state("spool/a-2.new"), "hal");
    delivered_at(NOW_S);
    cr_expect(eq(u32, counts.sent, 1));
}

Test(spool, takes_no_name_outside_itself)
{
    cr_expect(not(spool_put(state, "../a", "x", 1, NOW_S, &err)));
}

Test(spool, on_a_full_disk_says_so_and_leaves_nothing)
{
    char directory[] = "/tmp/rootwatch-full-XXXXXX";
    cr_assert(mkdtemp(directory) != NULL);
    char spool[64], aside[80];
    (void)snprintf(spool, sizeof spool, "%s/spool", directory);
    (void)snprintf(aside, sizeof aside, "%s/a-1.new", spool);
    cr_assert(eq(int, mkdir(spool, 0700), 0));
    cr_assert(eq(int, symlink("/dev/full", aside), 0));
    cr_expect(not(spool_put(directory, "a-1", "x", 1, NOW_S, &err)));
    cr_expect(not(eq(ptr, strstr(err.text, "No space left"), NULL)), "%s", err.text);
    (void)rmdir(spool);
    (void)rmdir(directory);
}

Test(spool, is_locked_by_one)
{
    int first, second;
    cr_assert(spool_lock(state, &first, &err));
    cr_assert(spool_lock(state, &second, &err));
    cr_expect(ge(int, first, 0));
    cr_expect(eq(int, second, -1));
    (void)close(first);
}

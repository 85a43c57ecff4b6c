/*
 * What becomes of a case when a process that looks things up breaks: the one that reads tables
 * is this file's, and hands in what is known of the first network before it does.
 */
/* SPDX-License-Identifier: MIT */
#include "program/lookups.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void __wrap_lookups_read_tables(const struct lookups_part *p);

enum { NOW_S = 1106049600 };

static const char *const first = "192.0.2.0/24", *const second = "198.51.100.0/24";
static struct incident incident = {.id = "2005-0118-1", .prefixes = 2};
static struct config config = {.origins = "/a/table"};
static struct log log_;
static int log_fd = -1;
static struct investigation *found;
static void (*breaks)(const struct lookups_part *p);
static char logged[4096];

static void setup(void)
{
    log_fd = memfd_create("log", MFD_CLOEXEC);
    cr_assert(log_fd >= 0);
    log_init(&log_, log_fd);
    cr_assert(prefix_parse(first, &incident.prefix[0]));
    cr_assert(prefix_parse(second, &incident.prefix[1]));
    found = investigation_create(&incident);
    cr_assert_not_null(found);
    cr_assert(eq(u32, found->networks, 2));
}

static void teardown(void)
{
    investigation_free(found);
    (void)close(log_fd);
}

TestSuite(lookups, .init = setup, .fini = teardown, .timeout = 600);

void __wrap_lookups_read_tables(const struct lookups_part *p)
{
    struct investigation_routing *r = &p->investigation->network[0].routing;
    lookup_settle(&r->lookup, LOOKUP_FOUND, NOW_S);
    r->answer = ORIGINS_ANNOUNCED;
    r->asn = 64496;
    lookups_hand_in(p, FACT_ROUTING, first);
    for (int s = 1; s < NSIG; s++)
        (void)signal(s, SIG_DFL); /* also under a sanitizer */
    breaks(p);
}

/* The first network's answer is there, the second's says why not. */
static void expect_found_and(void (*how)(const struct lookups_part *p), unsigned deadline_s,
                             const char *words)
{
    const struct lookups l = {.config = &config,
                              .log = &log_,
                              .now_s = NOW_S,
                              .about_s = NOW_S,
                              .deadline_s = deadline_s};
    breaks = how;
    lookups_run(&l, found);
    const struct investigation_routing *r = &found->network[0].routing;
    cr_expect(eq(int, r->lookup.state, LOOKUP_FOUND));
    cr_expect(eq(u32, r->asn, 64496));
    const struct lookup *missing = &found->network[1].routing.lookup;
    cr_expect(eq(int, missing->state, LOOKUP_FAILED));
    cr_expect(gt(i64, missing->due_s, NOW_S), "it is tried again");
    cr_expect_not_null(strstr(missing->words, words), "\"%s\" is not in \"%s\"", words,
                       missing->words);
    cr_expect(eq(int, found->network[1].history.lookup.state, LOOKUP_OFF));
    ssize_t n = pread(log_fd, logged, sizeof logged - 1, 0);
    logged[n < 0 ? 0 : n] = '\0';
}

static void by_segv(const struct lookups_part *p)
{
    (void)p;
    (void)raise(SIGSEGV);
}

static void by_kill(const struct lookups_part *p)
{
    (void)p;
    (void)raise(SIGKILL);
}

static void by_abort(const struct lookups_part *p)
{
    (void)dprintf(p->to, "{\"kind\":\"routing\",\"sub");
    abort();
}

static void by_exit(const struct lookups_part *p)
{
    (void)p;
    _exit(1);
}

static void with_half_a_line(const struct lookups_part *p)
{
    (void)dprintf(p->to, "{\"kind\":\"routing\",\"subject\":\"%s\",\"state\":\"fou", second);
}

static void with_nonsense(const struct lookups_part *p)
{
    (void)dprintf(p->to,
                  "Segmentation fault\n{}\n[1,2\n{\"kind\":\"routing\",\"subject\":7}\n");
}

static void too_much(const struct lookups_part *p)
{
    static const char octets[65536];
    while (write(p->to, octets, sizeof octets) > 0)
        ;
}

static void never(const struct lookups_part *p)
{
    (void)p;
    for (;;)
        (void)pause();
}

static void without_an_end(const struct lookups_part *p)
{
    (void)close(p->to);
    never(p);
}

Test(lookups, say_by_which_signal_a_process_was_ended)
{
    expect_found_and(by_segv, 10, "reading tables: its process was ended by signal 11 (");
    cr_expect_not_null(strstr(logged, "look-ups: reading tables: its process was ended by"),
                       "%s", logged);
}

/* As when memory is short. */
Test(lookups, do_not_take_a_kill_by_others_for_their_own)
{
    expect_found_and(by_kill, 10, "its process was ended by signal 9 (");
}

Test(lookups, pass_over_the_line_a_process_broke_in)
{
    expect_found_and(by_abort, 10, "its process was ended by signal 6 (");
}

Test(lookups, say_with_which_status_a_process_ended)
{
    expect_found_and(by_exit, 10, "its process ended with status 1");
    cr_expect_not_null(strstr(logged, "ended with status 1"), "%s", logged);
}

Test(lookups, say_that_a_fact_was_cut)
{
    expect_found_and(with_half_a_line, 10, "what it found cannot be read");
}

Test(lookups, say_that_facts_cannot_be_read)
{
    expect_found_and(with_nonsense, 10, "what it found cannot be read");
    cr_expect_not_null(strstr(logged, "4 facts that cannot be read"), "%s", logged);
}

Test(lookups, take_no_more_than_is_believed)
{
    expect_found_and(too_much, 10, "it said more than is taken");
}

Test(lookups, end_whoever_does_not_end)
{
    expect_found_and(never, 3, "it takes longer than 3 s");
    cr_expect(eq(str, logged, ""), "a deadline is nobody's fault");
}

Test(lookups, end_whoever_has_said_all_and_does_not_end)
{
    expect_found_and(without_an_end, 10, "its process did not end, and was killed");
}

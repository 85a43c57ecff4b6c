/* SPDX-License-Identifier: MIT */
#include "program/old_cases.h"

#include "tests/support/directory.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH = 512, BEFORE_S = 2000000 };

static char directory[DIRECTORY_BYTES];
static struct store *store;
static struct error err;
static unsigned removed;

static void path_to(char path[static PATH], const char *what)
{
    (void)snprintf(path, PATH, "%s/%s", directory, what);
}

static void make_folder(const char *what)
{
    char path[PATH];
    path_to(path, what);
    cr_assert(eq(int, mkdir(path, 0750), 0));
}

static void make_file(const char *what)
{
    char path[PATH];
    path_to(path, what);
    FILE *f = fopen(path, "w");
    cr_assert_not_null(f);
    (void)fputs("x", f);
    (void)fclose(f);
}

static bool is_there(const char *what)
{
    char path[PATH];
    struct stat st;
    path_to(path, what);
    return lstat(path, &st) == 0;
}

static void setup(void)
{
    directory_make(directory);
    store = store_open(directory, STORE_WRITE, &err);
    cr_assert_not_null(store, "%s", err.text);
    make_folder("cases");
}

static void teardown(void)
{
    store_close(store);
    directory_remove(directory);
}

TestSuite(old_cases, .init = setup, .fini = teardown);

static void tell(const char *id, enum incident_state state, int64_t time_s)
{
    struct incident_event e = {.time_s = time_s, .state = state};
    (void)snprintf(e.incident.id, sizeof e.incident.id, "%s", id);
    e.incident.began_s = e.incident.opened_s = 1000;
    e.incident.closed_s = state == INCIDENT_CLOSED ? time_s : 0;
    cr_assert(store_put_event(store, &e, &err), "%s", err.text);
}

/* An incident with files: closed then; 0: open. */
static void given(const char *id, int64_t closed_s)
{
    char name[PATH];
    tell(id, INCIDENT_OPENED, 1000);
    if (closed_s > 0)
        tell(id, INCIDENT_CLOSED, closed_s);
    (void)snprintf(name, sizeof name, "cases/%s", id);
    make_folder(name);
    (void)snprintf(name, sizeof name, "cases/%s/evidence.pcap", id);
    make_file(name);
    (void)snprintf(name, sizeof name, "cases/%s/lock", id);
    make_file(name);
}

static bool remove_old(void)
{
    char path[PATH];
    path_to(path, "cases");
    return old_cases_remove(path, store, BEFORE_S, &removed, &err);
}

Test(old_cases, go_and_all_others_stay)
{
    given("2005-0118-1", BEFORE_S - 1);
    given("2005-0118-2", BEFORE_S); /* not yet */
    given("2005-0118-3", 0);        /* open */
    given("2005-0118-4", BEFORE_S - 1);
    tell("2005-0118-4", INCIDENT_CHANGED, BEFORE_S); /* it came back, and is open */
    make_folder("cases/of-somebody");                /* what the store does not know */
    make_file("cases/notes.txt");
    cr_assert(remove_old(), "%s", err.text);
    cr_expect(eq(u32, removed, 1));
    cr_expect_not(is_there("cases/2005-0118-1"));
    cr_expect(is_there("cases/2005-0118-2/evidence.pcap"));
    cr_expect(is_there("cases/2005-0118-3/evidence.pcap"));
    cr_expect(is_there("cases/2005-0118-4/evidence.pcap"));
    cr_expect(is_there("cases/of-somebody"));
    cr_expect(is_there("cases/notes.txt"));
    cr_assert(remove_old());
    cr_expect(eq(u32, removed, 0));
}

Test(old_cases, go_whole_and_links_are_not_followed)
{
    char to[PATH], link[PATH];
    given("2005-0118-1", 1500);
    make_folder("cases/2005-0118-1/more");
    make_file("cases/2005-0118-1/more/notes.txt");
    make_file("cases/2005-0118-1/evidence.pcap.new"); /* of a process that was killed */
    make_folder("outside");
    make_file("outside/precious");
    path_to(to, "outside");
    path_to(link, "cases/2005-0118-1/link");
    cr_assert(eq(int, symlink(to, link), 0));
    tell("2005-0118-2", INCIDENT_CLOSED, 1500); /* somebody has moved it away */
    path_to(link, "cases/2005-0118-2");
    cr_assert(eq(int, symlink(to, link), 0));
    cr_assert(remove_old(), "%s", err.text);
    cr_expect(eq(u32, removed, 2));
    cr_expect_not(is_there("cases/2005-0118-1"));
    cr_expect_not(is_there("cases/2005-0118-2"));
    cr_expect(is_there("outside/precious"));
}

Test(old_cases, stay_while_somebody_makes_them)
{
    char path[PATH];
    given("2005-0118-1", 1500);
    path_to(path, "cases/2005-0118-1/lock");
    int fd = open(path, O_RDWR | O_CLOEXEC);
    cr_assert(fd >= 0 && flock(fd, LOCK_EX) == 0);
    cr_assert(remove_old(), "%s", err.text);
    cr_expect(eq(u32, removed, 0));
    cr_expect(is_there("cases/2005-0118-1/evidence.pcap"));
    (void)close(fd);
    cr_assert(remove_old());
    cr_expect(eq(u32, removed, 1));
}

Test(old_cases, go_some_at_a_time)
{
    char id[INCIDENT_ID_BYTES];
    for (unsigned i = 0; i < OLD_CASES_AT_ONCE + 3; i++) {
        (void)snprintf(id, sizeof id, "2005-0118-%u", i + 1);
        given(id, 1500);
    }
    cr_assert(remove_old(), "%s", err.text);
    cr_expect(eq(u32, removed, OLD_CASES_AT_ONCE));
    cr_assert(remove_old(), "%s", err.text);
    cr_expect(eq(u32, removed, 3));
}

Test(old_cases, of_a_new_state_directory_are_none)
{
    char path[PATH];
    path_to(path, "cases");
    cr_assert(eq(int, rmdir(path), 0));
    cr_expect(remove_old(), "%s", err.text);
    cr_expect(eq(u32, removed, 0));
}

/* What follows is done by a user whom rights keep from something. */
static void become_nobody(void)
{
    enum { NOBODY = 65534 };
    char path[PATH];
    if (geteuid() != 0)
        return;
    cr_assert(eq(int, chmod(directory, 0755), 0));
    path_to(path, "cases");
    cr_assert(eq(int, chown(path, NOBODY, NOBODY), 0));
    cr_assert(eq(int, seteuid(NOBODY), 0));
}

/* The others go all the same. */
Test(old_cases, that_cannot_go_are_named)
{
    char path[PATH];
    become_nobody();
    given("2005-0118-1", 1500);
    given("2005-0118-2", 1500);
    path_to(path, "cases/2005-0118-1");
    cr_assert(eq(int, chmod(path, 0500), 0));
    cr_expect_not(remove_old());
    cr_expect_not_null(strstr(err.text, "cases/2005-0118-1: Permission denied"), "%s",
                       err.text);
    cr_expect(eq(u32, removed, 1));
    cr_expect_not(is_there("cases/2005-0118-2"));
    cr_expect(is_there("cases/2005-0118-1/evidence.pcap"));
    cr_assert(eq(int, chmod(path, 0700), 0));
    (void)seteuid(getuid());
}

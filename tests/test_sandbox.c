/* SPDX-License-Identifier: MIT */
#include "program/sandbox.h"

#include "tests/support/directory.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTSIDE = 76, SKIPPED = 77 };

static char directory[DIRECTORY_BYTES];
static char path[DIRECTORY_BYTES + 32];

static const char *at(const char *name)
{
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static void given(const char *name)
{
    int fd = open(at(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    cr_assert(ge(int, fd, 0));
    close(fd);
}

static void setup(void)
{
    directory_make(directory);
    cr_assert(mkdir(at("state"), 0700) == 0 && mkdir(at("run"), 0700) == 0);
    given("state/status.json");
    given("run/socket");
    given("secret");
}

static void teardown(void)
{
    directory_remove(directory);
}

TestSuite(sandbox, .init = setup, .fini = teardown);

static bool may_open(const char *name, int flags)
{
    int fd = open(at(name), flags | O_CLOEXEC, 0600);
    return fd >= 0 && close(fd) == 0;
}

/* What is wrong, as bits. */
static int look_around(void)
{
    char *const none[] = {NULL};
    int wrong = 0;
    wrong |= may_open("state/status.json", O_RDONLY) ? 0 : 1;
    wrong |= may_open("state/status.json", O_WRONLY) ? 2 : 0;
    wrong |= may_open("state/new", O_WRONLY | O_CREAT) ? 4 : 0;
    wrong |= may_open("secret", O_RDONLY) ? 8 : 0;
    wrong |= unlink(at("secret")) == 0 ? 16 : 0;
    wrong |= unlink(at("run/socket")) == 0 ? 0 : 32;
    wrong |= unlink(at("state/status.json")) == 0 ? 64 : 0;
    (void)execve("/bin/true", none, none); /* ends with 0, which is no success here */
    return wrong | (errno == EACCES ? 128 : 0);
}

/* Asked of the kernel itself: what does not get in here is wrong, and no reason to skip. */
static bool has_landlock(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 1;
}

static int in_a_process(const char *readable, const char *removable)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        struct error err;
        char below[DIRECTORY_BYTES + 32], in[DIRECTORY_BYTES + 32];
        (void)snprintf(below, sizeof below, "%s/%s", directory, readable);
        (void)snprintf(in, sizeof in, "%s/%s", directory, removable);
        if (!has_landlock())
            _exit(SKIPPED);
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !sandbox_enter(below, in, &err))
            _exit(OUTSIDE);
        _exit(look_around());
    }
    cr_assert(pid > 0 && waitpid(pid, &status, 0) == pid);
    bool exited = WIFEXITED(status);
    cr_assert(exited);
    if (WEXITSTATUS(status) == SKIPPED)
        cr_skip_test("this kernel has no Landlock");
    return WEXITSTATUS(status);
}

Test(sandbox, leaves_what_is_needed_and_takes_the_rest)
{
    cr_expect(eq(int, in_a_process("state", "run"), 128));
}

/* Here what is above it is the folder of all. */
Test(sandbox, takes_for_a_directory_that_is_not_there_the_nearest_above)
{
    cr_expect(eq(int, in_a_process("not/yet/there", "run"), 128 | 8));
}

Test(sandbox, says_what_it_cannot_use)
{
    struct error err;
    cr_assert(eq(int, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0));
    cr_expect_not(sandbox_enter(at("secret"), NULL, &err));
    cr_expect_not_null(strstr(err.text, "Landlock: "), "%s", err.text);
    cr_expect(may_open("secret", O_RDWR));
}

/* SPDX-License-Identifier: MIT */
#include "program/apart.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* librrd takes the zone and the character set of its texts from here. */
static void set_place(void)
{
    (void)setenv("TZ", "UTC", 1);
    (void)setenv("LC_ALL", "C.UTF-8", 1);
    tzset();
    (void)setlocale(LC_ALL, "");
}

static bool wait_for(pid_t child, const char *what, struct error *err)
{
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return error_errno(err, "%s: waiting for its process", what);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        return error_set(err, "%s: took too long and was ended", what);
    if (WIFSIGNALED(status))
        return error_set(err, "%s: its process was ended by signal %d (%s)", what,
                         WTERMSIG(status), strsignal(WTERMSIG(status)));
    return WEXITSTATUS(status) == EXIT_SUCCESS;
}

bool apart_run(const char *what, bool (*work)(void *argument, struct error *err),
               void *argument, unsigned deadline_s, struct error *err)
{
    struct error *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return error_errno(err, "%s: memory to share", what);
    pid_t child = fork();
    if (child == 0) {
        (void)signal(SIGALRM, SIG_DFL);
        (void)alarm(deadline_s);
        set_place();
        _exit(work(argument, shared) ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    error_set(err, "%s: no process to do it", what);
    bool good = child > 0;
    if (good) {
        err->text[0] = '\0';
        good = wait_for(child, what, err);
        if (!good && err->text[0] == '\0')
            *err = *shared;
    }
    munmap(shared, sizeof *shared);
    return good;
}

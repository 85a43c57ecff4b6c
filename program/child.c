/* SPDX-License-Identifier: MIT */
#include "program/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LEFT_IN_PIPE = 64 }; /* parts of 4096 octets; pipe(7): 65,536 octets */

static int64_t now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void reset_signals(void)
{
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    for (int s = 1; s < NSIG; s++)
        (void)signal(s, SIG_DFL);
}

_Noreturn static void become(const char *const argv[], int input, int output)
{
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody would know what became of its work */
    reset_signals();
    if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
        _exit(127);
    (void)close_range(3, ~0U, 0);
    (void)execv(argv[0], (char *const *)argv);
    (void)dprintf(2, "%s: %s", argv[0], strerror(errno));
    _exit(127);
}

/* What is kept of a child's output. */
struct hearing {
    int fd;
    struct child_end *end;
    struct child_output *output; /* NULL: its beginning is enough */
};

static void keep(struct hearing *h, const char *part, size_t n)
{
    struct child_output *o = h->output;
    size_t used = strlen(h->end->said);
    (void)snprintf(h->end->said + used, sizeof h->end->said - used, "%.*s", (int)n, part);
    if (o == NULL)
        return;
    size_t kept = n < o->room - o->used ? n : o->room - o->used;
    memcpy(o->octets + o->used, part, kept);
    o->used += kept;
    h->end->much = kept < n;
}

/* Keeps what fits; the rest is read and forgotten.  False: there will be no more. */
static bool hear(struct hearing *h)
{
    char part[4096];
    ssize_t n = read(h->fd, part, sizeof part);
    if (n <= 0)
        return n < 0 && (errno == EAGAIN || errno == EINTR);
    keep(h, part, (size_t)n);
    return true;
}

/* Until it has ended, the time is over, or it says too much. */
static void attend(int process, struct hearing *h, int64_t until_ms)
{
    struct child_end *end = h->end;
    struct pollfd fds[] = {{.fd = process, .events = POLLIN}, {.fd = h->fd, .events = POLLIN}};
    while (fds[0].revents == 0 && !end->much) {
        int64_t left = until_ms - now_ms();
        end->late = left <= 0;
        if (end->late || (poll(fds, 2, (int)left) < 0 && errno != EINTR))
            return;
        if (fds[1].revents != 0 && !hear(h))
            fds[1].fd = -1;
    }
    /* What it left in the pipe, which is no more than that holds. */
    for (unsigned i = 0; i < LEFT_IN_PIPE && !end->much && hear(h); i++) {
        struct pollfd more = {.fd = h->fd, .events = POLLIN};
        if (poll(&more, 1, 0) <= 0)
            break;
    }
}

static void reap(pid_t pid, struct child_end *end)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    end->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    end->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    end->said[strcspn(end->said, "\r\n")] = '\0';
}

static bool start(const char *const argv[], int input, int output[2], pid_t *pid,
                  struct error *err)
{
    if (pipe2(output, O_CLOEXEC | O_NONBLOCK) != 0)
        return error_errno(err, "a pipe to %s", argv[0]);
    *pid = fork();
    if (*pid == 0)
        become(argv, input, output[1]);
    (void)close(output[1]);
    if (*pid > 0)
        return true;
    (void)error_errno(err, "starting %s", argv[0]);
    (void)close(output[0]);
    return false;
}

static bool run(const char *const argv[], int input, int deadline_ms, struct child_output *kept,
                struct child_end *end, struct error *err)
{
    int output[2];
    pid_t pid = -1;
    *end = (struct child_end){.status = -1};
    if (!start(argv, input, output, &pid, err))
        return false;
    struct hearing h = {.fd = output[0], .end = end, .output = kept};
    (void)setpgid(pid, pid);
    int process = pidfd_open(pid, 0);
    if (process >= 0)
        attend(process, &h, now_ms() + deadline_ms);
    if (process < 0 || end->late || end->much)
        (void)kill(-pid, SIGKILL);
    reap(pid, end);
    if (process >= 0)
        (void)close(process);
    (void)close(output[0]);
    return true;
}

bool child_run(const char *const argv[], int input, unsigned deadline_s, struct child_end *end,
               struct error *err)
{
    return run(argv, input, (int)deadline_s * 1000, NULL, end, err);
}

bool child_read(const char *const argv[], int input, int deadline_ms,
                struct child_output *output, struct child_end *end, struct error *err)
{
    output->used = 0;
    return run(argv, input, deadline_ms, output, end, err);
}

/* SPDX-License-Identifier: MIT */
#include "program/metrics_process.h"

#include "program/command.h"
#include "program/metrics_server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    READY_MS = 5000,
    STOP_MS = 1000, /* then it is killed */
    STOP_POLL_MS = 10,
};

static int64_t now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* What has failed often is not said each minute; that it works again is. */
static struct log log_of(const struct metrics_process *m)
{
    struct log log = *m->log;
    if (m->again.pause_s == RESTART_PAUSE_MAX_S)
        log.least = LOG_IS_NOTHING;
    return log;
}

_Noreturn static void become(const struct metrics_process *m, const struct config *c,
                             pid_t parent, int ready_fd)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(EXIT_FAILED);
    /* Nothing of the parent's but what errors are said to. */
    if (ready_fd > STDERR_FILENO + 1)
        (void)close_range(STDERR_FILENO + 1, (unsigned)ready_fd - 1, 0);
    (void)close_range((unsigned)ready_fd + 1, ~0U, 0);
    struct log log = log_of(m);
    _exit(metrics_server_run(c, &log, ready_fd));
}

/* False: it ended without a word, having said why in the log, or does not get on. */
static bool hears_ready(const struct metrics_process *m, int fd)
{
    char word;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (poll(&p, 1, READY_MS) == 1)
        return read(fd, &word, 1) == 1;
    struct log log = log_of(m);
    log_error(&log, "the process of metrics does not listen within %d s: it is ended",
              READY_MS / 1000);
    return false;
}

static bool start(struct metrics_process *m, const struct config *c)
{
    struct log log = log_of(m);
    int ready[2];
    pid_t parent = getpid();
    if (pipe2(ready, O_CLOEXEC) != 0) {
        log_error(&log, "starting the process of metrics: %s", strerror(errno));
        return false;
    }
    m->pid = fork();
    if (m->pid == 0)
        become(m, c, parent, ready[1]);
    (void)close(ready[1]);
    bool good = m->pid > 0 && hears_ready(m, ready[0]);
    if (m->pid < 0) {
        log_error(&log, "starting the process of metrics: %s", strerror(errno));
        m->pid = 0;
    }
    (void)close(ready[0]);
    return good;
}

/* Ends it, waits for that, and says how it ended. */
static int end(struct metrics_process *m)
{
    int wait_status = 0;
    if (m->pid <= 0)
        return 0;
    (void)kill(m->pid, SIGTERM);
    for (int waited = 0; waitpid(m->pid, &wait_status, WNOHANG) == 0; waited += STOP_POLL_MS) {
        if (waited >= STOP_MS)
            (void)kill(m->pid, SIGKILL);
        (void)poll(NULL, 0, STOP_POLL_MS);
    }
    m->pid = 0;
    return wait_status;
}

static bool start_as_asked(struct metrics_process *m, const struct config *c)
{
    restart_begun(&m->again, now_s());
    if (c->metrics_listen[0] == '\0')
        return true;
    if (start(m, c)) {
        log_notice(m->log, "metrics are at %s", c->metrics_listen);
        return true;
    }
    struct log log = log_of(m);
    m->wait_status = end(m);
    if (WIFSIGNALED(m->wait_status)) /* it could not say why */
        log_error(&log, "the process of metrics was ended by signal %d (%s) at its start",
                  WTERMSIG(m->wait_status), strsignal(WTERMSIG(m->wait_status)));
    return false;
}

static void plan_restart(struct metrics_process *m)
{
    struct log log = log_of(m);
    restart_plan(&m->again, now_s(), "the process of metrics", m->wait_status, &log);
    if (m->again.pause_s == RESTART_PAUSE_MAX_S)
        log_error(&log, "metrics are tried once a minute; this is not said again");
}

void metrics_process_begin(struct metrics_process *m, const struct config *c)
{
    if (!start_as_asked(m, c))
        plan_restart(m);
}

static bool is_same(const struct config *a, const struct config *b)
{
    return strcmp(a->metrics_listen, b->metrics_listen) == 0 && strcmp(a->user, b->user) == 0 &&
           strcmp(a->state, b->state) == 0;
}

/* The old one goes first: a port may be the same at another address. */
bool metrics_process_change(struct metrics_process *m, const struct config *now,
                            const struct config *next)
{
    if (is_same(now, next))
        return true;
    (void)end(m);
    m->again.pause_s = 0;
    if (start_as_asked(m, next))
        return true;
    if (WIFEXITED(m->wait_status) && WEXITSTATUS(m->wait_status) == EXIT_NO_INTERFACE) {
        plan_restart(m);
        return true;
    }
    if (!start_as_asked(m, now))
        plan_restart(m);
    return false;
}

void metrics_process_ended(struct metrics_process *m, int wait_status)
{
    m->pid = 0;
    restart_plan(&m->again, now_s(), "the process of metrics", wait_status, m->log);
}

bool metrics_process_is_mute(const struct metrics_process *m, const struct config *c)
{
    return c->metrics_listen[0] != '\0' && m->pid == 0;
}

void metrics_process_do_what_is_due(struct metrics_process *m, const struct config *c)
{
    if (restart_is_due(&m->again, now_s()) && !start_as_asked(m, c))
        plan_restart(m);
}

void metrics_process_stop(struct metrics_process *m)
{
    m->again.due_s = 0;
    (void)end(m);
}

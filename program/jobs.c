/* SPDX-License-Identifier: MIT */
#include "program/jobs.h"

#include "program/command.h"
#include "program/drawing.h"
#include "program/privileges.h"

#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static bool tell(const struct config *c, const char *state, struct store *store,
                 const struct log *log, struct notify_counts *counts, struct error *err)
{
    struct drawing drawing = {.state = state, .site = c->site, .log = log};
    const struct notify n = {
            .config = c,
            .state = state,
            .store = store,
            .now_s = time(NULL),
            .draw = drawing_incident,
            .draw_argument = &drawing,
            .log = log,
    };
    return notify_pending(&n, counts, err);
}

bool jobs_run(const struct config *c, const char *state, const struct log *log,
              struct notify_counts *counts)
{
    struct error err;
    bool archived = drawing_catch_up(state, log, &err);
    if (!archived)
        log_error(log, "%s", err.text); /* mails then go with older pictures, or none */
    struct store *store = store_open(state, STORE_NOTE, &err);
    bool told = store != NULL && tell(c, state, store, log, counts, &err);
    if (!told)
        log_error(log, "%s", err.text);
    store_close(store);
    return archived && told;
}

pid_t jobs_start(const struct config *c, const char *state, const struct log *log)
{
    pid_t pid = fork();
    if (pid < 0)
        log_error(log, "starting a process to archive and to tell: it is refused");
    if (pid != 0)
        return pid;

    struct error err;
    struct notify_counts counts;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (!privileges_drop(c->user, &err)) {
        log_error(log, "%s", err.text);
        _exit(EXIT_FAILED);
    }
    _exit(jobs_run(c, state, log, &counts) ? EXIT_DONE : EXIT_FAILED);
}

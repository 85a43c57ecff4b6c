/* SPDX-License-Identifier: MIT */
#include "program/jobs.h"

#include "program/casework.h"
#include "program/command.h"
#include "program/drawing.h"
#include "program/privileges.h"

#include "graphs/pages.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    RECENT_S = 2 * 86400,
    PAGES_UMASK =
            022, /* a web server reads them; who may reach them, their directory decides */
};

static bool tell(const struct config *c, const char *state, struct store *store,
                 int64_t newest, const struct log *log, struct notify_counts *counts,
                 struct error *err)
{
    struct drawing drawing = {.state = state, .site = c->site, .log = log};
    const struct notify n = {
            .config = c,
            .state = state,
            .store = store,
            .now_s = time(NULL),
            .newest = newest,
            .draw = drawing_incident,
            .draw_argument = &drawing,
            .log = log,
    };
    return notify_pending(&n, counts, err);
}

/* Events that the pages do not show yet, and would if they were drawn now. */
struct undrawn {
    int64_t end_s; /* of the last minute stored */
    int64_t *sequence;
    size_t count;
};

static bool add_undrawn(void *argument, const struct incident_event *e)
{
    struct undrawn *u = argument;
    if (e->time_s > u->end_s)
        return true;
    int64_t *more = realloc(u->sequence, (u->count + 1) * sizeof *more);
    if (more == NULL)
        return false;
    u->sequence = more;
    u->sequence[u->count++] = e->sequence;
    return true;
}

/* The pages, where there is something new on them; before the first minute there is nothing. */
static bool draw_pages(const struct config *c, const char *state, struct store *store,
                       const struct log *log, struct error *err)
{
    struct undrawn u = {0};
    char www[CONFIG_PATH_BYTES + 8];
    if (!pages_end(store, time(NULL), &u.end_s, err))
        return err->text[0] == '\0';
    bool good = store_untold(store, JOBS_TOLD_BY_PAGES, add_undrawn, &u, err);
    if (good && u.count > 0) {
        mode_t private = umask(PAGES_UMASK);
        good = drawing_pages(state, config_www(c, www), c->site, log, err);
        (void)umask(private);
    }
    for (size_t i = 0; good && i < u.count; i++)
        good = store_told(store, u.sequence[i], JOBS_TOLD_BY_PAGES, err);
    free(u.sequence);
    return good;
}

/* What goes wrong with a part is said, and does not keep the others. */
static bool report(const struct log *log, bool good, const struct error *err)
{
    if (!good)
        log_error(log, "%s", err->text);
    return good;
}

bool jobs_run(const struct config *c, const char *state, const struct log *log, bool pages,
              struct notify_counts *counts)
{
    struct error err;
    struct casework_list met;
    struct store *store = store_open(state, STORE_NOTE, &err);
    if (!report(log, store != NULL, &err))
        return false;
    int64_t now_s = time(NULL);
    /* A store of before case files must not set off hundreds of look-ups. */
    struct casework w = {.config = c,
                         .state = state,
                         .store = store,
                         .now_s = now_s,
                         .since_s = pages ? now_s - RECENT_S : INT64_MIN,
                         .log = log};
    /* What happens while that is looked up is told the next time, when it was looked up too. */
    int64_t newest;
    bool good = report(log, store_newest_event(store, &newest, &err), &err);
    good &= report(log, casework_begin(&w, &met, &err), &err);
    /* Without archives mails go with older pictures, or none. */
    good &= report(log, drawing_catch_up(state, log, &err), &err);
    good &= report(log, tell(c, state, store, newest, log, counts, &err), &err);
    w.now_s = time(NULL);
    good &= report(log, casework_told(&w, &met, &err), &err);
    good &= report(log, !pages || draw_pages(c, state, store, log, &err), &err);
    store_close(store);
    return good;
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
    _exit(jobs_run(c, state, log, true, &counts) ? EXIT_DONE : EXIT_FAILED);
}

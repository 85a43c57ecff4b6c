/* SPDX-License-Identifier: MIT */
#include "program/supervisor.h"

#include "program/casework.h"
#include "program/command.h"
#include "program/jobs.h"
#include "program/metrics_process.h"
#include "program/mirror.h"
#include "program/privileges.h"
#include "program/restart.h"
#include "program/service.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    JOBS_EVERY_S = 60,
    CASES_EVERY_S = 15,
    CASES_DEADLINE_S = 600, /* what is done by then is kept */
    FINISH_S = 20, /* at the end, for archiving and telling; the service manager waits 30 */
    FINISH_POLL_MS = 100,
    TRY_S = 120,      /* to read what a configuration names */
    LOOK_EVERY_S = 5, /* at the table of origins; twice the same, and it is written */
    SILENT_S = 27, /* and three intervals: longer the capturing process says nothing only if */
                   /* it hangs; before it captures, it may read for TRY_S as well */
    ABSENT_S = 5,  /* so long a turn takes only if we were stopped, or the machine */
    STATUS_BYTES = 256,
};

/* Which file stands under a name, as far as one can tell without reading it. */
struct identity {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed;
};

struct supervisor {
    const struct supervisor_settings *settings;
    sigset_t before; /* signals blocked when we were started */
    int signal_fd;
    int poke[2];   /* from the capturing process */
    pid_t capture; /* 0: none runs */
    struct metrics_process metrics;
    pid_t jobs;
    int64_t jobs_begun_s;
    int64_t jobs_due_s;
    pid_t cases; /* completes case files */
    int64_t cases_begun_s;
    struct restart again;   /* of the capturing process */
    struct identity table;  /* of origins, as it was tried last */
    struct identity latest; /* as it was seen last */
    int64_t look_s;         /* when it is looked at again */
    pid_t trial;            /* reads it; 0: none does */
    int64_t trial_begun_s;
    int64_t heard_s; /* when the capturing process last said something */
    int64_t turn_s;  /* when we last looked after it */
    bool captures;   /* it has said that it does */
    bool waits;      /* it is started again once the interface is there */
    enum mirror mirror;
    bool refused; /* the latest configuration */
    bool mute;    /* nobody answers for metrics */
    bool ready;
    bool replacing; /* the capturing process was asked to end for a new configuration */
    int asked;      /* to stop: how often */
    int status;
};

static int64_t now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static bool open_signals(struct supervisor *s)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    (void)signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, &s->before) != 0)
        return false;
    s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1); /* the capturing process must have it blocked from its start */
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    return s->signal_fd >= 0 && pipe2(s->poke, O_CLOEXEC | O_NONBLOCK) == 0;
}

static void start_capture(struct supervisor *s)
{
    const struct log *log = s->settings->log;
    pid_t parent = getpid();
    s->heard_s = now_s();
    restart_begun(&s->again, s->heard_s);
    s->captures = s->waits = false;
    s->capture = fork();
    if (s->capture < 0) {
        log_error(log, "starting the capturing process: %s", strerror(errno));
        s->capture = 0;
        restart_late(&s->again, now_s());
    } else if (s->capture == 0) {
        /* Without its parent it would be a daemon that nobody looks after. */
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
        close(s->signal_fd);
        close(s->poke[0]);
        if (getppid() != parent)
            _exit(EXIT_FAILED);
        _exit(s->settings->capture(s->settings->config, log, s->poke[1]));
    }
}

static void start_jobs(struct supervisor *s)
{
    if (s->jobs > 0)
        return;
    s->jobs = jobs_start(s->settings->config, s->settings->config->state, s->settings->log);
    s->jobs_begun_s = now_s();
    s->jobs_due_s = now_s() + JOBS_EVERY_S;
}

/* Apart from the jobs, which would wait for what answers slowly, and mails with them. */
static void start_cases(struct supervisor *s)
{
    if (s->cases > 0)
        return;
    s->cases =
            casework_start(s->settings->config, s->settings->config->state, s->settings->log);
    s->cases_begun_s = now_s();
}

/* What we do just now, for whoever asks the service manager. */
static void tell(const struct supervisor *s)
{
    char text[STATUS_BYTES];
    char mirror[MIRROR_TEXT_BYTES];
    const char *interface = s->settings->config->interface;
    const char *refused = s->refused ? "; the old configuration stays in force" : "";
    const char *mute = s->mute ? "; metrics are not answered" : "";
    if (!s->ready || s->asked > 0)
        return;
    if (s->mirror != MIRROR_UP)
        (void)snprintf(text, sizeof text, "%s: nothing to capture%s%s",
                       mirror_text(s->mirror, interface, mirror), refused, mute);
    else if (s->capture == 0)
        (void)snprintf(text, sizeof text, "not capturing: that process is started again%s%s",
                       refused, mute);
    else
        (void)snprintf(text, sizeof text, "capturing on %s%s%s", interface, refused, mute);
    service_ready(text);
}

static void read_pokes(struct supervisor *s)
{
    char what[256];
    ssize_t got = read(s->poke[0], what, sizeof what);
    for (ssize_t i = 0; i < got; i++) {
        if (what[i] == 'E')
            s->jobs_due_s = 0;
        if (what[i] != 'R')
            continue;
        s->ready = s->captures = true;
        log_notice(s->settings->log, "capturing on %s", s->settings->config->interface);
        tell(s);
    }
    if (got > 0)
        s->heard_s = now_s();
}

/* Files are read by a child, which may come to harm, and in time. */
static bool is_usable(struct supervisor *s, const struct config *c)
{
    int64_t until_s = now_s() + TRY_S;
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        _exit(s->settings->usable(c, s->settings->log) ? EXIT_DONE : EXIT_CONFIGURATION);
    while (child > 0 && waitpid(child, &status, WNOHANG) == 0) {
        struct pollfd p = {.fd = s->poke[0], .events = POLLIN};
        (void)poll(&p, 1, FINISH_POLL_MS);
        read_pokes(s);
        service_alive();
        if (now_s() < until_s)
            continue;
        log_error(s->settings->log, "reading what the configuration names takes too long");
        (void)kill(child, SIGKILL);
        (void)waitpid(child, &status, 0);
        return false;
    }
    return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_DONE;
}

static struct identity identity_of(const char *path)
{
    struct stat st;
    if (path[0] == '\0' || stat(path, &st) != 0)
        return (struct identity){.size = -1};
    return (struct identity){st.st_dev, st.st_ino, st.st_size, st.st_mtim};
}

static bool is_same(const struct identity *a, const struct identity *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

/* Before it is read by others, so that what comes after is seen as a change. */
static void note_table(struct supervisor *s, const struct config *c)
{
    s->table = s->latest = identity_of(c->origins);
}

/* A table that was replaced is tried once it looks the same twice. */
static void look_at_table(struct supervisor *s, int64_t now)
{
    const struct config *c = s->settings->config;
    if (c->origins[0] == '\0' || now < s->look_s || s->trial > 0 || s->asked > 0)
        return;
    s->look_s = now + LOOK_EVERY_S;
    struct identity seen = identity_of(c->origins);
    bool settled = is_same(&seen, &s->latest);
    s->latest = seen;
    if (seen.size < 0 || !settled || is_same(&seen, &s->table))
        return;
    s->table = seen;
    s->trial_begun_s = now;
    s->trial = fork();
    if (s->trial == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        _exit(s->settings->usable(c, s->settings->log) ? EXIT_DONE : EXIT_CONFIGURATION);
    }
    if (s->trial < 0) {
        log_error(s->settings->log, "reading the table of origins: %s", strerror(errno));
        s->trial = 0;
        s->table.size = -1; /* tried again */
    }
}

static void trial_ended(struct supervisor *s, int wait_status)
{
    s->trial = 0;
    bool good = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == EXIT_DONE;
    if (good && s->capture > 0)
        kill(s->capture, SIGUSR1);
    if (good)
        return;
    if (WIFSIGNALED(wait_status))
        log_error(s->settings->log,
                  "detection.origins: %s: reading it was ended by signal %d (%s)",
                  s->settings->config->origins, WTERMSIG(wait_status),
                  strsignal(WTERMSIG(wait_status)));
    log_error(s->settings->log, "the old table of origins stays in force");
}

static void reload(struct supervisor *s)
{
    struct config fresh;
    struct config_problems problems;
    service_reloading();
    bool good = config_load(s->settings->config_file, &fresh, &problems);
    if (!good)
        config_log_problems(&problems, s->settings->log);
    if (good && fresh.interface[0] == '\0') {
        log_error(s->settings->log, "%s: capture.interface: not set; `run` needs one",
                  fresh.file[0] != '\0' ? fresh.file : CONFIG_FILE);
        good = false;
    }
    struct identity table = identity_of(good ? fresh.origins : "");
    good = good && is_usable(s, &fresh) &&
           metrics_process_change(&s->metrics, s->settings->config, &fresh);
    if (!good) {
        log_error(s->settings->log, "the old configuration stays in force");
        s->refused = true;
        tell(s);
        return;
    }
    *s->settings->config = fresh;
    s->table = s->latest = table;
    s->mirror = mirror_state(fresh.interface);
    s->refused = false;
    log_notice(s->settings->log, "the configuration was read anew");
    s->replacing = s->capture > 0;
    if (s->capture > 0)
        kill(s->capture, SIGTERM);
    else
        s->again.due_s = now_s(); /* it may be of another interface */
    s->waits = false;
}

static void stop(struct supervisor *s)
{
    s->asked++;
    service_stopping();
    if (s->capture > 0)
        kill(s->capture, s->asked == 1 ? SIGTERM : SIGKILL);
}

static void read_signals(struct supervisor *s)
{
    struct signalfd_siginfo info;
    while (read(s->signal_fd, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGHUP && s->asked == 0)
            reload(s);
        else if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
            stop(s);
    }
}

/* What ends the daemon rather than being tried again: nothing would change by itself. */
static bool is_final(const struct supervisor *s, int status)
{
    if (s->asked > 0)
        return true;
    if (status == EXIT_NO_RIGHT || status == EXIT_CONFIGURATION)
        return true;
    return !s->ready && status != EXIT_DONE;
}

/* Nobody else would say that nothing comes any more, and why. */
static void look_at_mirror(struct supervisor *s)
{
    char text[MIRROR_TEXT_BYTES];
    const char *interface = s->settings->config->interface;
    enum mirror now = mirror_state(interface);
    if (!s->ready || now == s->mirror)
        return;
    s->mirror = now;
    if (now == MIRROR_UP)
        log_notice(s->settings->log, "%s is up again", interface);
    else
        log_warning(s->settings->log, "%s: nothing to capture until it is up again",
                    mirror_text(now, interface, text));
    tell(s);
}

/* Of our own being stopped, or the machine's, the capturing process is not to blame. */
static void look_after_capture(struct supervisor *s, int64_t now)
{
    int64_t allowed_s = SILENT_S + 3 * (int64_t)s->settings->config->interval_s;
    if (!s->captures)
        allowed_s += TRY_S;
    if (now - s->turn_s > ABSENT_S)
        s->heard_s = now;
    s->turn_s = now;
    if (s->capture == 0 || now - s->heard_s <= allowed_s)
        return;
    log_error(s->settings->log,
              "the capturing process has said nothing for %lld s: it is killed",
              (long long)(now - s->heard_s));
    (void)kill(s->capture, SIGKILL);
    s->heard_s = now;
}

/* True: that was the end of it. */
static bool capture_ended(struct supervisor *s, int wait_status)
{
    int status = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : EXIT_FAILED;
    s->capture = 0;
    s->jobs_due_s = 0; /* what it stored last */
    if (s->replacing && s->asked == 0) {
        s->replacing = false;
        start_capture(s);
        return false;
    }
    if (is_final(s, status)) {
        s->status = s->asked > 1 ? EXIT_FAILED : status;
        return true;
    }
    if (status == EXIT_NO_INTERFACE)
        look_at_mirror(s);
    s->waits = status == EXIT_NO_INTERFACE && mirror_is_away(s->mirror);
    if (!s->waits)
        restart_plan(&s->again, now_s(), "the capturing process", wait_status,
                     s->settings->log);
    tell(s);
    return false;
}

static void jobs_ended(struct supervisor *s, int wait_status)
{
    s->jobs = 0;
    if (WIFSIGNALED(wait_status))
        log_error(s->settings->log,
                  "archiving and telling was ended by signal %d (%s); tried "
                  "again in a minute",
                  WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)));
}

static void cases_ended(struct supervisor *s, int wait_status)
{
    s->cases = 0;
    if (WIFSIGNALED(wait_status))
        log_error(s->settings->log,
                  "completing case files was ended by signal %d (%s); tried again later",
                  WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)));
}

static bool reap(struct supervisor *s)
{
    int wait_status;
    pid_t pid;
    bool over = false;
    while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0) {
        if (pid == s->capture)
            over |= capture_ended(s, wait_status);
        else if (pid == s->jobs)
            jobs_ended(s, wait_status);
        else if (pid == s->cases)
            cases_ended(s, wait_status);
        else if (pid == s->trial)
            trial_ended(s, wait_status);
        else if (pid == s->metrics.pid)
            metrics_process_ended(&s->metrics, wait_status);
    }
    return over;
}

static void look_after_metrics(struct supervisor *s)
{
    metrics_process_do_what_is_due(&s->metrics, s->settings->config);
    bool mute = metrics_process_is_mute(&s->metrics, s->settings->config);
    bool told = mute == s->mute;
    s->mute = mute;
    if (!told)
        tell(s);
}

static void do_what_is_due(struct supervisor *s)
{
    int64_t now = now_s();
    look_at_mirror(s);
    look_after_capture(s, now);
    if (s->waits ? !mirror_is_away(s->mirror) : restart_is_due(&s->again, now))
        start_capture(s);
    if (s->jobs > 0 && now - s->jobs_begun_s > JOBS_DEADLINE_S)
        kill(s->jobs, SIGKILL);
    if (s->ready && now >= s->jobs_due_s)
        start_jobs(s);
    if (s->cases > 0 && now - s->cases_begun_s > CASES_DEADLINE_S)
        kill(s->cases, SIGKILL);
    if (s->ready && now >= s->cases_begun_s + CASES_EVERY_S)
        start_cases(s);
    if (s->trial > 0 && now - s->trial_begun_s > TRY_S)
        kill(s->trial, SIGKILL);
    look_after_metrics(s);
    look_at_table(s, now);
}

/* Until they have ended, the time is over, or a second signal says so; they are killed then. */
static void wait_for_jobs(struct supervisor *s, int64_t until_s)
{
    while (s->jobs > 0 && waitpid(s->jobs, NULL, WNOHANG) == 0) {
        struct pollfd p = {.fd = s->signal_fd, .events = POLLIN};
        (void)poll(&p, 1, FINISH_POLL_MS);
        read_signals(s);
        if (s->asked < 2 && now_s() < until_s)
            continue;
        log_warning(s->settings->log,
                    "archiving and telling take too long; the rest is done at "
                    "the next start");
        (void)kill(s->jobs, SIGKILL);
        (void)waitpid(s->jobs, NULL, 0);
        break;
    }
    s->jobs = 0;
}

/* The last events and minutes are told and archived before the end. */
static void finish(struct supervisor *s)
{
    int64_t until_s = now_s() + FINISH_S;
    metrics_process_stop(&s->metrics);
    if (s->cases > 0) { /* goes on where it was at the next start */
        (void)kill(s->cases, SIGKILL);
        (void)waitpid(s->cases, NULL, 0);
    }
    wait_for_jobs(s, until_s);
    if (!s->ready || s->asked > 1 || now_s() >= until_s)
        return;
    start_jobs(s);
    wait_for_jobs(s, until_s);
}

int supervisor_run(const struct supervisor_settings *settings)
{
    struct supervisor s = {
            .settings = settings, .status = EXIT_FAILED, .metrics = {.log = settings->log}};
    struct error err;
    if (!open_signals(&s)) {
        log_error(settings->log, "preparing to wait: %s", strerror(errno));
        return EXIT_FAILED;
    }
    if (!privileges_keep_capture(&err))
        log_warning(settings->log, "%s", err.text);
    note_table(&s, settings->config);
    if (!is_usable(&s, settings->config))
        return EXIT_CONFIGURATION;
    start_capture(&s);
    metrics_process_begin(&s.metrics, settings->config);
    for (bool over = false; !over;) {
        struct pollfd p[] = {{.fd = s.signal_fd, .events = POLLIN},
                             {.fd = s.poke[0], .events = POLLIN}};
        (void)poll(p, 2, 1000);
        read_pokes(&s);
        read_signals(&s);
        over = reap(&s) || (s.asked > 0 && s.capture == 0);
        service_alive();
        do_what_is_due(&s);
    }
    if (s.trial > 0)
        kill(s.trial, SIGKILL);
    finish(&s);
    return s.asked > 1 ? EXIT_FAILED : s.status;
}

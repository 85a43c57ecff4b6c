/* SPDX-License-Identifier: MIT */
#include "program/command.h"

#include "analysis/tlds.h"
#include "program/engine.h"
#include "program/origins_file.h"
#include "program/origins_reload.h"
#include "program/privileges.h"
#include "program/supervisor.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_TRIES = 30, LOCK_WAIT_MS = 100 };

static const char usage[] = "usage: rootwatch run [-c FILE]\n";

static int stop_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

/* The process before this one may still be letting go of the directory. */
static bool start(struct engine *e, struct error *err)
{
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (engine_start(e, true, err))
            return true;
        if (err->kind != ERROR_IN_USE)
            return false;
        const struct timespec wait = {.tv_nsec = LOCK_WAIT_MS * 1000000L};
        (void)nanosleep(&wait, NULL);
    }
    return false;
}

static int status_of(const struct error *err)
{
    switch (err->kind) {
    case ERROR_NO_RIGHT:
        return EXIT_NO_RIGHT;
    case ERROR_NO_INTERFACE:
        return EXIT_NO_INTERFACE;
    default:
        return EXIT_FAILED;
    }
}

static int fail(const struct log *log, const struct error *err, struct engine *e)
{
    log_error(log, "%s", err->text);
    engine_free(e);
    return status_of(err);
}

/* What the table says of times far from its own is not believed. */
static void warn_of_age(const struct config *c, const struct origins *o, const struct log *log)
{
    time_t table_s = (time_t)origins_about(o)->time;
    double days = difftime(time(NULL), table_s) / 86400;
    struct tm utc;
    char day[16];
    if (table_s == 0 || (!origins_is_whole(o, 4) && !origins_is_whole(o, 6)) ||
        (days <= c->origins_days && days >= -(double)c->origins_days))
        return;
    gmtime_r(&table_s, &utc);
    (void)strftime(day, sizeof day, "%Y-%m-%d", &utc);
    log_warning(log,
                "detection.origins: %s: of %s, %.0f days from today: unrouted sources open no "
                "incident; see detection.origins-days",
                c->origins, day, days < 0 ? -days : days);
}

static bool are_usable_origins(const struct config *c, const struct log *log)
{
    struct error err;
    struct origins *origins = NULL;
    if (c->origins[0] == '\0')
        return true;
    origins = origins_file_read(c->origins, &err);
    if (origins == NULL)
        log_error(log, "detection.origins: %s", err.text);
    else
        log_info(log, "detection.origins: %s: %zu prefixes of %zu ASes", c->origins,
                 origins_announcements(origins), origins_count(origins));
    bool good = origins != NULL;
    if (good)
        warn_of_age(c, origins, log);
    origins_free(origins);
    return good;
}

static bool are_usable_tlds(const struct config *c, const struct log *log)
{
    struct error err;
    struct tlds *tlds = tlds_create(c->tlds, &err);
    if (tlds == NULL)
        log_error(log, "junk.tlds: %s", err.text);
    else if (c->tlds[0] != '\0')
        log_info(log, "junk.tlds: %s: %zu top-level domains", c->tlds, tlds->count);
    bool good = tlds != NULL;
    tlds_free(tlds);
    return good;
}

/* In a child of its own, so that nothing it reads can harm who goes on. */
static bool is_usable(const struct config *c, const struct log *log)
{
    struct error err;
    if (c->origins[0] == '\0' && c->tlds[0] == '\0')
        return true;
    if (!privileges_drop(c->user, &err)) {
        log_error(log, "%s", err.text);
        return false;
    }
    return are_usable_origins(c, log) && are_usable_tlds(c, log);
}

/* It could be read when the configuration was taken; a restart does without, if need be. */
static struct origins *read_origins(const struct config *c, const struct log *log)
{
    struct error err;
    struct origins *origins = NULL;
    if (c->origins[0] == '\0')
        return NULL;
    origins = origins_file_read(c->origins, &err);
    if (origins == NULL)
        log_error(log, "detection.origins: %s; incidents do without origin ASes", err.text);
    return origins;
}

/* The same; then the list that ships goes on. */
static struct tlds *read_tlds(const struct config *c, const struct log *log)
{
    struct error err;
    struct tlds *tlds = c->tlds[0] == '\0' ? NULL : tlds_create(c->tlds, &err);
    if (tlds == NULL && c->tlds[0] != '\0')
        log_error(log, "junk.tlds: %s; names are judged by the list that ships", err.text);
    return tlds;
}

/* Without a table at the start none is looked for later: that takes another configuration. */
static bool start_reload(const struct config *c, const struct log *log, struct engine *e,
                         struct origins_reload **reload, struct error *err)
{
    if (c->origins[0] == '\0')
        return true;
    *reload = origins_reload_start(c->origins, e, log, err);
    return *reload != NULL;
}

static enum engine_end run(struct engine *e, const struct log *log, int stop_fd,
                           struct error *err)
{
    enum engine_end end = engine_capture(e, stop_fd, err);
    if (end == ENGINE_FAILED)
        log_error(log, "%s", err->text);
    struct writer_counts counts = engine_finish(e);
    if (counts.dropped + counts.failed > 0)
        log_warning(log, "%llu minutes, hours or events could not be stored",
                    (unsigned long long)(counts.dropped + counts.failed));
    return end;
}

/* The capturing process, from its first line to its last. */
static int capture(const struct config *c, const struct log *log, int poke_fd)
{
    struct error err = {.kind = ERROR_OTHER};
    const struct engine_settings settings = {
            .config = c, .log = log, .state = c->state, .poke_fd = poke_fd};
    int stop_fd = stop_signals();
    struct engine *e = engine_create(&settings, &err);
    if (e == NULL || !engine_open_live(e, &err))
        return fail(log, &err, e);
    if (!privileges_drop(c->user, &err))
        return fail(log, &err, e);
    engine_set_origins(e, read_origins(c, log));
    struct tlds *tlds = read_tlds(c, log);
    if (tlds != NULL)
        engine_set_tlds(e, tlds);
    enum engine_end end = ENGINE_FAILED;
    struct origins_reload *reload = NULL;
    if (start(e, &err) && start_reload(c, log, e, &reload, &err))
        end = run(e, log, stop_fd, &err);
    else
        log_error(log, "%s", err.text);
    origins_reload_stop(reload);
    engine_free(e);
    tlds_free(tlds);
    return end == ENGINE_FAILED ? status_of(&err) : EXIT_DONE;
}

int cmd_run(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    struct config c;
    struct config_problems problems;
    struct log log;
    const char *file = NULL;
    int option;
    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return EXIT_DONE;
        }
        if (option != 'c') {
            fputs(usage, stderr);
            return EXIT_USAGE;
        }
        file = optarg;
    }
    if (optind < argc) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    log_init(&log, STDERR_FILENO);
    if (!config_load(file, &c, &problems)) {
        config_log_problems(&problems, &log);
        return EXIT_CONFIGURATION;
    }
    if (c.interface[0] == '\0') {
        log_error(&log, "%s: capture.interface: not set; `run` needs one",
                  c.file[0] ? c.file : CONFIG_FILE);
        return EXIT_CONFIGURATION;
    }
    const struct supervisor_settings settings = {.config_file = file,
                                                 .config = &c,
                                                 .log = &log,
                                                 .usable = is_usable,
                                                 .capture = capture};
    return supervisor_run(&settings);
}

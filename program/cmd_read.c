/* SPDX-License-Identifier: MIT */
#include "analysis/tlds.h"
#include "program/command.h"

#include "program/engine.h"
#include "program/jobs.h"
#include "program/origins_file.h"
#include "program/progress.h"
#include "program/summary.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PREFIXES_DEFAULT = 20 };

static const char usage[] =
        "usage: rootwatch read [-c FILE] [--state DIR] [--json] [--prefixes N|all]\n"
        "                      [--events FILE] [--port N]... [--origins TABLE] FILE...|-\n";

struct options {
    const char *config;
    const char *state;
    const char *events;
    const char *origins;
    bool json;
    bool help;
    unsigned prefixes;
    uint16_t port[SOURCE_PORTS_MAX];
    unsigned ports;
};

static bool complain(const char *what, const char *value, const char *allowed)
{
    fprintf(stderr, "rootwatch read: %s: \"%s\" is not %s\n", what, value, allowed);
    return false;
}

static bool read_number(const char *text, unsigned long most, unsigned long *number)
{
    char *end;
    errno = 0;
    *number = strtoul(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && *number <= most;
}

static bool take_prefixes(struct options *o, const char *text)
{
    unsigned long n;
    if (strcmp(text, "all") == 0) {
        o->prefixes = UINT32_MAX;
        return true;
    }
    if (!read_number(text, UINT32_MAX, &n))
        return complain("--prefixes", text, "a number or \"all\"");
    o->prefixes = (unsigned)n;
    return true;
}

static bool take_port(struct options *o, const char *text)
{
    unsigned long n;
    if (!read_number(text, UINT16_MAX, &n) || n == 0)
        return complain("--port", text, "a number from 1 to 65535");
    if (o->ports == SOURCE_PORTS_MAX)
        return complain("--port", text, "one of the first 16");
    o->port[o->ports++] = (uint16_t)n;
    return true;
}

static bool take_option(struct options *o, int option)
{
    switch (option) {
    case 'c':
        o->config = optarg;
        return true;
    case 's':
        o->state = optarg;
        return true;
    case 'e':
        o->events = optarg;
        return true;
    case 'o':
        o->origins = optarg;
        return true;
    case 'j':
        o->json = true;
        return true;
    case 'h':
        o->help = true;
        return true;
    case 'n':
        return take_prefixes(o, optarg);
    case 'p':
        return take_port(o, optarg);
    default:
        return false;
    }
}

static bool take_options(int argc, char **argv, struct options *o)
{
    static const struct option options[] = {
            {"config", required_argument, NULL, 'c'},
            {"state", required_argument, NULL, 's'},
            {"json", no_argument, NULL, 'j'},
            {"prefixes", required_argument, NULL, 'n'},
            {"events", required_argument, NULL, 'e'},
            {"port", required_argument, NULL, 'p'},
            {"help", no_argument, NULL, 'h'},
            {"origins", required_argument, NULL, 'o'},
            {NULL, 0, NULL, 0},
    };
    *o = (struct options){.prefixes = PREFIXES_DEFAULT};
    int option;
    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1)
        if (!take_option(o, option))
            return false;
    for (int i = optind; i < argc; i++)
        if (strcmp(argv[i], "-") == 0 && isatty(STDIN_FILENO)) {
            fprintf(stderr, "rootwatch read: standard input is a terminal, not a capture\n");
            return false;
        }
    if (optind < argc || o->help)
        return true;
    fprintf(stderr, "rootwatch read: no file given; \"-\" is standard input\n");
    return false;
}

static bool load_config(const struct options *o, struct config *c)
{
    struct config_problems problems;
    if (!config_load(o->config, c, &problems)) {
        config_print_problems(&problems, stderr);
        return false;
    }
    if (o->ports > 0) {
        memcpy(c->scope.port, o->port, o->ports * sizeof *o->port);
        c->scope.ports = o->ports;
    }
    return true;
}

static FILE *open_events(const struct options *o, bool *good)
{
    *good = true;
    if (o->events == NULL)
        return NULL;
    FILE *f = fopen(o->events, "w");
    if (f == NULL) {
        fprintf(stderr, "rootwatch read: %s: %s\n", o->events, strerror(errno));
        *good = false;
    }
    return f;
}

static bool read_origins(const char *path, struct origins **origins)
{
    struct error err;
    *origins = origins_file_read(path, &err);
    if (*origins == NULL)
        fprintf(stderr, "rootwatch read: %s\n", err.text);
    return *origins != NULL;
}

static bool read_tlds(const struct config *c, struct tlds **tlds)
{
    struct error err;
    *tlds = tlds_create(c->tlds, &err);
    if (*tlds == NULL)
        fprintf(stderr, "rootwatch read: junk.tlds: %s\n", err.text);
    return *tlds != NULL;
}

struct waiting {
    struct progress progress;
    sigset_t stop;
};

/* The first signal ends the reading; the next one ends all, as it would have by itself. */
static bool keep_on(void *argument, uint64_t frames, uint64_t done, uint64_t all)
{
    struct waiting *w = argument;
    const struct timespec at_once = {.tv_sec = 0};
    progress_show(&w->progress, frames, done, all);
    if (sigtimedwait(&w->stop, NULL, &at_once) < 0)
        return true;
    sigprocmask(SIG_UNBLOCK, &w->stop, NULL);
    return false;
}

/* A pipe's writer gets the same signal, so that its end comes soon. */
static void watch_signals(struct waiting *w)
{
    sigemptyset(&w->stop);
    sigaddset(&w->stop, SIGINT);
    sigaddset(&w->stop, SIGTERM);
    sigprocmask(SIG_BLOCK, &w->stop, NULL);
    progress_init(&w->progress, stderr, "frames");
}

static bool print_summary(const struct options *o, const struct engine *e, unsigned files,
                          struct writer_counts counts)
{
    const struct summary s = {
            .files = files,
            .run = engine_run(e),
            .tlds = engine_tlds_source(e),
            .events = engine_events(e),
            .prefixes = o->prefixes,
            .writer = counts,
            .turned_away = engine_turned_away(e),
            .origins = engine_origins(e),
    };
    if (o->json ? summary_json(&s, stdout) : summary_print(&s, stdout))
        return true;
    fprintf(stderr, "rootwatch read: writing the summary: %s\n", strerror(errno));
    return false;
}

/* Archives, and mails where the configuration wants some; what waits is said. */
static bool follow_up(const struct options *o, const struct config *c, const struct log *log)
{
    struct notify_counts told = {0};
    bool good = jobs_run(c, o->state, log, false, &told);
    if (told.mail.sent > 0)
        log_notice(log, "%u mail%s sent", told.mail.sent, told.mail.sent == 1 ? "" : "s");
    if (told.mail.waiting > 0)
        log_warning(log, "mail in %s/spool that waits for the next run: %u", o->state,
                    told.mail.waiting);
    return good;
}

static int read_all(const struct options *o, const struct config *c,
                    const struct origins *origins, const struct tlds *tlds, FILE *events,
                    char **files, unsigned count)
{
    struct log log;
    struct error err;
    struct waiting watch;
    log_init(&log, STDERR_FILENO);
    log.name = "rootwatch read";
    const struct engine_settings settings = {
            .config = c,
            .log = &log,
            .state = o->state,
            .events = events,
            .keep_run = true,
            .keep_events = true,
            .origins = origins,
            .tlds = tlds,
            .poke_fd = -1,
    };
    watch_signals(&watch); /* before the writer's thread, which must not take them */
    struct engine *e = engine_create(&settings, &err);
    if (e == NULL || !engine_start(e, false, &err)) {
        log_error(&log, "%s", err.text);
        engine_free(e);
        return EXIT_FAILED;
    }
    enum engine_end end = engine_read(e, files, count, keep_on, &watch, &err);
    progress_end(&watch.progress);
    sigprocmask(SIG_UNBLOCK, &watch.stop, NULL);
    if (end == ENGINE_FAILED) {
        log_error(&log, "%s", err.text);
        engine_free(e);
        return EXIT_FAILED;
    }
    struct writer_counts counts = engine_finish(e);
    bool printed = print_summary(o, e, count, counts);
    engine_free(e);
    if (o->state != NULL && !follow_up(o, c, &log))
        return EXIT_FAILED;
    return printed && end == ENGINE_DONE && counts.failed == 0 ? EXIT_DONE : EXIT_FAILED;
}

int cmd_read(int argc, char **argv)
{
    struct options o;
    struct config c;
    bool good;
    if (!take_options(argc, argv, &o)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (o.help) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    if (!load_config(&o, &c))
        return EXIT_USAGE;
    struct origins *origins = NULL;
    if (o.origins != NULL && strlen(o.origins) >= sizeof c.origins) {
        (void)complain("--origins", o.origins, "short enough: 255 octets");
        return EXIT_FAILED;
    }
    if (o.origins != NULL) /* for case files, too */
        memcpy(c.origins, o.origins, strlen(o.origins) + 1);
    if (c.origins[0] != '\0' && !read_origins(c.origins, &origins))
        return EXIT_FAILED;
    struct tlds *tlds;
    if (!read_tlds(&c, &tlds)) {
        origins_free(origins);
        return EXIT_FAILED;
    }
    FILE *events = open_events(&o, &good);
    int status = !good ? EXIT_FAILED
                       : read_all(&o, &c, origins, tlds, events, argv + optind,
                                  (unsigned)(argc - optind));
    tlds_free(tlds);
    origins_free(origins);
    if (events != NULL && fclose(events) != 0) {
        fprintf(stderr, "rootwatch read: %s: %s\n", o.events, strerror(errno));
        status = EXIT_FAILED;
    }
    return status;
}

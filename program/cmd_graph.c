/* SPDX-License-Identifier: MIT */
#include "program/command.h"

#include "graphs/pages.h"
#include "program/config.h"
#include "program/moment.h"
#include "program/privileges.h"

#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
        "usage: rootwatch graph [-c FILE] [--state DIR] [--out DIR] [--at TIME]\n"
        "       " MOMENT_FORMS "\n";

struct options {
    const char *config, *state, *out;
    int64_t at_s; /* 0: the end of what is stored */
    bool help;
};

struct work {
    char state[CONFIG_PATH_BYTES], out[CONFIG_PATH_BYTES + 8], site[64];
    int64_t at_s;
};

static bool take_time(struct options *o, const char *text)
{
    if (moment_read(text, &o->at_s))
        return true;
    (void)fprintf(stderr, "rootwatch graph: --at: \"%s\" is not a time\n", text);
    return false;
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
    case 'o':
        o->out = optarg;
        return true;
    case 'a':
        return take_time(o, optarg);
    case 'h':
        o->help = true;
        return true;
    default:
        return false;
    }
}

static bool take_options(int argc, char **argv, struct options *o)
{
    static const struct option options[] = {
            {"config", required_argument, NULL, 'c'}, {"state", required_argument, NULL, 's'},
            {"out", required_argument, NULL, 'o'},    {"at", required_argument, NULL, 'a'},
            {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
    };
    *o = (struct options){0};
    int option;
    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1)
        if (!take_option(o, option))
            return false;
    if (optind == argc)
        return true;
    (void)fprintf(stderr, "rootwatch graph: \"%s\" is one argument too many\n", argv[optind]);
    return false;
}

static bool take_path(char *to, size_t size, const char *option, const char *path)
{
    if (strlen(path) >= size) {
        (void)fprintf(stderr, "rootwatch graph: %s: the path is longer than %zu octets\n",
                      option, size - 1);
        return false;
    }
    memcpy(to, path, strlen(path) + 1);
    return true;
}

/* What the configuration says, and the arguments over it. */
static bool plan(const struct options *o, struct work *w)
{
    struct config c;
    struct config_problems problems;
    if (!config_load(o->config, &c, &problems)) {
        config_print_problems(&problems, stderr);
        return false;
    }
    if (o->state != NULL && !take_path(c.state, sizeof c.state, "--state", o->state))
        return false;
    *w = (struct work){.at_s = o->at_s};
    memcpy(w->state, c.state, sizeof w->state);
    memcpy(w->site, c.site, sizeof w->site);
    config_www(&c, w->out);
    return o->out == NULL || take_path(w->out, sizeof w->out, "--out", o->out);
}

static int draw(const struct work *w)
{
    struct error err;
    char user[PRIVILEGES_NAME_BYTES];
    struct page_result result = {0};
    const struct page_options options = {.site = w->site, .at_s = w->at_s, .now_s = time(NULL)};

    struct store *store = privileges_become_owner(w->state, user, &err)
                                  ? store_open(w->state, STORE_READ, &err)
                                  : NULL;
    bool done = store != NULL && pages_write(store, w->state, w->out, &options, &result, &err);
    uint64_t damaged = store == NULL ? 0 : store_damaged(store);
    store_close(store);
    if (damaged > 0)
        (void)fprintf(stderr,
                      "rootwatch graph: warning: %s/rootwatch.db: what is in damaged rows "
                      "is left out\n",
                      w->state);
    if (result.notes[0] != 0)
        (void)fprintf(stderr, "rootwatch graph: %s\n", result.notes);
    if (!done) {
        (void)fprintf(stderr, "rootwatch graph: %s%s%s%s\n", err.text,
                      user[0] != '\0' ? " (as " : "", user,
                      user[0] != '\0' ? ", who owns the state directory)" : "");
        return EXIT_FAILED;
    }
    (void)printf("%u pages and %u pictures in %s\n", result.pages, result.pictures, w->out);
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

/* librrd takes the zone and the character set of its texts from here. */
static void set_place(void)
{
    (void)setenv("TZ", "UTC", 1);
    (void)setenv("LC_ALL", "C.UTF-8", 1);
    tzset();
    (void)setlocale(LC_ALL, "");
}

static int wait_for(pid_t child)
{
    int status;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            (void)fprintf(stderr, "rootwatch graph: waiting for the drawing process: %s\n",
                          strerror(errno));
            return EXIT_FAILED;
        }
    }
    if (!WIFSIGNALED(status))
        return WEXITSTATUS(status);
    (void)fprintf(
            stderr,
            "rootwatch graph: the drawing process ended by signal %d (%s); removing the files "
            "in the state directory's rrd/ makes them anew from the database\n",
            WTERMSIG(status), strsignal(WTERMSIG(status)));
    return EXIT_FAILED;
}

/* Damaged archives can make librrd crash, which then costs this child alone. */
static int draw_apart(const struct work *w)
{
    pid_t child = fork();
    if (child < 0) {
        (void)fprintf(stderr, "rootwatch graph: starting the drawing process: %s\n",
                      strerror(errno));
        return EXIT_FAILED;
    }
    if (child > 0)
        return wait_for(child);
    set_place();
    exit(draw(w));
}

int cmd_graph(int argc, char **argv)
{
    struct options o;
    struct work w;
    if (!take_options(argc, argv, &o)) {
        (void)fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (o.help) {
        (void)fputs(usage, stdout);
        return EXIT_DONE;
    }
    return plan(&o, &w) ? draw_apart(&w) : EXIT_USAGE;
}

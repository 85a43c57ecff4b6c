/* SPDX-License-Identifier: MIT */
#include "program/command.h"

#include "analysis/store.h"
#include "program/config.h"
#include "program/status.h"
#include "program/top_view.h"

#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { OVER = 10, LOOK_MS = 200, DAY_S = 86400 };

static const char usage[] =
        "usage: rootwatch top [-c FILE] [--state DIR] [--over INTERVALS] [--once] [--json]\n";

struct options {
    const char *config, *state;
    unsigned over;
    bool once, json, help;
};

struct top {
    struct options options;
    char state[CONFIG_PATH_BYTES];
    struct top_view view;
    struct error blind; /* what view.blind_to points to */
};

static bool take_over(struct options *o, const char *text)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || n < 1 || n > TOP_INTERVALS_MAX) {
        (void)fprintf(stderr, "rootwatch top: --over: \"%s\" is not a number from 1 to %d\n",
                      text, TOP_INTERVALS_MAX);
        return false;
    }
    o->over = (unsigned)n;
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
    case 'o':
        return take_over(o, optarg);
    case '1':
        o->once = true;
        return true;
    case 'j':
        o->json = true;
        return true;
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
            {"config", required_argument, NULL, 'c'},
            {"state", required_argument, NULL, 's'},
            {"over", required_argument, NULL, 'o'},
            {"once", no_argument, NULL, '1'},
            {"json", no_argument, NULL, 'j'},
            {"help", no_argument, NULL, 'h'},
            {NULL, 0, NULL, 0},
    };
    *o = (struct options){.over = OVER};
    int option;
    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1)
        if (!take_option(o, option))
            return false;
    if (optind == argc)
        return true;
    (void)fprintf(stderr, "rootwatch top: \"%s\" is one argument too many\n", argv[optind]);
    return false;
}

static bool plan(struct top *t)
{
    struct config c;
    struct config_problems problems;
    if (!config_load(t->options.config, &c, &problems)) {
        config_print_problems(&problems, stderr);
        return false;
    }
    const char *state = t->options.state != NULL ? t->options.state : c.state;
    if (snprintf(t->state, sizeof t->state, "%s", state) >= (int)sizeof t->state) {
        (void)fprintf(stderr, "rootwatch top: --state: the path is too long\n");
        return false;
    }
    t->view.over = t->options.over;
    return true;
}

static bool take_incident(void *argument, const struct incident_event *e)
{
    struct top_view *v = argument;
    const struct incident *i = &e->incident;
    if (e->state == INCIDENT_CLOSED)
        return true;
    if (v->open < TOP_INCIDENTS) {
        struct top_incident *to = &v->incident[v->open];
        *to = (struct top_incident){.grave = i->severity > INCIDENT_NOTICE,
                                    .began_s = i->began_s};
        (void)snprintf(to->id, sizeof to->id, "%s", i->id);
        (void)snprintf(to->summary, sizeof to->summary, "%s", i->summary);
    }
    v->open++;
    return true;
}

static void look_at_incidents(struct top *t)
{
    int64_t now_s = top_view_time(&t->view);
    struct store *store = store_open(t->state, STORE_READ, &t->blind);
    t->view.open = 0;
    bool good = store != NULL && store_incidents(store, now_s - DAY_S, now_s + DAY_S,
                                                 take_incident, &t->view, &t->blind);
    t->view.blind_to = good ? NULL : t->blind.text;
    store_close(store);
}

/* Whether there is something new to show; false with an error: nothing can be read. */
static bool look(struct top *t, struct error *err)
{
    json_t *status = status_read(t->state, err);
    if (status == NULL)
        return false;
    err->text[0] = '\0';
    if (!top_view_add(&t->view, status)) {
        json_decref(status);
        return false;
    }
    look_at_incidents(t);
    return true;
}

/* ---- Once ------------------------------------------------------------------------------ */

static int print_once(struct top *t)
{
    struct error err;
    int64_t now_s = time(NULL);
    if (!look(t, &err)) {
        (void)fprintf(stderr, "rootwatch top: %s\n", err.text);
        return EXIT_FAILED;
    }
    if (t->options.json) {
        (void)json_dumpf(t->view.status[0], stdout, JSON_COMPACT | JSON_REAL_PRECISION(12));
        (void)putchar('\n');
    } else {
        top_view_print(&t->view, now_s, (struct top_size){.styled = false}, stdout);
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        error_errno(&err, "standard output");
        (void)fprintf(stderr, "rootwatch top: %s\n", err.text);
        return EXIT_FAILED;
    }
    if (now_s - top_view_time(&t->view) < TOP_STALE_S)
        return EXIT_DONE;
    (void)fprintf(stderr, "rootwatch top: this is old: `rootwatch run` does not capture now\n");
    return EXIT_FAILED;
}

/* ---- On a terminal --------------------------------------------------------------------- */

struct terminal {
    struct termios before;
    int signals;
};

static struct top_size size_of_terminal(void)
{
    struct winsize w = {.ws_col = 0};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) != 0 || w.ws_col == 0 || w.ws_row == 0)
        return (struct top_size){80, 24, true};
    return (struct top_size){w.ws_col, w.ws_row, true};
}

/* The screen of before comes back at the end, whatever ends us but SIGKILL. */
static bool open_terminal(struct terminal *t, struct error *err)
{
    sigset_t mask;
    (void)sigemptyset(&mask);
    (void)sigaddset(&mask, SIGINT);
    (void)sigaddset(&mask, SIGTERM);
    (void)sigaddset(&mask, SIGHUP);
    (void)sigaddset(&mask, SIGQUIT);
    (void)sigaddset(&mask, SIGTSTP);
    if (tcgetattr(STDIN_FILENO, &t->before) != 0)
        return error_errno(err, "the terminal's settings");
    (void)sigprocmask(SIG_BLOCK, &mask, NULL);
    (void)sigdelset(&mask, SIGTSTP); /* stays blocked: it would leave the screen as it is */
    t->signals = signalfd(-1, &mask, SFD_CLOEXEC);
    if (t->signals < 0)
        return error_errno(err, "waiting for signals");
    struct termios raw = t->before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    (void)fputs("\033[?1049h\033[?25l\033[H\033[J", stdout);
    return true;
}

static void close_terminal(struct terminal *t)
{
    (void)fputs("\033[?25h\033[?1049l", stdout);
    (void)fflush(stdout);
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &t->before);
    (void)close(t->signals);
}

/* Waits a little; true: the reader has had enough. */
static bool is_over(const struct terminal *t)
{
    struct pollfd of[] = {{t->signals, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    char key;
    if (poll(of, 2, LOOK_MS) <= 0)
        return false;
    if (of[0].revents != 0)
        return true;
    ssize_t got = read(STDIN_FILENO, &key, 1);
    return got <= 0 || key == 'q' || key == 'Q' || key == 3;
}

static void draw(const struct top *t)
{
    (void)fputs("\033[H", stdout);
    top_view_print(&t->view, time(NULL), size_of_terminal(), stdout);
    (void)fflush(stdout);
}

/* Drawn when there is something new, and each second, so that one sees that nothing comes. */
static int follow(struct top *t)
{
    struct error err;
    struct terminal terminal;
    time_t drawn = 0;
    if (!look(t, &err) || !open_terminal(&terminal, &err)) {
        (void)fprintf(stderr, "rootwatch top: %s\n", err.text);
        return EXIT_FAILED;
    }
    do {
        bool fresh = look(t, &err);
        if (!fresh && time(NULL) == drawn)
            continue;
        draw(t);
        drawn = time(NULL);
    } while (!is_over(&terminal));
    close_terminal(&terminal);
    return EXIT_DONE;
}

int cmd_top(int argc, char **argv)
{
    struct top t = {.view = {.held = 0}};
    if (!take_options(argc, argv, &t.options)) {
        (void)fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (t.options.help) {
        (void)fputs(usage, stdout);
        return EXIT_DONE;
    }
    if (!plan(&t))
        return EXIT_USAGE;
    bool shown =
            !t.options.once && !t.options.json && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    int status = shown ? follow(&t) : print_once(&t);
    top_view_fini(&t.view);
    return status;
}

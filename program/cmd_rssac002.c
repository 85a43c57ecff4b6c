/* SPDX-License-Identifier: MIT */
#include "program/command.h"

#include "analysis/rssac002_text.h"
#include "graphs/publish.h"
#include "program/config.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { STATES = 256, PATH_BYTES = 4096 };

static const char usage[] =
        "usage: rootwatch rssac002 [-c FILE] [--state DIR]... [--out DIR] DAY\n"
        "       DAY is YYYY-MM-DD, or yesterday (UTC)\n";

struct options {
    const char *config, *out;
    const char *state[STATES];
    unsigned states;
    const char *day;
    int64_t start_s; /* of the day */
    bool help;
};

/* ---- Options --------------------------------------------------------------------------- */

static bool complain(const char *what, const char *value, const char *allowed)
{
    fprintf(stderr, "rootwatch rssac002: %s: \"%s\" is not %s\n", what, value, allowed);
    return false;
}

/* As it is printed: 2026-02-30 is no day, nor is 2026-2-3. */
static bool read_day(const char *text, int64_t *start_s)
{
    struct tm tm = {0};
    char again[16];
    time_t now = time(NULL);
    if (strcmp(text, "yesterday") == 0) {
        *start_s = now - now % RSSAC002_DAY_S - RSSAC002_DAY_S;
        return true;
    }
    const char *end = strptime(text, "%Y-%m-%d", &tm);
    if (end == NULL || *end != '\0')
        return false;
    *start_s = timegm(&tm);
    return strftime(again, sizeof again, "%Y-%m-%d", &tm) > 0 && strcmp(again, text) == 0 &&
           *start_s > 0;
}

static bool take_state(struct options *o, const char *directory)
{
    if (o->states == STATES) {
        fprintf(stderr, "rootwatch rssac002: --state: no more than %d\n", STATES);
        return false;
    }
    o->state[o->states++] = directory;
    return true;
}

static bool take_option(struct options *o, int option)
{
    switch (option) {
    case 'c':
        o->config = optarg;
        return true;
    case 's':
        return take_state(o, optarg);
    case 'o':
        o->out = optarg;
        return true;
    case 'h':
        o->help = true;
        return true;
    default:
        return false;
    }
}

static bool take_day(int argc, char **argv, struct options *o)
{
    if (optind == argc) {
        fprintf(stderr, "rootwatch rssac002: which day?\n");
        return false;
    }
    if (optind + 1 < argc)
        return complain("argument", argv[optind + 1], "taken");
    o->day = argv[optind];
    return read_day(o->day, &o->start_s) ||
           complain("DAY", o->day, "a day such as 2026-01-15, or yesterday");
}

static bool take_options(int argc, char **argv, struct options *o)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"state", required_argument, NULL, 's'},
                                            {"out", required_argument, NULL, 'o'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int option;
    *o = (struct options){.out = "."};
    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1)
        if (!take_option(o, option))
            return false;
    return o->help || take_day(argc, argv, o);
}

/* ---- For people ------------------------------------------------------------------------ */

/* Warnings on standard error alone: cron mails them, and a terminal shows them once. */
static void print_note(void *argument, bool warning, const char *text)
{
    (void)argument;
    if (warning)
        fprintf(stderr, "rootwatch rssac002: warning: %s\n", text);
    else
        printf("%s\n", text);
}

static void print_volume(const char *what, const uint64_t count[static TRANSPORTS])
{
    printf("%-10s %12" PRIu64 "   UDP/IPv4 %" PRIu64 ", UDP/IPv6 %" PRIu64 ", TCP/IPv4 %" PRIu64
           ", TCP/IPv6 %" PRIu64 "\n",
           what, rssac002_sum(count, TRANSPORTS), count[TRANSPORT_UDP4], count[TRANSPORT_UDP6],
           count[TRANSPORT_TCP4], count[TRANSPORT_TCP6]);
}

static void print_day(const struct options *o, const struct rssac002_day *d)
{
    printf("RSSAC002 of %s, %s UTC\n\n", d->service, o->day);
    print_volume("queries", d->counts.queries);
    print_volume("responses", d->counts.responses);
    printf("%-10s %12" PRIu64 "   IPv4 %" PRIu64 ", IPv6 %" PRIu64 ", in %" PRIu64 " /64s\n\n",
           "sources", d->sources4 + d->sources6, d->sources4, d->sources6, d->networks6);
    for (unsigned i = 0; o->states > 1 && i < d->instances; i++)
        printf("directory %u: %s: %u of %d hours\n", i + 1, o->state[i], d->instance[i].hours,
               RSSAC002_DAY_HOURS);
    (void)fflush(stdout);
    rssac002_notes(d, print_note, NULL);
    printf("\n");
}

/* ---- The work -------------------------------------------------------------------------- */

static bool write_metric(const struct options *o, const struct rssac002_day *d,
                         enum rssac002_metric m, struct error *err)
{
    char name[RSSAC002_NAME_BYTES];
    rssac002_file_name(d, m, name);
    if (!rssac002_has_metric(d, m)) {
        printf("not written: %s/%s\n", o->out, name);
        return true;
    }
    char *text = rssac002_text(d, m, "rootwatch " ROOTWATCH_VERSION);
    if (text == NULL)
        return error_set(err, "no memory for %s", name);
    bool good = publish_file(o->out, name, text, strlen(text), err);
    if (good)
        printf("written: %s/%s\n", o->out, name);
    free(text);
    return good;
}

static bool write_day(const struct options *o, const struct rssac002_day *d, struct error *err)
{
    for (enum rssac002_metric m = 0; m < RSSAC002_METRICS; m++)
        if (!write_metric(o, d, m, err))
            return false;
    return (fflush(stdout) == 0 && !ferror(stdout)) || error_errno(err, "standard output");
}

/* What would do, depending on what is there. */
static bool refuse_empty(const struct rssac002_day *d, const char *day, struct error *err)
{
    unsigned hours = 0;
    unsigned spoilt = 0;
    for (unsigned i = 0; i < d->instances; i++) {
        hours += d->instance[i].hours;
        spoilt += d->instance[i].spoilt;
    }
    if (hours > 0)
        return error_set(err, "%s: no DNS message was captured in %u hours", day, hours);
    if (spoilt > 0)
        return error_set(err, "%s: none of %u hours can be read", day, spoilt);
    return error_set(err,
                     "nothing is stored of %s: hours are counted while rssac002.service is "
                     "set, and kept for rssac002.keep-days",
                     day);
}

static bool work(const struct options *o, const struct config *c, struct store *const *stores,
                 struct error *err)
{
    struct rssac002_day *d = malloc(sizeof *d);
    if (d == NULL)
        return error_set(err, "no memory for a day");
    bool good = rssac002_day_read(d, stores, o->states, o->start_s, c->rssac002_service, err);
    if (good && !rssac002_day_has_queries(d) && !rssac002_day_has_responses(d))
        good = refuse_empty(d, o->day, err);
    if (good) {
        print_day(o, d);
        good = write_day(o, d, err);
    }
    rssac002_day_fini(d);
    free(d);
    return good;
}

/* A directory given twice would count twice. */
static bool are_different(const struct options *o, struct error *err)
{
    struct stat st[STATES];
    for (unsigned i = 0; i < o->states; i++) {
        char path[PATH_BYTES];
        (void)snprintf(path, sizeof path, "%s/rootwatch.db", o->state[i]);
        if (stat(path, &st[i]) != 0)
            return error_errno(err, "%s", path);
        for (unsigned n = 0; n < i; n++)
            if (st[n].st_dev == st[i].st_dev && st[n].st_ino == st[i].st_ino)
                return error_set(err, "%s and %s are one state directory", o->state[n],
                                 o->state[i]);
    }
    return true;
}

static bool open_stores(const struct options *o, struct store **stores, struct error *err)
{
    for (unsigned i = 0; i < o->states; i++) {
        stores[i] = store_open(o->state[i], STORE_READ, err);
        if (stores[i] == NULL)
            return false;
    }
    return true;
}

static bool is_over(const struct options *o, struct error *err)
{
    return time(NULL) >= o->start_s + RSSAC002_DAY_S ||
           error_set(err, "%s is not over in UTC: wait until some minutes after midnight",
                     o->day);
}

static int publish(struct options *o, const struct config *c)
{
    struct error err;
    struct store *stores[STATES] = {NULL};
    char day[16];
    time_t start = (time_t)o->start_s;
    struct tm utc;
    (void)strftime(day, sizeof day, "%Y-%m-%d", gmtime_r(&start, &utc));
    o->day = day;
    if (o->states == 0)
        o->state[o->states++] = c->state;
    bool good = is_over(o, &err) && are_different(o, &err) && open_stores(o, stores, &err) &&
                work(o, c, stores, &err);
    if (!good)
        fprintf(stderr, "rootwatch rssac002: %s\n", err.text);
    for (unsigned i = 0; i < o->states; i++)
        store_close(stores[i]);
    return good ? EXIT_DONE : EXIT_FAILED;
}

int cmd_rssac002(int argc, char **argv)
{
    struct options o;
    struct config c;
    struct config_problems problems;
    if (!take_options(argc, argv, &o)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (o.help) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    if (!config_load(o.config, &c, &problems)) {
        config_print_problems(&problems, stderr);
        return EXIT_USAGE;
    }
    return publish(&o, &c);
}

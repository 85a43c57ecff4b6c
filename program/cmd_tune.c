/* SPDX-License-Identifier: MIT */
#include "program/command.h"

#include "program/engine.h"
#include "program/origins_file.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TRIALS = 3, DAY_S = 86400 };

static const char usage[] = "usage: rootwatch tune [-c FILE] [--origins TABLE] FILE...\n";

/* Of the configured sensitivity. */
static const double factor[TRIALS] = {0.5, 1, 2};

struct options {
    const char *config;
    const char *origins;
    bool help;
};

/* What one sensitivity opened. */
struct trial {
    double sensitivity;
    json_t *events;
};

static bool take_options(int argc, char **argv, struct options *o)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"origins", required_argument, NULL, 'o'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int option;
    *o = (struct options){.config = NULL};
    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        if (option == 'c')
            o->config = optarg;
        else if (option == 'o')
            o->origins = optarg;
        else if (option == 'h')
            o->help = true;
        else
            return false;
    }
    return o->help || optind < argc;
}

static bool try_one(struct trial *t, const struct config *configured,
                    const struct origins *origins, char **files, unsigned count)
{
    struct log log;
    struct error err;
    struct config c = *configured;
    c.sensitivity = t->sensitivity;
    log_init(&log, STDERR_FILENO);
    const struct engine_settings settings = {
            .config = &c, .log = &log, .keep_events = true, .origins = origins, .poke_fd = -1};
    struct engine *e = engine_create(&settings, &err);
    bool good = e != NULL && engine_start(e, false, &err) &&
                engine_read(e, files, count, NULL, NULL, &err) != ENGINE_FAILED;
    if (good) {
        (void)engine_finish(e);
        t->events = json_deep_copy(engine_events(e));
    } else {
        log_error(&log, "%s", err.text);
    }
    engine_free(e);
    return good;
}

static bool is_opening(const json_t *event)
{
    const char *state = json_string_value(json_object_get(event, "state"));
    return state != NULL && strcmp(state, "open") == 0;
}

static int64_t day_of(const json_t *event)
{
    return json_integer_value(json_object_get(event, "time")) / DAY_S;
}

static const char *time_text(int64_t time_s, const char *format, char text[static 32])
{
    time_t at = (time_t)time_s;
    struct tm utc;
    gmtime_r(&at, &utc);
    (void)strftime(text, 32, format, &utc);
    return text;
}

static unsigned opened_on(const struct trial *t, int64_t day)
{
    unsigned count = 0;
    size_t i;
    json_t *event;
    json_array_foreach(t->events, i, event) count += is_opening(event) && day_of(event) == day;
    return count;
}

/* The earliest day after `day` with anything in it; false: there is none. */
static bool next_day(const struct trial *trial, int64_t *day)
{
    int64_t next = INT64_MAX;
    for (unsigned t = 0; t < TRIALS; t++) {
        size_t i;
        json_t *event;
        json_array_foreach(trial[t].events, i,
                           event) if (is_opening(event) && day_of(event) > *day &&
                                      day_of(event) < next) next = day_of(event);
    }
    *day = next;
    return next != INT64_MAX;
}

static void print_days(const struct trial *trial)
{
    char text[32];
    int64_t day = INT64_MIN;
    printf("incidents opened, by sensitivity\n\n%-12s", "day");
    for (unsigned t = 0; t < TRIALS; t++)
        printf("%8.3g", trial[t].sensitivity);
    putchar('\n');
    while (next_day(trial, &day)) {
        printf("%-12s", time_text(day * DAY_S, "%Y-%m-%d", text));
        for (unsigned t = 0; t < TRIALS; t++)
            printf("%8u", opened_on(&trial[t], day));
        putchar('\n');
    }
}

static void print_incidents(const struct trial *t)
{
    size_t i;
    json_t *event;
    printf("\nsensitivity %.3g\n", t->sensitivity);
    json_array_foreach(t->events, i, event)
    {
        char text[32];
        if (!is_opening(event))
            continue;
        time_text(json_integer_value(json_object_get(event, "time")), "%Y-%m-%d %H:%M:%S",
                  text);
        printf("  %s  %-8s  %s\n", text, json_string_value(json_object_get(event, "kind")),
               json_string_value(json_object_get(event, "summary")));
    }
}

static int tune(const struct config *c, const struct origins *origins, char **files,
                unsigned count)
{
    struct trial trial[TRIALS] = {{.events = NULL}};
    bool good = true;
    for (unsigned t = 0; good && t < TRIALS; t++) {
        trial[t].sensitivity = factor[t] * c->sensitivity;
        good = try_one(&trial[t], c, origins, files, count);
    }
    if (good)
        print_days(trial);
    for (unsigned t = 0; t < TRIALS; t++) {
        if (good)
            print_incidents(&trial[t]);
        json_decref(trial[t].events);
    }
    return good && fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

static bool are_files(char **files, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(files[i], "-") == 0) {
            fprintf(stderr, "rootwatch tune: files are read three times; \"-\" cannot be\n");
            return false;
        }
    return true;
}

int cmd_tune(int argc, char **argv)
{
    struct options o;
    struct config c;
    struct config_problems problems;
    struct error err;
    struct origins *origins = NULL;
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
    unsigned files = (unsigned)(argc - optind);
    if (!are_files(argv + optind, files))
        return EXIT_USAGE;
    const char *table = o.origins != NULL ? o.origins : c.origins;
    if (table[0] != '\0' && (origins = origins_file_read(table, &err)) == NULL) {
        fprintf(stderr, "rootwatch tune: %s\n", err.text);
        return EXIT_FAILED;
    }
    int status = tune(&c, origins, argv + optind, files);
    origins_free(origins);
    return status;
}

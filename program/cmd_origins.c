/* SPDX-License-Identifier: MIT */
#include "program/command.h"

#include "analysis/origin_history.h"
#include "program/progress.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    TIME_TEXT_BYTES = 24,
    ORIGINS_TEXT_BYTES = ORIGIN_HISTORY_ORIGINS * (sizeof ",AS4294967295" - 1) + 1,
    DAY_S = 86400
};

static const char usage[] =
        "usage: rootwatch origins [--within] [--json] PREFIX [DATE=]TABLE...\n";

struct options {
    bool json;
    bool within;
    bool help;
    struct route prefix;
    const char *asked;
};

static bool parse_prefix(const char *text, struct route *r)
{
    char address[ROUTE_TEXT_BYTES];
    const char *slash = strchr(text, '/');
    size_t n = slash == NULL ? strlen(text) : (size_t)(slash - text);
    if (n >= sizeof address)
        return false;
    memcpy(address, text, n);
    address[n] = '\0';
    if (slash == NULL)
        return routes_parse(address, strchr(text, ':') != NULL ? 128 : 32, r);
    char *end;
    unsigned long length = strtoul(slash + 1, &end, 10);
    return slash[1] >= '0' && slash[1] <= '9' && *end == '\0' &&
           routes_parse(address, length, r);
}

static bool take_arguments(int argc, char **argv, struct options *o)
{
    if (argc - optind < 2) {
        fprintf(stderr, "rootwatch origins: %s\n",
                argc == optind ? "no prefix given" : "no table given");
        return false;
    }
    o->asked = argv[optind];
    if (parse_prefix(o->asked, &o->prefix))
        return true;
    fprintf(stderr, "rootwatch origins: \"%s\" is not a prefix, as 192.0.2.0/24 is\n",
            o->asked);
    return false;
}

static bool take_options(int argc, char **argv, struct options *o)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"within", no_argument, NULL, 'w'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int option;
    *o = (struct options){.json = false};
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'j')
            o->json = true;
        else if (option == 'w')
            o->within = true;
        else if (option == 'h')
            o->help = true;
        else
            return false;
    }
    return o->help || take_arguments(argc, argv, o);
}

/* ---- Reading --------------------------------------------------------------------------- */

static bool keep_on(void *to, const struct feed *from, uint64_t routes)
{
    uint64_t done_bytes, size_bytes;
    input_progress(from->input, &done_bytes, &size_bytes);
    progress_show(to, routes, done_bytes, size_bytes);
    return true;
}

/* "2005-01-18=FILE" gives a date; a file whose name holds "=" behind something else does not.
 */
static const char *split_date(const char *argument, int64_t *time)
{
    char date[TIME_TEXT_BYTES];
    const char *equals = strchr(argument, '=');
    *time = 0;
    if (equals == NULL || (size_t)(equals - argument) >= sizeof date)
        return argument;
    memcpy(date, argument, (size_t)(equals - argument));
    date[equals - argument] = '\0';
    if (date[strspn(date, "0123456789-: T")] == '\0')
        *time = routes_date(date);
    return *time == 0 ? argument : equals + 1;
}

static bool read_table(struct origin_history *h, const char *argument)
{
    struct error err;
    struct feed from;
    struct progress progress;
    int64_t time;
    const char *path = split_date(argument, &time);
    bool good = feed_open(&from, path, &err);
    if (good) {
        progress_init(&progress, stderr, "routes");
        good = origin_history_read(h, &from, time, keep_on, &progress, &err);
        progress_end(&progress);
        feed_close(&from);
    }
    if (!good)
        fprintf(stderr, "rootwatch origins: %s\n", err.text);
    return good;
}

/* ---- As text --------------------------------------------------------------------------- */

static const char *format_time(int64_t time, bool whole_days, char text[static TIME_TEXT_BYTES])
{
    struct tm t;
    time_t seconds = (time_t)time;
    gmtime_r(&seconds, &t);
    strftime(text, TIME_TEXT_BYTES, whole_days ? "%Y-%m-%d" : "%Y-%m-%d %H:%M", &t);
    return text;
}

/* The hour matters where one day has two tables. */
static bool are_of_different_days(const struct origin_history_table *t, unsigned tables)
{
    for (unsigned i = 1; i < tables; i++)
        if (t[i - 1].time / DAY_S == t[i].time / DAY_S)
            return false;
    return true;
}

static const char *format_origins(const struct origin_history_row *r,
                                  char text[static ORIGINS_TEXT_BYTES])
{
    size_t at = 0;
    if (r->match == ORIGIN_NOBODY)
        return "nobody";
    if (r->match == ORIGIN_UNKNOWN)
        return "not in this part of a table";
    if (r->origins == 0)
        return "no AS";
    for (unsigned i = 0; i < r->origins; i++)
        at += (size_t)snprintf(text + at, ORIGINS_TEXT_BYTES - at, "%sAS%" PRIu32,
                               i == 0 ? "" : ",", r->origin[i]);
    return text;
}

static void print_row(const struct origin_history_row *r, bool whole_days)
{
    char from[TIME_TEXT_BYTES], to[TIME_TEXT_BYTES], prefix[ROUTE_TEXT_BYTES];
    char origins[ORIGINS_TEXT_BYTES];
    printf("%s  %s  %6u  %-18s  %s%s%s\n", format_time(r->from, whole_days, from),
           format_time(r->to, whole_days, to), r->tables,
           r->match < ORIGIN_COVERS ? "-" : routes_prefix(&r->prefix, prefix),
           format_origins(r, origins), r->path[0] == '\0' ? "" : "  ", r->path);
}

static void print_history(const struct options *o, const struct origin_history *h)
{
    unsigned tables, rows;
    const struct origin_history_table *t = origin_history_tables(h, &tables);
    const struct origin_history_row *r = origin_history_rows(h, &rows);
    bool whole_days = are_of_different_days(t, tables);
    int width = whole_days ? 10 : 16;
    char text[TIME_TEXT_BYTES], prefix[ROUTE_TEXT_BYTES];
    printf("Who announced %s, in %u table%s\n\n%-*s  %-*s  tables  %-18s  %s\n",
           routes_prefix(&o->prefix, prefix), tables, tables == 1 ? "" : "s", width, "from",
           width, "to", "announced", "origin, AS path");
    for (unsigned i = 0; i < rows; i++)
        print_row(&r[i], whole_days);
    printf("\n%-*s  kind        routes  within  table\n", width, "tables");
    for (unsigned i = 0; i < tables; i++)
        printf("%s  %-6s  %9" PRIu64 "  %6" PRIu64 "  %s%s%s\n",
               format_time(t[i].time, whole_days, text), routes_kind_name(t[i].kind),
               t[i].routes, t[i].within, t[i].name, t[i].whole ? "" : " (not whole)",
               t[i].left_out ? " (not all of its announcements are listed)" : "");
}

/* ---- As JSON --------------------------------------------------------------------------- */

static json_t *row_json(const struct origin_history_row *r)
{
    static const char *const matches[] = {"nobody", "unknown", "covers", "same", "within"};
    char prefix[ROUTE_TEXT_BYTES];
    json_t *origins = json_array();
    for (unsigned i = 0; i < r->origins; i++)
        json_array_append_new(origins, json_integer(r->origin[i]));
    json_t *j = json_pack("{s:I, s:I, s:I, s:s, s:s, s:o}", "from", (json_int_t)r->from, "to",
                          (json_int_t)r->to, "tables", (json_int_t)r->tables, "match",
                          matches[r->match], "prefix", routes_prefix(&r->prefix, prefix),
                          "origins", origins);
    if (r->match >= ORIGIN_COVERS)
        json_object_set_new(j, "routes", json_integer((json_int_t)r->routes));
    if (r->path[0] != '\0')
        json_object_set_new(j, "path", json_string(r->path));
    return j;
}

/* A file's name may hold any octets. */
static json_t *name_json(const char *name)
{
    json_t *j = json_string(name);
    if (j != NULL)
        return j;
    char *copy = strdup(name);
    for (char *c = copy; c != NULL && *c != '\0'; c++)
        *c = (unsigned char)*c < 0x80 ? *c : '?';
    j = json_string(copy == NULL ? "" : copy);
    free(copy);
    return j;
}

static json_t *table_json(const struct origin_history_table *t)
{
    return json_pack("{s:I, s:s, s:b, s:I, s:I, s:b, s:o}", "time", (json_int_t)t->time, "kind",
                     routes_kind_name(t->kind), "whole", t->whole, "routes",
                     (json_int_t)t->routes, "within", (json_int_t)t->within, "left_out",
                     t->left_out, "file", name_json(t->name));
}

static bool dump_history(const struct options *o, const struct origin_history *h)
{
    unsigned tables, rows;
    char prefix[ROUTE_TEXT_BYTES];
    const struct origin_history_table *t = origin_history_tables(h, &tables);
    const struct origin_history_row *r = origin_history_rows(h, &rows);
    json_t *history = json_array();
    json_t *read = json_array();
    for (unsigned i = 0; i < rows; i++)
        json_array_append_new(history, row_json(&r[i]));
    for (unsigned i = 0; i < tables; i++)
        json_array_append_new(read, table_json(&t[i]));
    json_t *j =
            json_pack("{s:s, s:s, s:o, s:o}", "schema", "rootwatch-origins/1", "prefix",
                      routes_prefix(&o->prefix, prefix), "history", history, "tables", read);
    bool good = j != NULL && json_dumpf(j, stdout, JSON_COMPACT) == 0 && putchar('\n') != EOF;
    json_decref(j);
    return good;
}

static bool print_all(const struct options *o, const struct origin_history *h)
{
    bool good = true;
    if (o->json)
        good = dump_history(o, h);
    else
        print_history(o, h);
    if (good && fflush(stdout) == 0 && !ferror(stdout))
        return true;
    fprintf(stderr, "rootwatch origins: standard output: %s\n", strerror(errno));
    return false;
}

/* What is refused is named; what the other tables say is printed all the same. */
int cmd_origins(int argc, char **argv)
{
    struct options o;
    struct error err;
    if (!take_options(argc, argv, &o)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (o.help) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    struct origin_history *h = origin_history_create(&o.prefix, o.within, &err);
    unsigned good = 0;
    unsigned given = (unsigned)(argc - optind - 1);
    for (unsigned i = 0; h != NULL && i < given; i++)
        good += read_table(h, argv[optind + 1 + (int)i]);
    bool finished = h != NULL && origin_history_finish(h, &err);
    if (!finished)
        fprintf(stderr, "rootwatch origins: %s\n", err.text);
    bool printed = finished && good > 0 && print_all(&o, h);
    origin_history_free(h);
    return printed && good == given ? EXIT_DONE : EXIT_FAILED;
}

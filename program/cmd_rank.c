/* SPDX-License-Identifier: MIT */
#include "program/command.h"

#include "program/origins_file.h"
#include "program/ranking_table.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BAD_TEXT_BYTES = 64 };
static const uint64_t count_max = UINT64_C(1000000000000);

static const char usage[] = "usage: rootwatch rank [--by cidr|asn|country] [--origins TABLE] "
                            "[--top N|all] [--json] < ADDRESSES\n";

struct options {
    const char *origins;
    enum ranking_by by;
    size_t top;
    bool json;
    bool help;
};

/* Lines that hold no address. */
struct bad_lines {
    uint64_t count;
    unsigned long first;
    char text[BAD_TEXT_BYTES]; /* of the first */
};

static bool complain(const char *what, const char *value, const char *allowed)
{
    fprintf(stderr, "rootwatch rank: %s: \"%s\" is not %s\n", what, value, allowed);
    return false;
}

static bool take_by(struct options *o, const char *text)
{
    static const struct {
        const char *text;
        enum ranking_by by;
    } kinds[] = {{"cidr", RANKING_BY_PREFIX},
                 {"asn", RANKING_BY_ASN},
                 {"country", RANKING_BY_COUNTRY}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(text, kinds[i].text) == 0) {
            o->by = kinds[i].by;
            return true;
        }
    return complain("--by", text, "cidr, asn or country");
}

static bool take_top(struct options *o, const char *text)
{
    return ranking_table_top(text, &o->top) || complain("--top", text, "a number or \"all\"");
}

static bool take_option(struct options *o, int option)
{
    switch (option) {
    case 'b':
        return take_by(o, optarg);
    case 't':
        return take_top(o, optarg);
    case 'o':
        o->origins = optarg;
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
            {"by", required_argument, NULL, 'b'},  {"origins", required_argument, NULL, 'o'},
            {"top", required_argument, NULL, 't'}, {"json", no_argument, NULL, 'j'},
            {"help", no_argument, NULL, 'h'},      {NULL, 0, NULL, 0}};
    int option;
    *o = (struct options){.top = RANKING_TABLE_TOP};
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1)
        if (!take_option(o, option))
            return false;
    if (o->help)
        return true;
    if (optind < argc)
        return complain("argument", argv[optind], "taken: addresses come on standard input");
    if (o->origins != NULL && strcmp(o->origins, "-") == 0)
        return complain("--origins", "-", "a file: addresses come on standard input");
    if (!isatty(STDIN_FILENO))
        return true;
    fprintf(stderr, "rootwatch rank: standard input is a terminal, not a list of addresses\n");
    return false;
}

/* ---- Reading addresses ----------------------------------------------------------------- */

/* IPv4 inside IPv6 (RFC 4291, 2.5.5.2) is IPv4. */
static bool read_host(const char *text, struct prefix *host)
{
    static const uint8_t mapped[12] = {[10] = 0xff, 0xff};
    struct route r;
    if (!routes_parse(text, strchr(text, ':') != NULL ? 128 : 32, &r))
        return false;
    if (r.family == 6 && memcmp(r.address, mapped, sizeof mapped) == 0) {
        memmove(r.address, r.address + sizeof mapped, 4);
        r.family = 4;
    }
    *host = prefix_of(r.family, r.address, r.family == 4 ? 32 : 56);
    return true;
}

static bool read_count(const char *text, uint64_t *count)
{
    char *end;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    *count = n;
    return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && n <= count_max;
}

/* An address; or with a count behind it, or before it as `uniq -c` has it. */
static bool read_line(char *line, struct prefix *host, uint64_t *count)
{
    static const char blank[] = " \t\r";
    char *rest;
    char *first = strtok_r(line, blank, &rest);
    char *second = strtok_r(NULL, blank, &rest);
    *count = 1;
    if (first == NULL || (second != NULL && strtok_r(NULL, blank, &rest) != NULL))
        return false;
    if (second == NULL)
        return read_host(first, host);
    return (read_host(first, host) && read_count(second, count)) ||
           (read_count(first, count) && read_host(second, host));
}

static void note_bad(struct bad_lines *bad, const struct feed *from, const char *text)
{
    if (bad->count++ > 0)
        return;
    bad->first = from->line;
    (void)snprintf(bad->text, sizeof bad->text, "%s", text);
    for (char *c = bad->text; *c != '\0'; c++)
        *c = *c >= ' ' && *c <= '~' ? *c : '?';
}

static bool take_line(struct ranking *ranking, struct feed *from, char *line,
                      struct bad_lines *bad, struct error *err)
{
    char text[BAD_TEXT_BYTES];
    struct prefix host;
    uint64_t count;
    if (line[strspn(line, " \t\r")] == '\0' || line[0] == '#')
        return true;
    (void)snprintf(text, sizeof text, "%s", line);
    if (read_line(line, &host, &count))
        return ranking_add(ranking, host, count, err);
    note_bad(bad, from, text);
    return true;
}

static bool read_addresses(struct ranking *ranking, struct bad_lines *bad, struct error *err)
{
    struct feed from;
    enum feed_state state = FEED_FAILED;
    char *line;
    if (!feed_open(&from, "-", err))
        return false;
    from.name = "standard input";
    while ((state = feed_line(&from, &line, err)) == FEED_MORE)
        if (!take_line(ranking, &from, line, bad, err)) {
            state = FEED_FAILED;
            break;
        }
    feed_close(&from);
    return state == FEED_END;
}

/* ---- Output ---------------------------------------------------------------------------- */

static bool dump(const struct ranking_table *table, uint64_t bad, struct error *err)
{
    json_t *json = ranking_table_json(table);
    json_object_set_new(json, "bad_lines", json_integer((json_int_t)bad));
    return ranking_table_dump(json, err);
}

static bool print_ranking(const struct options *o, struct ranking *ranking, uint64_t bad,
                          struct error *err)
{
    size_t rows;
    struct ranking_totals t = ranking_totals(ranking, o->by);
    const struct ranking_row *row = ranking_rows(ranking, o->by, &rows, err);
    if (row == NULL)
        return false;
    const struct ranking_table table = {.row = row,
                                        .rows = rows,
                                        .top = o->top,
                                        .by = o->by,
                                        .counted = "count",
                                        .origins = o->by != RANKING_BY_COUNTRY,
                                        .totals = t};
    if (o->json && !dump(&table, bad, err))
        return false;
    if (!o->json)
        ranking_table_print(&table);
    return (fflush(stdout) == 0 && !ferror(stdout)) || error_errno(err, "standard output");
}

static bool rank(const struct options *o, const struct origins *origins, struct bad_lines *bad,
                 struct error *err)
{
    struct ranking *ranking = ranking_create(origins, err);
    bool good = ranking != NULL && read_addresses(ranking, bad, err) &&
                print_ranking(o, ranking, bad->count, err);
    ranking_free(ranking);
    return good;
}

int cmd_rank(int argc, char **argv)
{
    struct options o;
    struct error err;
    struct bad_lines bad = {.count = 0};
    struct origins *origins = NULL;
    if (!take_options(argc, argv, &o)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (o.help) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    origins = o.by == RANKING_BY_COUNTRY ? origins_file_countries(o.origins, &err)
                                         : origins_file_default(o.origins, &err);
    bool good = origins != NULL && rank(&o, origins, &bad, &err);
    if (!good)
        fprintf(stderr, "rootwatch rank: %s\n", err.text);
    if (bad.count > 0)
        fprintf(stderr,
                "rootwatch rank: lines without an address, not counted: %" PRIu64
                "; the first: "
                "line %lu: \"%s\"\n",
                bad.count, bad.first, bad.text);
    origins_free(origins);
    return good && bad.count == 0 ? EXIT_DONE : EXIT_FAILED;
}

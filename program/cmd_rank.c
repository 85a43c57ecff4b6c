/* SPDX-License-Identifier: MIT */
#include "program/command.h"

#include "analysis/ranking.h"
#include "program/origins_file.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TOP_DEFAULT = 20, BAD_TEXT_BYTES = 64 };
static const uint64_t count_max = UINT64_C(1000000000000);
static const char default_table[] = "/usr/share/libloc-location/location.db";

static const char usage[] = "usage: rootwatch rank [--by cidr|asn] [--origins TABLE] "
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
    bool asn = strcmp(text, "asn") == 0;
    o->by = asn ? RANKING_BY_ASN : RANKING_BY_PREFIX;
    return asn || strcmp(text, "cidr") == 0 || complain("--by", text, "asn or cidr");
}

static bool take_top(struct options *o, const char *text)
{
    char *end;
    errno = 0;
    unsigned long n = strtoul(text, &end, 10);
    bool all = strcmp(text, "all") == 0;
    o->top = all ? SIZE_MAX : n;
    return all || (*text >= '0' && *text <= '9' && *end == '\0' && errno == 0) ||
           complain("--top", text, "a number or \"all\"");
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
    *o = (struct options){.origins = default_table, .top = TOP_DEFAULT};
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1)
        if (!take_option(o, option))
            return false;
    if (o->help)
        return true;
    if (optind < argc)
        return complain("argument", argv[optind], "taken: addresses come on standard input");
    if (strcmp(o->origins, "-") == 0)
        return complain("--origins", "-", "a file: addresses come on standard input");
    if (!isatty(STDIN_FILENO))
        return true;
    fprintf(stderr, "rootwatch rank: standard input is a terminal, not a list of addresses\n");
    return false;
}

/* ---- Reading addresses ---------------------------------------------------------------------
 */

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

/* ---- Output --------------------------------------------------------------------------------
 */

static double share(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : (double)part / (double)whole;
}

static void print_rest(const char *what, uint64_t count, uint64_t total)
{
    if (count > 0)
        printf("%14s  %6.2f  %12" PRIu64 "  %s\n", "", 100 * share(count, total), count, what);
}

static void print_table(const struct options *o, const struct ranking_row *row, size_t rows,
                        struct ranking_totals t)
{
    uint64_t cumulative = 0;
    printf("%4s  %8s  %6s  %12s  %-12s  %-20s  %s\n", "rank", "cum %", "%", "count", "AS",
           o->by == RANKING_BY_ASN ? "leading CIDR" : "CIDR", "name");
    for (size_t i = 0; i < rows && i < o->top; i++) {
        char prefix[PREFIX_TEXT_BYTES], asn[16];
        cumulative += row[i].count;
        (void)snprintf(asn, sizeof asn, "AS%" PRIu32, row[i].asn);
        printf("%4zu  %8.2f  %6.2f  %12" PRIu64 "  %-12s  %-20s  %s\n", i + 1,
               100 * share(cumulative, t.count), 100 * share(row[i].count, t.count),
               row[i].count, asn, prefix_format(row[i].prefix, prefix),
               row[i].name == NULL ? "" : row[i].name);
    }
    if (rows > o->top) {
        uint64_t told = cumulative + t.unrouted + t.unknown;
        char what[48];
        (void)snprintf(what, sizeof what, "%zu more", rows - o->top);
        print_rest(what, t.count - told, t.count);
    }
    print_rest("unrouted: nobody announced them", t.unrouted, t.count);
    print_rest("unknown: not in the table", t.unknown, t.count);
    printf("%14s  %6s  %12" PRIu64 "  in all\n", "", "", t.count);
}

static json_t *row_json(const struct options *o, const struct ranking_row *row, size_t rank,
                        uint64_t cumulative, uint64_t total)
{
    char prefix[PREFIX_TEXT_BYTES], key[16];
    (void)snprintf(key, sizeof key, "AS%" PRIu32, row->asn);
    prefix_format(row->prefix, prefix);
    json_t *j = json_pack("{s:I, s:s, s:I, s:s}", "rank", (json_int_t)rank, "key",
                          o->by == RANKING_BY_ASN ? key : prefix, "asn", (json_int_t)row->asn,
                          "prefix", prefix);
    if (row->name != NULL)
        json_object_set_new(j, "name", json_string(row->name));
    json_object_set_new(j, "count", json_integer((json_int_t)row->count));
    json_object_set_new(j, "share", json_real(share(row->count, total)));
    json_object_set_new(j, "cumulative", json_real(share(cumulative, total)));
    return j;
}

static bool dump_table(const struct options *o, const struct ranking_row *row, size_t rows,
                       struct ranking_totals t, uint64_t bad)
{
    json_t *list = json_array();
    uint64_t cumulative = 0;
    for (size_t i = 0; i < rows && i < o->top; i++) {
        cumulative += row[i].count;
        json_array_append_new(list, row_json(o, &row[i], i + 1, cumulative, t.count));
    }
    json_t *j = json_pack(
            "{s:o, s:I, s:I, s:I, s:I, s:I}", "rows", list, "total", (json_int_t)t.count,
            "unknown", (json_int_t)t.unknown, "unrouted", (json_int_t)t.unrouted, "left_out",
            (json_int_t)(rows > o->top ? rows - o->top : 0), "bad_lines", (json_int_t)bad);
    bool good = j != NULL &&
                json_dumpf(j, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9)) == 0 &&
                putchar('\n') != EOF;
    json_decref(j);
    return good;
}

static bool print_ranking(const struct options *o, struct ranking *ranking, uint64_t bad,
                          struct error *err)
{
    size_t rows;
    struct ranking_totals t = ranking_totals(ranking);
    const struct ranking_row *row = ranking_rows(ranking, o->by, &rows, err);
    bool good = true;
    if (row == NULL)
        return false;
    if (o->json)
        good = dump_table(o, row, rows, t, bad);
    else
        print_table(o, row, rows, t);
    return (good && fflush(stdout) == 0 && !ferror(stdout)) ||
           error_errno(err, "standard output");
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

static bool load_table(const struct options *o, struct origins **origins, struct error *err)
{
    if (o->origins == default_table && access(default_table, R_OK) != 0)
        return error_set(err, "no table of origins: give one with --origins, or install the "
                              "package libloc-database");
    *origins = origins_file_read(o->origins, err);
    return *origins != NULL;
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
    bool good = load_table(&o, &origins, &err) && rank(&o, origins, &bad, &err);
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

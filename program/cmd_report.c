/* SPDX-License-Identifier: MIT */
#include "program/command.h"

#include "analysis/report.h"
#include "program/config.h"
#include "program/moment.h"
#include "program/origins_file.h"
#include "program/ranking_table.h"
#include "program/report_period.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DAY_S = 86400 };

static const char usage[] =
        "usage: rootwatch report [--by prefix|cidr|asn|country|qtype|name|tld]\n"
        "                        [--from TIME] [--to TIME] [--top N|all] [--json] [--origins "
        "TABLE]\n"
        "                        [-c FILE] [--state DIR]\n"
        "       " MOMENT_FORMS "\n";

struct options {
    const char *config, *state, *origins;
    enum ranking_by by;
    int64_t from_s, to_s; /* 0: not given */
    size_t top;
    bool json;
    bool help;
};

/* What rows can be. */
static const struct by {
    const char *name;
    const char *what, *rest; /* of the table's title; of what is in no row */
    enum ranking_by by;
} kinds[] = {
        {"prefix", "source prefix",
         "rest: in no row, as below the floor of an hour, or counted without a source",
         RANKING_BY_SOURCE},
        {"cidr", "announced prefix",
         "rest: of prefixes below the floor of an hour, or counted without a source",
         RANKING_BY_PREFIX},
        {"asn", "AS",
         "rest: of prefixes below the floor of an hour, or counted without a source",
         RANKING_BY_ASN},
        {"country", "country",
         "rest: of prefixes below the floor of an hour, or counted without a source",
         RANKING_BY_COUNTRY},
        {"qtype", "query type", "rest: other types, and what could not be read",
         RANKING_BY_QTYPE},
        {"name", "name", "rest: of names that did not lead in an hour, or could not be read",
         RANKING_BY_NAME},
        {"tld", "top-level domain",
         "rest: of those that did not lead in an hour, or could not be read", RANKING_BY_TLD},
};

enum { KINDS = sizeof kinds / sizeof *kinds };

static const struct by *kind_of(enum ranking_by by)
{
    const struct by *k = kinds;
    while (k->by != by)
        k++;
    return k;
}

/* ---- Options --------------------------------------------------------------------------- */

static bool complain(const char *what, const char *value, const char *allowed)
{
    fprintf(stderr, "rootwatch report: %s: \"%s\" is not %s\n", what, value, allowed);
    return false;
}

static bool take_by(struct options *o, const char *text)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (strcmp(text, kinds[i].name) != 0)
            continue;
        o->by = kinds[i].by;
        return true;
    }
    return complain("--by", text, "prefix, cidr, asn, country, qtype, name or tld");
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
        o->origins = optarg;
        return true;
    case 'b':
        return take_by(o, optarg);
    case 'f':
        return moment_read(optarg, &o->from_s) || complain("--from", optarg, "a time");
    case 't':
        return moment_read(optarg, &o->to_s) || complain("--to", optarg, "a time");
    case 'n':
        return ranking_table_top(optarg, &o->top) ||
               complain("--top", optarg, "a number or \"all\"");
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
            {"config", required_argument, NULL, 'c'},  {"state", required_argument, NULL, 's'},
            {"origins", required_argument, NULL, 'o'}, {"by", required_argument, NULL, 'b'},
            {"from", required_argument, NULL, 'f'},    {"to", required_argument, NULL, 't'},
            {"top", required_argument, NULL, 'n'},     {"json", no_argument, NULL, 'j'},
            {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
    };
    int option;
    *o = (struct options){.by = RANKING_BY_SOURCE, .top = RANKING_TABLE_TOP};
    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1)
        if (!take_option(o, option))
            return false;
    if (o->help)
        return true;
    if (optind < argc)
        return complain("argument", argv[optind], "taken");
    if (o->from_s == 0 || o->to_s == 0 || o->from_s < o->to_s)
        return true;
    fprintf(stderr, "rootwatch report: --from is not before --to\n");
    return false;
}

/* ---- For people ------------------------------------------------------------------------ */

static void print_origins(const struct report *r, bool origins)
{
    if (r->by != RANKING_BY_SOURCE)
        return;
    if (!origins)
        printf("Origins are not known: there is no table of them.\n");
    else
        printf("Of these queries, unrouted: %" PRIu64 "; of unknown origin: %" PRIu64 ".\n",
               r->totals.unrouted, r->totals.unknown);
}

/* How far names can be known; see report.h. */
static void print_names(const struct report *r)
{
    if (r->by != RANKING_BY_NAME && r->by != RANKING_BY_TLD)
        return;
    printf("A name in no row had at most %" PRIu64 " queries", r->now.names_absent);
    if (r->now.names_lost > 0)
        printf("; under no name, as there were too many: %" PRIu64, r->now.names_lost);
    printf(".\n");
    if (report_change_scale(r) > 0)
        printf("Change \"-\": it led in no hour of the period before.\n");
}

static void print_change(const struct report *r)
{
    if (report_change_scale(r) > 0) {
        report_period_print("Change: of queries/s, against ", &r->before,
                            ", of which are stored: ");
        report_period_stored(r, &r->before);
        return;
    }
    report_period_print("No change is told: of ", &r->before, "");
    printf(", %" PRIu64 " s were captured, of this period %" PRIu64 " s.\n",
           r->before.counted_s, r->now.counted_s);
}

static void print_report(const struct report *r, const struct ranking_table *t)
{
    printf("Queries by %s, ", kind_of(r->by)->what);
    report_period_print("", &r->now, "\n\n");
    ranking_table_print(t);
    report_period_missing(r);
    print_origins(r, t->origins);
    print_names(r);
    print_change(r);
}

/* ---- For programs ---------------------------------------------------------------------- */

static bool dump_report(const struct report *r, const struct ranking_table *t, uint64_t damaged,
                        struct error *err)
{
    json_t *j = ranking_table_json(t);
    json_object_set_new(j, "by", json_string(kind_of(r->by)->name));
    json_object_set_new(j, "compared", json_boolean(t->change_scale > 0));
    json_object_set_new(j, "period", report_period_json(r, &r->now));
    json_object_set_new(j, "period_before", report_period_json(r, &r->before));
    json_object_set_new(j, "damaged_rows", json_integer((json_int_t)damaged));
    if (r->by == RANKING_BY_NAME || r->by == RANKING_BY_TLD) {
        json_object_set_new(j, "absent_at_most", json_integer((json_int_t)r->now.names_absent));
        json_object_set_new(j, "lost", json_integer((json_int_t)r->now.names_lost));
    }
    return ranking_table_dump(j, err);
}

/* ---- The work -------------------------------------------------------------------------- */

static bool set_period(struct options *o, struct store *s, struct error *err)
{
    int64_t from_s, to_s;
    char text[MOMENT_TEXT_BYTES];
    if (o->to_s == 0) {
        if (!report_last_day(s, o->by, &from_s, &to_s, err))
            return false;
        o->to_s = to_s;
    }
    if (o->from_s == 0)
        o->from_s = o->to_s - DAY_S;
    return o->from_s < o->to_s ||
           error_set(err, "nothing is stored after %s", moment_format(o->from_s, text));
}

/* A table that was named must be there; by source, a report goes without where there is none.
 */
static bool load_origins(const struct options *o, const struct config *c,
                         struct origins **origins, struct error *err)
{
    const char *path = o->origins != NULL      ? o->origins
                       : c->origins[0] != '\0' ? c->origins
                                               : NULL;
    if (o->by == RANKING_BY_QTYPE || o->by == RANKING_BY_NAME || o->by == RANKING_BY_TLD ||
        (o->by == RANKING_BY_SOURCE && path == NULL && !origins_file_has_default()))
        return true;
    *origins = o->by == RANKING_BY_COUNTRY ? origins_file_countries(path, err)
                                           : origins_file_default(path, err);
    return *origins != NULL;
}

static bool tell(const struct options *o, const struct report *r, bool origins,
                 uint64_t damaged, struct error *err)
{
    const struct ranking_table table = {
            .row = r->row,
            .rows = r->rows,
            .top = o->top,
            .by = o->by,
            .counted = "queries",
            .origins = origins && o->by != RANKING_BY_COUNTRY,
            .totals = r->totals,
            .rest = r->rest,
            .rest_text = kind_of(o->by)->rest,
            .before = r->before.counted_s > 0,
            .change_scale = report_change_scale(r),
    };
    if (o->json && !dump_report(r, &table, damaged, err))
        return false;
    if (!o->json)
        print_report(r, &table);
    return (fflush(stdout) == 0 && !ferror(stdout)) || error_errno(err, "standard output");
}

static bool report(struct options *o, const struct config *c, struct store *s,
                   struct error *err)
{
    struct report r = {.rows = 0};
    struct origins *origins = NULL;
    bool good = set_period(o, s, err) && load_origins(o, c, &origins, err) &&
                report_read(&r, s, origins, o->by, o->from_s, o->to_s, err) &&
                tell(o, &r, origins != NULL, store_damaged(s), err);
    report_fini(&r);
    origins_free(origins);
    return good;
}

static int report_from(struct options *o, const struct config *c)
{
    struct error err;
    const char *state = o->state != NULL ? o->state : c->state;
    struct store *s = store_open(state, STORE_READ, &err);
    bool good = s != NULL && report(o, c, s, &err);
    if (!good)
        fprintf(stderr, "rootwatch report: %s\n", err.text);
    if (s != NULL && store_damaged(s) > 0)
        fprintf(stderr,
                "rootwatch report: warning: %s/rootwatch.db: what is in damaged rows is left "
                "out\n",
                state);
    store_close(s);
    return good ? EXIT_DONE : EXIT_FAILED;
}

int cmd_report(int argc, char **argv)
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
    return report_from(&o, &c);
}

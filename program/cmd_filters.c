/* SPDX-License-Identifier: MIT */
#include "program/command.h"

#include "analysis/filters.h"
#include "program/config.h"
#include "program/filters_text.h"
#include "program/moment.h"
#include "program/origins_file.h"
#include "program/ranking_table.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_S = 86400 };

static const double junk_wanted = 0.5, harm_allowed = 0.01;

static const char usage[] =
        "usage: rootwatch filters LIST|- [--from TIME] [--to TIME]\n"
        "                         [--json|--nft|--dnsbl ZONE|--rpz ZONE]\n"
        "                         [--origins TABLE] [-c FILE] [--state DIR]\n"
        "       rootwatch filters --suggest [--junk SHARE] [--harm SHARE] [...]\n"
        "       " MOMENT_FORMS "\n";

enum form { FORM_TABLE, FORM_JSON, FORM_NFT, FORM_DNSBL, FORM_RPZ };

struct options {
    const char *list, *config, *state, *origins, *zone;
    enum form form;
    int64_t from_s, to_s; /* 0: not given */
    struct filters_goal goal;
    bool suggest, goal_given;
    bool help;
};

static bool complain(const char *what, const char *value, const char *allowed)
{
    fprintf(stderr, "rootwatch filters: %s: \"%s\" is not %s\n", what, value, allowed);
    return false;
}

static bool take_share(struct options *o, const char *what, double *share, double least)
{
    char *end;
    *share = strtod(optarg, &end);
    o->goal_given = true;
    return (*end == '\0' && end != optarg && *share >= least && *share <= 1) ||
           complain(what, optarg, "a share, as 0.5");
}

static bool take_form(struct options *o, enum form form)
{
    if (o->form != FORM_TABLE && o->form != form) {
        fprintf(stderr, "rootwatch filters: one form at a time\n");
        return false;
    }
    o->form = form;
    o->zone = optarg;
    return form < FORM_DNSBL || filters_text_is_zone(optarg) ||
           complain(form == FORM_RPZ ? "--rpz" : "--dnsbl", optarg, "the name of a zone");
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
    case 'f':
        return moment_read(optarg, &o->from_s) || complain("--from", optarg, "a time");
    case 't':
        return moment_read(optarg, &o->to_s) || complain("--to", optarg, "a time");
    case 'g':
        o->suggest = true;
        return true;
    case 'u':
        return take_share(o, "--junk", &o->goal.junk, 1e-6);
    case 'm':
        return take_share(o, "--harm", &o->goal.harm, 0);
    case 'j':
        return take_form(o, FORM_JSON);
    case 'n':
        return take_form(o, FORM_NFT);
    case 'd':
        return take_form(o, FORM_DNSBL);
    case 'r':
        return take_form(o, FORM_RPZ);
    case 'h':
        o->help = true;
        return true;
    default:
        return false;
    }
}

/* What does not go together. */
static bool check_options(struct options *o, int argc, char **argv)
{
    const char *wrong = NULL;
    if (o->help)
        return true;
    if (optind + 1 < argc)
        return complain("argument", argv[optind + 1], "taken: one list at a time");
    o->list = optind < argc ? argv[optind] : NULL;
    if (o->suggest && o->list != NULL)
        wrong = "--suggest takes no list";
    else if (!o->suggest && o->list == NULL)
        wrong = "no list given; \"-\" is standard input, --suggest finds one";
    else if (!o->suggest && o->goal_given)
        wrong = "--junk and --harm go with --suggest";
    else if (o->from_s != 0 && o->to_s != 0 && o->from_s >= o->to_s)
        wrong = "--from is not before --to";
    if (wrong != NULL)
        fprintf(stderr, "rootwatch filters: %s\n", wrong);
    return wrong == NULL;
}

static bool take_options(int argc, char **argv, struct options *o)
{
    static const struct option options[] = {
            {"config", required_argument, NULL, 'c'},  {"state", required_argument, NULL, 's'},
            {"origins", required_argument, NULL, 'o'}, {"from", required_argument, NULL, 'f'},
            {"to", required_argument, NULL, 't'},      {"suggest", no_argument, NULL, 'g'},
            {"junk", required_argument, NULL, 'u'},    {"harm", required_argument, NULL, 'm'},
            {"json", no_argument, NULL, 'j'},          {"nft", no_argument, NULL, 'n'},
            {"dnsbl", required_argument, NULL, 'd'},   {"rpz", required_argument, NULL, 'r'},
            {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
    };
    int option;
    *o = (struct options){.goal = {.junk = junk_wanted, .harm = harm_allowed}};
    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1)
        if (!take_option(o, option))
            return false;
    return check_options(o, argc, argv);
}

/* ---- The work -------------------------------------------------------------------------- */

static bool read_list(const struct options *o, struct filters *list, struct error *err)
{
    struct feed from;
    if (o->list == NULL)
        return true;
    if (!feed_open(&from, o->list, err))
        return false;
    bool good = filters_read(list, &from, err);
    feed_close(&from);
    return good;
}

static bool set_period(struct options *o, struct store *s, struct error *err)
{
    int64_t from_s, to_s;
    char text[MOMENT_TEXT_BYTES];
    if (o->to_s == 0) {
        if (!report_last_day(s, RANKING_BY_SOURCE, &from_s, &to_s, err))
            return false;
        o->to_s = to_s;
    }
    if (o->from_s == 0)
        o->from_s = o->to_s - DAY_S;
    return o->from_s < o->to_s ||
           error_set(err, "nothing is stored after %s", moment_format(o->from_s, text));
}

/* A table that was named must be there; without one, what has no route is not known. */
static bool load_origins(const struct options *o, const struct config *c,
                         struct origins **origins, struct error *err)
{
    const char *path = o->origins != NULL      ? o->origins
                       : c->origins[0] != '\0' ? c->origins
                                               : NULL;
    if (path == NULL && !origins_file_has_default())
        return true;
    *origins = origins_file_default(path, err);
    return *origins != NULL;
}

/* As detection.origins-days has it: what a table of another time does not know says nothing. */
static bool tells_routes(const struct origins *o, const struct config *c, int64_t time_s)
{
    if (!origins_is_whole(o, 4) && !origins_is_whole(o, 6))
        return false;
    int64_t table_s = origins_about(o)->time;
    return table_s == 0 || llabs(time_s - table_s) <= (int64_t)c->origins_days * DAY_S;
}

static bool print(const struct options *o, const struct filters_text *t, struct error *err)
{
    switch (o->form) {
    case FORM_JSON:
        return ranking_table_dump(filters_text_json(t), err);
    case FORM_NFT:
        filters_text_nft(t);
        break;
    case FORM_DNSBL:
        filters_text_dnsbl(t, o->zone);
        break;
    case FORM_RPZ:
        filters_text_rpz(t, o->zone);
        break;
    default:
        filters_text_table(t);
        break;
    }
    return true;
}

static bool judge(const struct options *o, struct filters *list,
                  const struct filters_sources *s, struct error *err)
{
    if (!o->suggest)
        return filters_judge(list, s, err);
    if (s->before[s->count].junk == 0)
        return error_set(err, "no junk is known of this period: nothing can be suggested");
    return filters_suggest(list, s, &o->goal, err);
}

static bool tell(const struct options *o, const struct config *c, struct store *s,
                 struct filters *list, const struct report *r, const struct origins *origins,
                 struct error *err)
{
    struct filters_sources sources;
    bool routes = tells_routes(origins, c, r->now.to_s);
    bool good =
            filters_sources_read(&sources, s, r, routes, err) && judge(o, list, &sources, err);
    const struct filters_text text = {.list = list,
                                      .report = r,
                                      .goal = o->suggest ? &o->goal : NULL,
                                      .origins = origins != NULL,
                                      .routes = routes,
                                      .floods = sources.floods,
                                      .scope = &c->scope};
    good = good && print(o, &text, err);
    filters_sources_fini(&sources);
    return good &&
           ((fflush(stdout) == 0 && !ferror(stdout)) || error_errno(err, "standard output"));
}

static bool filters(struct options *o, const struct config *c, struct store *s,
                    struct filters *list, struct error *err)
{
    struct report r = {.rows = 0};
    struct origins *origins = NULL;
    bool good = set_period(o, s, err) && load_origins(o, c, &origins, err) &&
                report_read(&r, s, origins, RANKING_BY_SOURCE, o->from_s, o->to_s, err) &&
                tell(o, c, s, list, &r, origins, err);
    report_fini(&r);
    origins_free(origins);
    return good;
}

static int filters_from(struct options *o, const struct config *c)
{
    struct error err;
    struct filters list = {.rows = 0};
    struct store *s = NULL;
    const char *state = o->state != NULL ? o->state : c->state;
    bool good = read_list(o, &list, &err) &&
                (s = store_open(state, STORE_READ, &err)) != NULL &&
                filters(o, c, s, &list, &err);
    if (!good)
        fprintf(stderr, "rootwatch filters: %s\n", err.text);
    if (s != NULL && store_damaged(s) > 0)
        fprintf(stderr,
                "rootwatch filters: warning: %s/rootwatch.db: what is in damaged rows is left "
                "out\n",
                state);
    store_close(s);
    filters_fini(&list);
    return good ? EXIT_DONE : EXIT_FAILED;
}

int cmd_filters(int argc, char **argv)
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
    return filters_from(&o, &c);
}

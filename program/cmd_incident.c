/* SPDX-License-Identifier: MIT */
#include "program/cmd_incident.h"
#include "program/command.h"

#include "analysis/store.h"
#include "graphs/cases.h"
#include "program/config.h"
#include "program/moment.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
        "usage: rootwatch incident list [-c FILE] [--state DIR] [--json]\n"
        "       rootwatch incident show ID [-c FILE] [--state DIR] [--json]\n"
        "       rootwatch incident case ID [--again] [-c FILE] [--state DIR] [--json]\n";

struct options {
    const char *config;
    const char *state;
    bool json;
    bool again;
    bool help;
};

static void print_json(const struct incident_event *e)
{
    json_t *json = incident_event_json(e);
    if (json != NULL)
        (void)json_dumpf(json, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(json);
}

static bool list_one(void *argument, const struct incident_event *e)
{
    const struct options *o = argument;
    const struct incident *i = &e->incident;
    char began[32];
    char ended[32];
    if (o->json) {
        print_json(e);
        return true;
    }
    bool over = e->state == INCIDENT_CLOSED;
    printf("%-12s %-6s %-8s %.16s - %-16.16s  %s\n", i->id, over ? "closed" : "open",
           incident_severity_name(i->severity), moment_format(i->began_s, began),
           over ? moment_format(i->ended_s, ended) : "", i->summary);
    return true;
}

static void print_types(const struct incident *i)
{
    if (i->types == 0)
        return;
    printf("\n  %-10s %12s %12s %14s\n", "type", "before q/s", "now q/s", "queries");
    for (unsigned n = 0; n < i->types; n++)
        printf("  %-10s %12.1f %12.1f %14" PRIu64 "%s\n", i->type[n].qtype,
               i->type[n].before_qps, i->type[n].now_qps, i->type[n].queries,
               i->type[n].named ? "  *" : "");
}

static void print_hosts(const struct incident *i)
{
    if (i->hosts_listed == 0)
        return;
    printf("\n  %u host%s\n", i->hosts, i->hosts == 1 ? "" : "s, the busiest first");
    for (unsigned n = 0; n < i->hosts_listed; n++) {
        char text[INET6_ADDRSTRLEN] = "";
        inet_ntop(i->host[n].ipv6 ? AF_INET6 : AF_INET, i->host[n].address, text, sizeof text);
        printf("  %-40s %14" PRIu64 "\n", text, i->host[n].queries);
    }
}

static void print_names(const struct incident *i)
{
    if (i->names == 0)
        return;
    printf("\n  names\n");
    for (unsigned n = 0; n < i->names; n++)
        printf("  %-40s %14" PRIu64 "%s\n", i->name[n].name, i->name[n].queries,
               i->name[n].named ? "  *" : "");
}

static void print_culprits(const struct incident *i)
{
    char text[PREFIX_TEXT_BYTES];
    for (unsigned n = 0; n < i->prefixes; n++)
        printf("%s%s", n == 0 ? "  prefixes " : ", ", prefix_format(i->prefix[n], text));
    for (unsigned n = 0; n < i->asns; n++)
        printf("%sAS%" PRIu32,
               n > 0             ? ", "
               : i->prefixes > 0 ? "; origin "
                                 : "  origin ",
               i->asn[n]);
    if (i->prefixes + i->asns > 0)
        putchar('\n');
}

static void print_junk(const struct incident *i)
{
    char text[INCIDENT_JUNK_BYTES];
    if (incident_junk_text(i, text) != NULL)
        printf("  %s\n", text);
}

static void print_traits(const struct incident *i)
{
    char text[INCIDENT_TRAITS_BYTES];
    if (incident_traits_text(i, text) != NULL)
        printf("  %s\n", text);
}

/* Shares are told in percent; of the volume, rates. */
static void print_evidence(const struct incident_evidence *e)
{
    bool volume = strcmp(e->test, "volume") == 0;
    double unit = volume ? 1 : 100;
    if (e->test[0] == '\0')
        return;
    printf("  evidence: test \"%s\" of %s; seen %.3g%s, usual %.3g%s; sum %.3g, limit %.3g\n",
           e->test, e->series, e->observed * unit, volume ? " queries/s" : " %",
           e->usual * unit, volume ? " queries/s" : " %", e->value, e->limit);
}

/* What capture did not see, or could not read, while it lasted. */
static void print_losses(const struct incident *i)
{
    char text[REASONS_LINE_BYTES], drops[INCIDENT_DROPS_BYTES];
    if (incident_drops_text(i, drops) != NULL)
        printf("  %s\n", drops);
    for (unsigned kind = 0; kind < REASONS_LOST; kind++) {
        const char *line = reasons_line(&i->reasons, kind, text);
        if (line != NULL)
            printf("  %s\n", line);
    }
}

static bool show_one(void *argument, const struct incident_event *e)
{
    const struct options *o = argument;
    const struct incident *i = &e->incident;
    char text[32];
    if (o->json) {
        print_json(e);
        return true;
    }
    printf("%s  %s  %s  %s\n  %s\n", i->id, incident_state_name(e->state),
           incident_severity_name(i->severity), moment_format(e->time_s, text), i->summary);
    printf("  since %s; rate %.0f queries/s, usual %.1f, highest %.0f; share %.1f %%\n",
           moment_format(i->began_s, text), i->rate_qps, i->baseline_qps, i->peak_qps,
           100 * i->share);
    printf("  all queries %.0f/s, usual ", i->total_qps);
    if (i->usual_qps > 0)
        printf("%.0f/s\n", i->usual_qps);
    else
        printf("not known yet\n");
    print_culprits(i);
    print_junk(i);
    print_traits(i);
    print_evidence(&i->evidence);
    print_losses(i);
    print_types(i);
    print_hosts(i);
    print_names(i);
    putchar('\n');
    return true;
}

static bool count_one(void *argument, const struct incident_event *e)
{
    (void)e;
    ++*(unsigned *)argument;
    return true;
}

/* Where its case file is. */
static void print_case(const struct options *o, const char *state, const char *id)
{
    char path[CASES_PATH_BYTES];
    if (o->json)
        return;
    bool made = cases_path(state, id, "case.txt", path)[0] != '\0' && access(path, F_OK) == 0;
    printf(made ? "case file: %s\n"
                : "case file: not made yet; `rootwatch incident case %s` makes it\n",
           made ? cases_path(state, id, "case.{txt,html,json}", path) : id);
}

/* A file of frames, of which there may be several. */
static int is_evidence(const struct dirent *entry)
{
    const char *ending = strrchr(entry->d_name, '.');
    return strncmp(entry->d_name, "evidence", 8) == 0 && ending != NULL &&
           strcmp(ending, ".pcap") == 0;
}

static void print_evidence_files(const struct options *o, const char *state, const char *id)
{
    char path[CASES_PATH_BYTES];
    struct dirent **entry;
    if (o->json || cases_path(state, id, "", path)[0] == '\0')
        return;
    int count = scandir(path, &entry, is_evidence, alphasort);
    for (int i = 0; i < count; i++) {
        printf("frames: %s\n", cases_path(state, id, entry[i]->d_name, path));
        free(entry[i]);
    }
    if (count >= 0)
        free(entry);
}

static int show(struct store *s, struct options *o, const char *state, const char *id)
{
    struct error err;
    unsigned events = 0;
    if (!store_events(s, id, count_one, &events, &err) ||
        !store_events(s, id, show_one, o, &err)) {
        fprintf(stderr, "rootwatch incident: %s\n", err.text);
        return EXIT_FAILED;
    }
    if (events > 0) {
        print_case(o, state, id);
        print_evidence_files(o, state, id);
        return EXIT_DONE;
    }
    fprintf(stderr,
            "rootwatch incident: no incident \"%s\"; `rootwatch incident list` has all\n", id);
    return EXIT_FAILED;
}

static int list(struct store *s, struct options *o)
{
    struct error err;
    unsigned count = 0;
    if (!store_incidents(s, INT64_MIN, INT64_MAX, list_one, o, &err) ||
        !store_incidents(s, INT64_MIN, INT64_MAX, count_one, &count, &err)) {
        fprintf(stderr, "rootwatch incident: %s\n", err.text);
        return EXIT_FAILED;
    }
    if (count == 0 && !o->json)
        printf("No incidents.\n");
    return EXIT_DONE;
}

static bool take_options(int argc, char **argv, struct options *o)
{
    static const struct option options[] = {
            {"config", required_argument, NULL, 'c'}, {"state", required_argument, NULL, 's'},
            {"json", no_argument, NULL, 'j'},         {"again", no_argument, NULL, 'a'},
            {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
    int option;
    *o = (struct options){.config = NULL};
    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        if (option == 'c')
            o->config = optarg;
        else if (option == 's')
            o->state = optarg;
        else if (option == 'j')
            o->json = true;
        else if (option == 'a')
            o->again = true;
        else if (option == 'h')
            o->help = true;
        else
            return false;
    }
    return true;
}

static int do_command(int argc, char **argv, struct options *o, const struct config *c)
{
    struct error err;
    const char *state = o->state != NULL ? o->state : c->state;
    bool listing = argc - optind == 1 && strcmp(argv[optind], "list") == 0;
    bool showing = argc - optind == 2 && strcmp(argv[optind], "show") == 0;
    bool making = argc - optind == 2 && strcmp(argv[optind], "case") == 0;
    if ((!listing && !showing && !making) || (o->again && !making)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (making)
        return cmd_incident_case(c, state, argv[optind + 1], o->again, o->json);
    struct store *s = store_open(state, STORE_READ, &err);
    if (s == NULL) {
        fprintf(stderr, "rootwatch incident: %s\n", err.text);
        return EXIT_FAILED;
    }
    int status = listing ? list(s, o) : show(s, o, state, argv[optind + 1]);
    if (store_damaged(s) > 0)
        fprintf(stderr,
                "rootwatch incident: warning: %s/rootwatch.db: what is in damaged rows is "
                "left out\n",
                state);
    store_close(s);
    if (fflush(stdout) != 0) {
        fprintf(stderr, "rootwatch incident: standard output: %s\n", strerror(errno));
        status = EXIT_FAILED;
    }
    return status;
}

int cmd_incident(int argc, char **argv)
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
    return do_command(argc, argv, &o, &c);
}

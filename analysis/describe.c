/* SPDX-License-Identifier: MIT */
#include "analysis/describe.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ZONE_BUCKETS = 64, ZONES_NAMED = 3, TYPES_NAMED = 3 };

static const double explains = 0.8;    /* of the increase, by the types named together */
static const double noteworthy = 0.1;  /* of it, by each of them; of the queries, by a zone */
static const double whole_zone = 0.8;  /* of a zone's queries, by one name that stands for it */

static int by_rate(const void *a, const void *b)
{
    const struct incident_type *x = a;
    const struct incident_type *y = b;
    if (x->now_qps != y->now_qps)
        return x->now_qps < y->now_qps ? 1 : -1;
    return (x->queries < y->queries) - (x->queries > y->queries);
}

/* Names the types with the greatest increase, until they explain most of it. */
static void name_types(struct incident *i, const double *increase)
{
    double all = 0;
    for (unsigned n = 0; n < i->types; n++)
        all += fmax(0, increase[n]);
    double named = 0;
    for (unsigned times = 0; times < TYPES_NAMED && named < explains * all; times++) {
        unsigned most = i->types;
        for (unsigned n = 0; n < i->types; n++)
            if (!i->type[n].named && (most == i->types || increase[n] > increase[most]))
                most = n;
        if (most == i->types || increase[most] < noteworthy * all)
            return;
        i->type[most].named = true;
        named += increase[most];
    }
}

/* One row for each type with any queries; `now` and `then` by class, queries/s. */
static void list_types(struct case_file *c, const double *now, const double *then)
{
    struct incident *i = &c->incident;
    i->types = 0;
    for (unsigned n = 0; n < QTYPE_CLASSES && i->types < INCIDENT_TYPES; n++) {
        if (c->dossier.qtype[n] == 0)
            continue;
        struct incident_type *t = &i->type[i->types++];
        *t = (struct incident_type){.before_qps = c->before_qps[n],
                                    .now_qps = now[n],
                                    .queries = c->dossier.qtype[n]};
        (void)snprintf(t->qtype, sizeof t->qtype, "%s", qtype_class_name(n));
    }
    qsort(i->type, i->types, sizeof *i->type, by_rate);

    double increase[INCIDENT_TYPES];
    for (unsigned n = 0; n < i->types; n++)
        for (unsigned t = 0; t < QTYPE_CLASSES; t++)
            if (strcmp(i->type[n].qtype, qtype_class_name(t)) == 0)
                increase[n] = now[t] - then[t];
    name_types(i, increase);
}

/* The last two labels: what a registry would call the domain, near enough. */
static const uint8_t *zone_of(const uint8_t *name, uint8_t bytes, uint8_t *zone_bytes)
{
    const uint8_t *end = name + bytes;
    const uint8_t *last[2] = {name, name};
    for (const uint8_t *at = name; at < end && *at != 0; at += *at + 1) {
        last[0] = last[1];
        last[1] = at;
    }
    *zone_bytes = (uint8_t)(end - last[0]);
    return last[0];
}

static void add_zone(void *argument, const struct name_count *n)
{
    struct names *zones = argument;
    uint8_t bytes;
    const uint8_t *zone = zone_of(n->name, n->name_bytes, &bytes);
    names_add(zones, names_hash(zones, zone, bytes), zone, bytes, (uint32_t)n->queries);
}

static bool is_in_zone(const struct name_count *n, const struct name_count *zone)
{
    return n->name_bytes >= zone->name_bytes &&
           memcmp(n->name + n->name_bytes - zone->name_bytes, zone->name, zone->name_bytes) == 0;
}

static void list_name(struct incident *i, const struct name_count *n, bool named)
{
    char text[NAMES_TEXT_BYTES];
    if (i->names == INCIDENT_NAMES)
        return;
    struct incident_name *to = &i->name[i->names];
    to->name = strdup(names_text(n->name, n->name_bytes, text));
    to->queries = n->queries;
    to->named = named;
    i->names += to->name != NULL; /* short of memory, a row less */
}

/* The zones that the queries are for; where one name is most of a zone, that name. */
static void list_zones(struct incident *i, const struct names *names, uint64_t queries)
{
    struct error ignored;
    struct names *zones = names_create(ZONE_BUCKETS, true, 0, &ignored);
    struct name_count zone[ZONES_NAMED];
    struct name_count leading[INCIDENT_NAMES];
    if (zones == NULL)
        return;
    names_each(names, add_zone, zones);
    unsigned count = names_leading(zones, zone, ZONES_NAMED);
    unsigned lead = names_leading(names, leading, INCIDENT_NAMES);
    for (unsigned z = 0; z < count; z++) {
        if ((double)(zone[z].queries - zone[z].error) < noteworthy * (double)queries)
            continue;
        const struct name_count *best = &zone[z];
        for (unsigned n = 0; n < lead; n++)
            if (is_in_zone(&leading[n], &zone[z]) &&
                (double)leading[n].queries >= whole_zone * (double)zone[z].queries)
                best = &leading[n];
        list_name(i, best, true);
    }
    names_free(zones);
}

static void list_names(struct case_file *c, const struct names *recent, uint64_t queries)
{
    struct incident *i = &c->incident;
    struct name_count leading[INCIDENT_NAMES];
    incident_fini(i);
    list_zones(i, recent, queries);
    unsigned named = i->names;
    unsigned lead = names_leading(c->dossier.names, leading, INCIDENT_NAMES);
    for (unsigned n = 0; n < lead; n++) {
        char text[NAMES_TEXT_BYTES];
        bool there = false;
        names_text(leading[n].name, leading[n].name_bytes, text);
        for (unsigned k = 0; k < named; k++)
            there |= strcmp(i->name[k].name, text) == 0;
        if (!there)
            list_name(i, &leading[n], false);
    }
}

/* "MX and A": what is named, in words. */
static const char *join_types(const struct incident *i, char *text, size_t size)
{
    unsigned named = 0;
    size_t used = 0;
    text[0] = '\0';
    for (unsigned n = 0; n < i->types; n++)
        named += i->type[n].named;
    unsigned done = 0;
    for (unsigned n = 0; n < i->types && used < size; n++) {
        if (!i->type[n].named)
            continue;
        const char *before = done == 0 ? "" : done + 1 == named ? " and " : ", ";
        used += (size_t)snprintf(text + used, size - used, "%s%s", before, i->type[n].qtype);
        done++;
    }
    return text;
}

static const char *join_names(const struct incident *i, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (unsigned n = 0; n < i->names && used < size; n++)
        if (i->name[n].named)
            used += (size_t)snprintf(text + used, size - used, "%s%s",
                                     used == 0 ? " for " : ", ", i->name[n].name);
    return text;
}

static const char *duration(int64_t seconds, char text[static 32])
{
    if (seconds < 120)
        (void)snprintf(text, 32, "%lld s", (long long)seconds);
    else if (seconds < 2 * 3600)
        (void)snprintf(text, 32, "%lld min", (long long)(seconds + 30) / 60);
    else if (seconds < 2 * 86400)
        (void)snprintf(text, 32, "%lld h %lld min", (long long)seconds / 3600,
                       (long long)seconds % 3600 / 60);
    else
        (void)snprintf(text, 32, "%lld d %lld h", (long long)seconds / 86400,
                       (long long)seconds % 86400 / 3600);
    return text;
}

static const char *usual_rate(double qps, char text[static 32])
{
    if (qps < 1)
        return "below 1";
    (void)snprintf(text, 32, "%.0f", qps);
    return text;
}

static void write_summary(struct case_file *c, enum incident_state state)
{
    struct incident *i = &c->incident;
    char who[PREFIX_TEXT_BYTES];
    char types[64];
    char names[160];
    char number[32];
    prefix_format(i->prefix[0], who);
    join_types(i, types, sizeof types);
    join_names(i, names, sizeof names);
    switch (state) {
    case INCIDENT_OPENED:
        (void)snprintf(i->summary, sizeof i->summary,
                       "%s sends %.0f %% of all queries: %.0f queries/s, usually %s; mostly "
                       "%s%s",
                       who, 100 * i->share, i->rate_qps, usual_rate(i->baseline_qps, number),
                       types, names);
        break;
    case INCIDENT_CHANGED:
        (void)snprintf(i->summary, sizeof i->summary,
                       "%s now sends %.0f %% of all queries: %.0f queries/s, was %.0f; more %s%s",
                       who, 100 * i->share, i->rate_qps, c->told_qps, types, names);
        break;
    case INCIDENT_CLOSED:
        (void)snprintf(i->summary, sizeof i->summary,
                       "%s is back to its usual rate after %s: %llu queries, at most %.0f "
                       "queries/s",
                       who, duration(i->ended_s - i->began_s, number),
                       (unsigned long long)i->queries, i->peak_qps);
        break;
    }
}

static void rates(double *to, const uint64_t *queries, double seconds)
{
    for (unsigned i = 0; i < QTYPE_CLASSES; i++)
        to[i] = seconds > 0 ? (double)queries[i] / seconds : 0;
}

void describe_incident(struct case_file *c, enum incident_state state)
{
    static const double nothing[QTYPE_CLASSES];
    const struct dossier *d = &c->dossier;
    struct incident *i = &c->incident;
    double now[QTYPE_CLASSES];

    i->queries = d->queries;
    i->hosts = dossier_hosts(d);
    i->hosts_listed = dossier_leading_hosts(d, i->host, INCIDENT_HOSTS);
    i->rate_qps = d->rate_qps;
    i->total_qps = d->all_qps;
    switch (state) {
    case INCIDENT_OPENED:
        i->rate_qps = (double)d->queries / d->seconds;
        i->total_qps = (double)d->all_queries / d->seconds;
        rates(now, d->qtype, d->seconds);
        list_types(c, now, c->before_qps);
        list_names(c, d->names, d->queries);
        break;
    case INCIDENT_CHANGED:
        rates(now, d->window_qtype, d->window_s);
        list_types(c, now, c->reference_qps);
        list_names(c, d->window, d->window_queries);
        break;
    case INCIDENT_CLOSED:
        rates(now, d->qtype, d->seconds);
        list_types(c, now, nothing);
        list_names(c, d->names, d->queries);
        break;
    }
    i->share = i->total_qps > 0 ? i->rate_qps / i->total_qps : 0;
    i->peak_qps = fmax(i->peak_qps, state == INCIDENT_CLOSED ? 0 : i->rate_qps);
    write_summary(c, state);
}

/* SPDX-License-Identifier: MIT */
#include "analysis/describe.h"

#include "analysis/code_name.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    ZONE_BUCKETS = 64,
    ZONES_NAMED = 3,
    TYPES_NAMED = 3,
    ROUTE_WORDS = 40,
    WHO_BYTES = SUBJECT_TEXT_BYTES + 24 + ROUTE_WORDS,
};

static const double explains = 0.8;   /* of the increase, by the types named together */
static const double noteworthy = 0.1; /* of it, by each of them; of the queries, by a zone */
static const double whole_zone = 0.8; /* of a zone's queries, by one name that stands for it */

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

static bool is_named(const struct incident_type *type, unsigned types, const char *qtype)
{
    for (unsigned n = 0; n < types; n++)
        if (type[n].named && strcmp(type[n].qtype, qtype) == 0)
            return true;
    return false;
}

/* One row for each type with any queries; `now` and `then` by class, queries/s. */
static void list_types(struct case_file *c, const double *now, const double *then)
{
    struct incident *i = &c->incident;
    struct incident_type told[INCIDENT_TYPES];
    unsigned told_types = i->closed_s != 0 ? i->types : 0; /* what waves were told stays told */
    memcpy(told, i->type, told_types * sizeof *told);
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
    if (case_has_waves(c))
        name_types(i, increase);
    for (unsigned n = 0; n < i->types; n++)
        i->type[n].named |=
                case_kind(c) == INCIDENT_QTYPE || is_named(told, told_types, i->type[n].qtype);
}

static void add_zone(void *argument, const struct name_count *n)
{
    struct names *zones = argument;
    uint8_t bytes;
    uint8_t tld_bytes;
    const uint8_t *zone = subject_zone(n->name, n->name_bytes, &bytes, &tld_bytes);
    names_add(zones, names_hash(zones, zone, bytes), zone, bytes, (uint32_t)n->queries);
}

static bool is_in_zone(const struct name_count *n, const struct name_count *zone)
{
    return n->name_bytes >= zone->name_bytes &&
           memcmp(n->name + n->name_bytes - zone->name_bytes, zone->name, zone->name_bytes) ==
                   0;
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

/* The names that the incident is about. */
static void list_subjects(struct case_file *c)
{
    for (unsigned k = 0; k < c->culprits; k++) {
        const struct subject *s = &c->culprit[k].subject;
        const struct name_count n = {
                .name = s->name,
                .name_bytes = s->name_bytes,
                .queries =
                        c->culprits == 1 ? c->dossier.queries : (uint64_t)c->culprit[k].queries,
        };
        if (subject_is_name(s))
            list_name(&c->incident, &n, true);
    }
}

/* Nobody is named for what everybody does. */
static bool names_culprits(const struct case_file *c)
{
    return case_has_waves(c);
}

static void list_names(struct case_file *c, const struct names *recent, uint64_t queries)
{
    struct incident *i = &c->incident;
    struct name_count leading[INCIDENT_NAMES];
    incident_fini(i);
    list_subjects(c);
    if (i->names == 0 && names_culprits(c))
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

/* A sum over days is read, not reckoned with: "141 million". */
static const char *sum_text(uint64_t n, char text[static 32])
{
    if (n < 1000000)
        (void)snprintf(text, 32, "%llu", (unsigned long long)n);
    else
        (void)snprintf(text, 32, "%.*f million", n < 10000000, (double)n / 1e6);
    return text;
}

static unsigned counted(const struct case_file *c)
{
    unsigned n = 0;
    for (unsigned k = 0; k < c->culprits; k++)
        n += c->culprit[k].counted;
    return n;
}

/* " (no route)", " (2 without a route)"; of unknown origins likewise; else nothing. */
static const char *routes_text(const struct incident *i, char text[static ROUTE_WORDS])
{
    unsigned count[INCIDENT_ROUTES] = {0};
    for (unsigned n = 0; n < i->prefixes; n++)
        count[i->route[n]]++;
    unsigned unrouted = count[INCIDENT_ROUTE_NONE];
    unsigned unknown = count[INCIDENT_ROUTE_UNKNOWN];
    text[0] = '\0';
    if (i->prefixes == 1 && unrouted + unknown == 1)
        (void)snprintf(text, ROUTE_WORDS, " (%s)",
                       unrouted > 0 ? "no route" : "origin unknown");
    else if (unrouted + unknown > 0)
        (void)snprintf(text, ROUTE_WORDS, " (%u %s)", unrouted > 0 ? unrouted : unknown,
                       unrouted > 0 ? "without a route" : "of unknown origin");
    return text;
}

/* "192.0.2.0/24", "192.0.2.0/24 and 3 more". */
static const char *who(const struct case_file *c, char text[static WHO_BYTES])
{
    unsigned more = counted(c) - 1;
    subject_text(&c->culprit[0].subject, text);
    if (case_kind(c) == INCIDENT_UNROUTED)
        text[0] = 'S'; /* a sentence begins */
    if (more > 0)
        (void)sprintf(text + strlen(text), " and %u more", more);
    return text;
}

static bool are_many(const struct case_file *c)
{
    return counted(c) > 1 || case_kind(c) == INCIDENT_UNROUTED;
}

/* " from 480 networks"; nothing where that is not known, or plain. */
static const char *from_networks(const struct case_file *c, char text[static 64])
{
    const struct incident *i = &c->incident;
    text[0] = '\0';
    if (i->kind == INCIDENT_SPOOF)
        (void)snprintf(text, 64, " from networks never seen before");
    else if (case_kind(c) != INCIDENT_PREFIX && i->networks > 1)
        (void)snprintf(text, 64, " from %s%u networks",
                       i->kind == INCIDENT_ASN || i->kind == INCIDENT_UNROUTED ? "" : "about ",
                       i->networks);
    return text;
}

/* Prefixes, names and ASes, which have culprits and types. */
static void summarise_culprit(struct case_file *c, enum incident_state state, bool sender)
{
    struct incident *i = &c->incident;
    char subject[WHO_BYTES];
    char route[ROUTE_WORDS];
    char types[64];
    char names[160] = "";
    char from[64];
    char usual[32];
    bool many = counted(c) > 1 || c->culprit[0].subject.zone;
    bool now = state == INCIDENT_CHANGED;
    who(c, subject);
    strcat(subject, routes_text(i, route));
    join_types(i, types, sizeof types);
    if (sender)
        join_names(i, names, sizeof names);
    from_networks(c, from);
    const char *verb = sender ? (are_many(c) ? "send" : "sends") : many ? "are" : "is";
    if (now)
        (void)snprintf(i->summary, sizeof i->summary,
                       "%s now %s %.0f %% of all queries: %.0f queries/s%s, was %.0f%s%s%s",
                       subject, verb, 100 * i->share, i->rate_qps, from, c->told_qps,
                       types[0] != '\0' ? "; more " : "", types, names);
    else
        (void)snprintf(i->summary, sizeof i->summary,
                       "%s %s %.0f %% of all queries: %.0f queries/s%s, usually %s%s%s%s",
                       subject, verb, 100 * i->share, i->rate_qps, from,
                       usual_rate(i->baseline_qps, usual), types[0] != '\0' ? "; mostly " : "",
                       types, names);
}

static void summarise_part(struct case_file *c, const char *of)
{
    struct incident *i = &c->incident;
    char subject[WHO_BYTES];
    char usual[32];
    who(c, subject);
    (void)snprintf(
            i->summary, sizeof i->summary,
            "%s is %.0f %% of all %s: %.0f/s, usually %s; no source and no name stands out",
            c->incident.kind == INCIDENT_NXDOMAIN ? "NXDOMAIN" : subject, 100 * i->share, of,
            i->rate_qps, usual_rate(i->baseline_qps, usual));
}

static void summarise_unanswered(struct case_file *c)
{
    struct incident *i = &c->incident;
    char usual[32];
    (void)snprintf(
            i->summary, sizeof i->summary,
            "%.0f %% of all queries get no answer: %.0f/s, usually %s; the server is slow "
            "or silent, or the mirror lost its side",
            100 * i->share, i->rate_qps, usual_rate(i->baseline_qps, usual));
}

static void summarise_volume(struct incident *i)
{
    (void)snprintf(
            i->summary, sizeof i->summary,
            "All queries are %.1f times as many as usual: %.0f queries/s, usually %.0f; %s",
            i->rate_qps / fmax(i->baseline_qps, 1e-9), i->rate_qps, i->baseline_qps,
            i->kind == INCIDENT_SPOOF ? "most of the rest comes from networks never seen before"
                                      : "no source, name or type stands out");
}

static void summarise_gap(struct incident *i)
{
    if (i->rate_qps < 0.05 * i->baseline_qps)
        (void)snprintf(i->summary, sizeof i->summary,
                       "Hardly any queries: %.1f queries/s, usually %.0f", i->rate_qps,
                       i->baseline_qps);
    else
        (void)snprintf(i->summary, sizeof i->summary,
                       "Queries have fallen to %.0f %% of what is usual: %.0f queries/s, "
                       "usually %.0f",
                       100 * i->rate_qps / fmax(i->baseline_qps, 1e-9), i->rate_qps,
                       i->baseline_qps);
}

static void summarise_end(struct case_file *c)
{
    struct incident *i = &c->incident;
    char subject[WHO_BYTES];
    char lasting[32];
    bool all = i->kind == INCIDENT_VOLUME || i->kind == INCIDENT_GAP ||
               case_kind(c) == INCIDENT_SPOOF;
    bool answers = i->kind == INCIDENT_NXDOMAIN || i->kind == INCIDENT_RCODE;
    char sum[32];
    duration(i->ended_s - i->began_s, lasting);
    who(c, subject);
    strcat(subject, are_many(c) ? " are" : " is");
    if (i->kind == INCIDENT_GAP)
        (void)snprintf(i->summary, sizeof i->summary, "Queries are back to usual after %s",
                       lasting);
    else if (i->kind == INCIDENT_UNANSWERED)
        (void)snprintf(i->summary, sizeof i->summary,
                       "Queries are answered as usual after %s: %s had no answer, at most "
                       "%.0f/s",
                       lasting, sum_text(i->queries, sum), i->peak_qps);
    else
        (void)snprintf(i->summary, sizeof i->summary,
                       "%s back to %s usual rate after %s: %s %s, at most %.0f %s/s",
                       all ? "All queries are" : subject, all || are_many(c) ? "their" : "its",
                       lasting, sum_text(i->queries, sum), answers ? "answers" : "queries",
                       i->peak_qps, answers ? "answers" : "queries");
}

static void write_summary(struct case_file *c, enum incident_state state)
{
    if (state == INCIDENT_CLOSED) {
        summarise_end(c);
        return;
    }
    switch (case_kind(c)) {
    case INCIDENT_PREFIX:
    case INCIDENT_ASN:
    case INCIDENT_UNROUTED:
        summarise_culprit(c, state, true);
        break;
    case INCIDENT_NAME:
        summarise_culprit(c, state, false);
        break;
    case INCIDENT_QTYPE:
        summarise_part(c, "queries");
        break;
    case INCIDENT_NXDOMAIN:
    case INCIDENT_RCODE:
        summarise_part(c, "answers");
        break;
    case INCIDENT_UNANSWERED:
        summarise_unanswered(c);
        break;
    case INCIDENT_GAP:
        summarise_gap(&c->incident);
        break;
    default:
        summarise_volume(&c->incident);
        break;
    }
}

static void add_asn(struct incident *i, uint32_t asn)
{
    for (unsigned n = 0; n < i->asns; n++)
        if (i->asn[n] == asn)
            return;
    if (i->asns < INCIDENT_ORIGINS)
        i->asn[i->asns++] = asn;
}

static void add_prefix(struct incident *i, struct prefix p, enum incident_route route)
{
    if (i->prefixes == INCIDENT_PREFIXES)
        return;
    i->prefix[i->prefixes] = p;
    i->route[i->prefixes++] = route;
}

/* A table that is not of these days knows nothing of what is not in it. */
static void add_source(struct incident *i, struct prefix p, struct annotation *annotation)
{
    const struct origins *origins = annotation_origins(annotation);
    if (origins == NULL) {
        add_prefix(i, p, INCIDENT_ROUTE_NOT_TOLD);
        return;
    }
    struct annotation_tag tag = annotation_find(annotation, p);
    bool announced = tag.as < ANNOTATION_UNROUTED;
    bool unrouted = tag.as == ANNOTATION_UNROUTED && annotation_tells(annotation, i->changed_s);
    add_prefix(i, p,
               announced  ? INCIDENT_ROUTE_NOT_TOLD
               : unrouted ? INCIDENT_ROUTE_NONE
                          : INCIDENT_ROUTE_UNKNOWN);
    if (announced)
        add_asn(i, origins_asn(origins, tag.as));
}

/* Prefixes with their origins, and ASes with the announcement that explains them. */
static void list_culprits(struct case_file *c, const struct interval *interval,
                          struct annotation *annotation)
{
    struct incident *i = &c->incident;
    struct prefix announced;
    i->prefixes = i->asns = 0;
    for (unsigned k = 0; k < c->culprits; k++) {
        const struct subject *s = &c->culprit[k].subject;
        if (s->kind == INCIDENT_PREFIX) {
            add_source(i, (struct prefix){s->key}, annotation);
        } else if (s->kind == INCIDENT_ASN) {
            add_asn(i, (uint32_t)s->key);
            if (sample_announced(s, interval, annotation, &announced))
                add_prefix(i, announced, INCIDENT_ROUTE_NOT_TOLD);
        } else if (s->kind == INCIDENT_RCODE && i->rcode[0] == '\0') {
            char text[CODE_NAME_BYTES];
            (void)snprintf(i->rcode, sizeof i->rcode, "%.15s",
                           code_name(CODE_RCODE, (uint16_t)s->key, text));
        }
    }
}

static void rates(double *to, const uint64_t *queries, double seconds)
{
    for (unsigned i = 0; i < QTYPE_CLASSES; i++)
        to[i] = seconds > 0 ? (double)queries[i] / seconds : 0;
}

/* What the incident asks now, since it was told, or in all; by state. */
static void describe_questions(struct case_file *c, enum incident_state state)
{
    static const double nothing[QTYPE_CLASSES];
    const struct dossier *d = &c->dossier;
    double now[QTYPE_CLASSES];
    if (state == INCIDENT_CHANGED) {
        rates(now, d->window_qtype, d->window_s);
        list_types(c, now, c->reference_qps);
        list_names(c, d->window, d->window_queries);
        return;
    }
    rates(now, d->qtype, d->seconds);
    list_types(c, now, state == INCIDENT_OPENED ? c->before_qps : nothing);
    list_names(c, d->names, d->queries);
}

static void describe_traits(struct incident *i, const struct traits *t)
{
    uint8_t ttl[TRAITS_LEADING];
    struct incident_traits *to = &i->traits;
    *to = (struct incident_traits){.queries = t->queries,
                                   .tcp_queries = t->tcp_queries,
                                   .responses = t->responses,
                                   .tcp_responses = t->tcp_responses,
                                   .syns = t->syns,
                                   .handshakes = t->handshakes,
                                   .unreachables = t->unreachables,
                                   .ports = traits_ports(t)};
    memcpy(to->rcode, t->rcode, sizeof to->rcode);
    unsigned leading = traits_leading(t, ttl, &to->ttls);
    for (unsigned n = 0; n < leading; n++) {
        to->leading[n].ttl = ttl[n];
        to->leading[n].queries = t->ttl[ttl[n]];
    }
    traits_hosts(t, &to->hosts_steady, &to->hosts_varied);
    enum traits_hearing hearing =
            traits_hearing(&t->handshakes, t->responses, t->tcp_responses);
    to->verdict = traits_verdict(hearing, to->hosts_steady, to->hosts_varied);
}

void describe_incident(struct case_file *c, enum incident_state state,
                       const struct interval *interval, struct annotation *annotation)
{
    const struct dossier *d = &c->dossier;
    struct incident *i = &c->incident;

    i->queries = d->queries;
    i->junk =
            (struct incident_junk){.judged = d->judged, .junk = d->junk, .classes = d->classes};
    describe_traits(i, &d->traits);
    i->hosts = dossier_hosts(d);
    i->networks = dossier_networks(d);
    i->hosts_listed = dossier_leading_hosts(d, i->host, INCIDENT_HOSTS);
    i->rate_qps = d->rate_qps;
    i->total_qps = d->all_qps;
    bool all = i->kind == INCIDENT_VOLUME || i->kind == INCIDENT_GAP;
    if (state == INCIDENT_OPENED && !all && d->seconds >= 3 && d->seconds < 600) {
        i->rate_qps = (double)d->queries / d->seconds;
        i->total_qps = (double)d->all_queries / d->seconds;
    }
    if (state == INCIDENT_OPENED)
        i->baseline_qps = all || case_kind(c) == INCIDENT_SPOOF
                                  ? c->level_qps
                                  : case_usual(c->usual_share, i->rate_qps, i->total_qps);
    list_culprits(c, interval, annotation);
    describe_questions(c, state);
    i->share = i->total_qps > 0 ? fmin(1, i->rate_qps / i->total_qps) : 0;
    i->peak_qps = fmax(i->peak_qps, state == INCIDENT_CLOSED ? 0 : i->rate_qps);
    write_summary(c, state);
}

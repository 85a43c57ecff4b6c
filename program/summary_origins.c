/* SPDX-License-Identifier: MIT */
#include "program/summary_origins.h"

#include "analysis/ranking.h"

#include <inttypes.h>

enum { TOP = 10 };

struct adding {
    struct ranking *ranking;
    bool good;
    struct error *err;
};

static void add(void *argument, struct prefix p, uint32_t queries)
{
    struct adding *a = argument;
    a->good = a->good && ranking_add(a->ranking, p, queries, a->err);
}

/* NULL: no memory.  Queries that were counted without a source are in its `unknown` later. */
static struct ranking *rank(const struct counters *run, const struct origins *origins)
{
    struct error err;
    struct adding a = {ranking_create(origins, &err), true, &err};
    uint32_t count;
    const struct prefix_record *r = prefix_counts_records(run->prefixes, &count);
    if (a.ranking == NULL)
        return NULL;
    for (uint32_t i = 0; i < count; i++)
        if (r[i].queries > 0)
            add(&a, r[i].prefix, r[i].queries);
    prefix_counts_bare(run->prefixes, add, &a);
    if (a.good)
        return a.ranking;
    ranking_free(a.ranking);
    return NULL;
}

static uint64_t unknown_of(const struct counters *run, const struct ranking_totals *t)
{
    return t->unknown + (run->queries - t->count);
}

static double share_of(const struct counters *run, uint64_t queries)
{
    return run->queries == 0 ? 0 : (double)queries / (double)run->queries;
}

static json_t *row_json(const struct counters *run, const struct ranking_row *r, bool by_as)
{
    char text[PREFIX_TEXT_BYTES];
    json_t *row = json_pack("{s:I, s:I, s:f}", "asn", (json_int_t)r->asn, "queries",
                            (json_int_t)r->count, "share", share_of(run, r->count));
    if (row == NULL)
        return NULL;
    if (r->name != NULL)
        json_object_set_new(row, "name", json_string(r->name));
    if (!by_as)
        json_object_set_new(row, "prefix", json_string(prefix_format(r->prefix, text)));
    return row;
}

/* How many there are is told beside the rows, so that it shows what was cut. */
static bool set_rows(json_t *body, const struct counters *run, struct ranking *ranking,
                     enum ranking_by by, size_t most)
{
    struct error err;
    size_t count;
    bool by_as = by == RANKING_BY_ASN;
    const struct ranking_row *row = ranking_rows(ranking, by, &count, &err);
    json_t *array = json_array();
    if (row == NULL) {
        json_decref(array);
        return false;
    }
    for (size_t i = 0; i < count && i < most; i++)
        json_array_append_new(array, row_json(run, &row[i], by_as));
    json_object_set_new(body, by_as ? "ases" : "announced", json_integer((json_int_t)count));
    json_object_set_new(body, by_as ? "by_asn" : "by_prefix", array);
    return true;
}

static json_t *table_json(const struct origins *o)
{
    const struct routes_about *about = origins_about(o);
    return json_pack("{s:s, s:I, s:I, s:I, s:b, s:b}", "kind", routes_kind_name(about->kind),
                     "time", (json_int_t)about->time, "announced",
                     (json_int_t)origins_announcements(o), "ases", (json_int_t)origins_count(o),
                     "whole_ipv4", origins_is_whole(o, 4), "whole_ipv6",
                     origins_is_whole(o, 6));
}

json_t *summary_origins_json(const struct counters *run, const struct origins *origins,
                             size_t most)
{
    struct ranking *ranking = rank(run, origins);
    if (ranking == NULL)
        return NULL;
    struct ranking_totals t = ranking_totals(ranking, RANKING_BY_ASN);
    json_t *body =
            json_pack("{s:o, s:I, s:I, s:I}", "table", table_json(origins), "routed",
                      (json_int_t)(t.count - t.unrouted - t.unknown), "unrouted",
                      (json_int_t)t.unrouted, "unknown", (json_int_t)unknown_of(run, &t));
    bool good = body != NULL && set_rows(body, run, ranking, RANKING_BY_ASN, most) &&
                set_rows(body, run, ranking, RANKING_BY_PREFIX, most);
    ranking_free(ranking);
    if (good)
        return body;
    json_decref(body);
    return NULL;
}

void summary_origins_annotate(json_t *row, const struct origins *origins, struct prefix p)
{
    struct origin found;
    char text[PREFIX_TEXT_BYTES];
    switch (origins_look_up(origins, p, &found)) {
    case ORIGINS_ANNOUNCED:
        json_object_set_new(row, "asn", json_integer(found.asn));
        json_object_set_new(row, "announced",
                            json_string(prefix_format(found.announced, text)));
        break;
    case ORIGINS_UNROUTED:
        json_object_set_new(row, "origin", json_string("unrouted"));
        break;
    default:
        json_object_set_new(row, "origin", json_string("unknown"));
        break;
    }
}

static bool print_rows(const struct counters *run, struct ranking *ranking, enum ranking_by by,
                       FILE *to)
{
    struct error err;
    size_t count;
    bool by_as = by == RANKING_BY_ASN;
    const struct ranking_row *row = ranking_rows(ranking, by, &count, &err);
    if (row == NULL)
        return false;
    if (count > 0)
        fprintf(to, "\nLeading %s, of %zu\n", by_as ? "origin ASes" : "announced prefixes",
                count);
    for (size_t i = 0; i < count && i < TOP; i++) {
        char key[PREFIX_TEXT_BYTES];
        if (by_as)
            (void)snprintf(key, sizeof key, "AS%" PRIu32, row[i].asn);
        else
            prefix_format(row[i].prefix, key);
        fprintf(to, "  %-22s %14" PRIu64 "  %5.1f %%  ", key, row[i].count,
                100 * share_of(run, row[i].count));
        if (!by_as)
            fprintf(to, "AS%" PRIu32 " ", row[i].asn);
        fprintf(to, "%s\n", row[i].name == NULL ? "" : row[i].name);
    }
    return true;
}

bool summary_origins_print(const struct counters *run, const struct origins *origins, FILE *to)
{
    struct ranking *ranking = rank(run, origins);
    if (ranking == NULL)
        return false;
    struct ranking_totals t = ranking_totals(ranking, RANKING_BY_ASN);
    uint64_t unknown = unknown_of(run, &t);
    bool good = print_rows(run, ranking, RANKING_BY_ASN, to) &&
                print_rows(run, ranking, RANKING_BY_PREFIX, to);
    ranking_free(ranking);
    fprintf(to, "  %-22s %14" PRIu64 "  %5.1f %%\n", "no route to the source", t.unrouted,
            100 * share_of(run, t.unrouted));
    fprintf(to, "  %-22s %14" PRIu64 "  %5.1f %%\n", "origin not known", unknown,
            100 * share_of(run, unknown));
    return good;
}

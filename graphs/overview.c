/* SPDX-License-Identifier: MIT */
#include "graphs/overview.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HOUR_S = 3600, WEEK_S = 604800, RANKED = 1024 };

/* Prefixes and ASes met in minutes; more than there is room for are passed over. */
struct ranking {
    struct overview_source source[RANKED];
    unsigned sources;
    struct overview_as as[RANKED];
    unsigned ases;
};

struct reading {
    struct overview *overview;
    struct ranking *ranking;
    int64_t hours_from_s, hours_to_s;
    uint64_t hours_queries;
};

static void rank(struct ranking *r, const struct minute_prefix *p)
{
    unsigned i = 0;
    while (i < r->sources && r->source[i].prefix.bits != p->prefix.bits)
        i++;
    if (i == RANKED)
        return;
    if (i == r->sources)
        r->source[r->sources++] =
                (struct overview_source){.prefix = p->prefix, .week_before = (double)NAN};
    r->source[i].queries += p->queries;
    if (p->hosts > r->source[i].hosts)
        r->source[i].hosts = p->hosts;
}

static void rank_as(struct ranking *r, const struct minute_as *as)
{
    unsigned i = 0;
    while (i < r->ases && r->as[i].asn != as->asn)
        i++;
    if (i == RANKED)
        return;
    if (i == r->ases)
        r->as[r->ases++] = (struct overview_as){.asn = as->asn};
    r->as[i].queries += as->queries;
    memcpy(r->as[i].name, as->name, sizeof as->name);
}

static void add_origins(struct overview *o, struct ranking *r, const struct minute_origins *m)
{
    o->routed += m->routed;
    o->unrouted += m->unrouted;
    o->unknown += m->unknown;
    for (unsigned i = 0; i < m->ases_listed; i++)
        rank_as(r, &m->as[i]);
}

static void compare(struct overview *o, const struct minute *m)
{
    double rate_qps = m->covered_s > 0 ? (double)m->queries / m->covered_s : 0;
    if (rate_qps > o->peak_qps) {
        o->peak_qps = rate_qps;
        o->peak_s = m->start_s;
    }
    if (!isnan(m->usual_qps)) {
        o->usual += m->usual_qps * m->covered_s;
        o->compared += (double)m->queries;
    }
}

static bool add_minute(void *argument, const struct minute *m)
{
    struct reading *r = argument;
    struct overview *o = r->overview;

    if (m->start_s >= r->hours_from_s && m->start_s < r->hours_to_s)
        r->hours_queries += m->queries;
    if (m->start_s < o->from_s)
        return true;
    o->minutes++;
    o->covered_s += m->covered_s;
    o->queries += m->queries;
    o->responses += m->responses;
    compare(o, m);
    for (unsigned i = 0; i < m->prefixes; i++)
        rank(r->ranking, &m->prefix[i]);
    add_origins(o, r->ranking, &m->origins);
    return true;
}

static int by_queries(const void *a, const void *b)
{
    const struct overview_source *x = a, *y = b;
    return (x->queries < y->queries) - (x->queries > y->queries);
}

static int by_queries_of_as(const void *a, const void *b)
{
    const struct overview_as *x = a, *y = b;
    return (x->queries < y->queries) - (x->queries > y->queries);
}

static void take_ases(struct overview *o, struct ranking *r)
{
    qsort(r->as, r->ases, sizeof *r->as, by_queries_of_as);
    o->ases = r->ases < OVERVIEW_LEADING ? r->ases : OVERVIEW_LEADING;
    memcpy(o->as, r->as, o->ases * sizeof *o->as);
}

static void take_minutes(struct overview *o, struct ranking *r)
{
    qsort(r->source, r->sources, sizeof *r->source, by_queries);
    while (o->sources < OVERVIEW_LEADING && o->sources < r->sources &&
           r->source[o->sources].queries > 0) {
        o->source[o->sources] = r->source[o->sources];
        o->source[o->sources].junk = (double)NAN; /* minutes do not keep it */
        o->sources++;
    }
    o->sources_queries = o->queries;
}

static bool sum_hour(void *argument, int64_t hour_s, uint64_t queries)
{
    (void)hour_s;
    *(double *)argument += (double)queries;
    return true;
}

static bool all_stored(struct store *s, int64_t from_s, int64_t to_s)
{
    for (int64_t t = from_s; t < to_s; t += HOUR_S) {
        if (!store_has_hour(s, t))
            return false;
    }
    return true;
}

static bool look_back(struct reading *r, struct store *s, struct error *err)
{
    struct overview *o = r->overview;
    int64_t from_s = r->hours_from_s - WEEK_S;
    int64_t to_s = r->hours_to_s - WEEK_S;
    bool known = o->to_s - o->from_s <= WEEK_S && all_stored(s, from_s, to_s);

    for (unsigned i = 0; i < o->sources; i++) {
        o->source[i].week_before = known ? 0 : (double)NAN;
        if (known && !store_prefix_hours(s, o->source[i].prefix, from_s, to_s, sum_hour,
                                         &o->source[i].week_before, err))
            return false;
    }
    return true;
}

static double junk_share(const struct store_rank *r)
{
    return r->judged == 0 ? (double)NAN : (double)r->junk / (double)r->judged;
}

static bool take_hours(struct reading *r, struct store *s, struct error *err)
{
    struct store_rank leading[OVERVIEW_LEADING];
    struct overview *o = r->overview;
    int count =
            store_leading(s, r->hours_from_s, r->hours_to_s, leading, OVERVIEW_LEADING, err);
    if (count <= 0) {
        take_minutes(o, r->ranking);
        return count == 0;
    }
    for (int i = 0; i < count; i++)
        o->source[i] = (struct overview_source){.prefix = leading[i].prefix,
                                                .queries = leading[i].queries,
                                                .hosts = leading[i].hosts,
                                                .junk = junk_share(&leading[i])};
    o->sources = (unsigned)count;
    o->by_hours = true;
    o->sources_queries = r->hours_queries;
    return look_back(r, s, err);
}

bool overview_read(struct overview *o, struct store *s, int64_t from_s, int64_t to_s,
                   struct error *err)
{
    *o = (struct overview){.from_s = from_s, .to_s = to_s};
    struct reading r = {.overview = o,
                        .ranking = calloc(1, sizeof *r.ranking),
                        .hours_from_s = from_s - from_s % HOUR_S,
                        .hours_to_s = to_s - to_s % HOUR_S};
    if (r.ranking == NULL)
        return error_set(err, "no memory to sum up the minutes");
    bool done = store_minutes(s, r.hours_from_s, to_s, add_minute, &r, err) &&
                take_hours(&r, s, err);
    take_ases(o, r.ranking);
    free(r.ranking);
    return done;
}

/* Names, the domains they are in, and top level domains. */
/* SPDX-License-Identifier: MIT */
#include "analysis/detect.h"

#include <math.h>

static const double whole_domain =
        0.8; /* of its domain's excess, by a name that stands for it */

/* While the names of one interval are walked. */
struct walk {
    struct detector *d;
    struct look *look;
    const struct zones *zones;
    double least;
    double unseen; /* names that found no room, for each name asked once: such they were */
    double carry;  /* of them, not yet counted with one: a part of a query */
    bool by_name;  /* open incidents explain names, which are left out */
    /* Of a watched prefix: */
    double part;         /* of its queries: what is not usual of them */
    double watch_unseen; /* as `unseen` */
};

/* Names made up at random fill a table: what was lost is shared out among those like it. */
static double unseen_of(uint64_t lost, uint64_t singles)
{
    return singles == 0 ? 0 : (double)lost / (double)singles;
}

static double interval_unseen(const struct walk *w)
{
    uint32_t count;
    const struct zoned_name *n = zones_names(w->zones, &count);
    uint64_t lost = names_lost(w->look->interval->counters->names);
    uint64_t singles = 0;
    for (uint32_t i = 0; lost > 0 && i < count; i++)
        singles += n[i].queries == 1;
    return unseen_of(lost, singles);
}

static void count_single(void *argument, const struct name_count *n)
{
    uint64_t *singles = argument;
    *singles += n->queries == 1;
}

static double watch_unseen(const struct names *names)
{
    uint64_t singles = 0;
    uint64_t lost = names_lost(names);
    if (lost > 0)
        names_each(names, count_single, &singles);
    return unseen_of(lost, singles);
}

/* Neither it nor a name in it has enough queries to be looked at. */
static bool is_small_zone(const struct walk *w, uint64_t zone_hash)
{
    return (double)zones_bound(w->zones, zone_hash) * (1 + w->unseen) < w->least;
}

/* Of the names themselves only what is known; of domains also what found no room. */
static void deduct(void *argument, const struct name_count *n)
{
    const struct walk *w = argument;
    struct deductions *to = w->d->deductions;
    struct zoned_name z;
    double known = w->part * (double)n->queries;
    double queries = known + (n->queries == 1 ? w->part * w->watch_unseen : 0);
    zones_find(w->zones, n, &z);
    deductions_add(to, subject_name_key(zoned_name_tld(&z), z.tld_bytes) ^ SERIES_TLD, queries);
    if (is_small_zone(w, z.zone_hash))
        return;
    deductions_add(to, subject_name_key(n->name, n->name_bytes), known);
    deductions_add(to, subject_name_key(zoned_name_zone(&z), z.zone_bytes) ^ SERIES_DOMAIN,
                   queries);
}

static void find_deductions(struct walk *w)
{
    const struct explained *e = w->look->explained;
    deductions_clear(w->d->deductions);
    for (unsigned i = 0; i < e->parts; i++) {
        const struct explained_part *p = &e->part[i];
        w->by_name |= subject_is_name(p->subject);
        if (p->watch == NULL || subject_is_name(p->subject) || p->queries <= 0)
            continue;
        w->part = p->excess / p->queries;
        w->watch_unseen = watch_unseen(p->watch->names);
        names_each(p->watch->names, deduct, w);
    }
}

static bool is_explained_name(const struct walk *w, const struct zoned_name *n)
{
    const struct explained *e = w->look->explained;
    for (unsigned i = 0; i < e->parts; i++)
        if (subject_covers_name(e->part[i].subject, n->name, n->name_bytes))
            return true;
    return false;
}

/* A name that is only a part of what its domain has more is not the smallest explanation. */
static bool stands_for_domain(const struct walk *w, const struct share_row *row,
                              const struct zoned_name *n)
{
    if (n->zone_bytes == n->name_bytes)
        return true;
    const struct share_row *whole = shares_find(
            w->d->shares[SERIES_DOMAIN], subject_name_key(zoned_name_zone(n), n->zone_bytes));
    return whole == NULL ||
           row->recent - row->usual >= whole_domain * (whole->recent - whole->usual);
}

static void look_at_name(struct walk *w, const struct zoned_name *n)
{
    uint64_t key = subject_name_key(n->name, n->name_bytes);
    double queries = n->queries - deductions_of(w->d->deductions, key);
    struct share_row *row = detect_add(w->d, w->look, SERIES_NAME, key, fmax(0, queries));
    if (row == NULL)
        return;
    struct subject s = subject_of_name(n->name, n->name_bytes, false);
    detect_suspect(w->d, row, &s);
    if (detect_is_alarm(w->d, w->look, SERIES_NAME, row) && stands_for_domain(w, row, n))
        detect_propose(w->d, w->look, SERIES_NAME, row, &s);
}

/* What is usual for the name stays as it was before its domain's incident. */
static void freeze(const struct walk *w, const struct zoned_name *n)
{
    if (n->queries < w->least)
        return;
    shares_freeze(w->d->shares[SERIES_NAME], subject_name_key(n->name, n->name_bytes),
                  &w->look->moment);
    shares_freeze(w->d->shares[SERIES_DOMAIN],
                  subject_name_key(zoned_name_zone(n), n->zone_bytes), &w->look->moment);
}

/* As many as it stands for. */
static uint32_t weighed(struct walk *w, const struct zoned_name *n)
{
    if (n->queries != 1)
        return n->queries;
    w->carry += w->unseen;
    uint32_t whole = (uint32_t)w->carry;
    w->carry -= whole;
    return 1 + whole;
}

/* The root, and a name of one label, are in no domain. */
static bool is_in_domain(const struct zoned_name *n)
{
    return n->name[0] + 2 < n->name_bytes;
}

static void add_tld(const struct walk *w, const struct zoned_name *n, uint32_t queries)
{
    struct names *to = w->d->tlds;
    const uint8_t *tld = zoned_name_tld(n);
    names_add(to, names_hash(to, tld, n->tld_bytes), tld, n->tld_bytes, queries);
}

/* Counted anew where what the interval counted will not do. */
static bool has_own_tlds(const struct walk *w)
{
    return w->unseen > 0 || w->by_name;
}

/* Asks memory for what a name will be compared with. */
static void expect_name(const struct walk *w, const struct zoned_name *n)
{
    if (n->queries >= w->least)
        shares_prefetch(w->d->shares[SERIES_NAME], subject_name_key(n->name, n->name_bytes));
}

static void look_at_names(struct walk *w)
{
    enum { AHEAD = 32 }; /* most are passed over */
    uint32_t count;
    struct names *domains = w->d->domains;
    const struct zoned_name *n = zones_names(w->zones, &count);
    for (const struct zoned_name *end = n + count; n < end; n++) {
        if (end - n > AHEAD)
            expect_name(w, n + AHEAD);
        bool small = is_small_zone(w, n->zone_hash);
        bool explained = (w->by_name || !small) && is_explained_name(w, n);
        uint32_t queries = explained ? 0 : weighed(w, n);
        if (explained)
            freeze(w, n);
        if (!explained && has_own_tlds(w))
            add_tld(w, n, queries);
        if (explained || small)
            continue;
        if (is_in_domain(n))
            names_add(domains, n->zone_hash, zoned_name_zone(n), n->zone_bytes, queries);
        if (n->queries >= w->least)
            look_at_name(w, n);
    }
}

static void walk_domain(void *argument, const struct name_count *n)
{
    struct walk *w = argument;
    if ((double)n->queries < w->least)
        return;
    uint64_t key = subject_name_key(n->name, n->name_bytes);
    double queries = (double)n->queries - deductions_of(w->d->deductions, key ^ SERIES_DOMAIN);
    struct share_row *row = detect_add(w->d, w->look, SERIES_DOMAIN, key, fmax(0, queries));
    if (row == NULL)
        return;
    struct subject s = subject_of_name(n->name, n->name_bytes, true);
    detect_suspect(w->d, row, &s);
    if (detect_is_alarm(w->d, w->look, SERIES_DOMAIN, row))
        detect_propose(w->d, w->look, SERIES_DOMAIN, row, &s);
}

/* A whole top-level domain that is asked more makes all of it more, or its share only moved. */
static bool has_grown(const struct detector *d)
{
    static const double least = 1.025;
    return d->volume.level_qps <= 0 || d->rest_qps > least * d->volume.level_qps;
}

static void walk_tld(void *argument, const struct name_count *n)
{
    struct walk *w = argument;
    if ((double)n->queries < w->least || n->name_bytes == 1)
        return;
    uint64_t key = subject_name_key(n->name, n->name_bytes);
    double queries = (double)n->queries - deductions_of(w->d->deductions, key ^ SERIES_TLD);
    struct share_row *row = detect_add(w->d, w->look, SERIES_TLD, key, fmax(0, queries));
    if (!detect_is_alarm(w->d, w->look, SERIES_TLD, row) || !has_grown(w->d))
        return;
    struct subject s = subject_of_name(n->name, n->name_bytes, true);
    detect_propose(w->d, w->look, SERIES_TLD, row, &s);
}

/* What an AS asks for is not known by name, but any name may have risen by that much. */
static double without_names(const struct explained *e)
{
    double queries = 0;
    for (unsigned i = 0; i < e->parts; i++)
        if (e->part[i].watch == NULL && (e->part[i].subject->kind == INCIDENT_ASN ||
                                         e->part[i].subject->kind == INCIDENT_UNROUTED ||
                                         e->part[i].subject->kind == INCIDENT_PREFIX))
            queries += e->part[i].excess;
    return queries;
}

void detect_names(struct detector *d, const struct look *look)
{
    const struct counters *c = look->interval->counters;
    struct look of_names = *look;
    struct walk w = {.d = d, .look = &of_names, .zones = c->zones, .least = detect_least(look)};
    of_names.moment.forgiven = without_names(look->explained);
    names_clear(d->domains);
    names_clear(d->tlds);
    w.unseen = interval_unseen(&w);
    find_deductions(&w);
    look_at_names(&w);
    names_each(d->domains, walk_domain, &w);
    names_each(has_own_tlds(&w) ? d->tlds : c->tlds, walk_tld, &w);
}

/* Source prefixes and their origin ASes. */
/* SPDX-License-Identifier: MIT */
#include "analysis/detect.h"

#include <math.h>

enum { DAY_S = 86400, KNOWN_S = 3600, RECENT_S = 10, BRIEF_S = 2, LEVEL_S = 1200 };

static const double moved_least = 0.008; /* usual share of a prefix that may have moved */
static const double moved_part = 0.65;   /* of the rise that its fall must be, at least */
static const double moved_most = 1.5;    /* and at most */
static const double moved_gone = 0.5;    /* of its usual share, that must be gone */
static const double excess_part = 0.25; /* of a culprit's excess, that all must have risen by */
static const double spoofed_part = 0.6; /* of the rise, from new prefixes */

/* One that was heavy has fallen by what this one rose. */
static struct share_row *find_predecessor(struct shares *series, const struct share_row *risen)
{
    double rise = risen->recent - risen->usual;
    double now_s = risen->seen_s;
    struct share_row *r;
    for (uint32_t i = 0; (r = shares_row(series, i)) != NULL; i++) {
        if (r == risen || r->usual < moved_least)
            continue;
        double recent = r->recent * exp(-fmax(0, now_s - r->seen_s) / RECENT_S);
        double fall = r->usual - recent;
        if (fall >= moved_part * rise && fall <= moved_most * rise &&
            fall >= moved_gone * r->usual)
            return r;
    }
    return NULL;
}

/* Renumbered: what was usual for the one is usual for the other from now on. */
static bool is_moved(struct detector *d, struct shares *series, struct share_row *risen)
{
    if (d->volume.up > 0.5 * volume_limit(VOLUME_UP))
        return false;
    struct share_row *old = find_predecessor(series, risen);
    if (old == NULL)
        return false;
    risen->usual = fmax(risen->recent, old->usual);
    risen->sum = 0;
    old->usual = 0;
    d->moved++;
    return true;
}

static void look_at_prefix(struct detector *d, const struct look *look,
                           const struct prefix_record *r)
{
    struct subject s = subject_of_prefix(r->prefix);
    struct share_row *row = detect_add(d, look, SERIES_PREFIX, s.key, r->queries, &s);
    if (row != NULL && !is_moved(d, d->shares[SERIES_PREFIX], row))
        detect_propose(d, look, SERIES_PREFIX, row, &s);
}

static void add_origin(struct detector *d, uint32_t number, double queries)
{
    if (d->as_queries[number] == 0)
        d->as_touched[d->as_met++] = number;
    d->as_queries[number] += queries;
}

static bool is_explained_as(const struct look *look, uint32_t asn)
{
    struct subject s = {.kind = INCIDENT_ASN, .key = asn};
    return detect_is_explained(look, &s);
}

/* True: its AS is in an open incident, so that it is no culprit of its own. */
static bool count_origin(struct detector *d, const struct look *look, struct prefix p,
                         double queries)
{
    struct origin origin;
    if (!origins_find(d->limits.origins, p, &origin))
        return false;
    if (look->explained->parts > 0 && is_explained_as(look, origin.asn))
        return true;
    add_origin(d, origin.number, queries);
    return false;
}

static bool is_known(const struct detector *d, const struct look *look,
                     const struct prefix_record *r)
{
    const struct known *k = d->limits.known;
    return k != NULL && known_allows(k, r->prefix, r->queries / look->moment.length_s);
}

/* What open incidents about the prefix explain of its queries; < 0: there are none. */
static double explained_excess(const struct look *look, struct prefix p)
{
    for (unsigned i = 0; i < look->explained->parts; i++) {
        const struct explained_part *part = &look->explained->part[i];
        if (part->subject->kind == INCIDENT_PREFIX && part->subject->key == p.bits)
            return part->excess;
    }
    return -1;
}

static void turn_day(struct detector *d)
{
    int64_t day = (int64_t)d->end_s / DAY_S;
    if (day != d->day)
        novelty_turn(d->novelty);
    d->day = day;
}

/* While more is asked than usual, nobody gets to be known. */
static void note_new(struct detector *d, const struct look *look, double queries)
{
    double length_s = look->moment.length_s;
    double gain = 1 - exp(-length_s / BRIEF_S);
    d->new_qps += gain * (queries / length_s - d->new_qps);
    d->brief_qps += gain * (look->moment.rest / length_s - d->brief_qps);
    if (!volume_is_suspicious(&d->volume))
        d->usual_new +=
                length_s / LEVEL_S * (queries / fmax(look->moment.rest, 1) - d->usual_new);
    d->watched_s += length_s;
}

/* Going by the last few seconds: the first of a botnet's queries come from new networks, too.
 */
bool detect_is_spoofed(const struct detector *d, double excess_qps)
{
    double risen = d->brief_qps - d->volume.level_qps;
    return d->watched_s > KNOWN_S && risen > excess_part * excess_qps && excess_qps > 0 &&
           d->new_qps - d->usual_new * d->volume.level_qps > spoofed_part * risen;
}

/* True: it was not known before. */
static bool meet(struct detector *d, struct prefix p, bool calm)
{
    bool is_new = novelty_is_new(d->novelty, p);
    if (calm)
        novelty_note(d->novelty, p); /* also one that is known, or it would be new tomorrow */
    else if (is_new)
        novelty_note_flood(d->novelty, p);
    return is_new;
}

static void look_at_source(struct detector *d, const struct look *look,
                           const struct prefix_record *r, double least)
{
    double excess = explained_excess(look, r->prefix);
    bool explained = excess >= 0;
    explained |= is_known(d, look, r) ||
                 count_origin(d, look, r->prefix, r->queries - fmax(0, excess));
    if (r->queries < least)
        return;
    if (explained)
        shares_freeze(d->shares[SERIES_PREFIX], r->prefix.bits, &look->moment);
    else
        look_at_prefix(d, look, r);
}

/* Asks memory for what will be read of it. */
static void expect_source(const struct detector *d, const struct prefix_record *r, double least)
{
    novelty_prefetch(d->novelty, r->prefix);
    if (r->queries >= least)
        shares_prefetch(d->shares[SERIES_PREFIX], r->prefix.bits);
}

void detect_sources(struct detector *d, const struct look *look)
{
    enum { AHEAD = 16 }; /* so many answers of memory are under way */
    uint32_t count;
    const struct prefix_record *r =
            prefix_counts_records(look->interval->counters->prefixes, &count);
    bool calm = !volume_is_suspicious(&d->volume);
    double least = detect_least(look);
    double fresh = (double)prefix_counts_totals(look->interval->counters->prefixes).bare;
    turn_day(d);
    if (calm)
        novelty_end_flood(d->novelty);
    for (uint32_t i = 0; i < count; i++) {
        if (i + AHEAD < count)
            expect_source(d, &r[i + AHEAD], least);
        if (r[i].queries == 0)
            continue;
        fresh += meet(d, r[i].prefix, calm) ? r[i].queries : 0;
        look_at_source(d, look, &r[i], least);
    }
    note_new(d, look, fresh);
}

void detect_origins(struct detector *d, const struct look *look)
{
    double least = detect_least(look);
    for (uint32_t i = 0; i < d->as_met; i++) {
        uint32_t number = d->as_touched[i];
        double queries = d->as_queries[number];
        struct subject s = {.kind = INCIDENT_ASN,
                            .key = origins_asn(d->limits.origins, number)};
        d->as_queries[number] = 0;
        if (queries < least || s.key == 0)
            continue;
        struct share_row *row = detect_add(d, look, SERIES_ASN, s.key, queries, NULL);
        if (row != NULL && !is_moved(d, d->shares[SERIES_ASN], row))
            detect_propose(d, look, SERIES_ASN, row, &s);
    }
    d->as_met = 0;
}

/* SPDX-License-Identifier: MIT */
#include "analysis/detector.h"

#include "analysis/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    BUCKETS = 2048, /* a power of two */
    PER_BUCKET = 8,
    ENTRIES = BUCKETS * PER_BUCKET,
    MEMORY_S = 7200, /* of the usual share */
};

static const double slack = 1.15;      /* of the usual share, before it counts as excess */
static const double cap = 0.075;       /* share-seconds a second may add */
static const double alarm = 0.75;      /* share-seconds */
static const double suspicious = 0.15; /* share-seconds: learn slowly, watch closely */
static const double slow = 0.2;        /* of the usual gain, then */
static const double negligible = 0.001; /* shares below are not looked at */

struct tracked {
    struct prefix prefix; /* zero: free */
    double usual;         /* share */
    double sum;           /* share-seconds */
    double seen_s;        /* end of the last interval it was brought up to */
    double since_s;       /* when `sum` left zero */
    double rate_qps;      /* ten seconds' memory */
};

struct detector {
    struct detector_limits limits;
    uint64_t seed;
    double learned_s; /* how long it has looked, without gaps */
    double end_s;     /* of the last interval */
    double rest_qps;  /* of all but open incidents, ten seconds' memory */
    unsigned suspects;
    struct prefix suspect[DETECTOR_SUSPECTS];
    double suspect_sum[DETECTOR_SUSPECTS];
    struct tracked entry[ENTRIES];
};

struct detector *detector_create(const struct detector_limits *limits, struct error *err)
{
    struct detector *d = calloc(1, sizeof *d);
    if (d == NULL) {
        error_set(err, "no memory for a detector");
        return NULL;
    }
    d->limits = *limits;
    if (getrandom(&d->seed, sizeof d->seed, 0) != sizeof d->seed) {
        error_errno(err, "seeding a detector");
        free(d);
        return NULL;
    }
    return d;
}

void detector_free(struct detector *d)
{
    free(d);
}

static double gain_per_s(const struct detector *d)
{
    return 1.0 / (d->learned_s < MEMORY_S ? fmax(d->learned_s, 1) : MEMORY_S);
}

/* What passed without a query of it: its share was as good as nothing. */
static void bring_forward(const struct detector *d, struct tracked *t, double to_s)
{
    double idle = to_s - t->seen_s;
    if (idle <= 0)
        return;
    t->usual *= exp(-idle * gain_per_s(d));
    t->sum = fmax(0, t->sum - idle * (slack * t->usual + d->limits.material_share));
    t->rate_qps *= exp(-idle / 10);
    t->seen_s = to_s;
}

static double importance(const struct tracked *t)
{
    return t->usual + t->sum;
}

/* Its entry, or the place of the least important one of its bucket. */
static struct tracked *entry_for(struct detector *d, struct prefix p, double now_s)
{
    uint64_t hash = XXH3_64bits_withSeed(&p.bits, sizeof p.bits, d->seed);
    struct tracked *bucket = &d->entry[hash % BUCKETS * PER_BUCKET];
    struct tracked *least = bucket;
    for (struct tracked *t = bucket; t < bucket + PER_BUCKET; t++) {
        if (t->prefix.bits == p.bits || t->prefix.bits == 0) {
            least = t;
            break;
        }
        if (importance(t) < importance(least))
            least = t;
    }
    if (least->prefix.bits != p.bits)
        *least = (struct tracked){.prefix = p, .seen_s = now_s};
    return least;
}

static void suspect(struct detector *d, const struct tracked *t)
{
    if (d->suspects == DETECTOR_SUSPECTS && t->sum <= d->suspect_sum[DETECTOR_SUSPECTS - 1])
        return;
    unsigned at = d->suspects < DETECTOR_SUSPECTS ? d->suspects++ : d->suspects - 1;
    for (; at > 0 && d->suspect_sum[at - 1] < t->sum; at--) {
        d->suspect[at] = d->suspect[at - 1];
        d->suspect_sum[at] = d->suspect_sum[at - 1];
    }
    d->suspect[at] = t->prefix;
    d->suspect_sum[at] = t->sum;
}

/* One prefix, one interval: true when it is a finding. */
static bool test_share(struct detector *d, struct tracked *t, double share, double rate_qps,
                       double start_s, double length_s)
{
    bring_forward(d, t, start_s);
    double excess = share - slack * t->usual - d->limits.material_share;
    if (t->sum <= 0)
        t->since_s = start_s;
    t->sum = fmax(0, t->sum + fmin(excess, cap) * length_s);
    t->rate_qps += (1 - exp(-length_s / 10)) * (rate_qps - t->rate_qps);
    double gain = fmin(1, gain_per_s(d) * length_s * (t->sum > suspicious ? slow : 1));
    t->usual += gain * (share - t->usual);
    t->seen_s = start_s + length_s;

    if (d->learned_s < d->limits.warmup_s)
        t->sum = 0;
    if (t->sum > suspicious)
        suspect(d, t);
    return t->sum >= alarm &&
           t->rate_qps - t->usual * d->rest_qps >= d->limits.material_qps;
}

static bool is_among(struct prefix p, const struct prefix *list, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (list[i].bits == p.bits)
            return true;
    return false;
}

/* Queries of all but the open incidents. */
static uint64_t rest_of(const struct interval *interval, const struct prefix *open,
                        unsigned opened)
{
    uint64_t rest = interval->counters->queries;
    for (unsigned i = 0; i < opened; i++) {
        const struct prefix_record *r =
                prefix_counts_find(interval->counters->prefixes, open[i]);
        rest -= r == NULL ? 0 : r->queries;
    }
    return rest;
}

/* A stop, or the clock moved: what was learned stays, but no time has passed. */
static void skip_gap(struct detector *d, double start_s)
{
    double gap = start_s - d->end_s;
    if (d->end_s == 0 || (gap >= 0 && gap <= 60))
        return;
    for (struct tracked *t = d->entry; t < d->entry + ENTRIES; t++) {
        t->seen_s += gap;
        t->sum = 0;
    }
}

unsigned detector_interval(struct detector *d, const struct interval *interval,
                           const struct prefix *open, unsigned opened,
                           struct finding found[static DETECTOR_FINDINGS])
{
    double start_s = (double)interval->start_ns / 1e9;
    double length_s = interval_seconds(interval);
    uint64_t rest = rest_of(interval, open, opened);
    unsigned findings = 0;
    uint32_t count;
    const struct prefix_record *r = prefix_counts_records(interval->counters->prefixes, &count);

    skip_gap(d, start_s);
    d->end_s = start_s + length_s;
    d->suspects = 0;
    if (rest == 0 || interval->lossy)
        return 0;
    d->learned_s += length_s;
    d->rest_qps += (1 - exp(-length_s / 10)) * ((double)rest / length_s - d->rest_qps);
    double least = (double)rest * negligible;
    for (uint32_t i = 0; i < count && findings < DETECTOR_FINDINGS; i++) {
        if (r[i].queries == 0 || r[i].queries < least || is_among(r[i].prefix, open, opened))
            continue;
        struct tracked *t = entry_for(d, r[i].prefix, start_s);
        double queries = r[i].queries;
        if (!test_share(d, t, queries / (double)rest, queries / length_s, start_s, length_s))
            continue;
        t->sum = 0;
        found[findings++] = (struct finding){
                .kind = INCIDENT_PREFIX,
                .prefix = r[i].prefix,
                .since_s = (int64_t)t->since_s,
                .usual_share = t->usual,
        };
    }
    return findings;
}

unsigned detector_suspects(const struct detector *d,
                           struct prefix suspects[static DETECTOR_SUSPECTS])
{
    memcpy(suspects, d->suspect, d->suspects * sizeof *suspects);
    return d->suspects;
}

/* Only what matters is saved, two thousand prefixes at most: the rest is learned in seconds. */
static bool is_worth_saving(const struct detector *d, const struct tracked *t)
{
    double sum = t->sum - (d->end_s - t->seen_s) * d->limits.material_share;
    return t->prefix.bits != 0 && (t->usual >= negligible / 2 || sum > suspicious);
}

json_t *detector_json(const struct detector *d)
{
    json_t *shares = json_array();
    for (const struct tracked *t = d->entry; t < d->entry + ENTRIES; t++) {
        char text[PREFIX_TEXT_BYTES];
        if (is_worth_saving(d, t))
            json_array_append_new(shares,
                                  json_pack("[s, f, f, f, f, f]", prefix_format(t->prefix, text),
                                            t->usual, t->sum, t->seen_s, t->since_s,
                                            t->rate_qps));
    }
    return json_pack("{s:f, s:f, s:f, s:o}", "learned_s", d->learned_s, "end_s", d->end_s,
                     "rest_qps", d->rest_qps, "prefixes", shares);
}

static bool parse_tracked(struct detector *d, const json_t *row)
{
    struct tracked t = {.usual = 0};
    const char *text = json_string_value(json_array_get(row, 0));
    if (text == NULL || !prefix_parse(text, &t.prefix))
        return false;
    double *const to[] = {&t.usual, &t.sum, &t.seen_s, &t.since_s, &t.rate_qps};
    for (size_t i = 0; i < sizeof to / sizeof *to; i++) {
        const json_t *v = json_array_get(row, i + 1);
        if (!json_is_number(v))
            return false;
        *to[i] = json_number_value(v);
    }
    *entry_for(d, t.prefix, t.seen_s) = t;
    return true;
}

bool detector_parse(const json_t *json, struct detector *d, struct error *err)
{
    const json_t *shares = json_object_get(json, "prefixes");
    bool good = json_is_array(shares) && json_read_double(json, "learned_s", &d->learned_s) &&
                json_read_double(json, "end_s", &d->end_s) &&
                json_read_double(json, "rest_qps", &d->rest_qps);
    for (size_t i = 0; good && i < json_array_size(shares); i++)
        good = parse_tracked(d, json_array_get(shares, i));
    return good || error_set(err, "what the detector learned is not as it was written");
}

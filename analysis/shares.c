/* SPDX-License-Identifier: MIT */
#include "analysis/shares.h"

#include "analysis/json.h"
#include "analysis/region.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    PER_BUCKET = 8,
    MEMORY_S = 7200, /* of the usual share */
    RECENT_S = 10,
    STEADY_S = 600,
    SLOW_S = 86400,
};

static const double suspicious = 0.2; /* of the alarm: learn slowly, watch closely */
static const double slowly = 0.2;     /* of the usual gain, then */
static const double drained = 0.01;   /* share-seconds that a sum loses in a second, at least */
static const double soon_made = 0.05; /* worth of a sum beside a usual share */
static const double worth_a_row = 0.001; /* of a key that is counted as another from now on */
static const double saved = 0.002;       /* usual share of a row that is kept over a restart */
static const double rounded_s = 1;       /* by how much times that are the same may differ */

typedef uint64_t bucket_keys[PER_BUCKET];

_Static_assert(sizeof(bucket_keys) == 64, "bucket_keys: one cache line");
_Static_assert(sizeof(struct share_row) == 64, "share_row: one cache line");

struct shares {
    uint32_t buckets;
    bucket_keys *keys; /* again, so that a look-up need not walk through a bucket's rows */
    struct share_row *row;
};

struct shares *shares_create(uint32_t buckets, struct error *err)
{
    size_t rows = (size_t)buckets * PER_BUCKET;
    struct shares *s = calloc(1, sizeof *s);
    if (s != NULL) {
        s->buckets = buckets;
        s->keys = region_reserve(buckets * sizeof *s->keys, false);
        s->row = region_reserve(rows * sizeof *s->row, false);
        if (s->keys != NULL && s->row != NULL)
            return s;
    }
    shares_free(s);
    error_set(err, "no memory for the shares of %zu keys", rows);
    return NULL;
}

void shares_free(struct shares *s)
{
    if (s == NULL)
        return;
    region_release(s->keys, s->buckets * sizeof *s->keys);
    region_release(s->row, s->buckets * PER_BUCKET * sizeof *s->row);
    free(s);
}

/* Where a key is looked for: its home first, where most are, then in all of its bucket. */
struct seat {
    uint32_t bucket;
    unsigned home;
};

static struct seat seat_of(const struct shares *s, uint64_t key)
{
    uint64_t hash = XXH3_64bits(&key, sizeof key);
    return (struct seat){(uint32_t)hash & (s->buckets - 1), (unsigned)(hash >> 61)};
}

void shares_prefetch(const struct shares *s, uint64_t key)
{
    struct seat seat = seat_of(s, key);
    __builtin_prefetch(&s->row[seat.bucket * PER_BUCKET + seat.home], 1);
}

static unsigned find(const uint64_t keys[static PER_BUCKET], uint64_t key)
{
    unsigned i = 0;
    while (i < PER_BUCKET && keys[i] != key)
        i++;
    return i;
}

/* The key's place in its bucket, or a free one for it; PER_BUCKET: neither. */
static unsigned place_of(const struct shares *s, struct seat seat, uint64_t key)
{
    uint64_t at_home = s->row[seat.bucket * PER_BUCKET + seat.home].key;
    if (at_home == key || at_home == 0)
        return seat.home;
    unsigned i = find(s->keys[seat.bucket], key);
    return i < PER_BUCKET ? i : find(s->keys[seat.bucket], 0);
}

/* As of now: a row that nobody asked about for long has lost both.  A sum is soon made. */
static double importance(const struct share_row *r, double now_s)
{
    double idle = fmax(0, now_s - r->seen_s);
    return r->usual / (1 + idle / MEMORY_S) + soon_made * fmax(0, r->sum - idle * drained);
}

static unsigned least_of(const struct share_row bucket[static PER_BUCKET], double now_s)
{
    unsigned least = 0;
    double lowest = HUGE_VAL;
    for (unsigned i = 0; i < PER_BUCKET; i++) {
        double worth = importance(&bucket[i], now_s);
        if (worth < lowest) {
            lowest = worth;
            least = i;
        }
    }
    return least;
}

/* Its row, or the place of the least important one of its bucket. */
static struct share_row *row_for(struct shares *s, uint64_t key, double now_s)
{
    struct seat seat = seat_of(s, key);
    struct share_row *bucket = &s->row[seat.bucket * PER_BUCKET];
    unsigned i = place_of(s, seat, key);
    if (i == PER_BUCKET)
        i = least_of(bucket, now_s);
    if (bucket[i].key != key) {
        bucket[i] = (struct share_row){.key = key, .seen_s = now_s};
        s->keys[seat.bucket][i] = key;
    }
    return &bucket[i];
}

/* Per second; a memory that is not full yet is a plain mean. */
static double gain_of(const struct share_moment *now, double memory_s)
{
    return 1 / fmin(fmax(now->learned_s, 1), memory_s);
}

static void approach(double *mean, double share, double gain)
{
    *mean += fmin(1, gain) * (share - *mean);
}

/* What passed without a query of it: its share was as good as nothing. */
static void bring_forward(struct share_row *r, const struct share_limits *limits,
                          const struct share_moment *now)
{
    double idle = now->start_s - r->seen_s;
    if (idle <= 0)
        return;
    r->usual *= exp(-idle * gain_of(now, MEMORY_S));
    r->slow *= exp(-idle / SLOW_S);
    r->steady *= exp(-idle / STEADY_S);
    r->recent *= exp(-idle / RECENT_S);
    r->sum = fmax(0, r->sum - idle * (limits->slack * r->usual + limits->material));
    r->seen_s = now->start_s;
}

struct share_row *shares_add(struct shares *s, const struct share_limits *limits,
                             const struct share_moment *now, uint64_t key, double queries)
{
    struct share_row *r = row_for(s, key, now->start_s);
    bring_forward(r, limits, now);
    double usual = fmin(queries, r->usual * now->rest);
    double share = fmax(usual, queries - now->forgiven) / now->rest;
    double excess = share - limits->slack * r->usual - limits->material;
    if (r->sum <= 0)
        r->since_s = now->start_s;
    r->sum = fmax(0, r->sum + fmin(excess, limits->cap * now->scale) * now->length_s);
    if (now->learning)
        r->sum = 0;
    double slower = share_is_suspicious(r, limits, now) ? slowly : 1;
    approach(&r->usual, share, slower * gain_of(now, MEMORY_S) * now->length_s);
    approach(&r->slow, share, gain_of(now, SLOW_S) * now->length_s);
    approach(&r->steady, share, gain_of(now, STEADY_S) * now->length_s);
    approach(&r->recent, share, 1 - exp(-now->length_s / RECENT_S));
    r->seen_s = now->start_s + now->length_s;
    return r;
}

bool share_is_alarm(const struct share_row *r, const struct share_limits *limits,
                    const struct share_moment *now)
{
    return r->sum >= limits->alarm * now->scale;
}

bool share_is_suspicious(const struct share_row *r, const struct share_limits *limits,
                         const struct share_moment *now)
{
    return r->sum >= suspicious * limits->alarm * now->scale;
}

struct share_row *shares_find(struct shares *s, uint64_t key)
{
    struct seat seat = seat_of(s, key);
    unsigned i = place_of(s, seat, key);
    struct share_row *row = &s->row[seat.bucket * PER_BUCKET + i];
    return i < PER_BUCKET && row->key == key ? row : NULL;
}

struct share_row *shares_row(struct shares *s, uint32_t number)
{
    return number < s->buckets * PER_BUCKET ? &s->row[number] : NULL;
}

void shares_freeze(struct shares *s, uint64_t key, const struct share_moment *now)
{
    struct share_row *r = shares_find(s, key);
    if (r == NULL)
        return;
    r->sum = 0;
    r->seen_s = now->start_s + now->length_s;
}

void shares_shift(struct shares *s, uint64_t key, double change, double now_s)
{
    struct share_row *r = shares_find(s, key);
    if (r == NULL && change < worth_a_row)
        return;
    if (r == NULL)
        r = row_for(s, key, now_s);
    r->usual += change;
    r->slow += change;
    r->steady += change;
    r->recent += change;
}

/* In between a mean may have been below zero. */
void shares_settle(struct shares *s)
{
    for (uint32_t i = 0; i < s->buckets * PER_BUCKET; i++) {
        struct share_row *r = &s->row[i];
        r->usual = fmax(0, r->usual);
        r->slow = fmax(0, r->slow);
        r->steady = fmax(0, r->steady);
        r->recent = fmax(0, r->recent);
        r->sum = 0;
    }
}

void shares_reset(struct shares *s)
{
    for (uint32_t i = 0; i < s->buckets * PER_BUCKET; i++)
        s->row[i].sum = 0;
}

void shares_skip(struct shares *s, double gap_s)
{
    for (uint32_t i = 0; i < s->buckets * PER_BUCKET; i++) {
        s->row[i].seen_s += gap_s;
        s->row[i].sum = 0;
    }
}

static bool is_worth_saving(const struct share_row *r)
{
    return r->key != 0 && (r->usual >= saved || r->slow >= saved || r->sum > suspicious);
}

json_t *shares_json(const struct shares *s)
{
    json_t *rows = json_array();
    for (uint32_t i = 0; i < s->buckets * PER_BUCKET; i++) {
        const struct share_row *r = &s->row[i];
        if (is_worth_saving(r))
            json_array_append_new(rows,
                                  json_pack("[I, f, f, f, f, f, f, f]", (json_int_t)r->key,
                                            r->usual, r->slow, r->recent, r->steady, r->sum,
                                            r->seen_s, r->since_s));
    }
    return rows;
}

/* Where the clock was set back, a row's time may be before 1970. */
static bool parse_row(const json_t *json, struct share_row *r, double end_s)
{
    double *const to[] = {&r->usual, &r->slow, &r->recent, &r->steady, &r->sum};
    const size_t numbers = sizeof to / sizeof *to;
    r->key = (uint64_t)json_integer_value(json_array_get(json, 0));
    for (size_t n = 0; n < numbers; n++)
        if (!json_to_quantity(json_array_get(json, n + 1), to[n]))
            return false;
    return r->key != 0 &&
           json_to_number(json_array_get(json, numbers + 1), (double)-JSON_TIME_MAX,
                          end_s + rounded_s, &r->seen_s) &&
           json_to_number(json_array_get(json, numbers + 2), 0, (double)JSON_TIME_MAX,
                          &r->since_s);
}

bool shares_parse(const json_t *json, struct shares *s, double end_s)
{
    for (size_t i = 0; i < json_array_size(json); i++) {
        struct share_row r = {.key = 0};
        if (!parse_row(json_array_get(json, i), &r, end_s))
            return false;
        *row_for(s, r.key, r.seen_s) = r;
    }
    return json_is_array(json);
}

void shares_clear(struct shares *s)
{
    memset(s->keys, 0, s->buckets * sizeof *s->keys);
    memset(s->row, 0, s->buckets * PER_BUCKET * sizeof *s->row);
}

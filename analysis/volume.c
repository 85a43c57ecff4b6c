/* SPDX-License-Identifier: MIT */
#include "analysis/volume.h"

#include "analysis/json.h"

#include <math.h>

enum {
    LEVEL_S = 1200,
    RECENT_S = 10,
    LEARN_S = 60,       /* before anything is told */
    STILL_S = 4 * 3600, /* at most */
    FEW = 10,           /* queries that come together by chance */
    NEXT_TO_NONE = 300, /* queries that a level rests on: one in four seconds, at most */
};

/* Natural logarithms of ratios. */
static const double up_band = 0.223; /* 1.25 times */
static const double up_noise = 1;    /* standard deviations of the count, beside it */
static const double up_cap = 0.45;
static const double up_alarm = 4.5;
static const double down_band = 0.405; /* two thirds */
static const double down_noise = 1.7;
static const double down_cap = 1;
static const double down_alarm = 4;
static const double suspicious = 0.2; /* of an alarm */
static const double beginning = 0.5;  /* the same: before any share can be an alarm */

static double rests_on(const struct volume *v)
{
    return v->level_qps * fmin(v->learned_s, LEVEL_S);
}

static void sum_up(double *sum, double *since_s, double excess, double cap,
                   const struct volume_moment *now)
{
    if (*sum <= 0)
        *since_s = now->start_s;
    *sum = fmax(0, *sum + fmin(excess, cap) * now->length_s);
}

/* A count of nothing is taken for half a query: how little that is depends on the level. */
static void sum_ratio(struct volume *v, const struct volume_moment *now, double rate_qps)
{
    double least = 0.5 / now->length_s;
    double level = fmax(v->level_qps, least);
    double up = log(fmax(rate_qps, least) / level);
    double down = log(level / fmax(now->all_qps, least));
    double deviation = 1 / sqrt(level * now->length_s);
    v->up_from = v->up <= 0 ? fmin(rests_on(v), NEXT_TO_NONE) : v->up_from;
    sum_up(&v->up, &v->up_since_s, up - up_band - up_noise * deviation, up_cap, now);
    sum_up(&v->down, &v->down_since_s, down - down_band - down_noise * deviation, down_cap,
           now);
    v->up = now->hold_up ? 0 : v->up;
    v->down = now->hold_down || v->learned_s < LEARN_S ? 0 : v->down;
}

/* A fall is told by what came since it began, not by the flood that has just ended. */
static void remember_all(struct volume *v, const struct volume_moment *now, bool falling)
{
    double memory = fmin(v->learned_s + now->length_s, RECENT_S);
    bool begins = v->down > 0 && !falling;
    double gain = begins ? 1 : fmin(1, now->length_s / memory);
    v->all_qps += gain * (now->all_qps - v->all_qps);
}

static bool begins(const struct volume *v, const struct volume_moment *now)
{
    bool known = v->learned_s >= LEARN_S && (v->up_from >= NEXT_TO_NONE || now->of_one);
    return !known && v->up * now->sensitivity >= beginning * up_alarm;
}

static void begin(struct volume *v, const struct volume_moment *now, double rate_qps)
{
    *v = (struct volume){.level_qps = rate_qps,
                         .recent_qps = rate_qps,
                         .all_qps = now->all_qps,
                         .learned_s = now->length_s};
}

/* What there is now; in a silence that is nothing, and not known. */
static void take_for_usual(struct volume *v)
{
    bool any = v->recent_qps * LEARN_S >= 1;
    v->level_qps = any ? v->recent_qps : 0;
    v->learned_s = any ? LEARN_S : 0;
    v->up = v->down = 0;
}

/* What is far above the level is taken for less: the seconds before it stands still would move
 * that of a tiny site for hours. */
static void learn(struct volume *v, const struct volume_moment *now, double rate_qps)
{
    bool still = now->hold_up || now->hold_down || volume_is_suspicious(v);
    v->still_s = still ? v->still_s + now->length_s : 0;
    if (still && v->still_s < STILL_S)
        return;
    if (still && v->still_s - now->length_s < STILL_S)
        take_for_usual(v);
    if (v->level_qps <= 0 && rate_qps <= 0)
        return; /* before the first query there is nothing to learn from */
    if (v->level_qps <= 0 && v->learned_s <= 0) {
        v->level_qps = rate_qps; /* without weight: it may have begun at the interval's end */
        return;
    }
    v->learned_s += now->length_s;
    double gain = now->length_s / fmin(v->learned_s, LEVEL_S);
    double rate = fmax(rate_qps, fmin(v->level_qps, now->all_qps)); /* nothing is missing */
    if (v->learned_s >= LEARN_S)
        rate = fmin(rate, 2 * v->level_qps + FEW / now->length_s);
    v->level_qps += fmin(1, gain) * (rate - v->level_qps);
}

enum volume_change volume_add(struct volume *v, const struct volume_moment *now,
                              double rate_qps)
{
    double memory = fmin(v->learned_s + now->length_s, RECENT_S);
    v->recent_qps += fmin(1, now->length_s / memory) * (rate_qps - v->recent_qps);
    bool falling = v->down > 0;
    if (v->level_qps > 0)
        sum_ratio(v, now, rate_qps);
    if (begins(v, now)) {
        bool from_none = v->up_from < NEXT_TO_NONE;
        begin(v, now, rate_qps);
        return from_none ? VOLUME_BEGINS : VOLUME_USUAL;
    }
    remember_all(v, now, falling);
    learn(v, now, rate_qps);
    if (v->down * now->sensitivity >= down_alarm)
        return VOLUME_DOWN;
    return v->up * now->sensitivity >= up_alarm ? VOLUME_UP : VOLUME_USUAL;
}

bool volume_is_suspicious(const struct volume *v)
{
    return v->up > suspicious * up_alarm || v->down > suspicious * down_alarm;
}

void volume_reset(struct volume *v)
{
    v->up = v->down = 0;
}

double volume_limit(enum volume_change change)
{
    return change == VOLUME_DOWN ? down_alarm : up_alarm;
}

json_t *volume_json(const struct volume *v)
{
    return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "level",
                     v->level_qps, "recent", v->recent_qps, "all", v->all_qps, "learned",
                     v->learned_s, "up", v->up, "down", v->down, "up_since", v->up_since_s,
                     "down_since", v->down_since_s, "still", v->still_s, "up_from", v->up_from);
}

bool volume_parse(const json_t *json, struct volume *v)
{
    bool has_all = json_object_get(json, "all") != NULL; /* not where an older one learned */
    v->up_from = NEXT_TO_NONE;                           /* the same */
    return json_read_quantity(json, "level", &v->level_qps) &&
           json_read_quantity(json, "recent", &v->recent_qps) &&
           json_read_quantity(json, has_all ? "all" : "recent", &v->all_qps) &&
           json_read_quantity(json, "learned", &v->learned_s) &&
           json_read_quantity(json, "up", &v->up) &&
           json_read_quantity(json, "down", &v->down) &&
           json_read_quantity(json, "up_since", &v->up_since_s) &&
           v->up_since_s <= (double)JSON_TIME_MAX &&
           json_read_quantity(json, "down_since", &v->down_since_s) &&
           v->down_since_s <= (double)JSON_TIME_MAX &&
           json_read_quantity(json, "still", &v->still_s) &&
           json_read_quantity(json, "up_from", &v->up_from);
}

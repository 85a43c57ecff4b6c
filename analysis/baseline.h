/*
 * What is usual for one rate at a time of the week, learned from its minutes.
 *
 * 168 means, one for each hour of the week, each learned slowly over weeks; where an hour of
 * the week was not seen yet, the same hour of the day stands in for it, and on the first day
 * the mean of the last half hour.  Between the middles of two hours it is interpolated, and it
 * follows the level of the last hour.  The spread is one standard deviation of minutes around
 * it.
 *
 * The owner decides what is learned: during an incident, not the culprit's part.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { BASELINE_DAY_HOURS = 24, BASELINE_WEEK_HOURS = 168 };

struct baseline_hour {
    double mean_qps;
    uint32_t times; /* how often this hour was learned; 0: not yet */
};

struct baseline {
    struct baseline_hour week[BASELINE_WEEK_HOURS]; /* from Monday 00:00 UTC on */
    struct baseline_hour day[BASELINE_DAY_HOURS];
    int64_t hour_s; /* the hour that goes on, and what was seen of it */
    double hour_sum_qps;
    uint32_t hour_minutes;
    double recent_qps; /* half an hour's memory */
    double level;      /* recent, against the seasonal mean; 1 when as usual */
    double variance;   /* around the usual rate, in (queries/s)^2 */
    uint32_t minutes;  /* learned at all */
    int64_t learned_s; /* the latest of them */
};

void baseline_learn(struct baseline *b, int64_t minute_s, double rate_qps);

/* Traffic begins, where there had been next to none: hours of that are no measure for it. */
void baseline_begin(struct baseline *b);

/* False until there is something to go by (ten minutes). */
bool baseline_usual(const struct baseline *b, int64_t time_s, double *usual_qps,
                    double *spread_qps);

json_t *baseline_json(const struct baseline *b);
/* False: *b is as new. */
bool baseline_parse(const json_t *json, struct baseline *b, struct error *err);

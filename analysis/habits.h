/*
 * What comes back at the same hour on day after day: nightly jobs, which nobody wants told.
 *
 * An incident whose subject was seen within a quarter of an hour of the same time on two of
 * the last three days is a habit, as long as it is no more than three times as large and three
 * times as long as it was.  Sixty-four subjects are remembered, those seen last.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/subject.h"

enum { HABITS = 64, HABIT_TIMES = 4 };

struct habit {
    enum incident_kind kind;
    uint64_t key; /* of the subject, as are kind and zone */
    bool zone;
    int64_t seen_s[HABIT_TIMES]; /* beginnings, latest first; 0: none */
    double peak_qps;
    int64_t longest_s;
};

struct habits {
    struct habit habit[HABITS];
};

/* Whether the subject's beginning now is one, of at most this rate and length. */
bool habits_has(const struct habits *h, const struct subject *s, int64_t began_s,
                double rate_qps, int64_t lasting_s);
/* An incident of the subject began. */
void habits_note(struct habits *h, const struct subject *s, int64_t began_s);
/* It was so large and so long, when it ended. */
void habits_measure(struct habits *h, const struct subject *s, double peak_qps,
                    int64_t lasted_s);

json_t *habits_json(const struct habits *h);
/* False: there are none. */
bool habits_parse(const json_t *json, struct habits *h);

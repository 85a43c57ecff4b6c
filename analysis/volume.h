/*
 * Whether all queries together are more, or fewer, than a while ago.
 *
 * The logarithm of the rate over its level (a mean of twenty minutes) is added up, less a dead
 * band and bounded, as shares are.  The level follows the day, whose steepest hour changes a
 * rate by less than the band in twenty minutes; it stands still while the sums are high, for
 * four hours at most, and then takes what there is for usual.
 *
 * A level of the first minute, or one that rests on next to no queries, is no measure: where
 * more come, the traffic begins, and so does the level; unless they are of one.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct volume {
    double level_qps;
    double recent_qps; /* ten seconds' memory */
    double all_qps;    /* of a fall, too, with what open incidents explain; see volume_moment */
    double learned_s;  /* seconds that the level rests on */
    double up, down;   /* sums */
    double up_since_s, down_since_s;
    double up_from; /* queries that the level rested on when `up` left zero; 300: or more */
    double still_s; /* for how long the level has stood still */
};

enum volume_change {
    VOLUME_USUAL,
    VOLUME_UP,
    VOLUME_DOWN,
    VOLUME_BEGINS, /* there was next to nothing before: the level is this interval's rate */
};

struct volume_moment {
    double start_s;
    double length_s;
    double sensitivity;
    /* With what open incidents explain.  They explain a rise; but as long as the whole has not
     * fallen, nobody wants to read that hardly any queries are left. */
    double all_qps;
    bool hold_up, hold_down; /* an incident says so already */
    bool of_one; /* most of it is of one prefix, or asks for one name: traffic does not begin so
                  */
};

/* What the interval's rate says, without what open incidents explain. */
enum volume_change volume_add(struct volume *v, const struct volume_moment *now,
                              double rate_qps);
bool volume_is_suspicious(const struct volume *v);
/* Something finer explains what the sums saw. */
void volume_reset(struct volume *v);

double volume_limit(enum volume_change change);
json_t *volume_json(const struct volume *v);
bool volume_parse(const json_t *json, struct volume *v);

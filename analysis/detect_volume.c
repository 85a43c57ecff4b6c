/* All queries together. */
/* SPDX-License-Identifier: MIT */
#include "analysis/detect.h"

#include <math.h>
#include <stdio.h>

static const double most = 0.5; /* of the queries: what begins has many sources and names */

/*
 * Without what open incidents explain.  Types and answers explain a rise, but not a fall: a
 * type that others change to leaves the whole as it was.
 */
static double rest_of(const struct detector *d, const struct look *look)
{
    double length_s = look->moment.length_s;
    double rate = ((double)look->interval->counters->queries - look->excess) / length_s;
    double coarse = rate - look->coarse_excess / length_s;
    return fmax(fmin(rate, d->volume.level_qps), coarse);
}

static void propose(struct detector *d, enum volume_change change)
{
    const struct volume *v = &d->volume;
    bool up = change == VOLUME_UP;
    double rate_qps = up ? v->recent_qps : v->all_qps;
    if (d->proposals == PROPOSALS)
        return;
    struct proposal *p = &d->proposal[d->proposals++];
    *p = (struct proposal){
            .series = SERIES_VOLUME,
            .finding = {.subject = {.kind = up ? INCIDENT_VOLUME : INCIDENT_GAP},
                        .since_s = (int64_t)(up ? v->up_since_s : v->down_since_s),
                        .rate_qps = rate_qps,
                        .usual_share = 1,
                        .spoofed = up && detect_is_spoofed(d, v->recent_qps - v->level_qps),
                        .evidence = {.series = "all queries",
                                     .test = "volume",
                                     .observed = rate_qps,
                                     .usual = v->level_qps,
                                     .value = up ? v->up : v->down,
                                     .limit = volume_limit(change) / d->limits.sensitivity}}};
    if (p->finding.spoofed)
        p->finding.subject.kind = INCIDENT_SPOOF;
}

void detect_volume(struct detector *d, const struct look *look)
{
    const struct subject up = {.kind = INCIDENT_VOLUME};
    const struct subject down = {.kind = INCIDENT_GAP};
    const struct subject spoof = {.kind = INCIDENT_SPOOF};
    const struct volume_moment now = {
            .start_s = look->moment.start_s,
            .length_s = look->moment.length_s,
            .sensitivity = d->limits.sensitivity,
            .all_qps = (double)look->interval->counters->queries / look->moment.length_s,
            .hold_up = detect_is_explained(look, &up) || detect_is_explained(look, &spoof),
            .of_one = d->greatest >= most,
            .hold_down = detect_is_explained(look, &down),
    };
    enum volume_change change = volume_add(&d->volume, &now, rest_of(d, look));
    d->suspicion[SERIES_VOLUME] = volume_is_suspicious(&d->volume);
    d->begins = change == VOLUME_BEGINS;
    if (change == VOLUME_UP || change == VOLUME_DOWN)
        propose(d, change);
}

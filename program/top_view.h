/*
 * What `rootwatch top` shows: the last intervals of a live capture, and what is open, as text.
 *
 * Rates are means over the intervals held; what does not lead its interval is not in a status,
 * so that of a source that leads only in some of them a part is missing.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { TOP_INTERVALS_MAX = 60, TOP_INCIDENTS = 5, TOP_STALE_S = 5 };

struct top_incident {
    char id[24];
    bool grave; /* more than a notice */
    int64_t began_s;
    char summary[256];
};

struct top_view {
    unsigned over;                     /* so many intervals; 1 to TOP_INTERVALS_MAX */
    json_t *status[TOP_INTERVALS_MAX]; /* rootwatch-status/1, newest last; the view's */
    unsigned held;
    struct top_incident incident[TOP_INCIDENTS];
    unsigned open;        /* incidents; the newest are listed */
    const char *blind_to; /* why incidents are not known; NULL: they are */
};

struct top_size {
    unsigned columns, lines; /* 0: as many as it takes */
    bool styled;             /* for a terminal */
};

/* Takes over a status; false, and it is left alone: it is the newest that is held already. */
bool top_view_add(struct top_view *v, json_t *status);
void top_view_fini(struct top_view *v);

/* When the newest interval ended; 0: none is held. */
int64_t top_view_time(const struct top_view *v);
/* At least one interval is held.  `now_s`: by the system's clock. */
void top_view_print(const struct top_view *v, int64_t now_s, struct top_size size, FILE *to);

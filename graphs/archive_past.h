/*
 * What the store knows of one prefix, minute by minute, before its file is written.
 *
 * A minute names the prefix where it led or was followed; else what its hour counted beyond the
 * minutes that do is spread over the others.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "graphs/archive.h"

struct archive_past_minute {
    float rate_qps, hosts; /* NAN: the minute does not name it */
    uint32_t covered_s;    /* 0: not captured */
};

struct archive_past_hour {
    double queries;  /* NAN: the hour was not stored */
    double named;    /* queries in minutes that name the prefix */
    uint32_t open_s; /* captured in minutes that do not */
    bool minutes;    /* at least one is stored */
};

struct archive_past {
    int64_t from_s;
    unsigned hours;
    struct prefix prefix;
    struct archive_past_minute *minute;
    struct archive_past_hour *hour;
};

/* Whole hours from that of from_s on; false: no memory.  Ended in any case. */
bool archive_past_init(struct archive_past *p, struct prefix prefix, int64_t from_s,
                       int64_t to_s);
void archive_past_fini(struct archive_past *p);

/* All minutes of the time first, then its hours. */
void archive_past_minute(struct archive_past *p, const struct minute *m);
bool archive_past_hours(struct archive_past *p, struct store *s, struct error *err);
/* Rate and hosts of minute `n`; false: it has no row. */
bool archive_past_value(const struct archive_past *p, size_t n, double value[2]);

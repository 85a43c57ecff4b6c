/*
 * One UTC day of RSSAC002, of one instance of a service or of several: sums are added, sets of
 * sources united, so that who came to two hours, or two instances, is one source.
 *
 * Sets are read side by side, 32 KiB at a time of each hour: memory is for the hours, not for
 * the sources.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/rssac002.h"
#include "analysis/store.h"

enum { RSSAC002_DAY_S = 86400, RSSAC002_DAY_HOURS = 24 };

/* What one state directory has of the day. */
struct rssac002_instance {
    uint64_t captured_ms;
    unsigned hours;           /* that were captured, at least in part */
    unsigned spoilt;          /* the same, but left out: they cannot be read */
    unsigned without_queries; /* hours with responses alone */
    unsigned without_responses;
    bool left; /* of an hour more is kept aside: its process was killed, or has not ended it */
};

struct rssac002_day {
    int64_t start_s;
    char service[RSSAC002_SERVICE_BYTES];
    struct rssac002_counts counts;
    uint64_t sources4, sources6, networks6; /* addresses; /64s */
    struct rssac002_instance *instance;
    unsigned instances;
};

/*
 * Reads the day from open stores.  `service` "": as the stores say.  Hours of another service
 * than that, or than each other's, are an error; a store without anything of the day is not.
 * False: see err.  Ended by rssac002_day_fini() in any case.
 */
bool rssac002_day_read(struct rssac002_day *d, struct store *const *stores, unsigned count,
                       int64_t start_s, const char *service, struct error *err);
void rssac002_day_fini(struct rssac002_day *d);

/* Whether there was any message in this direction. */
bool rssac002_day_has_queries(const struct rssac002_day *d);
bool rssac002_day_has_responses(const struct rssac002_day *d);

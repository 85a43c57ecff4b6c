/*
 * What is stored of an hour, copied while it is told: its counts go on to change.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/aggregator.h"
#include "analysis/store_going.h"
#include "program/log.h"

struct hour_limits {
    uint32_t floor; /* smallest count of a prefix that is kept; at least 1 in 100,000 is too */
    uint32_t names; /* leading names kept, and top-level domains */
    const char *service; /* that RSSAC002 is counted for, where it is */
};

/* False: no memory.  Ended by store_hour_fini() in any case. */
bool hour_copy(struct store_hour *to, const struct aggregator_hour *from,
               const struct hour_limits *limits);

/* Says in the log when sources found no room: nobody looks at RSSAC002 before the next day. */
void hour_log_overflow(const struct store_hour *h, const struct log *log);

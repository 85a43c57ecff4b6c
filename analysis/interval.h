/*
 * One interval of traffic, merged from all workers: what detectors look at.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/counters.h"

struct interval {
    int64_t start_ns; /* since 1970, UTC */
    int64_t length_ns;
    bool seen; /* detectors have looked at it in an earlier run, which did not count its hour */
    bool lossy; /* frames were lost: rates are too small, and what is told is marked so */
    struct counters *counters;
};

static inline double interval_seconds(const struct interval *i)
{
    return (double)i->length_ns / 1e9;
}

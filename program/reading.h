/*
 * Capture files as one stream, cut into intervals by the times of their messages.
 *
 * Files may follow each other or overlap (two ports of one mirror, two directions, rotation):
 * an interval holds what all of them have of it.  Where the time of the stream goes back or far
 * ahead for good, intervals follow; a frame that alone has another time, back or more than an
 * hour ahead, is counted in the interval under way.  Of files that overlap, one whose next frame
 * is ahead waits until the others are there, be that a silence of its own or a wrong time.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/counters.h"
#include "program/log.h"

struct reading_settings {
    const struct source_scope *scope;
    const struct log *log;
    int64_t interval_ns;
    struct counters *counters; /* of the interval under way */
    /* The interval is over: takes what was counted, and empties the counters. */
    void (*over)(void *argument, int64_t start_ns);
    void *over_argument;
    /*
     * Where not NULL, called when a file has given what it has of an interval, with frames so
     * far and the octets done and to do (0: unknown); ends the reading by returning false.
     */
    bool (*progress)(void *argument, uint64_t frames, uint64_t done_bytes, uint64_t all_bytes);
    void *progress_argument;
};

/*
 * Reads them all.  What is wrong with a file is said in the log, and the others are read all
 * the same.  `whole`: each to its end.  False: nothing could be read; see err.
 */
bool reading_run(const struct reading_settings *settings, char *const *paths, unsigned files,
                 bool *whole, struct error *err);

/*
 * Live capture with one or more workers: their threads, their counters' rotation, and the
 * putting together of what they counted in the same interval.
 *
 * Intervals are cut by the frames' own times; where no frame comes, by the system's clock,
 * CAPTURE_GRACE_MS after the interval's end, so that what the kernel still holds is counted
 * where it belongs.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/counters.h"
#include "program/log.h"

enum { CAPTURE_GRACE_MS = 150 };

struct capture; /* private */

struct capture_settings {
    struct source_live live; /* without a fanout group */
    const struct source_scope *scope;
    unsigned workers;
    int64_t interval_ns;
    const struct log *log;
    /* Opens what a worker reads; NULL: the interface. */
    struct source *(*open)(void *argument, unsigned worker, struct error *err);
    int poke_fd; /* 'R' when all workers run, '.' after each interval; -1: none */

    /* All of these are called by the thread of capture_run(), or before it. */
    struct counters *(*make)(void *argument, struct error *err);
    /* One interval of all workers; to be left cleared. */
    bool (*take)(void *argument, struct counters *c, int64_t start_ns, int64_t length_ns);
    void (*empty)(void *argument, struct counters *c);
    void *argument;
};

/* Opens the interface for each worker: the one step that needs a privilege. */
struct capture *capture_open(const struct capture_settings *settings, struct error *err);
void capture_free(struct capture *c); /* NULL is fine */

/* Captures until `stop_fd` can be read; false when the interface failed, with its error. */
bool capture_run(struct capture *c, int stop_fd, struct error *err);

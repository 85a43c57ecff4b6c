/*
 * When a process that ended unasked is started again: after 1, 2, 4, ... 60 seconds; after one
 * that had lasted, 1 again.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "program/log.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    RESTART_PAUSE_MAX_S = 60,
    RESTART_STABLE_S = 120, /* so long, and it had lasted */
};

struct restart {
    int64_t begun_s; /* by the monotonic clock, as all times here */
    int64_t due_s;   /* 0: not to be started again */
    unsigned pause_s;
};

void restart_begun(struct restart *r, int64_t now_s);
/* `what` ended; the log gets how, and when it is started again. */
void restart_plan(struct restart *r, int64_t now_s, const char *what, int wait_status,
                  const struct log *log);
/* There was no process for it at all. */
void restart_late(struct restart *r, int64_t now_s);
bool restart_is_due(const struct restart *r, int64_t now_s);

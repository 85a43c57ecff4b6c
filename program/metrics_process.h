/*
 * The parent's side of metrics_server.h: starts that process, and again when it ends unasked.
 *
 * The parent has one thread, and waits until the process listens, or says that it cannot: no
 * longer than a few seconds.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "program/config.h"
#include "program/log.h"
#include "program/restart.h"

#include <sys/types.h>

struct metrics_process {
    const struct log *log;
    pid_t pid;       /* 0: none runs */
    int wait_status; /* of the last one that did not listen */
    struct restart again;
};

/*
 * When the daemon starts, where the configuration asks for it.  Capture comes first: where it
 * cannot listen, the log says why, and it is tried again beside.
 */
void metrics_process_begin(struct metrics_process *m, const struct config *c);
/*
 * From the configuration in force to another one.  An address that no interface has yet, as
 * may be when a machine starts, is waited for.  False: what the other one asks for is not
 * possible otherwise, and the one in force goes on.
 */
bool metrics_process_change(struct metrics_process *m, const struct config *now,
                            const struct config *next);
/* It has ended, unasked; it is started again later. */
void metrics_process_ended(struct metrics_process *m, int wait_status);
/* The configuration asks for metrics, and nobody answers. */
bool metrics_process_is_mute(const struct metrics_process *m, const struct config *c);
void metrics_process_do_what_is_due(struct metrics_process *m, const struct config *c);
/* Ends it, and waits for that. */
void metrics_process_stop(struct metrics_process *m);

/*
 * The slow work that follows what was stored: case files are begun, archives are brought up to
 * date, people and programs are told of events, mails that wait are sent.
 *
 * It runs in a child process with a deadline, so that nothing it waits for, and no fault of
 * librrd, reaches the capture; what it does not finish is done the next time.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "program/config.h"
#include "program/log.h"
#include "program/notify.h"

#include <sys/types.h>

enum {
    JOBS_DEADLINE_S = 300,
    JOBS_TOLD_BY_PAGES = 8, /* a channel of store_told(), beside those of notify.h */
};

/*
 * Does it in this process; false when a part failed, which the log says.  `pages`: draws all
 * pages anew when there were events, so that a mail's link leads somewhere.
 */
bool jobs_run(const struct config *c, const char *state, const struct log *log, bool pages,
              struct notify_counts *counts);

/* Starts the same, with pages, in a child process; -1 when there is none to be had. */
pid_t jobs_start(const struct config *c, const char *state, const struct log *log);

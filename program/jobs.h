/*
 * The slow work that follows what was stored: archives are brought up to date, people and
 * programs are told of events, mails that wait are sent.
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

enum { JOBS_DEADLINE_S = 300 };

/* Does all of it, in this process; false when a part failed, which the log says. */
bool jobs_run(const struct config *c, const char *state, const struct log *log,
              struct notify_counts *counts);

/* Starts the same in a child process; -1 when there is none to be had. */
pid_t jobs_start(const struct config *c, const char *state, const struct log *log);

/*
 * Keeps status.json: writes the newest interval there is, in a thread of its own.  So counting
 * never waits for a disk, and the file stays new while the writer stores an hour.
 *
 * One thread gives; nothing rests on it: what fails is said once.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/error.h"
#include "program/log.h"

#include <jansson.h>

struct status_keeper; /* private */

/* Both are the caller's, and stay as they are.  NULL: see err. */
struct status_keeper *status_keeper_start(const char *state, const struct log *log,
                                          struct error *err);
/* In place of one that was not written yet; the object is the keeper's from now on. */
void status_keeper_give(struct status_keeper *k, json_t *status);
/* Writes what it was given last, and ends; NULL is fine. */
void status_keeper_stop(struct status_keeper *k);

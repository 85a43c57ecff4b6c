/*
 * Reads the table of origins anew when the process gets SIGUSR1, in a thread of its own, and
 * gives it to the engine whole: capture goes on meanwhile, and a table that cannot be read
 * leaves the old one in force.
 *
 * The parent sends the signal once the file has changed and a child of it could read it, see
 * supervisor.h: nothing in the file can harm who captures.  SIGUSR1 must be blocked in all
 * threads, from before the start.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "program/engine.h"

struct origins_reload; /* private */

/* `path`: valid until the stop, as are the others.  NULL: see err. */
struct origins_reload *origins_reload_start(const char *path, struct engine *e,
                                            const struct log *log, struct error *err);
/* Leaves the reading where it is.  NULL is fine. */
void origins_reload_stop(struct origins_reload *r);

/*
 * Does a piece of work in a child process, so that its faults and its slowness stay there.
 *
 * librrd crashes on some damaged files and keeps state between pictures: archiving and drawing
 * are done so.  What the work finds out comes back through memory that both share, or files.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/error.h"

/*
 * True when `work` returned true in the child before the deadline; else err says its error, or
 * the signal that ended it.  `what` names the work in that text.  The caller has one thread.
 */
bool apart_run(const char *what, bool (*work)(void *argument, struct error *err),
               void *argument, unsigned deadline_s, struct error *err);

/*
 * Takes from a process what its user may do and its task does not need, by Landlock
 * (landlock(7)), for which no right is needed.
 *
 * As far as the kernel goes: files from Linux 5.13 on, TCP connections from 6.7 on, signals to
 * others and abstract sockets from 6.12 on.  What is open already stays open.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/error.h"

#include <stdbool.h>

/*
 * From now on: reads files below `readable`, removes files in `removable` (NULL: nowhere), and
 * nothing else of the file system; opens no connection and no port.  A directory that is not
 * there yet stands for the nearest one above it that is.  After PR_SET_NO_NEW_PRIVS.  False:
 * nothing is taken away.
 */
bool sandbox_enter(const char *readable, const char *removable, struct error *err);

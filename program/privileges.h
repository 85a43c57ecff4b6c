/*
 * Gives up rights that are not needed any more.  Before the first thread: rights belong to
 * threads, and one that is there already would keep its own.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/error.h"

#include <stdbool.h>

/*
 * Becomes `user` (empty: stays who it is) without any capability, and can gain none again, not
 * by running a program either.
 */
bool privileges_drop(const char *user, struct error *err);
/* Keeps the right to open interfaces, and the one to become somebody else; drops the others. */
bool privileges_keep_capture(struct error *err);
/*
 * Root becomes who owns the directory, so that what a command leaves there can be written by
 * the daemon, too.  `user` gets the name, or stays empty: there was nothing to change.
 */
enum { PRIVILEGES_NAME_BYTES = 33 };
bool privileges_become_owner(const char *directory, char user[static PRIVILEGES_NAME_BYTES],
                             struct error *err);

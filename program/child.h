/*
 * Runs another program to its end, or to its deadline.
 *
 * The child gets `input` as standard input, its own process group, default signals and no other
 * descriptor; beyond the deadline its whole group is killed.  The caller has one thread.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/error.h"

#include <stdbool.h>

struct child_end {
    bool late;      /* killed at the deadline */
    int status;     /* exit status; -1: ended by a signal; 127: could not be started */
    char said[256]; /* the beginning of its output, standard error included */
};

/* `argv[0]` is the path; the last one is NULL. */
bool child_run(const char *const argv[], int input, unsigned deadline_s, struct child_end *end,
               struct error *err);

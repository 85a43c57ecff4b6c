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
#include <stddef.h>

struct child_end {
    bool late;      /* killed at the deadline */
    bool much;      /* killed because it said more than was wanted */
    int status;     /* exit status; -1: ended by a signal; 127: could not be started */
    int signal;     /* that ended it; 0: none */
    char said[256]; /* the first line of its output, standard error included */
};

/* `argv[0]` is the path; the last one is NULL. */
bool child_run(const char *const argv[], int input, unsigned deadline_s, struct child_end *end,
               struct error *err);

/*
 * The same for who wants all that it says, standard error included: at most `room` octets, then
 * it is killed.
 */
struct child_output {
    char *octets;
    size_t room, used;
};
bool child_read(const char *const argv[], int input, int deadline_ms,
                struct child_output *output, struct child_end *end, struct error *err);

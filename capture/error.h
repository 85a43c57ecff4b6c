/*
 * Why an operation failed, in words fit for a log line or a terminal.
 *
 * A function that can fail takes a `struct error *` last, fills it on failure, and returns
 * false or NULL.  The function that knows the cause writes the text; a caller that knows the
 * purpose puts it in front with error_prefix().  Nobody logs on the way up: the program does,
 * once, where it decides what to do next.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>

struct error {
    char text[512];
};

/* Replaces the text.  Always returns false: `return error_set(err, ...);` */
__attribute__((format(printf, 2, 3))) bool error_set(struct error *err, const char *format,
                                                     ...);

/* The same, followed by ": " and the words for errno. */
__attribute__((format(printf, 2, 3))) bool error_errno(struct error *err, const char *format,
                                                       ...);

/* Puts "format: " in front of the present text; too long a result loses its end. */
__attribute__((format(printf, 2, 3))) bool error_prefix(struct error *err, const char *format,
                                                        ...);

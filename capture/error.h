/*
 * Why an operation failed, in words fit for a log line or a terminal.
 *
 * A function that can fail takes a `struct error *` last, fills it on failure, and returns
 * false or NULL.  The function that knows the cause writes the text; a caller that knows the
 * purpose puts it in front with error_prefix().  Nobody logs on the way up: the program does,
 * once, where it decides what to do next.
 *
 * Where the program must do different things about different causes, the kind says which: it
 * is set with error_kind() after the text, and a prefix keeps it.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>

enum error_kind {
    ERROR_OTHER,
    ERROR_NO_RIGHT,     /* the process lacks a privilege */
    ERROR_NO_INTERFACE, /* the network interface is not there, or no longer */
    ERROR_IN_USE,       /* another process has it */
};

struct error {
    char text[512];
    enum error_kind kind; /* ERROR_OTHER after error_set() and error_errno() */
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

/* Says the kind of what the text tells. */
bool error_kind(struct error *err, enum error_kind kind);

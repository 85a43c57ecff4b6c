/*
 * What the program says while it runs: one line an event, on standard error.
 *
 * Under systemd (JOURNAL_STREAM names what standard error is) a line begins with its priority
 * as sd-daemon(3) has it, "<4>"; elsewhere with the time and the priority's word, or, of a
 * command by hand, with its name.  A line is written whole by one write(2), so threads and
 * child processes may share a log.  Octets that do not print are shown as \xHH: nothing that
 * arrived from outside can forge a line.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>

/* The numbers are syslog's. */
enum log_priority {
    LOG_IS_NOTHING = 0, /* as the least that is written: nothing is */
    LOG_IS_ERROR = 3,
    LOG_IS_WARNING,
    LOG_IS_NOTICE,
    LOG_IS_INFO,
    LOG_IS_DEBUG
};

struct log {
    int fd;
    const char
            *name; /* of a command that a person waits for, before each line; NULL: a daemon */
    bool journal;
    enum log_priority least; /* what is less urgent is not written */
};

/* Looks what `fd` is; everything but LOG_IS_DEBUG is written. */
void log_init(struct log *l, int fd);

__attribute__((format(printf, 2, 3))) void log_error(const struct log *l, const char *format,
                                                     ...);
__attribute__((format(printf, 2, 3))) void log_warning(const struct log *l, const char *format,
                                                       ...);
__attribute__((format(printf, 2, 3))) void log_notice(const struct log *l, const char *format,
                                                      ...);
__attribute__((format(printf, 2, 3))) void log_info(const struct log *l, const char *format,
                                                    ...);
__attribute__((format(printf, 2, 3))) void log_debug(const struct log *l, const char *format,
                                                     ...);

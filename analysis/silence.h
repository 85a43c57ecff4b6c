/*
 * Spans of time in which nothing is told: maintenance, a test that one makes oneself.
 *
 * What begins in one is followed as ever.  It is never told when it ends there, too; when it
 * goes on afterwards, it is told then.  What began before is told when it ends, not when it
 * changes.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { SILENCES = 16, SILENCE_TEXT_BYTES = 36 };

struct silence {
    int64_t from_s, to_s; /* since 1970; to_s is no longer in it */
};

struct silences {
    struct silence span[SILENCES];
    unsigned spans;
};

/* "2026-11-25T02:00/2026-11-25T04:30", UTC; false when it is not, or ends before it begins. */
bool silence_parse(const char *text, struct silence *s);
/* The same back; returns `text`. */
const char *silence_format(const struct silence *s, char text[static SILENCE_TEXT_BYTES]);
/* `s` may be NULL. */
bool silences_cover(const struct silences *s, int64_t time_s);

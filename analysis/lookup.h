/*
 * How a fact came about: who was asked, when, with what success, and when to try again.
 *
 * A failure is tried again after 10, 20, 40 s and so on, an hour at most, and given up after
 * LOOKUP_TRIES; what was found, or is not there, is settled.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    LOOKUP_SOURCE_BYTES = 160,
    LOOKUP_WORDS_BYTES = 200,
    LOOKUP_SUBJECT_BYTES = 48, /* an address, a prefix, "AS64496" */
    LOOKUP_TRIES = 40,         /* a day and a half */
};

enum lookup_state {
    LOOKUP_WAITING, /* not asked yet */
    LOOKUP_OFF,     /* the configuration does not ask */
    LOOKUP_FOUND,
    LOOKUP_NOTHING, /* the answer was that there is nothing */
    LOOKUP_FAILED,
};

/* How a fact came about. */
struct lookup {
    enum lookup_state state;
    int64_t time_s;                   /* seconds since 1970, of the answer or the last try */
    int64_t due_s;                    /* to be tried again, not before; 0: it is settled */
    unsigned tries;                   /* that failed */
    char source[LOOKUP_SOURCE_BYTES]; /* who was asked */
    char words[LOOKUP_WORDS_BYTES];   /* what failed; of what was found, what is missing */
};

/* Not settled, and not to be waited for. */
bool lookup_is_due(const struct lookup *l, int64_t now_s);
/* One more failure, in words; when it is tried again follows: after 10, 20, 40 s, ... 1 h. */
__attribute__((format(printf, 3, 4))) void lookup_fail(struct lookup *l, int64_t now_s,
                                                       const char *format, ...);
/* Found, or nothing found. */
void lookup_settle(struct lookup *l, enum lookup_state state, int64_t now_s);
const char *lookup_state_name(enum lookup_state state); /* "found" */

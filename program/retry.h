/*
 * When something that failed is tried again: a small file beside it, "NAME.retry".
 *
 * After 1, 2, 4, ... minutes, up to a limit.  The file is for people too: it holds the number
 * of tries, the times (seconds since 1970) and what was answered.  A lost one only means an
 * earlier try.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct retry {
    char path[512];
    unsigned tries;  /* 0: never failed */
    int64_t first_s; /* first failure */
    int64_t due_s;   /* not before */
};

/* Of `directory`/`name`.retry; of what is not there or not to be read, nothing has failed. */
struct retry retry_read(const char *directory, const char *name);
bool retry_is_due(const struct retry *r, int64_t now_s);
/* One more failure; `r` then says when it is due again. */
void retry_note(struct retry *r, int64_t now_s, int64_t longest_s, const char *words);
void retry_forget(struct retry *r);

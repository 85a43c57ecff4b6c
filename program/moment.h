/* A moment as people write it on the command line and read it in what is printed: UTC. */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define MOMENT_FORMS "TIME is seconds since 1970, or YYYY-MM-DD, or \"YYYY-MM-DD HH:MM\" (UTC)"

enum { MOMENT_TEXT_BYTES = 32 };

/* After 1970 and before 10000; false: not a moment. */
bool moment_read(const char *text, int64_t *time_s);

/* "2005-01-18 03:12 UTC"; returns `text`. */
const char *moment_format(int64_t time_s, char text[static MOMENT_TEXT_BYTES]);

/* SPDX-License-Identifier: MIT */
/*
 * Numbers, times and durations as people read them, in UTF-8.
 *
 * Each returns the buffer it was given.
 */
#pragma once

#include <stdint.h>

enum { FIGURE_BYTES = 48 };

const char *figure_count(double count, char text[static FIGURE_BYTES]);   /* "271 M" */
const char *figure_exact(uint64_t count, char text[static FIGURE_BYTES]); /* "271 480 000" */
const char *figure_rate(double qps, char text[static FIGURE_BYTES]);      /* "1708", "0.2" */
const char *figure_change(double qps, char text[static FIGURE_BYTES]);    /* "+1708" */
const char *figure_share(double share, char text[static FIGURE_BYTES]);   /* "35 %" */
const char *figure_time(int64_t time_s,
                        char text[static FIGURE_BYTES]); /* "18 Jan 2005 12:00" */
const char *figure_lasting(int64_t length_s, char text[static FIGURE_BYTES]); /* "2 days 3 h" */

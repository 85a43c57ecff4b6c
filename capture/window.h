/*
 * The octets of a capture file, a stretch of them at a time in one place.
 *
 * Blocks of 256 KiB are read to one place that stays in the cache, and what is left of an
 * incomplete record is moved in front of the next block.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/input.h"

#include <stdbool.h>

enum { WINDOW_NEED_MAX = 256 * 1024 + 64 }; /* libpcap's MAXIMUM_SNAPLEN, and headers */

struct window {
    struct input *in; /* the owner closes it */
    uint8_t *buffer;
    uint8_t *at;     /* what comes next */
    uint8_t *fill;   /* end of what was read */
    uint64_t offset; /* of `fill` in the (decompressed) file */
    bool ended;
    bool failed; /* reading did; nothing more will come */
    struct error failure;
};

bool window_init(struct window *w, struct input *in, struct error *err);
void window_fini(struct window *w);

/* Reads until `need` (at most WINDOW_NEED_MAX) octets stand at `at`; false if there are fewer.
 */
bool window_more(struct window *w, size_t need);

static inline size_t window_left(const struct window *w)
{
    return (size_t)(w->fill - w->at);
}

static inline bool window_have(struct window *w, size_t need)
{
    return __builtin_expect(window_left(w) >= need, 1) || window_more(w, need);
}

static inline uint64_t window_offset(const struct window *w) /* of `at` */
{
    return w->offset - window_left(w);
}

/* Goes on behind `n` octets, however many; false when the file ends before. */
bool window_skip(struct window *w, uint64_t n);

/* SPDX-License-Identifier: MIT */
#include "capture/window.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    BLOCK_BYTES = 256 * 1024,
    BLOCK_AT = 512 * 1024,          /* room in front of it for an incomplete record */
    BUFFER_BYTES = 2 * 1024 * 1024, /* one huge page */
};

_Static_assert(BLOCK_AT > (int)WINDOW_NEED_MAX, "a record fits in front");
_Static_assert(BUFFER_BYTES - BLOCK_AT > (int)WINDOW_NEED_MAX + 2 * BLOCK_BYTES,
               "a record that begins in front of a block ends behind it in the buffer");

bool window_init(struct window *w, struct input *in, struct error *err)
{
    *w = (struct window){.in = in, .buffer = aligned_alloc(BUFFER_BYTES, BUFFER_BYTES)};
    if (w->buffer == NULL)
        return error_set(err, "no memory to read a capture file");
    (void)madvise(w->buffer, BUFFER_BYTES, MADV_HUGEPAGE);
    w->at = w->fill = w->buffer + BLOCK_AT;
    return true;
}

void window_fini(struct window *w)
{
    free(w->buffer);
    w->buffer = NULL;
}

/* Brings the incomplete record in front of the place for the next block. */
static void make_room(struct window *w)
{
    size_t left = window_left(w);
    memmove(w->buffer + BLOCK_AT - left, w->at, left);
    w->at = w->buffer + BLOCK_AT - left;
    w->fill = w->buffer + BLOCK_AT;
}

static bool read_block(struct window *w)
{
    if (w->failed || w->ended)
        return false;
    ssize_t got = input_read(w->in, w->fill, BLOCK_BYTES, &w->failure);
    w->failed = got < 0;
    w->ended = got == 0;
    if (got <= 0)
        return false;
    w->fill += got;
    w->offset += (uint64_t)got;
    return true;
}

__attribute__((noinline)) bool window_more(struct window *w, size_t need)
{
    make_room(w);
    while (window_left(w) < need)
        if (!read_block(w))
            return false;
    return true;
}

bool window_skip(struct window *w, uint64_t n)
{
    while (n > window_left(w)) {
        n -= window_left(w);
        w->at = w->fill = w->buffer + BLOCK_AT;
        if (!read_block(w))
            return false;
    }
    w->at += n;
    return true;
}

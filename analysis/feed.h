/*
 * Octets of a table, one record or one line at a time, wherever they come from.
 *
 * What was asked for lies in one piece in the feed's buffer, so a parser works on memory that
 * it has checked once.  Places are counted in what is read, that is after decompression.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/bytes.h"
#include "capture/error.h"
#include "capture/input.h"

enum {
    FEED_LINE_MAX = 1 << 16,
    FEED_RECORD_MAX = 1 << 24, /* the most that feed_fill() may be asked for */
};

struct feed {
    const char *name;    /* said in errors */
    struct input *input; /* NULL: all of it is in the buffer */
    uint8_t *buffer;
    size_t at, used, room;
    uint64_t offset; /* of the buffer's first octet */
    unsigned long line;
    bool ended;
};

enum feed_state { FEED_MORE, FEED_END, FEED_FAILED };

bool feed_open(struct feed *f, const char *path, struct error *err); /* "-": standard input */
bool feed_memory(struct feed *f, const char *name, const void *octets, size_t n,
                 struct error *err); /* of a copy */
void feed_close(struct feed *f);

/* Has `n` octets ready, or all there are; false: reading failed. */
bool feed_fill(struct feed *f, size_t n, struct error *err);
struct bytes feed_ready(const struct feed *f); /* what is ready; until the next call */
void feed_skip(struct feed *f, size_t n);      /* of those that are ready */
uint64_t feed_offset(const struct feed *f);    /* of the first that is ready */

/* The next line, without its end; FEED_FAILED too where it is too long. */
enum feed_state feed_line(struct feed *f, char **line, struct error *err);

/* All that is left, as a file without a name that can be mapped; -1: err says why not. */
int feed_file(struct feed *f, uint64_t most_bytes, struct error *err);

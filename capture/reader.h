/*
 * What reads frames for a source: a capture file of some format, or an interface.
 *
 * A reader begins with a `struct reader` and is known by it alone; source.h says what its
 * functions promise.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/decode.h"
#include "capture/input.h"

struct reader;

struct reader_kind {
    void (*close)(struct reader *r);
    enum source_state (*read)(struct reader *r, struct decode *d, struct message_batch *batch,
                              int64_t limit_ns, struct error *err);
    bool (*first_time)(struct reader *r, int64_t *time_ns);
    void (*drops)(struct reader *r, struct source_counts *counts);
};

struct reader {
    const struct reader_kind *kind;
    struct input *in; /* of a file; the reader closes it */
    int fd;           /* of an interface; -1 */
};

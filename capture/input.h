/*
 * The octets of a capture file or pipe, whatever they are stored in.
 *
 * gzip goes through zlib, because a cut file must give everything before the cut, and
 * libarchive holds back up to 64 KiB of it; xz, zstd, lz4, bzip2 and the like go through
 * libarchive.  Nothing is read twice, so pipes are as good as files.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/error.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct input; /* private */

struct input *input_open(const char *path, struct error *err); /* "-": standard input */
void input_close(struct input *in);                            /* NULL is fine */

/* Up to `size` octets; 0 at the end, -1 on failure with the cause, but not the file, in err. */
ssize_t input_read(struct input *in, void *to, size_t size, struct error *err);

/* The first octets (up to 4) without consuming them, before anything else is read. */
size_t input_peek(struct input *in, uint8_t first[static 4], struct error *err);

/* Octets of the file itself, before decompression; the size is 0 when unknown. */
void input_progress(const struct input *in, uint64_t *done_bytes, uint64_t *size_bytes);

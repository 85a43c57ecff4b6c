/*
 * Reads classic pcap files, without libpcap: the same records for less of the time.
 *
 * All four kinds: seconds with micro- or nanoseconds, in either byte order; seconds are
 * unsigned and last until 2106.  Blocks of 256 KiB are read to one place that stays in the
 * cache, and what is left of an incomplete record is moved in front of the next block.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/reader.h"

/* Whether a file that begins with these is one for this reader. */
bool classic_is(const uint8_t first[static 4]);

struct reader *classic_open(struct input *in, struct error *err); /* owns `in` on success */

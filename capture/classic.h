/*
 * Reads classic pcap files, without libpcap: the same records for less of the time.
 *
 * All of their kinds: seconds with micro- or nanoseconds, in either byte order, and the
 * modified one with longer record headers; seconds are unsigned and last until 2106.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/reader.h"

/* Whether a file that begins with these is one for this reader. */
bool classic_is(const uint8_t first[static 4]);

struct reader *classic_open(struct input *in, struct error *err); /* owns `in` on success */

/*
 * Reads pcapng files (draft-ietf-opsawg-pcapng), all that libpcap reads of them and more.
 *
 * Sections in either byte order, interfaces of several link types, resolutions and offsets of
 * time, simple and obsolete packet blocks; what interfaces say to have dropped is counted.
 * Blocks and options of other kinds are passed over, however long.  A simple packet has no
 * time: it gets that of the packet before it.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/reader.h"

/* Whether a file that begins with these is one for this reader. */
bool pcapng_is(const uint8_t first[static 4]);

struct reader *pcapng_open(struct input *in, struct error *err); /* owns `in` on success */

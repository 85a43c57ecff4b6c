/*
 * Reads frames from a network interface, through libpcap's ring shared with the kernel.
 *
 * The kernel hands over blocks of frames, when one is full or LIVE_BLOCK_MS after its first
 * frame: a message is at most that late, and a quiet link costs nothing.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/reader.h"

enum { LIVE_BLOCK_MS = 50 };

struct reader *live_open(const struct source_live *live, struct error *err);

/* SPDX-License-Identifier: MIT */
/*
 * What a range of time says about the capture itself: how much was seen, what was lost, what
 * was not decoded and why.  Sums over the minutes stored.
 */
#pragma once

#include "analysis/store.h"

struct health {
    int64_t from_s, to_s;
    uint64_t minutes; /* stored */
    uint64_t queries, messages, frames;
    uint64_t undecoded, malformed; /* of the frames, of the messages */
    uint64_t kernel_drops, interface_drops, overflow;
    uint64_t estimated, one_in; /* of the classes of junk; see struct junk_counts */
    struct reasons reasons; /* less than the sums above where minutes are of older releases */
};

/* Sums up several ranges, from_s to to_s, in one reading. */
bool health_read(struct health *h, unsigned ranges, struct store *s, struct error *err);

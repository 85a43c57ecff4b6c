/*
 * Frames of an incident's culprits, from the first on, as a capture file.
 *
 * Half of the places are for the first frames, the other half for an even draw from all later
 * ones; what they are taken from is itself a draw of each interval (keep.h).  An evidence is a
 * case's, taken once with all its memory (a frame 528 octets, touched as it fills).
 *
 * The file is classic pcap with nanoseconds, in the order of time, of frames of one link type,
 * that of the first; others are left out and counted.  It is there whole or not at all: written
 * aside, synced and renamed.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/keep.h"

struct evidence {
    struct keep_frame *frame;
    uint32_t limit; /* places; 0: nothing is kept */
    uint32_t frames;
    uint64_t first; /* frames that came before the first half was full */
    uint64_t later; /* and after; drawn from */
    uint64_t random;
};

bool evidence_init(struct evidence *e, uint32_t limit, struct error *err);
void evidence_fini(struct evidence *e);
void evidence_clear(struct evidence *e);

/* Adds what an interval kept of network number `network`. */
void evidence_add(struct evidence *e, const struct keep *k, unsigned network);

/* For another thread: a copy with as many places as it has frames; NULL: no memory. */
struct evidence *evidence_copy(const struct evidence *e);
void evidence_free(struct evidence *e); /* of a copy; NULL is fine */

/* Sorts the frames.  *left_out: those of other link types. */
bool evidence_write(struct evidence *e, const char *path, uint32_t *left_out,
                    struct error *err);

/*
 * DNS over TCP (RFC 7766): messages with a length in front, cut into segments anyhow.
 *
 * Each direction of a connection is a stream of its own, known by addresses and ports.  Nothing
 * is kept of a stream whose messages come whole and in order; other octets wait in a pool until
 * their message is complete, and a message counts once, in the frame that completes it.
 *
 * A gap that is not filled within STREAM_GAP_NS, by the times of the frames, is given up and
 * counted.  Where a SYN was not seen, and behind a gap, the beginning of a message is found by
 * plausibility: a length, a header that fits the direction, a question that can be read.
 *
 * Memory is bounded, and what is looked at to place a segment does not depend on what came
 * before.  When memory runs out, the streams longest untouched are given up, first those that
 * are half open or closed; a flood of SYNs therefore costs other streams nothing.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/decode.h"

#define STREAM_GAP_NS INT64_C(5000000000) /* a few retransmissions (RFC 6298) */

struct streams; /* private */

void streams_free(struct streams *t); /* NULL is fine */

/*
 * One TCP segment: `p->rest` is what follows its header.  The table in `d` is made with the
 * first of them.
 */
enum verdict stream_segment(struct decode *d, struct packet *p, uint32_t sequence,
                            uint8_t flags);

/* As decode_resume() and decode_finish() promise. */
bool streams_resume(struct streams *t, struct decode *d, struct message_batch *batch);
bool streams_finish(struct streams *t, struct decode *d, struct message_batch *batch);

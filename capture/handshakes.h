/*
 * Whether connections of watched networks come about: does a source get what it is answered?
 *
 * Of a connection the SYN is remembered, then the number that the server's SYN-ACK began with
 * (RFC 9293 section 3.5).  Who acknowledges that number got the answer; nobody can guess it.
 * Each remembered connection ends as one sign of its network (keep.h): completed, unfinished
 * after an answer, with data but no answer seen (as where one direction alone is mirrored), or
 * with neither.  What is undecided HANDSHAKES_WAIT_NS later counts as what it is then.
 *
 * Memory is fixed, and a place is not given to another connection while its own waits.  So a
 * flood of SYNs costs a sample: connections that find no place are not followed, and of those
 * that are, as many are completed as of all.  A network's places are in one of several parts;
 * another's flood seldom reaches them.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/decode.h"

#define HANDSHAKES_WAIT_NS \
    INT64_C(5000000000) /* for a SYN-ACK sent three times, and a way back */

enum { HANDSHAKES_PARTS = 16, HANDSHAKES_PLACES = 512 }; /* in each */

struct handshakes; /* private; 320 KiB, made with the first SYN of a watched network */

struct handshakes_segment {
    uint32_t sequence, acknowledged;
    uint8_t flags; /* of TCP */
    bool data;
};

void handshakes_free(struct handshakes *h); /* NULL is fine */

/* A segment to or from a port in scope, where anything is watched. */
void handshakes_see(struct decode *d, const struct packet *p,
                    const struct handshakes_segment *s);
/* Decides what has waited long enough, at most once a second; NULL is fine. */
void handshakes_settle(struct handshakes *h, struct keep *keep, int64_t now_ns);

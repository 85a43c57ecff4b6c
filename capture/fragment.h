/*
 * Datagrams put together from their fragments (RFC 791 section 3.2, RFC 8200 section 4.5).
 *
 * Fragments come in any order; the frame that completes a datagram goes on with the whole of
 * it.  One that overlaps others or contradicts them about the length ends its datagram, in both
 * versions of IP (RFC 5722): what a host would make of it cannot be known.  A datagram not
 * complete within FRAGMENT_WAIT_NS, by the times of the frames, is given up and counted.
 *
 * Where the capture left out octets of a fragment, the datagram goes on at once with what is
 * there in front of them.
 *
 * Memory is bounded; when it runs out, the oldest datagram is given up.  The work for one
 * fragment does not depend on how many came before.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/decode.h"

#define FRAGMENT_WAIT_NS INT64_C(30000000000)

struct fragment {
    uint32_t identification;
    uint32_t offset; /* octets */
    bool more;       /* this is not the last */
    uint8_t next;    /* protocol of the whole; RFC 8200 takes it from the first */
};

struct fragments; /* private */

void fragments_free(struct fragments *t); /* NULL is fine */

/*
 * `p->rest` is the fragment's octets, its addresses are set.  VERDICT_OPEN when `p->rest` now
 * is the whole, of protocol f->next; it stays valid until the next fragment.
 */
enum verdict fragment_add(struct decode *d, struct packet *p, struct fragment *f);

void fragments_finish(struct fragments *t, struct decode *d); /* no more frames */

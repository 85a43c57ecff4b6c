/*
 * A frame into a message or a counted reason: what all sources share.
 *
 * decode_frame() tries the common query (Ethernet, IPv4 without options or fragments, UDP, one
 * question) in one straight function.  Of other frames it passes the headers straight, if they
 * are Ethernet, at most one tag, plain IP of either version and UDP; the table of layers is
 * walked for all else.  The three ways give the same result, which the tests hold them to.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/keep.h"
#include "capture/packet.h"
#include "capture/source.h"

struct fragments;
struct handshakes;
struct streams;

struct frame {
    const uint8_t *data;
    uint32_t captured; /* octets at `data` */
    uint32_t wire;     /* octets on the wire, not fewer */
    uint32_t readable; /* octets that may be read at `data`, not fewer than captured */
    uint32_t link;     /* LINKTYPE_ */
    int64_t time_ns;
};

struct decode {
    const struct source_scope *scope;
    struct source_counts counts;
    uint16_t fast_port; /* the first in scope */
    unsigned servers4;  /* of the scope's servers, those with an IPv4 address */
    uint32_t server4[SOURCE_SERVERS_MAX]; /* network order */
    uint64_t ports[1024];                 /* a bit for each port in scope */
    struct fragments *fragments;          /* NULL until the first fragment */
    struct streams *streams;              /* NULL until the first TCP frame */
    struct keep *keep;                    /* NULL: no frames are kept */
    struct handshakes *handshakes;        /* NULL until a watched network's first SYN */
};

void decode_init(struct decode *d, const struct source_scope *scope);
void decode_fini(struct decode *d);

static inline bool decode_port(const struct decode *d, uint16_t port)
{
    return d->ports[port / 64] >> port % 64 & 1;
}

/* Whether `address` (as in struct packet) is a server's; true when none is configured. */
bool decode_server(const struct decode *d, const uint8_t address[static 16], bool ipv6);

/*
 * Counts one frame and adds what it holds to `batch`, which is not full.  What does not fit is
 * kept: decode_resume() adds it, and comes before the next frame.
 */
void decode_frame(struct decode *d, const struct frame *f, struct message_batch *batch);

/* Adds what waits for room in a batch; false: the batch is full, and there may be more. */
bool decode_resume(struct decode *d, struct message_batch *batch);

/* No frame comes after this: gives up what is not complete.  False as above: call again. */
bool decode_finish(struct decode *d, struct message_batch *batch);

/* Adds the DNS message in `message`, found in `p`, to its batch. */
enum verdict decode_message(struct decode *d, const struct packet *p, struct bytes message,
                            uint16_t transport_flags);

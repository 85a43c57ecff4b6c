/*
 * Frames of a few networks, kept as evidence while their messages are counted.
 *
 * Of each network KEEP_FRAMES at most, drawn evenly from all that came (a reservoir; Vitter,
 * "Random Sampling with a Reservoir", ACM TOMS 11(1), 1985), and of each frame the first
 * KEEP_OCTETS.  A frame counts where it completed a message from or to the network: of a
 * message in fragments or TCP segments the last, of TCP no handshakes.  The memory is taken
 * once; a source is told where to keep frames by source_keep().  One thread owns it at a time.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/error.h"
#include "capture/message.h"

#include <stdbool.h>
#include <stdint.h>

enum { KEEP_NETWORKS = 16, KEEP_FRAMES = 128, KEEP_OCTETS = 512 };

struct frame;

struct keep_frame {
    int64_t time_ns;
    uint32_t captured; /* octets here */
    uint32_t wire;     /* on the wire */
    uint32_t link;     /* as the source has it: LINKTYPE_ */
    uint8_t octets[KEEP_OCTETS];
};

/* What is counted beside frames: signs of a source that is there, or not. */
enum keep_kind {
    KEEP_SYN,         /* it wants a TCP connection, or seems to */
    KEEP_UNREACHABLE, /* ICMP: an answer to it found nobody */
    /* Of connections that were followed (handshakes.h) each is one of these. */
    KEEP_HANDSHAKE,  /* it was completed */
    KEEP_UNFINISHED, /* it was answered, and the answer not */
    KEEP_ONE_SIDED,  /* data came, no answer was seen */
    KEEP_UNANSWERED, /* neither */
    KEEP_SIGNS,
};

struct keep_network {
    uint8_t address[16]; /* a /24, or an IPv6 /48: as in struct message, the rest is not looked
                            at */
    bool ipv6;
    uint32_t frames; /* kept */
    uint64_t seen;   /* of which they were drawn */
    uint64_t sign[KEEP_SIGNS];
};

struct keep {
    struct keep_network network[KEEP_NETWORKS];
    unsigned networks;
    uint64_t random;
    struct keep_frame *frame; /* KEEP_FRAMES a network; NULL: signs are counted, and no more */
};

bool keep_init(struct keep *k, struct error *err); /* 1 MiB, touched as it fills */
void keep_fini(struct keep *k);
/* Forgets all frames; the networks are then given to keep_network(). */
void keep_clear(struct keep *k);
void keep_network(struct keep *k, const uint8_t address[static 16], bool ipv6);

/* The frame of the batch's messages from number `first` on. */
void keep_messages(struct keep *k, const struct frame *f, const struct message_batch *batch,
                   uint32_t first);
bool keep_watches(const struct keep *k, const uint8_t address[static 16], bool ipv6);
/* Whose address it is says whether it counts. */
void keep_sign(struct keep *k, enum keep_kind kind, const uint8_t address[static 16],
               bool ipv6);

/* Adds what another kept of the same networks. */
void keep_merge(struct keep *into, const struct keep *from);

/* 64 bits that look like chance, the same for the same start. */
static inline uint64_t keep_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/*
 * Every way in which we read a query from within something else: one query from 192.0.2.1 or
 * 2001:db8::1 a shape, by name, each built anew when it is asked for.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "tests/support/shape.h"

struct envelope {
    const char *name;
    void (*build)(struct shape *shape);
    uint32_t link;
    bool ipv6;
};

/* NULL: there are no more. */
const struct envelope *envelope_at(size_t number);

/* Pieces.  A query from 192.0.2.1, or 2001:db8::1, without anything in front of IP; in
 * Ethernet. */
void envelope_query4(struct shape *shape);
void envelope_query6(struct shape *shape);
void envelope_ethernet4(struct shape *shape);
void envelope_ethernet6(struct shape *shape);
/* What goes around: IPv4 in Ethernet, with UDP to a port, a label of MPLS. */
void envelope_outer4(struct shape *shape, uint8_t protocol);
void envelope_outer_udp(struct shape *shape, uint16_t port);
void envelope_label(struct shape *shape, uint8_t number, bool bottom);

/* Octets, or 16-bit numbers, in front of `shape`. */
#define FRONT(...) \
    shape_front(shape, (const uint8_t[]){__VA_ARGS__}, sizeof(const uint8_t[]){__VA_ARGS__})
#define WORDS(...) shape_words(shape, __VA_ARGS__)

/* The rows, each ended by one without a name. */
extern const struct envelope envelope_tunnels[], envelope_links[];

/* SPDX-License-Identifier: MIT */
/*
 * A network prefix in one machine word: the key of every table that counts by source.
 *
 *     bits 63..8   leading 56 bits of the address, host bits zero
 *     bits  7..0   128 + length for IPv4, 1 + length for IPv6
 *
 * No prefix is all zero, so zeroed memory holds no prefix.  IPv6 prefixes end at /56.
 */
#pragma once

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { PREFIX_IPV4 = 128, PREFIX_IPV6 = 1 }; /* what is added to the length */
enum { PREFIX_TEXT_BYTES = 44 };

struct prefix {
    uint64_t bits;
};

/* The /24 or /48 that a client is counted under. */
static inline struct prefix prefix_of_client(const uint8_t client[static 16], bool ipv6)
{
    uint64_t head;
    memcpy(&head, client, sizeof head);
    head = be64toh(head);
    return (struct prefix){ipv6 ? (head & UINT64_MAX << 16) | (PREFIX_IPV6 + 48)
                                : (head & UINT64_MAX << 40) | (PREFIX_IPV4 + 24)};
}

static inline unsigned prefix_family(struct prefix p) /* 4 or 6 */
{
    return p.bits & PREFIX_IPV4 ? 4 : 6;
}

struct prefix prefix_of(unsigned family, const uint8_t address[static 16], unsigned length);
unsigned prefix_length(struct prefix p);

/* Whether `inner` is `outer`, or in it. */
bool prefix_contains(struct prefix outer, struct prefix inner);

/* "192.0.2.0/24"; returns `text`. */
const char *prefix_format(struct prefix p, char text[static PREFIX_TEXT_BYTES]);
/* Reads "192.0.2.0/24"; false when it is not a prefix that fits. */
bool prefix_parse(const char *text, struct prefix *p);

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

#include <stdbool.h>
#include <stdint.h>

enum { PREFIX_TEXT_BYTES = 44 };

struct prefix {
    uint64_t bits;
};

/* The /24 or /48 that a client is counted under. */
struct prefix prefix_of_client(const uint8_t client[static 16], bool ipv6);
struct prefix prefix_of(unsigned family, const uint8_t address[static 16], unsigned length);
unsigned prefix_family(struct prefix p); /* 4 or 6 */
unsigned prefix_length(struct prefix p);

/* "192.0.2.0/24"; returns `text`. */
const char *prefix_format(struct prefix p, char text[static PREFIX_TEXT_BYTES]);
/* Reads "192.0.2.0/24"; false when it is not a prefix that fits. */
bool prefix_parse(const char *text, struct prefix *p);

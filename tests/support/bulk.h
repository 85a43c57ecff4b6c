/*
 * Capture files of a root server's traffic, of any length, span and number of sources.
 *
 * Of a hundred frames 85 are UDP over IPv4, 12 over IPv6, 3 belong to TCP connections of three
 * frames with one query each.  A quarter of the names has a label made up at random.  Sources
 * follow Zipf's law, are drawn at random, or come each in turn; their networks are spread over
 * all addresses.  The same plan gives the same octets.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>
#include <stdio.h>

enum traffic_sources {
    TRAFFIC_ZIPF,
    TRAFFIC_RANDOM, /* of all /24s, and of 2^32 /48s */
    TRAFFIC_EACH,   /* one query of each network, by turns IPv4 and IPv6, and again */
};

struct traffic_plan {
    uint64_t frames;
    enum traffic_sources sources;
    uint32_t networks4, networks6; /* how many; not for TRAFFIC_RANDOM */
    double seconds;                /* message time from the first frame to the last */
    double culprit;                /* share of seven hosts of 207.244.46.0/24, from half time */
};

void traffic_write(const struct traffic_plan *plan, FILE *to);

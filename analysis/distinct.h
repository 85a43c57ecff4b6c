/*
 * How many different things were seen, from a fixed 16 KiB: HyperLogLog with 2^14 registers.
 *
 * The standard error is 0.8 % (1.04 / sqrt(2^14)); up to a few thousand things, linear
 * counting of the empty registers makes it much smaller.
 * Source: Flajolet, Fusy, Gandouet, Meunier, "HyperLogLog", AofA 2007, figure 3.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

enum { DISTINCT_BITS = 14, DISTINCT_REGISTERS = 1 << DISTINCT_BITS };

struct distinct {
    uint8_t rank[DISTINCT_REGISTERS]; /* zeroed memory is an empty one */
};

/* `hash`: 64 uniform bits that depend on nothing but the thing. */
static inline void distinct_add(struct distinct *d, uint64_t hash)
{
    uint64_t rest = hash << DISTINCT_BITS | UINT64_C(1) << (DISTINCT_BITS - 1);
    uint8_t rank = (uint8_t)(__builtin_clzll(rest) + 1);
    uint8_t *r = &d->rank[hash >> (64 - DISTINCT_BITS)];
    if (rank > *r)
        *r = rank;
}

void distinct_merge(struct distinct *into, const struct distinct *from);
uint64_t distinct_count(const struct distinct *d);

/*
 * Octets that arrive in any order, put together: sorted runs without a gap inside.
 *
 * Positions are 32-bit and wrap (TCP sequence numbers, offsets in a datagram); all of one owner
 * lie within half of their range.  What came first stays: octets already there are not
 * overwritten.  A run needs no more than its blocks, and there are at most RUNS_MAX of them, so
 * that adding costs the same whatever arrived before.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/pool.h"

enum { RUNS_MAX = 15 }; /* in one block of the pool */

struct run {
    uint32_t start; /* position of its first octet */
    struct pool_chain chain;
};

/* All zero when empty.  The octets are in the pool that every function is given. */
struct runs {
    uint32_t block; /* of the pool: the runs in order of position */
    uint32_t count;
    uint32_t bytes; /* in all runs */
};

enum runs_result {
    RUNS_ADDED,
    RUNS_TOO_MANY, /* a new run would be one too many; what could be added was */
    RUNS_NO_ROOM,  /* the pool is full; what could be added was */
};

static inline struct run *runs_at(const struct pool *p, const struct runs *r, uint32_t i)
{
    return (struct run *)(void *)p->block[r->block].data + i;
}

static inline uint32_t runs_end(const struct run *run)
{
    return run->start + run->chain.bytes;
}

/* Octets of the `n` from `at` on that are there already. */
uint32_t runs_known(const struct pool *p, const struct runs *r, uint32_t at, uint32_t n);

/* Adding the same again after making room adds what was left out. */
enum runs_result runs_add(struct pool *p, struct runs *r, uint32_t at, const uint8_t *data,
                          uint32_t n);

void runs_drop(struct pool *p, struct runs *r, uint32_t before); /* all before that position */
void runs_release(struct pool *p, struct runs *r);

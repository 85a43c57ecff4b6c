/*
 * Octets kept for later: chains of small blocks from one arena that never grows.
 *
 * The arena is reserved at once and becomes memory as blocks are first used, so a traffic that
 * keeps nothing pays nothing.  Freeing a chain costs the same however long it is.  A full pool
 * refuses; whose octets have to go is for the owner to decide.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { POOL_BLOCK_BYTES = 256, POOL_DATA_BYTES = POOL_BLOCK_BYTES - 8 };

struct pool_block {
    uint32_t next;     /* in its chain, or among the free ones; 0: none */
    uint16_t from, to; /* what `data` holds */
    uint8_t data[POOL_DATA_BYTES];
};

struct pool {
    struct pool_block *block; /* [0] stays unused: 0 is no block */
    uint32_t blocks;
    uint32_t touched; /* blocks below were in use at some time */
    uint32_t free;    /* the first of them that is not now */
};

struct pool_chain {
    uint32_t first, last; /* blocks */
    uint32_t bytes;
};

bool pool_init(struct pool *p, size_t bytes); /* false: no memory */
void pool_fini(struct pool *p);

uint32_t pool_take(struct pool *p); /* a block; 0: none left */
void pool_give(struct pool *p, uint32_t block);

/* Adds as many of the `n` octets as there is room for, and says how many those were. */
size_t pool_append(struct pool *p, struct pool_chain *c, const uint8_t *data, size_t n);
void pool_join(struct pool *p, struct pool_chain *c, struct pool_chain *behind);
void pool_copy(const struct pool *p, const struct pool_chain *c, uint8_t *to, size_t n);
void pool_drop(struct pool *p, struct pool_chain *c, size_t n); /* the first `n` octets */
void pool_release(struct pool *p, struct pool_chain *c);        /* all of them */

/*
 * IPv6 addresses, each once, exactly, in fixed memory.
 *
 * A pool holds them in the order met; slots of four octets, found by a hash under a key, say
 * where.  Memory for the most is reserved once and costs what is touched of it; there are as
 * few slots as the addresses take, so that they stay near.  What finds no room is refused and
 * counted: with `refused` 0 the set is whole.
 *
 * One thread owns a set at a time.  Adding never allocates.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/error.h"

#include <stdint.h>

enum {
    ADDRESS_SET_MOST = 1 << 21, /* addresses that a set can be made for */
    ADDRESS_BYTES = 16,
};

struct address_set {
    uint8_t (*address)[ADDRESS_BYTES]; /* `count` of them, in the order met */
    uint32_t count, most;
    uint32_t mask, mask_max; /* slots in use, and of the memory, less one */
    uint32_t *slots;         /* an address's number + 1, below a part of its hash; 0: free */
    uint64_t refused;        /* additions of what was not in it and found no room */
    uint64_t seed;
};

struct address_set *address_set_create(uint32_t most, uint64_t seed, struct error *err);
void address_set_free(struct address_set *s); /* NULL is fine */

/* By what the set finds an address. */
uint64_t address_set_hash(const struct address_set *s,
                          const uint8_t address[static ADDRESS_BYTES]);

/* Asks memory for the slot that adding will look at. */
static inline void address_set_expect(const struct address_set *s, uint64_t hash)
{
    __builtin_prefetch(&s->slots[hash & s->mask], 1);
}

void address_set_add(struct address_set *s, const uint8_t address[static ADDRESS_BYTES],
                     uint64_t hash);
/* `from` may be of another size. */
void address_set_merge(struct address_set *into, const struct address_set *from);
/* Costs what was touched, not what there is. */
void address_set_clear(struct address_set *s);

/* SPDX-License-Identifier: MIT */
#include "analysis/address_set.h"

#include "analysis/region.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    SLOTS_MIN = 1 << 10,
    SPARSE = 16,                 /* so many slots an address, and the next set has half */
    SLOT_NUMBER = (1 << 22) - 1, /* the bits of a slot that are a number; the rest a tag */
    BLOCK = 64,                  /* so many look-ups are under way at once */
};

_Static_assert(ADDRESS_SET_MOST < (int)SLOT_NUMBER, "every address's number fits");

/* At most half of the slots are taken. */
static uint32_t slots_for(uint32_t most)
{
    uint32_t slots = SLOTS_MIN;
    while (slots < 2 * most)
        slots *= 2;
    return slots;
}

static size_t slots_bytes(const struct address_set *s)
{
    return ((size_t)s->mask_max + 1) * sizeof *s->slots;
}

struct address_set *address_set_create(uint32_t most, uint64_t seed, struct error *err)
{
    struct address_set *s = calloc(1, sizeof *s);
    if (s != NULL) {
        *s = (struct address_set){.most = most, .seed = seed, .mask = SLOTS_MIN - 1};
        s->mask_max = slots_for(most) - 1;
        s->address = region_reserve((size_t)most * sizeof *s->address, false);
        s->slots = region_reserve(slots_bytes(s), false);
    }
    if (s != NULL && s->address != NULL && s->slots != NULL)
        return s;
    address_set_free(s);
    error_set(err, "no memory for a set of %u addresses", most);
    return NULL;
}

void address_set_free(struct address_set *s)
{
    if (s == NULL)
        return;
    region_release(s->address, (size_t)s->most * sizeof *s->address);
    region_release(s->slots, slots_bytes(s));
    free(s);
}

uint64_t address_set_hash(const struct address_set *s,
                          const uint8_t address[static ADDRESS_BYTES])
{
    return XXH3_64bits_withSeed(address, ADDRESS_BYTES, s->seed);
}

static inline uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32) & ~(uint32_t)SLOT_NUMBER;
}

/* The slot that holds the address, or the free one for it. */
static inline uint32_t *find_slot(const struct address_set *s, const uint8_t *address,
                                  uint64_t hash)
{
    for (uint64_t i = hash;; i++) {
        uint32_t *slot = &s->slots[i & s->mask];
        if (*slot == 0 ||
            ((*slot ^ tag_of(hash)) <= SLOT_NUMBER &&
             memcmp(s->address[(*slot & SLOT_NUMBER) - 1], address, ADDRESS_BYTES) == 0))
            return slot;
    }
}

static __attribute__((noinline)) void grow(struct address_set *s)
{
    s->mask = s->mask * 2 + 1;
    memset(s->slots, 0, ((size_t)s->mask + 1) * sizeof *s->slots);
    for (uint32_t i = 0; i < s->count; i++) {
        uint64_t hash = address_set_hash(s, s->address[i]);
        *find_slot(s, s->address[i], hash) = tag_of(hash) | (i + 1);
    }
}

void address_set_add(struct address_set *s, const uint8_t address[static ADDRESS_BYTES],
                     uint64_t hash)
{
    uint32_t *slot = find_slot(s, address, hash);
    if (*slot != 0)
        return;
    if (s->count == s->most) {
        s->refused++;
        return;
    }
    memcpy(s->address[s->count++], address, ADDRESS_BYTES);
    *slot = tag_of(hash) | s->count;
    if (2 * s->count > s->mask && s->mask < s->mask_max)
        grow(s);
}

void address_set_merge(struct address_set *into, const struct address_set *from)
{
    uint64_t hash[BLOCK];
    for (uint32_t at = 0; at < from->count; at += BLOCK) {
        uint32_t count = from->count - at < BLOCK ? from->count - at : BLOCK;
        for (uint32_t i = 0; i < count; i++) {
            hash[i] = address_set_hash(into, from->address[at + i]);
            address_set_expect(into, hash[i]);
        }
        for (uint32_t i = 0; i < count; i++)
            address_set_add(into, from->address[at + i], hash[i]);
    }
    into->refused += from->refused;
}

void address_set_clear(struct address_set *s)
{
    memset(s->slots, 0, ((size_t)s->mask + 1) * sizeof *s->slots);
    if (s->mask >= SLOTS_MIN && SPARSE * (uint64_t)s->count < s->mask)
        s->mask /= 2;
    s->count = 0;
    s->refused = 0;
}

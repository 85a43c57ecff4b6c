/*
 * Counts by a number of a registry (qtypes, classes, rcodes): an array of all of them, and the
 * list of those met, so that walking and clearing cost only what was met.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct tally {
    uint64_t *count;   /* `size` of them */
    uint16_t *touched; /* numbers with a count, in the order met */
    uint32_t met;
    uint32_t size; /* at most 65536 */
};

bool tally_init(struct tally *t, uint32_t size); /* false: no memory */
void tally_fini(struct tally *t);
void tally_clear(struct tally *t);
void tally_merge(struct tally *into, const struct tally *from);

static inline void tally_add(struct tally *t, uint16_t number, uint64_t n)
{
    if (t->count[number] == 0)
        t->touched[t->met++] = number;
    t->count[number] += n;
}

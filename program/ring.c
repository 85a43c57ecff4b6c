/* SPDX-License-Identifier: MIT */
#include "program/ring.h"

#include <stddef.h>

bool ring_push(struct ring *r, void *item)
{
    unsigned pushed = atomic_load_explicit(&r->pushed, memory_order_relaxed);
    if (pushed - atomic_load_explicit(&r->popped, memory_order_acquire) == RING_SLOTS)
        return false;
    r->slot[pushed % RING_SLOTS] = item;
    atomic_store_explicit(&r->pushed, pushed + 1, memory_order_release);
    return true;
}

void *ring_pop(struct ring *r)
{
    unsigned popped = atomic_load_explicit(&r->popped, memory_order_relaxed);
    if (popped == atomic_load_explicit(&r->pushed, memory_order_acquire))
        return NULL;
    void *item = r->slot[popped % RING_SLOTS];
    atomic_store_explicit(&r->popped, popped + 1, memory_order_release);
    return item;
}

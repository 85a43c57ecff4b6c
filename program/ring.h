/* SPDX-License-Identifier: MIT */
/*
 * A ring of pointers from one thread to one other, without locks.
 *
 * The engine uses two per worker: one carries full tables to the aggregator, one carries
 * cleared tables back.  A pointer is owned by whoever popped it last; pushing gives it away,
 * together with everything written through it before.
 */
#pragma once

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { RING_SLOTS = 4 };

struct ring {
    alignas(64) _Atomic unsigned pushed; /* written by the producer only */
    alignas(64) _Atomic unsigned popped; /* written by the consumer only */
    void *slot[RING_SLOTS];
};

bool ring_push(struct ring *r, void *item); /* false: full */
void *ring_pop(struct ring *r);             /* NULL: empty */

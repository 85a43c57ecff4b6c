/* SPDX-License-Identifier: MIT */
#include "analysis/junk_level.h"

#include <stdbool.h>

enum { MINUTE_S = 60, FEW = 8 };

void junk_level_add(struct junk_level *l, uint64_t always, uint64_t sampled)
{
    atomic_fetch_add_explicit(&l->always, always, memory_order_relaxed);
    atomic_fetch_add_explicit(&l->sampled, sampled, memory_order_relaxed);
}

/* What was taken in about the last minute: what came since, and of the older less. */
static uint64_t age(_Atomic uint64_t *minute, _Atomic uint64_t *since, uint64_t passed_s)
{
    passed_s = passed_s < MINUTE_S ? passed_s : MINUTE_S;
    uint64_t taken = atomic_load_explicit(minute, memory_order_relaxed);
    taken -= (taken * passed_s + MINUTE_S - 1) / MINUTE_S;
    return taken + atomic_exchange_explicit(since, 0, memory_order_relaxed);
}

/* Counts as the sample of the level that is kept, once that is known for long enough. */
static unsigned settle(const struct junk_level *l, unsigned kept, int64_t now_s)
{
    unsigned counted = junk_level_counted(l);
    int64_t fell_s = atomic_load_explicit(&l->fell_s, memory_order_relaxed);
    return counted < kept || now_s - fell_s >= JUNK_LEVEL_KEEP_S ? kept : counted;
}

void junk_level_pass(struct junk_level *l, uint64_t places, int64_t from_s, int64_t to_s)
{
    uint64_t always = age(&l->always_minute, &l->always, (uint64_t)(to_s - from_s));
    uint64_t sampled = age(&l->sampled_minute, &l->sampled, (uint64_t)(to_s - from_s));
    uint64_t room = places * MINUTE_S / JUNK_LEVEL_KEEP_S;
    unsigned before = junk_level_kept(l);
    unsigned kept = before;
    unsigned counted = settle(l, before, to_s);
    while (kept < JUNK_LEVEL_MAX && always + sampled > room && sampled > always / FEW) {
        kept++;
        sampled /= 2;
    }
    while (kept > 0 && counted == before && always + 2 * sampled < room / 2) {
        kept--;
        sampled *= 2;
    }
    if (kept < before)
        atomic_store_explicit(&l->fell_s, to_s, memory_order_relaxed);
    counted = kept > counted ? kept : counted;
    atomic_store_explicit(&l->always_minute, always, memory_order_relaxed);
    atomic_store_explicit(&l->sampled_minute, sampled, memory_order_relaxed);
    atomic_store_explicit(&l->kept, kept, memory_order_relaxed);
    atomic_store_explicit(&l->counted, counted, memory_order_relaxed);
}

/*
 * How many questions are remembered: all, or where they come too fast for the memory's size a
 * share of them, one in 2^level.
 *
 * Questions are in the sample by their keys, so that a level's sample is within that of the
 * level before.  The level rises where places are taken so fast, averaged over a minute, that
 * all of them would be taken anew within JUNK_LEVEL_KEEP_S, until they are not, or until the
 * sampled questions take few places beside what is always kept.  It falls when the next lower
 * level would take less than half as many as that.  After it fell, its new questions are not
 * known yet: for JUNK_LEVEL_KEEP_S the smaller sample, of the highest level met, counts, and
 * the level stays.
 *
 * Any thread may add; one at a time passes time, of which nothing depends on which it is.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

enum { JUNK_LEVEL_MAX = 5, JUNK_LEVEL_KEEP_S = 300 };

struct junk_level {
    _Atomic uint64_t always, sampled; /* places taken since time passed: by what each time */
    _Atomic uint64_t always_minute, sampled_minute; /* in about the last minute */
    _Atomic unsigned kept;                          /* the level that is remembered */
    _Atomic unsigned counted;                       /* and that counts: as high or higher */
    _Atomic int64_t fell_s;
};

void junk_level_add(struct junk_level *l, uint64_t always, uint64_t sampled);
/* From one second to another; `places` there are in all. */
void junk_level_pass(struct junk_level *l, uint64_t places, int64_t from_s, int64_t to_s);

static inline unsigned junk_level_kept(const struct junk_level *l)
{
    return atomic_load_explicit(&l->kept, memory_order_relaxed);
}

static inline unsigned junk_level_counted(const struct junk_level *l)
{
    return atomic_load_explicit(&l->counted, memory_order_relaxed);
}

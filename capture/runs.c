/* SPDX-License-Identifier: MIT */
#include "capture/runs.h"

#include <string.h>

_Static_assert(sizeof(struct run) * RUNS_MAX <= POOL_DATA_BYTES, "the runs fit one block");
_Static_assert(offsetof(struct pool_block, data) % _Alignof(struct run) == 0,
               "and are aligned");

/* Octets from `a` to `b`; negative when `b` lies before `a`. */
static int32_t distance(uint32_t a, uint32_t b)
{
    return (int32_t)(b - a);
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

uint32_t runs_known(const struct pool *p, const struct runs *r, uint32_t at, uint32_t n)
{
    uint32_t known = 0;
    for (uint32_t i = 0; i < r->count; i++) {
        const struct run *run = runs_at(p, r, i);
        int32_t from = distance(at, run->start);
        int32_t to = distance(at, runs_end(run));
        from = from < 0 ? 0 : from;
        to = to > (int32_t)n ? (int32_t)n : to;
        if (to > from)
            known += (uint32_t)(to - from);
    }
    return known;
}

/* The first run that does not end before `at`; r->count when all do. */
static uint32_t find(const struct pool *p, const struct runs *r, uint32_t at)
{
    uint32_t i = 0;
    while (i < r->count && distance(at, runs_end(runs_at(p, r, i))) < 0)
        i++;
    return i;
}

static void remove_run(struct pool *p, struct runs *r, uint32_t i)
{
    struct run *run = runs_at(p, r, i);
    r->count--;
    memmove(run, run + 1, (r->count - i) * sizeof *run);
    if (r->count == 0) {
        pool_give(p, r->block);
        r->block = 0;
    }
}

static enum runs_result insert_run(struct pool *p, struct runs *r, uint32_t i, uint32_t at)
{
    if (r->count == RUNS_MAX)
        return RUNS_TOO_MANY;
    if (r->block == 0 && (r->block = pool_take(p)) == 0)
        return RUNS_NO_ROOM;
    struct run *run = runs_at(p, r, i);
    memmove(run + 1, run, (r->count - i) * sizeof *run);
    *run = (struct run){.start = at};
    r->count++;
    return RUNS_ADDED;
}

/* Closes the gap behind run `i`, if there is none left. */
static void join_next(struct pool *p, struct runs *r, uint32_t i)
{
    if (i + 1 >= r->count)
        return;
    struct run *run = runs_at(p, r, i);
    if (runs_end(run) != run[1].start)
        return;
    pool_join(p, &run->chain, &run[1].chain);
    remove_run(p, r, i + 1);
}

/* Adds octets in front of run `i`'s end; `done` grows by those that need no more care. */
static enum runs_result extend(struct pool *p, struct runs *r, uint32_t i, uint32_t at,
                               const uint8_t *data, uint32_t n, uint32_t *done)
{
    struct run *run = runs_at(p, r, i);
    uint32_t known = smaller(n, runs_end(run) - at);
    uint32_t fresh = n - known;
    if (i + 1 < r->count)
        fresh = smaller(fresh, run[1].start - runs_end(run));
    uint32_t added = (uint32_t)pool_append(p, &run->chain, data + known, fresh);
    r->bytes += added;
    *done += known + added;
    if (run->chain.bytes == 0)
        remove_run(p, r, i);
    else
        join_next(p, r, i);
    return added == fresh ? RUNS_ADDED : RUNS_NO_ROOM;
}

enum runs_result runs_add(struct pool *p, struct runs *r, uint32_t at, const uint8_t *data,
                          uint32_t n)
{
    for (uint32_t done = 0; done < n;) {
        uint32_t i = find(p, r, at + done);
        enum runs_result result = RUNS_ADDED;
        if (i == r->count || distance(at + done, runs_at(p, r, i)->start) > 0)
            result = insert_run(p, r, i, at + done);
        if (result == RUNS_ADDED)
            result = extend(p, r, i, at + done, data + done, n - done, &done);
        if (result != RUNS_ADDED)
            return result;
    }
    return RUNS_ADDED;
}

void runs_drop(struct pool *p, struct runs *r, uint32_t before)
{
    while (r->count > 0) {
        struct run *run = runs_at(p, r, 0);
        int32_t n = distance(run->start, before);
        if (n <= 0)
            return;
        uint32_t dropped = smaller((uint32_t)n, run->chain.bytes);
        r->bytes -= dropped;
        pool_drop(p, &run->chain, dropped);
        run->start += dropped;
        if (run->chain.bytes > 0)
            return;
        remove_run(p, r, 0);
    }
}

void runs_release(struct pool *p, struct runs *r)
{
    for (uint32_t i = 0; i < r->count; i++)
        pool_release(p, &runs_at(p, r, i)->chain);
    if (r->block != 0)
        pool_give(p, r->block);
    *r = (struct runs){0};
}

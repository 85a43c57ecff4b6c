/* SPDX-License-Identifier: MIT */
#include "capture/runs.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES = 3000, BASE = -1000 /* so that positions wrap */ };

static struct pool pool;
static struct runs runs;
static uint8_t octets[BYTES], held[BYTES];
static bool there[BYTES];

static void setup(void)
{
    cr_assert(pool_init(&pool, 1 << 20));
    runs = (struct runs){0};
    memset(there, 0, sizeof there);
    for (size_t i = 0; i < BYTES; i++)
        octets[i] = (uint8_t)(i * 7 + i / 256);
}

static void teardown(void)
{
    pool_fini(&pool);
}

TestSuite(runs, .init = setup, .fini = teardown);

static enum runs_result add(uint32_t from, uint32_t to)
{
    enum runs_result result = runs_add(&pool, &runs, BASE + from, octets + from, to - from);
    if (result == RUNS_ADDED)
        memset(there + from, true, to - from);
    return result;
}

/* The runs are exactly the octets that were added. */
static void expect_what_was_added(void)
{
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < runs.count; i++) {
        const struct run *run = runs_at(&pool, &runs, i);
        uint32_t from = run->start - BASE;
        cr_assert(le(u32, from + run->chain.bytes, BYTES));
        pool_copy(&pool, &run->chain, held, run->chain.bytes);
        cr_expect(eq(int, memcmp(held, octets + from, run->chain.bytes), 0));
        for (uint32_t k = 0; k < run->chain.bytes; k++)
            cr_assert(there[from + k]);
        if (i > 0)
            cr_expect(ne(u32, run->start, runs_end(run - 1)));
        bytes += run->chain.bytes;
    }
    uint32_t expected = 0;
    for (uint32_t i = 0; i < BYTES; i++)
        expected += there[i];
    cr_expect(eq(u32, bytes, expected));
    cr_expect(eq(u32, runs.bytes, expected));
}

Test(runs, hold_what_was_added_in_any_order_and_overlap)
{
    for (unsigned seed = 1; seed < 300; seed++) {
        srand(seed);
        for (int i = 0; i < 40; i++) {
            uint32_t from = (uint32_t)rand() % BYTES;
            uint32_t n = 1 + (uint32_t)rand() % (seed % 3 ? 60 : 600);
            if (add(from, from + n < BYTES ? from + n : BYTES) != RUNS_ADDED)
                break;
            expect_what_was_added();
        }
        runs_release(&pool, &runs);
        memset(there, 0, sizeof there);
    }
    cr_expect(lt(u32, pool.touched, 100)); /* blocks are used again */
}

Test(runs, know_how_many_of_some_octets_are_there)
{
    add(100, 200);
    add(300, 400);
    cr_expect(eq(u32, runs_known(&pool, &runs, BASE + 0, 100), 0));
    cr_expect(eq(u32, runs_known(&pool, &runs, BASE + 150, 10), 10));
    cr_expect(eq(u32, runs_known(&pool, &runs, BASE + 150, 200), 100));
}

Test(runs, drop_what_lies_before_a_place)
{
    add(0, 1000);
    add(2000, 2100);
    runs_drop(&pool, &runs, BASE + 700);
    memset(there, 0, 700);
    expect_what_was_added();
    runs_drop(&pool, &runs, BASE + 2050);
    memset(there, 0, 2050);
    expect_what_was_added();
    runs_drop(&pool, &runs, BASE + 2100);
    cr_expect(eq(u32, runs.count, 0));
    cr_expect(eq(u32, runs.bytes, 0));
}

Test(runs, are_never_more_than_their_limit)
{
    for (uint32_t i = 0; i < RUNS_MAX; i++)
        cr_expect(eq(int, add(20 * i, 20 * i + 10), RUNS_ADDED));
    cr_expect(eq(int, add(2000, 2001), RUNS_TOO_MANY));
    cr_expect(eq(int, add(10, 20), RUNS_ADDED)); /* closes a gap */
    cr_expect(eq(int, add(2000, 2001), RUNS_ADDED));
    expect_what_was_added();
}

Test(runs, a_full_pool_refuses_and_the_rest_can_be_added_later)
{
    struct pool_chain other = {0};
    pool_fini(&pool);
    cr_assert(pool_init(&pool, 8 * POOL_BLOCK_BYTES));
    cr_expect(eq(sz, pool_append(&pool, &other, octets, 4 * POOL_DATA_BYTES),
                 4 * POOL_DATA_BYTES));
    cr_expect(eq(int, add(0, 4 * POOL_DATA_BYTES), RUNS_NO_ROOM));
    pool_release(&pool, &other);
    cr_expect(eq(int, add(0, 4 * POOL_DATA_BYTES), RUNS_ADDED));
    expect_what_was_added();
}

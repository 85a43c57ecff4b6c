/* SPDX-License-Identifier: MIT */
#include "analysis/address_set.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 5000 };

static struct address_set *set;
static struct error err;
static uint64_t random_state;

static void setup(void)
{
    set = address_set_create(MOST, 7, &err);
    cr_assert_not_null(set);
    random_state = 1;
}

static void teardown(void)
{
    address_set_free(set);
}

TestSuite(address_set, .init = setup, .fini = teardown);

static void add(struct address_set *to, uint64_t head, uint64_t tail)
{
    uint8_t address[ADDRESS_BYTES];
    memcpy(address, &head, 8);
    memcpy(address + 8, &tail, 8);
    address_set_add(to, address, address_set_hash(to, address));
}

static uint32_t draw(uint32_t below)
{
    random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)(random_state >> 33) % below;
}

/* Address n is in the set as often as told[n] says it was added, which is once. */
static void expect_exactly(const struct address_set *s, const bool *told, uint32_t size)
{
    bool *found = calloc(size, sizeof *found);
    for (uint32_t i = 0; i < s->count; i++) {
        uint64_t n;
        memcpy(&n, s->address[i] + 8, 8);
        cr_assert(lt(u64, n, size));
        cr_assert_not(found[n]);
        found[n] = true;
    }
    cr_expect(eq(int, memcmp(found, told, size * sizeof *found), 0));
    free(found);
}

Test(address_set, has_each_address_once_however_often_it_is_added)
{
    static bool told[MOST];
    for (unsigned i = 0; i < 40000; i++) {
        uint32_t n = draw(MOST);
        told[n] = true;
        add(set, 0, n);
    }
    expect_exactly(set, told, MOST);
    cr_expect(eq(u64, set->refused, 0));
}

Test(address_set, tells_apart_what_differs_in_any_part)
{
    add(set, 0, 0); /* ::, too, is an address */
    add(set, 1, 0);
    add(set, 0, 1);
    add(set, 1, 1);
    add(set, 0, 0);
    cr_expect(eq(u32, set->count, 4));
}

Test(address_set, refuses_what_finds_no_room_and_counts_it)
{
    for (uint64_t n = 0; n < MOST + 10; n++)
        add(set, 0, n);
    add(set, 0, 3);
    cr_expect(eq(u32, set->count, MOST));
    cr_expect(eq(u64, set->refused, 10));
    address_set_clear(set);
    cr_expect(eq(u64, set->refused, 0));
    add(set, 0, MOST + 5);
    cr_expect(eq(u32, set->count, 1));
}

Test(address_set, is_merged_into_another_of_any_size)
{
    static bool told[2 * MOST];
    struct address_set *small = address_set_create(16, 99, &err);
    struct address_set *large = address_set_create(2 * MOST, 3, &err);
    cr_assert(small != NULL && large != NULL);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < MOST; i++) {
            uint32_t n = draw(2 * MOST);
            told[n] |= set->count < MOST;
            add(set, 0, n);
        }
        address_set_merge(large, set);
        address_set_clear(set);
    }
    expect_exactly(large, told, 2 * MOST);
    address_set_merge(small, large);
    cr_expect(eq(u32, small->count, 16));
    cr_expect(eq(u64, small->refused, large->count - 16));
    address_set_merge(large, small);
    cr_expect(eq(u64, large->refused, small->refused), "it knows that it lacks something");
    address_set_free(small);
    address_set_free(large);
}

Test(address_set, is_empty_when_cleared_and_keeps_few_slots_where_few_are_met)
{
    for (uint64_t n = 0; n < MOST; n++)
        add(set, 1, n);
    uint32_t grown = set->mask;
    cr_expect(ge(u32, grown, 2 * MOST - 1));
    for (unsigned round = 0; round < 8; round++) {
        address_set_clear(set);
        cr_assert(eq(u32, set->count, 0));
        for (uint64_t n = 0; n < 10; n++)
            add(set, 1, n);
        cr_assert(eq(u32, set->count, 10));
    }
    cr_expect(lt(u32, set->mask, grown / 8));
    cr_expect(ge(u32, set->mask, 1023));
}

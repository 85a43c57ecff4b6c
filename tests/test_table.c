/* SPDX-License-Identifier: MIT */
#include "capture/table.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

enum { FIRST, SECOND };

struct record {
    struct table_entry entry;
    uint64_t value;
};

static struct table table;

static void setup(void)
{
    struct error err;
    cr_assert(
            table_init(&table, 100 * (sizeof(struct record) + 8), sizeof(struct record), &err));
}

static void teardown(void)
{
    table_fini(&table);
}

TestSuite(table, .init = setup, .fini = teardown);

static struct table_key key(uint32_t number)
{
    return (struct table_key){.number = number};
}

static struct record *add(uint32_t number, uint32_t list)
{
    struct table_key k = key(number);
    struct record *r = table_add(&table, &k, list);
    if (r != NULL)
        r->value = number;
    return r;
}

static struct record *find(uint32_t number)
{
    struct table_key k = key(number);
    return table_find(&table, &k);
}

Test(table, finds_what_was_added_until_it_is_removed)
{
    for (uint32_t i = 0; i < 99; i++)
        cr_assert_not_null(add(i, FIRST));
    cr_expect_null(add(1000, FIRST)); /* full: one of 100 is "none" */
    for (uint32_t i = 0; i < 99; i++)
        cr_expect(eq(u64, find(i)->value, i));
    cr_expect_null(find(99));
    for (uint32_t i = 0; i < 99; i += 2)
        table_remove(&table, &find(i)->entry);
    for (uint32_t i = 0; i < 99; i++)
        cr_expect(eq(int, find(i) != NULL, i % 2));
    for (uint32_t i = 200; i < 250; i++)
        cr_expect_not_null(add(i, SECOND)); /* in the place of those */
}

Test(table, gives_the_oldest_of_each_list)
{
    for (uint32_t i = 0; i < 10; i++)
        add(i, i % 2 ? FIRST : SECOND);
    cr_expect(eq(u64, ((struct record *)table_oldest(&table, SECOND))->value, 0));
    table_move(&table, &find(0)->entry, SECOND);
    cr_expect(eq(u64, ((struct record *)table_oldest(&table, SECOND))->value, 2));
    table_move(&table, &find(2)->entry, FIRST);
    cr_expect(eq(u64, ((struct record *)table_oldest(&table, SECOND))->value, 4));
    cr_expect(eq(u64, ((struct record *)table_newer(&table, &find(9)->entry))->value, 2));
    cr_expect_null(table_newer(&table, &find(2)->entry));
    for (uint32_t i = 0; i < 10; i++)
        table_remove(&table, &find(i)->entry);
    cr_expect_null(table_oldest(&table, FIRST));
    cr_expect_null(table_oldest(&table, SECOND));
    cr_expect(eq(u32, table.list[FIRST].count + table.list[SECOND].count, 0));
}

Test(table, a_new_record_holds_nothing_of_the_one_before)
{
    add(1, FIRST);
    table_remove(&table, &find(1)->entry);
    struct table_key k = key(2);
    cr_expect(eq(u64, ((struct record *)table_add(&table, &k, FIRST))->value, 0));
}

/* SPDX-License-Identifier: MIT */
#include "analysis/names.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

static struct error err;

static uint8_t wire(const char *name, uint8_t to[static 256])
{
    uint8_t *at = to;
    while (*name != '\0') {
        size_t length = strcspn(name, ".");
        *at++ = (uint8_t)length;
        memcpy(at, name, length);
        at += length;
        name += length + (name[length] == '.');
    }
    *at++ = 0;
    return (uint8_t)(at - to);
}

static void add(struct names *n, const char *name, uint32_t queries)
{
    uint8_t octets[256];
    uint8_t bytes = wire(name, octets);
    names_add(n, names_hash(n, octets, bytes), octets, bytes, queries);
}

Test(names, lists_the_leading_ones_in_order)
{
    struct names *n = names_create(16, false, 1, &err);
    struct name_count leading[3];
    char text[NAMES_TEXT_BYTES];
    add(n, "a.example", 3);
    add(n, "b.example", 5);
    add(n, "a.example", 4);
    add(n, "", 1);
    cr_assert(eq(u32, names_leading(n, leading, 3), 3));
    cr_expect(eq(str, (char *)names_text(leading[0].name, leading[0].name_bytes, text),
                 "a.example"));
    cr_expect(eq(u64, leading[0].queries, 7));
    cr_expect(eq(u64, leading[1].queries, 5));
    cr_expect(eq(str, (char *)names_text(leading[2].name, leading[2].name_bytes, text), "."));
    names_clear(n);
    cr_expect(eq(u32, names_leading(n, leading, 3), 0));
    names_free(n);
}

Test(names, accounts_for_every_query_when_it_is_full)
{
    struct names *n = names_create(1, false, 1, &err);
    struct name_count leading[8];
    for (int i = 0; i < 100; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "n%d", i);
        add(n, name, 1);
    }
    uint64_t sum = names_lost(n);
    unsigned count = names_leading(n, leading, 8);
    for (unsigned i = 0; i < count; i++)
        sum += leading[i].queries;
    cr_expect(eq(u64, sum, 100));
    cr_expect(eq(u64, names_lost(n), 100 - NAMES_PER_BUCKET));
    names_free(n);
}

Test(names, finds_what_leads_in_a_full_table_and_bounds_its_error)
{
    struct names *n = names_create(1, true, 1, &err);
    struct name_count leading[1];
    char text[NAMES_TEXT_BYTES];
    for (int i = 0; i < 100; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "n%d", i);
        add(n, name, 2);
    }
    for (int i = 0; i < 60; i++)
        add(n, "late.example", 2);
    cr_assert(eq(u32, names_leading(n, leading, 1), 1));
    cr_expect(eq(str, (char *)names_text(leading[0].name, leading[0].name_bytes, text),
                 "late.example"));
    cr_expect(ge(u64, leading[0].queries, 120));
    cr_expect(le(u64, leading[0].queries - leading[0].error, 120));
    names_free(n);
}

Test(names, merged_count_the_same_as_in_one)
{
    struct names *a = names_create(64, false, 7, &err);
    struct names *b = names_create(256, true, 7, &err);
    struct name_count leading[1];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 40; i++) {
            char name[16];
            (void)snprintf(name, sizeof name, "n%d", i);
            add(a, name, (uint32_t)(i == 17 ? 5 : 1));
        }
        names_merge(b, a);
        names_clear(a);
    }
    cr_assert(eq(u32, names_leading(b, leading, 1), 1));
    cr_expect(eq(u64, leading[0].queries, 15));
    cr_expect(eq(u64, leading[0].error, 0));
    names_free(a);
    names_free(b);
}

Test(names, are_shown_without_anything_that_could_act)
{
    static const uint8_t hostile[] = {7, '<', 'b', '>', '\n', 0x1b, '.', '"', 2, 'x', '\\', 0};
    char text[NAMES_TEXT_BYTES];
    cr_expect(eq(str, (char *)names_text(hostile, sizeof hostile, text),
                 "\\060b\\062\\010\\027\\046\\034.x\\092"));
}

Test(names, end_in_their_top_level_domain)
{
    uint8_t octets[256];
    uint8_t bytes = wire("www.example.com", octets);
    uint8_t tld_bytes;
    const uint8_t *tld = names_tld(octets, bytes, &tld_bytes);
    cr_assert(eq(u8, tld_bytes, 5));
    cr_expect_arr_eq(tld, "\3com", 5);
    bytes = wire("", octets);
    (void)names_tld(octets, bytes, &tld_bytes);
    cr_expect(eq(u8, tld_bytes, 1));
}

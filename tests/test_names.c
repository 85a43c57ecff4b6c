/* SPDX-License-Identifier: MIT */
#include "analysis/names.h"

#include "tests/support/batch.h"

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

static uint64_t queries_of(const struct names *n, const char *name)
{
    struct name_count leading[8];
    char text[NAMES_TEXT_BYTES];
    unsigned count = names_leading(n, leading, 8);
    for (unsigned i = 0; i < count; i++)
        if (strcmp(names_text(leading[i].name, leading[i].name_bytes, text), name) == 0)
            return leading[i].queries;
    return 0;
}

Test(names, counts_the_queries_of_a_batch_and_nothing_else)
{
    static struct message_batch batch;
    uint64_t hash[MESSAGE_BATCH_MAX];
    struct names *n = names_create(16, false, 1, &err);
    add(n, "known.example", 2);
    batch_query(&batch, "192.0.2.1", "known.example", 1);
    batch_query(&batch, "192.0.2.1", "new.example", 1);
    batch_query(&batch, "192.0.2.2", "new.example", 28);
    batch_query(&batch, "192.0.2.2", "known.example", 28);
    batch_query(&batch, "192.0.2.2", "answer.example", 1)->flags |= MESSAGE_RESPONSE;
    batch_query(&batch, "192.0.2.2", "known.example", 1)->flags |= MESSAGE_RESPONSE;
    batch_query(&batch, "192.0.2.2", "unreadable.example", 1)->name_bytes = 0;
    names_seek(n, &batch, hash);
    names_count(n, &batch, hash);
    cr_expect(eq(u64, queries_of(n, "known.example"), 4));
    cr_expect(eq(u64, queries_of(n, "new.example"), 2));
    cr_expect(eq(u64, queries_of(n, "answer.example"), 0));
    struct name_count leading[8];
    cr_expect(eq(u32, names_leading(n, leading, 8), 2));
    cr_expect(eq(u64, names_lost(n), 0));
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

enum { NAMES = 60 };

/* From all that was asked, for what a table says of it. */
struct truth {
    uint64_t queries[NAMES];
    bool listed[NAMES];
    const struct names *table;
};

static void hold_against(void *argument, const struct name_count *c)
{
    struct truth *truth = argument;
    char text[NAMES_TEXT_BYTES];
    unsigned i;
    cr_assert(eq(int, sscanf(names_text(c->name, c->name_bytes, text), "n%u", &i), 1));
    cr_expect(le(u64, c->queries - c->error, truth->queries[i]), "n%u", i);
    cr_expect(le(u64, truth->queries[i], c->queries + names_unseen(truth->table)), "n%u", i);
    truth->listed[i] = true;
}

static uint64_t check_bounds(struct truth *truth, const struct names *table)
{
    uint64_t sum = 0;
    truth->table = table;
    memset(truth->listed, 0, sizeof truth->listed);
    names_each(table, hold_against, truth);
    for (unsigned i = 0; i < NAMES; i++) {
        sum += truth->queries[i];
        if (!truth->listed[i])
            cr_expect(le(u64, truth->queries[i], names_absent(table)), "n%u", i);
    }
    return sum;
}

static void sum_up(void *argument, const struct name_count *c)
{
    *(uint64_t *)argument += c->queries;
}

/* Draws names of which the first are asked most. */
static unsigned draw(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
    unsigned most = (unsigned)(*state >> 33) % NAMES + 1;
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (unsigned)(*state >> 33) % most;
}

/* As from second to minute to hour, in tables that are too small by far. */
Test(names, say_how_far_from_the_truth_they_can_be)
{
    uint64_t evictions = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct names *second = names_create(seed % 3 ? 64 : 2, false, seed, &err);
        struct names *minute = names_create(2, true, seed, &err);
        struct names *hour = names_create(seed % 2 ? 2 : 64, true, seed, &err);
        struct truth of_minute = {.table = NULL}, of_hour = {.table = NULL};
        uint64_t state = seed;
        for (unsigned s = 1; s <= 200; s++) {
            for (unsigned k = 0; k < 40; k++) {
                char name[16];
                unsigned i = draw(&state);
                (void)snprintf(name, sizeof name, "n%u", i);
                add(second, name, 1);
                of_minute.queries[i]++;
                of_hour.queries[i]++;
            }
            names_merge(minute, second);
            names_clear(second);
            if (s % 10 != 0)
                continue;
            (void)check_bounds(&of_minute, minute);
            names_merge(hour, minute);
            names_clear(minute);
            of_minute = (struct truth){.table = NULL};
        }
        uint64_t all = check_bounds(&of_hour, hour);
        uint64_t sum = names_lost(hour);
        names_each(hour, sum_up, &sum);
        cr_expect(eq(u64, sum, all));
        evictions += names_absent(hour) > names_unseen(hour);
        names_free(second);
        names_free(minute);
        names_free(hour);
    }
    cr_expect(ge(u64, evictions, 20));
}

Test(names, say_that_a_count_has_reached_its_end)
{
    struct names *n = names_create(1, true, 1, &err);
    struct name_count leading[1];
    add(n, "much.example", UINT32_MAX - 1);
    add(n, "much.example", 10);
    cr_assert(eq(u32, names_leading(n, leading, 1), 1));
    cr_expect(eq(u64, leading[0].queries, UINT32_MAX));
    cr_expect(eq(u64, names_lost(n), 9));
    cr_expect(eq(u64, names_unseen(n), 9));
    names_free(n);
}

Test(names, are_shown_without_anything_that_could_act)
{
    static const uint8_t hostile[] = {7, '<', 'b', '>', '\n', 0x1b, '.', '"', 2, 'x', '\\', 0};
    char text[NAMES_TEXT_BYTES];
    cr_expect(eq(str, (char *)names_text(hostile, sizeof hostile, text),
                 "\\060b\\062\\010\\027\\046\\034.x\\092"));
}

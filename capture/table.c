/* SPDX-License-Identifier: MIT */
#include "capture/table.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static struct table_entry *entry_at(const struct table *t, uint32_t i)
{
    return (struct table_entry *)(void *)(t->memory + (size_t)i * t->record_bytes);
}

static uint32_t index_of(const struct table *t, const struct table_entry *e)
{
    return (uint32_t)((size_t)((const uint8_t *)e - t->memory) / t->record_bytes);
}

static uint32_t *bucket_of(const struct table *t, const struct table_key *key)
{
    return &t->bucket[XXH3_64bits_withSeed(key, sizeof *key, t->seed) & t->mask];
}

/* A power of two of buckets, between one and two for each record. */
static void divide(struct table *t, size_t bytes)
{
    size_t records = bytes / (t->record_bytes + 2 * sizeof *t->bucket);
    records = records < 4 ? 4 : records > INT32_MAX ? INT32_MAX : records;
    size_t buckets = 4;
    while (buckets < records)
        buckets *= 2;
    t->records = (uint32_t)records;
    t->mask = (uint32_t)buckets - 1;
    t->memory_bytes = records * t->record_bytes + buckets * sizeof *t->bucket;
}

bool table_init(struct table *t, size_t bytes, size_t record_bytes, struct error *err)
{
    *t = (struct table){.record_bytes = (uint32_t)record_bytes, .touched = 1};
    if (getrandom(&t->seed, sizeof t->seed, 0) != sizeof t->seed)
        return error_errno(err, "seeding a table of flows");
    divide(t, bytes);
    void *memory = mmap(NULL, t->memory_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return error_errno(err, "no memory for a table of flows");
    t->memory = memory;
    t->bucket = (uint32_t *)(void *)(t->memory + (size_t)t->records * record_bytes);
    return true;
}

void table_fini(struct table *t)
{
    if (t->memory != NULL)
        munmap(t->memory, t->memory_bytes);
    t->memory = NULL;
}

void *table_find(const struct table *t, const struct table_key *key)
{
    for (uint32_t i = *bucket_of(t, key); i != 0; i = entry_at(t, i)->chain)
        if (memcmp(&entry_at(t, i)->key, key, sizeof *key) == 0)
            return entry_at(t, i);
    return NULL;
}

static void unlink_entry(struct table *t, const struct table_entry *e)
{
    struct table_list *l = &t->list[e->list];
    *(e->older ? &entry_at(t, e->older)->newer : &l->oldest) = e->newer;
    *(e->newer ? &entry_at(t, e->newer)->older : &l->newest) = e->older;
    l->count--;
}

static void link_newest(struct table *t, struct table_entry *e, uint32_t list)
{
    struct table_list *l = &t->list[list];
    uint32_t i = index_of(t, e);
    e->list = list;
    e->older = l->newest;
    e->newer = 0;
    *(l->newest ? &entry_at(t, l->newest)->newer : &l->oldest) = i;
    l->newest = i;
    l->count++;
}

void *table_add(struct table *t, const struct table_key *key, uint32_t list)
{
    uint32_t i = t->free;
    if (i != 0)
        t->free = entry_at(t, i)->chain;
    else if (t->touched < t->records)
        i = t->touched++;
    else
        return NULL;
    struct table_entry *e = entry_at(t, i);
    memset(e, 0, t->record_bytes);
    e->key = *key;
    uint32_t *bucket = bucket_of(t, key);
    e->chain = *bucket;
    *bucket = i;
    link_newest(t, e, list);
    return e;
}

void table_remove(struct table *t, struct table_entry *e)
{
    uint32_t i = index_of(t, e);
    uint32_t *link = bucket_of(t, &e->key);
    while (*link != i)
        link = &entry_at(t, *link)->chain;
    *link = e->chain;
    unlink_entry(t, e);
    e->chain = t->free;
    t->free = i;
}

void table_move(struct table *t, struct table_entry *e, uint32_t list)
{
    unlink_entry(t, e);
    link_newest(t, e, list);
}

void *table_oldest(const struct table *t, uint32_t list)
{
    return t->list[list].oldest ? entry_at(t, t->list[list].oldest) : NULL;
}

void *table_newer(const struct table *t, const struct table_entry *e)
{
    return e->newer ? entry_at(t, e->newer) : NULL;
}

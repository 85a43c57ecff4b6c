/* SPDX-License-Identifier: MIT */
#include "analysis/names.h"

#include "analysis/region.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

struct bucket {
    uint32_t tag[NAMES_PER_BUCKET]; /* 0: free */
    uint32_t queries[NAMES_PER_BUCKET];
};

_Static_assert(sizeof(struct bucket) == 64, "bucket: one cache line");

struct stored_name {
    uint8_t octets[MESSAGE_NAME_BYTES_MAX];
    uint8_t octets_used;
};

struct names {
    struct bucket *buckets;
    struct stored_name *stored; /* eight a bucket */
    uint64_t *hash;             /* eight a bucket */
    uint32_t *error;            /* eight a bucket; NULL: no eviction */
    uint32_t *touched;          /* buckets with a name, in the order met */
    uint32_t used;              /* of them */
    uint32_t mask;
    uint64_t seed;
    uint64_t lost;
};

static size_t places(const struct names *n)
{
    return ((size_t)n->mask + 1) * NAMES_PER_BUCKET;
}

struct names *names_create(uint32_t buckets, bool evict, uint64_t seed, struct error *err)
{
    assert(buckets > 0 && (buckets & (buckets - 1)) == 0);
    struct names *n = calloc(1, sizeof *n);
    if (n == NULL)
        goto no_memory;
    n->mask = buckets - 1;
    n->seed = seed;
    n->buckets = region_reserve(buckets * sizeof *n->buckets, false);
    n->stored = region_reserve(places(n) * sizeof *n->stored, false);
    n->hash = region_reserve(places(n) * sizeof *n->hash, false);
    n->touched = region_reserve(buckets * sizeof *n->touched, false);
    if (evict)
        n->error = region_reserve(places(n) * sizeof *n->error, false);
    if (n->buckets != NULL && n->stored != NULL && n->hash != NULL && n->touched != NULL &&
        (!evict || n->error != NULL))
        return n;

no_memory:
    names_free(n);
    error_set(err, "no memory for a table of %u names", buckets * NAMES_PER_BUCKET);
    return NULL;
}

void names_free(struct names *n)
{
    if (n == NULL)
        return;
    region_release(n->buckets, ((size_t)n->mask + 1) * sizeof *n->buckets);
    region_release(n->stored, places(n) * sizeof *n->stored);
    region_release(n->touched, ((size_t)n->mask + 1) * sizeof *n->touched);
    region_release(n->hash, places(n) * sizeof *n->hash);
    region_release(n->error, places(n) * sizeof *n->error);
    free(n);
}

void names_clear(struct names *n)
{
    for (uint32_t i = 0; i < n->used; i++)
        n->buckets[n->touched[i]] = (struct bucket){.tag = {0}};
    n->used = 0;
    n->lost = 0;
}

uint64_t names_hash(const struct names *n, const uint8_t *name, uint8_t name_bytes)
{
    return XXH3_64bits_withSeed(name, name_bytes, n->seed);
}

static struct bucket *bucket_of(const struct names *n, uint64_t hash)
{
    return &n->buckets[hash >> 32 & n->mask];
}

void names_prefetch(const struct names *n, uint64_t hash)
{
    __builtin_prefetch(bucket_of(n, hash), 1);
}

static uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)hash | 1; /* 0 is for free places */
}

static size_t place_of(const struct names *n, const struct bucket *b, unsigned i)
{
    return (size_t)(b - n->buckets) * NAMES_PER_BUCKET + i;
}

static void add_to(struct bucket *b, unsigned i, uint32_t queries)
{
    uint32_t room = UINT32_MAX - b->queries[i];
    b->queries[i] += queries < room ? queries : room;
}

static void put(struct names *n, struct bucket *b, unsigned i, uint64_t hash,
                const uint8_t *name, uint8_t name_bytes)
{
    struct stored_name *s = &n->stored[place_of(n, b, i)];
    memcpy(s->octets, name, name_bytes);
    s->octets_used = name_bytes;
    if (b->tag[0] == 0)
        n->touched[n->used++] = (uint32_t)(b - n->buckets);
    b->tag[i] = tag_of(hash);
    n->hash[place_of(n, b, i)] = hash;
    if (n->error != NULL)
        n->error[place_of(n, b, i)] = b->queries[i];
}

static unsigned least_of(const struct bucket *b)
{
    unsigned least = 0;
    for (unsigned i = 1; i < NAMES_PER_BUCKET; i++)
        if (b->queries[i] < b->queries[least])
            least = i;
    return least;
}

void names_add(struct names *n, uint64_t hash, const uint8_t *name, uint8_t name_bytes,
               uint32_t queries)
{
    struct bucket *b = bucket_of(n, hash);
    uint32_t tag = tag_of(hash);
    unsigned i = 0;
    while (i < NAMES_PER_BUCKET && b->tag[i] != tag && b->tag[i] != 0)
        i++;
    if (i == NAMES_PER_BUCKET) {
        if (n->error == NULL || queries < NAMES_EVICT_MIN) {
            n->lost += queries;
            return;
        }
        i = least_of(b);
    }
    if (b->tag[i] != tag)
        put(n, b, i, hash, name, name_bytes);
    add_to(b, i, queries);
}

void names_each(const struct names *n,
                void (*each)(void *argument, const struct name_count *name), void *argument)
{
    for (uint32_t k = 0; k < n->used; k++) {
        const struct bucket *b = &n->buckets[n->touched[k]];
        for (unsigned i = 0; i < NAMES_PER_BUCKET && b->tag[i] != 0; i++) {
            size_t place = place_of(n, b, i);
            const struct name_count c = {
                    .name = n->stored[place].octets,
                    .name_bytes = n->stored[place].octets_used,
                    .queries = b->queries[i],
                    .error = n->error == NULL ? 0 : n->error[place],
            };
            each(argument, &c);
        }
    }
}

/* One bucket, whose names' places in `into` were asked for before. */
static void merge_bucket(struct names *into, const struct names *from, const struct bucket *b)
{
    for (unsigned i = 0; i < NAMES_PER_BUCKET && b->tag[i] != 0; i++) {
        size_t place = place_of(from, b, i);
        names_add(into, from->hash[place], from->stored[place].octets,
                  from->stored[place].octets_used, b->queries[i]);
    }
}

static void prefetch_bucket(const struct names *into, const struct names *from,
                            const struct bucket *b)
{
    for (unsigned i = 0; i < NAMES_PER_BUCKET && b->tag[i] != 0; i++)
        names_prefetch(into, from->hash[place_of(from, b, i)]);
}

void names_merge(struct names *into, const struct names *from)
{
    enum { AHEAD = 8 };
    assert(into->seed == from->seed);
    for (uint32_t k = 0; k < from->used + AHEAD; k++) {
        if (k < from->used)
            prefetch_bucket(into, from, &from->buckets[from->touched[k]]);
        if (k >= AHEAD)
            merge_bucket(into, from, &from->buckets[from->touched[k - AHEAD]]);
    }
    into->lost += from->lost;
}

struct leading {
    struct name_count *list;
    unsigned most;
    unsigned count;
};

static void insert_leading(void *argument, const struct name_count *c)
{
    struct leading *l = argument;
    if (l->count == l->most && c->queries <= l->list[l->count - 1].queries)
        return;
    unsigned at = l->count < l->most ? l->count++ : l->count - 1;
    for (; at > 0 && l->list[at - 1].queries < c->queries; at--)
        l->list[at] = l->list[at - 1];
    l->list[at] = *c;
}

unsigned names_leading(const struct names *n, struct name_count *leading, unsigned most)
{
    struct leading l = {leading, most, 0};
    names_each(n, insert_leading, &l);
    return l.count;
}

uint64_t names_lost(const struct names *n)
{
    return n->lost;
}

static bool is_plain(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '_';
}

const char *names_text(const uint8_t *name, uint8_t name_bytes, char text[static NAMES_TEXT_BYTES])
{
    char *to = text;
    const uint8_t *end = name + name_bytes;
    while (name < end && *name != 0) {
        unsigned length = *name++;
        if (to > text)
            *to++ = '.';
        for (; length > 0 && name < end; length--, name++) {
            if (is_plain(*name))
                *to++ = (char)*name;
            else
                to += sprintf(to, "\\%03u", *name);
        }
    }
    if (to == text)
        *to++ = '.';
    *to = '\0';
    return text;
}

const uint8_t *names_tld(const uint8_t *name, uint8_t name_bytes, uint8_t *tld_bytes)
{
    const uint8_t *end = name + name_bytes;
    const uint8_t *last = name;
    while (name < end && *name != 0) {
        last = name;
        name += *name + 1;
    }
    *tld_bytes = (uint8_t)(end - last);
    return last;
}

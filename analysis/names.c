/* SPDX-License-Identifier: MIT */
#include "analysis/names.h"

#include "analysis/region.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    HEAD_BYTES = 51, /* of a name, beside its hash in one cache line; most end there */
    WORD = 64,       /* buckets noted in one word, and merged at once */
    HUGE_MIN = 1 << 20,
};

struct bucket {
    uint32_t tag[NAMES_PER_BUCKET]; /* 0: free */
    uint32_t queries[NAMES_PER_BUCKET];
    uint16_t entry[NAMES_PER_BUCKET]; /* its number */
    uint16_t used;
    uint16_t refused; /* queries added when it was full; those beyond go to `unseen` at once */
};

struct entry {
    uint64_t hash;
    uint32_t error; /* of the queries, at most, too many */
    uint8_t octets_used;
    uint8_t head[HEAD_BYTES];
};

_Static_assert(sizeof(struct bucket) == 64, "bucket: one cache line");
_Static_assert(sizeof(struct entry) == 64, "entry: one cache line");

typedef uint8_t long_name[MESSAGE_NAME_BYTES_MAX];

struct names {
    struct bucket *buckets;
    struct entry *entries; /* in the order met, so that few of them lie close together */
    long_name *names;      /* of entries by their number: those that do not fit in one */
    uint64_t *touched;     /* a bit for each bucket with a name */
    uint32_t size;         /* buckets */
    uint32_t used;         /* entries */
    bool evict;
    uint64_t seed;
    uint64_t lost;
    uint64_t unseen;       /* see names_unseen(), without the next */
    uint32_t refused_most; /* of a bucket */
    uint32_t evicted_most; /* queries of a name when another took its place */
};

/* One for each place in a bucket. */
static size_t entries_of(uint32_t buckets)
{
    return (size_t)buckets * NAMES_PER_BUCKET;
}

static size_t words(const struct names *n)
{
    return (n->size + WORD - 1) / WORD;
}

static bool is_huge(size_t bytes)
{
    return bytes >= HUGE_MIN;
}

struct names *names_create(uint32_t buckets, bool evict, uint64_t seed, struct error *err)
{
    assert(buckets > 0 && (buckets & (buckets - 1)) == 0);
    assert(entries_of(buckets) <= UINT16_MAX + 1);
    struct names *n = calloc(1, sizeof *n);
    if (n == NULL)
        goto no_memory;
    n->size = buckets;
    n->evict = evict;
    n->seed = seed;
    size_t bytes = entries_of(buckets) * sizeof *n->entries;
    n->buckets = region_reserve(buckets * sizeof *n->buckets, false);
    n->entries = region_reserve(bytes, is_huge(bytes));
    n->names = region_reserve(entries_of(buckets) * sizeof *n->names, false);
    n->touched = calloc(words(n), sizeof *n->touched);
    if (n->buckets != NULL && n->entries != NULL && n->names != NULL && n->touched != NULL)
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
    region_release(n->buckets, n->size * sizeof *n->buckets);
    region_release(n->entries, entries_of(n->size) * sizeof *n->entries);
    region_release(n->names, entries_of(n->size) * sizeof *n->names);
    free(n->touched);
    free(n);
}

/* The buckets of one word that hold names, in their order; their number. */
static unsigned list_touched(const struct names *n, size_t word, uint32_t list[static WORD])
{
    unsigned count = 0;
    for (uint64_t bits = n->touched[word]; bits != 0; bits &= bits - 1)
        list[count++] = (uint32_t)(word * WORD) + (uint32_t)__builtin_ctzll(bits);
    return count;
}

void names_clear(struct names *n)
{
    uint32_t list[WORD];
    for (size_t w = 0; w < words(n); w++) {
        unsigned count = list_touched(n, w, list);
        for (unsigned k = 0; k < count; k++)
            n->buckets[list[k]] = (struct bucket){.tag = {0}};
        n->touched[w] = 0;
    }
    n->used = 0;
    n->lost = n->unseen = 0;
    n->refused_most = n->evicted_most = 0;
}

uint64_t names_hash(const struct names *n, const uint8_t *name, uint8_t name_bytes)
{
    return XXH3_64bits_withSeed(name, name_bytes, n->seed);
}

/* By the highest bits, so that tables of all sizes have their names in the same order. */
static inline uint32_t number_of(const struct names *n, uint64_t hash)
{
    return (uint32_t)((hash >> 32) * n->size >> 32);
}

static inline void prefetch_home(const struct names *n, uint64_t hash)
{
    __builtin_prefetch(&n->buckets[number_of(n, hash)], 1);
}

void names_seek(const struct names *n, const struct message_batch *batch,
                uint64_t hash[static MESSAGE_BATCH_MAX])
{
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct message *m = &batch->message[i];
        hash[i] = XXH3_64bits_withSeed(&batch->names[m->name_at], m->name_bytes, n->seed);
        prefetch_home(n, hash[i]);
    }
}

static inline uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)hash | 1; /* 0 is for free places */
}

/* Which of the six has the tag; NAMES_PER_BUCKET or more: none. */
static inline unsigned find_tag(const struct bucket *b, uint32_t tag)
{
    typedef uint32_t tags __attribute__((vector_size(16)));
    tags low;
    tags high;
    uint64_t half[2];
    memcpy(&low, &b->tag[0], sizeof low);
    memcpy(&high, &b->tag[2], sizeof high); /* two of them again */
    tags found = ((tags)(low == tag) & (tags){1, 2, 3, 4}) |
                 ((tags)(high == tag) & (tags){3, 4, 5, 6});
    memcpy(half, &found, sizeof half);
    uint64_t one = half[0] | half[1];
    return (unsigned)(one | one >> 32) - 1;
}

static inline void add_to(struct names *n, struct bucket *b, unsigned i, uint32_t queries)
{
    uint32_t sum = b->queries[i] + queries;
    if (__builtin_expect(sum < queries, 0)) {
        names_lose(n, (uint64_t)sum + 1);
        sum = UINT32_MAX;
    }
    b->queries[i] = sum;
}

static unsigned least_of(const struct bucket *b)
{
    unsigned least = 0;
    for (unsigned i = 1; i < NAMES_PER_BUCKET; i++)
        if (b->queries[i] < b->queries[least])
            least = i;
    return least;
}

/* Room for a name that its bucket does not hold, and its queries counted; NULL: none. */
static struct entry *make_place(struct names *n, uint64_t hash, uint32_t queries)
{
    uint32_t number = number_of(n, hash);
    struct bucket *b = &n->buckets[number];
    unsigned i = b->used;
    if (i < NAMES_PER_BUCKET) {
        b->used++;
        b->entry[i] = (uint16_t)n->used++;
    } else if (n->evict && queries >= NAMES_EVICT_MIN) {
        i = least_of(b);
        if (b->queries[i] > n->evicted_most)
            n->evicted_most = b->queries[i];
    } else {
        return NULL;
    }
    struct entry *e = &n->entries[b->entry[i]];
    e->hash = hash;
    e->error = b->queries[i];
    b->tag[i] = tag_of(hash);
    add_to(n, b, i, queries);
    n->touched[number / WORD] |= UINT64_C(1) << number % WORD;
    return e;
}

static inline uint8_t *long_name_of(const struct names *n, const struct entry *e)
{
    return n->names[e - n->entries];
}

/* False: its bucket does not hold it. */
static inline bool add_known(struct names *n, uint64_t hash, uint32_t queries)
{
    struct bucket *b = &n->buckets[number_of(n, hash)];
    unsigned i = find_tag(b, tag_of(hash));
    if (i >= NAMES_PER_BUCKET)
        return false;
    add_to(n, b, i, queries);
    return true;
}

/* All queries refused in a bucket may be of one name. */
static void refuse(struct names *n, uint64_t hash, uint32_t queries)
{
    struct bucket *b = &n->buckets[number_of(n, hash)];
    if (queries > UINT16_MAX - (uint32_t)b->refused) {
        names_lose(n, queries);
        return;
    }
    n->lost += queries;
    b->refused = (uint16_t)(b->refused + queries);
    if (b->refused > n->refused_most)
        n->refused_most = b->refused;
}

void names_add(struct names *n, uint64_t hash, const uint8_t *name, uint8_t name_bytes,
               uint32_t queries)
{
    if (add_known(n, hash, queries))
        return;
    struct entry *e = make_place(n, hash, queries);
    if (e == NULL) {
        refuse(n, hash, queries);
        return;
    }
    e->octets_used = name_bytes;
    memcpy(name_bytes <= HEAD_BYTES ? e->head : long_name_of(n, e), name, name_bytes);
}

/* Which names are new nobody can guess: no branch on it until all others are done. */
void names_count(struct names *n, const struct message_batch *batch,
                 const uint64_t hash[static MESSAGE_BATCH_MAX])
{
    uint8_t rest[MESSAGE_BATCH_MAX];
    uint32_t left = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct message *m = &batch->message[i];
        struct bucket *b = &n->buckets[number_of(n, hash[i])];
        bool counts = ((m->flags & MESSAGE_RESPONSE) == 0) & (m->name_bytes > 0);
        unsigned at = find_tag(b, tag_of(hash[i]));
        bool known = at < NAMES_PER_BUCKET;
        add_to(n, b, known ? at : 0, known & counts);
        rest[left] = (uint8_t)i;
        left += counts & !known;
    }
    for (uint32_t k = 0; k < left; k++) {
        const struct message *m = &batch->message[rest[k]];
        names_add(n, hash[rest[k]], &batch->names[m->name_at], m->name_bytes, 1);
    }
}

static inline const uint8_t *octets_of(const struct names *n, const struct entry *e)
{
    return e->octets_used <= HEAD_BYTES ? e->head : long_name_of(n, e);
}

static void each_of(const struct names *n, uint32_t number,
                    void (*each)(void *argument, const struct name_count *name), void *argument)
{
    const struct bucket *b = &n->buckets[number];
    for (unsigned i = 0; i < b->used; i++) {
        const struct entry *e = &n->entries[b->entry[i]];
        const struct name_count c = {
                .name = octets_of(n, e),
                .hash = e->hash,
                .name_bytes = e->octets_used,
                .queries = b->queries[i],
                .error = e->error,
        };
        each(argument, &c);
    }
}

static void prefetch_entries(const struct names *n, uint32_t number)
{
    const struct bucket *b = &n->buckets[number];
    for (unsigned i = 0; i < b->used; i++)
        __builtin_prefetch(&n->entries[b->entry[i]]);
}

void names_each(const struct names *n,
                void (*each)(void *argument, const struct name_count *name), void *argument)
{
    uint32_t list[WORD];
    for (size_t w = 0; w < words(n); w++) {
        unsigned count = list_touched(n, w, list);
        for (unsigned k = 0; k < count; k++)
            prefetch_entries(n, list[k]);
        for (unsigned k = 0; k < count; k++)
            each_of(n, list[k], each, argument);
    }
}

/* What may be too many is so wherever it goes. */
static void add_error(struct names *n, const struct entry *e)
{
    const struct bucket *b = &n->buckets[number_of(n, e->hash)];
    struct entry *to = &n->entries[b->entry[find_tag(b, tag_of(e->hash))]];
    to->error = to->error > UINT32_MAX - e->error ? UINT32_MAX : to->error + e->error;
}

/* How many were refused. */
static uint32_t merge_name(struct names *into, const struct names *from, const struct entry *e,
                           uint32_t queries)
{
    if (add_known(into, e->hash, queries)) {
        if (e->error > 0)
            add_error(into, e);
        return 0;
    }
    struct entry *to = make_place(into, e->hash, queries);
    if (to == NULL)
        return queries;
    if (e->error > 0)
        add_error(into, e);
    to->octets_used = e->octets_used;
    if (e->octets_used <= HEAD_BYTES)
        memcpy(to->head, e->head, sizeof to->head); /* in whole vectors */
    else
        memcpy(long_name_of(into, to), long_name_of(from, e), e->octets_used);
    return 0;
}

/* One bucket, whose names' places in `into` were asked for before; the most refused of one. */
static uint32_t merge_bucket(struct names *into, const struct names *from, uint32_t number)
{
    const struct bucket *b = &from->buckets[number];
    uint32_t most = 0;
    for (unsigned i = 0; i < b->used; i++) {
        uint32_t refused = merge_name(into, from, &from->entries[b->entry[i]], b->queries[i]);
        into->lost += refused;
        most = refused > most ? refused : most;
    }
    return most;
}

static void prefetch_bucket(const struct names *into, const struct names *from, uint32_t number)
{
    const struct bucket *b = &from->buckets[number];
    for (unsigned i = 0; i < b->used; i++)
        prefetch_home(into, from->entries[b->entry[i]].hash);
}

void names_merge(struct names *into, const struct names *from)
{
    uint32_t list[WORD];
    uint32_t refused_most = 0;
    assert(into->seed == from->seed);
    for (size_t w = 0; w < words(from); w++) {
        unsigned count = list_touched(from, w, list);
        for (unsigned k = 0; k < count; k++)
            prefetch_entries(from, list[k]);
        for (unsigned k = 0; k < count; k++)
            prefetch_bucket(into, from, list[k]);
        for (unsigned k = 0; k < count; k++) {
            uint32_t refused = merge_bucket(into, from, list[k]);
            refused_most = refused > refused_most ? refused : refused_most;
        }
    }
    into->lost += from->lost;
    into->unseen += names_absent(from) + refused_most;
}

struct leading {
    struct name_count *list;
    unsigned most;
    unsigned count;
};

/* More queries first; of names with as many, in the order of their octets. */
static bool leads(const struct name_count *a, const struct name_count *b)
{
    if (a->queries != b->queries)
        return a->queries > b->queries;
    uint8_t both = a->name_bytes < b->name_bytes ? a->name_bytes : b->name_bytes;
    int order = memcmp(a->name, b->name, both);
    return order != 0 ? order < 0 : a->name_bytes < b->name_bytes;
}

static void insert_leading(void *argument, const struct name_count *c)
{
    struct leading *l = argument;
    if (l->count == l->most && !leads(c, &l->list[l->count - 1]))
        return;
    unsigned at = l->count < l->most ? l->count++ : l->count - 1;
    for (; at > 0 && leads(c, &l->list[at - 1]); at--)
        l->list[at] = l->list[at - 1];
    l->list[at] = *c;
}

unsigned names_leading(const struct names *n, struct name_count *leading, unsigned most)
{
    struct leading l = {leading, most, 0};
    names_each(n, insert_leading, &l);
    return l.count;
}

void names_lose(struct names *n, uint64_t queries)
{
    n->lost += queries;
    n->unseen += queries;
}

uint64_t names_lost(const struct names *n)
{
    return n->lost;
}

uint64_t names_unseen(const struct names *n)
{
    return n->unseen + n->refused_most;
}

uint64_t names_absent(const struct names *n)
{
    return names_unseen(n) + n->evicted_most;
}

static bool is_plain(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '_';
}

const char *names_text(const uint8_t *name, uint8_t name_bytes,
                       char text[static NAMES_TEXT_BYTES])
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

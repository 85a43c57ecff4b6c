/* SPDX-License-Identifier: MIT */
#include "analysis/source_union.h"

#include <stdlib.h>
#include <string.h>

/* What a set has next. */
struct head {
    struct source_reader *reader;
    enum source_read kind; /* IPv4 or IPv6 */
    struct source4 ipv4;
    struct source6 ipv6;
};

/* The heads as a heap, the least in front. */
struct heap {
    struct head *head;
    unsigned count;
};

static int compare(const struct head *a, const struct head *b)
{
    if (a->kind != b->kind)
        return a->kind == SOURCE_READ_IPV4 ? -1 : 1;
    if (a->kind == SOURCE_READ_IPV6)
        return memcmp(&a->ipv6, &b->ipv6, sizeof a->ipv6);
    return (a->ipv4.network > b->ipv4.network) - (a->ipv4.network < b->ipv4.network);
}

static void swap(struct head *a, struct head *b)
{
    struct head c = *a;
    *a = *b;
    *b = c;
}

static void sift_down(struct heap *h, unsigned at)
{
    for (;;) {
        unsigned least = at;
        for (unsigned below = 2 * at + 1; below <= 2 * at + 2 && below < h->count; below++)
            if (compare(&h->head[below], &h->head[least]) < 0)
                least = below;
        if (least == at)
            return;
        swap(&h->head[least], &h->head[at]);
        at = least;
    }
}

/* False: see err.  A set that is at its end leaves the heap. */
static bool advance(struct heap *h, unsigned at, struct error *err)
{
    struct head *d = &h->head[at];
    d->kind = source_reader_next(d->reader, &d->ipv4, &d->ipv6, err);
    if (d->kind == SOURCE_READ_FAILED)
        return false;
    if (d->kind == SOURCE_READ_END)
        *d = h->head[--h->count];
    sift_down(h, at);
    return true;
}

static bool fill(struct heap *h, struct source_reader *const *readers, unsigned count,
                 struct error *err)
{
    for (unsigned i = 0; i < count; i++)
        h->head[i].reader = readers[i];
    h->count = count;
    for (unsigned i = count; i-- > 0;)
        if (!advance(h, i, err))
            return false;
    return true;
}

/* Takes the least of all, from every set that has it. */
static bool take_least(struct heap *h, struct head *least, struct error *err)
{
    *least = h->head[0];
    do {
        for (unsigned i = 0; i < 4; i++)
            least->ipv4.hosts[i] |= h->head[0].ipv4.hosts[i];
        if (!advance(h, 0, err))
            return false;
    } while (h->count > 0 && compare(&h->head[0], least) == 0);
    return true;
}

bool source_union(struct source_reader *const *readers, unsigned count,
                  source_union_function *each, void *argument, struct error *err)
{
    struct head least;
    struct heap h = {.head = calloc(count + 1UL, sizeof *h.head)};
    if (h.head == NULL)
        return error_set(err, "no memory to unite %u sets of sources", count);
    bool good = fill(&h, readers, count, err);
    while (good && h.count > 0) {
        good = take_least(&h, &least, err);
        if (good && !each(argument, least.kind == SOURCE_READ_IPV4 ? &least.ipv4 : NULL,
                          least.kind == SOURCE_READ_IPV6 ? &least.ipv6 : NULL))
            good = error_set(err, "no memory for the union of %u sets of sources", count);
    }
    free(h.head);
    return good;
}

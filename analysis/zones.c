/* SPDX-License-Identifier: MIT */
#include "analysis/zones.h"

#include "analysis/subject.h"

#include <stdlib.h>
#include <string.h>

enum { BITS = 13, SUMS = 1 << BITS };

struct zones {
    const struct names *names;
    uint32_t most;
    uint32_t count;
    uint32_t sum[SUMS];
    struct zoned_name list[];
};

struct zones *zones_create(uint32_t most, struct error *err)
{
    struct zones *z = calloc(1, sizeof *z + most * sizeof *z->list);
    if (z == NULL)
        error_set(err, "no memory for the domains of %u names", most);
    else
        z->most = most;
    return z;
}

void zones_free(struct zones *z)
{
    free(z);
}

void zones_find(const struct zones *z, const struct name_count *n, struct zoned_name *to)
{
    uint8_t bytes;
    uint8_t tld_bytes;
    const uint8_t *zone = subject_zone(n->name, n->name_bytes, &bytes, &tld_bytes);
    *to = (struct zoned_name){
            .name = n->name,
            .zone_hash = bytes == n->name_bytes ? n->hash : names_hash(z->names, zone, bytes),
            .queries = (uint32_t)n->queries,
            .name_bytes = n->name_bytes,
            .zone_bytes = bytes,
            .tld_bytes = tld_bytes,
    };
}

/* By the hash's highest bits: the order in which names are walked. */
static uint32_t sum_of(uint64_t zone_hash)
{
    return (uint32_t)(zone_hash >> (64 - BITS));
}

static void take(void *argument, const struct name_count *n)
{
    struct zones *z = argument;
    if (z->count == z->most)
        return;
    struct zoned_name *to = &z->list[z->count++];
    zones_find(z, n, to);
    z->sum[sum_of(to->zone_hash)] += to->queries;
}

void zones_take(struct zones *z, const struct names *names)
{
    memset(z->sum, 0, sizeof z->sum);
    z->count = 0;
    z->names = names;
    names_each(names, take, z);
}

const struct zoned_name *zones_names(const struct zones *z, uint32_t *count)
{
    *count = z->count;
    return z->list;
}

uint32_t zones_bound(const struct zones *z, uint64_t zone_hash)
{
    return z->sum[sum_of(zone_hash)];
}

/*
 * The names of one interval, each beside the domain it is in, and how many queries a domain has
 * at most: most of them have so few that nobody needs to look at them, or to count them apart.
 *
 * The bound is a sum over a small array by the domain's hash, so that it is never too low.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/names.h"

/* The domain and the top-level domain are the name's last octets. */
struct zoned_name {
    const uint8_t *name;
    uint64_t zone_hash; /* names_hash() */
    uint32_t queries;
    uint8_t name_bytes;
    uint8_t zone_bytes;
    uint8_t tld_bytes;
};

static inline const uint8_t *zoned_name_zone(const struct zoned_name *n)
{
    return n->name + n->name_bytes - n->zone_bytes;
}

static inline const uint8_t *zoned_name_tld(const struct zoned_name *n)
{
    return n->name + n->name_bytes - n->tld_bytes;
}

struct zones; /* private */

struct zones *zones_create(uint32_t most,
                           struct error *err); /* most: names, the rest is left */
void zones_free(struct zones *z);              /* NULL is fine */

/* Valid until `names` changes. */
void zones_take(struct zones *z, const struct names *names);
/* A name of another table of the same seed. */
void zones_find(const struct zones *z, const struct name_count *n, struct zoned_name *to);
const struct zoned_name *zones_names(const struct zones *z, uint32_t *count);
/* The domain with this hash has no more queries than so many. */
uint32_t zones_bound(const struct zones *z, uint64_t zone_hash);

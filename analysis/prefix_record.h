/*
 * What is counted of one source prefix: queries, junk, hosts and query types, exactly.
 *
 * Most prefixes ask once or twice in an interval, so a record notes its first queries one by
 * one, in half a line of the cache.  From the seventh on a prefix has a detail beside its
 * record, with a bit for each host and a sum for each type; nothing is lost on the way there.
 *
 * A pool holds the records in the order made, so that a walk over them touches only what was
 * counted, and as many details; both are reserved once and cost what is touched of them.
 * One thread owns a pool at a time.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/prefix.h"
#include "analysis/qtype.h"

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum {
    PREFIX_FEW = 6, /* queries noted in the record itself */
    PREFIX_HOST_BITS = 256,
    PREFIX_NEAR_TYPES = 8, /* of a detail: in one line with its hosts */
};

struct prefix_query {
    uint8_t host;  /* prefix_host_bit() */
    uint8_t class; /* enum qtype_class */
};

struct prefix_record {
    struct prefix prefix;
    uint32_t queries;
    uint32_t junk;   /* of these: of a class but legitimate, see junk.h; 0 where not judged */
    uint32_t detail; /* its number + 1; 0: each query is in `few` */
    struct prefix_query few[PREFIX_FEW]; /* zeros behind the last */
} __attribute__((aligned(32)));

struct prefix_detail {
    uint64_t hosts[PREFIX_HOST_BITS / 64]; /* IPv4: a bit for each last octet seen; IPv6: 256
                                            * bits by hash of the address */
    uint32_t qtype[QTYPE_CLASSES];         /* by qtype_class(); sums to the record's queries */
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct prefix_record) == 32, "prefix_record: half a line of the cache");
_Static_assert(sizeof(struct prefix_detail) == 128, "prefix_detail: two lines of the cache");
_Static_assert(offsetof(struct prefix_detail, qtype[PREFIX_NEAR_TYPES]) == 64,
               "where the first of its lines ends");

struct prefix_pool {
    struct prefix_record *records;
    struct prefix_detail *details;
    uint32_t size, used; /* records */
    uint32_t detailed;   /* details in use */
};

bool prefix_pool_init(struct prefix_pool *p, uint32_t records); /* false: no memory */
void prefix_pool_fini(struct prefix_pool *p);

/* Its number; -1: the pool is full. */
static inline int32_t prefix_pool_new(struct prefix_pool *p, struct prefix prefix)
{
    if (p->used == p->size)
        return -1;
    p->records[p->used] = (struct prefix_record){.prefix = prefix};
    return (int32_t)p->used++;
}

/* All its records and details are free again. */
static inline void prefix_pool_clear(struct prefix_pool *p)
{
    p->used = p->detailed = 0;
}

/* The record's detail, made of what it noted where it has none yet. */
struct prefix_detail *prefix_pool_detail(struct prefix_pool *p, struct prefix_record *r);

/* One query. */
static inline void prefix_pool_count(struct prefix_pool *p, struct prefix_record *r,
                                     struct prefix_query q, bool junk)
{
    r->junk += junk;
    if (r->detail == 0 && r->queries < PREFIX_FEW) {
        r->few[r->queries++] = q;
        return;
    }
    struct prefix_detail *d =
            r->detail != 0 ? &p->details[r->detail - 1] : prefix_pool_detail(p, r);
    r->queries++;
    d->hosts[q.host / 64] |= UINT64_C(1) << q.host % 64;
    d->qtype[q.class]++;
}

/* Asks for the detail that the next query of `class`, or the next sum, will change. */
static inline void prefix_pool_expect(const struct prefix_pool *p,
                                      const struct prefix_record *r)
{
    if (r->detail != 0)
        __builtin_prefetch(&p->details[r->detail - 1], 1);
}

/*
 * Both have few queries, and so does their sum: the one's go behind the other's, without a
 * branch.  Details are zero in both, and so are places that are not taken.
 */
static inline void prefix_record_append(struct prefix_record *to,
                                        const struct prefix_record *from)
{
    __extension__ typedef unsigned __int128 wide;
    wide before, behind;
    memcpy(&before, &to->detail, sizeof before);
    memcpy(&behind, &from->detail, sizeof behind);
    unsigned bits = 8 * (unsigned)sizeof to->few[0] * to->queries;
    before |= __BYTE_ORDER == __LITTLE_ENDIAN ? behind << bits : behind >> bits;
    memcpy(&to->detail, &before, sizeof before);
    to->queries += from->queries;
    to->junk += from->junk;
}

/* See prefix_pool_add(). */
bool prefix_pool_add_many(struct prefix_pool *p, struct prefix_record *to,
                          const struct prefix_pool *other, const struct prefix_record *from);

/* Adds what `from`, a record of another pool, has; false: it would not fit, and nothing is. */
static inline bool prefix_pool_add(struct prefix_pool *p, struct prefix_record *to,
                                   const struct prefix_pool *other,
                                   const struct prefix_record *from)
{
    if ((to->detail | from->detail) != 0 || to->queries + from->queries > PREFIX_FEW)
        return prefix_pool_add_many(p, to, other, from);
    prefix_record_append(to, from);
    return true;
}

/* Adds queries of which neither host nor type is known; false: as above. */
bool prefix_pool_add_unknown(struct prefix_pool *p, struct prefix_record *r, uint32_t queries);
/* Gives a record to another prefix, of which nothing is counted yet. */
void prefix_pool_reuse(struct prefix_pool *p, struct prefix_record *r, struct prefix prefix);

/* Hosts and types of a record, wherever they are. */
void prefix_pool_tell(const struct prefix_pool *p, const struct prefix_record *r,
                      struct prefix_detail *d);

/* Which of 256 host bits an address has. */
unsigned prefix_host_bit(const uint8_t client[static 16], bool ipv6);
/* Distinct hosts: exact for IPv4; for IPv6 an estimate by linear counting. */
uint32_t prefix_detail_hosts(const struct prefix_detail *d, struct prefix of);

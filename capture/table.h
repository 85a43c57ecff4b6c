/*
 * What is known of flows, in a table of fixed size: found by key, given up oldest first.
 *
 * An entry is the beginning of its owner's record.  Every entry is in one of a few lists, and
 * in each list stands behind those that were moved there before it.  Adding, finding, moving
 * and removing cost the same however many entries there are; the hash has a random key, for
 * the senders of the traffic choose what is hashed.  Memory is reserved at once and taken as
 * records are first used.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/error.h"

#include <stddef.h>
#include <stdint.h>

enum { TABLE_LISTS = 5 };

struct table_key {
    uint8_t source[16], destination[16];
    uint32_t number; /* the ports, or a datagram's identification */
    uint32_t kind;   /* IP version and protocol */
};

struct table_entry {
    struct table_key key;
    uint32_t chain;        /* next with the same hash, or next free record */
    uint32_t older, newer; /* in the same list; 0: none */
    uint32_t list;
};

struct table_list {
    uint32_t oldest, newest, count;
};

struct table {
    uint8_t *memory; /* records, then buckets */
    size_t memory_bytes;
    uint32_t *bucket;
    uint32_t mask; /* buckets - 1 */
    uint32_t record_bytes;
    uint32_t records; /* room for; [0] stays unused: 0 is no record */
    uint32_t touched, free;
    uint64_t seed;
    struct table_list list[TABLE_LISTS];
};

_Static_assert(sizeof(struct table_key) == 40, "table_key: hashed as it lies, so no padding");

/* Room for as many records of `record_bytes` as `bytes` hold with their buckets. */
bool table_init(struct table *t, size_t bytes, size_t record_bytes, struct error *err);
void table_fini(struct table *t);

void *table_find(const struct table *t, const struct table_key *key);
/* A record with zeros behind its entry, the newest of `list`; NULL when the table is full. */
void *table_add(struct table *t, const struct table_key *key, uint32_t list);
void table_remove(struct table *t, struct table_entry *e);
void table_move(struct table *t, struct table_entry *e, uint32_t list); /* as its newest */
void *table_oldest(const struct table *t, uint32_t list);               /* NULL: empty */
void *table_newer(const struct table *t, const struct table_entry *e);  /* NULL: the newest */

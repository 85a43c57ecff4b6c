/*
 * The top-level domains that there are: what tells a name that can exist from one that cannot.
 *
 * Read from IANA's list (https://data.iana.org/TLD/tlds-alpha-by-domain.txt: a label a line) or
 * from a root zone in master-file form (RFC 1035 section 5.1), of which the owners of NS
 * records are taken; or, where none is named, from the list that ships (tlds_shipped.c says of
 * which day). Of both forms a line is at most TLDS_LINE_BYTES long; whatever else is wrong
 * refuses the file.
 *
 * A label of up to seven octets is told by itself, a longer one by 56 bits of a keyed hash: one
 * that is none of some 500 passes for one of them once in 2^47.  Read only once made, so any
 * thread may look.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/error.h"

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { TLDS_MOST = 1 << 16, TLDS_LINE_BYTES = 16384, TLDS_SOURCE_BYTES = 300 };

struct tlds {
    uint64_t *slot; /* 0: free; a power of two of them, at least four a label */
    uint64_t mask;
    uint64_t seed;
    size_t count;
    char source[TLDS_SOURCE_BYTES]; /* "rootwatch's list of 2023-02-09", or the file */
};

/* `path` NULL or empty: the list that ships. */
struct tlds *tlds_create(const char *path, struct error *err);
/* The same of a stream; `path` is what errors call it. */
struct tlds *tlds_read(FILE *from, const char *path, struct error *err);
void tlds_free(struct tlds *t); /* NULL is fine */

/* Of the list that ships, lower case; their number, and the day it is of ("2023-02-09"). */
extern const char *const tlds_shipped[];
extern const size_t tlds_shipped_count;
extern const char tlds_shipped_day[];

enum { TLDS_SHORT = 7, TLDS_LONG = 0xff };

/*
 * What a label in lower case is looked for by; never 0.  `label` begins with its length, and
 * eight octets can be read there, whatever follows the label.
 */
static inline uint64_t tlds_key(const struct tlds *t, const uint8_t *label)
{
    unsigned bytes = *label;
    if (bytes > TLDS_SHORT)
        return XXH3_64bits_withSeed(label + 1, bytes, t->seed) << 8 | TLDS_LONG;
    uint64_t octets;
    memcpy(&octets, label, sizeof octets);
    octets = le64toh(octets);
    return octets & UINT64_MAX >> (8 * (TLDS_SHORT - bytes));
}

static inline uint64_t tlds_place(const struct tlds *t, uint64_t key)
{
    return (key ^ t->seed) * UINT64_C(0x9e3779b97f4a7c15) >> 32;
}

static inline bool tlds_has(const struct tlds *t, uint64_t key)
{
    for (uint64_t at = tlds_place(t, key);; at++) {
        uint64_t found = t->slot[at & t->mask];
        if (found == key || found == 0)
            return found != 0;
    }
}

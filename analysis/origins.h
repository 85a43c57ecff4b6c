/*
 * Which AS announces a prefix: a table read once, from CAIDA's pfx2as text.
 *
 *     192.0.2.0<TAB>24<TAB>64496        one announced prefix a line; the AS of several
 *     2001:db8::<TAB>32<TAB>64497_64498 origins ("_") or of a set (",") is the first one
 *
 * The announcements are kept in the order of their first addresses, each knowing the one that
 * covers it; a look-up is a binary search below the address's first 16 bits, and a few steps
 * outward.  16 octets an announcement: a full table is 20 MB.  Constant once read, so any
 * thread may look things up.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/prefix.h"
#include "capture/error.h"

#include <stddef.h>
#include <stdio.h>

struct origins; /* private */

struct origin {
    uint32_t asn;    /* 0: nobody announces it */
    uint32_t number; /* of the AS: 0 to origins_count() - 1 */
    struct prefix announced;
};

/* Reads to the end of `from`; `name` is said in errors, with the line. */
struct origins *origins_read(FILE *from, const char *name, struct error *err);
void origins_free(struct origins *o); /* NULL is fine */

size_t origins_count(const struct origins *o); /* ASes */
size_t origins_announcements(const struct origins *o);
uint32_t origins_asn(const struct origins *o, uint32_t number);

/* The longest announcement that covers `p`; false: there is none, or `o` is NULL. */
bool origins_find(const struct origins *o, struct prefix p, struct origin *found);

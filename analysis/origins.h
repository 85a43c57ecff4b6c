/*
 * Which AS announces a prefix: a table read once, from any file that routes_read() takes.
 *
 * The announcements are kept in the order of their first addresses, each knowing the one that
 * covers it; a look-up is a binary search below the address's first 16 bits, and a few steps
 * outward.  16 octets an announcement: a full table is 20 MB, and twice that while it is read.
 * Constant once read, so any thread may look things up.
 *
 * Default routes, whole or in pieces (shorter than /8, IPv6 /16), tell nothing of who
 * announces and are left out.  IPv6 prefixes longer than /56 are kept as their /56.  Of several
 * origins the one of most routes counts, of equals the lowest: the same on every day.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/prefix.h"
#include "analysis/routes.h"

#include <stddef.h>

struct origins; /* private */

struct origin {
    uint32_t asn;    /* 0: nobody announces it */
    uint32_t number; /* of the AS: 0 to origins_count() - 1 */
    uint32_t place;  /* of the announcement: 0 to origins_announcements() - 1 */
    struct prefix announced;
};

/*
 * A table of announcements that is whole says by silence that nobody announces; an excerpt, or
 * a database of networks, says nothing.
 */
enum origins_answer { ORIGINS_UNKNOWN, ORIGINS_UNROUTED, ORIGINS_ANNOUNCED };

/* Reads to the end.  `keep_on` may be NULL; false from it ends the reading with an error. */
typedef bool origins_keep_on(void *to, const struct feed *from, uint64_t routes);
struct origins *origins_read(struct feed *from, origins_keep_on *keep_on, void *to,
                             struct error *err);
/*
 * The same with the countries of networks, as libloc's database and some MMDBs have them, also
 * of networks without an AS.  A table without any country is an error.
 */
struct origins *origins_read_countries(struct feed *from, origins_keep_on *keep_on, void *to,
                                       struct error *err);
void origins_free(struct origins *o); /* NULL is fine */

const struct routes_about *origins_about(const struct origins *o);
size_t origins_count(const struct origins *o); /* ASes */
size_t origins_announcements(const struct origins *o);
uint32_t origins_asn(const struct origins *o, uint32_t number);
/* The announcement at a place, and its AS: of one that a look-up found. */
struct origin origins_place(const struct origins *o, uint32_t place);
/* The same for tables that say the same of every prefix. */
uint64_t origins_fingerprint(const struct origins *o);
/* At most 127 octets of valid UTF-8 that is fit for a terminal; NULL: not in the table. */
const char *origins_name(const struct origins *o, uint32_t number);

bool origins_is_whole(const struct origins *o, unsigned family);

/* The longest announcement that covers `p`; false: there is none, or `o` is NULL. */
bool origins_find(const struct origins *o, struct prefix p, struct origin *found);
/* The same; where the table has the prefix without an AS, `announced` says which. */
enum origins_answer origins_look_up(const struct origins *o, struct prefix p,
                                    struct origin *found);
/*
 * Of what a look-up found, whatever its answer: two letters or digits, of which 'A' + 'B' * 256
 * says AB; 0: not known.  Parts of a /56 that are in several countries are in none.
 */
uint16_t origins_country(const struct origins *o, const struct origin *found);
/* All origins of a prefix as it is announced, those of most routes first; returns how many. */
size_t origins_all(const struct origins *o, const struct origin *found, uint32_t *asn,
                   size_t room);

/*
 * Addresses with counts, added up by announced prefix and by origin AS.
 *
 * Memory grows with the announcements that are met, not with the addresses given: 24 octets
 * each, twice that at most.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/origins.h"

enum ranking_by { RANKING_BY_PREFIX, RANKING_BY_ASN };

struct ranking_row {
    uint64_t count;
    uint32_t asn;
    struct prefix prefix; /* announced; by AS: the one of them with the largest count */
    const char *name;     /* the AS's, or NULL */
};

/* What no row has: see enum origins_answer. */
struct ranking_totals {
    uint64_t count; /* of all, rows and these */
    uint64_t unrouted, unknown;
};

struct ranking; /* private */

struct ranking *ranking_create(const struct origins *origins, struct error *err);
void ranking_free(struct ranking *r); /* NULL is fine */

/* A host: /32 or /56.  Sums stop at INT64_MAX.  False: no memory. */
bool ranking_add(struct ranking *r, struct prefix host, uint64_t count, struct error *err);

/* Rows with the largest counts first, of equals by prefix or AS; ends the adding. */
const struct ranking_row *ranking_rows(struct ranking *r, enum ranking_by by, size_t *rows,
                                       struct error *err);
struct ranking_totals ranking_totals(const struct ranking *r);

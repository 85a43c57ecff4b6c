/*
 * Addresses with counts, added up by announced prefix, by origin AS, and by country where the
 * table knows countries.
 *
 * Memory grows with the announcements that are met, not with the addresses given: 48 octets
 * each, twice that at most.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/origins.h"

enum ranking_by {
    RANKING_BY_PREFIX, /* announced */
    RANKING_BY_ASN,
    RANKING_BY_COUNTRY,
    RANKING_BY_SOURCE, /* /24 or /48; this and what follows is made elsewhere, of such rows */
    RANKING_BY_QTYPE,
    RANKING_BY_NAME,
    RANKING_BY_TLD,
};

struct ranking_row {
    uint64_t count;
    uint64_t before;      /* in the period before, where there is one; in no total */
    uint64_t judged;      /* of the count: of which junk is known */
    uint64_t junk;        /* of these; see junk_class.h */
    uint32_t asn;         /* 0, of a source: not known, or unrouted */
    bool unrouted;        /* of a source */
    char country[3];      /* by country */
    struct prefix prefix; /* announced; by AS: the one of them with the largest count */
    struct prefix source; /* by source */
    const char *name;     /* the AS's, or NULL; the type's; the name, in presentation form */
    /* By name and TLD: what count and before are between. */
    uint64_t at_least, at_most, before_at_most;
};

/* What no row has: see enum origins_answer; by country what has none is unknown. */
struct ranking_totals {
    uint64_t count; /* of all, rows and these */
    uint64_t unrouted, unknown;
    uint64_t judged, junk;
};

struct ranking; /* private */

struct ranking *ranking_create(const struct origins *origins, struct error *err);
void ranking_free(struct ranking *r); /* NULL is fine */

/* A host: /32 or /56.  Sums stop at INT64_MAX.  False: no memory. */
bool ranking_add(struct ranking *r, struct prefix host, uint64_t count, struct error *err);
/* What a prefix has: as in a row. */
struct ranking_counts {
    uint64_t count, before, judged, junk;
};
/* The same with all of it; also for a /24 or /48, which goes to what covers all of it. */
bool ranking_add_counts(struct ranking *r, struct prefix p, const struct ranking_counts *counts,
                        struct error *err);

/* Rows with the largest counts first, of equals by prefix or AS; ends the adding. */
const struct ranking_row *ranking_rows(struct ranking *r, enum ranking_by by, size_t *rows,
                                       struct error *err);
struct ranking_totals ranking_totals(const struct ranking *r, enum ranking_by by);

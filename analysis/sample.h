/*
 * What one interval holds of a subject: queries, types, and what of its hosts and names is
 * known.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/annotation.h"
#include "analysis/subject.h"

struct sample {
    double queries; /* of the subject; of "nxdomain", answers */
    double all;     /* of everybody */
    uint64_t qtype[QTYPE_CLASSES];
    double judged, junk; /* of the queries: put in classes where that is known; junk of these */
    struct junk_counts classes; /* as far as they are known by class; all in their classes */
    uint32_t networks;         /* /24s and /48s of an AS or without a route; 0: see the watch */
    uint32_t hosts;            /* in them */
    const struct watch *watch; /* NULL: not watched closely */
};

/* `annotation`: of the same interval, or NULL. */
void sample_take(struct sample *s, const struct subject *of, const struct interval *interval,
                 const struct annotation *annotation);
void sample_add(struct sample *s, const struct sample *other);

/* The announced prefix that most of an AS's queries come from; false: none does. */
bool sample_announced(const struct subject *as, const struct interval *interval,
                      const struct annotation *annotation, struct prefix *announced);

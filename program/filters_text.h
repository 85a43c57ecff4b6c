/*
 * What a judged list of prefixes looks like: a table, JSON, and the forms that others read. The
 * latter leave out what looks forged, what nobody sends from, and what another prefix covers;
 * they say in comments what that is.  Nothing here applies anything.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/filters.h"
#include "capture/source.h"

#include <jansson.h>

struct filters_text {
    const struct filters *list;
    const struct report *report;
    const struct filters_goal *goal; /* NULL: it was not suggested */
    bool origins, routes; /* a table of origins was there; what has no route is believed */
    unsigned floods;      /* spoofed floods in the period and the one before */
    const struct source_scope *scope;
};

/* All write to standard output. */
void filters_text_table(const struct filters_text *t);
void filters_text_nft(const struct filters_text *t);
/* `zone`: a domain name without a final dot, as dnsbl_zone() takes. */
void filters_text_dnsbl(const struct filters_text *t, const char *zone);
void filters_text_rpz(const struct filters_text *t, const char *zone);
json_t *filters_text_json(const struct filters_text *t); /* NULL: no memory */

/* Letters, digits, hyphens and underscores in labels of 1 to 63, at most 200 octets. */
bool filters_text_is_zone(const char *zone);

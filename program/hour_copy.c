/* SPDX-License-Identifier: MIT */
#include "program/hour_copy.h"

#include "program/moment.h"

#include <inttypes.h>

enum { SHARE_FLOOR = 100000 };

static uint32_t floor_of(const struct aggregator_hour *h, uint32_t least)
{
    uint64_t share = prefix_counts_totals(h->prefixes).queries / SHARE_FLOOR;
    return share > least ? (uint32_t)share : least;
}

bool hour_copy(struct store_hour *to, const struct aggregator_hour *from,
               const struct hour_limits *limits)
{
    to->start_s = from->start_s;
    to->row = store_hour_rows(from->prefixes, floor_of(from, limits->floor), &to->rows);
    to->names[STORE_NAMES] = store_names_create(from->names, from->queries, limits->names);
    to->names[STORE_TLDS] = store_names_create(from->tlds, from->queries, limits->names);
    if (from->rssac002 != NULL) {
        to->rssac002 = rssac002_hour_create(limits->service, from->rssac002, from->prefixes,
                                            from->sources6);
        to->silent = from->queries == 0;
    }
    return to->row != NULL && to->names[STORE_NAMES] != NULL && to->names[STORE_TLDS] != NULL &&
           (from->rssac002 == NULL || to->rssac002 != NULL);
}

void hour_log_overflow(const struct store_hour *h, const struct log *log)
{
    char hour[MOMENT_TEXT_BYTES];
    if (h->rssac002 == NULL)
        return;
    const struct rssac002_counts *c = &h->rssac002->counts;
    if (c->unplaced + c->refused6 > 0)
        log_warning(log,
                    "RSSAC002: the hour from %s has too few sources: those of up to %" PRIu64
                    " queries found no room, and up to %" PRIu64 " of IPv6 in a full set",
                    moment_format(h->start_s, hour), c->unplaced, c->refused6);
}

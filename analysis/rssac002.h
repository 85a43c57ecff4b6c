/*
 * What RSSAC002 asks of an hour, or of a day: sums, and beside them what was lost, so that
 * whoever publishes the sums can say how far they can be believed.
 *
 * A query is any message with QR=0 to the server, whatever its opcode, once its header of 12
 * octets is there; a response one with QR=1 from the server.  Sizes are of the messages alone;
 * the two octets of their length on TCP are not part of them.
 *
 * Sums of sizes are those of queries and responses, and those of rcodes that of responses: what
 * is read back is held against that.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/address_set.h"
#include "analysis/counters.h"
#include "analysis/source_set.h"

#include <jansson.h>

enum { RSSAC002_SERVICE_BYTES = 128 };

struct rssac002_counts {
    uint64_t captured_ms;
    uint64_t queries[TRANSPORTS], responses[TRANSPORTS];
    uint64_t query_sizes[COUNTERS_PROTOCOLS][COUNTERS_QUERY_BINS];
    uint64_t response_sizes[COUNTERS_PROTOCOLS][COUNTERS_RESPONSE_BINS];
    uint64_t rcode[COUNTERS_RCODES];
    uint64_t malformed; /* of queries and responses: counted, with what can be read */
    uint64_t cut;       /* the same: the capture holds only a part, so an rcode may lack the
                         * part that is in OPT */
    uint64_t frames;
    uint64_t kernel_drops, interface_drops; /* frames */
    uint64_t undecoded;                     /* frames that may have held a message */
    uint64_t loss[LOSSES];
    uint64_t unplaced; /* queries whose source may be in no set, at most */
    uint64_t refused6; /* additions to a full set of IPv6 addresses */
    uint64_t unread;   /* parts of hours that were stored and could not be read again */
};

/* Of an hour; its owner frees it by rssac002_hour_free(). */
struct rssac002_hour {
    char service[RSSAC002_SERVICE_BYTES]; /* x.root-servers.net */
    struct rssac002_counts counts;
    struct source_list sources; /* until the set is made of them */
    uint8_t *set;               /* see source_set.h; NULL: not made yet */
    size_t set_bytes;
};

/* What a minute, or any other span, counted.  Without sources, but with what they overflow. */
void rssac002_count(struct rssac002_counts *to, const struct counters *from,
                    int64_t captured_ns);
void rssac002_add(struct rssac002_counts *to, const struct rssac002_counts *from);

uint64_t rssac002_sum(const uint64_t *numbers, unsigned count);

json_t *rssac002_json(const struct rssac002_counts *c, const char *service);
/* False: not as it was written; see err. */
bool rssac002_parse(const json_t *json, struct rssac002_counts *c,
                    char service[static RSSAC002_SERVICE_BYTES], struct error *err);

/*
 * A copy of an hour that is counted.  NULL: no memory.  IPv4 sources are those of the prefixes'
 * records, of which each host is known.
 */
struct rssac002_hour *rssac002_hour_create(const char *service,
                                           const struct rssac002_counts *counts,
                                           const struct prefix_counts *prefixes,
                                           const struct address_set *addresses6);
void rssac002_hour_free(struct rssac002_hour *h); /* NULL is fine */
/* Makes the set, where it is not made yet. */
bool rssac002_hour_encode(struct rssac002_hour *h, struct error *err);

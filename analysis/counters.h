/*
 * What is counted of messages: by one worker in one interval, and, merged, of minutes and runs.
 *
 * A worker fills one set of counters while others of its sets travel; adding a batch touches
 * nothing but its own set and never allocates.  Merging adds one set to another of any size.
 * All counts are of queries unless a name says otherwise.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/address_set.h"
#include "analysis/distinct.h"
#include "analysis/junk_class.h"
#include "analysis/minute.h"
#include "analysis/names.h"
#include "analysis/prefix_counts.h"
#include "analysis/subject.h"
#include "analysis/tally.h"
#include "analysis/traits.h"
#include "analysis/zones.h"
#include "capture/keep.h"
#include "capture/source.h"

enum {
    COUNTERS_OPCODES = 16,        /* RFC 1035 section 4.1.1 */
    COUNTERS_RCODES = 4096,       /* RFC 6891 section 6.1.3 */
    COUNTERS_SIZE_STEP = 16,      /* octets in one bin of sizes, as RSSAC002 has them */
    COUNTERS_QUERY_BINS = 19,     /* the last: 288 octets and more */
    COUNTERS_RESPONSE_BINS = 257, /* 4096 */
    COUNTERS_PROTOCOLS = 2,       /* UDP, TCP */
    COUNTERS_WATCHED = 16,        /* prefixes looked at closely at one time */
    COUNTERS_NAMES_WATCHED = 8,
    WATCH_NETWORK_BITS = 4096,
};

/* One watched prefix, or name, in detail. */
struct watch {
    struct subject subject;
    uint64_t queries;
    uint64_t host[256];                        /* of a prefix: by prefix_host_bit() */
    uint8_t address[256][16];                  /* of the first host seen under each bit */
    uint64_t network[WATCH_NETWORK_BITS / 64]; /* of a name: one bit a /24 or /48, hashed */
    uint64_t qtype[QTYPE_CLASSES];
    struct junk_counts junk; /* where queries are judged */
    struct traits traits;    /* of a prefix */
    const struct keep *keep; /* of a prefix: its network number is the watch's */
    unsigned number;
    struct names *names;
};

/* What to look at closely: prefixes, and names. */
struct watch_list {
    struct subject prefix[COUNTERS_WATCHED];
    unsigned prefixes;
    struct subject name[COUNTERS_NAMES_WATCHED];
    unsigned names;
};

struct junk;

struct counters {
    uint64_t queries, responses, malformed;
    uint64_t queries_by[TRANSPORTS], responses_by[TRANSPORTS];
    uint64_t unreadable; /* without a readable question, none being expected */
    uint64_t recursion_desired, edns, dnssec_ok;
    uint64_t truncated, authoritative; /* responses */
    uint64_t cut;                      /* messages of which the capture holds only a part */
    uint64_t late; /* messages with a time before their interval: counted in it all the same */
    uint64_t opcode[COUNTERS_OPCODES];
    uint64_t query_sizes[COUNTERS_PROTOCOLS][COUNTERS_QUERY_BINS];
    uint64_t response_sizes[COUNTERS_PROTOCOLS][COUNTERS_RESPONSE_BINS];
    struct tally qtype, qclass, rcode; /* rcode: of responses */
    struct prefix_counts *prefixes;
    struct names *names;
    struct zones *zones;                   /* of the names; filled by counters_find_zones() */
    struct names *tlds;                    /* filled there, too, and by merging */
    struct distinct addresses6, networks6; /* IPv6 sources, and their /64s */
    struct address_set *sources6;          /* the same, exactly; NULL: nobody asks */
    struct watch watch[COUNTERS_WATCHED];
    unsigned watched;
    struct watch name_watch[COUNTERS_NAMES_WATCHED];
    unsigned names_watched;
    struct source_counts source; /* of the frames beneath; set by the engine */
    struct junk_counts junk;
    struct junk *judge; /* NULL: queries are put in no class */
    struct keep keep;   /* signs and frames of the watched prefixes */
    uint64_t seed;
};

struct counters_size {
    uint32_t prefix_records;
    enum prefix_way way;   /* see prefix_counts_create() */
    uint32_t name_buckets; /* a power of two; 0: no names, for a set that is merged into only */
    bool evict_names;
    bool keep_frames;
    uint32_t sources6;  /* IPv6 sources that find room in `sources6`; 0: none are kept */
    struct junk *judge; /* of all that messages are added to; outlives them; may be NULL */
    uint64_t seed;      /* the same for all that will be merged */
};

struct counters *counters_create(const struct counters_size *size, struct error *err);
void counters_free(struct counters *c); /* NULL is fine */

/* `start_ns`: where the interval begins; messages before it count as late. */
void counters_add(struct counters *c, const struct message_batch *batch, int64_t start_ns);

/*
 * `spill`: see prefix_counts_merge().  A set without prefixes merges all but them.  The watched
 * prefixes of `from` are not merged.
 */
void counters_merge(struct counters *into, const struct counters *from,
                    struct prefix_counts *spill);
/* Finds the names' domains and counts their last labels; before an interval is looked at. */
void counters_find_zones(struct counters *c);
/* Where a source is to keep what is beside messages; see source_keep(). */
struct keep *counters_keep(struct counters *c);
/* Merges the details of watched prefixes; both sets must watch the same. */
void counters_merge_watches(struct counters *into, const struct counters *from);
/* `list` NULL: nothing is watched. */
void counters_clear(struct counters *c, const struct watch_list *list);
/* NULL: it was not watched. */
const struct watch *counters_watch(const struct counters *c, const struct subject *s);
/* How many /24s and /48s asked for a watched name: linear counting, 3 % off at a thousand. */
uint32_t watch_networks(const uint64_t network[static WATCH_NETWORK_BITS / 64]);

/* Adds the difference of two readings of one source, one after the other. */
void counters_add_source(struct source_counts *into, const struct source_counts *now,
                         const struct source_counts *before);
/* Frames that may have held DNS and could not be read. */
uint64_t counters_undecoded(const struct source_counts *s);
/* Queries in the totals whose hosts and types, or prefix, the bounded table had no room for. */
uint64_t counters_overflow(const struct counters *c);

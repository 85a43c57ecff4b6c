/*
 * What of a prefix's packets speaks for, or against, forged sources.
 *
 * A host's packets come with one TTL, or with few where routes change; a forger's machine, or
 * many of them, gives packets of one made-up host TTLs that differ.  Who completes a TCP
 * handshake is there; who never does, though answered, is deaf: forged, or without a way back.
 * That TTLs are steady proves little by itself: one forger far away has one TTL, too, for all
 * hosts.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/minute.h"
#include "capture/message.h"

enum {
    TRAITS_PORT_BITS = 4096,
    TRAITS_LEADING = 4,
    TRAITS_HOST_QUERIES_MIN = 8, /* of fewer nothing is concluded */
    TRAITS_STEADY = 3,           /* TTLs of a host that are no farther apart: routes change */
    TRAITS_VARIED = 8,           /* and so far, or farther, that no route explains it */
    TRAITS_ANSWERED_MIN = 20,    /* connections; of fewer nobody is called deaf */
};

/* TCP connections that were followed (capture/handshakes.h), by what became of them. */
struct traits_handshakes {
    uint64_t completed;
    uint64_t unfinished; /* answered, and the answer was not */
    uint64_t one_sided;  /* data came; no answer was seen */
    uint64_t unanswered; /* neither */
};

enum traits_hearing {
    TRAITS_HEARING_OPEN,
    TRAITS_HEARS,
    TRAITS_SEEMS_TO_HEAR, /* one direction alone is mirrored, and data follows the SYNs */
    TRAITS_DEAF,          /* nine tenths or more of the answered connections are unfinished */
};

struct traits {
    uint64_t queries, tcp_queries;
    uint64_t responses, tcp_responses; /* to the prefix */
    uint64_t rcode[MINUTE_RCODES];     /* of these */
    uint64_t syns;                     /* of TCP, from it */
    struct traits_handshakes handshakes;
    uint64_t unreachables;                /* ICMP, about answers to it */
    uint32_t ttl[256];                    /* queries by what was left of it */
    uint32_t host[256];                   /* queries by prefix_host_bit() */
    uint8_t most[256];                    /* of each host bit: the greatest TTL, */
    uint8_t least[256];                   /* and 255 less the least */
    uint64_t port[TRAITS_PORT_BITS / 64]; /* one bit a source port, hashed */
};

/* Zeroed memory is an empty one. */
void traits_add(struct traits *t, const struct message *m, unsigned host_bit);
void traits_merge(struct traits *into, const struct traits *from);

/* About how many source ports: linear counting, 2 % off at a thousand, more at ten thousand. */
uint32_t traits_ports(const struct traits *t);
/* The TTLs of most queries, most first; their number, and how many different there were. */
unsigned traits_leading(const struct traits *t, uint8_t ttl[static TRAITS_LEADING],
                        unsigned *different);
/* Hosts with enough queries whose TTLs are steady, and varied; others are neither. */
void traits_hosts(const struct traits *t, unsigned *steady, unsigned *varied);

enum traits_verdict {
    TRAITS_OPEN,
    TRAITS_REAL,            /* handshakes were completed, and not nearly all unfinished */
    TRAITS_PROBABLY_REAL,   /* nine tenths of the hosts are steady */
    TRAITS_PROBABLY_FORGED, /* half or more are varied */
};

/* `responses`: of any transport; where there are some, both directions are mirrored. */
enum traits_hearing traits_hearing(const struct traits_handshakes *h, uint64_t responses,
                                   uint64_t tcp_responses);
/* Hosts that seem real are not called so while they are deaf. */
enum traits_verdict traits_verdict(enum traits_hearing hearing, unsigned steady,
                                   unsigned varied);
const char *traits_verdict_name(enum traits_verdict v);              /* "probably-real" */
bool traits_verdict_parse(const char *name, enum traits_verdict *v); /* NULL is none */

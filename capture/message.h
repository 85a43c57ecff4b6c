/*
 * One DNS message seen on the wire, and the batches in which messages travel upwards.
 *
 * Everything analysis needs is copied here: nothing points into a capture buffer, so a batch
 * stays valid until its owner fills it again.  A batch never straddles two intervals: the
 * source stops filling at the limit its caller gives.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

enum {
    MESSAGE_BATCH_MAX = 64,                        /* messages per batch */
    MESSAGE_NAME_BYTES_MAX = 255,                  /* RFC 1035 section 2.3.4 */
    MESSAGE_NAMES_BYTES = MESSAGE_BATCH_MAX * 256, /* the names of a batch always fit */
};

enum message_flag {
    MESSAGE_RESPONSE = 1 << 0,  /* QR */
    MESSAGE_TCP = 1 << 1,       /* else UDP */
    MESSAGE_IPV6 = 1 << 2,      /* of the innermost IP header */
    MESSAGE_EDNS = 1 << 3,      /* an OPT record was found (RFC 6891) */
    MESSAGE_DO = 1 << 4,        /* DNSSEC OK in that record (RFC 3225) */
    MESSAGE_RD = 1 << 5,        /* recursion desired */
    MESSAGE_TC = 1 << 6,        /* truncated */
    MESSAGE_AA = 1 << 7,        /* authoritative answer */
    MESSAGE_QUESTION = 1 << 8,  /* qtype, qclass and the name are those of the first question,
                                 * of whose name name_bytes is 0 if only it cannot be read */
    MESSAGE_MALFORMED = 1 << 9, /* header readable, something behind it is not */
    MESSAGE_CUT = 1 << 10,      /* the capture holds less than was on the wire */
};

struct message {
    int64_t time_ns;    /* capture time, ns since 1970-01-01 UTC */
    uint8_t client[16]; /* who asks: network order, IPv4 in the first 4 octets, then zeros */
    uint16_t flags;     /* enum message_flag */
    uint16_t rcode;     /* 0 to 4095, with the extension of OPT; meaningful in responses */
    uint16_t qtype;     /* host order, as are all numbers here; 0 without MESSAGE_QUESTION */
    uint16_t qclass;
    uint16_t name_at;    /* qname: offset into message_batch.names; wire format, lower case */
    uint8_t name_bytes;  /* with the root's zero octet; 0 without MESSAGE_QUESTION */
    uint8_t opcode;      /* 0 to 15 */
    uint16_t dns_bytes;  /* length of this message on the wire, without the headers below it */
    uint16_t edns_bytes; /* payload size offered in OPT */
    uint16_t id;
    uint16_t client_port;
    uint32_t ttl; /* or hop limit, of the innermost IP header; of the first fragment, and of the
                   * TCP stream's latest segment */
};

struct message_batch {
    uint32_t count;
    uint32_t names_used; /* bytes */
    struct message message[MESSAGE_BATCH_MAX];
    uint8_t names[MESSAGE_NAMES_BYTES];
};

_Static_assert(sizeof(struct message) == 48, "struct message: well under one cache line");

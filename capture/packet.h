/*
 * One frame on its way down through its headers.
 *
 * A header's function takes its octets off `rest` and names what follows with packet_next();
 * layer_walk() finds the function for that in one table.  So no header calls another, no
 * nesting of headers can recurse, and a new one is a row and a short function.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/bytes.h"
#include "capture/message.h"
#include "capture/verdict.h"

enum {
    PACKET_HEADERS_MAX = 40, /* of all kinds in one frame: tags, labels, addresses */
    PACKET_TUNNELS_MAX = 4,  /* IP headers in front of the innermost one */
};

/* LINKTYPE_ numbers that headers hand on to. */
enum {
    LINK_ETHERNET = 1,
    LINK_PPP = 9,
    LINK_LLC = 100, /* LINKTYPE_ATM_RFC1483 */
    LINK_RAW = 101,
    LINK_HDLC = 104,
    LINK_80211 = 105,
};

/* Which registry a number is from. */
enum layer {
    LAYER_LINK,        /* LINKTYPE_ of the capture */
    LAYER_ETHERTYPE,   /* IEEE */
    LAYER_PPP,         /* IANA, PPP protocols */
    LAYER_IP_PROTOCOL, /* IANA, in IPv4 and at the end of IPv6's extension headers */
    LAYER_UDP_PORT,    /* IANA, of the destination */
};

struct packet {
    struct bytes rest; /* from the next header on */
    int64_t time_ns;
    struct message_batch *batch;
    enum layer layer; /* `next` is a number of this kind */
    uint32_t next;
    uint8_t headers; /* passed so far */
    uint8_t ip_headers;
    uint8_t ttl; /* of the innermost IP header so far, as are all below */
    bool ipv6;   /* addresses as in struct message */
    uint8_t source[16];
    uint8_t destination[16];
    uint16_t source_port, destination_port;
};

/* How a header's function says that the frame goes on. */
static inline enum verdict packet_next(struct packet *p, enum layer layer, uint32_t next)
{
    p->layer = layer;
    p->next = next;
    return VERDICT_OPEN;
}

/* A header is not all there: the capture's fault, or its own. */
static inline enum verdict packet_short(const struct packet *p, enum verdict its_own)
{
    return p->rest.missing > 0 ? VERDICT_CUT : its_own;
}

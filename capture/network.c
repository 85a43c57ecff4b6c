/* SPDX-License-Identifier: MIT */
#include "capture/network.h"

#include "capture/fragment.h"

enum {
    IPV4_BYTES = 20,
    IPV6_BYTES = 40,
    EXTENSIONS_MAX = 8, /* RFC 8200 lists 7 kinds; each but one at most once */

    HOP_BY_HOP = 0, /* IANA, Internet Protocol Numbers */
    ROUTING = 43,
    FRAGMENT = 44,
    AUTHENTICATION = 51,
    DESTINATION = 60,
    MOBILITY = 135,
    HIP = 139,
    SHIM6 = 140,
};

static bool enter(struct packet *p)
{
    return p->ip_headers++ <= PACKET_TUNNELS_MAX;
}

/* What follows an IPv4 header; of a fragment, what follows the whole. */
static enum verdict go_on_ipv4(struct decode *d, struct packet *p, const uint8_t *header)
{
    uint16_t place = bytes_u16(header + 6);
    struct fragment f = {
            .identification = bytes_u16(header + 4),
            .offset = (place & 0x1fffU) * 8,
            .more = (place & 0x2000) != 0,
            .next = header[9],
    };
    if (f.more || f.offset != 0) {
        enum verdict v = fragment_add(d, p, &f);
        if (v != VERDICT_OPEN)
            return v;
    }
    return packet_next(p, LAYER_IP_PROTOCOL, f.next);
}

enum verdict network_ipv4(struct decode *d, struct packet *p)
{
    struct bytes whole = p->rest;
    const uint8_t *header = bytes_take(&p->rest, IPV4_BYTES);
    if (header == NULL)
        return packet_short(p, VERDICT_IP_HEADER);
    if (header[0] >> 4 != 4)
        return VERDICT_IP_VERSION;
    if (!enter(p))
        return VERDICT_TOO_DEEP;

    size_t header_bytes = (header[0] & 15U) * (size_t)4;
    size_t total = bytes_u16(header + 2);
    if (header_bytes < IPV4_BYTES || (total != 0 && total < header_bytes))
        return VERDICT_IP_HEADER;
    if (total != 0)
        bytes_claim(&whole, total);
    p->rest = whole;
    if (bytes_take(&p->rest, header_bytes) == NULL)
        return packet_short(p, VERDICT_IP_HEADER);

    p->ipv6 = false;
    p->ttl = header[8];
    memset(p->source, 0, sizeof p->source);
    memset(p->destination, 0, sizeof p->destination);
    memcpy(p->source, header + 12, 4);
    memcpy(p->destination, header + 16, 4);
    return go_on_ipv4(d, p, header);
}

/* Octets of the extension header of kind `next` that begins `first`; 0: not one of them. */
static size_t extension_bytes(uint8_t next, const uint8_t *first)
{
    switch (next) {
    case HOP_BY_HOP:
    case ROUTING:
    case DESTINATION:
    case MOBILITY:
    case HIP:
    case SHIM6:
        return first[1] * 8U + 8U;
    case AUTHENTICATION:
        return first[1] * 4U + 8U;
    case FRAGMENT:
        return 8;
    default:
        return 0;
    }
}

static bool is_extension(uint8_t next)
{
    return extension_bytes(next, (const uint8_t[2]){0}) != 0;
}

/*
 * A fragment header (RFC 8200 section 4.5); `next` is what follows the whole.  An atomic
 * fragment is whole (RFC 6946): no offset, nothing to come.
 */
static enum verdict see_fragment(struct decode *d, struct packet *p, const uint8_t *header,
                                 uint8_t *next)
{
    uint16_t place = bytes_u16(header + 2);
    struct fragment f = {
            .identification = bytes_u32(header + 4),
            .offset = place & 0xfff8,
            .more = (place & 1) != 0,
            .next = header[0],
    };
    enum verdict v = VERDICT_OPEN;
    if (f.more || f.offset != 0)
        v = fragment_add(d, p, &f);
    *next = f.next;
    return v;
}

static enum verdict follow_extensions(struct decode *d, struct packet *p, uint8_t next)
{
    for (int i = 0; is_extension(next); i++) {
        if (i == EXTENSIONS_MAX)
            return VERDICT_EXTENSION_CHAIN;
        const uint8_t *header = bytes_peek(&p->rest, 8);
        if (header == NULL || bytes_take(&p->rest, extension_bytes(next, header)) == NULL)
            return packet_short(p, VERDICT_IP_HEADER);
        if (next != FRAGMENT) {
            next = header[0];
            continue;
        }
        enum verdict v = see_fragment(d, p, header, &next);
        if (v != VERDICT_OPEN)
            return v;
    }
    return packet_next(p, LAYER_IP_PROTOCOL, next);
}

enum verdict network_ipv6(struct decode *d, struct packet *p)
{
    const uint8_t *header = bytes_take(&p->rest, IPV6_BYTES);
    if (header == NULL)
        return packet_short(p, VERDICT_IP_HEADER);
    if (header[0] >> 4 != 6)
        return VERDICT_IP_VERSION;
    if (!enter(p))
        return VERDICT_TOO_DEEP;

    size_t payload = bytes_u16(header + 4);
    if (payload != 0)
        bytes_claim(&p->rest, payload);
    p->ipv6 = true;
    p->ttl = header[7];
    memcpy(p->source, header + 8, 16);
    memcpy(p->destination, header + 24, 16);
    return follow_extensions(d, p, header[6]);
}

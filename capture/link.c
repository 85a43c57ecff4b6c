/* SPDX-License-Identifier: MIT */
#include "capture/link.h"

enum {
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_IPV6 = 0x86dd,
    ETHERTYPE_LOWEST = 0x0600, /* below it is a length (IEEE 802.3 3.2.6) */
};

static enum verdict ethertype_or_length(struct packet *p, uint16_t value)
{
    if (value < ETHERTYPE_LOWEST)
        return VERDICT_NOT_IP;
    return packet_next(p, LAYER_ETHERTYPE, value);
}

enum verdict link_ethernet(struct decode *d, struct packet *p)
{
    (void)d;
    const uint8_t *header = bytes_take(&p->rest, 14);
    if (header == NULL)
        return packet_short(p, VERDICT_NOT_IP);
    return ethertype_or_length(p, bytes_u16(header + 12));
}

enum verdict link_vlan(struct decode *d, struct packet *p)
{
    (void)d;
    const uint8_t *tag = bytes_take(&p->rest, 4);
    if (tag == NULL)
        return packet_short(p, VERDICT_NOT_IP);
    return ethertype_or_length(p, bytes_u16(tag + 2));
}

enum verdict link_raw(struct decode *d, struct packet *p)
{
    (void)d;
    const uint8_t *first = bytes_peek(&p->rest, 1);
    if (first == NULL)
        return packet_short(p, VERDICT_NOT_IP);
    switch (*first >> 4) {
    case 4:
        return packet_next(p, LAYER_ETHERTYPE, ETHERTYPE_IPV4);
    case 6:
        return packet_next(p, LAYER_ETHERTYPE, ETHERTYPE_IPV6);
    default:
        return VERDICT_IP_VERSION;
    }
}

enum verdict link_sll(struct decode *d, struct packet *p)
{
    (void)d;
    const uint8_t *header = bytes_take(&p->rest, 16);
    if (header == NULL)
        return packet_short(p, VERDICT_NOT_IP);
    return ethertype_or_length(p, bytes_u16(header + 14));
}

enum verdict link_sll2(struct decode *d, struct packet *p)
{
    (void)d;
    const uint8_t *header = bytes_take(&p->rest, 20);
    if (header == NULL)
        return packet_short(p, VERDICT_NOT_IP);
    return ethertype_or_length(p, bytes_u16(header));
}

/*
 * The family is written in the byte order of the machine that captured; some systems write an
 * Ethernet type in the second half instead.
 */
enum verdict link_null(struct decode *d, struct packet *p)
{
    (void)d;
    const uint8_t *header = bytes_take(&p->rest, 4);
    if (header == NULL)
        return packet_short(p, VERDICT_NOT_IP);
    uint32_t family = bytes_u32(header);
    if ((family & UINT16_MAX) == 0)
        family = __builtin_bswap32(family);
    switch (family) {
    case 2: /* AF_INET everywhere */
        return packet_next(p, LAYER_ETHERTYPE, ETHERTYPE_IPV4);
    case 10: /* AF_INET6 of Linux, NetBSD and OpenBSD, FreeBSD, macOS */
    case 24:
    case 28:
    case 30:
        return packet_next(p, LAYER_ETHERTYPE, ETHERTYPE_IPV6);
    default:
        return ethertype_or_length(p, family & UINT16_MAX);
    }
}

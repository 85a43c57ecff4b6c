/* SPDX-License-Identifier: MIT */
#include "capture/link.h"

enum {
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_IPV6 = 0x86dd,
    ETHERTYPE_LOWEST = 0x0600, /* below it is a length (IEEE 802.3 3.2.6) */
    SLL_LLC = 4,               /* in place of an Ethernet type */
    PPP_ADDRESS = 0xff,
    PPP_CONTROL = 0x03,
    NFLOG_PAYLOAD = 9,
};

static enum verdict ethertype_or_length(struct packet *p, uint16_t value)
{
    if (value >= ETHERTYPE_LOWEST)
        return packet_next(p, LAYER_ETHERTYPE, value);
    (void)bytes_limit(&p->rest, value); /* padding follows, if anything */
    return packet_next(p, LAYER_LINK, LINK_LLC);
}

/* A tag of `n` octets that ends with the type of what follows. */
static enum verdict skip_tag(struct packet *p, size_t n)
{
    const uint8_t *tag = bytes_take(&p->rest, n);
    if (tag == NULL)
        return packet_short(p, VERDICT_NOT_IP);
    return ethertype_or_length(p, bytes_u16(tag + n - 2));
}

/* `n` octets that say nothing we need. */
static enum verdict skip_to(struct packet *p, size_t n, uint32_t link)
{
    if (bytes_take(&p->rest, n) == NULL)
        return packet_short(p, VERDICT_NOT_IP);
    return packet_next(p, LAYER_LINK, link);
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
    return skip_tag(p, 4);
}

enum verdict link_vn_tag(struct decode *d, struct packet *p)
{
    (void)d;
    return skip_tag(p, 6);
}

enum verdict link_e_tag(struct decode *d, struct packet *p)
{
    (void)d;
    return skip_tag(p, 8);
}

enum verdict link_i_tag(struct decode *d, struct packet *p)
{
    (void)d;
    return skip_to(p, 4, LINK_ETHERNET);
}

enum verdict link_llc(struct decode *d, struct packet *p)
{
    (void)d;
    const uint8_t *llc = bytes_take(&p->rest, 3);
    if (llc == NULL)
        return packet_short(p, VERDICT_NOT_IP);
    if (llc[0] == 0x06 && llc[1] == 0x06 && llc[2] == 0x03)
        return packet_next(p, LAYER_ETHERTYPE, ETHERTYPE_IPV4);
    if (llc[0] != 0xaa || llc[1] != 0xaa || llc[2] != 0x03)
        return VERDICT_NOT_IP;
    const uint8_t *snap = bytes_take(&p->rest, 5);
    if (snap == NULL)
        return packet_short(p, VERDICT_NOT_IP);
    uint32_t organisation = bytes_u32(snap) >> 8;
    if (organisation != 0 && organisation != 0x0000f8) /* RFC 1042; IEEE 802.1H */
        return VERDICT_NOT_IP;
    return packet_next(p, LAYER_ETHERTYPE, bytes_u16(snap + 3));
}

enum verdict link_fddi(struct decode *d, struct packet *p)
{
    (void)d;
    const uint8_t *control = bytes_take(&p->rest, 13); /* and two addresses */
    if (control == NULL || (*control & 0xf0) != 0x50)
        return packet_short(p, VERDICT_NOT_IP);
    return packet_next(p, LAYER_LINK, LINK_LLC);
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
    uint16_t protocol = bytes_u16(header + 14);
    return protocol == SLL_LLC ? packet_next(p, LAYER_LINK, LINK_LLC)
                               : packet_next(p, LAYER_ETHERTYPE, protocol);
}

enum verdict link_sll2(struct decode *d, struct packet *p)
{
    (void)d;
    const uint8_t *header = bytes_take(&p->rest, 20);
    if (header == NULL)
        return packet_short(p, VERDICT_NOT_IP);
    uint16_t protocol = bytes_u16(header);
    return protocol == SLL_LLC ? packet_next(p, LAYER_LINK, LINK_LLC)
                               : packet_next(p, LAYER_ETHERTYPE, protocol);
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
    case 10: /* AF_INET6 of Linux; Windows; NetBSD and OpenBSD; Solaris; FreeBSD; macOS */
    case 23:
    case 24:
    case 26:
    case 28:
    case 30:
        return packet_next(p, LAYER_ETHERTYPE, ETHERTYPE_IPV6);
    default:
        return packet_next(p, LAYER_ETHERTYPE, family & UINT16_MAX);
    }
}

enum verdict link_enc(struct decode *d, struct packet *p)
{
    (void)d;
    return skip_to(p, 12, LINK_RAW);
}

/* Both of these may have been left out by agreement, and the protocol's first octet, if 0. */
enum verdict link_ppp(struct decode *d, struct packet *p)
{
    (void)d;
    const uint8_t *start = bytes_peek(&p->rest, 2);
    if (start == NULL)
        return packet_short(p, VERDICT_NOT_IP);
    if (start[0] == PPP_ADDRESS && start[1] == PPP_CONTROL)
        (void)bytes_take(&p->rest, 2);
    const uint8_t *protocol = bytes_peek(&p->rest, 1);
    size_t n = protocol != NULL && *protocol & 1 ? 1 : 2;
    if (bytes_take(&p->rest, n) == NULL)
        return packet_short(p, VERDICT_NOT_IP);
    return packet_next(p, LAYER_PPP, n == 1 ? *protocol : bytes_u16(protocol));
}

enum verdict link_ppp_pppd(struct decode *d, struct packet *p)
{
    (void)d;
    return skip_to(p, 2, LINK_PPP);
}

enum verdict link_ppp_with_direction(struct decode *d, struct packet *p)
{
    (void)d;
    return skip_to(p, 1, LINK_PPP);
}

enum verdict link_hdlc(struct decode *d, struct packet *p)
{
    (void)d;
    const uint8_t *first = bytes_peek(&p->rest, 1);
    if (first != NULL && *first != 0x0f && *first != 0x8f) /* unicast, multicast */
        return packet_next(p, LAYER_LINK, LINK_PPP);
    return skip_tag(p, 4);
}

enum verdict link_hdlc_with_direction(struct decode *d, struct packet *p)
{
    (void)d;
    return skip_to(p, 1, LINK_HDLC);
}

/* Octets of the header of an IEEE 802.11 data frame. */
static size_t data_header_bytes(const uint8_t *control)
{
    bool quality = control[0] & 0x80;
    size_t n = 24;
    n += (control[1] & 0x03) == 0x03 ? 6 : 0; /* a fourth address */
    n += quality ? 2 : 0;
    n += quality && control[1] & 0x80 ? 4 : 0; /* HT control */
    return n;
}

enum verdict link_80211(struct decode *d, struct packet *p)
{
    (void)d;
    const uint8_t *control = bytes_peek(&p->rest, 2);
    if (control == NULL)
        return packet_short(p, VERDICT_NOT_IP);
    if ((control[0] & 0x4c) != 0x08) /* data, and not without data */
        return VERDICT_NOT_IP;
    if (control[1] & 0x40)
        return VERDICT_ENCRYPTED;
    if (bytes_take(&p->rest, data_header_bytes(control)) == NULL)
        return packet_short(p, VERDICT_NOT_IP);
    const uint8_t *padded = bytes_peek(&p->rest, 4);
    if (padded != NULL && bytes_u16(padded) == 0 && bytes_u16(padded + 2) == 0xaaaa)
        (void)bytes_take(&p->rest, 2); /* some drivers align what follows */
    return packet_next(p, LAYER_LINK, LINK_LLC);
}

/* These two are little-endian everywhere. */
static uint32_t little(const uint8_t *octets, size_t n)
{
    uint32_t value = 0;
    for (size_t i = 0; i < n; i++)
        value |= (uint32_t)octets[i] << 8 * i;
    return value;
}

enum verdict link_radiotap(struct decode *d, struct packet *p)
{
    (void)d;
    const uint8_t *header = bytes_peek(&p->rest, 4);
    if (header == NULL)
        return packet_short(p, VERDICT_NOT_IP);
    return skip_to(p, little(header + 2, 2), LINK_80211);
}

enum verdict link_ppi(struct decode *d, struct packet *p)
{
    (void)d;
    const uint8_t *header = bytes_peek(&p->rest, 8);
    if (header == NULL)
        return packet_short(p, VERDICT_NOT_IP);
    return skip_to(p, little(header + 2, 2), little(header + 4, 4));
}

/* Attributes: a length, which counts the header of four octets, and a type, both in the byte
 * order of the machine that captured; the length of the first is below 256 and shows which. */
enum verdict link_nflog(struct decode *d, struct packet *p)
{
    (void)d;
    if (bytes_take(&p->rest, 4) == NULL)
        return packet_short(p, VERDICT_NOT_IP);
    const uint8_t *first = bytes_peek(&p->rest, 2);
    bool swapped = first != NULL && first[0] == 0;
    for (int i = 0; i < PACKET_HEADERS_MAX; i++) {
        const uint8_t *header = bytes_take(&p->rest, 4);
        if (header == NULL)
            return packet_short(p, VERDICT_NOT_IP);
        uint32_t length = swapped ? bytes_u16(header) : little(header, 2);
        uint32_t type = swapped ? bytes_u16(header + 2) : little(header + 2, 2);
        if (length < 4)
            return VERDICT_NOT_IP;
        if (type == NFLOG_PAYLOAD)
            return packet_next(p, LAYER_LINK, LINK_RAW);
        if (bytes_take(&p->rest, (length - 4 + 3) / 4 * (size_t)4) == NULL)
            return packet_short(p, VERDICT_NOT_IP);
    }
    return VERDICT_NOT_IP;
}

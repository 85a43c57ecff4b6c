/* SPDX-License-Identifier: MIT */
#include "capture/encapsulation.h"

enum {
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_IPV6 = 0x86dd,
    ETHERTYPE_MPLS = 0x8847,
    ETHERTYPE_ETHERNET = 0x6558, /* "transparent Ethernet bridging" */
    ETHERTYPE_NSH = 0x894f,

    GRE_CHECKSUM = 0x8000,
    GRE_ROUTING = 0x4000,
    GRE_KEY = 0x2000,
    GRE_SEQUENCE = 0x1000,
    GRE_ACKNOWLEDGMENT = 0x0080, /* version 1 */
    GRE_VERSION = 0x0007,
    GRE_ERSPAN = 0x88be, /* I without, II with a sequence number */
    GRE_ERSPAN_III = 0x22eb,
    GRE_PPP = 0x880b,
    GRE_WCCP = 0x883e,
};

/* ---- MPLS ------------------------------------------------------------------------------- */

/* Whether an Ethernet header can stand `at` octets from here: by its type. */
static bool is_ethernet(const struct bytes *rest, size_t at)
{
    static const uint16_t known[] = {ETHERTYPE_IPV4, ETHERTYPE_IPV6, 0x8100, 0x88a8,
                                     0x0806,         ETHERTYPE_MPLS, 0x8864, 0x9100};
    const uint8_t *h = bytes_peek(rest, at + 14);
    for (size_t i = 0; h != NULL && i < sizeof known / sizeof *known; i++)
        if (bytes_u16(h + at + 12) == known[i])
            return true;
    return false;
}

/* A length beyond the frame's is that of a sliced packet, unless this is Ethernet. */
static bool fits(const struct bytes *rest, size_t length)
{
    return length <= bytes_on_wire(rest) || !is_ethernet(rest, 0);
}

static bool is_ipv4(const struct bytes *rest)
{
    const uint8_t *h = bytes_peek(rest, 20);
    return h != NULL && h[0] >> 4 == 4 && (h[0] & 15) >= 5 && bytes_u16(h + 2) >= 20 &&
           fits(rest, bytes_u16(h + 2));
}

static bool is_ipv6(const struct bytes *rest)
{
    const uint8_t *h = bytes_peek(rest, 40);
    return h != NULL && h[0] >> 4 == 6 && fits(rest, 40U + bytes_u16(h + 4));
}

/*
 * The label stack does not say what it carries.  IP shows by its version and length; else it
 * is Ethernet, behind a control word where its first four bits are 0, unless the Ethernet type
 * shows that these bits begin an address.
 */
static enum verdict below_labels(struct packet *p)
{
    const uint8_t *first = bytes_peek(&p->rest, 1);
    if (first == NULL || (p->rest.missing > 0 && bytes_left(&p->rest) < 40))
        return packet_short(p, VERDICT_TUNNEL_HEADER); /* too few to tell, or for a message */
    if (is_ipv4(&p->rest))
        return packet_next(p, LAYER_ETHERTYPE, ETHERTYPE_IPV4);
    if (is_ipv6(&p->rest))
        return packet_next(p, LAYER_ETHERTYPE, ETHERTYPE_IPV6);
    if (*first >> 4 == 1)
        return VERDICT_NOT_IP; /* a pseudowire's own messages, RFC 4385 section 5 */
    bool control = *first >> 4 == 0 && (is_ethernet(&p->rest, 4) || !is_ethernet(&p->rest, 0));
    if (control && bytes_take(&p->rest, 4) == NULL)
        return packet_short(p, VERDICT_TUNNEL_HEADER);
    return packet_next(p, LAYER_ETHERTYPE, ETHERTYPE_ETHERNET);
}

enum verdict encapsulation_mpls(struct decode *d, struct packet *p)
{
    (void)d;
    const uint8_t *label = bytes_take(&p->rest, 4);
    if (label == NULL)
        return packet_short(p, VERDICT_TUNNEL_HEADER);
    bool bottom = label[2] & 1;
    return bottom ? below_labels(p) : packet_next(p, LAYER_ETHERTYPE, ETHERTYPE_MPLS);
}

/* ---- PPPoE, NSH ------------------------------------------------------------------------ */

enum verdict encapsulation_pppoe(struct decode *d, struct packet *p)
{
    (void)d;
    const uint8_t *header = bytes_take(&p->rest, 6);
    if (header == NULL)
        return packet_short(p, VERDICT_TUNNEL_HEADER);
    if (header[0] != 0x11 || header[1] != 0) /* version 1, type 1; session data */
        return VERDICT_TUNNEL_HEADER;
    bytes_claim(&p->rest, bytes_u16(header + 4));
    const uint8_t *protocol = bytes_take(&p->rest, 2);
    if (protocol == NULL)
        return packet_short(p, VERDICT_TUNNEL_HEADER);
    return packet_next(p, LAYER_PPP, bytes_u16(protocol));
}

/* What the one-octet "next protocol" of NSH and VXLAN-GPE means. */
static enum verdict next_protocol(struct packet *p, uint8_t number)
{
    static const uint16_t ethertype[] = {0,
                                         ETHERTYPE_IPV4,
                                         ETHERTYPE_IPV6,
                                         ETHERTYPE_ETHERNET,
                                         ETHERTYPE_NSH,
                                         ETHERTYPE_MPLS};
    if (number == 0 || number >= sizeof ethertype / sizeof *ethertype)
        return VERDICT_NOT_IP;
    return packet_next(p, LAYER_ETHERTYPE, ethertype[number]);
}

enum verdict encapsulation_nsh(struct decode *d, struct packet *p)
{
    (void)d;
    const uint8_t *base = bytes_peek(&p->rest, 8);
    if (base == NULL)
        return packet_short(p, VERDICT_TUNNEL_HEADER);
    size_t length = (base[1] & 0x3fU) * (size_t)4;
    if (length < 8)
        return VERDICT_TUNNEL_HEADER;
    if (bytes_take(&p->rest, length) == NULL)
        return packet_short(p, VERDICT_TUNNEL_HEADER);
    return next_protocol(p, base[3]);
}

/* ---- On IP ----------------------------------------------------------------------------- */

/* Octets of the optional fields behind the first four. */
static size_t gre_fields(uint16_t flags)
{
    size_t n = flags & (GRE_CHECKSUM | GRE_ROUTING) ? 4 : 0;
    n += flags & GRE_KEY ? 4 : 0;
    n += flags & GRE_SEQUENCE ? 4 : 0;
    if ((flags & GRE_VERSION) == 1 && flags & GRE_ACKNOWLEDGMENT)
        n += 4;
    return n;
}

/* Source routes (RFC 1701): each says its length, a length of 0 ends them. */
static bool skip_gre_routes(struct bytes *rest)
{
    for (int i = 0; i < 8; i++) {
        const uint8_t *entry = bytes_take(rest, 4);
        if (entry == NULL || bytes_take(rest, entry[3]) == NULL)
            return false;
        if (entry[3] == 0)
            return true;
    }
    return false;
}

static enum verdict erspan(struct packet *p, uint16_t protocol, bool sequence)
{
    size_t header = sequence ? 8 : 0;
    if (protocol == GRE_ERSPAN_III) {
        const uint8_t *h = bytes_peek(&p->rest, 12);
        header = h != NULL && h[11] & 1 ? 20 : 12; /* with a platform's own part */
    }
    if (bytes_take(&p->rest, header) == NULL)
        return packet_short(p, VERDICT_TUNNEL_HEADER);
    return packet_next(p, LAYER_ETHERTYPE, ETHERTYPE_ETHERNET);
}

/* A redirected packet, in version 2 behind four octets that do not begin like IPv4. */
static enum verdict wccp(struct packet *p)
{
    const uint8_t *first = bytes_peek(&p->rest, 1);
    if (first != NULL && *first >> 4 != 4)
        (void)bytes_take(&p->rest, 4);
    return packet_next(p, LAYER_ETHERTYPE, ETHERTYPE_IPV4);
}

enum verdict encapsulation_gre(struct decode *d, struct packet *p)
{
    (void)d;
    const uint8_t *header = bytes_take(&p->rest, 4);
    if (header == NULL)
        return packet_short(p, VERDICT_TUNNEL_HEADER);
    uint16_t flags = bytes_u16(header);
    uint16_t protocol = bytes_u16(header + 2);
    if ((flags & GRE_VERSION) > 1)
        return VERDICT_TUNNEL_HEADER;
    if (bytes_take(&p->rest, gre_fields(flags)) == NULL ||
        (flags & GRE_ROUTING && !skip_gre_routes(&p->rest)))
        return packet_short(p, VERDICT_TUNNEL_HEADER);

    switch (protocol) {
    case GRE_ERSPAN:
    case GRE_ERSPAN_III:
        return erspan(p, protocol, flags & GRE_SEQUENCE);
    case GRE_PPP:
        if (bytes_on_wire(&p->rest) == 0)
            return VERDICT_NOT_IP; /* an acknowledgment alone */
        return packet_next(p, LAYER_LINK, LINK_PPP);
    case GRE_WCCP:
        return wccp(p);
    default:
        return packet_next(p, LAYER_ETHERTYPE, protocol);
    }
}

enum verdict encapsulation_ah(struct decode *d, struct packet *p)
{
    (void)d;
    const uint8_t *header = bytes_peek(&p->rest, 12);
    if (header == NULL || bytes_take(&p->rest, header[1] * (size_t)4 + 8) == NULL)
        return packet_short(p, VERDICT_TUNNEL_HEADER);
    return packet_next(p, LAYER_IP_PROTOCOL, header[0]);
}

enum verdict encapsulation_etherip(struct decode *d, struct packet *p)
{
    (void)d;
    const uint8_t *header = bytes_take(&p->rest, 2);
    if (header == NULL || header[0] >> 4 != 3)
        return packet_short(p, VERDICT_TUNNEL_HEADER);
    return packet_next(p, LAYER_ETHERTYPE, ETHERTYPE_ETHERNET);
}

/* ---- On UDP ---------------------------------------------------------------------------- */

enum verdict encapsulation_vxlan(struct decode *d, struct packet *p)
{
    (void)d;
    const uint8_t *header = bytes_take(&p->rest, 8);
    if (header == NULL)
        return packet_short(p, VERDICT_OTHER_TRAFFIC);
    if (!(header[0] & 0x08)) /* has a network identifier */
        return VERDICT_OTHER_TRAFFIC;
    return packet_next(p, LAYER_ETHERTYPE, ETHERTYPE_ETHERNET);
}

enum verdict encapsulation_vxlan_gpe(struct decode *d, struct packet *p)
{
    (void)d;
    const uint8_t *header = bytes_take(&p->rest, 8);
    if (header == NULL)
        return packet_short(p, VERDICT_OTHER_TRAFFIC);
    if (!(header[0] & 0x08) || header[0] & 0x30) /* the same; version 0 */
        return VERDICT_OTHER_TRAFFIC;
    if (!(header[0] & 0x04)) /* names no protocol */
        return packet_next(p, LAYER_ETHERTYPE, ETHERTYPE_ETHERNET);
    return next_protocol(p, header[3]);
}

enum verdict encapsulation_geneve(struct decode *d, struct packet *p)
{
    (void)d;
    const uint8_t *header = bytes_take(&p->rest, 8);
    if (header == NULL)
        return packet_short(p, VERDICT_OTHER_TRAFFIC);
    if (header[0] >> 6 != 0) /* version */
        return VERDICT_OTHER_TRAFFIC;
    if (bytes_take(&p->rest, (header[0] & 0x3fU) * (size_t)4) == NULL)
        return packet_short(p, VERDICT_TUNNEL_HEADER);
    return packet_next(p, LAYER_ETHERTYPE, bytes_u16(header + 2));
}

/* Extension headers: a length in fours of octets first, what follows last. */
static bool skip_gtp_extensions(struct bytes *rest, uint8_t next)
{
    for (int i = 0; next != 0; i++) {
        const uint8_t *length = bytes_peek(rest, 1);
        if (i == 8 || length == NULL || *length == 0 ||
            bytes_take(rest, *length * (size_t)4) == NULL)
            return false;
        next = length[*length * (size_t)4 - 1];
    }
    return true;
}

enum verdict encapsulation_gtp(struct decode *d, struct packet *p)
{
    (void)d;
    const uint8_t *header = bytes_take(&p->rest, 8);
    if (header == NULL)
        return packet_short(p, VERDICT_OTHER_TRAFFIC);
    if (header[0] >> 4 != 3 || header[1] != 0xff) /* version 1, GTP; user data */
        return VERDICT_OTHER_TRAFFIC;
    bytes_claim(&p->rest, bytes_u16(header + 2));
    if (header[0] & 0x07) {
        const uint8_t *more = bytes_take(&p->rest, 4);
        uint8_t next = more != NULL && header[0] & 0x04 ? more[3] : 0;
        if (more == NULL || !skip_gtp_extensions(&p->rest, next))
            return packet_short(p, VERDICT_TUNNEL_HEADER);
    }
    return packet_next(p, LAYER_LINK, LINK_RAW);
}

/* Tagged fields: a type, for most a length, and the value.  1 ends them, 0 is padding. */
static bool skip_tzsp_fields(struct bytes *rest)
{
    for (int i = 0; i < 32; i++) {
        const uint8_t *type = bytes_take(rest, 1);
        if (type == NULL)
            return false;
        if (*type == 1)
            return true;
        if (*type == 0)
            continue;
        const uint8_t *length = bytes_take(rest, 1);
        if (length == NULL || bytes_take(rest, *length) == NULL)
            return false;
    }
    return false;
}

enum verdict encapsulation_tzsp(struct decode *d, struct packet *p)
{
    (void)d;
    const uint8_t *header = bytes_take(&p->rest, 4);
    if (header == NULL)
        return packet_short(p, VERDICT_OTHER_TRAFFIC);
    if (header[0] != 1 || header[1] > 1 || bytes_u16(header + 2) != 1) /* an Ethernet frame */
        return VERDICT_OTHER_TRAFFIC;
    if (!skip_tzsp_fields(&p->rest))
        return packet_short(p, VERDICT_TUNNEL_HEADER);
    return packet_next(p, LAYER_ETHERTYPE, ETHERTYPE_ETHERNET);
}

/* SPDX-License-Identifier: MIT */
#include "capture/layer.h"

#include "capture/encapsulation.h"
#include "capture/icmp.h"
#include "capture/link.h"
#include "capture/network.h"
#include "capture/transport.h"

struct layer_row {
    uint32_t number;
    layer_function *read;
};

static enum verdict not_ip(struct decode *d, struct packet *p)
{
    (void)d;
    (void)p;
    return VERDICT_NOT_IP;
}

static enum verdict not_dns(struct decode *d, struct packet *p)
{
    (void)d;
    (void)p;
    return VERDICT_OTHER_TRAFFIC;
}

static enum verdict encrypted(struct decode *d, struct packet *p)
{
    (void)d;
    (void)p;
    return VERDICT_ENCRYPTED;
}

static enum verdict unknown_link(struct decode *d, struct packet *p)
{
    leading_add(&d->counts.unknown[UNKNOWN_LINK_TYPE], p->next, 1);
    return VERDICT_UNKNOWN_LINK;
}

static enum verdict unknown_ethertype(struct decode *d, struct packet *p)
{
    leading_add(&d->counts.unknown[UNKNOWN_ETHERTYPE], p->next, 1);
    return VERDICT_UNKNOWN_ETHERTYPE;
}

static enum verdict unknown_protocol(struct decode *d, struct packet *p)
{
    leading_add(&d->counts.unknown[UNKNOWN_PROTOCOL], p->next, 1);
    return VERDICT_IP_PROTOCOL;
}

/* Each table is searched in its order: the common ones first. */

/* clang-format off */
static const struct layer_row links[] = {
        {LINK_ETHERNET, link_ethernet},
        {113, link_sll},
        {276, link_sll2},
        {LINK_RAW, link_raw},
        {12, link_raw},       /* DLT_RAW of most systems */
        {14, link_raw},       /* of OpenBSD */
        {228, network_ipv4},
        {229, network_ipv6},
        {0, link_null},
        {108, link_null},     /* in network order */
        {LINK_PPP, link_ppp},
        {50, link_hdlc},      /* PPP in HDLC-like framing, or Cisco's */
        {51, encapsulation_pppoe},
        {166, link_ppp_pppd},
        {204, link_ppp_with_direction},
        {LINK_HDLC, link_hdlc},
        {205, link_hdlc_with_direction},
        {LINK_LLC, link_llc},
        {10, link_fddi},
        {LINK_80211, link_80211},
        {127, link_radiotap},
        {192, link_ppi},
        {239, link_nflog},
        {109, link_enc},
};

static const struct layer_row ethertypes[] = {
        {0x0800, network_ipv4},
        {0x86dd, network_ipv6},
        {0x8100, link_vlan},           /* IEEE 802.1Q */
        {0x88a8, link_vlan},           /* IEEE 802.1ad */
        {0x9100, link_vlan},           /* stacked tags before 802.1ad */
        {0x9200, link_vlan},
        {0x9300, link_vlan},
        {0x8847, encapsulation_mpls},
        {0x8848, encapsulation_mpls},  /* labels assigned upstream */
        {0x8864, encapsulation_pppoe},
        {0x6558, link_ethernet},
        {0x8926, link_vn_tag},
        {0x893f, link_e_tag},
        {0x88e7, link_i_tag},
        {0x894f, encapsulation_nsh},
        {0x88e5, encrypted},           /* IEEE 802.1AE */
        {0x0806, not_ip},              /* ARP */
        {0x8035, not_ip},              /* RARP; keepalives in Cisco HDLC */
        {0x8863, not_ip},              /* PPPoE discovery */
        {0x8809, not_ip},              /* slow protocols: LACP */
        {0x88cc, not_ip},              /* LLDP */
        {0x888e, not_ip},              /* 802.1X */
        {0x8902, not_ip},              /* 802.1ag */
        {0x88f7, not_ip},              /* IEEE 1588 */
        {0x9000, not_ip},              /* loopback test */
        {0x2000, not_ip},              /* Cisco discovery, in HDLC */
};

static const struct layer_row ppp_protocols[] = {
        {0x0021, network_ipv4},
        {0x0057, network_ipv6},
        {0x0281, encapsulation_mpls},
        {0x0283, encapsulation_mpls},
};

static const struct layer_row protocols[] = {
        {17, transport_udp},
        {6, transport_tcp},
        {4, network_ipv4},
        {41, network_ipv6},
        {47, encapsulation_gre},
        {51, encapsulation_ah},
        {97, encapsulation_etherip},
        {137, encapsulation_mpls},
        {50, encrypted},       /* ESP */
        {1, icmp_ipv4},        /* what it quotes was counted, or not, when it was sent */
        {58, icmp_ipv6},
        {2, not_dns},          /* IGMP */
        {59, not_dns},         /* nothing (RFC 8200 section 4.7) */
        {89, not_dns},         /* OSPF */
        {103, not_dns},        /* PIM */
        {112, not_dns},        /* VRRP */
        {132, not_dns},        /* SCTP */
};

static const struct layer_row udp_ports[] = {
        {4789, encapsulation_vxlan},
        {8472, encapsulation_vxlan},   /* before IANA assigned a port */
        {4790, encapsulation_vxlan_gpe},
        {6081, encapsulation_geneve},
        {2152, encapsulation_gtp},
        {4754, encapsulation_gre},     /* RFC 8086 */
        {6635, encapsulation_mpls},    /* RFC 7510 */
        {37008, encapsulation_tzsp},
};
/* clang-format on */

static const struct {
    const struct layer_row *row;
    size_t rows;
    layer_function *otherwise;
} layers[] = {
        [LAYER_LINK] = {links, sizeof links / sizeof *links, unknown_link},
        [LAYER_ETHERTYPE] = {ethertypes, sizeof ethertypes / sizeof *ethertypes,
                             unknown_ethertype},
        [LAYER_PPP] = {ppp_protocols, sizeof ppp_protocols / sizeof *ppp_protocols, not_ip},
        [LAYER_IP_PROTOCOL] = {protocols, sizeof protocols / sizeof *protocols,
                               unknown_protocol},
        [LAYER_UDP_PORT] = {udp_ports, sizeof udp_ports / sizeof *udp_ports, not_dns},
};

static layer_function *function_for(enum layer layer, uint32_t number)
{
    for (size_t i = 0; i < layers[layer].rows; i++)
        if (layers[layer].row[i].number == number)
            return layers[layer].row[i].read;
    return layers[layer].otherwise;
}

enum verdict layer_walk(struct decode *d, struct packet *p)
{
    enum verdict v = VERDICT_OPEN;
    while (v == VERDICT_OPEN) {
        if (p->headers++ == PACKET_HEADERS_MAX)
            return VERDICT_TOO_DEEP;
        v = function_for(p->layer, p->next)(d, p);
    }
    return v;
}

/* SPDX-License-Identifier: MIT */
#include "capture/layer.h"

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

static enum verdict unknown_link(struct decode *d, struct packet *p)
{
    d->counts.unknown_link = (int32_t)p->next;
    return VERDICT_UNKNOWN_LINK;
}

static enum verdict unknown_ethertype(struct decode *d, struct packet *p)
{
    d->counts.unknown_ethertype = (uint16_t)p->next;
    return VERDICT_UNKNOWN_ETHERTYPE;
}

static enum verdict unknown_protocol(struct decode *d, struct packet *p)
{
    d->counts.unknown_protocol = (uint8_t)p->next;
    return VERDICT_IP_PROTOCOL;
}

/* Each table is searched in its order: the common ones first. */

static const struct layer_row links[] = {
        {1, link_ethernet},  {12, link_raw},      {14, link_raw},  {101, link_raw},
        {228, network_ipv4}, {229, network_ipv6}, {113, link_sll}, {276, link_sll2},
        {0, link_null},      {108, link_null},
};

static const struct layer_row ethertypes[] = {
        {0x0800, network_ipv4},                      /* */
        {0x86dd, network_ipv6}, {0x8100, link_vlan}, /* IEEE 802.1Q */
        {0x88a8, link_vlan},                         /* IEEE 802.1ad */
        {0x9100, link_vlan},                         /* stacked tags before 802.1ad */
        {0x0806, not_ip},                            /* ARP */
        {0x8035, not_ip},                            /* RARP */
        {0x8809, not_ip},                            /* slow protocols: LACP */
        {0x88cc, not_ip},                            /* LLDP */
        {0x888e, not_ip},                            /* 802.1X */
        {0x9000, not_ip},                            /* loopback test */
};

static const struct layer_row protocols[] = {
        {17, transport_udp}, {6, transport_tcp},
        {1, not_dns},  /* ICMP: what it quotes was counted, or not, when it was sent */
        {58, not_dns}, /* ICMPv6 */
        {2, not_dns},  /* IGMP */
};

static const struct {
    const struct layer_row *row;
    size_t rows;
    layer_function *otherwise;
} layers[] = {
        [LAYER_LINK] = {links, sizeof links / sizeof *links, unknown_link},
        [LAYER_ETHERTYPE] = {ethertypes, sizeof ethertypes / sizeof *ethertypes,
                             unknown_ethertype},
        [LAYER_IP_PROTOCOL] = {protocols, sizeof protocols / sizeof *protocols,
                               unknown_protocol},
        [LAYER_UDP_PORT] = {NULL, 0, not_dns},
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

/* Ethernet, and what is in it: tags, labels, tunnels. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/envelope.h"

static void vlan(struct shape *shape)
{
    envelope_query4(shape);
    WORDS(11, 0x0800);
    shape_ethernet(shape, 0x8100);
}

static void vlan6(struct shape *shape)
{
    envelope_query6(shape);
    WORDS(11, 0x86dd);
    shape_ethernet(shape, 0x8100);
}

static void tags_of_all_kinds(struct shape *shape)
{
    envelope_query4(shape);
    WORDS(11, 0x0800);
    WORDS(12, 0x8100);
    WORDS(13, 0x8100);
    WORDS(14, 0x88a8);
    WORDS(15, 0x9100);
    shape_ethernet(shape, 0x9100);
}

static void tags_beyond_count(struct shape *shape)
{
    envelope_query4(shape);
    WORDS(1, 0x0800);
    for (uint16_t i = 2; i < 30; i++)
        WORDS(i, 0x8100);
    shape_ethernet(shape, 0x8100);
}

static void vn_tag(struct shape *shape)
{
    envelope_query4(shape);
    WORDS(0, 1, 0x0800);
    shape_ethernet(shape, 0x8926);
}

static void e_tag(struct shape *shape)
{
    envelope_query4(shape);
    WORDS(0, 1, 0, 0x0800);
    shape_ethernet(shape, 0x893f);
}

static void provider_backbone(struct shape *shape)
{
    envelope_ethernet4(shape);
    WORDS(0, 1);
    shape_ethernet(shape, 0x88e7);
}

static void llc_snap(struct shape *shape)
{
    envelope_query4(shape);
    FRONT(0xaa, 0xaa, 3, 0, 0, 0, 8, 0);
    shape_ethernet(shape, (uint16_t)shape->size);
    shape_back(shape, "padding", 7);
}

static void mpls(struct shape *shape)
{
    envelope_query4(shape);
    envelope_label(shape, 16, true);
    shape_ethernet(shape, 0x8847);
}

static void mpls_deep(struct shape *shape)
{
    envelope_query6(shape);
    envelope_label(shape, 16, true);
    for (uint8_t i = 0; i < 20; i++)
        envelope_label(shape, i, false);
    WORDS(5, 0x8847);
    shape_ethernet(shape, 0x8100);
}

static void pseudowire(struct shape *shape)
{
    envelope_ethernet4(shape);
    envelope_label(shape, 16, true);
    shape_ethernet(shape, 0x8847);
}

static void pseudowire_with_control_word(struct shape *shape)
{
    envelope_ethernet4(shape);
    WORDS(0, 7);
    envelope_label(shape, 16, true);
    envelope_label(shape, 17, false);
    shape_ethernet(shape, 0x8847);
}

static void pseudowire_to_an_address_like_ip(struct shape *shape)
{
    envelope_ethernet4(shape);
    shape->at[0] = 0x45;
    envelope_label(shape, 16, true);
    shape_ethernet(shape, 0x8847);
}

static void pseudowire_to_an_address_like_a_control_word(struct shape *shape)
{
    envelope_ethernet4(shape);
    shape->at[0] = 0x00;
    envelope_label(shape, 16, true);
    shape_ethernet(shape, 0x8847);
}

static void pppoe_session(struct shape *shape)
{
    envelope_query4(shape);
    WORDS(0x0021);
    WORDS(0x1100, 1, (uint16_t)shape->size);
}

static void pppoe(struct shape *shape)
{
    pppoe_session(shape);
    shape_ethernet(shape, 0x8864);
}

static void pppoe6(struct shape *shape)
{
    envelope_query6(shape);
    WORDS(0x0057);
    WORDS(0x1100, 1, (uint16_t)shape->size);
    shape_ethernet(shape, 0x8864);
}

static void gre(struct shape *shape)
{
    envelope_query4(shape);
    WORDS(0, 0x0800);
    envelope_outer4(shape, 47);
}

static void gre6(struct shape *shape)
{
    envelope_query6(shape);
    WORDS(0, 0x86dd);
    envelope_outer4(shape, 47);
}

static void gre_on_ipv6(struct shape *shape)
{
    envelope_query4(shape);
    WORDS(0, 0x0800);
    shape_ipv6(shape, "2001:db8:f::1", "2001:db8:f::2", 47);
    shape_ethernet(shape, 0x86dd);
}

static void gre_with_everything(struct shape *shape)
{
    envelope_query4(shape);
    WORDS(0xb000, 0x0800, 1, 2, 3, 4, 5, 6);
    envelope_outer4(shape, 47);
}

static void gre_with_routes(struct shape *shape)
{
    envelope_query4(shape);
    WORDS(0, 0);            /* the end */
    WORDS(0x0800, 4, 9, 9); /* one route of 4 octets */
    WORDS(0x4000, 0x0800, 0, 0);
    envelope_outer4(shape, 47);
}

static void gre_ethernet(struct shape *shape)
{
    envelope_ethernet4(shape);
    WORDS(0x2000, 0x6558, 0, 1); /* with a key: NVGRE */
    envelope_outer4(shape, 47);
}

static void gre_ppp(struct shape *shape)
{
    envelope_query4(shape);
    FRONT(0xff, 0x03, 0, 0x21);
    WORDS(0x3081, 0x880b, (uint16_t)shape->size, 1, 0, 1, 0, 0);
    envelope_outer4(shape, 47);
}

static void gre_ppp_short(struct shape *shape)
{
    envelope_query4(shape);
    FRONT(0x21);
    WORDS(0x2001, 0x880b, (uint16_t)shape->size, 1);
    envelope_outer4(shape, 47);
}

static void gre_wccp(struct shape *shape)
{
    envelope_query4(shape);
    WORDS(0, 0);
    WORDS(0, 0x883e);
    envelope_outer4(shape, 47);
}

static void erspan_1(struct shape *shape)
{
    envelope_ethernet4(shape);
    WORDS(0, 0x88be);
    envelope_outer4(shape, 47);
}

static void erspan_2(struct shape *shape)
{
    envelope_ethernet4(shape);
    WORDS(0x1000, 1, 0, 0);
    WORDS(0x1000, 0x88be, 0, 1);
    envelope_outer4(shape, 47);
}

static void erspan_3(struct shape *shape)
{
    envelope_ethernet4(shape);
    WORDS(0x2000, 1, 0, 0, 0, 0);
    WORDS(0x1000, 0x22eb, 0, 1);
    envelope_outer4(shape, 47);
}

static void erspan_3_with_platform(struct shape *shape)
{
    envelope_ethernet4(shape);
    WORDS(0x2000, 1, 0, 0, 0, 1, 0, 0, 0, 0);
    WORDS(0x1000, 0x22eb, 0, 1);
    envelope_outer4(shape, 47);
}

static void ip_in_ip(struct shape *shape)
{
    envelope_query4(shape);
    envelope_outer4(shape, 4);
}

static void six_in_four(struct shape *shape)
{
    envelope_query6(shape);
    envelope_outer4(shape, 41);
}

static void four_in_six(struct shape *shape)
{
    envelope_query4(shape);
    shape_ipv6(shape, "2001:db8:f::1", "2001:db8:f::2", 4);
    shape_ethernet(shape, 0x86dd);
}

static void four_tunnels(struct shape *shape)
{
    envelope_query4(shape);
    shape_ipv4(shape, "203.0.113.1", "203.0.113.2", 4);
    shape_ipv4(shape, "203.0.113.3", "203.0.113.4", 4);
    shape_ipv4(shape, "203.0.113.5", "203.0.113.6", 4);
    envelope_outer4(shape, 4);
}

static void authenticated(struct shape *shape)
{
    envelope_query4(shape);
    FRONT(4, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    envelope_outer4(shape, 51);
}

static void etherip(struct shape *shape)
{
    envelope_ethernet4(shape);
    FRONT(0x30, 0);
    envelope_outer4(shape, 97);
}

static void vxlan(struct shape *shape)
{
    envelope_ethernet4(shape);
    FRONT(8, 0, 0, 0, 0, 0, 1, 0);
    envelope_outer_udp(shape, 4789);
}

static void vxlan_gpe(struct shape *shape)
{
    envelope_query6(shape);
    FRONT(0x0c, 0, 0, 2, 0, 0, 1, 0);
    envelope_outer_udp(shape, 4790);
}

static void vxlan_gpe_nsh(struct shape *shape)
{
    envelope_ethernet4(shape);
    FRONT(0, 6, 1, 3, 0, 0, 1, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    FRONT(0x0c, 0, 0, 4, 0, 0, 1, 0);
    envelope_outer_udp(shape, 4790);
}

static void geneve(struct shape *shape)
{
    envelope_ethernet4(shape);
    FRONT(0, 0, 0x65, 0x58, 0, 0, 1, 0);
    envelope_outer_udp(shape, 6081);
}

static void geneve_with_options(struct shape *shape)
{
    envelope_query4(shape);
    FRONT(0, 1, 0x80, 1, 1, 2, 3, 4);
    FRONT(2, 0, 8, 0, 0, 0, 1, 0);
    envelope_outer_udp(shape, 6081);
}

static void gtp(struct shape *shape)
{
    envelope_query4(shape);
    FRONT(0x30, 0xff, (uint8_t)(shape->size >> 8), (uint8_t)shape->size, 0, 0, 0, 1);
    envelope_outer_udp(shape, 2152);
}

static void gtp_with_extensions(struct shape *shape)
{
    envelope_query6(shape);
    FRONT(1, 0x10, 5, 0);
    FRONT(0, 1, 0, 0x85);
    FRONT(0x36, 0xff, (uint8_t)(shape->size >> 8), (uint8_t)shape->size, 0, 0, 0, 1);
    envelope_outer_udp(shape, 2152);
}

static void gre_in_udp(struct shape *shape)
{
    envelope_query4(shape);
    WORDS(0, 0x0800);
    envelope_outer_udp(shape, 4754);
}

static void mpls_in_udp(struct shape *shape)
{
    envelope_query4(shape);
    envelope_label(shape, 16, true);
    envelope_outer_udp(shape, 6635);
}

static void tzsp(struct shape *shape)
{
    envelope_ethernet4(shape);
    FRONT(1, 0, 0, 1, 0, 10, 2, 9, 9, 1);
    envelope_outer_udp(shape, 37008);
}

static void all_at_once(struct shape *shape)
{
    envelope_ethernet4(shape);
    FRONT(8, 0, 0, 0, 0, 0, 1, 0);
    shape_udp(shape, 50000, 4789);
    shape_ipv6(shape, "2001:db8:f::1", "2001:db8:f::2", 17);
    WORDS(0x2000, 0x86dd, 0, 1);
    shape_ipv4(shape, "203.0.113.7", "203.0.113.8", 47);
    envelope_label(shape, 16, true);
    envelope_label(shape, 17, false);
    WORDS(7, 0x8847);
    WORDS(8, 0x8100);
    shape_ethernet(shape, 0x88a8);
}

const struct envelope envelope_tunnels[] = {
        {"ethernet4", envelope_ethernet4, 1, false},
        {"ethernet6", envelope_ethernet6, 1, true},
        {"vlan", vlan, 1, false},
        {"vlan6", vlan6, 1, true},
        {"tags_of_all_kinds", tags_of_all_kinds, 1, false},
        {"tags_beyond_count", tags_beyond_count, 1, false},
        {"vn_tag", vn_tag, 1, false},
        {"e_tag", e_tag, 1, false},
        {"provider_backbone", provider_backbone, 1, false},
        {"llc_snap", llc_snap, 1, false},
        {"mpls", mpls, 1, false},
        {"mpls_deep", mpls_deep, 1, true},
        {"pseudowire", pseudowire, 1, false},
        {"pseudowire_with_control_word", pseudowire_with_control_word, 1, false},
        {"pseudowire_to_an_address_like_ip", pseudowire_to_an_address_like_ip, 1, false},
        {"pseudowire_to_an_address_like_a_control_word",
         pseudowire_to_an_address_like_a_control_word, 1, false},
        {"pppoe", pppoe, 1, false},
        {"pppoe6", pppoe6, 1, true},
        {"gre", gre, 1, false},
        {"gre6", gre6, 1, true},
        {"gre_on_ipv6", gre_on_ipv6, 1, false},
        {"gre_with_everything", gre_with_everything, 1, false},
        {"gre_with_routes", gre_with_routes, 1, false},
        {"gre_ethernet", gre_ethernet, 1, false},
        {"gre_ppp", gre_ppp, 1, false},
        {"gre_ppp_short", gre_ppp_short, 1, false},
        {"gre_wccp", gre_wccp, 1, false},
        {"erspan_1", erspan_1, 1, false},
        {"erspan_2", erspan_2, 1, false},
        {"erspan_3", erspan_3, 1, false},
        {"erspan_3_with_platform", erspan_3_with_platform, 1, false},
        {"ip_in_ip", ip_in_ip, 1, false},
        {"six_in_four", six_in_four, 1, true},
        {"four_in_six", four_in_six, 1, false},
        {"four_tunnels", four_tunnels, 1, false},
        {"authenticated", authenticated, 1, false},
        {"etherip", etherip, 1, false},
        {"vxlan", vxlan, 1, false},
        {"vxlan_gpe", vxlan_gpe, 1, true},
        {"vxlan_gpe_nsh", vxlan_gpe_nsh, 1, false},
        {"geneve", geneve, 1, false},
        {"geneve_with_options", geneve_with_options, 1, false},
        {"gtp", gtp, 1, false},
        {"gtp_with_extensions", gtp_with_extensions, 1, true},
        {"gre_in_udp", gre_in_udp, 1, false},
        {"mpls_in_udp", mpls_in_udp, 1, false},
        {"tzsp", tzsp, 1, false},
        {"all_at_once", all_at_once, 1, false},
        {"pppoe_session", pppoe_session, 51, false},
        {NULL, NULL, 0, false},
};

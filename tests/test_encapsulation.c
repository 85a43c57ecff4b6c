/* SPDX-License-Identifier: MIT */
#include "capture/encapsulation.h"
#include "tests/support/wire.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static struct shape *shape; /* being built */

/* ---- Pieces ------------------------------------------------------------------------------ */

#define FRONT(...) \
    shape_front(shape, (const uint8_t[]){__VA_ARGS__}, sizeof(const uint8_t[]){__VA_ARGS__})
#define WORDS(...) shape_words(shape, __VA_ARGS__)

/* A query from 192.0.2.1, without anything in front of IP. */
static void query4(void)
{
    shape_query_edns(shape, "www.example", 28);
    shape_udp(shape, 40000, 53);
    shape_ipv4(shape, "192.0.2.1", "198.51.100.53", 17);
}

/* A query from 2001:db8::1. */
static void query6(void)
{
    shape_query_edns(shape, "www.example", 28);
    shape_udp(shape, 40000, 53);
    shape_ipv6(shape, "2001:db8::1", "2001:db8::53", 17);
}

static void ethernet4(void)
{
    query4();
    shape_ethernet(shape, 0x0800);
}

static void ethernet6(void)
{
    query6();
    shape_ethernet(shape, 0x86dd);
}

static void outer4(uint8_t protocol)
{
    shape_ipv4(shape, "203.0.113.7", "203.0.113.8", protocol);
    shape_ethernet(shape, 0x0800);
}

static void outer_udp(uint16_t port)
{
    shape_udp(shape, 50000, port);
    outer4(17);
}

/* ---- Shapes: each is one query from 192.0.2.1 or 2001:db8::1 -------------------------------
 */

static void vlan(void)
{
    query4();
    WORDS(11, 0x0800);
    shape_ethernet(shape, 0x8100);
}

static void vlan6(void)
{
    query6();
    WORDS(11, 0x86dd);
    shape_ethernet(shape, 0x8100);
}

static void tags_of_all_kinds(void)
{
    query4();
    WORDS(11, 0x0800);
    WORDS(12, 0x8100);
    WORDS(13, 0x8100);
    WORDS(14, 0x88a8);
    WORDS(15, 0x9100);
    shape_ethernet(shape, 0x9100);
}

static void tags_beyond_count(void)
{
    query4();
    WORDS(1, 0x0800);
    for (uint16_t i = 2; i < 30; i++)
        WORDS(i, 0x8100);
    shape_ethernet(shape, 0x8100);
}

static void vn_tag(void)
{
    query4();
    WORDS(0, 1, 0x0800);
    shape_ethernet(shape, 0x8926);
}

static void e_tag(void)
{
    query4();
    WORDS(0, 1, 0, 0x0800);
    shape_ethernet(shape, 0x893f);
}

static void provider_backbone(void)
{
    ethernet4();
    WORDS(0, 1);
    shape_ethernet(shape, 0x88e7);
}

static void llc_snap(void)
{
    query4();
    FRONT(0xaa, 0xaa, 3, 0, 0, 0, 8, 0);
    shape_ethernet(shape, (uint16_t)shape->size);
    shape_back(shape, "padding", 7);
}

static void label(uint8_t number, bool bottom)
{
    FRONT(0, number, bottom, 64);
}

static void mpls(void)
{
    query4();
    label(16, true);
    shape_ethernet(shape, 0x8847);
}

static void mpls_deep(void)
{
    query6();
    label(16, true);
    for (uint8_t i = 0; i < 20; i++)
        label(i, false);
    WORDS(5, 0x8847);
    shape_ethernet(shape, 0x8100);
}

static void pseudowire(void)
{
    ethernet4();
    label(16, true);
    shape_ethernet(shape, 0x8847);
}

static void pseudowire_with_control_word(void)
{
    ethernet4();
    WORDS(0, 7);
    label(16, true);
    label(17, false);
    shape_ethernet(shape, 0x8847);
}

static void pseudowire_to_an_address_like_ip(void)
{
    ethernet4();
    shape->at[0] = 0x45;
    label(16, true);
    shape_ethernet(shape, 0x8847);
}

static void pseudowire_to_an_address_like_a_control_word(void)
{
    ethernet4();
    shape->at[0] = 0x00;
    label(16, true);
    shape_ethernet(shape, 0x8847);
}

static void pppoe_session(void)
{
    query4();
    WORDS(0x0021);
    WORDS(0x1100, 1, (uint16_t)shape->size);
}

static void pppoe(void)
{
    pppoe_session();
    shape_ethernet(shape, 0x8864);
}

static void pppoe6(void)
{
    query6();
    WORDS(0x0057);
    WORDS(0x1100, 1, (uint16_t)shape->size);
    shape_ethernet(shape, 0x8864);
}

static void gre(void)
{
    query4();
    WORDS(0, 0x0800);
    outer4(47);
}

static void gre6(void)
{
    query6();
    WORDS(0, 0x86dd);
    outer4(47);
}

static void gre_on_ipv6(void)
{
    query4();
    WORDS(0, 0x0800);
    shape_ipv6(shape, "2001:db8:f::1", "2001:db8:f::2", 47);
    shape_ethernet(shape, 0x86dd);
}

static void gre_with_everything(void)
{
    query4();
    WORDS(0xb000, 0x0800, 1, 2, 3, 4, 5, 6);
    outer4(47);
}

static void gre_with_routes(void)
{
    query4();
    WORDS(0, 0);            /* the end */
    WORDS(0x0800, 4, 9, 9); /* one route of 4 octets */
    WORDS(0x4000, 0x0800, 0, 0);
    outer4(47);
}

static void gre_ethernet(void)
{
    ethernet4();
    WORDS(0x2000, 0x6558, 0, 1); /* with a key: NVGRE */
    outer4(47);
}

static void gre_ppp(void)
{
    query4();
    FRONT(0xff, 0x03, 0, 0x21);
    WORDS(0x3081, 0x880b, (uint16_t)shape->size, 1, 0, 1, 0, 0);
    outer4(47);
}

static void gre_ppp_short(void)
{
    query4();
    FRONT(0x21);
    WORDS(0x2001, 0x880b, (uint16_t)shape->size, 1);
    outer4(47);
}

static void gre_wccp(void)
{
    query4();
    WORDS(0, 0);
    WORDS(0, 0x883e);
    outer4(47);
}

static void erspan_1(void)
{
    ethernet4();
    WORDS(0, 0x88be);
    outer4(47);
}

static void erspan_2(void)
{
    ethernet4();
    WORDS(0x1000, 1, 0, 0);
    WORDS(0x1000, 0x88be, 0, 1);
    outer4(47);
}

static void erspan_3(void)
{
    ethernet4();
    WORDS(0x2000, 1, 0, 0, 0, 0);
    WORDS(0x1000, 0x22eb, 0, 1);
    outer4(47);
}

static void erspan_3_with_platform(void)
{
    ethernet4();
    WORDS(0x2000, 1, 0, 0, 0, 1, 0, 0, 0, 0);
    WORDS(0x1000, 0x22eb, 0, 1);
    outer4(47);
}

static void ip_in_ip(void)
{
    query4();
    outer4(4);
}

static void six_in_four(void)
{
    query6();
    outer4(41);
}

static void four_in_six(void)
{
    query4();
    shape_ipv6(shape, "2001:db8:f::1", "2001:db8:f::2", 4);
    shape_ethernet(shape, 0x86dd);
}

static void four_tunnels(void)
{
    query4();
    shape_ipv4(shape, "203.0.113.1", "203.0.113.2", 4);
    shape_ipv4(shape, "203.0.113.3", "203.0.113.4", 4);
    shape_ipv4(shape, "203.0.113.5", "203.0.113.6", 4);
    outer4(4);
}

static void authenticated(void)
{
    query4();
    FRONT(4, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    outer4(51);
}

static void etherip(void)
{
    ethernet4();
    FRONT(0x30, 0);
    outer4(97);
}

static void vxlan(void)
{
    ethernet4();
    FRONT(8, 0, 0, 0, 0, 0, 1, 0);
    outer_udp(4789);
}

static void vxlan_gpe(void)
{
    query6();
    FRONT(0x0c, 0, 0, 2, 0, 0, 1, 0);
    outer_udp(4790);
}

static void vxlan_gpe_nsh(void)
{
    ethernet4();
    FRONT(0, 6, 1, 3, 0, 0, 1, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    FRONT(0x0c, 0, 0, 4, 0, 0, 1, 0);
    outer_udp(4790);
}

static void geneve(void)
{
    ethernet4();
    FRONT(0, 0, 0x65, 0x58, 0, 0, 1, 0);
    outer_udp(6081);
}

static void geneve_with_options(void)
{
    query4();
    FRONT(0, 1, 0x80, 1, 1, 2, 3, 4);
    FRONT(2, 0, 8, 0, 0, 0, 1, 0);
    outer_udp(6081);
}

static void gtp(void)
{
    query4();
    FRONT(0x30, 0xff, (uint8_t)(shape->size >> 8), (uint8_t)shape->size, 0, 0, 0, 1);
    outer_udp(2152);
}

static void gtp_with_extensions(void)
{
    query6();
    FRONT(1, 0x10, 5, 0);
    FRONT(0, 1, 0, 0x85);
    FRONT(0x36, 0xff, (uint8_t)(shape->size >> 8), (uint8_t)shape->size, 0, 0, 0, 1);
    outer_udp(2152);
}

static void gre_in_udp(void)
{
    query4();
    WORDS(0, 0x0800);
    outer_udp(4754);
}

static void mpls_in_udp(void)
{
    query4();
    label(16, true);
    outer_udp(6635);
}

static void tzsp(void)
{
    ethernet4();
    FRONT(1, 0, 0, 1, 0, 10, 2, 9, 9, 1);
    outer_udp(37008);
}

static void all_at_once(void)
{
    ethernet4();
    FRONT(8, 0, 0, 0, 0, 0, 1, 0);
    shape_udp(shape, 50000, 4789);
    shape_ipv6(shape, "2001:db8:f::1", "2001:db8:f::2", 17);
    WORDS(0x2000, 0x86dd, 0, 1);
    shape_ipv4(shape, "203.0.113.7", "203.0.113.8", 47);
    label(16, true);
    label(17, false);
    WORDS(7, 0x8847);
    WORDS(8, 0x8100);
    shape_ethernet(shape, 0x88a8);
}

/* Other link types. */

static void sll(void)
{
    query4();
    WORDS(0, 1, 6, 0, 0, 0, 0, 0x0800);
}

static void sll_vlan(void)
{
    query6();
    WORDS(11, 0x86dd);
    WORDS(0, 1, 6, 0, 0, 0, 0, 0x8100);
}

static void sll_llc(void)
{
    query4();
    FRONT(0xaa, 0xaa, 3, 0, 0, 0, 8, 0);
    WORDS(0, 1, 6, 0, 0, 0, 0, 4);
}

static void sll2(void)
{
    query4();
    WORDS(0x0800, 0, 0, 1, 1, 6, 0, 0, 0, 0);
}

static void sll2_vlan(void)
{
    query4();
    WORDS(11, 0x0800);
    WORDS(0x8100, 0, 0, 1, 1, 6, 0, 0, 0, 0);
}

static void null_little(void)
{
    query4();
    FRONT(2, 0, 0, 0);
}

static void null_big(void)
{
    query4();
    FRONT(0, 0, 0, 2);
}

#define NULL6(system, family)        \
    static void null6_##system(void) \
    {                                \
        query6();                    \
        FRONT(family, 0, 0, 0);      \
    }
NULL6(linux, 10)
NULL6(windows, 23)
NULL6(netbsd, 24)
NULL6(solaris, 26)
NULL6(freebsd, 28)
NULL6(macos, 30)

static void loop6(void)
{
    query6();
    FRONT(0, 0, 0, 24);
}

static void ppp(void)
{
    query4();
    FRONT(0xff, 3, 0, 0x21);
}

static void ppp_short(void)
{
    query6();
    FRONT(0x57);
}

static void ppp_mpls(void)
{
    query4();
    label(16, true);
    FRONT(0xff, 3, 0x02, 0x81);
}

static void ppp_direction(void)
{
    query4();
    FRONT(1, 0xff, 3, 0, 0x21);
}

static void hdlc(void)
{
    query4();
    FRONT(0x0f, 0, 8, 0);
}

static void hdlc_direction(void)
{
    hdlc();
    FRONT(0);
}

static void llc(void)
{
    query4();
    FRONT(0xaa, 0xaa, 3, 0, 0, 0, 8, 0);
}

static void fddi(void)
{
    llc();
    FRONT(0x50, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2);
}

static void wireless(void)
{
    llc();
    FRONT(0x88, 1, 0, 0, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0);
}

static void radiotap(void)
{
    wireless();
    FRONT(0, 0, 8, 0, 0, 0, 0, 0);
}

static void ppi(void)
{
    ethernet4();
    FRONT(0, 0, 8, 0, 1, 0, 0, 0);
}

static void nflog(void)
{
    query4();
    FRONT((uint8_t)(shape->size + 4), 0, 9, 0);
    FRONT(5, 0, 10, 0, 0, 0, 0, 0);
    FRONT(2, 0, 0, 0);
}

static void nflog_big(void)
{
    query6();
    FRONT(0, (uint8_t)(shape->size + 4), 0, 9);
    FRONT(0, 8, 0, 1, 0, 0, 8, 0);
    FRONT(10, 0, 0, 0);
}

static void enc(void)
{
    query4();
    FRONT(2, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0);
}

/* ---- Shapes of IP --------------------------------------------------------------------------
 */

static void padded(void)
{
    ethernet4();
    shape_back(shape, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
}

static void offloaded(void)
{
    query4();
    shape->at[2] = shape->at[3] = 0; /* a total length of 0 */
    shape_ethernet(shape, 0x0800);
}

static void options(void)
{
    shape_query(shape, "www.example", 28);
    shape_udp(shape, 40000, 53);
    FRONT(0x94, 4, 0, 0); /* router alert, behind the addresses */
    shape_ipv4(shape, "192.0.2.1", "198.51.100.53", 17);
    shape->at[0] = 0x46;
    shape_ethernet(shape, 0x0800);
}

static void extensions(void)
{
    shape_query(shape, "www.example", 28);
    shape_udp(shape, 40000, 53);
    FRONT(17, 0, 0, 0, 0, 0, 0, 9);                         /* atomic fragment */
    FRONT(44, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0); /* routing */
    FRONT(43, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0); /* AH */
    FRONT(51, 0, 1, 4, 0, 0, 0, 0); /* destination */
    FRONT(60, 0, 1, 4, 0, 0, 0, 0); /* hop by hop */
    shape_ipv6(shape, "2001:db8::1", "2001:db8::53", 0);
    shape_ethernet(shape, 0x86dd);
}

struct row {
    const char *name;
    void (*build)(void);
    uint32_t link;
    bool ipv6;
};

#define ROW(function, link, ipv6)       \
    {                                   \
#function, function, link, ipv6 \
    }

static const struct row rows[] = {
        ROW(ethernet4, 1, false),
        ROW(ethernet6, 1, true),
        ROW(vlan, 1, false),
        ROW(vlan6, 1, true),
        ROW(tags_of_all_kinds, 1, false),
        ROW(tags_beyond_count, 1, false),
        ROW(vn_tag, 1, false),
        ROW(e_tag, 1, false),
        ROW(provider_backbone, 1, false),
        ROW(llc_snap, 1, false),
        ROW(mpls, 1, false),
        ROW(mpls_deep, 1, true),
        ROW(pseudowire, 1, false),
        ROW(pseudowire_with_control_word, 1, false),
        ROW(pseudowire_to_an_address_like_ip, 1, false),
        ROW(pseudowire_to_an_address_like_a_control_word, 1, false),
        ROW(pppoe, 1, false),
        ROW(pppoe6, 1, true),
        ROW(gre, 1, false),
        ROW(gre6, 1, true),
        ROW(gre_on_ipv6, 1, false),
        ROW(gre_with_everything, 1, false),
        ROW(gre_with_routes, 1, false),
        ROW(gre_ethernet, 1, false),
        ROW(gre_ppp, 1, false),
        ROW(gre_ppp_short, 1, false),
        ROW(gre_wccp, 1, false),
        ROW(erspan_1, 1, false),
        ROW(erspan_2, 1, false),
        ROW(erspan_3, 1, false),
        ROW(erspan_3_with_platform, 1, false),
        ROW(ip_in_ip, 1, false),
        ROW(six_in_four, 1, true),
        ROW(four_in_six, 1, false),
        ROW(four_tunnels, 1, false),
        ROW(authenticated, 1, false),
        ROW(etherip, 1, false),
        ROW(vxlan, 1, false),
        ROW(vxlan_gpe, 1, true),
        ROW(vxlan_gpe_nsh, 1, false),
        ROW(geneve, 1, false),
        ROW(geneve_with_options, 1, false),
        ROW(gtp, 1, false),
        ROW(gtp_with_extensions, 1, true),
        ROW(gre_in_udp, 1, false),
        ROW(mpls_in_udp, 1, false),
        ROW(tzsp, 1, false),
        ROW(all_at_once, 1, false),
        ROW(query4, 101, false),
        ROW(query6, 101, true),
        ROW(query4, 12, false),
        ROW(query6, 14, true),
        ROW(query4, 228, false),
        ROW(query6, 229, true),
        ROW(sll, 113, false),
        ROW(sll_vlan, 113, true),
        ROW(sll_llc, 113, false),
        ROW(sll2, 276, false),
        ROW(sll2_vlan, 276, false),
        ROW(null_little, 0, false),
        ROW(null_big, 0, false),
        ROW(null_big, 108, false),
        ROW(null6_linux, 0, true),
        ROW(null6_windows, 0, true),
        ROW(null6_netbsd, 0, true),
        ROW(null6_solaris, 0, true),
        ROW(null6_freebsd, 0, true),
        ROW(null6_macos, 0, true),
        ROW(loop6, 108, true),
        ROW(ppp, 9, false),
        ROW(ppp, 50, false),
        ROW(ppp, 166, false),
        ROW(ppp_short, 9, true),
        ROW(ppp_mpls, 9, false),
        ROW(ppp_direction, 204, false),
        ROW(pppoe_session, 51, false),
        ROW(hdlc, 104, false),
        ROW(hdlc, 50, false),
        ROW(hdlc_direction, 205, false),
        ROW(llc, 100, false),
        ROW(fddi, 10, false),
        ROW(wireless, 105, false),
        ROW(radiotap, 127, false),
        ROW(ppi, 192, false),
        ROW(nflog, 239, false),
        ROW(nflog_big, 239, true),
        ROW(enc, 109, false),
        ROW(padded, 1, false),
        ROW(offloaded, 1, false),
        ROW(options, 1, false),
        ROW(extensions, 1, true),
};

enum { ROWS = sizeof rows / sizeof *rows };

static struct wire wire;
static struct shape room;

static void setup(void)
{
    wire_open(&wire);
    shape = &room;
}

static void teardown(void)
{
    wire_close(&wire);
}

TestSuite(encapsulation, .init = setup, .fini = teardown);

static void expect_the_query(const struct row *row)
{
    static const uint8_t client4[16] = {192, 0, 2, 1};
    static const uint8_t client6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
    cr_assert(eq(sz, wire.messages, 1), "%s on link %u", row->name, row->link);
    const struct message *m = &wire.message[0];
    if (!wire_has(m, MESSAGE_CUT))
        cr_expect(eq(u16, m->qtype, 28), "%s", row->name);
    cr_expect(eq(int, wire_has(m, MESSAGE_IPV6), row->ipv6), "%s", row->name);
    cr_expect(eq(int, memcmp(m->client, row->ipv6 ? client6 : client4, 16), 0), "%s",
              row->name);
    cr_expect(eq(u32, m->ttl, 64), "%s", row->name);
    cr_expect(eq(u16, m->client_port, 40000), "%s", row->name);
    cr_expect(eq(u16, m->id, 0x1234), "%s", row->name);
}

Test(encapsulation, every_shape_gives_its_one_query_from_the_innermost_client)
{
    for (size_t i = 0; i < ROWS; i++) {
        wire_again(&wire);
        rows[i].build();
        enum verdict v = wire_frame(&wire, rows[i].link, shape->at, shape->size, 0);
        cr_expect(eq(int, v, VERDICT_MESSAGE), "%s on link %u: %s", rows[i].name, rows[i].link,
                  verdict_name(v));
        expect_the_query(&rows[i]);
    }
}

/* Cut by the capture: the query counts as long as its header is there, else the frame is cut.
 */
Test(encapsulation, every_shape_survives_every_cut_by_the_capture)
{
    for (size_t i = 0; i < ROWS; i++) {
        rows[i].build();
        for (size_t n = 0; n < shape->size; n++) {
            wire_again(&wire);
            enum verdict v = wire_frame(&wire, rows[i].link, shape->at, n, shape->size - n);
            cr_expect(wire.messages == 1 || v == VERDICT_CUT || rows[i].build == padded,
                      "%s, %zu octets: %s", rows[i].name, n, verdict_name(v));
            if (wire.messages == 1)
                expect_the_query(&rows[i]);
        }
    }
}

/* Sliced before the capture, which says that this was all: the lengths inside tell. */
Test(encapsulation, every_shape_is_read_as_far_as_a_mirror_left_it)
{
    for (size_t i = 0; i < ROWS; i++) {
        rows[i].build();
        for (size_t n = 0; n < shape->size; n++) {
            wire_again(&wire);
            wire_frame(&wire, rows[i].link, shape->at, n, shape->size - n);
            size_t said = wire.messages;
            wire_again(&wire);
            wire_frame(&wire, rows[i].link, shape->at, n, 0);
            if (rows[i].build != offloaded) /* no length inside */
                cr_expect(eq(sz, wire.messages, said), "%s, %zu octets", rows[i].name, n);
            if (wire.messages == 1 && rows[i].build != offloaded)
                expect_the_query(&rows[i]);
        }
    }
}

/* One octet changed, at every place: nothing is read that is not there. */
Test(encapsulation, every_shape_survives_every_changed_octet)
{
    static const uint8_t change[] = {0x01, 0x80, 0xff, 0x0f};
    for (size_t i = 0; i < ROWS; i++) {
        rows[i].build();
        for (size_t n = 0; n < shape->size; n++)
            for (size_t k = 0; k < sizeof change; k++) {
                shape->at[n] ^= change[k];
                wire_again(&wire);
                wire_frame(&wire, rows[i].link, shape->at, shape->size, 0);
                cr_expect(le(sz, wire.messages, 1));
                shape->at[n] ^= change[k];
            }
    }
}

/* An Ethernet frame as it is, and behind a header that keeps it from the straight ways. */
static void expect_same_both_ways(const uint8_t *frame, size_t n, size_t cut)
{
    static uint8_t wrapped[4096] = {0, 0, 8, 0, 1, 0, 0, 0}; /* PPI, of Ethernet */
    static const struct message none;
    wire_again(&wire);
    enum verdict straight = wire_frame(&wire, WIRE_ETHERNET, frame, n, cut);
    struct message m = wire.messages ? wire.message[0] : none;
    memcpy(wrapped + 8, frame, n);
    wire_again(&wire);
    enum verdict walked = wire_frame(&wire, 192, wrapped, 8 + n, cut);
    cr_assert(eq(int, straight, walked), "%s, %s", verdict_name(straight),
              verdict_name(walked));
    cr_assert(eq(int, memcmp(&m, wire.messages ? &wire.message[0] : &none, sizeof m), 0));
}

Test(encapsulation, the_straight_ways_give_what_the_layers_give)
{
    static const uint8_t change[] = {0x01, 0x10, 0x80, 0xff};
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].link != WIRE_ETHERNET || rows[i].build == tags_beyond_count)
            continue;
        rows[i].build();
        for (size_t n = 0; n < shape->size; n++) {
            expect_same_both_ways(shape->at, n, shape->size - n);
            expect_same_both_ways(shape->at, n, 0);
            for (size_t k = 0; k < sizeof change; k++) {
                shape->at[n] ^= change[k];
                expect_same_both_ways(shape->at, shape->size, 0);
                expect_same_both_ways(shape->at, shape->size, 1);
                shape->at[n] ^= change[k];
            }
        }
    }
}

static enum verdict verdict_of(uint32_t link)
{
    wire_again(&wire);
    return wire_frame(&wire, link, shape->at, shape->size, 0);
}

Test(encapsulation, more_tunnels_than_we_follow_are_counted_as_such)
{
    query4();
    for (int i = 0; i < 5; i++)
        shape_ipv4(shape, "203.0.113.1", "203.0.113.2", 4);
    cr_expect(eq(int, verdict_of(101), VERDICT_TOO_DEEP));
    query4();
    WORDS(1, 0x0800);
    for (int i = 0; i < 60; i++)
        WORDS(1, 0x8100);
    shape_ethernet(shape, 0x8100);
    cr_expect(eq(int, verdict_of(1), VERDICT_TOO_DEEP));
}

Test(encapsulation, what_is_not_understood_is_named)
{
    query4();
    shape_ethernet(shape, 0x1234);
    cr_expect(eq(int, verdict_of(1), VERDICT_UNKNOWN_ETHERTYPE));
    cr_expect(eq(u32, wire.decode.counts.unknown[UNKNOWN_ETHERTYPE].number, 0x1234));
    query4();
    shape->at[9] = 200;
    cr_expect(eq(int, verdict_of(101), VERDICT_IP_PROTOCOL));
    cr_expect(eq(u32, wire.decode.counts.unknown[UNKNOWN_PROTOCOL].number, 200));
    query4();
    cr_expect(eq(int, verdict_of(147), VERDICT_UNKNOWN_LINK));
    cr_expect(eq(u32, wire.decode.counts.unknown[UNKNOWN_LINK_TYPE].number, 147));
}

Test(encapsulation, of_several_unknown_types_the_leading_one_is_named)
{
    for (int i = 0; i < 100; i++) {
        query4();
        shape_ethernet(shape, i % 3 == 2 ? (uint16_t)(0x4000 + i) : 0x1234);
        wire_frame(&wire, 1, shape->at, shape->size, 0);
    }
    cr_expect(eq(u32, wire.decode.counts.unknown[UNKNOWN_ETHERTYPE].number, 0x1234));
}

Test(encapsulation, what_cannot_hold_dns_is_no_loss)
{
    query4();
    shape_ethernet(shape, 0x0806);
    cr_expect(eq(int, verdict_of(1), VERDICT_NOT_IP));
    cr_expect(not(verdict_is_loss(VERDICT_NOT_IP)));
    query4();
    shape->at[9] = 50;
    cr_expect(eq(int, verdict_of(101), VERDICT_ENCRYPTED));
    cr_expect(verdict_is_loss(VERDICT_ENCRYPTED));
}

Test(encapsulation, dns_quoted_in_icmp_is_not_counted)
{
    query4();
    FRONT(3, 3, 0, 0, 0, 0, 0, 0);
    outer4(1);
    cr_expect(eq(int, verdict_of(1), VERDICT_OTHER_TRAFFIC));
}

Test(encapsulation, dns_against_the_direction_or_of_other_servers_is_out_of_scope)
{
    shape_response(shape, "www.example", 1, 0); /* to a server: reflected */
    shape_udp(shape, 40000, 53);
    shape_ipv4(shape, "192.0.2.1", "198.51.100.53", 17);
    cr_expect(eq(int, verdict_of(101), VERDICT_OUT_OF_SCOPE));

    wire.scope.servers = 1;
    memcpy(wire.scope.server[0], (const uint8_t[16]){[10] = 255, 255, 198, 51, 100, 53}, 16);
    query4();
    cr_expect(eq(int, verdict_of(101), VERDICT_MESSAGE));
    ethernet4();
    cr_expect(eq(int, verdict_of(1), VERDICT_MESSAGE));
    wire.scope.server[0][15] = 54;
    query4();
    cr_expect(eq(int, verdict_of(101), VERDICT_OUT_OF_SCOPE));
    ethernet4();
    cr_expect(eq(int, verdict_of(1), VERDICT_OUT_OF_SCOPE));
}

Test(encapsulation, other_traffic_on_a_tunnels_port_is_not_ours)
{
    static const uint16_t ports[] = {4789, 4790, 6081, 2152, 37008};
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
        shape_start(shape);
        shape_back(shape, "\xf0 something else altogether", 27);
        shape->at[0] = 0xf0;
        outer_udp(ports[i]);
        cr_expect(eq(int, verdict_of(1), VERDICT_OTHER_TRAFFIC), "port %u", ports[i]);
    }
}

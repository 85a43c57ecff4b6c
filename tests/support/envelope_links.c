/* Other link types, and shapes of IP. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/envelope.h"

static void sll(struct shape *shape)
{
    envelope_query4(shape);
    WORDS(0, 1, 6, 0, 0, 0, 0, 0x0800);
}

static void sll_vlan(struct shape *shape)
{
    envelope_query6(shape);
    WORDS(11, 0x86dd);
    WORDS(0, 1, 6, 0, 0, 0, 0, 0x8100);
}

static void sll_llc(struct shape *shape)
{
    envelope_query4(shape);
    FRONT(0xaa, 0xaa, 3, 0, 0, 0, 8, 0);
    WORDS(0, 1, 6, 0, 0, 0, 0, 4);
}

static void sll2(struct shape *shape)
{
    envelope_query4(shape);
    WORDS(0x0800, 0, 0, 1, 1, 6, 0, 0, 0, 0);
}

static void sll2_vlan(struct shape *shape)
{
    envelope_query4(shape);
    WORDS(11, 0x0800);
    WORDS(0x8100, 0, 0, 1, 1, 6, 0, 0, 0, 0);
}

static void null_little(struct shape *shape)
{
    envelope_query4(shape);
    FRONT(2, 0, 0, 0);
}

static void null_big(struct shape *shape)
{
    envelope_query4(shape);
    FRONT(0, 0, 0, 2);
}

#define NULL6(system, family)                       \
    static void null6_##system(struct shape *shape) \
    {                                               \
        envelope_query6(shape);                     \
        FRONT(family, 0, 0, 0);                     \
    }
NULL6(linux, 10)
NULL6(windows, 23)
NULL6(netbsd, 24)
NULL6(solaris, 26)
NULL6(freebsd, 28)
NULL6(macos, 30)

static void loop6(struct shape *shape)
{
    envelope_query6(shape);
    FRONT(0, 0, 0, 24);
}

static void ppp(struct shape *shape)
{
    envelope_query4(shape);
    FRONT(0xff, 3, 0, 0x21);
}

static void ppp_short(struct shape *shape)
{
    envelope_query6(shape);
    FRONT(0x57);
}

static void ppp_mpls(struct shape *shape)
{
    envelope_query4(shape);
    envelope_label(shape, 16, true);
    FRONT(0xff, 3, 0x02, 0x81);
}

static void ppp_direction(struct shape *shape)
{
    envelope_query4(shape);
    FRONT(1, 0xff, 3, 0, 0x21);
}

static void hdlc(struct shape *shape)
{
    envelope_query4(shape);
    FRONT(0x0f, 0, 8, 0);
}

static void hdlc_direction(struct shape *shape)
{
    hdlc(shape);
    FRONT(0);
}

static void llc(struct shape *shape)
{
    envelope_query4(shape);
    FRONT(0xaa, 0xaa, 3, 0, 0, 0, 8, 0);
}

static void fddi(struct shape *shape)
{
    llc(shape);
    FRONT(0x50, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2);
}

static void wireless(struct shape *shape)
{
    llc(shape);
    FRONT(0x88, 1, 0, 0, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0);
}

static void radiotap(struct shape *shape)
{
    wireless(shape);
    FRONT(0, 0, 8, 0, 0, 0, 0, 0);
}

static void ppi(struct shape *shape)
{
    envelope_ethernet4(shape);
    FRONT(0, 0, 8, 0, 1, 0, 0, 0);
}

static void nflog(struct shape *shape)
{
    envelope_query4(shape);
    FRONT((uint8_t)(shape->size + 4), 0, 9, 0);
    FRONT(5, 0, 10, 0, 0, 0, 0, 0);
    FRONT(2, 0, 0, 0);
}

static void nflog_big(struct shape *shape)
{
    envelope_query6(shape);
    FRONT(0, (uint8_t)(shape->size + 4), 0, 9);
    FRONT(0, 8, 0, 1, 0, 0, 8, 0);
    FRONT(10, 0, 0, 0);
}

static void enc(struct shape *shape)
{
    envelope_query4(shape);
    FRONT(2, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0);
}

/* ---- Shapes of IP ---------------------------------------------------------------------- */

static void padded(struct shape *shape)
{
    envelope_ethernet4(shape);
    shape_back(shape, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
}

static void offloaded(struct shape *shape)
{
    envelope_query4(shape);
    shape->at[2] = shape->at[3] = 0; /* a total length of 0 */
    shape_ethernet(shape, 0x0800);
}

static void options(struct shape *shape)
{
    shape_query(shape, "www.example", 28);
    shape_udp(shape, 40000, 53);
    FRONT(0x94, 4, 0, 0); /* router alert, behind the addresses */
    shape_ipv4(shape, "192.0.2.1", "198.51.100.53", 17);
    shape->at[0] = 0x46;
    shape_ethernet(shape, 0x0800);
}

static void extensions(struct shape *shape)
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

const struct envelope envelope_links[] = {
        {"query4", envelope_query4, 101, false},
        {"query6", envelope_query6, 101, true},
        {"query4", envelope_query4, 12, false},
        {"query6", envelope_query6, 14, true},
        {"query4", envelope_query4, 228, false},
        {"query6", envelope_query6, 229, true},
        {"sll", sll, 113, false},
        {"sll_vlan", sll_vlan, 113, true},
        {"sll_llc", sll_llc, 113, false},
        {"sll2", sll2, 276, false},
        {"sll2_vlan", sll2_vlan, 276, false},
        {"null_little", null_little, 0, false},
        {"null_big", null_big, 0, false},
        {"null_big", null_big, 108, false},
        {"null6_linux", null6_linux, 0, true},
        {"null6_windows", null6_windows, 0, true},
        {"null6_netbsd", null6_netbsd, 0, true},
        {"null6_solaris", null6_solaris, 0, true},
        {"null6_freebsd", null6_freebsd, 0, true},
        {"null6_macos", null6_macos, 0, true},
        {"loop6", loop6, 108, true},
        {"ppp", ppp, 9, false},
        {"ppp", ppp, 50, false},
        {"ppp", ppp, 166, false},
        {"ppp_short", ppp_short, 9, true},
        {"ppp_mpls", ppp_mpls, 9, false},
        {"ppp_direction", ppp_direction, 204, false},
        {"hdlc", hdlc, 104, false},
        {"hdlc", hdlc, 50, false},
        {"hdlc_direction", hdlc_direction, 205, false},
        {"llc", llc, 100, false},
        {"fddi", fddi, 10, false},
        {"wireless", wireless, 105, false},
        {"radiotap", radiotap, 127, false},
        {"ppi", ppi, 192, false},
        {"nflog", nflog, 239, false},
        {"nflog_big", nflog_big, 239, true},
        {"enc", enc, 109, false},
        {"padded", padded, 1, false},
        {"offloaded", offloaded, 1, false},
        {"options", options, 1, false},
        {"extensions", extensions, 1, true},
        {NULL, NULL, 0, false},
};

/* SPDX-License-Identifier: MIT */
#include "analysis/routes.h"
#include "tests/support/file.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>

/* What was read, a line a route: "192.0.2.0/24 64496 64497". */
static char told[1 << 14];
static struct routes_about about;
static struct error err;

static bool tell(void *to, const struct route *r, struct error *e)
{
    char prefix[ROUTE_TEXT_BYTES], path[4096];
    size_t at = strlen(told);
    (void)to;
    (void)e;
    (void)snprintf(told + at, sizeof told - at, "%s %s%s%s\n", routes_prefix(r, prefix),
                   routes_path(r->hop, r->hops, path, sizeof path), r->name ? " = " : "",
                   r->name ? r->name : "");
    return true;
}

static bool read_octets(const void *octets, size_t n)
{
    struct feed from;
    const struct routes_taker taker = {.take = tell};
    told[0] = err.text[0] = '\0';
    cr_assert(feed_memory(&from, "table", octets, n, &err));
    bool good = routes_read(&from, &taker, &about, &err);
    feed_close(&from);
    return good;
}

static bool read_text(const char *text)
{
    return read_octets(text, strlen(text));
}

/* ---- Lists ----------------------------------------------------------------------------- */

Test(routes, of_a_list_are_read_in_both_forms)
{
    cr_assert(read_text("# made from rib.20050118.1200.bz2\n"
                        "192.0.2.0\t24\t64496\n"
                        "198.51.100.7/24\tAS64497\tExample Networks\r\n"
                        "203.0.113.0/24 64498_64499,64500\n"
                        "\n; the end\n"
                        "2001:db8::/32\t{65550,65551}"),
              "%s", err.text);
    cr_expect(eq(str, told,
                 "192.0.2.0/24 64496\n"
                 "198.51.100.0/24 64497 = Example Networks\n"
                 "203.0.113.0/24 64498\n"
                 "203.0.113.0/24 {64499,64500}\n"
                 "2001:db8::/32 {65550,65551}\n"));
    cr_expect(eq(int, about.kind, ROUTES_LIST));
    cr_expect(eq(i64, about.time, 1106049600), "2005-01-18 12:00");
}

static void expect_refused(const char *text, const char *why)
{
    cr_expect_not(read_text(text), "%s", text);
    cr_expect(eq(str, err.text, (char *)(uintptr_t)why));
}

Test(routes, of_a_bad_list_end_at_its_line)
{
    const char *why = "table:2: not a prefix and an AS number";
    expect_refused("192.0.2.0/24\t1\n192.0.2.0/33\t1\n", why);
    expect_refused("192.0.2.0/24\t1\n192.0.2/24\t1\n", why);
    expect_refused("192.0.2.0/24\t1\n192.0.2.0/24\t4294967296\n", why);
    expect_refused("192.0.2.0/24\t1\n192.0.2.0/24\t1_\n", why);
    expect_refused("192.0.2.0/24\t1\n192.0.2.0/24\n", why);
    expect_refused("192.0.2.0/24\t1\nsome words\n", why);
    expect_refused("", "table: the file is empty");
    expect_refused("Dear reader,\nhere is none.\n",
                   "table: no table of origins: none of its 2 lines has a route");
}

Test(routes, need_no_memory_for_a_line_without_end)
{
    size_t size = 3 * FEED_LINE_MAX;
    char *text = malloc(size);
    memset(text, 'x', size);
    cr_expect_not(read_octets(text, size));
    cr_expect(eq(str, err.text, "table:1: a line of more than 65536 octets"));
    free(text);
}

/* ---- As routers print them ------------------------------------------------------------- */

#define HEADING                                                                         \
    "BGP table version is 4129, local router ID is 192.0.2.1\n"                         \
    "Status codes: s suppressed, d damped, h history, * valid, > best, i - internal,\n" \
    "              r RIB-failure\n"                                                     \
    "Origin codes: i - IGP, e - EGP, ? - incomplete\n\n"                                \
    "   Network          Next Hop            Metric LocPrf Weight Path\n"

Test(routes, that_a_router_prints_are_read_with_their_paths)
{
    cr_assert(
            read_text("route-views>show ip bgp\n" HEADING
                      "*  10.0.0.0         192.0.2.9                              0 64496 1 i\n"
                      "*>                  192.0.2.8             20    100      0 64497 1 ?\n"
                      "*>i172.16.0.0       192.0.2.8             20    100      0 {64498,2} e\n"
                      "* i192.168.1.0      192.0.2.8                100      0 (65001) 3 i\n"
                      "r> 198.51.100.0/25  192.0.2.8                              0 1.10 i\n"
                      "*> 203.0.113.128/25\n"
                      "                    192.0.2.8                          32768 i\n"
                      "h  203.0.113.0/25   192.0.2.8                              0 64496 i\n"
                      "\nDisplayed  12 routes and 5756 total paths\n"),
            "%s", err.text);
    cr_expect(eq(str, told,
                 "10.0.0.0/8 64496 1\n"
                 "10.0.0.0/8 64497 1\n"
                 "172.16.0.0/16 {64498,2}\n"
                 "192.168.1.0/24 3\n"
                 "198.51.100.0/25 65546\n"
                 "203.0.113.128/25 \n"));
    cr_expect(eq(int, about.kind, ROUTES_SHOW));
}

Test(routes, are_read_behind_the_rpki_column_and_in_ipv6)
{
    cr_assert(
            read_text("    Network          Next Hop            Metric LocPrf Weight Path\n"
                      "N*   192.0.2.0/24     198.51.100.1             0             0 64496 i\n"
                      "V*>                   198.51.100.2                           0 64497 i\n"
                      "*> 2001:db8::/32    2001:db8:aaaa:bbbb:cccc:dddd:eeee:1\n"
                      "                                                           0 64498 i\n"
                      "*> fd01::/48        fd01::1             0             0 64499 i\n"),
            "%s", err.text);
    cr_expect(eq(str, told,
                 "192.0.2.0/24 64496\n192.0.2.0/24 64497\n"
                 "2001:db8::/32 64498\nfd01::/48 64499\n"));
}

Test(routes, are_read_through_a_pager)
{
    cr_assert(read_text("*> 192.0.2.0/24     198.51.100.1           0 64496 i\n"
                        " --More-- \b\b\b\b\b\b\b\b\b\b          \b\b\b\b\b\b\b\b\b\b"
                        "*                   198.51.100.2           0 64497 i\n"
                        "--More--\r        \r*> 203.0.113.0      198.51.100.1           0 "
                        "64498 i\r\n"
                        " --More-- *> 198.18.0.0/15    198.51.100.1           0 64499 i\n"
                        "<--- More --->\n"
                        "*> 198.51.100.0     198.51.100.1           0 64500 i\n"),
              "%s", err.text);
    cr_expect(eq(str, told,
                 "192.0.2.0/24 64496\n192.0.2.0/24 64497\n203.0.113.0/24 64498\n"
                 "198.18.0.0/15 64499\n198.51.100.0/24 64500\n"));
}

Test(routes, that_are_cut_or_damaged_name_their_line)
{
    expect_refused("*> 192.0.2.0/24     198.51.100.1           0 64496 64",
                   "table:1: not an AS path with its origin code");
    expect_refused("*> 192.0.2.0/24     198.51.100.1           0 {64496,64 i\n",
                   "table:1: not an AS path with its origin code");
    expect_refused("\n*                   198.51.100.1           0 64496 i\n",
                   "table:2: a path before any network");
    expect_refused("*> 192.0.2.0/33     198.51.100.1           0 64496 i\n",
                   "table:1: no network and no next hop");
    expect_refused("*> 192.0.2.0/24     198.51.100.1     x\n",
                   "table:1: no weight before an AS path");
    expect_refused("*> 192.0.2.0/2", "table:1: no path behind it: the file is cut short");
    expect_refused("*> 192.0.2.0/24     198.51.100.1\n",
                   "table:1: no path behind it: the file is cut short");
    expect_refused("*> 192.0.2.0/24\n*> 192.0.3.0/24     198.51.100.1           0 64496 i\n",
                   "table:2: another route where a path should follow");
    expect_refused("*> 192.0.2.0/24\nroute-views>\n",
                   "table:2: another line where a path should follow");
    expect_refused("BGP routing table entry for 192.0.2.0/24, version 3546\n",
                   "table:1: the detailed form of `show ip bgp`; the short one would do");
}

/* ---- MRT ------------------------------------------------------------------------------- */

/* Attributes: origin code; path 64496 1 {2}. */
static const uint8_t as_path[] = {0x40, 1, 1, 0, 0x40, 2, 16, 2, 2, 0, 0, 0xfb,
                                  0xf0, 0, 0, 0, 1,    1, 1,  0, 0, 0, 2};
/* In two octets 64496 23456 23456, and what the last two stand for. */
static const uint8_t as_path_2[] = {0x40, 2,  8, 2, 3, 0xfb, 0xf0, 0x5b, 0xa0, 0x5b, 0xa0, 0xc0,
                                    17,   10, 2, 2, 0, 1,    0,    10,   0,    1,    0,    11};

static size_t record(struct file *f, uint16_t type, uint16_t subtype)
{
    f->big = true;
    file_u32(f, 1106049600);
    file_u16(f, type);
    file_u16(f, subtype);
    file_u32(f, 0);
    return f->size;
}

static void record_end(struct file *f, size_t begun)
{
    uint32_t length = htobe32((uint32_t)(f->size - begun));
    memcpy(f->octets + begun - 4, &length, 4);
}

/* TABLE_DUMP_V2: one prefix, two entries. */
static void put_rib(struct file *f, uint16_t subtype)
{
    size_t begun = record(f, 13, subtype);
    file_u32(f, 7);
    file_octets(f, "\x18\xc0\x00\x02\x00\x02", 6);
    for (int i = 0; i < 2; i++) {
        file_u16(f, 0);
        file_u32(f, 1106049600);
        if (subtype == 8)
            file_u32(f, 99);
        file_u16(f, sizeof as_path);
        file_octets(f, as_path, sizeof as_path);
    }
    record_end(f, begun);
}

static void put_old(struct file *f, unsigned length)
{
    size_t begun = record(f, 12, 1);
    const uint8_t address[] = {198, 51, 100, 0, (uint8_t)length, 1};
    file_u32(f, 0);
    file_octets(f, address, sizeof address);
    file_octets(f, "\x41\xec\xf0\x00\xc0\x00\x02\x01\xfb\xf0", 10);
    file_u16(f, sizeof as_path_2);
    file_octets(f, as_path_2, sizeof as_path_2);
    record_end(f, begun);
}

Test(routes, of_mrt_are_read_in_both_versions)
{
    struct file f;
    file_start(&f);
    size_t peers = record(&f, 13, 1);
    file_octets(&f, "\xc0\x00\x02\x01\x00\x00\x00\x00", 8);
    record_end(&f, peers);
    put_rib(&f, 2);
    put_rib(&f, 8);
    put_old(&f, 24);
    cr_assert(read_octets(f.octets, f.size), "%s", err.text);
    cr_expect(eq(str, told,
                 "192.0.2.0/24 64496 1 {2}\n192.0.2.0/24 64496 1 {2}\n"
                 "192.0.2.0/24 64496 1 {2}\n192.0.2.0/24 64496 1 {2}\n"
                 "198.51.100.0/24 64496 65546 65547\n"));
    cr_expect(eq(int, about.kind, ROUTES_MRT));
    cr_expect(eq(i64, about.time, 1106049600));
    file_end(&f);
}

Test(routes, of_mrt_cut_anywhere_are_refused_with_the_place)
{
    struct file f;
    file_start(&f);
    put_rib(&f, 2);
    size_t first = f.size;
    put_old(&f, 24);
    for (size_t n = 1; n < f.size; n++)
        if (n != first)
            cr_expect_not(read_octets(f.octets, n), "of %zu octets", n);
    char want[128];
    (void)snprintf(want, sizeof want,
                   "table: octet %zu: the MRT record here has less than its length: the file "
                   "is cut short",
                   first);
    cr_expect(eq(str, err.text, want));
    file_end(&f);
}

Test(routes, of_mrt_with_wrong_lengths_inside_are_refused)
{
    struct file f;
    file_start(&f);
    put_old(&f, 33);
    cr_expect_not(read_octets(f.octets, f.size));
    cr_expect(eq(str, err.text,
                 "table: octet 0: the MRT record here has no valid prefix length"));
    file_end(&f);

    file_start(&f);
    put_rib(&f, 2);
    f.octets[12 + 4 + 4 + 1] = 3; /* entries */
    cr_expect_not(read_octets(f.octets, f.size));
    cr_expect(eq(str, err.text,
                 "table: octet 0: the MRT record here has fewer entries than it says"));
    f.octets[12 + 4 + 4 + 1] = 1;
    cr_expect_not(read_octets(f.octets, f.size));
    f.octets[12 + 4 + 4 + 1] = 2;
    f.octets[12 + 4 + 4 + 2 + 8 + 7 + 1] += 9; /* ASes of a segment */
    cr_expect_not(read_octets(f.octets, f.size));
    cr_expect(eq(str, err.text,
                 "table: octet 0: the MRT record here has an AS path that is none"));
    file_end(&f);
}

Test(routes, are_not_in_updates)
{
    struct file f;
    file_start(&f);
    record_end(&f, record(&f, 16, 4));
    cr_expect_not(read_octets(f.octets, f.size));
    cr_expect(eq(str, err.text, "table: no table: 1 updates (BGP4MP) and no RIB entry"));
    file_end(&f);
}

/* ---- MMDB ------------------------------------------------------------------------------ */

enum { MMDB_NODES = 24, MMDB_TEXT = 2, MMDB_U16 = 5, MMDB_U32 = 6, MMDB_MAP = 7 };

static void put_control(struct file *f, unsigned type, size_t size)
{
    uint8_t control[2] = {(uint8_t)(type << 5 | (size < 29 ? size : 29)), (uint8_t)(size - 29)};
    file_octets(f, control, size < 29 ? 1 : 2);
}

static void put_text(struct file *f, const char *text)
{
    put_control(f, MMDB_TEXT, strlen(text));
    file_octets(f, text, strlen(text));
}

static void put_number(struct file *f, const char *key, unsigned type, uint32_t number)
{
    put_text(f, key);
    put_control(f, type, type == MMDB_U16 ? 2 : 4);
    if (type == MMDB_U16)
        file_u16(f, (uint16_t)number);
    else
        file_u32(f, number);
}

static void put_record(struct file *f, uint32_t record)
{
    const uint8_t octets[3] = {(uint8_t)(record >> 16), (uint8_t)(record >> 8),
                               (uint8_t)record};
    file_octets(f, octets, sizeof octets);
}

/* 192.0.2.0/24 alone; the left record of the last node is the one given. */
static void put_mmdb(struct file *f, uint32_t last_left)
{
    f->big = true;
    for (unsigned depth = 0; depth < MMDB_NODES; depth++) {
        bool right = 0xc00002 >> (23 - depth) & 1;
        uint32_t next = depth + 1 < MMDB_NODES ? depth + 1 : last_left;
        put_record(f, right ? MMDB_NODES : next);
        put_record(f, right ? next : MMDB_NODES);
    }
    file_octets(f, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    put_control(f, MMDB_MAP, 2);
    put_number(f, "autonomous_system_number", MMDB_U32, 64496);
    put_text(f, "autonomous_system_organization");
    put_text(f, "Example");

    file_octets(f, "\xab\xcd\xefMaxMind.com", 14);
    put_control(f, MMDB_MAP, 9);
    put_number(f, "binary_format_major_version", MMDB_U16, 2);
    put_number(f, "binary_format_minor_version", MMDB_U16, 0);
    put_text(f, "build_epoch");
    file_octets(f, "\x08\x02\0\0\0\0\x41\xec\xfa\x40", 10);
    put_text(f, "database_type");
    put_text(f, "GeoLite2-ASN");
    put_text(f, "description");
    put_control(f, MMDB_MAP, 0);
    put_number(f, "ip_version", MMDB_U16, 4);
    put_text(f, "languages");
    file_octets(f, "\x00\x04", 2);
    put_number(f, "node_count", MMDB_U32, MMDB_NODES);
    put_number(f, "record_size", MMDB_U16, 24);
}

Test(routes, of_an_mmdb_have_names)
{
    struct file f;
    file_start(&f);
    put_mmdb(&f, MMDB_NODES + 16);
    cr_assert(read_octets(f.octets, f.size), "%s", err.text);
    cr_expect(eq(str, told, "192.0.2.0/24 64496 = Example\n"));
    cr_expect(eq(int, about.kind, ROUTES_MMDB));
    cr_expect(eq(i64, about.time, 1106049600));
    cr_expect_not(read_octets(f.octets, f.size - 1), "cut");
    cr_expect_not(read_octets(f.octets, 100), "cut");
    file_end(&f);
}

Test(routes, of_an_mmdb_whose_tree_is_none_are_refused)
{
    struct file f;
    file_start(&f);
    put_mmdb(&f, 1);
    cr_expect_not(read_octets(f.octets, f.size));
    cr_expect(eq(str, err.text, "table: the MMDB's tree has a loop"));
    file_end(&f);
    file_start(&f);
    put_mmdb(&f, MMDB_NODES + 5000);
    cr_expect_not(read_octets(f.octets, f.size));
    cr_expect(eq(str, err.text, "table: node 5024 of the MMDB is not in it"));
    file_end(&f);
}

/* ---- Paths and dates ------------------------------------------------------------------- */

Test(routes, of_long_paths_keep_the_end)
{
    const struct route_hop hop[] = {{64496, 0}, {64497, 0}, {64498, 1}, {64499, 1}, {64500, 2}};
    char text[64];
    cr_expect(eq(str, (char *)(uintptr_t)routes_path(hop, 5, text, sizeof text),
                 "64496 64497 {64498,64499} {64500}"));
    cr_expect(eq(str, (char *)(uintptr_t)routes_path(hop, 5, text, 16), "... {64500}"));
    const struct route r = {.hop = hop, .hops = 4};
    cr_expect(eq(uint, routes_origins(&r), 2));
}

Test(routes, dates_are_found_in_names)
{
    cr_expect(eq(i64, routes_date("oix-full-snapshot-2005-01-18-1200.dat.bz2"), 1106049600));
    cr_expect(eq(i64, routes_date("rib.20050118.1200.bz2"), 1106049600));
    cr_expect(eq(i64, routes_date("routeviews-rv2-20050118-1200.pfx2as.gz"), 1106049600));
    cr_expect(eq(i64, routes_date("200501181200"), 1106049600));
    cr_expect(eq(i64, routes_date("table-2005-01-18"), 1106006400));
    cr_expect(eq(i64, routes_date("2005-01-18 12:00"), 1106049600));
    cr_expect(eq(i64, routes_date("of 2005"), 0));
    cr_expect(eq(i64, routes_date("2005-02-30 20059999 123456789 7"), 0));
    cr_expect(eq(i64, routes_date("rv-oregon-ios-2021.txt"), 0));
}

/* SPDX-License-Identifier: MIT */
#include "capture/encapsulation.h"
#include "tests/support/envelope.h"
#include "tests/support/wire.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static struct wire wire;
static struct shape room;
static struct shape *const shape = &room;

static void setup(void)
{
    wire_open(&wire);
}

static void teardown(void)
{
    wire_close(&wire);
}

TestSuite(encapsulation, .init = setup, .fini = teardown);

static bool is(const struct envelope *e, const char *name)
{
    return strcmp(e->name, name) == 0;
}

static void expect_the_query(const struct envelope *row)
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
    const struct envelope *row;
    for (size_t i = 0; (row = envelope_at(i)) != NULL; i++) {
        wire_again(&wire);
        row->build(shape);
        enum verdict v = wire_frame(&wire, row->link, shape->at, shape->size, 0);
        cr_expect(eq(int, v, VERDICT_MESSAGE), "%s on link %u: %s", row->name, row->link,
                  verdict_name(v));
        expect_the_query(row);
    }
}

/* Cut by the capture: the query counts as long as its header is there, else the frame is cut.
 */
Test(encapsulation, every_shape_survives_every_cut_by_the_capture)
{
    const struct envelope *row;
    for (size_t i = 0; (row = envelope_at(i)) != NULL; i++) {
        row->build(shape);
        for (size_t n = 0; n < shape->size; n++) {
            wire_again(&wire);
            enum verdict v = wire_frame(&wire, row->link, shape->at, n, shape->size - n);
            cr_expect(wire.messages == 1 || v == VERDICT_CUT || is(row, "padded"),
                      "%s, %zu octets: %s", row->name, n, verdict_name(v));
            if (wire.messages == 1)
                expect_the_query(row);
        }
    }
}

/* Sliced before the capture, which says that this was all: the lengths inside tell. */
Test(encapsulation, every_shape_is_read_as_far_as_a_mirror_left_it)
{
    const struct envelope *row;
    for (size_t i = 0; (row = envelope_at(i)) != NULL; i++) {
        row->build(shape);
        for (size_t n = 0; n < shape->size; n++) {
            wire_again(&wire);
            wire_frame(&wire, row->link, shape->at, n, shape->size - n);
            size_t said = wire.messages;
            wire_again(&wire);
            wire_frame(&wire, row->link, shape->at, n, 0);
            if (!is(row, "offloaded")) /* no length inside */
                cr_expect(eq(sz, wire.messages, said), "%s, %zu octets", row->name, n);
            if (wire.messages == 1 && !is(row, "offloaded"))
                expect_the_query(row);
        }
    }
}

/* One octet changed, at every place: nothing is read that is not there. */
Test(encapsulation, every_shape_survives_every_changed_octet)
{
    static const uint8_t change[] = {0x01, 0x80, 0xff, 0x0f};
    const struct envelope *row;
    for (size_t i = 0; (row = envelope_at(i)) != NULL; i++) {
        row->build(shape);
        for (size_t n = 0; n < shape->size; n++)
            for (size_t k = 0; k < sizeof change; k++) {
                shape->at[n] ^= change[k];
                wire_again(&wire);
                wire_frame(&wire, row->link, shape->at, shape->size, 0);
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
    const struct envelope *row;
    for (size_t i = 0; (row = envelope_at(i)) != NULL; i++) {
        if (row->link != WIRE_ETHERNET || is(row, "tags_beyond_count"))
            continue;
        row->build(shape);
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
    envelope_query4(shape);
    for (int i = 0; i < 5; i++)
        shape_ipv4(shape, "203.0.113.1", "203.0.113.2", 4);
    cr_expect(eq(int, verdict_of(101), VERDICT_TOO_DEEP));
    envelope_query4(shape);
    WORDS(1, 0x0800);
    for (int i = 0; i < 60; i++)
        WORDS(1, 0x8100);
    shape_ethernet(shape, 0x8100);
    cr_expect(eq(int, verdict_of(1), VERDICT_TOO_DEEP));
}

Test(encapsulation, what_is_not_understood_is_named)
{
    envelope_query4(shape);
    shape_ethernet(shape, 0x1234);
    cr_expect(eq(int, verdict_of(1), VERDICT_UNKNOWN_ETHERTYPE));
    cr_expect(eq(u32, wire.decode.counts.unknown[UNKNOWN_ETHERTYPE].number, 0x1234));
    envelope_query4(shape);
    shape->at[9] = 200;
    cr_expect(eq(int, verdict_of(101), VERDICT_IP_PROTOCOL));
    cr_expect(eq(u32, wire.decode.counts.unknown[UNKNOWN_PROTOCOL].number, 200));
    envelope_query4(shape);
    cr_expect(eq(int, verdict_of(147), VERDICT_UNKNOWN_LINK));
    cr_expect(eq(u32, wire.decode.counts.unknown[UNKNOWN_LINK_TYPE].number, 147));
}

Test(encapsulation, of_several_unknown_types_the_leading_one_is_named)
{
    for (int i = 0; i < 100; i++) {
        envelope_query4(shape);
        shape_ethernet(shape, i % 3 == 2 ? (uint16_t)(0x4000 + i) : 0x1234);
        wire_frame(&wire, 1, shape->at, shape->size, 0);
    }
    cr_expect(eq(u32, wire.decode.counts.unknown[UNKNOWN_ETHERTYPE].number, 0x1234));
}

Test(encapsulation, what_cannot_hold_dns_is_no_loss)
{
    envelope_query4(shape);
    shape_ethernet(shape, 0x0806);
    cr_expect(eq(int, verdict_of(1), VERDICT_NOT_IP));
    cr_expect(not(verdict_is_loss(VERDICT_NOT_IP)));
    envelope_query4(shape);
    shape->at[9] = 50;
    cr_expect(eq(int, verdict_of(101), VERDICT_ENCRYPTED));
    cr_expect(verdict_is_loss(VERDICT_ENCRYPTED));
}

Test(encapsulation, dns_quoted_in_icmp_is_not_counted)
{
    envelope_query4(shape);
    FRONT(3, 3, 0, 0, 0, 0, 0, 0);
    envelope_outer4(shape, 1);
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
    envelope_query4(shape);
    cr_expect(eq(int, verdict_of(101), VERDICT_MESSAGE));
    envelope_ethernet4(shape);
    cr_expect(eq(int, verdict_of(1), VERDICT_MESSAGE));
    wire.scope.server[0][15] = 54;
    envelope_query4(shape);
    cr_expect(eq(int, verdict_of(101), VERDICT_OUT_OF_SCOPE));
    envelope_ethernet4(shape);
    cr_expect(eq(int, verdict_of(1), VERDICT_OUT_OF_SCOPE));
}

Test(encapsulation, other_traffic_on_a_tunnels_port_is_not_ours)
{
    static const uint16_t ports[] = {4789, 4790, 6081, 2152, 37008};
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
        shape_start(shape);
        shape_back(shape, "\xf0 something else altogether", 27);
        shape->at[0] = 0xf0;
        envelope_outer_udp(shape, ports[i]);
        cr_expect(eq(int, verdict_of(1), VERDICT_OTHER_TRAFFIC), "port %u", ports[i]);
    }
}

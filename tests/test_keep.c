/* SPDX-License-Identifier: MIT */
#include "capture/decode.h"
#include "capture/keep.h"
#include "tests/support/wire.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static struct keep keep;
static struct error err;
static struct message_batch batch;
static uint8_t octets[2 * KEEP_OCTETS];
static uint32_t length = 60;
static int64_t now_ns;

static void setup(void)
{
    cr_assert(keep_init(&keep, &err));
    keep_network(&keep, (const uint8_t[16]){192, 0, 2}, false);
    keep_network(&keep, (const uint8_t[16]){0x20, 0x01, 0x0d, 0xb8, 0, 1}, true);
}

static void teardown(void)
{
    keep_fini(&keep);
}

TestSuite(keep, .init = setup, .fini = teardown);

static void given(const uint8_t *client, uint16_t flags)
{
    struct message *m = &batch.message[batch.count++];
    *m = (struct message){.flags = flags};
    memcpy(m->client, client, sizeof m->client);
}

#define CLIENT(...) ((const uint8_t[16]){__VA_ARGS__})

/* One frame with what is in the batch from `first` on. */
static void see(uint32_t first)
{
    now_ns++;
    memcpy(octets, &now_ns, sizeof now_ns);
    const struct frame f = {.data = octets,
                            .captured = length,
                            .wire = length + 4,
                            .readable = length,
                            .link = 1,
                            .time_ns = now_ns};
    keep_messages(&keep, &f, &batch, first);
}

static void see_one(void)
{
    batch.count = 0;
    given(CLIENT(192, 0, 2, 9), 0);
    see(0);
}

Test(keep, takes_frames_of_its_networks_alone)
{
    given(CLIENT(192, 0, 2, 1), 0);
    see(0);
    given(CLIENT(192, 0, 2, 77), MESSAGE_RESPONSE);
    see(1);
    given(CLIENT(192, 0, 3, 1), 0);
    see(2);
    given(CLIENT(0x20, 0x01, 0x0d, 0xb8, 0, 1, 9), MESSAGE_IPV6);
    see(3);
    given(CLIENT(0x20, 0x01, 0x0d, 0xb8, 0, 2, 9), MESSAGE_IPV6);
    see(4);
    given(CLIENT(192, 0, 2), MESSAGE_IPV6); /* looks alike, and is another family */
    see(5);
    cr_expect(eq(u32, keep.network[0].frames, 2));
    cr_expect(eq(u32, keep.network[1].frames, 1));
    const struct keep_frame *k = &keep.frame[1];
    cr_expect(eq(i64, k->time_ns, 2));
    cr_expect(eq(u32, k->captured, 60));
    cr_expect(eq(u32, k->wire, 64));
    cr_expect(eq(u32, keep.frame[KEEP_FRAMES].link, 1));
}

Test(keep, takes_a_frame_with_several_messages_once)
{
    given(CLIENT(192, 0, 2, 1), MESSAGE_TCP);
    given(CLIENT(192, 0, 2, 1), MESSAGE_TCP);
    see(0);
    see(2); /* a frame that gave none */
    cr_expect(eq(u64, keep.network[0].seen, 1));
}

Test(keep, takes_the_beginning_of_a_long_frame)
{
    length = sizeof octets;
    octets[KEEP_OCTETS - 1] = 7;
    see_one();
    cr_expect(eq(u32, keep.frame[0].captured, KEEP_OCTETS));
    cr_expect(eq(u32, keep.frame[0].wire, length + 4));
    cr_expect(eq(u8, keep.frame[0].octets[KEEP_OCTETS - 1], 7));
}

/* How many of the frames kept are of the first half of `n`. */
static unsigned of_the_first_half(int64_t n)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < keep.network[0].frames; i++)
        count += keep.frame[i].time_ns <= n / 2;
    return count;
}

Test(keep, draws_evenly_from_more_than_it_has_room_for)
{
    for (unsigned i = 0; i < 10000; i++)
        see_one();
    cr_expect(eq(u32, keep.network[0].frames, KEEP_FRAMES));
    cr_expect(eq(u64, keep.network[0].seen, 10000));
    /* 64 expected; the standard deviation is 5.7 */
    cr_expect(ge(u32, of_the_first_half(10000), 36));
    cr_expect(le(u32, of_the_first_half(10000), 92));
    for (uint32_t i = 0; i < KEEP_FRAMES; i++)
        cr_expect(eq(int, memcmp(keep.frame[i].octets, &keep.frame[i].time_ns, 8), 0));
}

Test(keep, merges_by_how_many_were_seen)
{
    struct keep other;
    for (unsigned i = 0; i < 9000; i++)
        see_one();
    other = keep;
    cr_assert(keep_init(&keep, &err));
    keep_network(&keep, (const uint8_t[16]){192, 0, 2}, false);
    for (unsigned i = 0; i < 1000; i++)
        see_one();
    keep_merge(&other, &keep);
    keep_fini(&keep);
    keep = other;
    cr_expect(eq(u64, keep.network[0].seen, 10000));
    cr_expect(eq(u32, keep.network[0].frames, KEEP_FRAMES));
    unsigned late = KEEP_FRAMES - of_the_first_half(18000); /* of a tenth: 13 expected */
    cr_expect(ge(u32, late, 2));
    cr_expect(le(u32, late, 30));
}

Test(keep, forgets)
{
    see_one();
    keep_clear(&keep);
    keep_network(&keep, (const uint8_t[16]){192, 0, 2}, false);
    cr_expect(eq(u32, keep.network[0].frames, 0));
    see_one();
    cr_expect(eq(u64, keep.network[0].seen, 1));
}

/* ---- Signs on the wire ----------------------------------------------------------------- */

static struct wire wire;
static struct shape shape;

static void open_wire(void)
{
    wire_open(&wire);
    wire.decode.keep = &keep;
}

static uint64_t signs(unsigned network, enum keep_kind kind)
{
    return keep.network[network].sign[kind];
}

/* ICMP of a type about a packet from `from` to `to`, of which `quoted` octets are quoted. */
static enum verdict see_icmp4(uint8_t type, const char *from, const char *to, uint8_t protocol,
                              uint16_t port, size_t quoted)
{
    shape_response(&shape, "www.example", 1, 0);
    shape_udp(&shape, port, 40000);
    shape_ipv4(&shape, from, to, protocol);
    shape.size = quoted < shape.size ? quoted : shape.size;
    shape_words(&shape, (uint16_t)(type << 8 | 1), 0, 0, 0);
    shape_ipv4(&shape, "203.0.113.9", from, 1);
    shape_ethernet(&shape, 0x0800);
    return wire_shape(&wire, &shape);
}

Test(keep, counts_answers_that_found_nobody)
{
    open_wire();
    enum verdict v = see_icmp4(3, "198.51.100.53", "192.0.2.7", 17, 53, 99);
    cr_expect(eq(int, v, VERDICT_OTHER_TRAFFIC));
    see_icmp4(3, "198.51.100.53", "192.0.2.7", 17, 53, 28); /* the least that is quoted */
    see_icmp4(3, "198.51.100.53", "192.0.2.7", 6, 53, 28);
    cr_expect(eq(u64, signs(0, KEEP_UNREACHABLE), 3));
    see_icmp4(11, "198.51.100.53", "192.0.2.7", 17, 53, 28); /* another type */
    see_icmp4(3, "198.51.100.53", "192.0.3.7", 17, 53, 28);  /* another network */
    see_icmp4(3, "198.51.100.53", "192.0.2.7", 17, 54, 28);  /* another port */
    see_icmp4(3, "198.51.100.53", "192.0.2.7", 1, 53, 28);   /* another protocol */
    for (size_t quoted = 0; quoted < 24; quoted++)
        see_icmp4(3, "198.51.100.53", "192.0.2.7", 17, 53, quoted); /* cut before its ports */
    cr_expect(eq(u64, signs(0, KEEP_UNREACHABLE), 3));
    wire.decode.keep = NULL;
    cr_expect(eq(int, see_icmp4(3, "198.51.100.53", "192.0.2.7", 17, 53, 99),
                 VERDICT_OTHER_TRAFFIC));
    wire_close(&wire);
}

Test(keep, counts_answers_of_the_server_alone)
{
    wire_open(&wire);
    memcpy(wire.scope.server[0], (const uint8_t[16]){[10] = 0xff, 0xff, 198, 51, 100, 53}, 16);
    wire.scope.servers = 1;
    wire_again(&wire);
    wire.decode.keep = &keep;
    see_icmp4(3, "198.51.100.54", "192.0.2.7", 17, 53, 99);
    cr_expect(eq(u64, signs(0, KEEP_UNREACHABLE), 0));
    see_icmp4(3, "198.51.100.53", "192.0.2.7", 17, 53, 99);
    cr_expect(eq(u64, signs(0, KEEP_UNREACHABLE), 1));
    wire_close(&wire);
}

Test(keep, counts_them_over_ipv6)
{
    open_wire();
    for (uint16_t type = 0; type < 5; type++) {
        shape_response(&shape, "www.example", 1, 0);
        shape_udp(&shape, 53, 40000);
        shape_ipv6(&shape, "2001:db8:53::53", "2001:db8:1::7", 17);
        shape_words(&shape, (uint16_t)(type << 8 | 3), 0, 0, 0);
        shape_ipv6(&shape, "2001:db8:9::1", "2001:db8:53::53", 58);
        shape_ethernet(&shape, 0x86dd);
        cr_expect(eq(int, wire_shape(&wire, &shape), VERDICT_OTHER_TRAFFIC));
    }
    cr_expect(eq(u64, signs(1, KEEP_UNREACHABLE), 1));
    cr_expect(eq(u64, signs(0, KEEP_UNREACHABLE), 0));
    wire_close(&wire);
}

static void see_tcp(const char *from, const char *to, uint16_t port, uint8_t flags)
{
    shape_start(&shape);
    shape_tcp(&shape, port == 53 ? 40000 : 53, port, 7, flags);
    shape_ipv4(&shape, from, to, 6);
    shape_ethernet(&shape, 0x0800);
    wire_shape(&wire, &shape);
}

Test(keep, counts_who_wants_a_connection)
{
    enum { SYN = 2, ACK = 16 };
    open_wire();
    see_tcp("192.0.2.7", "198.51.100.53", 53, SYN);
    see_tcp("192.0.2.8", "198.51.100.53", 53, SYN);
    see_tcp("198.51.100.53", "192.0.2.7", 40000, SYN | ACK);
    see_tcp("192.0.2.7", "198.51.100.53", 53, ACK);
    see_tcp("192.0.3.7", "198.51.100.53", 53, SYN);
    cr_expect(eq(u64, signs(0, KEEP_SYN), 2));
    wire_close(&wire);
}

Test(keep, counts_signs_where_it_keeps_no_frames)
{
    keep_fini(&keep);
    open_wire();
    see_tcp("192.0.2.7", "198.51.100.53", 53, 2);
    shape_common(&shape, "www.example", 1);
    wire_shape(&wire, &shape);
    cr_expect(eq(u64, signs(0, KEEP_SYN), 1));
    cr_expect(eq(u64, keep.network[0].seen, 1));
    cr_expect(eq(u32, keep.network[0].frames, 0));
    struct keep other = keep;
    keep_merge(&other, &keep);
    cr_expect(eq(u64, other.network[0].sign[KEEP_SYN], 2));
    wire_close(&wire);
}

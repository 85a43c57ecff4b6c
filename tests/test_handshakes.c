/* SPDX-License-Identifier: MIT */
#include "capture/handshakes.h"
#include "tests/support/wire.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16, PORT = 40000, ITS = 7000, OURS = 90000 };

static const char *const server = "198.51.100.53";
static struct wire wire;
static struct shape shape;
static struct keep keep;

static void setup(void)
{
    wire_open(&wire);
    keep_network(&keep, (const uint8_t[16]){192, 0, 2}, false);
    keep_network(&keep, (const uint8_t[16]){192, 0, 3}, false);
    keep_network(&keep, (const uint8_t[16]){0x20, 0x01, 0x0d, 0xb8, 0, 1}, true);
    wire.decode.keep = &keep;
}

static void teardown(void)
{
    wire_close(&wire);
}

TestSuite(handshakes, .init = setup, .fini = teardown);

static void send_(const char *from, const char *to, uint8_t flags, uint16_t port,
                  uint32_t sequence, uint32_t acknowledged)
{
    bool to_server = strcmp(to, server) == 0;
    shape_tcp_ack(&shape, to_server ? port : 53, to_server ? 53 : port, sequence, acknowledged,
                  flags);
    shape_ipv4(&shape, from, to, 6);
    shape_ethernet(&shape, 0x0800);
    wire_shape(&wire, &shape);
}

static void client(const char *who, uint8_t flags, uint32_t sequence, uint32_t acknowledged)
{
    shape_start(&shape);
    send_(who, server, flags, PORT, sequence, acknowledged);
}

static void answers(const char *whom, uint32_t sequence, uint32_t acknowledged)
{
    shape_start(&shape);
    send_(server, whom, SYN | ACK, PORT, sequence, acknowledged);
}

static void client_data(const char *who, uint32_t sequence, uint32_t acknowledged)
{
    shape_query(&shape, "www.example", 1);
    shape_length(&shape);
    send_(who, server, ACK, PORT, sequence, acknowledged);
}

static void opens(const char *who)
{
    client(who, SYN, ITS, 0);
}

/* So much later; the clock hand of a source that is read. */
static void after(double seconds)
{
    wire.time_ns += (int64_t)(seconds * 1e9);
    handshakes_settle(wire.decode.handshakes, &keep, wire.time_ns);
}

static uint64_t sign(enum keep_kind kind)
{
    return keep.network[0].sign[kind];
}

/* Completed, unfinished, one-sided and unanswered ones, of the first network. */
#define expect_signs(completed, unfinished, one_sided, unanswered) \
    do {                                                           \
        cr_expect(eq(u64, sign(KEEP_HANDSHAKE), (completed)));     \
        cr_expect(eq(u64, sign(KEEP_UNFINISHED), (unfinished)));   \
        cr_expect(eq(u64, sign(KEEP_ONE_SIDED), (one_sided)));     \
        cr_expect(eq(u64, sign(KEEP_UNANSWERED), (unanswered)));   \
    } while (false)

Test(handshakes, are_completed_by_who_knows_the_answer)
{
    opens("192.0.2.7");
    answers("192.0.2.7", OURS, ITS + 1);
    expect_signs(0, 0, 0, 0);
    client("192.0.2.7", ACK, ITS + 1, OURS + 1);
    client_data("192.0.2.7", ITS + 1, OURS + 1);
    after(60);
    cr_expect(eq(u64, sign(KEEP_SYN), 1));
    expect_signs(1, 0, 0, 0);
}

Test(handshakes, count_once_though_all_is_sent_again)
{
    for (int i = 0; i < 3; i++)
        opens("192.0.2.7");
    for (int i = 0; i < 3; i++)
        answers("192.0.2.7", OURS, ITS + 1);
    for (int i = 0; i < 3; i++)
        client("192.0.2.7", ACK, ITS + 1, OURS + 1);
    after(60);
    cr_expect(eq(u64, sign(KEEP_SYN), 3));
    expect_signs(1, 0, 0, 0);
}

Test(handshakes, are_not_completed_by_guessing)
{
    opens("192.0.2.7");
    answers("192.0.2.7", OURS, ITS + 1);
    for (uint32_t guess = 0; guess < 90000; guess++)
        client("192.0.2.7", ACK, ITS + 1, guess);
    client_data("192.0.2.7", ITS + 1, OURS + 2);
    client("192.0.3.7", ACK, ITS + 1, OURS + 1);   /* another, of what it was not sent */
    client("192.0.2.7", SYN | ACK, ITS, OURS + 1); /* no segment of an opening client */
    expect_signs(0, 0, 0, 0);
    after(5);
    expect_signs(0, 1, 0, 0);
}

Test(handshakes, are_unfinished_where_nobody_hears_the_answer)
{
    opens("192.0.2.7");
    answers("192.0.2.7", OURS, ITS + 1);
    after(4);
    expect_signs(0, 0, 0, 0);
    after(1);
    expect_signs(0, 1, 0, 0);
    client("192.0.2.7", ACK, ITS + 1, OURS + 1); /* too late: it was counted */
    after(60);
    expect_signs(0, 1, 0, 0);
}

Test(handshakes, are_unfinished_where_a_host_denies_having_asked)
{
    opens("192.0.2.7");
    answers("192.0.2.7", OURS, ITS + 1);
    client("192.0.2.7", RST, ITS + 9, 0); /* not of this connection */
    expect_signs(0, 0, 0, 0);
    client("192.0.2.7", RST, ITS + 1, 0);
    expect_signs(0, 1, 0, 0);
}

Test(handshakes, are_one_sided_where_answers_are_not_mirrored)
{
    opens("192.0.2.7");
    client("192.0.2.7", ACK, ITS + 1, OURS + 1);
    client_data("192.0.2.7", ITS + 1, OURS + 1);
    opens("192.0.2.8");
    client("192.0.2.8", ACK, ITS + 1, OURS + 1); /* proves nothing without its answer */
    after(5);
    expect_signs(0, 0, 1, 1);
}

Test(handshakes, do_not_believe_data_ahead_of_the_answer)
{
    opens("192.0.2.7");
    client_data("192.0.2.7", ITS + 1, 12345);
    answers("192.0.2.7", OURS, ITS + 1);
    after(5);
    expect_signs(0, 1, 0, 0);
}

Test(handshakes, take_data_in_the_syn_for_what_it_is)
{
    shape_query(&shape, "www.example", 1);
    shape_length(&shape);
    uint32_t octets = (uint32_t)shape.size;
    send_("192.0.2.7", server, SYN, PORT, ITS, 0);
    answers("192.0.2.7", OURS, ITS + 1 + octets);
    client("192.0.2.7", ACK, ITS + 1 + octets, OURS + 1);
    expect_signs(1, 0, 0, 0);
}

Test(handshakes, are_those_of_watched_networks_with_servers)
{
    opens("203.0.113.7");
    answers("203.0.113.7", OURS, ITS + 1);
    client("203.0.113.7", ACK, ITS + 1, OURS + 1);
    after(60);
    expect_signs(0, 0, 0, 0);
    cr_expect_null(wire.decode.handshakes, "no memory for what nobody watches");

    memcpy(wire.scope.server[0], (const uint8_t[16]){[10] = 0xff, 0xff, 198, 51, 100, 54}, 16);
    wire.scope.servers = 1;
    wire_again(&wire);
    wire.decode.keep = &keep;
    opens("192.0.2.7");
    cr_expect(eq(u64, sign(KEEP_SYN), 0));
}

Test(handshakes, are_counted_for_their_own_network)
{
    opens("192.0.3.7");
    opens("192.0.2.7");
    answers("192.0.3.7", OURS, ITS + 1);
    client("192.0.3.7", ACK, ITS + 1, OURS + 1);
    after(5);
    expect_signs(0, 0, 0, 1);
    cr_expect(eq(u64, keep.network[1].sign[KEEP_HANDSHAKE], 1));
}

Test(handshakes, are_followed_over_ipv6_and_over_changes_of_who_is_watched)
{
    static const struct {
        const char *from, *to;
        uint16_t source, destination;
        uint32_t sequence, acknowledged;
        uint8_t flags;
    } segment[] = {{"2001:db8:1::7", "2001:db8:53::53", PORT, 53, ITS, 0, SYN},
                   {"2001:db8:53::53", "2001:db8:1::7", 53, PORT, OURS, ITS + 1, SYN | ACK},
                   {"2001:db8:1::7", "2001:db8:53::53", PORT, 53, ITS + 1, OURS + 1, ACK}};
    for (unsigned i = 0; i < 3; i++) {
        keep_clear(&keep); /* as at the end of an interval */
        if (i == 1)
            keep_network(&keep, (const uint8_t[16]){192, 0, 2}, false);
        keep_network(&keep, (const uint8_t[16]){0x20, 0x01, 0x0d, 0xb8, 0, 1}, true);
        shape_start(&shape);
        shape_tcp_ack(&shape, segment[i].source, segment[i].destination, segment[i].sequence,
                      segment[i].acknowledged, segment[i].flags);
        shape_ipv6(&shape, segment[i].from, segment[i].to, 6);
        shape_ethernet(&shape, 0x86dd);
        wire_shape(&wire, &shape);
    }
    cr_expect(eq(u64, sign(KEEP_HANDSHAKE), 1));
}

Test(handshakes, are_forgotten_with_the_watch_on_their_network)
{
    opens("192.0.2.7");
    keep_clear(&keep);
    keep_network(&keep, (const uint8_t[16]){192, 0, 3}, false);
    after(5);
    expect_signs(0, 0, 0, 0);
    keep_clear(&keep);
    keep_network(&keep, (const uint8_t[16]){192, 0, 2}, false);
    after(5);
    expect_signs(0, 0, 0, 0);
}

Test(handshakes, wait_on_no_clock_that_was_set_back)
{
    opens("192.0.2.7");
    after(-3600);
    expect_signs(0, 0, 0, 1);
}

/* A flood of forged SYNs, all answered, a tenth of all connections by who is there. */
Test(handshakes, are_a_fair_sample_in_a_flood)
{
    enum { EACH = 60000 };
    char who[16];
    uint64_t state = 1;
    for (uint32_t i = 0; i < EACH; i++) {
        (void)snprintf(who, sizeof who, "192.0.2.%u", (unsigned)(keep_random(&state) % 256));
        uint16_t port = (uint16_t)(1024 + keep_random(&state) % 60000);
        uint32_t its = (uint32_t)keep_random(&state), ours = (uint32_t)keep_random(&state);
        shape_start(&shape);
        send_(who, server, SYN, port, its, 0);
        shape_start(&shape);
        send_(server, who, SYN | ACK, port, ours, its + 1);
        shape_start(&shape);
        if (keep_random(&state) % 10 == 0)
            send_(who, server, ACK, port, its + 1, ours + 1);
        after(0.001);
    }
    after(60);
    uint64_t completed = sign(KEEP_HANDSHAKE), unfinished = sign(KEEP_UNFINISHED);
    cr_expect(eq(u64, sign(KEEP_SYN), EACH));
    /* No more can wait than there are places, for as long as each waits. */
    cr_expect(le(u64, unfinished, HANDSHAKES_PLACES * (EACH / 5000 + 1)));
    cr_expect(ge(u64, unfinished, HANDSHAKES_PLACES * (EACH / 5000 - 1) / 2));
    double share = (double)completed / (double)(completed + unfinished);
    cr_expect(share > 0.07 && share < 0.13, "%g", share);
    cr_expect(eq(u64, sign(KEEP_ONE_SIDED) + sign(KEEP_UNANSWERED), 0));
}

static void flood(unsigned network)
{
    char who[16];
    uint64_t state = 1;
    for (uint32_t i = 0; i < 5000; i++) {
        (void)snprintf(who, sizeof who, "192.0.%u.%u", network, i % 256);
        shape_start(&shape);
        send_(who, server, SYN, (uint16_t)(1024 + i), (uint32_t)keep_random(&state), 0);
    }
}

/* Two networks share a part by chance, once in sixteen times. */
Test(handshakes, of_one_network_are_seldom_lost_in_anothers_flood)
{
    enum { TIMES = 12, HOSTS = 10 };
    char who[16];
    for (unsigned time = 0; time < TIMES; time++) {
        wire_again(&wire);
        wire.decode.keep = &keep;
        flood(3);
        for (unsigned i = 0; i < HOSTS; i++) {
            (void)snprintf(who, sizeof who, "192.0.2.%u", i);
            opens(who);
            answers(who, OURS, ITS + 1);
            client(who, ACK, ITS + 1, OURS + 1);
        }
    }
    cr_expect(ge(u64, sign(KEEP_HANDSHAKE), TIMES * HOSTS / 2));
}

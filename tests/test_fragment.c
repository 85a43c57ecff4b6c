/* SPDX-License-Identifier: MIT */
#include "capture/fragment.h"
#include "tests/support/wire.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WHOLE_MAX = 4096, TRIES = 4 /* at measuring */ };

static struct wire wire;
static struct shape shape;
static uint8_t whole[WHOLE_MAX]; /* UDP header and message */
static size_t whole_bytes;
static bool ipv6;
static uint32_t identification;

static void setup(void)
{
    wire_open(&wire);
    ipv6 = false;
    identification = 77;
}

static void teardown(void)
{
    wire_finish(&wire);
    wire_close(&wire);
}

TestSuite(fragment, .init = setup, .fini = teardown, .timeout = 600);

/* A response with as many octets behind its question as it takes; they are not records. */
static void given_message(size_t dns_bytes)
{
    static uint8_t filling[WHOLE_MAX];
    shape_response(&shape, "www.example", 1, 0);
    shape_back(&shape, filling, dns_bytes - shape.size);
    shape_udp(&shape, 53, 40000);
    memcpy(whole, shape.at, shape.size);
    whole_bytes = shape.size;
}

static void shape_fragment4(size_t from, bool more, uint8_t protocol)
{
    shape_ipv4(&shape, "198.51.100.53", "192.0.2.1", protocol);
    shape.at[4] = (uint8_t)(identification >> 8);
    shape.at[5] = (uint8_t)identification;
    shape.at[6] = (uint8_t)((more ? 0x20 : 0) | from / 8 >> 8);
    shape.at[7] = (uint8_t)(from / 8);
    shape.at[8] = from == 0 ? 61 : 50; /* hops left */
    shape_ethernet(&shape, 0x0800);
}

static void shape_fragment6(size_t from, bool more, uint8_t protocol)
{
    shape_words(&shape, (uint16_t)(protocol << 8), (uint16_t)(from | more),
                (uint16_t)(identification >> 16), (uint16_t)identification);
    shape_ipv6(&shape, "2001:db8::53", "2001:db8:1::1", 44);
    shape.at[7] = from == 0 ? 61 : 50;
    shape_ethernet(&shape, 0x86dd);
}

static enum verdict see(size_t from, size_t to)
{
    shape_start(&shape);
    shape_back(&shape, whole + from, to - from);
    (ipv6 ? shape_fragment6 : shape_fragment4)(from, to < whole_bytes, 17);
    wire.time_ns += 1000;
    return wire_shape(&wire, &shape);
}

static void expect_one_message(void)
{
    cr_assert(eq(sz, wire.messages, 1));
    cr_expect(eq(u16, wire.message[0].dns_bytes, (uint16_t)(whole_bytes - 8)));
    cr_expect(eq(u16, wire.message[0].qtype, 1));
    cr_expect(wire_has(&wire.message[0], MESSAGE_RESPONSE));
    cr_expect(eq(u16, wire.message[0].client_port, 40000));
    cr_expect(eq(u32, wire.message[0].ttl, 61)); /* of the first, whenever it came */
}

#define FOR_BOTH_VERSIONS \
    for (int version = 0; ipv6 = version == 1, wire_again(&wire), version < 2; version++)

Test(fragment, a_message_in_order_counts_once_with_its_full_size)
{
    given_message(3000);
    FOR_BOTH_VERSIONS
    {
        cr_expect(eq(int, see(0, 1480), VERDICT_FRAGMENT));
        cr_expect(eq(int, see(1480, 2960), VERDICT_FRAGMENT));
        cr_expect(eq(int, see(2960, whole_bytes), VERDICT_MESSAGE));
        expect_one_message();
    }
}

Test(fragment, a_message_in_reverse_order_counts_once)
{
    given_message(3000);
    FOR_BOTH_VERSIONS
    {
        cr_expect(eq(int, see(2960, whole_bytes), VERDICT_FRAGMENT));
        cr_expect(eq(int, see(1480, 2960), VERDICT_FRAGMENT));
        cr_expect(eq(int, see(0, 1480), VERDICT_MESSAGE));
        expect_one_message();
    }
}

Test(fragment, any_order_of_small_fragments_gives_the_message)
{
    given_message(400);
    for (unsigned seed = 1; seed < 100; seed++)
        FOR_BOTH_VERSIONS
        {
            size_t part[64], parts = 0;
            for (size_t at = 0; at < whole_bytes; at += 16)
                part[parts++] = at;
            srand(seed);
            for (size_t i = parts - 1; i > 0; i--) {
                size_t j = (size_t)rand() % (i + 1), kept = part[i];
                part[i] = part[j];
                part[j] = kept;
            }
            for (size_t i = 0; i < parts; i++)
                see(part[i], part[i] + 16 < whole_bytes ? part[i] + 16 : whole_bytes);
            expect_one_message();
        }
}

Test(fragment, datagrams_are_kept_apart)
{
    given_message(1000);
    for (identification = 0; identification < 100; identification++)
        see(0, 504);
    for (identification = 0; identification < 100; identification++)
        cr_expect(eq(int, see(504, whole_bytes), VERDICT_MESSAGE));
    cr_expect(eq(sz, wire.messages, 100));
}

Test(fragment, a_repeated_one_changes_nothing)
{
    given_message(1000);
    FOR_BOTH_VERSIONS
    {
        see(0, 504);
        cr_expect(eq(int, see(0, 504), VERDICT_FRAGMENT_REPEATED));
        see(504, whole_bytes);
        expect_one_message();
    }
}

Test(fragment, an_overlap_ends_the_datagram)
{
    given_message(1000);
    FOR_BOTH_VERSIONS
    {
        see(0, 504);
        cr_expect(eq(int, see(496, 800), VERDICT_FRAGMENT_CONTRADICTION));
        cr_expect(eq(int, see(504, whole_bytes), VERDICT_FRAGMENT_CONTRADICTION));
        cr_expect(eq(sz, wire.messages, 0));
    }
}

Test(fragment, two_different_ends_contradict_each_other)
{
    given_message(1000);
    see(504, whole_bytes);
    whole_bytes -= 8;
    cr_expect(eq(int, see(800, whole_bytes), VERDICT_FRAGMENT_CONTRADICTION));
}

Test(fragment, one_that_never_completes_is_counted)
{
    given_message(1000);
    FOR_BOTH_VERSIONS
    {
        see(0, 504);
        wire.time_ns += FRAGMENT_WAIT_NS;
        cr_expect(eq(int, see(504, whole_bytes), VERDICT_FRAGMENT)); /* of another datagram */
        cr_expect(eq(u64, wire.decode.counts.loss[LOSS_DATAGRAMS_UNFINISHED], 1));
        wire_finish(&wire);
        cr_expect(eq(u64, wire.decode.counts.loss[LOSS_DATAGRAMS_UNFINISHED], 2));
    }
}

Test(fragment, a_cut_first_one_gives_what_can_be_read)
{
    given_message(1000);
    FOR_BOTH_VERSIONS
    {
        shape_start(&shape);
        shape_back(&shape, whole, 504);
        (ipv6 ? shape_fragment6 : shape_fragment4)(0, true, 17);
        cr_expect(eq(int, wire_frame(&wire, WIRE_ETHERNET, shape.at, shape.size - 300, 300),
                     VERDICT_MESSAGE));
        cr_expect(eq(int, see(504, whole_bytes), VERDICT_FRAGMENT));
        expect_one_message();
        cr_expect(wire_has(&wire.message[0], MESSAGE_CUT));
    }
}

Test(fragment, an_atomic_one_is_whole)
{
    given_message(100);
    ipv6 = true;
    cr_expect(eq(int, see(0, whole_bytes), VERDICT_MESSAGE));
    expect_one_message();
}

Test(fragment, survives_every_cut)
{
    given_message(200);
    FOR_BOTH_VERSIONS
    {
        shape_start(&shape);
        shape_back(&shape, whole, 104);
        (ipv6 ? shape_fragment6 : shape_fragment4)(0, true, 17);
        for (size_t n = 0; n < shape.size; n++) {
            identification++;
            wire_frame(&wire, WIRE_ETHERNET, shape.at, n, shape.size - n);
        }
    }
}

Test(fragment, memory_is_bounded_and_evictions_are_counted)
{
    given_message(1000);
    wire.scope.fragment_bytes = 1 << 20;
    wire_again(&wire);
    for (identification = 0; identification < 20000; identification++)
        see(0, 504);
    identification = 19999;
    cr_expect(eq(int, see(504, whole_bytes), VERDICT_MESSAGE));
    cr_expect(gt(u64, wire.decode.counts.loss[LOSS_DATAGRAMS_EVICTED], 18000));
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double seconds_of(unsigned datagrams)
{
    wire_again(&wire);
    double begin = seconds();
    for (identification = 0; identification < datagrams; identification++)
        see(8, 16);
    return seconds() - begin;
}

/* The least of some tries: what others do on the machine only adds to it. */
static double least_seconds_of(unsigned datagrams)
{
    double least = seconds_of(datagrams);
    for (int i = 1; i < TRIES; i++) {
        double took = seconds_of(datagrams);
        least = took < least ? took : least;
    }
    return least;
}

Test(fragment, work_grows_no_faster_than_traffic)
{
    double last = 0;
    given_message(1000);
    ipv6 = true; /* more identifications */
    for (unsigned datagrams = 25000; datagrams <= 100000; datagrams *= 2) {
        double took = least_seconds_of(datagrams);
        if (last > 0.01)
            cr_expect(lt(dbl, took, 5 * last), "%u datagrams took %.3f s, half %.3f s",
                      datagrams, took, last);
        last = took;
    }
}

/* SPDX-License-Identifier: MIT */
#include "analysis/traits.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>

static struct traits traits;

static void setup(void)
{
    memset(&traits, 0, sizeof traits);
}

TestSuite(traits, .init = setup);

static void given(unsigned host, uint8_t ttl, uint16_t port, unsigned times)
{
    const struct message m = {.flags = MESSAGE_QUESTION, .ttl = ttl, .client_port = port};
    for (unsigned i = 0; i < times; i++)
        traits_add(&traits, &m, host);
}

static void given_answer(uint16_t rcode, bool tcp)
{
    const struct message m = {.flags = MESSAGE_RESPONSE | (tcp ? MESSAGE_TCP : 0),
                              .rcode = rcode};
    traits_add(&traits, &m, 0);
}

static enum traits_verdict verdict(void)
{
    unsigned steady, varied;
    traits_hosts(&traits, &steady, &varied);
    return traits_verdict(traits.tcp_responses, steady, varied);
}

Test(traits, list_the_leading_ttls)
{
    uint8_t ttl[TRAITS_LEADING];
    unsigned different;
    given(1, 0, 1, 1);
    given(1, 255, 1, 2);
    given(1, 57, 1, 9);
    given(1, 56, 1, 3);
    given(1, 120, 1, 5);
    cr_expect(eq(u32, traits_leading(&traits, ttl, &different), TRAITS_LEADING));
    cr_expect(eq(u32, different, 5));
    cr_expect(eq(u8, ttl[0], 57));
    cr_expect(eq(u8, ttl[1], 120));
    cr_expect(eq(u8, ttl[2], 56));
    cr_expect(eq(u8, ttl[3], 255));
}

Test(traits, tell_steady_hosts_from_varied_ones)
{
    unsigned steady, varied;
    given(1, 57, 1, 50);
    given(1, 54, 1, 50); /* a route has changed */
    for (unsigned i = 0; i < 20; i++)
        given(2, (uint8_t)(40 + i), 1, 1);
    given(3, 57, 1, TRAITS_HOST_QUERIES_MIN - 1); /* too few */
    given(4, 57, 1, 9);
    given(4, 52, 1, 9); /* neither */
    given(0, 0, 1, 8);
    given(255, 255, 1, 8);
    traits_hosts(&traits, &steady, &varied);
    cr_expect(eq(u32, steady, 3));
    cr_expect(eq(u32, varied, 1));
}

Test(traits, speak_for_real_sources)
{
    cr_expect(eq(int, verdict(), TRAITS_OPEN));
    for (unsigned host = 0; host < 10; host++)
        given(host, (uint8_t)(50 + host), (uint16_t)host, 8);
    cr_expect(eq(int, verdict(), TRAITS_PROBABLY_REAL));
}

Test(traits, speak_for_forged_sources)
{
    for (unsigned host = 0; host < 10; host++)
        for (unsigned i = 0; i < 8; i++)
            given(host, (uint8_t)(host % 2 != 0 ? 64 : 30 * i), (uint16_t)host, 1);
    cr_expect(eq(int, verdict(), TRAITS_PROBABLY_FORGED));
    given_answer(0, true); /* but somebody is there */
    cr_expect(eq(int, verdict(), TRAITS_REAL));
}

Test(traits, are_open_between)
{
    for (unsigned host = 0; host < 10; host++)
        for (unsigned i = 0; i < 8; i++)
            given(host, (uint8_t)(host > 2 ? 64 : 30 * i), (uint16_t)host, 1);
    cr_expect(eq(int, verdict(), TRAITS_OPEN));
}

Test(traits, count_answers_by_code)
{
    given_answer(3, false);
    given_answer(3, false);
    given_answer(0, true);
    given_answer(16, false);
    cr_expect(eq(u64, traits.responses, 4));
    cr_expect(eq(u64, traits.tcp_responses, 1));
    cr_expect(eq(u64, traits.rcode[MINUTE_NXDOMAIN], 2));
    cr_expect(eq(u64, traits.rcode[MINUTE_RCODE_OTHER], 1));
    cr_expect(eq(u64, traits.queries, 0));
}

Test(traits, estimate_source_ports)
{
    cr_expect(eq(u32, traits_ports(&traits), 0));
    given(1, 64, 53, 1000);
    cr_expect(eq(u32, traits_ports(&traits), 1));
    for (unsigned i = 0; i < 1000; i++)
        given(1, 64, (uint16_t)(32768 + i * 28), 1);
    cr_expect(lt(u32, (uint32_t)abs((int)traits_ports(&traits) - 1001), 70));
    for (unsigned i = 0; i < 65536; i++)
        given(1, 64, (uint16_t)i, 1);
    cr_expect(ge(u32, traits_ports(&traits), 10000)); /* more than it can tell */
}

Test(traits, are_merged)
{
    struct traits first, both;
    given(1, 60, 1, 8);
    given_answer(3, false);
    first = traits;
    setup();
    given(1, 90, 2, 8);
    traits_merge(&traits, &first);
    both = traits;
    setup();
    given(1, 60, 1, 8);
    given_answer(3, false);
    given(1, 90, 2, 8);
    cr_expect(eq(int, memcmp(&both, &traits, sizeof both), 0));
}

Test(traits, read_their_verdicts_back)
{
    enum traits_verdict v;
    for (unsigned i = TRAITS_OPEN; i <= TRAITS_PROBABLY_FORGED; i++) {
        cr_assert(traits_verdict_parse(traits_verdict_name(i), &v));
        cr_expect(eq(int, v, i));
    }
    cr_expect_not(traits_verdict_parse("guilty", &v));
    cr_expect_not(traits_verdict_parse(NULL, &v));
}

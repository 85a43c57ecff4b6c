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
    return traits_verdict(
            traits_hearing(&traits.handshakes, traits.responses, traits.tcp_responses), steady,
            varied);
}

static enum traits_hearing hearing(struct traits_handshakes h, uint64_t responses,
                                   uint64_t tcp_responses)
{
    return traits_hearing(&h, responses, tcp_responses);
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

Test(traits, tell_who_hears_answers)
{
    cr_expect(eq(int, hearing((struct traits_handshakes){0}, 9, 0), TRAITS_HEARING_OPEN));
    cr_expect(eq(int, hearing((struct traits_handshakes){.completed = 1}, 9, 0), TRAITS_HEARS));
    cr_expect(eq(int, hearing((struct traits_handshakes){0}, 9, 1), TRAITS_HEARS));
    /* Some connections of everybody's fail. */
    cr_expect(eq(int,
                 hearing((struct traits_handshakes){.completed = 11, .unfinished = 89}, 9, 2),
                 TRAITS_HEARS));
    /* Data proves nothing where answers are mirrored; where they are not, mostly. */
    const struct traits_handshakes data = {.one_sided = 20, .unanswered = 20};
    cr_expect(eq(int, hearing(data, 9, 0), TRAITS_HEARING_OPEN));
    cr_expect(eq(int, hearing(data, 0, 0), TRAITS_SEEMS_TO_HEAR));
    cr_expect(eq(int,
                 hearing((struct traits_handshakes){.one_sided = 1, .unanswered = 20}, 0, 0),
                 TRAITS_HEARING_OPEN));
}

Test(traits, tell_who_is_deaf)
{
    struct traits_handshakes h = {.unfinished = TRAITS_ANSWERED_MIN - 1};
    cr_expect(eq(int, hearing(h, 0, 0), TRAITS_HEARING_OPEN), "too few");
    h.unfinished++;
    cr_expect(eq(int, hearing(h, 0, 0), TRAITS_DEAF));
    h = (struct traits_handshakes){.completed = 2, .unfinished = 98};
    cr_expect(eq(int, hearing(h, 9, 2), TRAITS_DEAF), "one host of a forged network is there");
    h = (struct traits_handshakes){.unanswered = 1000};
    cr_expect(eq(int, hearing(h, 0, 0), TRAITS_HEARING_OPEN), "the server may be silent");
}

Test(traits, do_not_call_deaf_hosts_real)
{
    for (unsigned host = 0; host < 10; host++)
        given(host, 60, (uint16_t)host, 8);
    traits.handshakes.unfinished = 100;
    cr_expect(eq(int, verdict(), TRAITS_OPEN));
    given_answer(0, true);
    cr_expect(eq(int, verdict(), TRAITS_OPEN),
              "one answer over TCP, beside a hundred failures");
    traits.handshakes.completed = 100;
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
    traits.handshakes = (struct traits_handshakes){1, 20, 300, 4000};
    first = traits;
    setup();
    given(1, 90, 2, 8);
    traits.handshakes = (struct traits_handshakes){1, 10, 100, 1000};
    traits_merge(&traits, &first);
    both = traits;
    setup();
    given(1, 60, 1, 8);
    given_answer(3, false);
    given(1, 90, 2, 8);
    traits.handshakes = (struct traits_handshakes){2, 30, 400, 5000};
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

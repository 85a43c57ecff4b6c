/* SPDX-License-Identifier: MIT */
#include "capture/dns.h"
#include "tests/support/shape.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static struct shape shape;
static struct message m;
static uint8_t name[DNS_NAME_ROOM];
static enum defect defect;

static enum verdict decode(size_t n, size_t missing)
{
    m = (struct message){0};
    return dns_decode((struct bytes){shape.at, shape.at + n, missing}, &m, name, &defect);
}

static enum verdict decode_all(void)
{
    return decode(shape.size, 0);
}

static bool has(enum message_flag flag)
{
    return (m.flags & flag) != 0;
}

static void given(const void *octets, size_t n)
{
    shape_start(&shape);
    shape_back(&shape, octets, n);
}

/* A header with QDCOUNT `questions`, and what follows it. */
#define GIVEN(questions, ...)                                                               \
    given((const uint8_t[]){0x12, 0x34, 1, 0, 0, questions, 0, 0, 0, 0, 0, 0, __VA_ARGS__}, \
          sizeof(const uint8_t[]){0x12, 0x34, 1, 0, 0, questions, 0, 0, 0, 0, 0, 0,         \
                                  __VA_ARGS__})

Test(dns, reads_header_question_and_edns)
{
    shape_query_edns(&shape, "WWW.Example", 28);
    cr_expect(eq(int, decode_all(), VERDICT_MESSAGE));
    cr_expect(eq(int, defect, DEFECT_NONE));
    cr_expect(eq(u16, m.qtype, 28));
    cr_expect(eq(u16, m.qclass, 1));
    cr_expect(eq(u16, m.edns_bytes, 1232));
    cr_expect(has(MESSAGE_RD) && has(MESSAGE_EDNS) && has(MESSAGE_DO) && has(MESSAGE_QUESTION));
    cr_expect(not(has(MESSAGE_RESPONSE)));
    cr_expect(eq(u8, m.name_bytes, 13));
    cr_expect(eq(int, memcmp(name, "\3www\7example", 13), 0));
    cr_expect(eq(u16, m.dns_bytes, (uint16_t)shape.size));
}

Test(dns, reads_every_opcode_type_and_class)
{
    for (unsigned opcode = 0; opcode < 16; opcode++)
        for (unsigned type = 0; type < 65536; type += 257) {
            shape_query(&shape, "x", (uint16_t)type);
            shape.at[2] = (uint8_t)(opcode << 3);
            shape.at[shape.size - 2] = (uint8_t)(type >> 8);
            cr_expect(eq(int, decode_all(), VERDICT_MESSAGE));
            cr_expect(eq(u8, m.opcode, opcode));
            cr_expect(eq(u16, m.qtype, type));
            cr_expect(eq(u16, m.qclass, (uint16_t)((type & 0xff00) | 1)));
        }
}

Test(dns, keeps_any_octet_of_a_name)
{
    uint8_t label[64] = {63};
    for (unsigned from = 0; from < 256; from += 63) {
        for (unsigned i = 0; i < 63; i++)
            label[1 + i] = (uint8_t)(from + i);
        GIVEN(1, 0);
        shape.size--;
        shape_back(&shape, label, 64);
        shape_back(&shape, "\0\0\1\0\1", 5);
        cr_expect(eq(int, decode_all(), VERDICT_MESSAGE));
        cr_expect(eq(u8, m.name_bytes, 65));
        for (unsigned i = 0; i < 63; i++) {
            uint8_t octet = (uint8_t)(from + i);
            cr_expect(eq(u8, name[1 + i],
                         octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet + 32) : octet));
        }
    }
}

Test(dns, adds_the_extension_of_the_response_code)
{
    shape_query_edns(&shape, ".", 1);
    shape.at[2] = 0x80;
    shape.at[3] = 0x00;
    shape.at[shape.size - 6] = 1; /* BADVERS is 16 */
    cr_expect(eq(int, decode_all(), VERDICT_MESSAGE));
    cr_expect(eq(u16, m.rcode, 16));
}

Test(dns, a_message_without_a_question_is_one)
{
    GIVEN(0, 0);
    shape.size--; /* nothing behind the header */
    cr_expect(eq(int, decode_all(), VERDICT_MESSAGE));
    cr_expect(not(has(MESSAGE_QUESTION)));
    cr_expect(eq(int, defect, DEFECT_NO_QUESTION));

    GIVEN(0, 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0); /* a cookie's vehicle */
    shape.at[11] = 1;
    cr_expect(eq(int, decode_all(), VERDICT_MESSAGE));
    cr_expect(eq(int, defect, DEFECT_NONE));
    cr_expect(has(MESSAGE_EDNS));
}

Test(dns, of_several_questions_the_first_counts)
{
    GIVEN(2, 1, 'a', 0, 0, 15, 0, 1, 1, 'b', 0, 0, 1, 0, 1);
    cr_expect(eq(int, decode_all(), VERDICT_MESSAGE));
    cr_expect(eq(u16, m.qtype, 15));
    cr_expect(eq(int, defect, DEFECT_NONE));
}

Test(dns, what_has_no_whole_header_is_no_message)
{
    shape_query(&shape, "www.example", 1);
    for (size_t n = 0; n < 12; n++) {
        cr_expect(eq(int, decode(n, 0), VERDICT_DNS_HEADER));
        cr_expect(eq(int, decode(n, shape.size - n), VERDICT_CUT));
    }
}

Test(dns, a_cut_message_is_read_as_far_as_it_goes_and_not_blamed)
{
    shape_query_edns(&shape, "www.example", 28);
    for (size_t n = 12; n < shape.size; n++) {
        cr_expect(eq(int, decode(n, shape.size - n), VERDICT_MESSAGE));
        cr_expect(has(MESSAGE_CUT) && !has(MESSAGE_MALFORMED));
        cr_expect(eq(int, has(MESSAGE_QUESTION), n >= 12 + 13 + 4), "%zu octets", n);
        cr_expect(eq(u16, m.dns_bytes, (uint16_t)shape.size));
    }
}

Test(dns, a_message_that_ends_too_early_is_malformed)
{
    shape_query_edns(&shape, "www.example", 28);
    for (size_t n = 12; n < shape.size; n++) {
        cr_expect(eq(int, decode(n, 0), VERDICT_MESSAGE));
        cr_expect(has(MESSAGE_MALFORMED), "%zu octets", n);
    }
}

Test(dns, octets_behind_a_message_do_no_harm)
{
    shape_query(&shape, "www.example", 28);
    shape_back(&shape, "trailing", 8);
    cr_expect(eq(int, decode_all(), VERDICT_MESSAGE));
    cr_expect(eq(int, defect, DEFECT_NONE));
}

/* The type is known behind all of these; the name is not. */
Test(dns, refuses_loops_and_pointers_forward_in_names)
{
    static const uint8_t pointer[][2] = {{0xc0, 12}, {0xc0, 13}, {0xc0, 18}, {0xff, 0xff}};
    for (size_t i = 0; i < sizeof pointer / sizeof *pointer; i++) {
        GIVEN(1, pointer[i][0], pointer[i][1], 0, 15, 0, 1, 0, 0);
        cr_expect(eq(int, decode_all(), VERDICT_MESSAGE));
        cr_expect(eq(int, defect, DEFECT_QUESTION_NAME));
        cr_expect(has(MESSAGE_MALFORMED) && has(MESSAGE_QUESTION));
        cr_expect(eq(u16, m.qtype, 15));
        cr_expect(eq(u8, m.name_bytes, 0));
    }
}

Test(dns, follows_pointers_backwards)
{
    GIVEN(1, 1, 'x', 0xc0, 5, 0, 1, 0, 1); /* to the zero octet at 6 */
    shape.at[15] = 6;
    cr_expect(eq(int, decode_all(), VERDICT_MESSAGE));
    cr_expect(eq(int, defect, DEFECT_NONE));
    cr_expect(eq(int, memcmp(name, "\1x\0", 3), 0));
    cr_expect(eq(u16, m.qtype, 1));
}

Test(dns, a_name_of_255_octets_is_read_and_one_of_256_is_not)
{
    for (unsigned last = 61; last <= 62; last++) {
        uint8_t label[64];
        memset(label, 'a', sizeof label);
        GIVEN(1, 0);
        shape.size--;
        for (unsigned i = 0; i < 3; i++) {
            label[0] = 63;
            shape_back(&shape, label, 64);
        }
        label[0] = (uint8_t)last;
        shape_back(&shape, label, last + 1U);
        shape_back(&shape, "\0\0\1\0\1", 5);
        cr_expect(eq(int, decode_all(), VERDICT_MESSAGE));
        cr_expect(eq(u8, m.name_bytes, last == 61 ? 255 : 0));
        cr_expect(eq(u16, m.qtype, 1));
    }
}

Test(dns, a_label_of_an_unknown_kind_leaves_the_question_unreadable)
{
    GIVEN(1, 0x40, 1, 0, 0, 1, 0, 1);
    cr_expect(eq(int, decode_all(), VERDICT_MESSAGE));
    cr_expect(eq(int, defect, DEFECT_QUESTION_NAME));
    cr_expect(not(has(MESSAGE_QUESTION)));
}

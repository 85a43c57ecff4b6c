/* SPDX-License-Identifier: MIT */
#include "tests/support/shape.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

void shape_start(struct shape *s)
{
    s->at = s->room + SHAPE_BYTES_MAX / 2;
    s->size = 0;
}

void shape_front(struct shape *s, const void *octets, size_t n)
{
    assert((size_t)(s->at - s->room) >= n);
    s->at -= n;
    s->size += n;
    memcpy(s->at, octets, n);
}

void shape_back(struct shape *s, const void *octets, size_t n)
{
    assert((size_t)(s->room + SHAPE_BYTES_MAX - s->at) >= s->size + n);
    memcpy(s->at + s->size, octets, n);
    s->size += n;
}

void shape_front_words(struct shape *s, const uint16_t *word, size_t words)
{
    uint8_t octets[64];
    assert(words * 2 <= sizeof octets);
    for (size_t i = 0; i < words; i++) {
        octets[2 * i] = (uint8_t)(word[i] >> 8);
        octets[2 * i + 1] = (uint8_t)word[i];
    }
    shape_front(s, octets, words * 2);
}

static void back_name(struct shape *s, const char *name)
{
    while (*name != '\0' && *name != '.') {
        uint8_t length = (uint8_t)strcspn(name, ".");
        shape_back(s, &length, 1);
        shape_back(s, name, length);
        name += length;
        name += *name == '.';
    }
    shape_back(s, "", 1);
}

static void back_word(struct shape *s, uint16_t word)
{
    shape_back(s, (const uint8_t[]){(uint8_t)(word >> 8), (uint8_t)word}, 2);
}

static void message(struct shape *s, uint16_t flags, const char *name, uint16_t qtype,
                    uint16_t additionals)
{
    const uint16_t header[] = {0x1234, flags, 1, 0, 0, additionals};
    shape_start(s);
    for (size_t i = 0; i < 6; i++)
        back_word(s, header[i]);
    back_name(s, name);
    back_word(s, qtype);
    back_word(s, 1);
}

void shape_query(struct shape *s, const char *name, uint16_t qtype)
{
    message(s, 0x0100, name, qtype, 0);
}

void shape_query_edns(struct shape *s, const char *name, uint16_t qtype)
{
    message(s, 0x0100, name, qtype, 1);
    shape_back(s, (const uint8_t[]){0, 0, 41, 0x04, 0xd0, 0, 0, 0x80, 0, 0, 0}, 11);
}

void shape_response(struct shape *s, const char *name, uint16_t qtype, uint16_t rcode)
{
    message(s, (uint16_t)(0x8400 | rcode), name, qtype, 0);
}

void shape_length(struct shape *s)
{
    shape_words(s, (uint16_t)s->size);
}

void shape_udp(struct shape *s, uint16_t from, uint16_t to)
{
    shape_words(s, from, to, (uint16_t)(s->size + 8), 0);
}

void shape_tcp(struct shape *s, uint16_t from, uint16_t to, uint32_t sequence, uint8_t flags)
{
    shape_tcp_ack(s, from, to, sequence, 0, flags);
}

void shape_tcp_ack(struct shape *s, uint16_t from, uint16_t to, uint32_t sequence,
                   uint32_t acknowledged, uint8_t flags)
{
    shape_words(s, from, to, (uint16_t)(sequence >> 16), (uint16_t)sequence,
                (uint16_t)(acknowledged >> 16), (uint16_t)acknowledged,
                (uint16_t)(0x5000 | flags), 0xffff, 0, 0);
}

void shape_ipv4(struct shape *s, const char *from, const char *to, uint8_t protocol)
{
    uint8_t addresses[8];
    assert(inet_pton(AF_INET, from, addresses) == 1);
    assert(inet_pton(AF_INET, to, addresses + 4) == 1);
    size_t total = s->size + 20;
    shape_front(s, addresses, sizeof addresses);
    shape_words(s, 0x4500, (uint16_t)total, 0, 0, (uint16_t)(64 << 8 | protocol), 0);
}

void shape_ipv6(struct shape *s, const char *from, const char *to, uint8_t next)
{
    uint8_t addresses[32];
    assert(inet_pton(AF_INET6, from, addresses) == 1);
    assert(inet_pton(AF_INET6, to, addresses + 16) == 1);
    size_t payload = s->size;
    shape_front(s, addresses, sizeof addresses);
    shape_words(s, 0x6000, 0, (uint16_t)payload, (uint16_t)(next << 8 | 64));
}

void shape_ethernet(struct shape *s, uint16_t ethertype)
{
    shape_words(s, 0x0200, 0, 2, 0x0200, 0, 1, ethertype);
}

void shape_common(struct shape *s, const char *name, uint16_t qtype)
{
    shape_query(s, name, qtype);
    shape_udp(s, 40000, 53);
    shape_ipv4(s, "192.0.2.1", "198.51.100.53", 17);
    shape_ethernet(s, 0x0800);
}

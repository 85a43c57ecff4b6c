/*
 * Frames for tests, built from the inside out: every call puts one header in front.
 *
 * Lengths in a header are those of what it is put in front of, so that a shape is right unless
 * a test spoils it.  Checksums stay 0: nothing under test looks at them.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHAPE_BYTES_MAX = 128 * 1024 };

struct shape {
    uint8_t room[SHAPE_BYTES_MAX];
    uint8_t *at; /* the outermost octet so far */
    size_t size;
};

void shape_start(struct shape *s);
void shape_front(struct shape *s, const void *octets, size_t n); /* any header */
void shape_back(struct shape *s, const void *octets, size_t n);  /* trailer, padding */

/* A header of 16-bit numbers, in network order. */
#define shape_words(s, ...)                                 \
    shape_front_words((s), (const uint16_t[]){__VA_ARGS__}, \
                      sizeof(const uint16_t[]){__VA_ARGS__} / sizeof(uint16_t))
void shape_front_words(struct shape *s, const uint16_t *word, size_t words);

/* DNS.  Names are written "www.example" with "." for the root. */
void shape_query(struct shape *s, const char *name, uint16_t qtype);      /* RD, no EDNS */
void shape_query_edns(struct shape *s, const char *name, uint16_t qtype); /* 1232, DO */
void shape_response(struct shape *s, const char *name, uint16_t qtype, uint16_t rcode);
void shape_length(struct shape *s); /* the two octets in front of a message on TCP */

void shape_udp(struct shape *s, uint16_t from, uint16_t to);
void shape_tcp(struct shape *s, uint16_t from, uint16_t to, uint32_t sequence, uint8_t flags);
void shape_tcp_ack(struct shape *s, uint16_t from, uint16_t to, uint32_t sequence,
                   uint32_t acknowledged, uint8_t flags);
void shape_ipv4(struct shape *s, const char *from, const char *to, uint8_t protocol);
void shape_ipv6(struct shape *s, const char *from, const char *to, uint8_t next);
void shape_ethernet(struct shape *s, uint16_t ethertype);

/* The whole of a common query: Ethernet, IPv4, UDP from 192.0.2.1 to 198.51.100.53. */
void shape_common(struct shape *s, const char *name, uint16_t qtype);

/*
 * For tests and measurements: a routing table in MRT, as large as asked for, to standard
 * output.
 *
 * usage: tool_table PREFIXES PEERS
 */
/* SPDX-License-Identifier: MIT */
#include <endian.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOPS = 5, ATTRIBUTE_BYTES = 4 + 3 + 2 + 4 * HOPS + 7 };

static uint8_t *put(uint8_t *to, uint32_t number, unsigned octets)
{
    while (octets-- > 0)
        *to++ = (uint8_t)(number >> 8 * octets);
    return to;
}

static uint8_t *put_entry(uint8_t *to, unsigned peer, uint32_t origin)
{
    to = put(to, peer, 2);
    to = put(to, 1106049600, 4);
    to = put(to, ATTRIBUTE_BYTES, 2);
    to = put(to, 0x40010100, 4);
    to = put(to, 0x400200 | (2 + 4 * HOPS), 3);
    to = put(to, 0x0200 | HOPS, 2);
    for (uint32_t hop = 0; hop < HOPS - 1; hop++)
        to = put(to, 1000 + 17 * peer + hop, 4);
    to = put(to, origin, 4);
    to = put(to, 0x400304, 3);
    return put(to, 0xc0000201, 4);
}

static size_t make_record(uint8_t *record, uint32_t i, unsigned peers)
{
    uint8_t *to = record + 12;
    to = put(to, i, 4);
    to = put(to, 24, 1);
    to = put(to, 0x010000 + i * 13 % 0xdf0000, 3);
    to = put(to, peers, 2);
    for (unsigned peer = 0; peer < peers; peer++)
        to = put_entry(to, peer, 1 + i % 80000);
    uint8_t *head = put(record, 1106049600, 4);
    head = put(head, 13, 2);
    head = put(head, 2, 2);
    put(head, (uint32_t)(to - record - 12), 4);
    return (size_t)(to - record);
}

int main(int argc, char **argv)
{
    uint32_t prefixes = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    unsigned peers = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 1;
    uint8_t *record = malloc(64 + (size_t)peers * (8 + ATTRIBUTE_BYTES));
    if (record == NULL)
        return 1;
    for (uint32_t i = 0; i < prefixes; i++) {
        size_t n = make_record(record, i, peers);
        if (fwrite(record, 1, n, stdout) != n)
            return 1;
    }
    free(record);
    return fflush(stdout) == 0 ? 0 : 1;
}

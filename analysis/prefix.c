/* SPDX-License-Identifier: MIT */
#include "analysis/prefix.h"

#include <arpa/inet.h>
#include <assert.h>
#include <endian.h>
#include <stdio.h>
#include <string.h>

enum { IPV4_BASE = 128, IPV6_BASE = 1, IPV6_LENGTH_MAX = 56 };

struct prefix prefix_of(unsigned family, const uint8_t address[static 16], unsigned length)
{
    assert(length <= (family == 4 ? 32U : IPV6_LENGTH_MAX));

    uint64_t head;
    memcpy(&head, address, sizeof head);
    uint64_t mask = length == 0 ? 0 : UINT64_MAX << (64 - length);
    return (struct prefix){(be64toh(head) & mask) |
                           (family == 4 ? IPV4_BASE + length : IPV6_BASE + length)};
}

unsigned prefix_family(struct prefix p)
{
    return (p.bits & 0xff) >= IPV4_BASE ? 4 : 6;
}

unsigned prefix_length(struct prefix p)
{
    unsigned tag = p.bits & 0xff;
    return tag >= IPV4_BASE ? tag - IPV4_BASE : tag - IPV6_BASE;
}

const char *prefix_format(struct prefix p, char text[static PREFIX_TEXT_BYTES])
{
    uint8_t address[16] = {0};
    uint64_t head = htobe64(p.bits & ~(uint64_t)0xff);
    memcpy(address, &head, sizeof head);

    char host[INET6_ADDRSTRLEN] = "";
    inet_ntop(prefix_family(p) == 4 ? AF_INET : AF_INET6, address, host, sizeof host);
    (void)snprintf(text, PREFIX_TEXT_BYTES, "%s/%u", host, prefix_length(p));
    return text;
}

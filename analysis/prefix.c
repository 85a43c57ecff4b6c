/* SPDX-License-Identifier: MIT */
#include "analysis/prefix.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IPV6_LENGTH_MAX = 56 };

struct prefix prefix_of(unsigned family, const uint8_t address[static 16], unsigned length)
{
    assert(length <= (family == 4 ? 32U : IPV6_LENGTH_MAX));

    uint64_t head;
    memcpy(&head, address, sizeof head);
    uint64_t mask = length == 0 ? 0 : UINT64_MAX << (64 - length);
    return (struct prefix){(be64toh(head) & mask) |
                           (family == 4 ? PREFIX_IPV4 + length : PREFIX_IPV6 + length)};
}

unsigned prefix_length(struct prefix p)
{
    unsigned tag = p.bits & 0xff;
    return tag >= PREFIX_IPV4 ? tag - PREFIX_IPV4 : tag - PREFIX_IPV6;
}

bool prefix_contains(struct prefix outer, struct prefix inner)
{
    unsigned length = prefix_length(outer);
    uint64_t mask = length == 0 ? 0 : UINT64_MAX << (64 - length);
    return prefix_family(outer) == prefix_family(inner) && length <= prefix_length(inner) &&
           ((outer.bits ^ inner.bits) & mask) == 0;
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

/* The number behind the slash, digits only. */
static bool parse_length(const char *text, unsigned most, unsigned *length)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    unsigned long n = strtoul(text, &end, 10);
    *length = (unsigned)n;
    return *end == '\0' && n <= most;
}

bool prefix_parse(const char *text, struct prefix *p)
{
    char host[INET6_ADDRSTRLEN];
    const char *slash = strchr(text, '/');
    if (slash == NULL || (size_t)(slash - text) >= sizeof host)
        return false;
    memcpy(host, text, (size_t)(slash - text));
    host[slash - text] = '\0';

    uint8_t address[16] = {0};
    unsigned family = strchr(host, ':') != NULL ? 6 : 4;
    unsigned length;
    if (!parse_length(slash + 1, family == 4 ? 32 : IPV6_LENGTH_MAX, &length) ||
        inet_pton(family == 4 ? AF_INET : AF_INET6, host, address) != 1)
        return false;
    *p = prefix_of(family, address, length);
    return true;
}

/* SPDX-License-Identifier: MIT */
#include "capture/icmp.h"

enum {
    HEADER_BYTES = 8,
    UNREACHABLE4 = 3,
    UNREACHABLE6 = 1,
    TCP = 6,
    UDP = 17,
};

/* What is quoted was sent from `from` to `to`; `rest` begins with its ports. */
static void count(struct decode *d, struct bytes rest, uint8_t protocol,
                  const uint8_t from[static 16], const uint8_t to[static 16], bool ipv6)
{
    const uint8_t *ports = bytes_take(&rest, 4);
    if ((protocol == UDP || protocol == TCP) && ports != NULL &&
        decode_port(d, bytes_u16(ports)) && decode_server(d, from, ipv6))
        keep_sign(d->keep, KEEP_UNREACHABLE, to, ipv6);
}

static void quoted_ipv4(struct decode *d, struct bytes rest)
{
    uint8_t from[16] = {0}, to[16] = {0};
    const uint8_t *ip = bytes_take(&rest, 20);
    if (ip == NULL || ip[0] >> 4 != 4 || (ip[0] & 15) < 5 ||
        (bytes_u16(ip + 6) & 0x1fff) != 0 ||
        bytes_take(&rest, ((ip[0] & 15U) - 5) * (size_t)4) == NULL)
        return;
    memcpy(from, ip + 12, 4);
    memcpy(to, ip + 16, 4);
    count(d, rest, ip[9], from, to, false);
}

static void quoted_ipv6(struct decode *d, struct bytes rest)
{
    const uint8_t *ip = bytes_take(&rest, 40);
    if (ip != NULL && ip[0] >> 4 == 6)
        count(d, rest, ip[6], ip + 8, ip + 24, true);
}

enum verdict icmp_ipv4(struct decode *d, struct packet *p)
{
    const uint8_t *header = d->keep == NULL ? NULL : bytes_take(&p->rest, HEADER_BYTES);
    if (header != NULL && header[0] == UNREACHABLE4)
        quoted_ipv4(d, p->rest);
    return VERDICT_OTHER_TRAFFIC;
}

enum verdict icmp_ipv6(struct decode *d, struct packet *p)
{
    const uint8_t *header = d->keep == NULL ? NULL : bytes_take(&p->rest, HEADER_BYTES);
    if (header != NULL && header[0] == UNREACHABLE6)
        quoted_ipv6(d, p->rest);
    return VERDICT_OTHER_TRAFFIC;
}

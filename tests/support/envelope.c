/* SPDX-License-Identifier: MIT */
#include "tests/support/envelope.h"

/* A query from 192.0.2.1, without anything in front of IP. */
void envelope_query4(struct shape *shape)
{
    shape_query_edns(shape, "www.example", 28);
    shape_udp(shape, 40000, 53);
    shape_ipv4(shape, "192.0.2.1", "198.51.100.53", 17);
}

/* A query from 2001:db8::1. */
void envelope_query6(struct shape *shape)
{
    shape_query_edns(shape, "www.example", 28);
    shape_udp(shape, 40000, 53);
    shape_ipv6(shape, "2001:db8::1", "2001:db8::53", 17);
}

void envelope_ethernet4(struct shape *shape)
{
    envelope_query4(shape);
    shape_ethernet(shape, 0x0800);
}

void envelope_ethernet6(struct shape *shape)
{
    envelope_query6(shape);
    shape_ethernet(shape, 0x86dd);
}

void envelope_outer4(struct shape *shape, uint8_t protocol)
{
    shape_ipv4(shape, "203.0.113.7", "203.0.113.8", protocol);
    shape_ethernet(shape, 0x0800);
}

void envelope_outer_udp(struct shape *shape, uint16_t port)
{
    shape_udp(shape, 50000, port);
    envelope_outer4(shape, 17);
}

void envelope_label(struct shape *shape, uint8_t number, bool bottom)
{
    FRONT(0, number, bottom, 64);
}

/* Each table ends with a row without a name. */
const struct envelope *envelope_at(size_t number)
{
    const struct envelope *e = envelope_tunnels;
    for (; number > 0 && e->name != NULL; number--)
        e++;
    if (e->name == NULL)
        for (e = envelope_links; number > 0 && e->name != NULL; number--)
            e++;
    return e->name == NULL ? NULL : e;
}

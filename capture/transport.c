/* SPDX-License-Identifier: MIT */
#include "capture/transport.h"

#include "capture/dns.h"

enum { UDP_BYTES = 8, TCP_BYTES = 20 };

/*
 * A query goes to a server's port, a response comes from one.  Where the servers are known,
 * the address must be one of theirs as well.
 */
static bool in_scope(const struct decode *d, const struct packet *p, const uint8_t *ports,
                     bool response)
{
    if (!decode_port(d, bytes_u16(ports + (response ? 0 : 2))))
        return false;
    return decode_server(d, response ? p->source : p->destination, p->ipv6);
}

enum verdict transport_udp(struct decode *d, struct packet *p)
{
    const uint8_t *header = bytes_take(&p->rest, UDP_BYTES);
    if (header == NULL)
        return packet_short(p, VERDICT_UDP_HEADER);

    uint16_t destination = bytes_u16(header + 2);
    if (!decode_port(d, destination) && !decode_port(d, bytes_u16(header)))
        return packet_next(p, LAYER_UDP_PORT, destination);

    size_t length = bytes_u16(header + 4);
    if (length < UDP_BYTES || !bytes_limit(&p->rest, length - UDP_BYTES))
        return VERDICT_UDP_HEADER;
    if (bytes_left(&p->rest) < DNS_HEADER_BYTES)
        return packet_short(p, VERDICT_DNS_HEADER);
    if (!in_scope(d, p, header, dns_is_response(&p->rest)))
        return VERDICT_OTHER_TRAFFIC;
    return decode_message(d, p, p->rest, 0);
}

enum verdict transport_tcp(struct decode *d, struct packet *p)
{
    const uint8_t *header = bytes_take(&p->rest, TCP_BYTES);
    if (header == NULL)
        return packet_short(p, VERDICT_TCP);
    if (!decode_port(d, bytes_u16(header)) && !decode_port(d, bytes_u16(header + 2)))
        return VERDICT_OTHER_TRAFFIC;
    return VERDICT_TCP;
}

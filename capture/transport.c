/* SPDX-License-Identifier: MIT */
#include "capture/transport.h"

#include "capture/dns.h"
#include "capture/handshakes.h"
#include "capture/stream.h"

enum { UDP_BYTES = 8, TCP_BYTES = 20 };

/*
 * A query goes to a server's port, a response comes from one.  Where the servers are known,
 * the address must be one of theirs as well.
 */
static bool in_scope(const struct decode *d, const struct packet *p, bool response)
{
    if (!decode_port(d, response ? p->source_port : p->destination_port))
        return false;
    return decode_server(d, response ? p->source : p->destination, p->ipv6);
}

enum verdict transport_message(struct decode *d, const struct packet *p, struct bytes message,
                               uint16_t transport_flags)
{
    if (bytes_left(&message) < DNS_HEADER_BYTES)
        return message.missing > 0 ? VERDICT_CUT : VERDICT_DNS_HEADER;
    if (!in_scope(d, p, dns_is_response(&message)))
        return VERDICT_OUT_OF_SCOPE;
    return decode_message(d, p, message, transport_flags);
}

/* Both transports begin with the ports; whether one of them is for DNS. */
static bool take_ports(const struct decode *d, struct packet *p, const uint8_t *header)
{
    p->source_port = bytes_u16(header);
    p->destination_port = bytes_u16(header + 2);
    return decode_port(d, p->destination_port) || decode_port(d, p->source_port);
}

enum verdict transport_udp(struct decode *d, struct packet *p)
{
    const uint8_t *header = bytes_take(&p->rest, UDP_BYTES);
    if (header == NULL)
        return packet_short(p, VERDICT_UDP_HEADER);
    if (!take_ports(d, p, header))
        return packet_next(p, LAYER_UDP_PORT, p->destination_port);

    size_t length = bytes_u16(header + 4);
    if (length < UDP_BYTES || !bytes_limit(&p->rest, length - UDP_BYTES))
        return VERDICT_UDP_HEADER;
    return transport_message(d, p, p->rest, 0);
}

/* `options`: octets of them between the header and what follows. */
static void see_handshake(struct decode *d, const struct packet *p, const uint8_t *header,
                          size_t options)
{
    const struct handshakes_segment s = {
            .sequence = bytes_u32(header + 4),
            .acknowledged = bytes_u32(header + 8),
            .flags = header[13],
            .data = bytes_on_wire(&p->rest) > options,
    };
    handshakes_see(d, p, &s);
}

enum verdict transport_tcp(struct decode *d, struct packet *p)
{
    const uint8_t *header = bytes_take(&p->rest, TCP_BYTES);
    if (header == NULL)
        return packet_short(p, VERDICT_TCP_HEADER);
    if (!take_ports(d, p, header))
        return VERDICT_OTHER_TRAFFIC;
    if (!decode_server(d, p->source, p->ipv6) && !decode_server(d, p->destination, p->ipv6))
        return VERDICT_OUT_OF_SCOPE;

    size_t options = (header[12] >> 4) * (size_t)4;
    if (options < TCP_BYTES)
        return VERDICT_TCP_HEADER;
    if (d->keep != NULL)
        see_handshake(d, p, header, options - TCP_BYTES);
    if (bytes_take(&p->rest, options - TCP_BYTES) == NULL)
        return packet_short(p, VERDICT_TCP_HEADER);
    return stream_segment(d, p, bytes_u32(header + 4), header[13]);
}

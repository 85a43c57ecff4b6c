/* SPDX-License-Identifier: MIT */
#include "capture/decode.h"

#include "capture/dns.h"
#include "capture/fragment.h"
#include "capture/handshakes.h"
#include "capture/layer.h"
#include "capture/stream.h"
#include "capture/transport.h"

/* Where things stand in the common query; everything is counted from the frame's start. */
enum {
    AT_ETHERTYPE = 12,
    AT_IPV4 = 14,
    AT_IP_TOTAL = 16,
    AT_IP_FRAGMENT = 20, /* with TTL and protocol behind it */
    AT_TTL = 22,
    AT_SOURCE = 26,
    AT_DESTINATION = 30,
    AT_UDP = 34,
    AT_UDP_TO = 36,
    AT_UDP_LENGTH = 38,
    AT_DNS = 42,
    AT_FLAGS = 44,
    AT_ANSWERS = 48,
    AT_ADDITIONALS = 52,
    AT_NAME = 54,
    QUESTION_TAIL = 5, /* the root's octet, type, class */
    OPT_BYTES = 11,    /* without its data */
    FAST_BYTES_MIN = AT_NAME + QUESTION_TAIL,
    PASS_BYTES_MIN = 14 + 4 + 40, /* a tag and IPv6 */
    PROTOCOL_UDP = 17,
};

void decode_init(struct decode *d, const struct source_scope *scope)
{
    *d = (struct decode){.scope = scope};
    for (unsigned i = 0; i < scope->ports; i++)
        d->ports[scope->port[i] / 64] |= UINT64_C(1) << scope->port[i] % 64;
    d->fast_port = scope->ports > 0 ? scope->port[0] : 0;
    for (unsigned i = 0; i < scope->servers; i++) {
        static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
        if (memcmp(scope->server[i], mapped, sizeof mapped) == 0)
            memcpy(&d->server4[d->servers4++], scope->server[i] + 12, 4);
    }
}

void decode_fini(struct decode *d)
{
    fragments_free(d->fragments);
    streams_free(d->streams);
    handshakes_free(d->handshakes);
    d->fragments = NULL;
    d->streams = NULL;
    d->handshakes = NULL;
}

static bool is_server4(const struct decode *d, const uint8_t *address)
{
    uint32_t a;
    memcpy(&a, address, sizeof a);
    for (unsigned i = 0; i < d->servers4; i++)
        if (d->server4[i] == a)
            return true;
    return d->scope->servers == 0;
}

bool decode_server(const struct decode *d, const uint8_t address[static 16], bool ipv6)
{
    if (!ipv6)
        return is_server4(d, address);
    for (unsigned i = 0; i < d->scope->servers; i++)
        if (memcmp(d->scope->server[i], address, 16) == 0)
            return true;
    return d->scope->servers == 0;
}

enum verdict decode_message(struct decode *d, const struct packet *p, struct bytes message,
                            uint16_t transport_flags)
{
    struct message_batch *batch = p->batch;
    struct message *m = &batch->message[batch->count];
    enum defect defect;

    enum verdict v = dns_decode(message, m, &batch->names[batch->names_used], &defect);
    if (v != VERDICT_MESSAGE)
        return v;
    m->time_ns = p->time_ns;
    m->flags |= (uint16_t)(transport_flags | (p->ipv6 ? MESSAGE_IPV6 : 0));
    bool response = (m->flags & MESSAGE_RESPONSE) != 0;
    memcpy(m->client, response ? p->destination : p->source, sizeof m->client);
    m->client_port = response ? p->destination_port : p->source_port;
    m->ttl = p->ttl;
    m->name_at = (uint16_t)batch->names_used;
    batch->names_used += m->name_bytes;
    batch->count++;
    d->counts.defect[defect]++;
    return VERDICT_MESSAGE;
}

/* Whether `o`, of at least FAST_BYTES_MIN octets, begins as the common query does. */
static bool is_common_query(const struct decode *d, const uint8_t *o)
{
    uint32_t odd = (bytes_u32(o + AT_ETHERTYPE) ^ 0x08004500) & 0xffffff00; /* IPv4, IHL 5 */
    odd |= (bytes_u32(o + AT_IP_FRAGMENT) ^ 17) & 0x3fff00ff;               /* whole, UDP */
    odd |= bytes_u16(o + AT_UDP_TO) ^ (uint32_t)d->fast_port;
    odd |= (bytes_u32(o + AT_FLAGS) ^ 1) & 0xf800ffff; /* QR 0, opcode 0, one question */
    odd |= bytes_u32(o + AT_ANSWERS);
    odd |= bytes_u16(o + AT_ADDITIONALS) & 0xfffeU;
    return odd == 0 && is_server4(d, o + AT_DESTINATION);
}

/* The root's octet that ends the name at `at`, with the tail before `end`; NULL: odd. */
static const uint8_t *end_of_name(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *last = end - QUESTION_TAIL;
    const uint8_t *start = at;
    while (*at != 0) {
        if (*at > 63)
            return NULL;
        at += *at + 1;
        if (at > last)
            return NULL;
    }
    return at - start < MESSAGE_NAME_BYTES_MAX ? at : NULL;
}

/*
 * The common query, straight.  False, and nothing written, for anything else: the walk through
 * the layers then decides, and must be able to read all that this can.
 */
static bool decode_common(struct decode *d, const struct frame *f, struct message_batch *batch)
{
    const uint8_t *o = f->data;
    if (f->link != LINK_ETHERNET || f->captured < FAST_BYTES_MIN || f->wire != f->captured ||
        !is_common_query(d, o))
        return false;

    uint32_t total = bytes_u16(o + AT_IP_TOTAL);
    uint32_t udp = bytes_u16(o + AT_UDP_LENGTH);
    if (AT_IPV4 + total > f->captured || udp + 20 > total || udp + AT_UDP < FAST_BYTES_MIN)
        return false;
    const uint8_t *end = o + AT_UDP + udp;
    const uint8_t *root = end_of_name(o + AT_NAME, end);
    if (root == NULL)
        return false;
    const uint8_t *opt = root + QUESTION_TAIL;
    bool edns = o[AT_ADDITIONALS + 1] != 0;
    if (edns && (end - opt < OPT_BYTES || (opt[0] | opt[1]) != 0 || opt[2] != 41 ||
                 end - opt < OPT_BYTES + bytes_u16(opt + 9)))
        return false;

    size_t name_bytes = (size_t)(root - (o + AT_NAME)) + 1;
    struct message *m = &batch->message[batch->count++];
    *m = (struct message){
            .time_ns = f->time_ns,
            .flags = (uint16_t)(MESSAGE_QUESTION | (o[AT_FLAGS] & 4 ? MESSAGE_AA : 0) |
                                (o[AT_FLAGS] & 2 ? MESSAGE_TC : 0) |
                                (o[AT_FLAGS] & 1 ? MESSAGE_RD : 0)),
            .rcode = o[AT_FLAGS + 1] & 15,
            .qtype = bytes_u16(root + 1),
            .qclass = bytes_u16(root + 3),
            .name_at = (uint16_t)batch->names_used,
            .name_bytes = (uint8_t)name_bytes,
            .dns_bytes = (uint16_t)(udp - (AT_DNS - AT_UDP)),
            .id = bytes_u16(o + AT_DNS),
            .client_port = bytes_u16(o + AT_UDP),
            .ttl = o[AT_TTL],
    };
    memcpy(m->client, o + AT_SOURCE, 4);
    if (edns) {
        m->flags |= MESSAGE_EDNS | (opt[7] & 0x80 ? MESSAGE_DO : 0);
        m->edns_bytes = bytes_u16(opt + 3);
        m->rcode |= (uint16_t)(opt[5] << 4);
    }
    dns_copy_name(&batch->names[batch->names_used], o + AT_NAME, name_bytes,
                  f->readable - AT_NAME);
    batch->names_used += (uint32_t)name_bytes;
    d->counts.defect[DEFECT_NONE]++;
    return true;
}

/* IPv4 without options or fragments, that carries UDP, at `o`: what its function would do. */
static bool pass_ipv4(const uint8_t *o, struct packet *p)
{
    uint16_t total = bytes_u16(o + 2);
    if (o[0] != 0x45 || (bytes_u32(o + 6) & 0x3fff00ff) != PROTOCOL_UDP || total < 20)
        return false;
    bytes_claim(&p->rest, total);
    p->ipv6 = false;
    p->ttl = o[8];
    memset(p->source, 0, sizeof p->source);
    memset(p->destination, 0, sizeof p->destination);
    memcpy(p->source, o + 12, 4);
    memcpy(p->destination, o + 16, 4);
    return bytes_take(&p->rest, 20) != NULL;
}

/* The same for IPv6 without extension headers. */
static bool pass_ipv6(const uint8_t *o, struct packet *p)
{
    uint16_t payload = bytes_u16(o + 4);
    if (o[0] >> 4 != 6 || o[6] != PROTOCOL_UDP || payload == 0)
        return false;
    bytes_claim(&p->rest, 40U + payload);
    p->ipv6 = true;
    p->ttl = o[7];
    memcpy(p->source, o + 8, 16);
    memcpy(p->destination, o + 24, 16);
    return bytes_take(&p->rest, 40) != NULL;
}

/*
 * The headers of nearly all frames that are not common queries, straight: Ethernet, at most
 * one tag, plain IP, UDP.  False for all others; the layers then begin anew.
 */
static bool pass_headers(const struct frame *f, struct packet *p)
{
    if (f->link != LINK_ETHERNET || f->captured < PASS_BYTES_MIN)
        return false;
    bool tagged = bytes_u16(f->data + AT_ETHERTYPE) == 0x8100;
    size_t at = AT_ETHERTYPE + 2 + (tagged ? 4 : 0);
    uint16_t ethertype = bytes_u16(f->data + at - 2);
    p->headers = (uint8_t)(tagged ? 4 : 3); /* with UDP's, which comes next */
    p->ip_headers = 1;
    p->rest = (struct bytes){f->data + at, f->data + f->captured, f->wire - f->captured};
    if (ethertype == 0x0800)
        return pass_ipv4(f->data + at, p);
    return ethertype == 0x86dd && pass_ipv6(f->data + at, p);
}

__attribute__((noinline)) static enum verdict
decode_layers(struct decode *d, const struct frame *f, struct message_batch *batch)
{
    struct packet p;
    p.time_ns = f->time_ns;
    p.batch = batch;
    if (pass_headers(f, &p)) {
        enum verdict v = transport_udp(d, &p);
        return v == VERDICT_OPEN ? layer_walk(d, &p) : v;
    }
    p = (struct packet){
            .rest = {f->data, f->data + f->captured, f->wire - f->captured},
            .time_ns = f->time_ns,
            .batch = batch,
            .layer = LAYER_LINK,
            .next = f->link,
    };
    return layer_walk(d, &p);
}

void decode_frame(struct decode *d, const struct frame *f, struct message_batch *batch)
{
    struct source_counts *c = &d->counts;
    if (c->frames == 0)
        c->first_time_ns = c->last_time_ns = f->time_ns;
    if (f->time_ns > c->last_time_ns)
        c->last_time_ns = f->time_ns;
    c->frames++;
    c->bytes += f->wire;
    enum verdict v = VERDICT_MESSAGE;
    uint32_t before = batch->count;
    if (!decode_common(d, f, batch))
        v = decode_layers(d, f, batch);
    c->verdict[v]++;
    if (d->keep != NULL)
        keep_messages(d->keep, f, batch, before);
}

bool decode_resume(struct decode *d, struct message_batch *batch)
{
    return d->streams == NULL || streams_resume(d->streams, d, batch);
}

bool decode_finish(struct decode *d, struct message_batch *batch)
{
    if (d->fragments != NULL)
        fragments_finish(d->fragments, d);
    return d->streams == NULL || streams_finish(d->streams, d, batch);
}

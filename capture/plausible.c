/* SPDX-License-Identifier: MIT */
#include "capture/plausible.h"

enum { RECORD_BYTES_MIN = 11 }; /* a root name, type, class, TTL and length */

/* Whether the question at `b`, of which `b` may hold only the beginning, can be one. */
static bool plausible_question(struct bytes b)
{
    size_t name_bytes = 0;
    const uint8_t *length;
    while ((length = bytes_take(&b, 1)) != NULL && *length != 0) {
        name_bytes += *length + 1U;
        if (*length > 63 || name_bytes >= MESSAGE_NAME_BYTES_MAX)
            return false;
        if (bytes_take(&b, *length) == NULL)
            return bytes_on_wire(&b) >= *length;
    }
    const uint8_t *fixed = bytes_take(&b, 4);
    if (fixed == NULL)
        return bytes_on_wire(&b) >= 4;
    uint16_t qclass = bytes_u16(fixed + 2);
    return bytes_u16(fixed) != 0 &&
           ((qclass > 0 && qclass <= 4) || qclass == 254 || qclass == 255);
}

/* Whether the header's flags are such as are sent in this direction. */
static bool plausible_flags(const struct decode *d, const struct packet *from,
                            const uint8_t *header)
{
    static const unsigned opcodes = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 4 | 1 << 5 | 1 << 6;
    unsigned opcode = header[2] >> 3 & 15;
    if (!(opcodes >> opcode & 1) || (header[3] & 0x40) != 0) /* Z */
        return false;
    if (header[2] & 0x80)
        return decode_port(d, from->source_port);
    bool clean = (header[3] & 0x8f) == 0 && (opcode != 0 || (header[2] & 0x06) == 0);
    return clean && decode_port(d, from->destination_port);
}

/* Without a question: answers to nothing readable, parts of a transfer, a cookie (RFC 7873). */
static bool plausible_counts(const uint8_t *header, uint16_t length)
{
    unsigned questions = bytes_u16(header + 4);
    unsigned records = bytes_u16(header + 6) + bytes_u16(header + 8) + bytes_u16(header + 10);
    unsigned left = length - DNS_HEADER_BYTES;
    if (questions == 1)
        return left >= 5 + records * RECORD_BYTES_MIN;
    if (questions != 0 || left < records * RECORD_BYTES_MIN)
        return false;
    return records == 0 ? left == 0 : records == 1 || header[2] & 0x80;
}

bool plausible_message(const struct decode *d, const struct packet *from, const uint8_t *at,
                       size_t n)
{
    uint16_t length = bytes_u16(at);
    const uint8_t *header = at + PLAUSIBLE_LENGTH_BYTES;
    if (length < DNS_HEADER_BYTES || !plausible_flags(d, from, header) ||
        !plausible_counts(header, length))
        return false;
    if (bytes_u16(header + 4) == 0)
        return true;
    size_t wire = (size_t)length - DNS_HEADER_BYTES;
    size_t there = n - PLAUSIBLE_BYTES < wire ? n - PLAUSIBLE_BYTES : wire;
    const uint8_t *question = header + DNS_HEADER_BYTES;
    return plausible_question((struct bytes){question, question + there, wire - there});
}

/* The same, and what follows the message, as far as it is there, can be another. */
static bool plausible_twice(const struct decode *d, const struct packet *from,
                            const uint8_t *at, size_t n)
{
    if (!plausible_message(d, from, at, n))
        return false;
    size_t message = PLAUSIBLE_LENGTH_BYTES + (size_t)bytes_u16(at);
    if (message + PLAUSIBLE_BYTES > n)
        return true;
    return plausible_message(d, from, at + message, n - message);
}

size_t plausible_find(const struct decode *d, const struct packet *from, const uint8_t *data,
                      size_t n)
{
    size_t at = 0;
    while (at + PLAUSIBLE_BYTES <= n && !plausible_twice(d, from, data + at, n - at))
        at++;
    return at;
}

/*
 * One DNS message (RFC 1035) into a `struct message`: header, first question, OPT record.
 *
 * The work is bounded by the message's length: records are walked once, and a name follows at
 * most DNS_POINTERS_MAX compression pointers, each strictly backwards (RFC 9267).  A message
 * whose header is readable is a message whatever comes behind it.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/bytes.h"
#include "capture/message.h"
#include "capture/verdict.h"

enum {
    DNS_HEADER_BYTES = 12,
    DNS_POINTERS_MAX = 32,
    DNS_NAME_ROOM = 256, /* MESSAGE_NAME_BYTES_MAX, in whole vectors */
};

typedef uint8_t dns_octets __attribute__((vector_size(16)));

static inline dns_octets dns_lower(dns_octets v)
{
    return v | (((dns_octets)((dns_octets)(v - 'A') < 26)) & 0x20);
}

/*
 * A name in wire format, lower-cased: a label's length is below 'A' and stays as it is.  Where
 * enough octets can be read at `from`, in whole vectors, for which `to` has room.
 */
static inline void dns_copy_name(uint8_t *to, const uint8_t *from, size_t length,
                                 size_t readable)
{
    if ((length + sizeof(dns_octets) - 1) / sizeof(dns_octets) * sizeof(dns_octets) >
        readable) {
        for (size_t i = 0; i < length; i++)
            to[i] = from[i] >= 'A' && from[i] <= 'Z' ? from[i] | 0x20 : from[i];
        return;
    }
    for (size_t i = 0; i < length; i += sizeof(dns_octets)) {
        dns_octets v;
        memcpy(&v, from + i, sizeof v);
        v = dns_lower(v);
        memcpy(to + i, &v, sizeof v);
    }
}

/* QR, without looking further; false also when the header is not there. */
bool dns_is_response(const struct bytes *message);

/*
 * Fills everything of `m` that the message itself says, and leaves the time, the client, the
 * transport and name_at alone.  The name goes to `name`.  VERDICT_MESSAGE, or why not.
 */
enum verdict dns_decode(struct bytes message, struct message *m,
                        uint8_t name[static DNS_NAME_ROOM], enum defect *defect);

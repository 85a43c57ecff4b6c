/*
 * What a DNS message in a TCP stream looks like, for streams that were not seen from their
 * beginning on: whether one can begin at an octet, and where the first does.
 *
 * A header that nobody sends in this direction, a length that does not fit what the header
 * says, or a name that is none: no message begins there.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/decode.h"
#include "capture/dns.h"

enum {
    PLAUSIBLE_LENGTH_BYTES = 2, /* in front of each message, RFC 1035 4.2.2 */
    PLAUSIBLE_BYTES = PLAUSIBLE_LENGTH_BYTES + DNS_HEADER_BYTES,        /* needed at least */
    PLAUSIBLE_BYTES_MAX = PLAUSIBLE_BYTES + MESSAGE_NAME_BYTES_MAX + 4, /* looked at at most */
};

/* Whether a length and a message can begin at `at`, where PLAUSIBLE_BYTES or more are there;
 * `from` has the stream's ports. */
bool plausible_message(const struct decode *d, const struct packet *from, const uint8_t *at,
                       size_t n);
/* Where in `n` octets a message begins, or may: too few to tell are left there. */
size_t plausible_find(const struct decode *d, const struct packet *from, const uint8_t *data,
                      size_t n);

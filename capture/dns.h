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

/* QR, without looking further; false also when the header is not there. */
bool dns_is_response(const struct bytes *message);

/*
 * Fills everything of `m` that the message itself says, and leaves the time, the client, the
 * transport and name_at alone.  The name goes to `name`.  VERDICT_MESSAGE, or why not.
 */
enum verdict dns_decode(struct bytes message, struct message *m,
                        uint8_t name[static DNS_NAME_ROOM], enum defect *defect);

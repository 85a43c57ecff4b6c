/*
 * Names of the numbers in DNS messages, as IANA's "DNS Parameters" registry has them: libldns's
 * tables, corrected and completed where they are behind.  Unknown ones are TYPE65280,
 * CLASS1000, RCODE11, OPCODE7 (RFC 3597 section 5, and in the same manner).
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

enum { CODE_NAME_BYTES = 32 };

enum code { CODE_QTYPE, CODE_QCLASS, CODE_OPCODE, CODE_RCODE };

/* Returns `text`. */
const char *code_name(enum code code, uint16_t number, char text[static CODE_NAME_BYTES]);

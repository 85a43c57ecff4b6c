/*
 * ICMP and ICMPv6: no DNS, but signs of sources that did not ask, or are not there.
 *
 * An unreachable message (RFC 792: type 3; RFC 4443: type 1) quotes the packet that found
 * nobody. Where that is an answer of the server's, it is counted for who should have got it, as
 * far as that is looked at closely (keep.h).
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/decode.h"

enum verdict icmp_ipv4(struct decode *d, struct packet *p);
enum verdict icmp_ipv6(struct decode *d, struct packet *p);

/* UDP (RFC 768) and TCP (RFC 9293): where DNS is found, by its ports. */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/layer.h"

layer_function transport_udp;
layer_function transport_tcp;

/* Adds the DNS message from `p`'s addresses and ports, if it is in scope, to `p`'s batch. */
enum verdict transport_message(struct decode *d, const struct packet *p, struct bytes message,
                               uint16_t transport_flags);

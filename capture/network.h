/*
 * IPv4 (RFC 791) and IPv6 (RFC 8200) headers.
 *
 * The length in the IP header ends the packet, not the frame's: what follows is padding.  A
 * length of 0 is what segmentation offload leaves; the frame then ends the packet.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/layer.h"

layer_function network_ipv4;
layer_function network_ipv6;

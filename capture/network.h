/*
 * IPv4 (RFC 791) and IPv6 (RFC 8200) headers.
 *
 * The length in the IP header ends the packet, not the frame's: what follows is padding, and
 * what is not there was cut off, whether the capture says so or not.  A length of 0 is what
 * segmentation offload leaves; the frame then ends the packet.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/layer.h"

layer_function network_ipv4;
layer_function network_ipv6;

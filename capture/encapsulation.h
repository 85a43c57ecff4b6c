/*
 * What IP, or an Ethernet frame, is carried in: labels, sessions and tunnels.
 *
 * Each takes its header off `p` and names what follows (see layer.h); the addresses that count
 * are those of the innermost IP header.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/layer.h"

layer_function encapsulation_mpls;  /* one label, RFC 3032; pseudowires, RFC 4448 */
layer_function encapsulation_pppoe; /* RFC 2516 */
layer_function encapsulation_nsh;   /* RFC 8300 */

/* On IP. */
layer_function encapsulation_gre;     /* RFC 2784, 2890, 2637; ERSPAN in it */
layer_function encapsulation_ah;      /* RFC 4302, in IPv4 */
layer_function encapsulation_etherip; /* RFC 3378 */

/* On UDP: anything else on their ports is traffic that is not ours. */
layer_function encapsulation_vxlan;     /* RFC 7348 */
layer_function encapsulation_vxlan_gpe; /* draft-ietf-nvo3-vxlan-gpe */
layer_function encapsulation_geneve;    /* RFC 8926 */
layer_function encapsulation_gtp;       /* 3GPP TS 29.281: GTP-U */
layer_function encapsulation_tzsp;      /* mirrored frames, as some routers send them */

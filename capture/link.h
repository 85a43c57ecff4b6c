/* Link layers: what stands in front of IP.  Each takes its header off `p` (see layer.h). */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/layer.h"

layer_function link_ethernet;
layer_function link_vlan; /* one tag of IEEE 802.1Q or 802.1ad */
layer_function link_vn_tag;
layer_function link_e_tag; /* IEEE 802.1BR */
layer_function link_i_tag; /* IEEE 802.1ah: a whole frame follows */
layer_function link_llc;   /* IEEE 802.2, with SNAP */
layer_function link_fddi;
layer_function link_raw;  /* IP without a link header: its version says which */
layer_function link_sll;  /* Linux "any" interface, LINKTYPE_LINUX_SLL */
layer_function link_sll2; /* LINKTYPE_LINUX_SLL2 */
layer_function link_null; /* BSD loopback: an address family in either byte order */
layer_function link_enc;  /* OpenBSD's decrypted IPsec */
layer_function link_ppp;  /* RFC 1661, as in RFC 1662 or without its address and control */
layer_function link_ppp_pppd;
layer_function link_ppp_with_direction;
layer_function link_hdlc; /* Cisco's framing, or PPP's where that shows */
layer_function link_hdlc_with_direction;
layer_function link_80211;
layer_function link_radiotap;
layer_function link_ppi;
layer_function link_nflog;

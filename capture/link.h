/* Link layers: what stands in front of IP.  Each takes its header off `p` (see layer.h). */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/layer.h"

layer_function link_ethernet;
layer_function link_vlan; /* one tag of IEEE 802.1Q or 802.1ad */
layer_function link_raw;  /* IP without a link header: its version says which */
layer_function link_sll;  /* Linux "any" interface, LINKTYPE_LINUX_SLL */
layer_function link_sll2; /* LINKTYPE_LINUX_SLL2 */
layer_function link_null; /* BSD loopback: an address family in either byte order */

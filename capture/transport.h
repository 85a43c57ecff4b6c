/* UDP (RFC 768) and TCP: where DNS is found, by its ports. */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/layer.h"

layer_function transport_udp;
layer_function transport_tcp;

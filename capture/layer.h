/* The table of headers: which function reads what comes next in a frame. */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/decode.h"

typedef enum verdict layer_function(struct decode *d, struct packet *p);

/* Follows `p` from the header it stands before to the frame's end. */
enum verdict layer_walk(struct decode *d, struct packet *p);

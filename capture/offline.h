/* Reads the capture files that no reader of our own is for, through libpcap. */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/reader.h"

struct reader *offline_open(struct input *in, struct error *err); /* owns `in` on success */

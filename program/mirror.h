/*
 * The mirror port as the kernel sees it.  Capture does not end when a link goes down, nor when
 * its cable is pulled: there is just nothing to capture, which somebody should say.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>

enum mirror { MIRROR_UP, MIRROR_NO_CARRIER, MIRROR_DOWN, MIRROR_GONE };

enum { MIRROR_TEXT_BYTES = 64 };

/* "any" is up.  What cannot be found out is taken to be. */
enum mirror mirror_state(const char *interface);
/* "eth1 has no carrier"; returns `text`. */
const char *mirror_text(enum mirror m, const char *interface,
                        char text[static MIRROR_TEXT_BYTES]);
/* Nothing can be opened there. */
bool mirror_is_away(enum mirror m);

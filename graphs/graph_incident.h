/* SPDX-License-Identifier: MIT */
/*
 * The pictures of one incident that a mail carries, in memory.
 *
 * Draws, so it belongs into a process of its own; see picture.h.
 */
#pragma once

#include "graphs/scene.h"

/*
 * `first` is the share of the culprits, or all queries against the usual level where there is
 * no culprit; `second` are queries by type, or by source in the first minute.  Both show what
 * was known at `at_s`; both are freed with picture_png_free(), also after a failure.
 */
bool graph_incident(struct store *s, const char *state_dir, const char *site, const char *id,
                    int64_t at_s, int64_t now_s, struct picture_png *first,
                    struct picture_png *second, struct error *err);

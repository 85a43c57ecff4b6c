/* SPDX-License-Identifier: MIT */
/*
 * All pages and pictures of a site: static HTML without a script, that works from a web server
 * and from file://.
 *
 *     index.html  day.html week.html month.html year.html  style.css
 *     graphs/     pictures of these, each once more for dense screens (name@2x.png)
 *     incidents/ID/index.html and its pictures
 *
 * Draws, so it belongs into a process of its own; see picture.h.  Each file is replaced whole;
 * the work that one page or picture could not do does not undo the others'.
 */
#pragma once

#include "analysis/store.h"

#include <stdint.h>

struct page_options {
    const char *site; /* "x-root" */
    int64_t at_s;     /* end of all ranges; 0: of the last minute stored; seconds since 1970 */
    int64_t now_s;    /* the clock */
};

/* `notes` may hold more than nothing on success: a damaged archive that was made again. */
struct page_result {
    unsigned pages, pictures; /* written */
    char notes[256];
};

bool pages_write(struct store *s, const char *state_dir, const char *out_dir,
                 const struct page_options *options, struct page_result *result,
                 struct error *err);

/*
 * Where pages_write() with `at_s` 0 would end: what happened later is on no page yet.  False with
 * an empty error: no whole minute is stored, so nothing could be drawn.
 */
bool pages_end(struct store *s, int64_t now_s, int64_t *end_s, struct error *err);

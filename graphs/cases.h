/* SPDX-License-Identifier: MIT */
/*
 * Case files: all that is known of an incident, in the state directory.
 *
 *     cases/ID/case.txt case.html case.json and, once drawn, its pictures
 *
 * Each file is replaced whole.  With pictures it draws, so it belongs into a process of its
 * own; see picture.h.
 */
#pragma once

#include "analysis/store.h"

struct case_options {
    const char *state; /* directory */
    const char *site;
    int64_t now_s; /* the clock */
    bool draws;
};

/* From what is stored; it looks nothing up. */
bool cases_write(struct store *s, const char *id, const struct case_options *options,
                 struct error *err);

/* "DIR/cases/ID/NAME"; returns `path`.  An id that is no plain name gives an empty one. */
enum { CASES_PATH_BYTES = 400 };
const char *cases_path(const char *state, const char *id, const char *name,
                       char path[static CASES_PATH_BYTES]);

/* SPDX-License-Identifier: MIT */
/*
 * All that is told of one incident, read from the store: its life, what was found out about
 * who is behind it, whether the sources may be forged, and the draft of a letter.  Pages, files
 * and mails are made from it.
 */
#pragma once

#include "analysis/forgery.h"
#include "analysis/investigation.h"
#include "graphs/life.h"

enum { STORY_FRAMES = 8, STORY_FILE_BYTES = 64 };

struct story {
    struct life life;
    struct investigation *investigation; /* owned */
    struct forgery forgery;
    char *letter;                                /* owned; NULL: there is nobody to write to */
    char frames[STORY_FRAMES][STORY_FILE_BYTES]; /* files of frames beside the case file */
    unsigned frame_files;
    int64_t began_s, end_s; /* of the excess; the end of what was read while it goes on */
};

/* As of `to_s`.  `site` signs the letter. */
bool story_read(struct story *t, struct store *s, const char *id, const char *site,
                int64_t to_s, struct error *err);
void story_fini(struct story *t);

/* case.json: the promise of rootwatch(8).  NULL: no memory. */
json_t *story_json(const struct story *t, const char *site);
/* case.txt */
void story_text(const struct story *t, const char *site, FILE *to);

/*
 * How the frames of some time ended, by name: which were messages, which were not decoded and
 * why, what was malformed, and what never became complete.
 *
 * Minutes, incidents and summaries carry one each; they add up.  All words are our own.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/verdict.h"

#include <jansson.h>

struct source_counts;

enum {
    REASON_WORDS_BYTES = 80,
    REASONS_ROWS = VERDICTS, /* no kind has more */
    REASONS_LINE_BYTES = 512,
};

struct reasons {
    uint64_t verdict[VERDICTS]; /* frames: each is under one */
    uint64_t defect[DEFECTS];   /* messages: each is under one */
    uint64_t loss[LOSSES];
    struct leading unknown[UNKNOWNS];
};

enum reasons_kind {
    REASONS_UNDECODED,  /* frames that may have held a message that was not counted */
    REASONS_MALFORMED,  /* messages */
    REASONS_INCOMPLETE, /* datagrams, messages and streams of which a part never came */
    REASONS_LOST,       /* those above: what was not counted as it should be */
    REASONS_OTHER = REASONS_LOST, /* frames that were read and are no message */
    REASONS_KINDS,
};

/* One row for people: "ethertype 0x88b5", 900. */
struct reason {
    char words[REASON_WORDS_BYTES];
    uint64_t count;
};

void reasons_add(struct reasons *into, const struct reasons *r);
void reasons_add_source(struct reasons *into, const struct source_counts *s);

uint64_t reasons_frames(const struct reasons *r); /* all, messages too */
uint64_t reasons_count(const struct reasons *r, enum reasons_kind kind);
/* What a count is a share of: all frames, or all messages. */
uint64_t reasons_whole(const struct reasons *r, enum reasons_kind kind);
/* Whether it is a thousandth of the whole: less is always there, and nobody's business. */
bool reasons_matter(const struct reasons *r, enum reasons_kind kind);

const char *reasons_title(enum reasons_kind kind); /* "Not decoded" */
/* What there was of a kind, most first; the number of rows. */
unsigned reasons_list(const struct reasons *r, enum reasons_kind kind,
                      struct reason row[static REASONS_ROWS]);
/*
 * "Not decoded meanwhile: 1204 frames (0.3 %): ethertype 0x88b5 900, IP protocol 253 304"; NULL
 * when it does not matter.
 */
const char *reasons_line(const struct reasons *r, enum reasons_kind kind,
                         char text[static REASONS_LINE_BYTES]);

/* Sets the members "undecoded", "not_dns", "unknown", "defects" and "losses" of an object. */
void reasons_set(json_t *object, const struct reasons *r);
/* An object of these and all that reasons_parse() needs; NULL when memory is short. */
json_t *reasons_json(const struct reasons *r);
/* NULL, of a time when they were not kept yet: none.  False: not as it was written. */
bool reasons_parse(const json_t *json, struct reasons *r);

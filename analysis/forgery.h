/*
 * Whether the sources of an incident may be forged: what speaks for it, what against, and a
 * verdict, before anybody is accused.  It is careful: one sign alone decides nothing, but one
 * that cannot be made up (handshakes completed), or a whole crowd of sources.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/investigation.h"

enum { FORGERY_POINTS = 12, FORGERY_TEXT_BYTES = 200 };

enum forgery_verdict { FORGERY_UNDECIDED, FORGERY_UNLIKELY, FORGERY_LIKELY };

struct forgery {
    enum forgery_verdict verdict;
    struct forgery_point {
        int weight; /* above 0 for forging, below 0 against, 0 neither */
        char text[FORGERY_TEXT_BYTES];
    } point[FORGERY_POINTS];
    unsigned points;
};

/* `length_s`: of the excess so far. */
void forgery_judge(const struct incident *i, int64_t length_s, const struct investigation *v,
                   struct forgery *f);
const char *forgery_words(enum forgery_verdict verdict); /* a sentence, without its dot */
const char *forgery_name(enum forgery_verdict verdict);  /* "undecided" */

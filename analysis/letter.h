/*
 * A letter to those who run the network that an incident came from: a draft, for a person to
 * read, correct and send.  Nothing sends it.
 *
 * Plain ASCII in 72 columns, with exact times in UTC, addresses and counts; it asks, and does
 * not accuse, and says what may be wrong.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/forgery.h"

#include <stdio.h>

struct letter {
    const char *site;             /* "x-root" */
    const struct incident *first; /* as it opened */
    const struct incident *peak;  /* when it was worst */
    const struct incident *last;  /* as it is now, or ended */
    int64_t end_s;                /* of the excess; the last that is known, where it goes on */
    bool open;
    const struct investigation *investigation;
    const struct forgery *forgery;
};

/* Whether there is somebody to write to: a network. */
bool letter_applies(const struct letter *l);
void letter_write(const struct letter *l, FILE *to);

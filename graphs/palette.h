/* SPDX-License-Identifier: MIT */
/*
 * The colours of all pictures and pages: Paul Tol's schemes, which stay apart for people who
 * do not see red from green, plus the greys.
 *
 * Source: P. Tol, "Colour Schemes", SRON technical note SRON/EPS/TN/09-002, issue 3.2 (2021).
 */
#pragma once

#include "analysis/qtype.h"

enum palette_use {
    PALETTE_CULPRIT, /* whoever an incident names: never used for anything else */
    PALETTE_REST,    /* all others, in grey */
    PALETTE_MARK,    /* the moments of an incident */
    PALETTE_TOTAL,
    PALETTE_USUAL,
    PALETTE_GAP, /* not captured */
    PALETTE_USES,
};

/* "CC3311": six hexadecimal digits, as RRDtool and CSS take them. */
const char *palette_colour(enum palette_use use);
/* The colour of the nth unnamed thing in a picture; they repeat after ten. */
const char *palette_nth(unsigned n);
/* A query type has its colour in every picture. */
const char *palette_qtype(enum qtype_class c);

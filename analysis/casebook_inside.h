/*
 * What a casebook holds, for the files it is made of and for nobody else.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/case_file.h"
#include "analysis/casebook.h"
#include "analysis/habits.h"

enum {
    CASEBOOK_SUSPECTS = 16,
    CASEBOOK_SLOTS = CASEBOOK_OPEN_MAX + CASEBOOK_SUSPECTS,
    CASEBOOK_CLOSED = 32,          /* remembered, to take up their ids again */
    CASEBOOK_DAY_MAX = 106751,     /* since 1970: as far as times go */
    CASEBOOK_NUMBER_MAX = 1000000, /* waves, and incidents of one day */
};

struct casebook_closed {
    struct subject subject;
    char id[INCIDENT_ID_BYTES];
    int64_t closed_s;
    unsigned wave;
};

struct casebook {
    struct casebook_limits limits;
    struct case_file slot[CASEBOOK_SLOTS];
    struct casebook_closed closed[CASEBOOK_CLOSED];
    struct habits habits;
    unsigned closed_next;
    int64_t day;     /* days since 1970 of the latest opening */
    unsigned opened; /* incidents of that day */
    unsigned most;   /* the highest number of all days; 0: it is not known */
    uint64_t turned_away;
    double excess_queries;
};

/* A free one, with the dossier begun; NULL: there is none. */
struct case_file *casebook_take_slot(struct casebook *b, const struct subject *s,
                                     int64_t now_s);
void casebook_drop(struct case_file *c); /* sets it free */

/* Neither a habit nor begun in a silence. */
static inline bool casebook_is_told(const struct case_file *c)
{
    return !c->habit && !c->silenced;
}

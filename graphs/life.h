/* SPDX-License-Identifier: MIT */
/* The whole life of one incident, read from the store: its events in order. */
#pragma once

#include "analysis/store.h"

enum { LIFE_EVENTS = 64 }; /* the first, and the latest of those after it */

struct life {
    struct incident_event *event; /* oldest first; owned, with the names in them */
    unsigned events;
};

/* Events up to and with `to_s`; none is an error. */
bool life_read(struct life *life, struct store *s, const char *id, int64_t to_s,
               struct error *err);
void life_fini(struct life *life);

const struct incident *life_first(const struct life *life);
const struct incident *life_last(const struct life *life);
/* When the culprits' rate was highest: the last one describes an incident that is over. */
const struct incident *life_peak(const struct life *life);
/*
 * The fact in one line: as it was told at its highest; of an incident that is over, in the
 * past. Returns `text`.
 */
const char *life_fact(const struct life *life, char text[static INCIDENT_SUMMARY_BYTES]);
/* End of the excess; `to_s` while it goes on. */
int64_t life_end(const struct life *life, int64_t to_s);
bool life_open(const struct life *life);

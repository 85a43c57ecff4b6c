/*
 * What the mails of an incident have told so far, found by going through its events again.
 *
 * Which events are mailed follows from the events alone, so it needs no memory of its own and
 * is the same after a restart.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/store.h"

struct mail_thread {
    struct incident_event opening;  /* the incident's first event */
    struct incident_event previous; /* the last one mailed before the one asked about */
    unsigned number;                /* of the one asked about; 0: it is not there */
    unsigned first;                 /* of the first one mailed; 0: none is */
    bool has_opening, has_previous;
    bool is_mailed; /* whether the one asked about is told by mail */
};

/* Which events are mailed. */
struct mail_rule {
    enum incident_severity least;
    int64_t update_s; /* at most one change in so long, but for a new wave or a greater severity */
};

/* The thread of incident `id` up to the event of that sequence number. */
bool mail_thread_read(struct store *s, const char *id, int64_t sequence,
                      const struct mail_rule *rule, struct mail_thread *thread,
                      struct error *err);
void mail_thread_fini(struct mail_thread *thread);

/* A copy that its owner frees with incident_fini(). */
bool mail_thread_copy(const struct incident_event *e, struct incident_event *copy,
                      struct error *err);

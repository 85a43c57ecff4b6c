/*
 * The case files of a state directory: what is looked up for them, when they are written, and
 * when they are completed.
 *
 *     casework_begin()      before anybody is told: look-ups of the incidents of new events,
 *                           within lookups.deadline, and the case files' first form
 *     casework_told()       afterwards: who was written to; the files again, with pictures
 *     casework_complete()   what failed or was late is tried again, with three times the time
 *
 * They run in processes that may wait, never in the capturing one.  A lock lets two of them
 * work on different things at a time, and keeps one case's files of one making.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/store.h"
#include "program/config.h"
#include "program/log.h"

struct casework {
    const struct config *config;
    const char *state;   /* directory */
    struct store *store; /* opened STORE_NOTE or STORE_WRITE */
    int64_t now_s;
    int64_t since_s; /* events before are too old to begin with: nobody is asked about them */
    const struct log *log;
};

enum { CASEWORK_CHANNEL = 16 }; /* of store_told(), beside those of notify.h and jobs.h */

/* The incidents whose events casework_begin() met. */
enum { CASEWORK_INCIDENTS = 64 };
struct casework_list {
    char id[CASEWORK_INCIDENTS][INCIDENT_ID_BYTES];
    unsigned count;
};

bool casework_begin(const struct casework *w, struct casework_list *met, struct error *err);
bool casework_told(const struct casework *w, const struct casework_list *met,
                   struct error *err);
bool casework_complete(const struct casework *w, struct error *err);

/*
 * One case by hand.  `again`: all is asked anew; what then fails leaves what was known.
 */
bool casework_make(const struct casework *w, const char *id, bool again, struct error *err);

/* casework_complete() in a child process; -1: none is to be had.  See jobs_start(). */
pid_t casework_start(const struct config *c, const char *state, const struct log *log);

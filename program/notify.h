/*
 * Tells people and programs what happened: each event of the store, once to each channel.
 *
 *     mail       an opening and a close always, a change when it is a new wave, is more severe,
 *                or when the last mail of its incident is `update_minutes` of event time old; through the spool
 *     webhook    each event as JSON by POST; tried again for a day
 *     command    each event as JSON on standard input; tried again for a day
 *
 * What a channel was told is noted in the store.  A channel that is not configured owes
 * nothing: when it is switched on, it starts with what happens then.
 *
 * This waits for others, so it runs in a child process of the daemon, or in `read`, and never
 * in a thread of the engine.  A second one at the same time does nothing.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/store.h"
#include "program/config.h"
#include "program/log.h"
#include "program/mail.h"
#include "program/spool.h"

/*
 * Draws up to MAIL_PICTURES pictures of an incident; returns their number.  Their bytes are
 * from malloc() and freed by the caller.  A picture that cannot be drawn is left out.
 */
typedef unsigned notify_draw_function(void *argument, const struct incident_event *e,
                                      struct mail_picture picture[static MAIL_PICTURES]);

struct notify {
    const struct config *config;
    const char *state;   /* directory; its spool/ is used */
    struct store *store; /* opened STORE_NOTE or STORE_WRITE */
    int64_t now_s;
    int64_t newest; /* the number of the last event that is told; INT64_MAX: all are */
    notify_draw_function *draw; /* NULL: mails without pictures */
    void *draw_argument;
    const struct log *log;
};

struct notify_counts {
    struct spool_counts mail;
    struct spool_counts webhook; /* rejected: given up */
    struct spool_counts command;
};

/* False: see err; what could be told was told, the rest is told next time. */
bool notify_pending(const struct notify *n, struct notify_counts *counts, struct error *err);

/*
 * Hands one thing over: a mail to a server or to sendmail, an event to a webhook or a command.
 *
 * Each waits for its other side, for a bounded time, so it is called in a child process and
 * never in a thread of the daemon.  What became of it is an outcome with words; nothing is
 * logged, and nothing is tried twice.  A caller of the first and the third has called
 * curl_global_init().
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "program/config.h"

#include <stddef.h>
#include <stdio.h>

enum delivery_end {
    DELIVERY_ACCEPTED,
    DELIVERY_LATER,   /* this one may be accepted another time */
    DELIVERY_DOWN,    /* nobody there, or nobody who lets us in: others would fare no better */
    DELIVERY_REFUSED, /* this one never will be */
};

enum { DELIVERY_WORDS_BYTES = 400 };

struct delivery {
    enum delivery_end end;
    char words[DELIVERY_WORDS_BYTES]; /* "451 4.3.0 try again later"; as they came */
};

/* `mail` stands at its beginning; the envelope is the configuration's. */
struct delivery delivery_smtp(const struct config *c, FILE *mail);
/* `mail` is a regular file. */
struct delivery delivery_sendmail(const struct config *c, int mail);

/* `json` is one event. */
struct delivery delivery_webhook(const struct config *c, const char *json);
struct delivery delivery_command(const struct config *c, const char *json);

/* Archives and the pictures for mails, both made in processes of their own; see apart.h. */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "program/config.h"
#include "program/log.h"
#include "program/notify.h"

/* Brings the archives of a state directory up to its store; what was damaged is logged. */
bool drawing_catch_up(const char *state, const struct log *log, struct error *err);

/* All pages and pictures, up to the last minute stored. */
bool drawing_pages(const char *state, const char *www, const char *site, const struct log *log,
                   struct error *err);

struct drawing {
    const char *state;
    const char *site;
    const struct log *log;
};

/* A notify_draw_function; `argument` is a struct drawing. */
unsigned drawing_incident(void *argument, const struct incident_event *e,
                          struct mail_picture picture[static MAIL_PICTURES]);

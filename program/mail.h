/*
 * One event of an incident as a whole mail, RFC 5322, ready to be sent.
 *
 * All mails of an incident are one thread: the first one's subject carries the fact, later
 * ones answer it under the same subject.  Message-IDs come from site, incident and the event's
 * number, so a mail composed twice is the same mail.
 *
 * The message is composed here and not by libcurl, because the same octets go to a mail server
 * or to `sendmail` and wait in the spool meanwhile.  Lines end with CRLF; the text is ASCII, in
 * 72 columns.  Whatever came from outside is replaced by '?' where it is not printable ASCII,
 * so it cannot begin a line, least of all one of the header.
 *
 * Nothing here reads a clock or a file.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/incident.h"
#include "analysis/investigation.h"
#include "program/config.h"

enum { MAIL_PICTURES = 2 };

struct mail_picture {
    char name[32]; /* "share.png" */
    void *bytes;
    size_t size;
};

struct mail_story {
    const struct incident_event *event;
    const struct incident_event *opening;  /* the incident's first event; may be `event` */
    const struct incident_event *previous; /* the last one mailed before; NULL: none */
    unsigned number;                       /* of the event in its incident; 1: the opening */
    unsigned first;                        /* of the first one mailed; may be `number` */
    int64_t written_s;                     /* now */
    const struct investigation *investigation; /* of the event's incident; NULL: none */
    const struct mail_picture *picture;
    unsigned pictures; /* up to MAIL_PICTURES */
};

/* `*message` is the caller's to free. */
bool mail_compose(const struct config *c, const struct mail_story *story, char **message,
                  size_t *size, struct error *err);

/*
 * The text of a mail about an incident: what happened, to people who know DNS.
 *
 * Lines of at most 72 columns, ended by CRLF, printable ASCII.  Only a link may be longer.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "program/mail.h"

#include <stdio.h>

enum { MAIL_FACT_BYTES = 256, MAIL_DATE_BYTES = 40 };

/* The fact for the subject: "207.244.46.0/24 sends 35 % of all queries (1708 q/s)". */
const char *mail_text_fact(const struct incident *i, char fact[static MAIL_FACT_BYTES]);

/* "Tue, 18 Jan 2005 12:06:00 +0000", RFC 5322 3.3, whatever the locale. */
const char *mail_text_date(int64_t time_s, char date[static MAIL_DATE_BYTES]);

void mail_text_write(const struct config *c, const struct mail_story *story, FILE *to);

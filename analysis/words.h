/*
 * What an investigation found, in words: the sentences that pages, mails, files and letters
 * have in common.  Each is written into `text` and returned; none is ever empty unless it says
 * so.  What they quote came from outside, and is escaped where it is shown.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/investigation.h"

enum { WORDS_BYTES = 512, WORDS_TIME_BYTES = 32 };

/* "18 Jan 2005", "18 Jan 2005 12:06 UTC", "2005-01-18 12:06:09 UTC" */
const char *words_day(int64_t time_s, char text[static WORDS_TIME_BYTES]);
const char *words_minute(int64_t time_s, char text[static WORDS_TIME_BYTES]);
const char *words_second(int64_t time_s, char text[static WORDS_TIME_BYTES]);

/* "Looked up 25 Nov 2026 03:12 UTC: whois 192.0.2.43", "Not looked up: ...", "Failed at ..." */
const char *words_lookup(const struct lookup *l, char text[static WORDS_BYTES]);

/* "AS21529", "AS21529 (EXAMPLE-NET)" where it has a name */
const char *words_as(const struct investigation *v, uint32_t asn,
                     char text[static WORDS_BYTES]);

/*
 * The netblock that counts: the smallest that is known; NULL: none is.
 * words_owner(): whose it is, or its name, or its range.
 */
const struct whois_block *words_block(const struct investigation_registration *r);
const char *words_owner(const struct whois_block *b);
/*
 * How many days before the incident it was registered; negative: after.  False: that is not
 * known.  words_is_fresh(): so few that it is part of the story.
 */
bool words_age(const struct whois_block *b, int64_t began_s, int64_t *days);
bool words_is_fresh(const struct whois_block *b, int64_t began_s);
/* "registered 2005-01-10, 8 days before"; empty: not known */
const char *words_registered(const struct whois_block *b, int64_t began_s,
                             char text[static WORDS_BYTES]);

/* "none of 7 hosts has a reverse name", "2 of 7 hosts have reverse names, 1 confirmed" */
const char *words_reverse(const struct investigation *v, char text[static WORDS_BYTES]);
/* The lookup that speaks for all hosts: a failed one before one that was not. */
const struct lookup *words_reverse_lookup(const struct investigation *v);

/* "no, nobody announces it ...", "yes, 192.0.2.0/24 by AS64496 ...", "not known" */
const char *words_routed(const struct investigation *v, const struct investigation_network *n,
                         char text[static WORDS_BYTES]);
/* Whether a whole table says that nobody announces it. */
bool words_is_unrouted(const struct investigation_network *n);
/* "AS30092 until 17 Jan 2005; before that AS21529, until 7 Jan 2005"; empty: not known */
const char *words_origins(const struct investigation_network *n, char text[static WORDS_BYTES]);
/* The last row of the history with an origin; NULL: none. */
const struct investigation_row *words_last_origin(const struct investigation_network *n);

/*
 * Whom to write to or call: of the network; `whose` says of which.  NULL: nobody is known.
 */
const struct whois_contact *words_contact(const struct investigation_network *n,
                                          char whose[static WORDS_BYTES]);
/* Of who announces it, or did last; as above. */
const struct whois_contact *words_as_contact(const struct investigation *v,
                                             char whose[static WORDS_BYTES]);
/* "abuse@example.net, +1 555 0100" */
const char *words_reach(const struct whois_contact *c, char text[static WORDS_BYTES]);

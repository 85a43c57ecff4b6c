/*
 * Looks up what an investigation lacks: names and origins in the DNS, registrations by whois,
 * routing and its history by tables.
 *
 * Each of the three is the work of a child process with the same deadline, which reads what
 * strangers answer; what it has found by then comes back fact by fact, and whatever becomes of
 * it, the facts that are missing say so.  What the configuration does not ask is off.  ASes
 * that the first round finds are looked up in a second one, if there is time left.
 *
 * The caller has one thread, and waits.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/investigation.h"
#include "program/config.h"
#include "program/log.h"

struct lookups {
    const struct config *config;
    const struct log *log;
    int64_t now_s;       /* the clock: the time that facts get */
    int64_t about_s;     /* latest time of the incident: later tables are not its history */
    unsigned deadline_s; /* for all */
};

/* Says what is off; then whether anything is due. */
bool lookups_are_due(const struct lookups *l, struct investigation *v);
/* Does what is due. */
void lookups_run(const struct lookups *l, struct investigation *v);

/* Private to the modules that look up: */
int64_t lookups_clock_ms(void);
/* Whether it is to be asked, and due. */
bool lookups_want(const struct lookups *l, const struct investigation *v, enum fact kind,
                  const char *subject, const struct lookup *lookup);

/* One part of the work, in its child process; facts are handed in as they are found. */
struct lookups_part {
    const struct lookups *lookups;
    struct investigation *investigation;
    int64_t until_ms; /* by lookups_clock_ms() */
    int to;
};
void lookups_hand_in(const struct lookups_part *p, enum fact kind, const char *subject);
void lookups_ask_dns(const struct lookups_part *p);
void lookups_ask_whois(const struct lookups_part *p);
void lookups_read_tables(const struct lookups_part *p);

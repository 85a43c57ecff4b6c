/*
 * What was looked up about incidents, in the store: one row for each fact of each incident, as
 * the JSON of investigation_fact().
 *
 * A fact about the same subject that another incident found lately is taken over instead of
 * asking again: store_recent_lookup().  The table is made by the first fact; a store without it
 * has none.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/investigation.h"
#include "analysis/store.h"

/* All facts of the investigation that were ever asked for, in one transaction. */
bool store_put_investigation(struct store *s, const char *incident,
                             const struct investigation *v, struct error *err);
/* What is stored of the incident is taken in; then ASes found are subjects, too. */
bool store_investigation(struct store *s, const char *incident, struct investigation *v,
                         struct error *err);

/* A fact of any incident, found at or after `since_s`; NULL: none, or see err. */
json_t *store_recent_lookup(struct store *s, enum fact kind, const char *subject,
                            int64_t since_s, struct error *err);

/* Incidents with facts that are to be tried again by `now_s`, the longest overdue first. */
typedef bool store_id_function(void *argument, const char *incident);
bool store_due_lookups(struct store *s, int64_t now_s, store_id_function *each, void *argument,
                       struct error *err);

/* The period of a report, for people and for programs: what is stored of it, what is missing.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/report.h"

#include <jansson.h>

/* "2005-01-18 11:00 - 2005-01-18 12:00 UTC", to standard output, as all here. */
void report_period_print(const char *before, const struct report_period *p, const char *after);
/* A line of what is stored. */
void report_period_stored(const struct report *r, const struct report_period *p);
/* What the report cannot know of its period. */
void report_period_missing(const struct report *r);
json_t *report_period_json(const struct report *r, const struct report_period *p);

/*
 * The part of a summary that tells where queries came from: by origin AS, by announced prefix,
 * without a route, and of unknown origin.  Every source that was counted is in one of them.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/counters.h"
#include "analysis/origins.h"

#include <jansson.h>
#include <stdio.h>

/* At most `most` rows of each kind; NULL: no memory. */
json_t *summary_origins_json(const struct counters *run, const struct origins *origins,
                             size_t most);
/* Adds what is known of one source to its row. */
void summary_origins_annotate(json_t *row, const struct origins *origins, struct prefix p);
bool summary_origins_print(const struct counters *run, const struct origins *origins, FILE *to);

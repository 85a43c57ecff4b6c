/*
 * Counters as JSON, as `rootwatch read --json` and status.json have them.  Every function gives
 * a new object, of what was counted only.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/code_name.h"
#include "analysis/counters.h"

#include <jansson.h>

json_t *counts_number(uint64_t n);
void counts_set_if_any(json_t *object, const char *key, uint64_t n);

/* By the name of each number met: {"A":N,...}. */
json_t *counts_tally_json(const struct tally *t, enum code code);
/* {"udp4":N,...}, all of them. */
json_t *counts_transports_json(const uint64_t count[static TRANSPORTS]);
/* The leading `most`, at most COUNTS_NAMES_MAX: [{"name":"...","queries":N,"error":N},...]. */
enum { COUNTS_NAMES_MAX = 32 };
json_t *counts_names_json(const struct names *names, unsigned most);
/* One source prefix; `record`: NULL where it was only counted. */
json_t *counts_row_json(const struct counters *c, struct prefix p, uint64_t queries,
                        const struct prefix_record *record);

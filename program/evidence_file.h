/*
 * Where the frames of an incident go: "STATE/cases/ID/evidence.pcap", and what is written after
 * a restart beside it, as "evidence-SECONDS.pcap".
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/evidence.h"
#include "program/log.h"

/*
 * Sorts the frames, and makes the directories as well.  `from_s`: since 1970, when these frames
 * begin; 0: with the incident.  The log says how many frames were left out.
 */
bool evidence_file_write(const char *state, const char *id, int64_t from_s, struct evidence *e,
                         const struct log *log, struct error *err);

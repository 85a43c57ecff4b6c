/*
 * The summary of a run: for people, and as the JSON object "rootwatch-summary/1" whose keys are
 * promises to users (rootwatch(8)).
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/counters.h"
#include "analysis/origins.h"
#include "program/writer.h"

#include <jansson.h>
#include <stdio.h>

struct summary {
    unsigned files;
    const struct counters *run;
    const char *tlds;     /* where the top-level domains are from */
    const json_t *events; /* of its incidents, oldest first */
    unsigned prefixes;    /* how many to list */
    struct writer_counts writer;
    uint64_t turned_away;
    const struct origins *origins; /* NULL: there was no table */
};

/* Both return false when the output could not be written whole. */
bool summary_print(const struct summary *s, FILE *to);
bool summary_json(const struct summary *s, FILE *to);

/*
 * The engine: sources -> counters -> aggregator -> writer, offline in one thread, live in one
 * thread a worker and one that aggregates.
 *
 *     worker:  source -> batch -> counters, which change hands at the interval's end
 *     engine:  counters of all workers -> one interval -> aggregator -> events, minutes, hours
 *     writer:  store and events file
 *
 * Each live worker has three sets of counters in rotation, and two rings: one brings full sets
 * to the engine's thread, one brings empty ones back.  Nobody waits and nothing is locked; a
 * worker that finds no empty set makes its interval longer.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "program/config.h"
#include "program/writer.h"

enum engine_end {
    ENGINE_DONE,   /* all read, or asked to stop */
    ENGINE_CUT,    /* files: one ended in the middle, or was left; what was there is counted */
    ENGINE_FAILED, /* see err */
};

struct engine; /* private */

struct engine_settings {
    const struct config *config;
    const struct log *log;
    const char *state;             /* directory; NULL: nothing is stored */
    FILE *events;                  /* NULL: none */
    bool keep_run;                 /* for a summary of all that was read */
    bool keep_events;              /* and of its incidents */
    const struct origins *origins; /* NULL: ASes are not known */
    const struct tlds *tlds;       /* NULL: those of the list that ships */
    int poke_fd; /* live: 'R' ready, '.' an interval, 'E' events or a minute; -1: none */
};

struct engine *engine_create(const struct engine_settings *settings, struct error *err);
void engine_free(struct engine *e); /* NULL is fine */
/*
 * As in the settings, for who can read them only later: before engine_start().  The engine
 * frees this table, and those that follow.
 */
void engine_set_origins(struct engine *e, struct origins *origins);
/*
 * Another table, from the next minute on; it is the engine's.  Any thread may call it, from
 * engine_create() to engine_free().
 */
void engine_offer_origins(struct engine *e, struct origins *origins);
void engine_set_tlds(struct engine *e, const struct tlds *tlds); /* the caller's */
/* Where the top-level domains are from, in words. */
const char *engine_tlds_source(const struct engine *e);

/*
 * Opens the store, takes up what was learned and starts the writer's thread; `live`: the writer
 * never makes capture wait.  Before reading or capturing.
 */
bool engine_start(struct engine *e, bool live, struct error *err);

/*
 * Reads the files as one stream; see reading.h.  `progress`, where not NULL, is called at
 * interval ends with the octets done and to do (0: unknown), and ends the reading by returning
 * false.  What is wrong with a file is said in the log, and the others are read all the same.
 */
typedef bool engine_progress(void *argument, uint64_t frames, uint64_t done_bytes,
                             uint64_t all_bytes);
enum engine_end engine_read(struct engine *e, char *const *paths, unsigned files,
                            engine_progress *progress, void *argument, struct error *err);

/* Opens the interface for every worker; what needs a privilege happens here. */
bool engine_open_live(struct engine *e, struct error *err);
/* Captures until `stop_fd` can be read. */
enum engine_end engine_capture(struct engine *e, int stop_fd, struct error *err);

/* Ends the minute and the hour, waits for the writer. */
struct writer_counts engine_finish(struct engine *e);

/* Of the run, valid after engine_finish(); see the settings. */
const struct counters *engine_run(const struct engine *e);
const struct origins *engine_origins(const struct engine *e); /* in use; NULL: none */
const json_t *engine_events(const struct engine *e);          /* array, oldest first */
uint64_t engine_turned_away(const struct engine *e); /* incidents there was no room for */

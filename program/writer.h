/*
 * Puts what the aggregator tells into the store and the events file, in a thread of its own.
 *
 * Jobs are copied into a queue of fixed length and done in order.  When the queue is full, a
 * reader of files waits; a live capture does not: the oldest minute or hour is dropped and
 * counted, an event never.  A failure (a full disk) is said once, and counting goes on.  What
 * the job was about is lost then and counted, except events: they are kept, and stored in
 * their order before the next job that can be.
 *
 * One thread gives jobs; the writer's own does them.  Only writer_stop() waits for all.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/aggregator.h"
#include "analysis/store.h"
#include "program/log.h"

#include <stdio.h>

struct writer; /* private */

struct writer_settings {
    struct store *store; /* NULL: nothing is stored; the writer's from now on */
    FILE *events;        /* NULL: none; a line an event, flushed */
    const struct log *log;
    const char *state;   /* directory of cases/ID, with evidence.pcap; NULL: none */
    bool status;         /* status.json is kept below it; else writer_status() does nothing */
    bool wait;           /* when the queue is full */
    uint32_t hour_floor; /* smallest hourly count kept; at least 1 in 100,000 is too */
    uint32_t hour_names; /* leading names kept of an hour, and top-level domains */
    uint32_t minutes_days, hours_days; /* retention */
    uint32_t cases_days;               /* the same, after the close, of cases/ID */
    const char *service;               /* that RSSAC002 is counted for, where hours have it */
    uint32_t rssac002_days;            /* retention of that */
    const char *www; /* and of incidents/ID here, a month at least; NULL: none */
    int poke_fd;     /* a byte 'E' is written after events or a minute are stored; -1: none */
};

struct writer_counts {
    uint64_t failed;  /* jobs that could not be done */
    uint64_t dropped; /* jobs that found the queue full */
};

struct writer *writer_start(const struct writer_settings *settings, struct error *err);

/*
 * `learned` is what the aggregator knows after them: it goes with the events, or the minute,
 * into one transaction, so that a program killed at any moment starts again without opening
 * twice what is open.  The writer takes over both objects; `events` is an array.  `read_to_s`:
 * how far a reader of files has come with it (store_past.h); 0: this is no reader.
 */
void writer_events(struct writer *w, json_t *events, json_t *learned, int64_t time_s);
void writer_minute(struct writer *w, const struct minute *m, json_t *learned,
                   int64_t read_to_s);
void writer_hour(struct writer *w, const struct aggregator_hour *hour, int64_t read_to_s);
/* As far as it has come: kept aside until it ends, or until the next process ends it. */
void writer_going(struct writer *w, const struct aggregator_hour *hour);

/*
 * Frames of an incident, into cases/ID/evidence.pcap below the state directory, in the place of
 * those of before; where there is an earlier part of the incident (`from_s` not 0), beside it
 * into evidence-FROM.pcap.
 */
void writer_evidence(struct writer *w, const char *id, int64_t from_s,
                     const struct evidence *e);

/*
 * The newest interval, into status.json below the state directory, whatever is to be stored
 * meanwhile; one that was not written yet is replaced.  The writer takes over the object; NULL:
 * there was no memory for it.
 */
void writer_status(struct writer *w, json_t *status);

/* What was learned alone, at the end. */
void writer_learned(struct writer *w, json_t *learned, int64_t time_s);

/* Does what is queued, ends the thread and closes the store. */
struct writer_counts writer_stop(struct writer *w);

/*
 * The database of a state directory, `rootwatch.db`: minutes, hourly counts by prefix (by name:
 * store_names.h), incidents and their events, and what the detectors have learned.  It is the
 * truth from which archives, pages and mails are made, and made again.
 *
 * SQLite in WAL mode: one process writes, others read meanwhile.  A writing function either
 * does its whole work or, with the cause in err, nothing; what is returned as done survives
 * kill -9.  A store is used by one thread at a time.  A writer brings a database of an older
 * release into today's form; a reader takes both, and knows no junk or names of hours that had
 * none.
 *
 * All times are seconds since 1970, UTC; periods are from <= time < to.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/incident.h"
#include "analysis/minute.h"
#include "analysis/prefix_counts.h"

struct store; /* private */

enum store_mode {
    STORE_READ,  /* fails when there is no database yet */
    STORE_WRITE, /* creates what is missing */
    STORE_NOTE,  /* neither creates nor counts: notes what was done about events */
};

struct store *store_open(const char *directory, enum store_mode mode, struct error *err);
void store_close(struct store *s); /* NULL is fine */

/*
 * Rows met since it was opened that cannot be read: minutes and events.  Readers go on without
 * them; a damaged minute is replaced by what is put in its place.
 */
uint64_t store_damaged(const struct store *s);

/* Minutes.  Putting one again (after a restart in its middle) adds to what is there. */
bool store_put_minute(struct store *s, const struct minute *m, struct error *err);

/* Called for each row, oldest first; false stops the reading without an error. */
typedef bool store_minute_function(void *argument, const struct minute *m);
bool store_minutes(struct store *s, int64_t from_s, int64_t to_s, store_minute_function *each,
                   void *argument, struct error *err);
/* First and last minute stored; false, and no error text, when there is none. */
bool store_span(struct store *s, int64_t *first_s, int64_t *last_s, struct error *err);

/* Hourly counts by prefix.  Putting an hour again adds to what is there. */
struct store_hour_row {
    struct prefix prefix;
    uint32_t queries;
    uint32_t hosts;
    uint32_t junk; /* queries, see junk.h */
};
/* The rows of all prefixes with at least `floor` queries; NULL when memory is short.  The
 * caller frees them. */
struct store_hour_row *store_hour_rows(const struct prefix_counts *counts, uint32_t floor,
                                       size_t *rows);
/* Brings the rows into the order they are stored in. */
bool store_put_hour(struct store *s, int64_t hour_s, struct store_hour_row *row, size_t rows,
                    struct error *err);

struct store_rank {
    struct prefix prefix;
    uint64_t queries;
    uint32_t hosts;  /* greatest in one hour */
    uint64_t judged; /* of the queries: in hours of which junk is known */
    uint64_t junk;   /* of these */
};
/* The prefixes with most queries over whole hours, most first; their number, -1: see err. */
int store_leading(struct store *s, int64_t from_s, int64_t to_s, struct store_rank *rank,
                  unsigned most, struct error *err);
/* Queries of one prefix hour by hour; hours without it are left out. */
typedef bool store_hour_function(void *argument, int64_t hour_s, uint64_t queries);
bool store_prefix_hours(struct store *s, struct prefix p, int64_t from_s, int64_t to_s,
                        store_hour_function *each, void *argument, struct error *err);
/* Whether hour `hour_s` was stored at all. */
bool store_has_hour(struct store *s, int64_t hour_s);
/* First and last hour stored; as store_span(). */
bool store_hours_span(struct store *s, int64_t *first_s, int64_t *last_s, struct error *err);
/* Every hour stored, oldest first, with what its prefixes add up to. */
bool store_hours(struct store *s, int64_t from_s, int64_t to_s, store_hour_function *each,
                 void *argument, struct error *err);
/* One prefix over two periods that follow each other. */
struct store_sum {
    struct prefix prefix;
    uint64_t queries; /* from from_s on */
    uint64_t judged;  /* of these: in hours of which junk is known */
    uint64_t junk;    /* of these */
    uint64_t before;  /* queries before from_s */
};
/* Every prefix of both. */
typedef bool store_sum_function(void *argument, const struct store_sum *sum);
bool store_sums(struct store *s, int64_t before_s, int64_t from_s, int64_t to_s,
                store_sum_function *each, void *argument, struct error *err);

/* Events, with the incident as it then was; an event gets its sequence number here. */
bool store_put_event(struct store *s, struct incident_event *e, struct error *err);

typedef bool store_event_function(void *argument, const struct incident_event *e);
/* All events of one incident, oldest first. */
bool store_events(struct store *s, const char *id, store_event_function *each, void *argument,
                  struct error *err);
/* The latest event of each incident that was open in the period, newest incident first. */
bool store_incidents(struct store *s, int64_t from_s, int64_t to_s, store_event_function *each,
                     void *argument, struct error *err);
/* Whether the incident is known, and has been closed since before then. */
bool store_is_closed(struct store *s, const char *id, int64_t before_s, bool *is,
                     struct error *err);
/* Events that channel `channel` (a bit) was not told yet, oldest first. */
bool store_untold(struct store *s, unsigned channel, store_event_function *each, void *argument,
                  struct error *err);
bool store_told(struct store *s, int64_t sequence, unsigned channel, struct error *err);
/* The number of the newest event; 0: there is none. */
bool store_newest_event(struct store *s, int64_t *sequence, struct error *err);

/* What a detector has learned, by its name; replaced whole. */
bool store_put_learned(struct store *s, const char *name, int64_t time_s, const json_t *learned,
                       struct error *err);
/* NULL without error text: never stored.  The caller owns the result. */
json_t *store_learned(struct store *s, const char *name, int64_t *time_s, struct error *err);

/* Makes one transaction of what stands between the two; nested calls are refused. */
bool store_begin(struct store *s, struct error *err);
/* The same for a reader: until the end it sees the store as it was, whatever is written. */
bool store_begin_reading(struct store *s, struct error *err);
bool store_commit(struct store *s, struct error *err);
void store_abandon(struct store *s);

/*
 * Removes minutes and hours older than the given times, the oldest first, and no more than a
 * day of each: a clock that is wrong for an hour does not cost all that is stored.
 */
bool store_forget(struct store *s, int64_t minutes_before_s, int64_t hours_before_s,
                  struct error *err);

/*
 * Hourly counts by name and by top-level domain, in the database of a state directory.
 *
 * Of each hour the names that lead are kept, no more than a given number, with how far their
 * counts can be from the truth; and what every other name can have had at most.  So of any name
 * and any hour stored both bounds are known:
 *
 *     in a row      queries - error  <=  truth  <=  queries + missed
 *     in none                             truth  <=  absent
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/names.h"
#include "analysis/store.h"

enum store_names_kind { STORE_NAMES, STORE_TLDS, STORE_NAMES_KINDS };

struct store_name {
    const uint8_t *name; /* wire format, lower case */
    uint8_t name_bytes;
    uint64_t queries;
    uint64_t error, missed; /* at most too many; too few */
};

/* What is told of a table of names when its hour ends: a copy of the leading ones. */
struct store_names {
    uint64_t queries; /* all of the hour, in rows or not */
    uint64_t lost;    /* of these: of names that the table did not keep */
    uint64_t absent;
    size_t most, rows;
    struct store_name row[]; /* their octets stand behind */
};

/* NULL when memory is short. */
struct store_names *store_names_create(const struct names *n, uint64_t queries, unsigned most);
void store_names_free(struct store_names *names); /* NULL is fine */

/* Putting an hour again adds to what is there; the leading `most` of both stay. */
bool store_put_names(struct store *s, enum store_names_kind kind, int64_t hour_s,
                     const struct store_names *names, struct error *err);

/* An hour stored, without its rows. */
struct store_names_hour {
    int64_t start_s;
    uint64_t queries, lost, absent;
};
/* Oldest first; of a database of an older form, none. */
typedef bool store_names_hour_function(void *argument, const struct store_names_hour *h);
bool store_names_hours(struct store *s, enum store_names_kind kind, int64_t from_s,
                       int64_t to_s, store_names_hour_function *each, void *argument,
                       struct error *err);
/* First and last hour stored; as store_span(). */
bool store_names_span(struct store *s, enum store_names_kind kind, int64_t *first_s,
                      int64_t *last_s, struct error *err);

/* One name over hours; `above` is what it has beyond `absent` in hours in which it has a row,
 * so that with the `absent` of all hours it has no more than that. */
struct store_name_sum {
    uint64_t queries, error;
    int64_t above; /* sum of queries + missed - absent */
};
/* Every name of two periods that follow each other. */
typedef bool store_name_sums_function(void *argument, const uint8_t *name, uint8_t name_bytes,
                                      const struct store_name_sum *now,
                                      const struct store_name_sum *before);
bool store_name_sums(struct store *s, enum store_names_kind kind, int64_t before_s,
                     int64_t from_s, int64_t to_s, store_name_sums_function *each,
                     void *argument, struct error *err);

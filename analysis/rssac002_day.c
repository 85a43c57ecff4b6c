/* SPDX-License-Identifier: MIT */
#include "analysis/rssac002_day.h"

#include "analysis/source_union.h"
#include "analysis/store_going.h"
#include "analysis/store_rssac002.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HOUR_S = 3600 };

/* The reading of one day. */
struct reading {
    struct rssac002_day *day;
    struct store *store; /* the one under way, and the next two */
    struct rssac002_instance *instance;
    unsigned number;
    int64_t next_s;                 /* the least hour that can come */
    struct store_sources **sources; /* of every hour that counts */
    unsigned sets;
    struct error *err;
};

/* ---- Hours ----------------------------------------------------------------------------- */

static bool is_of_service(struct reading *r, int64_t hour_s, const char *service)
{
    struct rssac002_day *d = r->day;
    char hour[32];
    time_t at = (time_t)hour_s;
    struct tm utc;
    if (d->service[0] == '\0')
        memcpy(d->service, service, strlen(service) + 1);
    if (strcmp(d->service, service) == 0)
        return true;
    (void)strftime(hour, sizeof hour, "%Y-%m-%d %H:%M UTC", gmtime_r(&at, &utc));
    return error_set(r->err,
                     "state directory %u of %u: what was counted at %s is of %s, not of %s",
                     r->number + 1, d->instances, hour, service, d->service);
}

/* Whether the hour's sources are as they were written: what is not whole counts nowhere. */
static bool has_sound_sources(struct reading *r, int64_t hour_s)
{
    struct error ignored;
    struct store_sources *o = store_sources_open(r->store, hour_s, &ignored);
    bool good = o != NULL && source_reader_check(store_sources_reader(o), &ignored);
    store_sources_close(o);
    return good;
}

static void count_hour(struct rssac002_instance *i, const struct rssac002_counts *c)
{
    bool queries = rssac002_sum(c->queries, TRANSPORTS) > 0;
    bool responses = rssac002_sum(c->responses, TRANSPORTS) > 0;
    i->captured_ms += c->captured_ms;
    i->hours++;
    i->without_queries += responses && !queries;
    i->without_responses += queries && !responses;
}

/* Whose table lets an hour be there twice is not of our making. */
static bool take_hour(void *argument, int64_t hour_s, const char *service,
                      const struct rssac002_counts *counts)
{
    struct reading *r = argument;
    if (hour_s % HOUR_S != 0 || hour_s < r->next_s || counts == NULL ||
        !has_sound_sources(r, hour_s)) {
        r->instance->spoilt++;
        return true;
    }
    r->next_s = hour_s + HOUR_S;
    if (!is_of_service(r, hour_s, service))
        return false;
    struct store_sources *o = store_sources_open(r->store, hour_s, r->err);
    if (o == NULL)
        return false;
    r->sources[r->sets++] = o;
    rssac002_add(&r->day->counts, counts);
    count_hour(r->instance, counts);
    return true;
}

static bool take_store(struct reading *r, struct store *s, unsigned number)
{
    struct error failure;
    int64_t from_s = r->day->start_s;
    int64_t to_s = from_s + RSSAC002_DAY_S;
    r->store = s;
    r->number = number;
    r->next_s = from_s;
    r->instance = &r->day->instance[number];
    r->err->text[0] = '\0';
    if (!store_begin_reading(s, r->err))
        return false;
    r->instance->left = store_has_left(s, from_s, to_s);
    if (!store_rssac002_hours(s, from_s, to_s, take_hour, r, &failure)) {
        *r->err = failure;
        return false;
    }
    return r->err->text[0] == '\0';
}

/* ---- Sources --------------------------------------------------------------------------- */

struct sum {
    struct rssac002_day *day;
    struct source6 last;
    bool any6;
};

static bool count_source(void *argument, const struct source4 *ipv4, const struct source6 *ipv6)
{
    struct sum *s = argument;
    for (unsigned i = 0; ipv4 != NULL && i < 4; i++)
        s->day->sources4 += (unsigned)__builtin_popcountll(ipv4->hosts[i]);
    if (ipv6 == NULL)
        return true;
    s->day->sources6++;
    s->day->networks6 += !s->any6 || memcmp(&s->last, ipv6, 8) != 0;
    s->last = *ipv6;
    s->any6 = true;
    return true;
}

static bool unite(struct reading *r)
{
    struct sum sum = {.day = r->day};
    struct source_reader **readers = calloc(r->sets + 1UL, sizeof *readers);
    if (readers == NULL)
        return error_set(r->err, "no memory to unite %u sets of sources", r->sets);
    for (unsigned i = 0; i < r->sets; i++)
        readers[i] = store_sources_reader(r->sources[i]);
    bool good = source_union(readers, r->sets, count_source, &sum, r->err);
    free(readers);
    return good;
}

/* ---- All ------------------------------------------------------------------------------- */

static bool read_stores(struct reading *r, struct store *const *stores, unsigned *begun)
{
    for (; *begun < r->day->instances; ++*begun)
        if (!take_store(r, stores[*begun], *begun))
            return false;
    return unite(r);
}

bool rssac002_day_read(struct rssac002_day *d, struct store *const *stores, unsigned count,
                       int64_t start_s, const char *service, struct error *err)
{
    struct reading r = {.day = d, .err = err};
    unsigned begun = 0;
    *d = (struct rssac002_day){.start_s = start_s, .instances = count};
    (void)snprintf(d->service, sizeof d->service, "%s", service);
    d->instance = calloc(count, sizeof *d->instance);
    r.sources = calloc(count * (size_t)RSSAC002_DAY_HOURS, sizeof *r.sources);
    bool good = d->instance != NULL && r.sources != NULL
                        ? read_stores(&r, stores, &begun)
                        : error_set(err, "no memory for a day of %u instances", count);
    for (unsigned i = 0; i < r.sets; i++)
        store_sources_close(r.sources[i]);
    for (unsigned i = 0; i < count && i <= begun; i++)
        store_abandon(stores[i]);
    free(r.sources);
    return good;
}

void rssac002_day_fini(struct rssac002_day *d)
{
    free(d->instance);
}

bool rssac002_day_has_queries(const struct rssac002_day *d)
{
    return rssac002_sum(d->counts.queries, TRANSPORTS) > 0;
}

bool rssac002_day_has_responses(const struct rssac002_day *d)
{
    return rssac002_sum(d->counts.responses, TRANSPORTS) > 0;
}

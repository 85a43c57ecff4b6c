/* SPDX-License-Identifier: MIT */
#include "graphs/life.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    struct life *life;
    int64_t to_s;
    bool no_memory;
};

static bool copy_event(struct incident_event *to, const struct incident_event *from)
{
    *to = *from;
    for (unsigned i = 0; i < from->incident.names; i++) {
        to->incident.names = i;
        to->incident.name[i].name = strdup(from->incident.name[i].name);
        if (to->incident.name[i].name == NULL)
            return false;
    }
    to->incident.names = from->incident.names;
    return true;
}

/* A long life loses what came second: its beginning and its latest events tell most. */
static void make_room(struct life *life)
{
    if (life->events < LIFE_EVENTS)
        return;
    incident_fini(&life->event[1].incident);
    memmove(&life->event[1], &life->event[2], (LIFE_EVENTS - 2) * sizeof *life->event);
    life->events--;
}

static bool keep(void *argument, const struct incident_event *e)
{
    struct reading *r = argument;
    if (e->time_s > r->to_s)
        return false;
    make_room(r->life);
    r->no_memory = !copy_event(&r->life->event[r->life->events], e);
    r->life->events++;
    return !r->no_memory;
}

bool life_read(struct life *life, struct store *s, const char *id, int64_t to_s,
               struct error *err)
{
    *life = (struct life){calloc(LIFE_EVENTS, sizeof *life->event), 0};
    struct reading reading = {life, to_s, life->event == NULL};

    bool done = !reading.no_memory && store_events(s, id, keep, &reading, err);
    if (reading.no_memory)
        done = error_set(err, "no memory for the incident %s", id);
    else if (done && life->events == 0)
        done = error_set(err, "no incident %s is stored", id);
    if (!done)
        life_fini(life);
    return done;
}

void life_fini(struct life *life)
{
    for (unsigned i = 0; i < life->events; i++)
        incident_fini(&life->event[i].incident);
    free(life->event);
    *life = (struct life){0};
}

const struct incident *life_first(const struct life *life)
{
    return &life->event[0].incident;
}

const struct incident *life_last(const struct life *life)
{
    return &life->event[life->events - 1].incident;
}

const struct incident *life_peak(const struct life *life)
{
    const struct incident *peak = life_first(life);
    for (unsigned i = 1; i < life->events; i++) {
        const struct incident_event *e = &life->event[i];
        if (e->state != INCIDENT_CLOSED && e->incident.rate_qps >= peak->rate_qps)
            peak = &e->incident;
    }
    return peak;
}

bool life_open(const struct life *life)
{
    return life->event[life->events - 1].state != INCIDENT_CLOSED;
}

int64_t life_end(const struct life *life, int64_t to_s)
{
    const struct incident *last = life_last(life);
    if (last->ended_s != 0)
        return last->ended_s;
    return last->closed_s != 0 ? last->closed_s : to_s;
}

static const char *usually(double qps, char text[static 32])
{
    if (qps < 1)
        return "usually below 1";
    (void)snprintf(text, 32, "usually %.0f", qps);
    return text;
}

const char *life_fact(const struct life *life, char text[static INCIDENT_SUMMARY_BYTES])
{
    const struct incident *peak = life_peak(life);
    char culprit[PREFIX_TEXT_BYTES];
    char usual[32];
    if (life_open(life) || peak->kind != INCIDENT_PREFIX || peak->prefixes != 1)
        (void)snprintf(text, INCIDENT_SUMMARY_BYTES, "%s", peak->summary);
    else
        (void)snprintf(text, INCIDENT_SUMMARY_BYTES,
                       "%s sent up to %.0f %% of all queries: %.0f queries/s, %s",
                       prefix_format(peak->prefix[0], culprit), 100 * peak->share,
                       peak->rate_qps, usually(peak->baseline_qps, usual));
    return text;
}

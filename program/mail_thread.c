/* SPDX-License-Identifier: MIT */
#include "program/mail_thread.h"

#include <string.h>

struct reading {
    struct mail_thread *thread;
    int64_t sequence;
    const struct mail_rule *rule;
    bool failed;
    struct error *err;
};

bool mail_thread_copy(const struct incident_event *e, struct incident_event *copy,
                      struct error *err)
{
    json_t *json = incident_event_json(e);
    if (json == NULL)
        return error_set(err, "no memory for an event of incident %s", e->incident.id);
    bool good = incident_event_parse(json, copy, err);
    json_decref(json);
    copy->sequence = e->sequence;
    return good;
}

static bool is_mailed(const struct mail_thread *s, const struct incident_event *e,
                      const struct mail_rule *rule)
{
    const struct incident_event *last = &s->previous;
    if (e->incident.severity < rule->least)
        return false;
    return e->state != INCIDENT_CHANGED || !s->has_previous ||
           e->incident.wave > last->incident.wave ||
           e->incident.severity > last->incident.severity ||
           e->time_s - last->time_s >= rule->update_s;
}

static bool keep(struct incident_event *to, bool *has, const struct incident_event *e,
                 struct error *err)
{
    if (*has)
        incident_fini(&to->incident);
    *has = mail_thread_copy(e, to, err);
    return *has;
}

static bool read_event(void *argument, const struct incident_event *e)
{
    struct reading *r = argument;
    struct mail_thread *s = r->thread;
    bool mailed = is_mailed(s, e, r->rule);
    s->number++;
    if (mailed && s->first == 0)
        s->first = s->number;
    if (s->number == 1)
        r->failed = !keep(&s->opening, &s->has_opening, e, r->err);
    if (e->sequence == r->sequence) {
        s->is_mailed = mailed;
        r->sequence = 0;
        return false;
    }
    if (!r->failed && mailed)
        r->failed = !keep(&s->previous, &s->has_previous, e, r->err);
    return !r->failed;
}

bool mail_thread_read(struct store *s, const char *id, int64_t sequence,
                      const struct mail_rule *rule, struct mail_thread *thread,
                      struct error *err)
{
    struct reading r = {.thread = thread, .sequence = sequence, .rule = rule, .err = err};
    *thread = (struct mail_thread){.number = 0};
    if (!store_events(s, id, read_event, &r, err) || r.failed)
        return false;
    if (r.sequence == 0)
        return true;
    return error_set(err, "event %lld of incident %s is not in the store", (long long)sequence,
                     id);
}

void mail_thread_fini(struct mail_thread *thread)
{
    if (thread->has_opening)
        incident_fini(&thread->opening.incident);
    if (thread->has_previous)
        incident_fini(&thread->previous.incident);
    thread->has_opening = thread->has_previous = false;
}

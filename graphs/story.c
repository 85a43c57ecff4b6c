/* SPDX-License-Identifier: MIT */
#include "graphs/story.h"

#include "analysis/letter.h"
#include "analysis/store_lookups.h"

#include <stdlib.h>

static bool write_letter(struct story *t, const char *site, struct error *err)
{
    size_t size;
    const struct letter letter = {
            .site = site,
            .first = life_first(&t->life),
            .peak = life_peak(&t->life),
            .last = life_last(&t->life),
            .end_s = t->end_s,
            .open = life_open(&t->life),
            .investigation = t->investigation,
            .forgery = &t->forgery,
    };
    if (!letter_applies(&letter))
        return true;
    FILE *to = open_memstream(&t->letter, &size);
    if (to == NULL)
        return error_errno(err, "a letter");
    letter_write(&letter, to);
    return fclose(to) == 0 || error_errno(err, "a letter");
}

static bool investigate(struct story *t, struct store *s, const char *id, struct error *err)
{
    const struct incident *last = life_last(&t->life);
    t->began_s = life_first(&t->life)->began_s;
    t->investigation = investigation_create(last);
    if (t->investigation == NULL)
        return error_set(err, "no memory for the investigation of %s", id);
    if (!store_investigation(s, id, t->investigation, err))
        return false;
    forgery_judge(last, t->end_s - t->began_s, t->investigation, &t->forgery);
    return true;
}

bool story_read(struct story *t, struct store *s, const char *id, const char *site,
                int64_t to_s, struct error *err)
{
    *t = (struct story){.letter = NULL};
    if (!life_read(&t->life, s, id, to_s, err))
        return false;
    const struct incident_event *latest = &t->life.event[t->life.events - 1];
    t->end_s = life_end(&t->life, to_s == INT64_MAX ? latest->time_s : to_s);
    if (investigate(t, s, id, err) && write_letter(t, site, err))
        return true;
    story_fini(t);
    return false;
}

void story_fini(struct story *t)
{
    investigation_free(t->investigation);
    free(t->letter);
    life_fini(&t->life);
    *t = (struct story){.letter = NULL};
}

/* ---- As JSON --------------------------------------------------------------------------- */

struct gathering {
    const struct investigation *investigation;
    json_t *facts;
};

static void gather(void *argument, enum fact kind, const char *subject, struct lookup *lookup)
{
    struct gathering *g = argument;
    (void)lookup;
    json_array_append_new(g->facts, investigation_fact(g->investigation, kind, subject));
}

static json_t *forgery_json(const struct forgery *f)
{
    json_t *points = json_array();
    for (unsigned i = 0; i < f->points; i++)
        json_array_append_new(points, json_pack("{s:i, s:s}", "weight", f->point[i].weight,
                                                "text", f->point[i].text));
    return json_pack("{s:s, s:o}", "verdict", forgery_name(f->verdict), "points", points);
}

json_t *story_json(const struct story *t, const char *site)
{
    struct gathering g = {t->investigation, json_array()};
    json_t *events = json_array();
    for (unsigned i = 0; i < t->life.events; i++)
        json_array_append_new(events, incident_event_json(&t->life.event[i]));
    investigation_walk(t->investigation, gather, &g);
    json_t *j = json_pack("{s:s, s:s, s:s, s:I, s:I, s:b, s:o, s:o, s:o, s:o}", "schema",
                          "rootwatch-case/1", "site", site, "id", life_last(&t->life)->id,
                          "began", (json_int_t)t->began_s, "end", (json_int_t)t->end_s, "open",
                          life_open(&t->life), "events", events, "facts", g.facts, "forgery",
                          forgery_json(&t->forgery), "told",
                          investigation_told_json(t->investigation));
    if (t->letter != NULL)
        json_object_set_new(j, "letter", json_string(t->letter));
    return j;
}

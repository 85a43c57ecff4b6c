/* SPDX-License-Identifier: MIT */
#include "analysis/casebook_inside.h"

enum {
    WATCHED_CULPRITS = 12, /* of COUNTERS_WATCHED; the rest is for suspects */
    WATCHED_NAMES = 6,     /* the same, of COUNTERS_NAMES_WATCHED */
};

unsigned casebook_culprits(const struct casebook *b,
                           struct prefix culprit[static CASEBOOK_OPEN_MAX])
{
    unsigned n = 0;
    for (unsigned i = 0; i < CASEBOOK_SLOTS; i++) {
        const struct case_file *c = &b->slot[i];
        for (unsigned k = 0; c->state == CASE_OPEN && k < c->culprits; k++)
            if (c->culprit[k].subject.kind == INCIDENT_PREFIX && n < CASEBOOK_OPEN_MAX)
                culprit[n++] = (struct prefix){c->culprit[k].subject.key};
    }
    return n;
}

/* Room for culprits is kept free of suspects, and the other way round. */
static void watch_subject(struct watch_list *w, const struct subject *s, unsigned prefixes,
                          unsigned names)
{
    if (s->kind == INCIDENT_PREFIX && w->prefixes < prefixes)
        w->prefix[w->prefixes++] = *s;
    else if (subject_is_name(s) && w->names < names)
        w->name[w->names++] = *s;
}

void casebook_watch(const struct casebook *b, struct watch_list *watch)
{
    watch->prefixes = watch->names = 0;
    for (unsigned i = 0; i < CASEBOOK_SLOTS; i++)
        for (unsigned k = 0; b->slot[i].state == CASE_OPEN && k < b->slot[i].culprits; k++)
            watch_subject(watch, &b->slot[i].culprit[k].subject, WATCHED_CULPRITS,
                          WATCHED_NAMES);
    for (unsigned i = 0; i < CASEBOOK_SLOTS; i++)
        if (b->slot[i].state == CASE_SUSPECT)
            watch_subject(watch, &b->slot[i].dossier.subject, COUNTERS_WATCHED,
                          COUNTERS_NAMES_WATCHED);
}

void casebook_open(const struct casebook *b, unsigned open[static INCIDENT_SEVERITIES])
{
    for (unsigned i = 0; i < INCIDENT_SEVERITIES; i++)
        open[i] = 0;
    for (unsigned i = 0; i < CASEBOOK_SLOTS; i++)
        if (b->slot[i].state == CASE_OPEN && casebook_is_told(&b->slot[i]))
            open[b->slot[i].incident.severity]++;
}

/* SPDX-License-Identifier: MIT */
#include "graphs/health.h"

struct reading {
    struct health *health;
    unsigned ranges;
};

static void add(struct health *h, const struct minute *m)
{
    h->minutes++;
    h->queries += m->queries;
    h->messages += m->queries + m->responses;
    h->frames += m->frames;
    h->undecoded += m->undecoded;
    h->malformed += m->malformed;
    h->kernel_drops += m->kernel_drops;
    h->interface_drops += m->interface_drops;
    h->overflow += m->overflow;
    h->estimated += m->junk.estimated;
    h->one_in = m->junk.one_in > h->one_in ? m->junk.one_in : h->one_in;
    reasons_add(&h->reasons, &m->reasons);
}

static bool add_minute(void *argument, const struct minute *m)
{
    struct reading *r = argument;
    for (unsigned i = 0; i < r->ranges; i++)
        if (m->start_s >= r->health[i].from_s && m->start_s < r->health[i].to_s)
            add(&r->health[i], m);
    return true;
}

bool health_read(struct health *h, unsigned ranges, struct store *s, struct error *err)
{
    struct reading r = {h, ranges};
    int64_t from_s = INT64_MAX;
    int64_t to_s = INT64_MIN;
    for (unsigned i = 0; i < ranges; i++) {
        from_s = h[i].from_s < from_s ? h[i].from_s : from_s;
        to_s = h[i].to_s > to_s ? h[i].to_s : to_s;
    }
    return store_minutes(s, from_s, to_s, add_minute, &r, err);
}

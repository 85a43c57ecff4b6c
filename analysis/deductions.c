/* SPDX-License-Identifier: MIT */
#include "analysis/deductions.h"

#include <stdlib.h>

enum { PLACES = 1 << 14, PROBES = 16 };

struct deductions {
    uint64_t key[PLACES]; /* a hash; 0: free */
    double queries[PLACES];
    uint32_t touched[PLACES];
    uint32_t met;
};

struct deductions *deductions_create(struct error *err)
{
    struct deductions *d = calloc(1, sizeof *d);
    if (d == NULL)
        error_set(err, "no memory for deductions");
    return d;
}

void deductions_free(struct deductions *d)
{
    free(d);
}

void deductions_clear(struct deductions *d)
{
    for (uint32_t i = 0; i < d->met; i++)
        d->key[d->touched[i]] = 0;
    d->met = 0;
}

/* The key's place, or the free one for it; PLACES: there is none. */
static uint32_t place_of(const struct deductions *d, uint64_t key)
{
    for (uint32_t i = 0; i < PROBES; i++) {
        uint32_t place = (uint32_t)((key >> 20) + i) & (PLACES - 1);
        if (d->key[place] == key || d->key[place] == 0)
            return place;
    }
    return PLACES;
}

void deductions_add(struct deductions *d, uint64_t key, double queries)
{
    uint32_t place = place_of(d, key);
    if (place == PLACES)
        return;
    if (d->key[place] == 0) {
        d->key[place] = key;
        d->queries[place] = 0;
        d->touched[d->met++] = place;
    }
    d->queries[place] += queries;
}

double deductions_of(const struct deductions *d, uint64_t key)
{
    if (d->met == 0)
        return 0;
    uint32_t place = place_of(d, key);
    return place == PLACES || d->key[place] == 0 ? 0 : d->queries[place];
}

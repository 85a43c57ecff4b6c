/* SPDX-License-Identifier: MIT */
#include "analysis/tally.h"

#include <stdlib.h>

bool tally_init(struct tally *t, uint32_t size)
{
    *t = (struct tally){.size = size};
    t->count = calloc(size, sizeof *t->count);
    t->touched = calloc(size, sizeof *t->touched);
    return t->count != NULL && t->touched != NULL;
}

void tally_fini(struct tally *t)
{
    free(t->count);
    free(t->touched);
}

void tally_clear(struct tally *t)
{
    for (uint32_t i = 0; i < t->met; i++)
        t->count[t->touched[i]] = 0;
    t->met = 0;
}

void tally_merge(struct tally *into, const struct tally *from)
{
    for (uint32_t i = 0; i < from->met; i++)
        tally_add(into, from->touched[i], from->count[from->touched[i]]);
}

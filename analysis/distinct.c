/* SPDX-License-Identifier: MIT */
#include "analysis/distinct.h"

#include <math.h>

void distinct_merge(struct distinct *into, const struct distinct *from)
{
    for (unsigned i = 0; i < DISTINCT_REGISTERS; i++) {
        uint8_t a = into->rank[i];
        uint8_t b = from->rank[i];
        into->rank[i] = a > b ? a : b; /* without a branch, 32 at a time */
    }
}

uint64_t distinct_count(const struct distinct *d)
{
    double m = DISTINCT_REGISTERS;
    double sum = 0;
    unsigned empty = 0;
    for (unsigned i = 0; i < DISTINCT_REGISTERS; i++) {
        sum += ldexp(1, -d->rank[i]);
        empty += d->rank[i] == 0;
    }
    double estimate = 0.7213 / (1 + 1.079 / m) * m * m / sum;
    if (estimate <= 2.5 * m && empty > 0)
        estimate = m * log(m / empty);
    return (uint64_t)llround(estimate);
}

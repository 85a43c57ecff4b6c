/* SPDX-License-Identifier: MIT */
#include "analysis/junk_class.h"

static const char *const names[JUNK_CLASSES] = {
        "unused-class", "a-for-a",   "invalid-tld", "non-printable",       "underscore",
        "rfc1918-ptr",  "identical", "repeated",    "referral-not-cached", "legitimate"};

const char *junk_class_name(enum junk_class c)
{
    return names[c];
}

void junk_counts_add(struct junk_counts *into, const struct junk_counts *from)
{
    for (unsigned i = 0; i < JUNK_CLASSES; i++)
        into->queries[i] += from->queries[i];
    into->forgotten += from->forgotten;
    if (from->youngest_s != 0 && (into->youngest_s == 0 || from->youngest_s < into->youngest_s))
        into->youngest_s = from->youngest_s;
}

uint64_t junk_sum(const uint64_t queries[static JUNK_CLASSES])
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < JUNK_LEGITIMATE; i++)
        sum += queries[i];
    return sum;
}

enum junk_class junk_leading(const uint64_t queries[static JUNK_CLASSES])
{
    enum junk_class most = JUNK_LEGITIMATE;
    for (unsigned i = 0; i < JUNK_LEGITIMATE; i++)
        if (queries[i] > (most == JUNK_LEGITIMATE ? 0 : queries[most]))
            most = i;
    return most;
}

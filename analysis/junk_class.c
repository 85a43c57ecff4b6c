/* SPDX-License-Identifier: MIT */
#include "analysis/junk_class.h"

#include <string.h>

static const char *const names[JUNK_CLASSES] = {
        "unused-class", "a-for-a",   "invalid-tld", "non-printable",       "underscore",
        "rfc1918-ptr",  "identical", "repeated",    "referral-not-cached", "legitimate"};

const char *junk_class_name(enum junk_class c)
{
    return names[c];
}

const char *junk_class_words(enum junk_class c)
{
    static const char *const words[JUNK_CLASSES] = {
            "unused class", "A for A",   "invalid TLD", "non-printable",       "underscore",
            "RFC 1918 PTR", "identical", "repeated",    "referral not cached", "legitimate"};
    return words[c];
}

void junk_count(struct junk_counts *c, uint8_t kind, unsigned level, uint64_t n)
{
    if (kind < JUNK_CLASSES) {
        c->queries[kind] += n;
        return;
    }
    if (n == 0 || kind >= JUNK_KINDS)
        return;
    c->unsplit += n;
    if (kind < JUNK_UNSPLIT)
        c->weight[kind - JUNK_SAMPLED] += n << level;
    if (c->one_in < UINT64_C(1) << level)
        c->one_in = UINT64_C(1) << level;
}

void junk_counts_add(struct junk_counts *into, const struct junk_counts *from)
{
    for (unsigned i = 0; i < JUNK_CLASSES; i++)
        into->queries[i] += from->queries[i];
    into->unsplit += from->unsplit;
    for (unsigned i = 0; i < JUNK_SPLIT; i++)
        into->weight[i] += from->weight[i];
    into->estimated += from->estimated;
    into->one_in = into->one_in > from->one_in ? into->one_in : from->one_in;
    into->forgotten += from->forgotten;
    for (unsigned i = 0; i < JUNK_AGES; i++)
        into->age[i] += from->age[i];
    if (from->youngest_s != 0 && (into->youngest_s == 0 || from->youngest_s < into->youngest_s))
        into->youngest_s = from->youngest_s;
}

struct junk_counts junk_split(const struct junk_counts *c)
{
    struct junk_counts all = *c;
    uint64_t first = c->weight[JUNK_REFERRAL - JUNK_IDENTICAL];
    first = first < c->unsplit ? first : c->unsplit;
    uint64_t again = c->unsplit - first;
    uint64_t same = c->weight[0], other = c->weight[JUNK_REPEATED - JUNK_IDENTICAL];
    uint64_t identical = 0;
    if (same > 0)
        identical = (uint64_t)((double)again * (double)same / (double)(same + other));
    identical = identical < again ? identical : again;
    all.queries[JUNK_IDENTICAL] += identical;
    all.queries[JUNK_REPEATED] += again - identical;
    all.queries[JUNK_REFERRAL] += first;
    all.estimated += c->unsplit;
    all.unsplit = 0;
    memset(all.weight, 0, sizeof all.weight);
    return all;
}

uint64_t junk_half_kept_s(const struct junk_counts *c)
{
    uint64_t older = 0;
    for (unsigned i = JUNK_AGES - 1; i > 0; i--) {
        older += c->age[i];
        if (older > 0 && older >= c->forgotten - older)
            return UINT64_C(1) << i;
    }
    return 0;
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

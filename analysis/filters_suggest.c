/* The shortest list that removes so much junk and hurts no more than so much. */
/* SPDX-License-Identifier: MIT */
#include "analysis/filters.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WEIGHTS = 24 };

/* Slack for sums of shares that are exact only in whole queries. */
static const double rounding = 1e-9;

struct candidate {
    struct prefix prefix;
    double score;
};

struct pick {
    struct prefix prefix;
    uint64_t junk, harm; /* of all of it; set at the end of a search */
};

/* A search with one weight of harm against junk. */
struct search {
    const struct filters_sources *sources;
    struct candidate *candidate;
    size_t candidates;
    uint64_t goal_junk, harm_left; /* still to go; still allowed, queries */
    bool *covered;                 /* by source */
    struct pick *pick;
    size_t picks;
    uint64_t junk, harm; /* of the picks together */
};

struct best {
    struct pick *pick;
    size_t picks;
    uint64_t junk, harm;
    bool reached;
};

/* What a prefix removes beyond what is covered. */
struct marginal {
    uint64_t junk, harm;
};

static struct marginal marginal_of(const struct search *s, size_t first, size_t end)
{
    struct marginal m = {0, 0};
    for (size_t i = first; i < end; i++) {
        const struct filters_source *f = &s->sources->source[i];
        if (s->covered[i])
            continue;
        m.junk += f->junk;
        m.harm += f->judged - f->junk;
    }
    return m;
}

static bool is_doubtful(const struct filters_sums *sums)
{
    const struct filters_row row = {.sums = *sums};
    return filters_doubt(&row) != FILTERS_CREDIBLE;
}

/* ---- Candidates ------------------------------------------------------------------------ */

static int by_order(const void *x, const void *y)
{
    const struct candidate *a = x;
    const struct candidate *b = y;
    return filters_order(a->prefix, b->prefix);
}

/* Every credible source with junk, and every announced prefix of one. */
static void gather(struct search *s)
{
    size_t kept = 0;
    s->candidates = 0;
    for (size_t i = 0; i < s->sources->count; i++) {
        const struct filters_source *f = &s->sources->source[i];
        if (f->junk == 0 || f->doubt != FILTERS_CREDIBLE)
            continue;
        s->candidate[s->candidates++].prefix = f->prefix;
        if (f->announced.bits != 0)
            s->candidate[s->candidates++].prefix = f->announced;
    }
    if (s->candidates > 0)
        qsort(s->candidate, s->candidates, sizeof *s->candidate, by_order);
    for (size_t i = 0; i < s->candidates; i++) {
        struct filters_sums sums = filters_sources_in(s->sources, s->candidate[i].prefix);
        bool again =
                kept > 0 && s->candidate[kept - 1].prefix.bits == s->candidate[i].prefix.bits;
        if (!again && !is_doubtful(&sums))
            s->candidate[kept++] = s->candidate[i];
    }
    s->candidates = kept;
}

static int by_score(const void *x, const void *y)
{
    const struct candidate *a = x;
    const struct candidate *b = y;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return filters_order(a->prefix, b->prefix);
}

static void set_scores(struct search *s, double weight)
{
    for (size_t i = 0; i < s->candidates; i++) {
        struct filters_sums sums = filters_sources_in(s->sources, s->candidate[i].prefix);
        s->candidate[i].score = (double)sums.junk - weight * (double)filters_legitimate(&sums);
    }
    if (s->candidates > 0)
        qsort(s->candidate, s->candidates, sizeof *s->candidate, by_score);
}

/* ---- One search ------------------------------------------------------------------------ */

static void pick(struct search *s, struct prefix p, double weight)
{
    size_t first, end;
    filters_range(s->sources, p, &first, &end);
    struct marginal m = marginal_of(s, first, end);
    if (m.junk == 0 || m.harm > s->harm_left || (double)m.junk < weight * (double)m.harm)
        return;
    memset(s->covered + first, true, end - first);
    s->pick[s->picks++] = (struct pick){.prefix = p};
    s->junk += m.junk;
    s->harm += m.harm;
    s->harm_left -= m.harm;
}

/* What the weight held back, and what fits now that others cover a part of it. */
static void fill(struct search *s)
{
    size_t before;
    do {
        before = s->picks;
        for (size_t i = 0; i < s->candidates && s->junk < s->goal_junk; i++)
            pick(s, s->candidate[i].prefix, 0);
    } while (s->picks > before);
}

static int by_place(const void *x, const void *y)
{
    return filters_order(((const struct pick *)x)->prefix, ((const struct pick *)y)->prefix);
}

/* A small one that was picked before the large one around it adds nothing. */
static void drop_nested(struct search *s)
{
    size_t kept = 0;
    if (s->picks > 0)
        qsort(s->pick, s->picks, sizeof *s->pick, by_place);
    for (size_t i = 0; i < s->picks; i++) {
        struct pick *p = &s->pick[i];
        if (kept > 0 && prefix_contains(s->pick[kept - 1].prefix, p->prefix))
            continue;
        struct filters_sums sums = filters_sources_in(s->sources, p->prefix);
        s->pick[kept++] = (struct pick){p->prefix, sums.junk, filters_legitimate(&sums)};
    }
    s->picks = kept;
}

static int by_least_junk(const void *x, const void *y)
{
    const struct pick *a = x;
    const struct pick *b = y;
    if (a->junk != b->junk)
        return a->junk < b->junk ? -1 : 1;
    return by_place(x, y);
}

/* Without those that the goal does not need, beginning with the least. */
static void drop_spare(struct search *s)
{
    size_t kept = 0;
    if (s->picks > 0)
        qsort(s->pick, s->picks, sizeof *s->pick, by_least_junk);
    for (size_t i = 0; i < s->picks; i++) {
        if (s->junk - s->pick[i].junk < s->goal_junk) {
            s->pick[kept++] = s->pick[i];
            continue;
        }
        s->junk -= s->pick[i].junk;
        s->harm -= s->pick[i].harm;
    }
    s->picks = kept;
}

static void search(struct search *s, double weight, uint64_t harm_left)
{
    s->picks = 0;
    s->junk = s->harm = 0;
    s->harm_left = harm_left;
    memset(s->covered, false, s->sources->count * sizeof *s->covered);
    set_scores(s, weight);
    for (size_t i = 0; i < s->candidates && s->junk < s->goal_junk; i++)
        pick(s, s->candidate[i].prefix, weight);
    fill(s);
    drop_nested(s);
    if (s->junk >= s->goal_junk)
        drop_spare(s);
}

static bool is_better(const struct search *s, const struct best *b)
{
    bool reached = s->junk >= s->goal_junk;
    if (reached != b->reached)
        return reached;
    if (!reached && s->junk != b->junk)
        return s->junk > b->junk;
    return s->picks != b->picks ? s->picks < b->picks : s->harm < b->harm;
}

static void keep_better(const struct search *s, struct best *b)
{
    if (!is_better(s, b))
        return;
    b->reached = s->junk >= s->goal_junk;
    b->junk = s->junk;
    b->harm = s->harm;
    b->picks = s->picks;
    memcpy(b->pick, s->pick, s->picks * sizeof *s->pick);
}

/* No weight at first; then from far below the mean ratio of junk to what is legitimate up. */
static void search_all(struct search *s, const struct filters_sums *all, uint64_t harm,
                       struct best *b)
{
    double weight = (double)all->junk / fmax(1, (double)filters_legitimate(all)) / 16;
    search(s, 0, harm);
    keep_better(s, b);
    for (unsigned i = 0; i < WEIGHTS; i++, weight *= 2) {
        search(s, weight, harm);
        keep_better(s, b);
    }
}

/* ---- The list -------------------------------------------------------------------------- */

static int by_junk(const void *x, const void *y)
{
    const struct filters_row *a = x;
    const struct filters_row *b = y;
    if (a->sums.junk != b->sums.junk)
        return a->sums.junk > b->sums.junk ? -1 : 1;
    return filters_order(a->prefix, b->prefix);
}

static bool take_best(struct filters *f, const struct filters_sources *s, const struct best *b,
                      struct error *err)
{
    f->row = calloc(b->picks + 1, sizeof *f->row);
    if (f->row == NULL)
        return error_set(err, "no memory for a list of %zu prefixes", b->picks);
    f->rows = f->room = b->picks;
    for (size_t i = 0; i < b->picks; i++)
        f->row[i].prefix = b->pick[i].prefix;
    if (!filters_judge(f, s, err))
        return false;
    if (f->rows > 0)
        qsort(f->row, f->rows, sizeof *f->row, by_junk);
    return true;
}

bool filters_suggest(struct filters *f, const struct filters_sources *s,
                     const struct filters_goal *goal, struct error *err)
{
    const struct filters_sums *all = &s->before[s->count];
    size_t room = 2 * s->count + 1;
    struct search search = {.sources = s};
    struct best best = {.picks = 0, .junk = 0};
    *f = (struct filters){.rows = 0};
    search.candidate = calloc(room, sizeof *search.candidate);
    search.covered = calloc(s->count + 1, sizeof *search.covered);
    search.pick = calloc(room, sizeof *search.pick);
    best.pick = calloc(room, sizeof *best.pick);
    bool good = search.candidate != NULL && search.covered != NULL && search.pick != NULL &&
                best.pick != NULL;
    if (!good)
        error_set(err, "no memory to search among %zu sources", s->count);
    if (good) {
        search.goal_junk = (uint64_t)ceil(goal->junk * (double)all->junk - rounding);
        gather(&search);
        search_all(&search, all,
                   (uint64_t)(goal->harm * (double)filters_legitimate(all) + rounding), &best);
        good = take_best(f, s, &best, err);
    }
    free(search.candidate);
    free(search.covered);
    free(search.pick);
    free(best.pick);
    return good;
}

bool filters_reaches(const struct filters *f, const struct filters_goal *goal)
{
    double junk = goal->junk * (double)f->all.junk;
    double harm = goal->harm * (double)filters_legitimate(&f->all);
    return (double)f->total.junk >= junk - rounding &&
           (double)filters_legitimate(&f->total) <= harm + rounding;
}

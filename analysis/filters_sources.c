/* The sources that lists are judged by. */
/* SPDX-License-Identifier: MIT */
#include "analysis/filters.h"

#include <stdlib.h>

enum { HOUR_S = 3600, SPANS_AT_FIRST = 16 };

/* ---- In order -------------------------------------------------------------------------- */

int filters_order(struct prefix a, struct prefix b)
{
    unsigned family = prefix_family(a);
    uint64_t p = a.bits & ~(uint64_t)0xff;
    uint64_t q = b.bits & ~(uint64_t)0xff;
    if (family != prefix_family(b))
        return family == 4 ? -1 : 1;
    if (p != q)
        return p < q ? -1 : 1;
    return (a.bits > b.bits) - (a.bits < b.bits); /* the tag grows with the length */
}

static int by_address(const void *x, const void *y)
{
    const struct filters_source *a = x;
    const struct filters_source *b = y;
    return filters_order(a->prefix, b->prefix);
}

/* How many sources stand before `p`, or end before it does. */
static size_t count_before(const struct filters_sources *s, struct prefix p)
{
    size_t low = 0;
    size_t high = s->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (filters_order(s->source[middle].prefix, p) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void filters_range(const struct filters_sources *s, struct prefix p, size_t *first, size_t *end)
{
    unsigned length = prefix_length(p);
    uint64_t behind = length == 0 ? UINT64_MAX : UINT64_MAX >> length;
    struct prefix last = {p.bits | (behind & ~(uint64_t)0xff) |
                          (prefix_family(p) == 4 ? 0xff : PREFIX_IPV4 - 1)};
    *first = count_before(s, p);
    *end = count_before(s, last);
}

struct filters_sums filters_sources_in(const struct filters_sources *s, struct prefix p)
{
    size_t first, end;
    filters_range(s, p, &first, &end);
    const struct filters_sums *a = &s->before[first];
    const struct filters_sums *b = &s->before[end];
    struct filters_sums sums = {.queries = b->queries - a->queries,
                                .judged = b->judged - a->judged,
                                .junk = b->junk - a->junk,
                                .sources = b->sources - a->sources,
                                .hurt = b->hurt - a->hurt};
    for (unsigned i = 0; i < FILTERS_DOUBTS; i++)
        sums.doubtful[i] = b->doubtful[i] - a->doubtful[i];
    return sums;
}

static void add_up(struct filters_sources *s)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct filters_source *f = &s->source[i];
        struct filters_sums *sums = &s->before[i + 1];
        *sums = s->before[i];
        sums->queries += f->queries;
        sums->judged += f->judged;
        sums->junk += f->junk;
        sums->sources++;
        sums->hurt += f->judged > f->junk;
        if (f->doubt != FILTERS_CREDIBLE)
            sums->doubtful[f->doubt] += f->queries;
    }
}

/* ---- Floods ---------------------------------------------------------------------------- */

struct span {
    int64_t from_s, to_s; /* whole hours */
};

struct floods {
    struct span *span; /* the latest incident first */
    unsigned spans, room;
    int64_t to_s;
    struct error *err;
};

static bool add_flood(void *argument, const struct incident_event *e)
{
    struct floods *f = argument;
    const struct incident *i = &e->incident;
    if (i->kind != INCIDENT_SPOOF)
        return true;
    if (f->spans == f->room) {
        unsigned room = f->room == 0 ? SPANS_AT_FIRST : 2 * f->room;
        struct span *larger = realloc(f->span, room * sizeof *larger);
        if (larger == NULL)
            return error_set(f->err, "no memory for %u spoofed floods", room);
        f->span = larger;
        f->room = room;
    }
    int64_t end_s = i->ended_s != 0 ? i->ended_s : f->to_s;
    f->span[f->spans++] = (struct span){i->began_s - i->began_s % HOUR_S,
                                        end_s + HOUR_S - 1 - (end_s + HOUR_S - 1) % HOUR_S};
    return true;
}

static int by_beginning(const void *x, const void *y)
{
    const struct span *a = x;
    const struct span *b = y;
    return (a->from_s > b->from_s) - (a->from_s < b->from_s);
}

static bool see(void *argument, const struct store_sum *sum)
{
    struct filters_sources *s = argument;
    size_t at = count_before(s, sum->prefix);
    if (at < s->count && s->source[at].prefix.bits == sum->prefix.bits &&
        s->source[at].doubt == FILTERS_FLOOD)
        s->source[at].doubt = FILTERS_CREDIBLE;
    return true;
}

/* Whoever asked in an hour without such a flood is somebody. */
static bool clear_seen(struct filters_sources *s, struct store *store, const struct floods *f,
                       int64_t from_s, struct error *err)
{
    for (unsigned i = 0; i <= f->spans; i++) {
        int64_t to_s =
                i < f->spans && f->span[i].from_s < f->to_s ? f->span[i].from_s : f->to_s;
        if (from_s < to_s && !store_sums(store, from_s, from_s, to_s, see, s, err))
            return false;
        if (i < f->spans && f->span[i].to_s > from_s)
            from_s = f->span[i].to_s;
    }
    return true;
}

static bool find_floods(struct filters_sources *s, struct store *store, const struct report *r,
                        struct error *err)
{
    struct floods f = {.to_s = r->now.to_s, .err = err};
    bool good = store_incidents(store, r->before.from_s, r->now.to_s, add_flood, &f, err);
    s->floods = f.spans;
    for (size_t i = 0; good && f.spans > 0 && i < s->count; i++)
        if (s->source[i].doubt == FILTERS_CREDIBLE)
            s->source[i].doubt = FILTERS_FLOOD;
    if (good && f.spans > 0) {
        qsort(f.span, f.spans, sizeof *f.span, by_beginning);
        good = clear_seen(s, store, &f, r->before.from_s, err);
    }
    free(f.span);
    return good;
}

bool filters_sources_read(struct filters_sources *s, struct store *store,
                          const struct report *r, bool unrouted, struct error *err)
{
    *s = (struct filters_sources){.count = r->rows};
    s->source = malloc((r->rows + 1) * sizeof *s->source);
    s->before = calloc(r->rows + 1, sizeof *s->before);
    if (s->source == NULL || s->before == NULL)
        return error_set(err, "no memory for %zu sources", r->rows);
    for (size_t i = 0; i < r->rows; i++) {
        const struct ranking_row *row = &r->row[i];
        s->source[i] = (struct filters_source){
                .prefix = row->source,
                .announced = row->asn == 0 ? (struct prefix){0} : row->prefix,
                .queries = row->count,
                .judged = row->judged,
                .junk = row->junk,
                .doubt = unrouted && row->unrouted ? FILTERS_UNROUTED : FILTERS_CREDIBLE};
    }
    if (s->count > 0)
        qsort(s->source, s->count, sizeof *s->source, by_address);
    if (!find_floods(s, store, r, err))
        return false;
    add_up(s);
    return true;
}

void filters_sources_fini(struct filters_sources *s)
{
    free(s->source);
    free(s->before);
    *s = (struct filters_sources){.count = 0};
}

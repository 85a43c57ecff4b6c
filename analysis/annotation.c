/* SPDX-License-Identifier: MIT */
#include "analysis/annotation.h"

#include "analysis/region.h"

#include <stdlib.h>
#include <string.h>

enum {
    LINES = 1 << 16, /* of the memory of answers */
    PER_LINE = 4,
    AHEAD = 16, /* so many answers of memory are under way */
    RECORDS_MAX = 1 << 23,
};

/* An answer of the table, as it is remembered. */
struct answer {
    uint64_t prefix; /* its bits; 0: free */
    struct annotation_tag tag;
};

typedef struct answer answers[PER_LINE];

_Static_assert(sizeof(answers) == 64, "answers: one cache line");

/* Sums by number, of those that were met. */
struct sums {
    double *sum;
    uint32_t *met;
    uint32_t count;
};

/* What depends on the table. */
struct tables {
    const struct origins *origins;
    struct sums announced; /* of the minute */
    struct sums as;
};

struct annotation {
    struct tables used, offered;
    bool has_offer;
    int64_t age_s;
    uint64_t seed;
    answers *line;
    struct annotation_tag *tag;            /* of the interval's records */
    uint64_t bare_unrouted;                /* of the interval */
    uint64_t announced, unrouted, unknown; /* queries of the minute */
};

static bool create_sums(struct sums *s, size_t room)
{
    s->sum = calloc(room + 1, sizeof *s->sum);
    s->met = calloc(room + 1, sizeof *s->met);
    return s->sum != NULL && s->met != NULL;
}

static void free_sums(struct sums *s)
{
    free(s->sum);
    free(s->met);
}

/* `queries` > 0, or a number would be met twice. */
static void add_sum(struct sums *s, uint32_t number, double queries)
{
    if (s->sum[number] == 0)
        s->met[s->count++] = number;
    s->sum[number] += queries;
}

static void free_tables(struct tables *t)
{
    free_sums(&t->announced);
    free_sums(&t->as);
    *t = (struct tables){.origins = NULL};
}

struct annotation *annotation_create(int64_t age_s, uint64_t seed, struct error *err)
{
    struct annotation *a = calloc(1, sizeof *a);
    if (a == NULL)
        goto no_memory;
    a->age_s = age_s;
    a->seed = seed;
    a->line = region_reserve(LINES * sizeof *a->line, false);
    a->tag = region_reserve(RECORDS_MAX * sizeof *a->tag, false);
    if (a->line == NULL || a->tag == NULL)
        goto no_memory;
    return a;

no_memory:
    annotation_free(a);
    error_set(err, "no memory for the origins of what is counted");
    return NULL;
}

void annotation_free(struct annotation *a)
{
    if (a == NULL)
        return;
    free_tables(&a->used);
    free_tables(&a->offered);
    region_release(a->line, LINES * sizeof *a->line);
    region_release(a->tag, RECORDS_MAX * sizeof *a->tag);
    free(a);
}

bool annotation_offer(struct annotation *a, const struct origins *origins, struct error *err)
{
    struct tables t = {.origins = origins};
    if (!create_sums(&t.announced, origins_announcements(origins)) ||
        !create_sums(&t.as, origins_count(origins))) {
        free_tables(&t);
        return error_set(err, "no memory to count by %zu announced prefixes",
                         origins_announcements(origins));
    }
    free_tables(&a->offered);
    a->offered = t;
    a->has_offer = true;
    return true;
}

bool annotation_has_offer(const struct annotation *a)
{
    return a->has_offer;
}

void annotation_turn(struct annotation *a)
{
    if (!a->has_offer)
        return;
    free_tables(&a->used);
    a->used = a->offered;
    a->offered = (struct tables){.origins = NULL};
    a->has_offer = false;
    memset(a->line, 0, LINES * sizeof *a->line);
}

const struct origins *annotation_origins(const struct annotation *a)
{
    return a == NULL ? NULL : a->used.origins;
}

static struct answer *line_of(const struct annotation *a, struct prefix p)
{
    uint64_t hash = (p.bits ^ a->seed) * UINT64_C(0x9e3779b97f4a7c15);
    return a->line[hash >> 48];
}

_Static_assert(LINES == 1 << 16, "a line's number is 16 bits of the hash");

static struct annotation_tag look_up(const struct annotation *a, struct prefix p)
{
    struct origin found;
    switch (origins_look_up(a->used.origins, p, &found)) {
    case ORIGINS_ANNOUNCED:
        return (struct annotation_tag){found.number, found.place};
    case ORIGINS_UNROUTED:
        return (struct annotation_tag){.as = ANNOTATION_UNROUTED};
    default:
        return (struct annotation_tag){.as = ANNOTATION_UNKNOWN};
    }
}

/* What is met again moves a place forward; what is new takes the last. */
struct annotation_tag annotation_find(struct annotation *a, struct prefix p)
{
    struct answer *line = line_of(a, p);
    for (unsigned i = 0; i < PER_LINE; i++) {
        if (line[i].prefix != p.bits)
            continue;
        struct answer found = line[i];
        if (i > 0) {
            line[i] = line[i - 1];
            line[i - 1] = found;
        }
        return found.tag;
    }
    unsigned at = 0;
    while (at < PER_LINE - 1 && line[at].prefix != 0)
        at++;
    line[at] = (struct answer){p.bits, look_up(a, p)};
    return line[at].tag;
}

static void count(struct annotation *a, struct annotation_tag tag, uint64_t queries)
{
    if (tag.as == ANNOTATION_UNROUTED) {
        a->unrouted += queries;
    } else if (tag.as == ANNOTATION_UNKNOWN) {
        a->unknown += queries;
    } else {
        a->announced += queries;
        add_sum(&a->used.announced, tag.place, (double)queries);
    }
}

/* They come in the order of addresses, so that they are near each other in the table, too. */
static void count_bare(void *argument, struct prefix p, uint32_t queries)
{
    struct annotation *a = argument;
    struct annotation_tag tag = look_up(a, p);
    count(a, tag, queries);
    if (tag.as == ANNOTATION_UNROUTED)
        a->bare_unrouted += queries;
}

void annotation_interval(struct annotation *a, const struct interval *interval)
{
    const struct prefix_counts *prefixes = interval->counters->prefixes;
    uint32_t records;
    const struct prefix_record *r = prefix_counts_records(prefixes, &records);
    a->bare_unrouted = 0;
    if (a->used.origins == NULL)
        return;
    for (uint32_t i = 0; i < records; i++) {
        if (i + AHEAD < records)
            __builtin_prefetch(line_of(a, r[i + AHEAD].prefix));
        if (r[i].queries == 0)
            continue;
        a->tag[i] = annotation_find(a, r[i].prefix);
        count(a, a->tag[i], r[i].queries);
    }
    prefix_counts_bare(prefixes, count_bare, a);
    a->unknown += prefix_counts_totals(prefixes).lost;
}

struct annotation_tag annotation_tag(const struct annotation *a, uint32_t record)
{
    if (annotation_origins(a) == NULL)
        return (struct annotation_tag){.as = ANNOTATION_UNKNOWN};
    return a->tag[record];
}

uint64_t annotation_bare_unrouted(const struct annotation *a)
{
    return a == NULL ? 0 : a->bare_unrouted;
}

bool annotation_tells(const struct annotation *a, int64_t time_s)
{
    const struct origins *o = annotation_origins(a);
    if (!origins_is_whole(o, 4) && !origins_is_whole(o, 6))
        return false;
    int64_t table_s = origins_about(o)->time;
    return table_s == 0 || llabs(time_s - table_s) <= a->age_s;
}

/* ---- Minutes --------------------------------------------------------------------------- */

static void insert_announced(struct minute_origins *m, const struct minute_announced *row)
{
    if (m->listed == MINUTE_ORIGINS && row->queries <= m->announced[m->listed - 1].queries)
        return;
    unsigned at = m->listed < MINUTE_ORIGINS ? m->listed++ : m->listed - 1;
    for (; at > 0 && m->announced[at - 1].queries < row->queries; at--)
        m->announced[at] = m->announced[at - 1];
    m->announced[at] = *row;
}

static void insert_as(struct minute_origins *m, uint32_t number, uint64_t queries)
{
    if (m->ases_listed == MINUTE_ORIGINS && queries <= m->as[m->ases_listed - 1].queries)
        return;
    unsigned at = m->ases_listed < MINUTE_ORIGINS ? m->ases_listed++ : m->ases_listed - 1;
    for (; at > 0 && m->as[at - 1].queries < queries; at--)
        m->as[at] = m->as[at - 1];
    m->as[at] = (struct minute_as){.asn = number, .queries = queries};
}

/* Cut between two characters. */
static void put_name(struct minute_as *to, const char *name)
{
    size_t length = strlen(name);
    if (length >= sizeof to->name) {
        length = sizeof to->name - 1;
        while (length > 0 && (name[length] & 0xc0) == 0x80)
            length--;
    }
    memcpy(to->name, name, length);
    to->name[length] = '\0';
}

static void list_announced(struct annotation *a, struct minute_origins *m)
{
    struct sums *s = &a->used.announced;
    for (uint32_t i = 0; i < s->count; i++) {
        struct origin o = origins_place(a->used.origins, s->met[i]);
        const struct minute_announced row = {o.announced, o.asn, (uint64_t)s->sum[s->met[i]]};
        insert_announced(m, &row);
        add_sum(&a->used.as, o.number, s->sum[s->met[i]]);
        s->sum[s->met[i]] = 0;
    }
    m->prefixes = s->count;
    s->count = 0;
}

static void list_ases(struct annotation *a, struct minute_origins *m)
{
    const struct origins *o = a->used.origins;
    struct sums *s = &a->used.as;
    for (uint32_t i = 0; i < s->count; i++) {
        insert_as(m, s->met[i], (uint64_t)s->sum[s->met[i]]);
        s->sum[s->met[i]] = 0;
    }
    m->ases = s->count;
    s->count = 0;
    for (unsigned i = 0; i < m->ases_listed; i++) {
        const char *name = origins_name(o, m->as[i].asn);
        put_name(&m->as[i], name == NULL ? "" : name);
        m->as[i].asn = origins_asn(o, m->as[i].asn);
    }
}

void annotation_minute(struct annotation *a, struct minute_origins *m)
{
    *m = (struct minute_origins){.known = a->used.origins != NULL};
    if (!m->known)
        return;
    m->table_s = origins_about(a->used.origins)->time;
    m->routed = a->announced;
    m->unrouted = a->unrouted;
    m->unknown = a->unknown;
    list_announced(a, m);
    list_ases(a, m);
    a->announced = a->unrouted = a->unknown = 0;
}

/* ---- Sums for others ------------------------------------------------------------------- */

void annotation_add(struct annotation *a, uint32_t as, double queries)
{
    if (queries > 0)
        add_sum(&a->used.as, as, queries);
}

void annotation_take(struct annotation *a,
                     void (*each)(void *argument, uint32_t asn, double queries), void *argument)
{
    struct sums *s = &a->used.as;
    for (uint32_t i = 0; i < s->count; i++) {
        double queries = s->sum[s->met[i]];
        s->sum[s->met[i]] = 0;
        each(argument, origins_asn(a->used.origins, s->met[i]), queries);
    }
    s->count = 0;
}

/* SPDX-License-Identifier: MIT */
#include "analysis/sample.h"

#include <string.h>

enum { RCODE_NXDOMAIN = 3 };

static const double most = 0.8; /* of an AS's queries, by one announced prefix */

/* What of a subject's queries is junk; nothing is known of it where nobody judges. */
static void take_junk(struct sample *s, const struct counters *c, double judged, double junk)
{
    if (c->judge == NULL)
        return;
    s->judged = judged;
    s->junk = junk;
    if (s->watch != NULL)
        s->classes = junk_split(&s->watch->junk);
}

static void take_prefix(struct sample *s, const struct subject *of, const struct counters *c)
{
    const struct prefix_record *r = prefix_counts_find(c->prefixes, (struct prefix){of->key});
    struct prefix_detail d;
    if (r == NULL) {
        take_junk(s, c, 0, 0);
        return;
    }
    prefix_counts_detail(c->prefixes, r, &d);
    for (unsigned i = 0; i < QTYPE_CLASSES; i++)
        s->qtype[i] = d.qtype[i];
    s->queries = r->queries;
    take_junk(s, c, s->queries, r->junk);
}

/* Whether its tag makes a prefix one of the subject's. */
static bool is_of(const struct subject *of, struct annotation_tag tag,
                  const struct origins *origins)
{
    if (of->kind == INCIDENT_UNROUTED)
        return tag.as == ANNOTATION_UNROUTED;
    return tag.as < ANNOTATION_UNROUTED && origins_asn(origins, tag.as) == of->key;
}

/* Calls `each` for the records of an AS, or of sources without a route. */
static void each_record(const struct subject *of, const struct counters *c,
                        const struct annotation *annotation,
                        void (*each)(void *argument, const struct prefix_record *r,
                                     uint32_t place),
                        void *argument)
{
    uint32_t count;
    const struct origins *origins = annotation_origins(annotation);
    const struct prefix_record *r = prefix_counts_records(c->prefixes, &count);
    if (origins == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        struct annotation_tag tag = annotation_tag(annotation, i);
        if (r[i].queries > 0 && is_of(of, tag, origins))
            each(argument, &r[i], tag.place);
    }
}

struct sum {
    struct sample *sample;
    const struct prefix_counts *prefixes;
};

static void add_record(void *argument, const struct prefix_record *r, uint32_t place)
{
    const struct sum *sum = argument;
    struct sample *s = sum->sample;
    struct prefix_detail d;
    (void)place;
    prefix_counts_detail(sum->prefixes, r, &d);
    s->queries += r->queries;
    s->junk += r->junk;
    s->networks++;
    s->hosts += prefix_detail_hosts(&d, r->prefix);
    for (unsigned i = 0; i < QTYPE_CLASSES; i++)
        s->qtype[i] += d.qtype[i];
}

struct walk {
    const struct subject *of;
    double queries;
};

static void add_name(void *argument, const struct name_count *n)
{
    struct walk *w = argument;
    if (subject_covers_name(w->of, n->name, n->name_bytes))
        w->queries += (double)n->queries;
}

static void take_name(struct sample *s, const struct subject *of, const struct counters *c)
{
    struct walk w = {.of = of};
    if (s->watch == NULL) {
        names_each(c->names, add_name, &w);
        s->queries = w.queries;
        return;
    }
    s->queries = (double)s->watch->queries;
    for (unsigned i = 0; i < QTYPE_CLASSES; i++)
        s->qtype[i] = s->watch->qtype[i];
    const struct junk_counts classes = junk_split(&s->watch->junk);
    take_junk(s, c, s->queries, (double)junk_sum(classes.queries));
}

static void take_all(struct sample *s, const struct counters *c)
{
    s->queries = (double)c->queries;
    for (uint32_t i = 0; i < c->qtype.met; i++)
        s->qtype[qtype_class(c->qtype.touched[i])] += c->qtype.count[c->qtype.touched[i]];
    s->qtype[QTYPE_CLASS_OTHER] += c->unreadable;
    const struct junk_counts classes = junk_split(&c->junk);
    take_junk(s, c, s->queries, (double)junk_sum(classes.queries));
    if (c->judge != NULL)
        s->classes = classes;
}

static void take_type(struct sample *s, const struct subject *of, const struct counters *c)
{
    uint64_t queries = c->qtype.count[(uint16_t)of->key];
    s->qtype[qtype_class((uint16_t)of->key)] = queries;
    s->queries = (double)queries;
}

void sample_take(struct sample *s, const struct subject *of, const struct interval *interval,
                 const struct annotation *annotation)
{
    const struct counters *c = interval->counters;
    struct sum sum = {s, c->prefixes};
    *s = (struct sample){.all = (double)c->queries, .watch = counters_watch(c, of)};
    switch (of->kind) {
    case INCIDENT_PREFIX:
        take_prefix(s, of, c);
        break;
    case INCIDENT_ASN:
        each_record(of, c, annotation, add_record, &sum);
        take_junk(s, c, s->queries, s->junk);
        break;
    case INCIDENT_UNROUTED:
        each_record(of, c, annotation, add_record, &sum);
        take_junk(s, c, s->queries, s->junk); /* of the others it is not known */
        s->queries += (double)annotation_bare_unrouted(annotation);
        s->qtype[QTYPE_CLASS_OTHER] += annotation_bare_unrouted(annotation);
        break;
    case INCIDENT_NAME:
        take_name(s, of, c);
        break;
    case INCIDENT_QTYPE:
        take_type(s, of, c);
        break;
    case INCIDENT_NXDOMAIN:
        s->queries = (double)c->rcode.count[RCODE_NXDOMAIN];
        s->all = (double)c->responses;
        break;
    case INCIDENT_RCODE:
        s->queries = (double)c->rcode.count[of->key];
        s->all = (double)c->responses;
        break;
    case INCIDENT_UNANSWERED:
        if (c->queries > c->responses)
            s->queries = (double)(c->queries - c->responses);
        break;
    default:
        take_all(s, c);
        break;
    }
}

void sample_add(struct sample *s, const struct sample *other)
{
    s->queries += other->queries;
    s->networks += other->networks;
    s->hosts += other->hosts;
    s->judged += other->judged;
    s->junk += other->junk;
    junk_counts_add(&s->classes, &other->classes);
    for (unsigned i = 0; i < QTYPE_CLASSES; i++)
        s->qtype[i] += other->qtype[i];
}

/* A majority by vote: whoever has more than half of the queries is left. */
struct vote {
    uint32_t leading; /* place of the announcement */
    double lead;
    double all, its;
};

static void cast(void *argument, const struct prefix_record *r, uint32_t place)
{
    struct vote *v = argument;
    v->all += r->queries;
    if (place == v->leading) {
        v->lead += r->queries;
    } else if (v->lead >= r->queries) {
        v->lead -= r->queries;
    } else {
        v->leading = place;
        v->lead = r->queries - v->lead;
    }
}

static void count(void *argument, const struct prefix_record *r, uint32_t place)
{
    struct vote *v = argument;
    if (place == v->leading)
        v->its += r->queries;
}

bool sample_announced(const struct subject *as, const struct interval *interval,
                      const struct annotation *annotation, struct prefix *announced)
{
    struct vote v = {.lead = 0};
    each_record(as, interval->counters, annotation, cast, &v);
    each_record(as, interval->counters, annotation, count, &v);
    if (v.all <= 0 || v.its < most * v.all)
        return false;
    *announced = origins_place(annotation_origins(annotation), v.leading).announced;
    return true;
}

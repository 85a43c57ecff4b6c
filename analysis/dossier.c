/* SPDX-License-Identifier: MIT */
#include "analysis/dossier.h"

#include "analysis/json.h"

#include <arpa/inet.h>
#include <math.h>
#include <string.h>

enum {
    NAME_BUCKETS = 512, /* 1.2 MiB, touched as they fill */
    WINDOW_BUCKETS = 128,
    RATE_MEMORY_S = 10,
    TYPE_MEMORY_S = 20,
    CALM_MEMORY_S = 60,
};

bool dossier_init(struct dossier *d, uint64_t seed, uint32_t frames, struct error *err)
{
    *d = (struct dossier){.seconds = 0};
    d->names = names_create(NAME_BUCKETS, true, seed, err);
    d->window = names_create(WINDOW_BUCKETS, true, seed, err);
    return d->names != NULL && d->window != NULL && evidence_init(&d->evidence, frames, err);
}

void dossier_fini(struct dossier *d)
{
    names_free(d->names);
    names_free(d->window);
    evidence_fini(&d->evidence);
}

void dossier_start(struct dossier *d, const struct subject *s, int64_t from_s)
{
    struct names *names = d->names;
    struct names *window = d->window;
    struct evidence evidence = d->evidence;
    names_clear(names);
    names_clear(window);
    evidence_clear(&evidence);
    *d = (struct dossier){.subject = *s,
                          .from_s = from_s,
                          .names = names,
                          .window = window,
                          .evidence = evidence};
}

void dossier_open_window(struct dossier *d)
{
    names_clear(d->window);
    d->window_queries = 0;
    d->window_s = 0;
    memset(d->window_qtype, 0, sizeof d->window_qtype);
}

/* The first rates are plain means, until the memory is full. */
static double gain(double seconds, double length_s, double memory_s)
{
    return seconds < memory_s ? length_s / (seconds + length_s) : 1 - exp(-length_s / memory_s);
}

static void add_types(struct dossier *d, const struct sample *s, double length_s)
{
    double g = gain(d->seconds, length_s, TYPE_MEMORY_S);
    for (unsigned i = 0; i < QTYPE_CLASSES; i++) {
        d->type_qps[i] += g * ((double)s->qtype[i] / length_s - d->type_qps[i]);
        d->qtype[i] += s->qtype[i];
        d->window_qtype[i] += s->qtype[i];
    }
}

static void add_hosts(struct dossier *d, const struct watch *w)
{
    for (unsigned i = 0; i < 256; i++) {
        if (w->host[i] > 0 && d->host[i] == 0)
            memcpy(d->address[i], w->address[i], sizeof d->address[i]);
        d->host[i] += w->host[i];
    }
}

static void add_rates(struct dossier *d, const struct sample *s, double length_s)
{
    double g = gain(d->seconds, length_s, RATE_MEMORY_S);
    double calm = gain(d->seconds, length_s, CALM_MEMORY_S);
    d->rate_qps += g * (s->queries / length_s - d->rate_qps);
    d->all_qps += g * (s->all / length_s - d->all_qps);
    d->calm_qps += calm * (s->queries / length_s - d->calm_qps);
    d->calm_all_qps += calm * (s->all / length_s - d->calm_all_qps);
}

void dossier_add(struct dossier *d, const struct sample *sample, double length_s)
{
    uint64_t queries = (uint64_t)sample->queries;
    add_rates(d, sample, length_s);
    add_types(d, sample, length_s);
    d->queries += queries;
    d->window_queries += queries;
    d->all_queries += (uint64_t)sample->all;
    d->judged += (uint64_t)sample->judged;
    d->junk += (uint64_t)sample->junk;
    junk_counts_add(&d->classes, &sample->classes);
    d->networks = sample->networks > d->networks ? sample->networks : d->networks;
    d->many_hosts = sample->hosts > d->many_hosts ? sample->hosts : d->many_hosts;
    d->seconds += length_s;
    d->window_s += length_s;
}

static void add_kept(struct dossier *d, const struct keep *k, unsigned number)
{
    const uint64_t *sign = k->network[number].sign;
    d->traits.syns += sign[KEEP_SYN];
    d->traits.unreachables += sign[KEEP_UNREACHABLE];
    d->traits.handshakes.completed += sign[KEEP_HANDSHAKE];
    d->traits.handshakes.unfinished += sign[KEEP_UNFINISHED];
    d->traits.handshakes.one_sided += sign[KEEP_ONE_SIDED];
    d->traits.handshakes.unanswered += sign[KEEP_UNANSWERED];
    evidence_add(&d->evidence, k, number);
}

void dossier_add_watch(struct dossier *d, const struct watch *watch)
{
    if (watch == NULL)
        return;
    if (subject_same(&watch->subject, &d->subject))
        add_hosts(d, watch);
    for (unsigned i = 0; i < WATCH_NETWORK_BITS / 64; i++)
        d->network[i] |= watch->network[i];
    traits_merge(&d->traits, &watch->traits);
    if (watch->keep != NULL)
        add_kept(d, watch->keep, watch->number);
    names_merge(d->names, watch->names);
    names_merge(d->window, watch->names);
}

unsigned dossier_networks(const struct dossier *d)
{
    return d->networks > 0 ? d->networks : watch_networks(d->network);
}

unsigned dossier_hosts(const struct dossier *d)
{
    unsigned hosts = 0;
    for (unsigned i = 0; i < 256; i++)
        hosts += d->host[i] > 0;
    return hosts > 0 ? hosts : d->many_hosts;
}

static bool is_ipv6(const struct dossier *d)
{
    return d->subject.kind == INCIDENT_PREFIX &&
           prefix_family((struct prefix){d->subject.key}) == 6;
}

unsigned dossier_leading_hosts(const struct dossier *d, struct incident_host *host,
                               unsigned most)
{
    unsigned count = 0;
    for (unsigned i = 0; i < 256; i++) {
        if (d->host[i] == 0 || (count == most && d->host[i] <= host[count - 1].queries))
            continue;
        unsigned at = count < most ? count++ : count - 1;
        for (; at > 0 && host[at - 1].queries < d->host[i]; at--)
            host[at] = host[at - 1];
        host[at] = (struct incident_host){.ipv6 = is_ipv6(d), .queries = d->host[i]};
        memcpy(host[at].address, d->address[i], sizeof host[at].address);
    }
    return count;
}

static json_t *hosts_json(const struct dossier *d)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < 256; i++) {
        char text[INET6_ADDRSTRLEN] = "";
        if (d->host[i] == 0)
            continue;
        inet_ntop(is_ipv6(d) ? AF_INET6 : AF_INET, d->address[i], text, sizeof text);
        json_array_append_new(array, json_pack("[i, s, I]", i, text, (json_int_t)d->host[i]));
    }
    return array;
}

static json_t *junk_json(const struct dossier *d)
{
    const struct junk_counts *c = &d->classes;
    json_t *object = json_pack("{s:I, s:I, s:I, s:I}", "judged", (json_int_t)d->judged, "junk",
                               (json_int_t)d->junk, "estimated", (json_int_t)c->estimated,
                               "one_in", (json_int_t)c->one_in);
    for (unsigned i = 0; i < JUNK_CLASSES; i++)
        if (c->queries[i] > 0)
            json_object_set_new(object, junk_class_name(i),
                                json_integer((json_int_t)c->queries[i]));
    return object;
}

json_t *dossier_json(const struct dossier *d)
{
    json_t *types = json_object();
    json_t *rates = json_object();
    for (unsigned i = 0; i < QTYPE_CLASSES; i++) {
        if (d->qtype[i] == 0)
            continue;
        json_object_set_new(types, qtype_class_name(i), json_integer((json_int_t)d->qtype[i]));
        json_object_set_new(rates, qtype_class_name(i), json_real(d->type_qps[i]));
    }
    return json_pack("{s:o, s:I, s:f, s:I, s:I, s:f, s:f, s:f, s:f, s:I, s:I, s:o, s:o, s:o,"
                     " s:o}",
                     "subject", subject_json(&d->subject), "from", (json_int_t)d->from_s,
                     "seconds", d->seconds, "queries", (json_int_t)d->queries, "all_queries",
                     (json_int_t)d->all_queries, "rate_qps", d->rate_qps, "all_qps", d->all_qps,
                     "calm_qps", d->calm_qps, "calm_all_qps", d->calm_all_qps, "networks",
                     (json_int_t)dossier_networks(d), "many_hosts", (json_int_t)d->many_hosts,
                     "qtype", types, "type_qps", rates, "hosts", hosts_json(d), "junk",
                     junk_json(d));
}

static bool parse_hosts(const json_t *array, struct dossier *d)
{
    for (size_t n = 0; n < json_array_size(array); n++) {
        const json_t *row = json_array_get(array, n);
        const char *text = json_string_value(json_array_get(row, 1));
        uint32_t bit;
        if (!json_to_u32(json_array_get(row, 0), &bit) || bit > 255 || text == NULL ||
            !json_to_u64(json_array_get(row, 2), &d->host[bit]) ||
            inet_pton(strchr(text, ':') != NULL ? AF_INET6 : AF_INET, text, d->address[bit]) !=
                    1)
            return false;
    }
    return true;
}

static bool parse_junk(const json_t *json, struct dossier *d)
{
    for (unsigned i = 0; i < JUNK_CLASSES; i++)
        if (!json_read_u64(json, junk_class_name(i), &d->classes.queries[i]))
            return false;
    return json_read_u64(json, "judged", &d->judged) && json_read_u64(json, "junk", &d->junk) &&
           d->junk <= d->judged && json_read_u64(json, "estimated", &d->classes.estimated) &&
           json_read_u64(json, "one_in", &d->classes.one_in);
}

bool dossier_parse(const json_t *json, struct dossier *d)
{
    struct subject s;
    if (!subject_parse(json_object_get(json, "subject"), &s))
        return false;
    dossier_start(d, &s, 0);
    for (unsigned i = 0; i < QTYPE_CLASSES; i++)
        if (!json_read_u64(json_object_get(json, "qtype"), qtype_class_name(i), &d->qtype[i]) ||
            !json_read_quantity(json_object_get(json, "type_qps"), qtype_class_name(i),
                                &d->type_qps[i]))
            return false;
    return json_read_time(json, "from", &d->from_s) &&
           json_read_quantity(json, "seconds", &d->seconds) &&
           json_read_u64(json, "queries", &d->queries) &&
           json_read_u64(json, "all_queries", &d->all_queries) &&
           json_read_quantity(json, "rate_qps", &d->rate_qps) &&
           json_read_quantity(json, "all_qps", &d->all_qps) &&
           json_read_quantity(json, "calm_qps", &d->calm_qps) &&
           json_read_quantity(json, "calm_all_qps", &d->calm_all_qps) &&
           json_read_u32(json, "networks", &d->networks) &&
           json_read_u32(json, "many_hosts", &d->many_hosts) &&
           parse_junk(json_object_get(json, "junk"), d) &&
           parse_hosts(json_object_get(json, "hosts"), d);
}

/* SPDX-License-Identifier: MIT */
#include "analysis/minute.h"

#include "analysis/json.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char *const transport_names[TRANSPORTS] = {"udp4", "udp6", "tcp4", "tcp6"};
static const char *const rcode_names[MINUTE_RCODES] = {
        "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "other"};

const char *transport_name(enum transport t)
{
    return transport_names[t];
}

const char *minute_rcode_name(enum minute_rcode r)
{
    return rcode_names[r];
}

static const char *type_name(unsigned i)
{
    return qtype_class_name(i);
}

static const char *transport_at(unsigned i)
{
    return transport_name(i);
}

static const char *junk_at(unsigned i)
{
    return junk_class_name(i);
}

static const char *rcode_at(unsigned i)
{
    return minute_rcode_name(i);
}

/* The single counts: one row each, by the name they have in the store. */
static const struct field {
    const char *name;
    size_t at;
} fields[] = {
        {"queries", offsetof(struct minute, queries)},
        {"responses", offsetof(struct minute, responses)},
        {"malformed", offsetof(struct minute, malformed)},
        {"edns", offsetof(struct minute, edns)},
        {"dnssec_ok", offsetof(struct minute, dnssec_ok)},
        {"sources4", offsetof(struct minute, sources4)},
        {"sources6", offsetof(struct minute, sources6)},
        {"frames", offsetof(struct minute, frames)},
        {"bytes", offsetof(struct minute, bytes)},
        {"undecoded", offsetof(struct minute, undecoded)},
        {"kernel_drops", offsetof(struct minute, kernel_drops)},
        {"interface_drops", offsetof(struct minute, interface_drops)},
        {"overflow", offsetof(struct minute, overflow)},
        {"junk_estimated", offsetof(struct minute, junk.estimated)},
        {"questions_forgotten", offsetof(struct minute, junk.forgotten)},
};

/* The counts by something: an object each, without its zeros. */
static const struct table {
    const char *name;
    size_t at;
    unsigned rows;
    const char *(*row_name)(unsigned i);
} tables[] = {
        {"queries_by", offsetof(struct minute, queries_by), TRANSPORTS, transport_at},
        {"responses_by", offsetof(struct minute, responses_by), TRANSPORTS, transport_at},
        {"qtype", offsetof(struct minute, qtype), QTYPE_CLASSES, type_name},
        {"rcode", offsetof(struct minute, rcode), MINUTE_RCODES, rcode_at},
        {"junk", offsetof(struct minute, junk.queries), JUNK_CLASSES, junk_at},
};

#define ROWS(a) (sizeof(a) / sizeof *(a))

static const uint64_t *counts_at(const struct minute *m, size_t at)
{
    return (const uint64_t *)((const char *)m + at);
}

static json_t *table_json(const struct minute *m, const struct table *t)
{
    const uint64_t *count = counts_at(m, t->at);
    json_t *object = json_object();
    for (unsigned i = 0; i < t->rows; i++)
        if (count[i] > 0)
            json_object_set_new(object, t->row_name(i), json_integer((json_int_t)count[i]));
    return object;
}

static json_t *prefixes_json(const struct minute *m)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < m->prefixes; i++) {
        const struct minute_prefix *p = &m->prefix[i];
        char text[PREFIX_TEXT_BYTES];
        json_array_append_new(array, json_pack("[s, I, I, b]", prefix_format(p->prefix, text),
                                               (json_int_t)p->queries, (json_int_t)p->hosts,
                                               p->watched));
    }
    return array;
}

static json_t *origins_json(const struct minute_origins *o)
{
    json_t *as = json_array();
    json_t *announced = json_array();
    char text[PREFIX_TEXT_BYTES];
    for (unsigned i = 0; i < o->ases_listed; i++)
        json_array_append_new(as, json_pack("[I, I, s]", (json_int_t)o->as[i].asn,
                                            (json_int_t)o->as[i].queries, o->as[i].name));
    for (unsigned i = 0; i < o->listed; i++)
        json_array_append_new(announced, json_pack("[s, I, I]",
                                                   prefix_format(o->announced[i].prefix, text),
                                                   (json_int_t)o->announced[i].asn,
                                                   (json_int_t)o->announced[i].queries));
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "routed",
                     (json_int_t)o->routed, "unrouted", (json_int_t)o->unrouted, "unknown",
                     (json_int_t)o->unknown, "ases", (json_int_t)o->ases, "prefixes",
                     (json_int_t)o->prefixes, "table", (json_int_t)o->table_s, "leading_ases",
                     as, "leading_prefixes", announced);
}

json_t *minute_json(const struct minute *m)
{
    json_t *json = json_pack("{s:I, s:I}", "start", (json_int_t)m->start_s, "covered",
                             (json_int_t)m->covered_s);
    if (json == NULL)
        return NULL;
    for (unsigned i = 0; i < ROWS(fields); i++)
        json_object_set_new(json, fields[i].name,
                            json_integer((json_int_t)*counts_at(m, fields[i].at)));
    for (unsigned i = 0; i < ROWS(tables); i++)
        json_object_set_new(json, tables[i].name, table_json(m, &tables[i]));
    if (m->junk.youngest_s > 0)
        json_object_set_new(json, "forgotten_youngest",
                            json_integer((json_int_t)m->junk.youngest_s));
    if (m->junk.one_in > 0)
        json_object_set_new(json, "junk_one_in", json_integer((json_int_t)m->junk.one_in));
    if (!isnan(m->usual_qps))
        json_object_set_new(json, "usual_qps", json_real(m->usual_qps));
    if (!isnan(m->spread_qps))
        json_object_set_new(json, "spread_qps", json_real(m->spread_qps));
    json_object_set_new(json, "prefixes", prefixes_json(m));
    json_object_set_new(json, "decoding", reasons_json(&m->reasons));
    if (m->origins.known)
        json_object_set_new(json, "origins", origins_json(&m->origins));
    return json;
}

static bool parse_table(const json_t *json, const struct table *t, struct minute *m)
{
    const json_t *object = json_object_get(json, t->name);
    uint64_t *count = (uint64_t *)((char *)m + t->at);
    for (unsigned i = 0; i < t->rows; i++)
        if (!json_read_u64(object, t->row_name(i), &count[i]))
            return false;
    return true;
}

static bool parse_prefix(const json_t *row, struct minute_prefix *p)
{
    const json_t *text = json_array_get(row, 0);
    if (!json_is_string(text) || !prefix_parse(json_string_value(text), &p->prefix) ||
        !json_to_u64(json_array_get(row, 1), &p->queries) ||
        !json_to_u32(json_array_get(row, 2), &p->hosts))
        return false;
    p->watched = json_is_true(json_array_get(row, 3));
    return true;
}

static bool parse_prefixes(const json_t *json, struct minute *m)
{
    const json_t *array = json_object_get(json, "prefixes");
    for (size_t i = 0; i < json_array_size(array) && m->prefixes < MINUTE_PREFIXES; i++)
        if (!parse_prefix(json_array_get(array, i), &m->prefix[m->prefixes++]))
            return false;
    return true;
}

static bool parse_as(const json_t *row, struct minute_as *as)
{
    const char *name = json_string_value(json_array_get(row, 2));
    if (!json_to_u32(json_array_get(row, 0), &as->asn) ||
        !json_to_u64(json_array_get(row, 1), &as->queries) || name == NULL ||
        strlen(name) >= sizeof as->name)
        return false;
    memcpy(as->name, name, strlen(name) + 1);
    return true;
}

static bool parse_announced(const json_t *row, struct minute_announced *to)
{
    const json_t *text = json_array_get(row, 0);
    return json_is_string(text) && prefix_parse(json_string_value(text), &to->prefix) &&
           json_to_u32(json_array_get(row, 1), &to->asn) &&
           json_to_u64(json_array_get(row, 2), &to->queries);
}

/* Minutes without a table, and of older releases, have none. */
static bool parse_origins(const json_t *json, struct minute_origins *o)
{
    const json_t *as = json_object_get(json, "leading_ases");
    const json_t *announced = json_object_get(json, "leading_prefixes");
    o->known = json != NULL;
    for (size_t i = 0; i < json_array_size(as) && i < MINUTE_ORIGINS; i++)
        if (!parse_as(json_array_get(as, i), &o->as[o->ases_listed++]))
            return false;
    for (size_t i = 0; i < json_array_size(announced) && i < MINUTE_ORIGINS; i++)
        if (!parse_announced(json_array_get(announced, i), &o->announced[o->listed++]))
            return false;
    return json_read_u64(json, "routed", &o->routed) &&
           json_read_u64(json, "unrouted", &o->unrouted) &&
           json_read_u64(json, "unknown", &o->unknown) &&
           json_read_u32(json, "ases", &o->ases) &&
           json_read_u32(json, "prefixes", &o->prefixes) &&
           json_read_time(json, "table", &o->table_s);
}

bool minute_parse(const json_t *json, struct minute *m, struct error *err)
{
    *m = (struct minute){.usual_qps = (double)NAN, .spread_qps = (double)NAN};
    if (!json_read_time(json, "start", &m->start_s) || m->start_s % 60 != 0 ||
        !json_read_u32(json, "covered", &m->covered_s) || m->covered_s < 1 ||
        m->covered_s > MINUTE_COVERED_MAX_S)
        return error_set(err, "a minute without a whole start or with no second covered");
    for (unsigned i = 0; i < ROWS(fields); i++)
        if (!json_read_u64(json, fields[i].name, (uint64_t *)((char *)m + fields[i].at)))
            return error_set(err, "minute %lld: %s is not a count", (long long)m->start_s,
                             fields[i].name);
    for (unsigned i = 0; i < ROWS(tables); i++)
        if (!parse_table(json, &tables[i], m))
            return error_set(err, "minute %lld: %s holds what is not a count",
                             (long long)m->start_s, tables[i].name);
    if (!json_read_u64(json, "forgotten_youngest", &m->junk.youngest_s) ||
        !json_read_u64(json, "junk_one_in", &m->junk.one_in) ||
        !json_read_quantity(json, "usual_qps", &m->usual_qps) ||
        !json_read_quantity(json, "spread_qps", &m->spread_qps) || !parse_prefixes(json, m) ||
        !reasons_parse(json_object_get(json, "decoding"), &m->reasons) ||
        !parse_origins(json_object_get(json, "origins"), &m->origins))
        return error_set(err, "minute %lld: not as it was written", (long long)m->start_s);
    return true;
}

bool minute_is_judged(const struct minute *m)
{
    return m->queries == 0 || m->junk.queries[JUNK_LEGITIMATE] + junk_sum(m->junk.queries) > 0;
}

static unsigned at_most(uint64_t n, unsigned most)
{
    return n < most ? (unsigned)n : most;
}

/* A minute that was captured twice over is one minute. */
static uint32_t covered(uint32_t a_s, uint32_t b_s)
{
    uint32_t longer = a_s > b_s ? a_s : b_s;
    return at_most((uint64_t)a_s + b_s, longer > 60 ? longer : 60);
}

/* The same prefix in both halves of a minute is one row; what finds no room is left out. */
static void add_prefixes(struct minute *into, const struct minute *m)
{
    for (unsigned i = 0; i < m->prefixes; i++) {
        unsigned at = 0;
        while (at < into->prefixes && into->prefix[at].prefix.bits != m->prefix[i].prefix.bits)
            at++;
        if (at < into->prefixes) {
            into->prefix[at].queries += m->prefix[i].queries;
            into->prefix[at].watched |= m->prefix[i].watched;
            if (m->prefix[i].hosts > into->prefix[at].hosts)
                into->prefix[at].hosts = m->prefix[i].hosts;
        } else if (at < MINUTE_PREFIXES) {
            into->prefix[into->prefixes++] = m->prefix[i];
        }
    }
}

static int by_queries(const void *a, const void *b)
{
    const struct minute_as *x = a;
    const struct minute_as *y = b;
    return (x->queries < y->queries) - (x->queries > y->queries);
}

static int by_queries_of_prefix(const void *a, const void *b)
{
    const struct minute_announced *x = a;
    const struct minute_announced *y = b;
    return (x->queries < y->queries) - (x->queries > y->queries);
}

static void add_ases(struct minute_origins *into, const struct minute_origins *o)
{
    struct minute_as row[2 * MINUTE_ORIGINS];
    unsigned rows = into->ases_listed;
    memcpy(row, into->as, rows * sizeof *row);
    for (unsigned i = 0; i < o->ases_listed; i++) {
        unsigned at = 0;
        while (at < rows && row[at].asn != o->as[i].asn)
            at++;
        if (at == rows)
            row[rows++] = o->as[i];
        else
            row[at].queries += o->as[i].queries;
    }
    qsort(row, rows, sizeof *row, by_queries);
    into->ases_listed = at_most(rows, MINUTE_ORIGINS);
    memcpy(into->as, row, into->ases_listed * sizeof *row);
}

static void add_announced(struct minute_origins *into, const struct minute_origins *o)
{
    struct minute_announced row[2 * MINUTE_ORIGINS];
    unsigned rows = into->listed;
    memcpy(row, into->announced, rows * sizeof *row);
    for (unsigned i = 0; i < o->listed; i++) {
        unsigned at = 0;
        while (at < rows && row[at].prefix.bits != o->announced[i].prefix.bits)
            at++;
        if (at == rows)
            row[rows++] = o->announced[i];
        else
            row[at].queries += o->announced[i].queries;
    }
    qsort(row, rows, sizeof *row, by_queries_of_prefix);
    into->listed = at_most(rows, MINUTE_ORIGINS);
    memcpy(into->announced, row, into->listed * sizeof *row);
}

/* A part without a table is unknown. */
static void add_origins(struct minute *into, const struct minute *m)
{
    struct minute_origins *to = &into->origins;
    struct minute_origins from = m->origins;
    if (!to->known && !from.known)
        return;
    if (!to->known)
        to->unknown = into->queries - m->queries;
    if (!from.known)
        from.unknown = m->queries;
    to->known = true;
    to->routed += from.routed;
    to->unrouted += from.unrouted;
    to->unknown += from.unknown;
    to->ases += from.ases;
    to->prefixes += from.prefixes;
    to->table_s = from.known ? from.table_s : to->table_s;
    add_ases(to, &from);
    add_announced(to, &from);
}

void minute_add(struct minute *into, const struct minute *m)
{
    for (unsigned i = 0; i < ROWS(fields); i++)
        *(uint64_t *)((char *)into + fields[i].at) += *counts_at(m, fields[i].at);
    if (m->junk.youngest_s > 0 &&
        (into->junk.youngest_s == 0 || m->junk.youngest_s < into->junk.youngest_s))
        into->junk.youngest_s = m->junk.youngest_s;
    if (m->junk.one_in > into->junk.one_in)
        into->junk.one_in = m->junk.one_in;
    for (unsigned i = 0; i < ROWS(tables); i++)
        for (unsigned n = 0; n < tables[i].rows; n++)
            ((uint64_t *)((char *)into + tables[i].at))[n] += counts_at(m, tables[i].at)[n];
    reasons_add(&into->reasons, &m->reasons);
    into->covered_s = covered(into->covered_s, m->covered_s);
    into->usual_qps = m->usual_qps;
    into->spread_qps = m->spread_qps;
    add_prefixes(into, m);
    add_origins(into, m);
}

/* SPDX-License-Identifier: MIT */
#include "analysis/rssac002.h"

#include "analysis/json.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NS_PER_MS = 1000000, KEY_BYTES = 32 };

/* All of it are numbers to be added up. */
enum { NUMBERS = sizeof(struct rssac002_counts) / sizeof(uint64_t) };

static void add_numbers(uint64_t *to, const uint64_t *from, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        to[i] += from[i];
}

static void count_source(struct rssac002_counts *to, const struct source_counts *from)
{
    to->frames += from->frames;
    to->kernel_drops += from->kernel_drops;
    to->interface_drops += from->interface_drops;
    to->undecoded += counters_undecoded(from);
    add_numbers(to->loss, from->loss, LOSSES);
}

void rssac002_count(struct rssac002_counts *to, const struct counters *from,
                    int64_t captured_ns)
{
    to->captured_ms += (uint64_t)((captured_ns + NS_PER_MS / 2) / NS_PER_MS);
    add_numbers(to->queries, from->queries_by, TRANSPORTS);
    add_numbers(to->responses, from->responses_by, TRANSPORTS);
    for (unsigned i = 0; i < COUNTERS_PROTOCOLS; i++) {
        add_numbers(to->query_sizes[i], from->query_sizes[i], COUNTERS_QUERY_BINS);
        add_numbers(to->response_sizes[i], from->response_sizes[i], COUNTERS_RESPONSE_BINS);
    }
    for (uint32_t i = 0; i < from->rcode.met; i++)
        to->rcode[from->rcode.touched[i]] += from->rcode.count[from->rcode.touched[i]];
    to->malformed += from->malformed;
    to->cut += from->cut;
    count_source(to, &from->source);
}

void rssac002_add(struct rssac002_counts *to, const struct rssac002_counts *from)
{
    add_numbers(&to->captured_ms, &from->captured_ms, NUMBERS);
}

uint64_t rssac002_sum(const uint64_t *numbers, unsigned count)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < count; i++)
        sum += numbers[i];
    return sum;
}

/* ---- As JSON --------------------------------------------------------------------------- */

static const char *number_at(unsigned i, char text[static KEY_BYTES])
{
    (void)snprintf(text, KEY_BYTES, "%u", i);
    return text;
}

static const char *transport_at(unsigned i, char text[static KEY_BYTES])
{
    (void)text;
    return transport_name(i);
}

static const char *loss_at(unsigned i, char text[static KEY_BYTES])
{
    (void)text;
    return loss_name(i);
}

#define AT(field) offsetof(struct rssac002_counts, field)

static const struct table {
    const char *name;
    size_t at;
    unsigned count;
    const char *(*key)(unsigned i, char text[static KEY_BYTES]);
} tables[] = {
        {"queries", AT(queries), TRANSPORTS, transport_at},
        {"responses", AT(responses), TRANSPORTS, transport_at},
        {"query_sizes_udp", AT(query_sizes[0]), COUNTERS_QUERY_BINS, number_at},
        {"query_sizes_tcp", AT(query_sizes[1]), COUNTERS_QUERY_BINS, number_at},
        {"response_sizes_udp", AT(response_sizes[0]), COUNTERS_RESPONSE_BINS, number_at},
        {"response_sizes_tcp", AT(response_sizes[1]), COUNTERS_RESPONSE_BINS, number_at},
        {"rcode", AT(rcode), COUNTERS_RCODES, number_at},
        {"loss", AT(loss), LOSSES, loss_at},
};

static const struct field {
    const char *name;
    size_t at;
} fields[] = {
        {"captured_ms", AT(captured_ms)},
        {"malformed", AT(malformed)},
        {"cut", AT(cut)},
        {"frames", AT(frames)},
        {"kernel_drops", AT(kernel_drops)},
        {"interface_drops", AT(interface_drops)},
        {"undecoded", AT(undecoded)},
        {"unplaced", AT(unplaced)},
        {"refused6", AT(refused6)},
        {"unread", AT(unread)},
};

#define ROWS(a) (sizeof(a) / sizeof *(a))

static uint64_t *numbers_at(struct rssac002_counts *c, size_t at)
{
    return (uint64_t *)(void *)((char *)c + at);
}

static json_t *table_json(const struct table *t, const uint64_t *count)
{
    char text[KEY_BYTES];
    json_t *object = json_object();
    for (unsigned i = 0; i < t->count; i++)
        if (count[i] > 0)
            json_object_set_new(object, t->key(i, text), json_integer((json_int_t)count[i]));
    return object;
}

json_t *rssac002_json(const struct rssac002_counts *c, const char *service)
{
    json_t *json = json_pack("{s:s}", "service", service);
    for (unsigned i = 0; json != NULL && i < ROWS(fields); i++) {
        const uint64_t *count = numbers_at((struct rssac002_counts *)c, fields[i].at);
        json_object_set_new(json, fields[i].name, json_integer((json_int_t)*count));
    }
    for (unsigned i = 0; json != NULL && i < ROWS(tables); i++) {
        const uint64_t *count = numbers_at((struct rssac002_counts *)c, tables[i].at);
        json_object_set_new(json, tables[i].name, table_json(&tables[i], count));
    }
    return json;
}

/* So many at most: sums over hours, sites and keys are numbers that can be held. */
static bool is_count(const json_t *value, uint64_t *count)
{
    return json_to_u64(value, count) && *count <= UINT64_C(1) << 48;
}

/* Nothing but what the table knows: a key that is spoilt is no zero. */
static bool parse_table(const struct table *t, const json_t *json, uint64_t *count)
{
    const json_t *object = json_object_get(json, t->name);
    char text[KEY_BYTES];
    size_t known = 0;
    for (unsigned i = 0; i < t->count; i++) {
        const json_t *value = json_object_get(object, t->key(i, text));
        known += value != NULL;
        if (value != NULL && !is_count(value, &count[i]))
            return false;
    }
    return json_is_object(object) && known == json_object_size(object);
}

static bool parse_numbers(const json_t *json, struct rssac002_counts *c)
{
    for (unsigned i = 0; i < ROWS(fields); i++)
        if (!is_count(json_object_get(json, fields[i].name), numbers_at(c, fields[i].at)))
            return false;
    for (unsigned i = 0; i < ROWS(tables); i++)
        if (!parse_table(&tables[i], json, numbers_at(c, tables[i].at)))
            return false;
    return true;
}

/* Letters, digits and what a setting may have beside them: it goes into files and messages. */
static bool parse_service(const json_t *json, char service[static RSSAC002_SERVICE_BYTES])
{
    service[0] = '\0';
    if (!json_read_text(json, "service", service, RSSAC002_SERVICE_BYTES))
        return false;
    size_t good = 0;
    while (isalnum((unsigned char)service[good]) ||
           (service[good] != '\0' && strchr(".-_", service[good]) != NULL))
        good++;
    return good > 0 && service[good] == '\0';
}

/* Of both protocols the sums by family and by size are one. */
static bool adds_up(const struct rssac002_counts *c)
{
    bool good =
            rssac002_sum(c->rcode, COUNTERS_RCODES) == rssac002_sum(c->responses, TRANSPORTS);
    for (unsigned i = 0; i < COUNTERS_PROTOCOLS; i++) {
        good &= rssac002_sum(c->query_sizes[i], COUNTERS_QUERY_BINS) ==
                rssac002_sum(&c->queries[2 * i], 2);
        good &= rssac002_sum(c->response_sizes[i], COUNTERS_RESPONSE_BINS) ==
                rssac002_sum(&c->responses[2 * i], 2);
    }
    return good;
}

bool rssac002_parse(const json_t *json, struct rssac002_counts *c,
                    char service[static RSSAC002_SERVICE_BYTES], struct error *err)
{
    memset(c, 0, sizeof *c);
    if (parse_service(json, service) && parse_numbers(json, c) && adds_up(c))
        return true;
    memset(c, 0, sizeof *c);
    return error_set(err, "RSSAC002 counts of an hour are not as they were written");
}

/* ---- An hour --------------------------------------------------------------------------- */

static bool copy_ipv4(struct source_list *l, const struct prefix_counts *prefixes)
{
    uint32_t count;
    const struct prefix_record *r = prefix_counts_records(prefixes, &count);
    l->ipv4 = malloc((count + 1UL) * sizeof *l->ipv4);
    for (uint32_t i = 0; l->ipv4 != NULL && i < count; i++) {
        struct prefix_detail d;
        if (prefix_family(r[i].prefix) != 4 || r[i].queries == 0)
            continue;
        prefix_counts_detail(prefixes, &r[i], &d);
        if ((d.hosts[0] | d.hosts[1] | d.hosts[2] | d.hosts[3]) == 0)
            continue; /* of all its queries no host is known */
        struct source4 *s = &l->ipv4[l->ipv4s++];
        s->network = (uint32_t)(r[i].prefix.bits >> 40);
        memcpy(s->hosts, d.hosts, sizeof s->hosts);
    }
    return l->ipv4 != NULL;
}

static bool copy_ipv6(struct source_list *l, const struct address_set *addresses)
{
    _Static_assert(sizeof(struct source6) == ADDRESS_BYTES, "one is as the other");
    l->ipv6s = addresses->count;
    l->ipv6 = malloc((l->ipv6s + 1) * sizeof *l->ipv6);
    if (l->ipv6 != NULL && l->ipv6s > 0)
        memcpy(l->ipv6, addresses->address, l->ipv6s * sizeof *l->ipv6);
    return l->ipv6 != NULL;
}

struct rssac002_hour *rssac002_hour_create(const char *service,
                                           const struct rssac002_counts *counts,
                                           const struct prefix_counts *prefixes,
                                           const struct address_set *addresses6)
{
    struct rssac002_hour *h = calloc(1, sizeof *h);
    if (h == NULL)
        return NULL;
    (void)snprintf(h->service, sizeof h->service, "%s", service);
    h->counts = *counts;
    if (copy_ipv4(&h->sources, prefixes) && copy_ipv6(&h->sources, addresses6))
        return h;
    rssac002_hour_free(h);
    return NULL;
}

void rssac002_hour_free(struct rssac002_hour *h)
{
    if (h == NULL)
        return;
    source_list_fini(&h->sources);
    free(h->set);
    free(h);
}

bool rssac002_hour_encode(struct rssac002_hour *h, struct error *err)
{
    if (h->set != NULL)
        return true;
    if (!source_list_encode(&h->sources, &h->set, &h->set_bytes, err))
        return false;
    source_list_fini(&h->sources);
    return true;
}

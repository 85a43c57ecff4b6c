/* SPDX-License-Identifier: MIT */
#include "analysis/incident.h"

#include "analysis/json.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { WAVES_MAX = 1000000 };

static void set_if_any(json_t *object, const char *key, json_t *array)
{
    if (json_array_size(array) > 0)
        json_object_set_new(object, key, array);
    else
        json_decref(array);
}

static const char *const route_keys[INCIDENT_ROUTES] = {
        [INCIDENT_ROUTE_NONE] = "unrouted", [INCIDENT_ROUTE_UNKNOWN] = "origin_unknown"};

/* The culprits of which the table says so. */
static json_t *routes_json(const struct incident *i, enum incident_route route)
{
    json_t *array = json_array();
    char text[PREFIX_TEXT_BYTES];
    for (unsigned n = 0; n < i->prefixes; n++)
        if (i->route[n] == route)
            json_array_append_new(array, json_string(prefix_format(i->prefix[n], text)));
    return array;
}

static json_t *prefixes_json(const struct incident *i)
{
    json_t *array = json_array();
    char text[PREFIX_TEXT_BYTES];
    for (unsigned n = 0; n < i->prefixes; n++)
        json_array_append_new(array, json_string(prefix_format(i->prefix[n], text)));
    return array;
}

static json_t *asns_json(const struct incident *i)
{
    json_t *array = json_array();
    for (unsigned n = 0; n < i->asns; n++)
        json_array_append_new(array, json_integer(i->asn[n]));
    return array;
}

static json_t *traits_json(const struct incident_traits *t)
{
    json_t *ttls = json_array();
    json_t *rcodes = json_object();
    for (unsigned n = 0; n < TRAITS_LEADING && t->leading[n].queries > 0; n++)
        json_array_append_new(ttls, json_pack("{s:i, s:I}", "ttl", t->leading[n].ttl, "queries",
                                              (json_int_t)t->leading[n].queries));
    for (unsigned n = 0; n < MINUTE_RCODES; n++)
        if (t->rcode[n] > 0)
            json_object_set_new(rcodes, minute_rcode_name(n),
                                json_integer((json_int_t)t->rcode[n]));
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:I, s:o, s:I, "
                     "s:I, s:I, s:s}",
                     "queries", (json_int_t)t->queries, "tcp_queries",
                     (json_int_t)t->tcp_queries, "responses", (json_int_t)t->responses,
                     "tcp_responses", (json_int_t)t->tcp_responses, "syns", (json_int_t)t->syns,
                     "handshakes", (json_int_t)t->handshakes.completed, "handshakes_unfinished",
                     (json_int_t)t->handshakes.unfinished, "handshakes_one_sided",
                     (json_int_t)t->handshakes.one_sided, "handshakes_unanswered",
                     (json_int_t)t->handshakes.unanswered, "unreachables",
                     (json_int_t)t->unreachables, "rcode", rcodes, "ttls", (json_int_t)t->ttls,
                     "leading_ttls", ttls, "ports", (json_int_t)t->ports, "hosts_steady",
                     (json_int_t)t->hosts_steady, "hosts_varied", (json_int_t)t->hosts_varied,
                     "verdict", traits_verdict_name(t->verdict));
}

/* They are part of the evidence, also where no test is known. */
static void set_traits(json_t *json, const struct incident_traits *t)
{
    if (t->queries == 0)
        return;
    if (json_object_get(json, "evidence") == NULL)
        json_object_set_new(json, "evidence", json_object());
    json_object_set_new(json_object_get(json, "evidence"), "traits", traits_json(t));
}

static void set_evidence(json_t *json, const struct incident_evidence *e)
{
    if (e->test[0] != '\0')
        json_object_set_new(json, "evidence",
                            json_pack("{s:s, s:s, s:f, s:f, s:f, s:f}", "series", e->series,
                                      "test", e->test, "observed", e->observed, "usual",
                                      e->usual, "value", e->value, "limit", e->limit));
}

static void set_junk(json_t *json, const struct incident_junk *j)
{
    const struct junk_counts *counts = &j->classes;
    enum junk_class most = junk_leading(counts->queries);
    json_t *classes = json_object();
    if (j->judged == 0) {
        json_decref(classes);
        return;
    }
    for (unsigned c = 0; c < JUNK_CLASSES; c++)
        if (counts->queries[c] > 0)
            json_object_set_new(classes, junk_class_name(c),
                                json_integer((json_int_t)counts->queries[c]));
    json_t *junk = json_pack("{s:I, s:I, s:f, s:o}", "judged", (json_int_t)j->judged, "junk",
                             (json_int_t)j->junk, "share", (double)j->junk / (double)j->judged,
                             "classes", classes);
    if (most != JUNK_LEGITIMATE)
        json_object_set_new(junk, "leading", json_string(junk_class_name(most)));
    if (counts->estimated > 0) {
        json_object_set_new(junk, "estimated", json_integer((json_int_t)counts->estimated));
        json_object_set_new(junk, "one_in", json_integer((json_int_t)counts->one_in));
    }
    json_object_set_new(json, "junk", junk);
}

/* The culprits' types and names alone, as the event's dimensions. */
static void set_dimensions(json_t *json, const struct incident *i)
{
    json_t *qtypes = json_array();
    json_t *names = json_array();
    for (unsigned n = 0; n < i->types; n++)
        if (i->type[n].named)
            json_array_append_new(qtypes, json_string(i->type[n].qtype));
    for (unsigned n = 0; n < i->names; n++)
        if (i->name[n].named)
            json_array_append_new(names, json_string(i->name[n].name));
    set_if_any(json, "prefix", prefixes_json(i));
    for (unsigned r = INCIDENT_ROUTE_NONE; r < INCIDENT_ROUTES; r++)
        set_if_any(json, route_keys[r], routes_json(i, r));
    set_if_any(json, "asn", asns_json(i));
    set_if_any(json, "qtype", qtypes);
    set_if_any(json, "name", names);
    if (i->rcode[0] != '\0')
        json_object_set_new(json, "rcode", json_pack("[s]", i->rcode));
}

static void set_details(json_t *json, const struct incident *i)
{
    json_t *types = json_array();
    json_t *hosts = json_array();
    json_t *names = json_array();
    for (unsigned n = 0; n < i->types; n++)
        json_array_append_new(types,
                              json_pack("{s:s, s:f, s:f, s:I}", "qtype", i->type[n].qtype,
                                        "before_qps", i->type[n].before_qps, "now_qps",
                                        i->type[n].now_qps, "queries",
                                        (json_int_t)i->type[n].queries));
    for (unsigned n = 0; n < i->hosts_listed; n++) {
        char text[INET6_ADDRSTRLEN] = "";
        inet_ntop(i->host[n].ipv6 ? AF_INET6 : AF_INET, i->host[n].address, text, sizeof text);
        json_array_append_new(hosts, json_pack("{s:s, s:I}", "address", text, "queries",
                                               (json_int_t)i->host[n].queries));
    }
    for (unsigned n = 0; n < i->names; n++)
        json_array_append_new(names, json_pack("{s:s, s:I}", "name", i->name[n].name, "queries",
                                               (json_int_t)i->name[n].queries));
    set_if_any(json, "types", types);
    set_if_any(json, "leading_hosts", hosts);
    set_if_any(json, "leading_names", names);
}

static void set_drops(json_t *json, const struct incident *i)
{
    const struct incident_drops *d = &i->drops;
    if (d->since_s != 0)
        json_object_set_new(json, "drops",
                            json_pack("{s:I, s:I, s:I, s:I, s:f}", "since",
                                      (json_int_t)d->since_s, "frames", (json_int_t)d->frames,
                                      "kernel", (json_int_t)d->kernel, "interface",
                                      (json_int_t)d->interface, "share",
                                      incident_drops_share(i)));
}

json_t *incident_event_json(const struct incident_event *e)
{
    const struct incident *i = &e->incident;
    json_t *json = json_pack(
            "{s:I, s:s, s:s, s:s, s:s, s:f, s:f, s:f, s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:I, "
            "s:f,"
            " s:f, s:f, s:I, s:b}",
            "time", (json_int_t)e->time_s, "id", i->id, "state", incident_state_name(e->state),
            "kind", incident_kind_name(i->kind), "severity",
            incident_severity_name(i->severity), "rate_qps", i->rate_qps, "baseline_qps",
            i->baseline_qps, "share", i->share, "hosts", (json_int_t)i->hosts, "summary",
            i->summary, "wave", (json_int_t)i->wave, "began", (json_int_t)i->began_s, "opened",
            (json_int_t)i->opened_s, "changed", (json_int_t)i->changed_s, "ended",
            (json_int_t)i->ended_s, "closed", (json_int_t)i->closed_s, "peak_qps", i->peak_qps,
            "total_qps", i->total_qps, "usual_qps", i->usual_qps, "queries",
            (json_int_t)i->queries, "lossy", i->lossy);
    if (json == NULL)
        return NULL;
    if (i->networks > 0)
        json_object_set_new(json, "networks", json_integer(i->networks));
    set_dimensions(json, i);
    set_details(json, i);
    set_evidence(json, &i->evidence);
    set_traits(json, &i->traits);
    set_junk(json, &i->junk);
    set_drops(json, i);
    json_object_set_new(json, "decoding", reasons_json(&i->reasons));
    return json;
}

static bool is_among(const json_t *array, const char *text)
{
    for (size_t n = 0; n < json_array_size(array); n++) {
        const char *s = json_string_value(json_array_get(array, n));
        if (s != NULL && strcmp(s, text) == 0)
            return true;
    }
    return false;
}

static bool parse_state(const json_t *json, enum incident_state *state)
{
    const char *name = json_string_value(json_object_get(json, "state"));
    for (unsigned n = 0; name != NULL && n <= INCIDENT_CLOSED; n++)
        if (strcmp(name, incident_state_name(n)) == 0) {
            *state = n;
            return true;
        }
    return false;
}

/* Events of older releases have none: those were notices. */
static bool parse_severity(const json_t *json, enum incident_severity *severity)
{
    const json_t *value = json_object_get(json, "severity");
    const char *name = json_string_value(value);
    *severity = INCIDENT_NOTICE;
    for (unsigned n = 0; name != NULL && n <= INCIDENT_CRITICAL; n++)
        if (strcmp(name, incident_severity_name(n)) == 0) {
            *severity = n;
            return true;
        }
    return value == NULL;
}

static bool parse_prefixes(const json_t *array, struct incident *i)
{
    for (size_t n = 0; n < json_array_size(array) && n < INCIDENT_PREFIXES; n++) {
        const char *s = json_string_value(json_array_get(array, n));
        if (s == NULL || !prefix_parse(s, &i->prefix[i->prefixes++]))
            return false;
    }
    return true;
}

static void parse_routes(const json_t *json, struct incident *i)
{
    char text[PREFIX_TEXT_BYTES];
    for (unsigned n = 0; n < i->prefixes; n++)
        for (unsigned r = INCIDENT_ROUTE_NONE; r < INCIDENT_ROUTES; r++)
            if (is_among(json_object_get(json, route_keys[r]),
                         prefix_format(i->prefix[n], text)))
                i->route[n] = r;
}

static bool parse_asns(const json_t *array, struct incident *i)
{
    for (size_t n = 0; n < json_array_size(array) && n < INCIDENT_ORIGINS; n++) {
        if (!json_to_u32(json_array_get(array, n), &i->asn[i->asns]))
            return false;
        i->asns++;
    }
    return true;
}

/* Events of older releases have none. */
static bool parse_evidence(const json_t *json, struct incident_evidence *e)
{
    return json == NULL || (json_read_text(json, "series", e->series, sizeof e->series) &&
                            json_read_text(json, "test", e->test, sizeof e->test) &&
                            json_read_quantity(json, "observed", &e->observed) &&
                            json_read_quantity(json, "usual", &e->usual) &&
                            json_read_quantity(json, "value", &e->value) &&
                            json_read_quantity(json, "limit", &e->limit));
}

static bool parse_handshakes(const json_t *json, struct traits_handshakes *h)
{
    return json_read_u64(json, "handshakes", &h->completed) &&
           json_read_u64(json, "handshakes_unfinished", &h->unfinished) &&
           json_read_u64(json, "handshakes_one_sided", &h->one_sided) &&
           json_read_u64(json, "handshakes_unanswered", &h->unanswered);
}

/* Events of older releases have none. */
static bool parse_traits(const json_t *json, struct incident_traits *t)
{
    const json_t *ttls = json_object_get(json, "leading_ttls");
    for (unsigned n = 0; n < TRAITS_LEADING && n < json_array_size(ttls); n++) {
        uint32_t ttl = 0;
        if (!json_read_u32(json_array_get(ttls, n), "ttl", &ttl) || ttl > UINT8_MAX ||
            !json_read_u64(json_array_get(ttls, n), "queries", &t->leading[n].queries))
            return false;
        t->leading[n].ttl = (uint8_t)ttl;
    }
    for (unsigned n = 0; n < MINUTE_RCODES; n++)
        if (!json_read_u64(json_object_get(json, "rcode"), minute_rcode_name(n), &t->rcode[n]))
            return false;
    return json == NULL ||
           (json_read_u64(json, "queries", &t->queries) &&
            json_read_u64(json, "tcp_queries", &t->tcp_queries) &&
            json_read_u64(json, "responses", &t->responses) &&
            json_read_u64(json, "tcp_responses", &t->tcp_responses) &&
            json_read_u64(json, "syns", &t->syns) && parse_handshakes(json, &t->handshakes) &&
            json_read_u64(json, "unreachables", &t->unreachables) &&
            json_read_u32(json, "ttls", &t->ttls) && json_read_u32(json, "ports", &t->ports) &&
            json_read_u32(json, "hosts_steady", &t->hosts_steady) &&
            json_read_u32(json, "hosts_varied", &t->hosts_varied) &&
            traits_verdict_parse(json_string_value(json_object_get(json, "verdict")),
                                 &t->verdict));
}

/* Events of older releases have none. */
static bool parse_junk(const json_t *json, struct incident_junk *j)
{
    const json_t *classes = json_object_get(json, "classes");
    for (unsigned c = 0; c < JUNK_CLASSES; c++)
        if (!json_read_u64(classes, junk_class_name(c), &j->classes.queries[c]))
            return false;
    return json_read_u64(json, "judged", &j->judged) && json_read_u64(json, "junk", &j->junk) &&
           j->junk <= j->judged && json_read_u64(json, "estimated", &j->classes.estimated) &&
           json_read_u64(json, "one_in", &j->classes.one_in);
}

/* Events of older releases have none. */
static bool parse_drops(const json_t *json, struct incident_drops *d)
{
    return json == NULL || (json_read_time(json, "since", &d->since_s) &&
                            json_read_u64(json, "frames", &d->frames) &&
                            json_read_u64(json, "kernel", &d->kernel) &&
                            json_read_u64(json, "interface", &d->interface));
}

static bool is_printable(const char *name)
{
    size_t length = 0;
    while (name[length] > ' ' && name[length] < 0x7f)
        length++;
    return name[length] == '\0' && length < INCIDENT_NAME_BYTES;
}

static bool parse_rcode(const json_t *array, struct incident *i)
{
    const char *text = json_string_value(json_array_get(array, 0));
    if (text == NULL || strlen(text) >= sizeof i->rcode || !is_printable(text))
        return array == NULL;
    memcpy(i->rcode, text, strlen(text) + 1);
    return true;
}

static bool parse_types(const json_t *json, struct incident *i)
{
    const json_t *array = json_object_get(json, "types");
    for (size_t n = 0; n < json_array_size(array) && n < INCIDENT_TYPES; n++) {
        const json_t *row = json_array_get(array, n);
        struct incident_type *t = &i->type[i->types++];
        if (!json_read_text(row, "qtype", t->qtype, sizeof t->qtype) ||
            !json_read_quantity(row, "before_qps", &t->before_qps) ||
            !json_read_quantity(row, "now_qps", &t->now_qps) ||
            !json_read_u64(row, "queries", &t->queries))
            return false;
        t->named = is_among(json_object_get(json, "qtype"), t->qtype);
    }
    return true;
}

static bool parse_hosts(const json_t *array, struct incident *i)
{
    for (size_t n = 0; n < json_array_size(array) && n < INCIDENT_HOSTS; n++) {
        const json_t *row = json_array_get(array, n);
        struct incident_host *h = &i->host[i->hosts_listed++];
        char text[INET6_ADDRSTRLEN] = "";
        if (!json_read_text(row, "address", text, sizeof text) ||
            !json_read_u64(row, "queries", &h->queries))
            return false;
        h->ipv6 = strchr(text, ':') != NULL;
        if (inet_pton(h->ipv6 ? AF_INET6 : AF_INET, text, h->address) != 1)
            return false;
    }
    return true;
}

static bool parse_names(const json_t *json, struct incident *i)
{
    const json_t *array = json_object_get(json, "leading_names");
    for (size_t n = 0; n < json_array_size(array) && n < INCIDENT_NAMES; n++) {
        const json_t *row = json_array_get(array, n);
        const char *text = json_string_value(json_object_get(row, "name"));
        struct incident_name *name = &i->name[i->names];
        if (text == NULL || !is_printable(text) ||
            !json_read_u64(row, "queries", &name->queries) ||
            (name->name = strdup(text)) == NULL)
            return false;
        i->names++;
        name->named = is_among(json_object_get(json, "name"), text);
    }
    return true;
}

/* It becomes part of a path.  What was not told yet has none. */
static bool is_id(const char *id)
{
    return strspn(id, "0123456789-") == strlen(id);
}

static bool parse_figures(const json_t *json, struct incident *i)
{
    return json_read_text(json, "id", i->id, sizeof i->id) && is_id(i->id) &&
           json_read_text(json, "summary", i->summary, sizeof i->summary) &&
           json_read_quantity(json, "rate_qps", &i->rate_qps) &&
           json_read_quantity(json, "baseline_qps", &i->baseline_qps) &&
           json_read_quantity(json, "share", &i->share) &&
           json_read_u32(json, "hosts", &i->hosts) && json_read_u32(json, "wave", &i->wave) &&
           i->wave < WAVES_MAX && json_read_time(json, "began", &i->began_s) &&
           json_read_time(json, "opened", &i->opened_s) &&
           json_read_time(json, "changed", &i->changed_s) &&
           json_read_time(json, "ended", &i->ended_s) &&
           json_read_time(json, "closed", &i->closed_s) &&
           json_read_quantity(json, "peak_qps", &i->peak_qps) &&
           json_read_quantity(json, "total_qps", &i->total_qps) &&
           json_read_quantity(json, "usual_qps", &i->usual_qps) &&
           json_read_u64(json, "queries", &i->queries) &&
           json_read_bool(json, "lossy", &i->lossy);
}

bool incident_event_parse(const json_t *json, struct incident_event *e, struct error *err)
{
    *e = (struct incident_event){.sequence = 0};
    struct incident *i = &e->incident;
    bool good =
            json_read_time(json, "time", &e->time_s) && parse_state(json, &e->state) &&
            incident_kind_parse(json_string_value(json_object_get(json, "kind")), &i->kind) &&
            parse_severity(json, &i->severity) && parse_figures(json, i) &&
            parse_prefixes(json_object_get(json, "prefix"), i) &&
            parse_asns(json_object_get(json, "asn"), i) &&
            json_read_u32(json, "networks", &i->networks) &&
            parse_evidence(json_object_get(json, "evidence"), &i->evidence) &&
            parse_junk(json_object_get(json, "junk"), &i->junk) &&
            parse_traits(json_object_get(json_object_get(json, "evidence"), "traits"),
                         &i->traits) &&
            parse_drops(json_object_get(json, "drops"), &i->drops) &&
            parse_rcode(json_object_get(json, "rcode"), i) &&
            reasons_parse(json_object_get(json, "decoding"), &i->reasons) &&
            parse_types(json, i) && parse_hosts(json_object_get(json, "leading_hosts"), i) &&
            parse_names(json, i);
    parse_routes(json, i);
    if (good)
        return true;
    incident_fini(i);
    return error_set(err, "an event of incident \"%s\" is not as it was written", i->id);
}

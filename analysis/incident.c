/* SPDX-License-Identifier: MIT */
#include "analysis/incident.h"

#include "analysis/json.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const state_names[] = {"open", "update", "close"};
static const char *const kind_names[INCIDENT_KINDS] = {
        "prefix", "asn",   "qtype", "name",       "nxdomain", "volume",
        "gap",    "spoof", "rcode", "unanswered", "unrouted"};

static const char *const severity_names[] = {"notice", "warning", "critical"};
static const double warning_part = 0.08;
static const double critical_part = 0.25;

const char *incident_state_name(enum incident_state s)
{
    return state_names[s];
}

const char *incident_kind_name(enum incident_kind k)
{
    return kind_names[k];
}

const char *incident_severity_name(enum incident_severity s)
{
    return severity_names[s];
}

enum incident_severity incident_severity(const struct incident *i)
{
    double change_qps = fabs(i->rate_qps - i->baseline_qps);
    double usual_qps = i->usual_qps > 0 ? i->usual_qps : i->total_qps - change_qps;
    if (change_qps >= critical_part * usual_qps)
        return INCIDENT_CRITICAL;
    return change_qps >= warning_part * usual_qps || i->lossy || i->kind == INCIDENT_SPOOF
                   ? INCIDENT_WARNING
                   : INCIDENT_NOTICE;
}

bool incident_kind_parse(const char *name, enum incident_kind *k)
{
    for (unsigned n = 0; name != NULL && n < INCIDENT_KINDS; n++)
        if (strcmp(name, kind_names[n]) == 0) {
            *k = n;
            return true;
        }
    return false;
}

const char *incident_junk_text(const struct incident *i, char text[static INCIDENT_JUNK_BYTES])
{
    const struct incident_junk *j = &i->junk;
    enum junk_class most = junk_leading(j->class);
    uint64_t classed = j->class[JUNK_LEGITIMATE] + junk_sum(j->class);
    if (j->judged == 0)
        return NULL;
    int used = snprintf(text, INCIDENT_JUNK_BYTES, "%.0f %% of these queries are junk",
                        100 * (double)j->junk / (double)j->judged);
    if (most != JUNK_LEGITIMATE)
        (void)snprintf(text + used, INCIDENT_JUNK_BYTES - (size_t)used, ", mostly %s (%.0f %%)",
                       junk_class_name(most), 100 * (double)j->class[most] / (double)classed);
    return text;
}

static const char *verdict_text(enum traits_verdict v)
{
    static const char *const texts[] = {
            "That leaves open whether the sources are forged",
            "TCP handshakes were completed, which speaks for real sources",
            "TTLs are steady by host, which speaks for real sources",
            "TTLs of single hosts vary widely, which speaks for forged sources"};
    return texts[v];
}

/* A sentence or two, each with a blank behind it; none where no connection was followed. */
static int write_handshakes(const struct incident_traits *t, char *text, size_t size)
{
    const struct traits_handshakes *h = &t->handshakes;
    uint64_t followed = h->completed + h->unfinished + h->one_sided + h->unanswered;
    bool deaf = traits_hearing(h, t->responses, t->tcp_responses) == TRAITS_DEAF;
    if (followed == 0)
        return 0;
    return snprintf(text, size,
                    "Of TCP connections followed, %llu: completed %llu, answered and not "
                    "completed %llu, with data and no answer seen %llu, with neither %llu. %s",
                    (unsigned long long)followed, (unsigned long long)h->completed,
                    (unsigned long long)h->unfinished, (unsigned long long)h->one_sided,
                    (unsigned long long)h->unanswered,
                    deaf ? "What is answered is not heard: forged, or no way back. " : "");
}

const char *incident_traits_text(const struct incident *i,
                                 char text[static INCIDENT_TRAITS_BYTES])
{
    const struct incident_traits *t = &i->traits;
    size_t size = INCIDENT_TRAITS_BYTES, used = 0;
    if (t->queries == 0)
        return NULL;
    used += (size_t)snprintf(text, size, "TTL");
    for (unsigned n = 0; n < TRAITS_LEADING && t->leading[n].queries > 0; n++)
        used += (size_t)snprintf(text + used, size - used, "%s %u (%.0f %%)", n > 0 ? "," : "",
                                 t->leading[n].ttl,
                                 100 * (double)t->leading[n].queries / (double)t->queries);
    used += (size_t)snprintf(
            text + used, size - used,
            ", %u value%s in all; steady at %u hosts, varied at %u. About %u source ports. "
            "TCP: %llu SYNs, %llu queries, %llu answers. ",
            t->ttls, t->ttls == 1 ? "" : "s", t->hosts_steady, t->hosts_varied, t->ports,
            (unsigned long long)t->syns, (unsigned long long)t->tcp_queries,
            (unsigned long long)t->tcp_responses);
    used += (size_t)write_handshakes(t, text + used, size - used);
    (void)snprintf(text + used, size - used,
                   "Answers in all: %llu, of these NXDOMAIN %llu; told by ICMP to have found "
                   "nobody: %llu. %s",
                   (unsigned long long)t->responses,
                   (unsigned long long)t->rcode[MINUTE_NXDOMAIN],
                   (unsigned long long)t->unreachables, verdict_text(t->verdict));
    return text;
}

void incident_fini(struct incident *i)
{
    for (unsigned n = 0; n < i->names; n++)
        free(i->name[n].name);
    i->names = 0;
}

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
    enum junk_class most = junk_leading(j->class);
    json_t *classes = json_object();
    if (j->judged == 0) {
        json_decref(classes);
        return;
    }
    for (unsigned c = 0; c < JUNK_CLASSES; c++)
        if (j->class[c] > 0)
            json_object_set_new(classes, junk_class_name(c),
                                json_integer((json_int_t)j->class[c]));
    json_t *junk = json_pack("{s:I, s:I, s:f, s:o}", "judged", (json_int_t)j->judged, "junk",
                             (json_int_t)j->junk, "share", (double)j->junk / (double)j->judged,
                             "classes", classes);
    if (most != JUNK_LEGITIMATE)
        json_object_set_new(junk, "leading", json_string(junk_class_name(most)));
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

static bool find_name(const json_t *json, const char *key, const char *const *names,
                      unsigned count, unsigned *found)
{
    const char *s = json_string_value(json_object_get(json, key));
    for (unsigned n = 0; s != NULL && n < count; n++)
        if (strcmp(s, names[n]) == 0) {
            *found = n;
            return true;
        }
    return false;
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
        const json_t *v = json_array_get(array, n);
        if (!json_is_integer(v) || json_integer_value(v) < 0)
            return false;
        i->asn[i->asns++] = (uint32_t)json_integer_value(v);
    }
    return true;
}

/* Events of older releases have none. */
static bool parse_evidence(const json_t *json, struct incident_evidence *e)
{
    return json == NULL || (json_read_text(json, "series", e->series, sizeof e->series) &&
                            json_read_text(json, "test", e->test, sizeof e->test) &&
                            json_read_double(json, "observed", &e->observed) &&
                            json_read_double(json, "usual", &e->usual) &&
                            json_read_double(json, "value", &e->value) &&
                            json_read_double(json, "limit", &e->limit));
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
        if (!json_read_u64(classes, junk_class_name(c), &j->class[c]))
            return false;
    return json_read_u64(json, "judged", &j->judged) && json_read_u64(json, "junk", &j->junk);
}

static bool parse_rcode(const json_t *array, struct incident *i)
{
    const char *text = json_string_value(json_array_get(array, 0));
    if (text == NULL || strlen(text) >= sizeof i->rcode)
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
            !json_read_double(row, "before_qps", &t->before_qps) ||
            !json_read_double(row, "now_qps", &t->now_qps) ||
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
        if (text == NULL || !json_read_u64(row, "queries", &name->queries) ||
            (name->name = strdup(text)) == NULL)
            return false;
        i->names++;
        name->named = is_among(json_object_get(json, "name"), text);
    }
    return true;
}

static bool parse_figures(const json_t *json, struct incident *i)
{
    return json_read_text(json, "id", i->id, sizeof i->id) &&
           json_read_text(json, "summary", i->summary, sizeof i->summary) &&
           json_read_double(json, "rate_qps", &i->rate_qps) &&
           json_read_double(json, "baseline_qps", &i->baseline_qps) &&
           json_read_double(json, "share", &i->share) &&
           json_read_u32(json, "hosts", &i->hosts) && json_read_u32(json, "wave", &i->wave) &&
           json_read_i64(json, "began", &i->began_s) &&
           json_read_i64(json, "opened", &i->opened_s) &&
           json_read_i64(json, "changed", &i->changed_s) &&
           json_read_i64(json, "ended", &i->ended_s) &&
           json_read_i64(json, "closed", &i->closed_s) &&
           json_read_double(json, "peak_qps", &i->peak_qps) &&
           json_read_double(json, "total_qps", &i->total_qps) &&
           json_read_double(json, "usual_qps", &i->usual_qps) &&
           json_read_u64(json, "queries", &i->queries) &&
           json_read_bool(json, "lossy", &i->lossy);
}

bool incident_event_parse(const json_t *json, struct incident_event *e, struct error *err)
{
    unsigned state = 0;
    unsigned kind = 0;
    unsigned severity = INCIDENT_NOTICE; /* what was stored before severities were */
    *e = (struct incident_event){.sequence = 0};
    struct incident *i = &e->incident;
    bool good = json_read_i64(json, "time", &e->time_s) &&
                find_name(json, "state", state_names, 3, &state) &&
                find_name(json, "kind", kind_names, INCIDENT_KINDS, &kind) &&
                (json_object_get(json, "severity") == NULL ||
                 find_name(json, "severity", severity_names, 3, &severity)) &&
                parse_figures(json, i) && parse_prefixes(json_object_get(json, "prefix"), i) &&
                parse_asns(json_object_get(json, "asn"), i) &&
                json_read_u32(json, "networks", &i->networks) &&
                parse_evidence(json_object_get(json, "evidence"), &i->evidence) &&
                parse_junk(json_object_get(json, "junk"), &i->junk) &&
                parse_traits(json_object_get(json_object_get(json, "evidence"), "traits"),
                             &i->traits) &&
                parse_rcode(json_object_get(json, "rcode"), i) &&
                reasons_parse(json_object_get(json, "decoding"), &i->reasons) &&
                parse_types(json, i) &&
                parse_hosts(json_object_get(json, "leading_hosts"), i) && parse_names(json, i);
    parse_routes(json, i);
    e->state = state;
    i->kind = kind;
    i->severity = severity;
    if (good)
        return true;
    incident_fini(i);
    return error_set(err, "an event of incident \"%s\" is not as it was written", i->id);
}

/* SPDX-License-Identifier: MIT */
#include "program/metrics.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two intervals and what handing over and writing may take; then it is old. */
static const double fresh_intervals = 2, fresh_s = 5;
static const double prefix_share = 0.01; /* of all queries, for a prefix to be named */

struct series {
    const char *name, *type, *help;
    const char *place;  /* in the status: keys, with dots between them */
    const char *by;     /* of an object: a sample a key, which is this label's value */
    const char *except; /* a key that is left out; NULL: none */
    bool by_transport;  /* an object with the keys "udp4", ..., which become two labels */
    bool of_interface;  /* has the interface as a label, too */
};

#define COUNTER(title, at) \
    .name = "rootwatch_" title "_total", .type = "counter", .place = "totals." at
#define GAUGE(title, at) .name = "rootwatch_" title, .type = "gauge", .place = at

/* clang-format off */
static const struct series table[] = {
    {GAUGE("start_time_seconds", "totals.start"),
     .help = "When the capturing process began, and all counters at 0, since 1970."},
    {GAUGE("last_interval_length_seconds", "length_s"),
     .help = "Length of the last interval."},
    {COUNTER("intervals", "intervals"),
     .help = "Intervals counted."},
    {COUNTER("lossy_intervals", "lossy_intervals"),
     .help = "Intervals in which more than a hundredth of all frames was dropped."},

    {COUNTER("capture_packets", "frames"), .of_interface = true,
     .help = "Frames captured."},
    {COUNTER("capture_bytes", "bytes"), .of_interface = true,
     .help = "Octets of these frames on the wire."},
    {COUNTER("capture_dropped", "drops"), .by = "where", .of_interface = true,
     .help = "Frames dropped by the kernel, as capture was too slow, or by the interface."},
    {COUNTER("undecoded", "undecoded"), .by = "reason",
     .help = "Frames in which DNS may have been lost, as they could not be decoded."},
    {COUNTER("not_dns", "not_dns"), .by = "reason",
     .help = "Frames that were decoded and completed no DNS message."},
    {COUNTER("reassembly_losses", "losses"), .by = "kind", .except = "tcp-gap-octets",
     .help = "What fragments and TCP streams never completed."},
    {COUNTER("tcp_gap_bytes", "losses.tcp-gap-octets"),
     .help = "Octets missing in TCP streams."},
    {COUNTER("overflow", "overflow"), .by = "table",
     .help = "Queries whose prefix, its detail, or name a table had no room for; and findings "
             "for which too many incidents were open."},
    {COUNTER("late_messages", "late"),
     .help = "Messages with a time before the interval they are counted in."},
    {COUNTER("not_stored", "not_stored"),
     .help = "Minutes, hours and events that could not be stored, and are lost."},

    {COUNTER("queries", "qtype"), .by = "qtype",
     .help = "Queries by type."},
    {COUNTER("queries_by_transport", "queries_by"), .by_transport = true,
     .help = "Queries by transport and IP version."},
    {COUNTER("responses", "rcode"), .by = "rcode",
     .help = "Responses by rcode."},
    {COUNTER("responses_by_transport", "responses_by"), .by_transport = true,
     .help = "Responses by transport and IP version."},
    {COUNTER("malformed", "defects"), .by = "reason",
     .help = "Messages that are malformed behind their header."},
    {COUNTER("junk_queries", "junk"), .by = "class",
     .help = "Queries by class of junk, and legitimate ones. Exact while "
             "rootwatch_junk_estimated_queries_total stands still; else identical, repeated "
             "and referral-not-cached are estimates, and their sum is exact."},
    {COUNTER("junk_estimated_queries", "junk_estimated"),
     .help = "Queries that are in their class of junk by estimate."},

    {GAUGE("incidents_open", "incidents_open"), .by = "severity",
     .help = "Incidents that are open."},
    {GAUGE("usual_queries_per_second", "usual_qps"),
     .help = "Usual rate of all queries at this hour; missing while it is not known."},
    {GAUGE("last_interval_lossy", "lossy"),
     .help = "1: more than a hundredth of the last interval's frames was dropped."},
    {GAUGE("last_interval_sources", "sources"),
     .help = "Prefixes (/24, IPv6: /48) that sent a query in the last interval."},
};

/* Of the rows of leading prefixes. */
static const struct series prefix_queries = {
    GAUGE("leading_prefix_queries_per_second", "queries"),
    .help = "Queries of the prefixes that led the last interval: at most 20, each with at least "
            "a hundredth of all."};
static const struct series prefix_hosts = {
    GAUGE("leading_prefix_hosts", "hosts"),
    .help = "Hosts of these prefixes that sent a query in the last interval."};

/* There whatever the status is. */
static const struct series build = {
    GAUGE("build_info", ""),
    .help = "Always 1; the version is the label."};
static const struct series up = {
    GAUGE("up", ""),
    .help = "1: capture goes on. 0: the last interval is old, or there is none; nothing of it "
            "is told then."};
static const struct series last = {
    GAUGE("last_interval_timestamp_seconds", "time"),
    .help = "When the last interval ended, since 1970."};

/* clang-format on */

/* A text on its way, and the series whose HELP and TYPE were written last. */
struct writing {
    FILE *to;
    const struct series *begun;
    const char *interface;
    unsigned labels; /* of the sample under way */
};

static void begin_sample(struct writing *w, const struct series *s)
{
    if (w->begun != s)
        (void)fprintf(w->to, "# HELP %s %s\n# TYPE %s %s\n", s->name, s->help, s->name,
                      s->type);
    w->begun = s;
    w->labels = 0;
    (void)fputs(s->name, w->to);
}

/* The format's three escapes; the text is valid UTF-8, as all JSON is. */
static void put_label(struct writing *w, const char *name, const char *value)
{
    (void)fprintf(w->to, "%c%s=\"", w->labels++ == 0 ? '{' : ',', name);
    for (const char *c = value; *c != '\0'; c++) {
        if (*c == '\n')
            (void)fputs("\\n", w->to);
        else if (*c == '\\' || *c == '"')
            (void)fprintf(w->to, "\\%c", *c);
        else
            (void)fputc(*c, w->to);
    }
    (void)fputc('"', w->to);
}

/* Counts as they are, as far as a double has them: so far Prometheus does, too. */
static void end_sample(struct writing *w, double value)
{
    bool whole = value == floor(value) && fabs(value) < 0x1p53;
    if (w->labels > 0)
        (void)fputc('}', w->to);
    (void)fprintf(w->to, whole ? " %.0f\n" : " %.15g\n", value);
}

static void put_number(struct writing *w, const struct series *s, double value)
{
    begin_sample(w, s);
    if (s->of_interface)
        put_label(w, "interface", w->interface);
    end_sample(w, value);
}

static bool is_value(const json_t *value)
{
    return json_is_number(value) || json_is_boolean(value);
}

static double value_of(const json_t *value)
{
    return json_is_true(value) ? 1 : json_number_value(value);
}

/* "udp4" */
static void put_transport(struct writing *w, const char *key)
{
    char transport[8];
    size_t letters = strcspn(key, "46");
    (void)snprintf(transport, sizeof transport, "%.*s", (int)letters, key);
    put_label(w, "transport", transport);
    put_label(w, "family", strcmp(key + letters, "4") == 0 ? "ipv4" : "ipv6");
}

static void put_object(struct writing *w, const struct series *s, json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        if (!is_value(value) || (s->except != NULL && strcmp(key, s->except) == 0))
            continue;
        begin_sample(w, s);
        if (s->of_interface)
            put_label(w, "interface", w->interface);
        if (s->by_transport)
            put_transport(w, key);
        else
            put_label(w, s->by, key);
        end_sample(w, value_of(value));
    }
}

/* What is at "totals.losses.tcp-gaps"; NULL: there is nothing. */
static json_t *find(const json_t *status, const char *place)
{
    json_t *at = (json_t *)status;
    for (const char *key = place; at != NULL && key != NULL;) {
        const char *dot = strchr(key, '.');
        char name[32];
        (void)snprintf(name, sizeof name, "%.*s",
                       dot == NULL ? (int)strlen(key) : (int)(dot - key), key);
        at = json_object_get(at, name);
        key = dot == NULL ? NULL : dot + 1;
    }
    return at;
}

static double number_at(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static bool leads(const json_t *row)
{
    return number_at(row, "share") >= prefix_share &&
           json_is_string(json_object_get(row, "prefix"));
}

/* Numbers of the rows, `per_s` seconds. */
static void put_prefixes(struct writing *w, const struct series *s, const json_t *status,
                         double per_s)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(status, "prefixes"), i, row)
    {
        if (!leads(row))
            continue;
        begin_sample(w, s);
        put_label(w, "prefix", json_string_value(json_object_get(row, "prefix")));
        end_sample(w, number_at(row, s->place) / per_s);
    }
}

static void put_status(struct writing *w, const json_t *status)
{
    double length_s = number_at(status, "length_s");
    const char *interface = json_string_value(json_object_get(status, "interface"));
    w->interface = interface != NULL ? interface : "";
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct series *s = &table[i];
        bool many = s->by != NULL || s->by_transport;
        json_t *value = find(status, s->place);
        if (many)
            put_object(w, s, value);
        else if (is_value(value))
            put_number(w, s, value_of(value));
    }
    if (length_s > 0)
        put_prefixes(w, &prefix_queries, status, length_s);
    put_prefixes(w, &prefix_hosts, status, 1);
}

bool metrics_is_fresh(const json_t *status, double now_s)
{
    double longest_s = fmax(number_at(status, "interval_s"), number_at(status, "length_s"));
    double age_s = now_s - number_at(status, "time");
    return fabs(age_s) <= fresh_intervals * longest_s + fresh_s;
}

/* A comment line may hold anything but the end of it. */
static void put_comment(struct writing *w, const char *text)
{
    (void)fputs("# rootwatch_up is 0: ", w->to);
    for (const char *c = text; *c != '\0'; c++)
        (void)fputc(iscntrl((unsigned char)*c) ? '?' : *c, w->to);
    (void)fputc('\n', w->to);
}

static void put_state(struct writing *w, const struct metrics_view *v, bool fresh)
{
    begin_sample(w, &build);
    put_label(w, "version", v->version);
    end_sample(w, 1);
    if (v->status == NULL)
        put_comment(w, v->why_none);
    else if (!fresh)
        put_comment(w, "the last interval is old; does `rootwatch run` capture?");
    put_number(w, &up, fresh);
    if (v->status != NULL)
        put_number(w, &last, number_at(v->status, last.place));
}

char *metrics_text(const struct metrics_view *v)
{
    char *text = NULL;
    size_t size;
    struct writing w = {.to = open_memstream(&text, &size)};
    if (w.to == NULL)
        return NULL;
    bool fresh = v->status != NULL && metrics_is_fresh(v->status, v->now_s);
    put_state(&w, v, fresh);
    if (fresh)
        put_status(&w, v->status);
    bool good = !ferror(w.to);
    if (fclose(w.to) == 0 && good)
        return text;
    free(text);
    return NULL;
}

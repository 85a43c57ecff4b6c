/* SPDX-License-Identifier: MIT */
#include "program/summary.h"

#include "analysis/code_name.h"
#include "program/counts_json.h"
#include "program/summary_origins.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NS = 1000000000, TOP_CODES = 12, TOP_NAMES = 10 };

/* A /24 or /48 with what is known of it: a record, or a bare count. */
struct row {
    struct prefix prefix;
    uint64_t queries;
    const struct prefix_record *record; /* NULL: only counted */
};

/* The leading prefixes, and what is known of all: those may be sixteen million. */
struct rows {
    const struct prefix_counts *of;
    struct row *row;
    size_t keep; /* at most so many lead */
    size_t count;
    size_t room;
    bool cut; /* the first `keep` are sorted, and what does not lead them needs no room */
    uint64_t prefixes; /* all */
    uint64_t hosts4;   /* distinct IPv4 addresses; a /24 without a record had one at least */
};

static int by_queries(const void *a, const void *b)
{
    const struct row *x = a;
    const struct row *y = b;
    if (x->queries != y->queries)
        return x->queries < y->queries ? 1 : -1;
    return (x->prefix.bits > y->prefix.bits) - (x->prefix.bits < y->prefix.bits);
}

static void keep_leading(struct rows *r)
{
    qsort(r->row, r->count, sizeof *r->row, by_queries);
    r->cut = r->count > r->keep;
    if (r->cut)
        r->count = r->keep;
}

static void add_row(struct rows *r, struct row row)
{
    r->prefixes++;
    if (prefix_family(row.prefix) == 4)
        r->hosts4 += row.record == NULL ? 1 : prefix_counts_hosts(r->of, row.record);
    if (r->cut && (r->keep == 0 || by_queries(&row, &r->row[r->keep - 1]) > 0))
        return;
    if (r->count == r->room)
        keep_leading(r);
    if (r->count < r->room)
        r->row[r->count++] = row;
}

static void add_bare(void *argument, struct prefix p, uint32_t queries)
{
    add_row(argument, (struct row){p, queries, NULL});
}

static void count_bare(void *argument, struct prefix p, uint32_t queries)
{
    (void)p;
    (void)queries;
    ++*(size_t *)argument;
}

/* The leading `most` prefixes, most queries first; the caller frees row. */
static bool sort_prefixes(const struct counters *run, size_t most, struct rows *r)
{
    enum { BEYOND = 4096 }; /* rows beside those kept, between two sortings */
    uint32_t count;
    size_t all = 0;
    const struct prefix_record *record = prefix_counts_records(run->prefixes, &count);
    prefix_counts_bare(run->prefixes, count_bare, &all);
    all += count;
    *r = (struct rows){.of = run->prefixes, .keep = most < all ? most : all};
    r->room = all - r->keep < BEYOND + r->keep ? all : 2 * r->keep + BEYOND;
    r->row = malloc((r->room + 1) * sizeof *r->row);
    if (r->row == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (record[i].queries > 0)
            add_row(r, (struct row){record[i].prefix, record[i].queries, &record[i]});
    prefix_counts_bare(run->prefixes, add_bare, r);
    keep_leading(r);
    return true;
}

/* Of `queries` those in no class. */
static uint64_t unjudged(uint64_t queries, const struct junk_counts *junk)
{
    return queries - junk->queries[JUNK_LEGITIMATE] - junk_sum(junk->queries);
}

static json_t *opcodes_json(const struct counters *run)
{
    json_t *object = json_object();
    char text[CODE_NAME_BYTES];
    for (uint16_t i = 0; i < COUNTERS_OPCODES; i++)
        counts_set_if_any(object, code_name(CODE_OPCODE, i, text), run->opcode[i]);
    return object;
}

static json_t *row_json(const struct summary *s, const struct row *r)
{
    json_t *row = counts_row_json(s->run, r->prefix, r->queries, r->record);
    if (s->origins != NULL)
        summary_origins_annotate(row, s->origins, r->prefix);
    return row;
}

static json_t *prefixes_json(const struct summary *s, const struct rows *r)
{
    json_t *array = json_array();
    for (size_t i = 0; i < r->count; i++)
        json_array_append_new(array, row_json(s, &r->row[i]));
    return array;
}

/* Classes with queries, and what is in none; the sum is all queries. */
static json_t *junk_json(uint64_t queries, const struct junk_counts *junk)
{
    json_t *object = json_object();
    for (unsigned i = 0; i < JUNK_CLASSES; i++)
        counts_set_if_any(object, junk_class_name(i), junk->queries[i]);
    counts_set_if_any(object, "unreadable", unjudged(queries, junk));
    return object;
}

static void set_junk(json_t *body, const struct summary *s)
{
    const struct junk_counts junk = junk_split(&s->run->junk);
    json_t *rests_on =
            json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}", "tlds", s->tlds, "questions_forgotten",
                      (json_int_t)junk.forgotten, "youngest_s", (json_int_t)junk.youngest_s,
                      "half_kept_s", (json_int_t)junk_half_kept_s(&junk), "estimated",
                      (json_int_t)junk.estimated, "one_in",
                      (json_int_t)(junk.one_in > 0 ? junk.one_in : 1));
    json_object_set_new(body, "junk", junk_json(s->run->queries, &junk));
    json_object_set_new(body, "junk_rests_on", rests_on);
}

static json_t *overflow_json(const struct summary *s)
{
    json_t *object = json_object();
    struct prefix_totals t = prefix_counts_totals(s->run->prefixes);
    counts_set_if_any(object, "prefix-detail", t.bare);
    counts_set_if_any(object, "prefix", t.lost);
    counts_set_if_any(object, "names", names_lost(s->run->names));
    counts_set_if_any(object, "late", s->run->late);
    counts_set_if_any(object, "incidents", s->turned_away);
    counts_set_if_any(object, "not-stored", s->writer.failed + s->writer.dropped);
    return object;
}

/* The latest event of each incident, in the order they opened. */
static json_t *incidents_json(const json_t *events)
{
    json_t *latest = json_object();
    json_t *array = json_array();
    const char *id;
    json_t *e;
    for (size_t i = 0; i < json_array_size(events); i++) {
        e = json_array_get(events, i);
        json_object_set(latest, json_string_value(json_object_get(e, "id")), e);
    }
    json_object_foreach(latest, id, e) json_array_append(array, e);
    json_decref(latest);
    return array;
}

static void set_reasons(json_t *body, const struct source_counts *source)
{
    struct reasons reasons = {.verdict = {0}};
    reasons_add_source(&reasons, source);
    reasons_set(body, &reasons);
}

static json_t *body_json(const struct summary *s, const struct rows *r)
{
    const struct counters *c = s->run;
    json_t *qtype = counts_tally_json(&c->qtype, CODE_QTYPE);
    counts_set_if_any(qtype, "unreadable", c->unreadable);
    json_t *body = json_object();
    json_object_set_new(body, "queries", counts_number(c->queries));
    json_object_set_new(body, "responses", counts_number(c->responses));
    json_object_set_new(body, "malformed", counts_number(c->malformed));
    json_object_set_new(body, "queries_by", counts_transports_json(c->queries_by));
    json_object_set_new(body, "responses_by", counts_transports_json(c->responses_by));
    json_object_set_new(body, "qtype", qtype);
    json_object_set_new(body, "qclass", counts_tally_json(&c->qclass, CODE_QCLASS));
    json_object_set_new(body, "opcode", opcodes_json(c));
    json_object_set_new(body, "rcode", counts_tally_json(&c->rcode, CODE_RCODE));
    json_object_set_new(body, "edns",
                        json_pack("{s:I, s:I}", "queries_with_opt", (json_int_t)c->edns,
                                  "queries_do", (json_int_t)c->dnssec_ok));
    json_object_set_new(body, "flags",
                        json_pack("{s:I, s:I, s:I}", "queries_rd",
                                  (json_int_t)c->recursion_desired, "responses_tc",
                                  (json_int_t)c->truncated, "responses_aa",
                                  (json_int_t)c->authoritative));
    json_object_set_new(body, "sources",
                        json_pack("{s:I, s:I, s:I, s:I}", "ipv4", (json_int_t)r->hosts4, "ipv6",
                                  (json_int_t)distinct_count(&c->addresses6), "ipv6_64",
                                  (json_int_t)distinct_count(&c->networks6), "prefixes",
                                  (json_int_t)r->prefixes));
    json_object_set_new(body, "prefixes", prefixes_json(s, r));
    if (s->origins != NULL &&
        json_object_set_new(body, "origins",
                            summary_origins_json(c, s->origins, s->prefixes)) != 0) {
        json_decref(body);
        return NULL;
    }
    json_object_set_new(body, "names", counts_names_json(c->names, TOP_NAMES));
    json_object_set_new(body, "tlds", counts_names_json(c->tlds, TOP_NAMES));
    set_junk(body, s);
    set_reasons(body, &c->source);
    json_object_set_new(body, "cut_messages", counts_number(c->cut));
    json_object_set_new(body, "drops",
                        json_pack("{s:I, s:I}", "kernel", (json_int_t)c->source.kernel_drops,
                                  "interface", (json_int_t)c->source.interface_drops));
    json_object_set_new(body, "overflow", overflow_json(s));
    json_object_set_new(body, "incidents", incidents_json(s->events));
    return body;
}

bool summary_json(const struct summary *s, FILE *to)
{
    struct rows rows;
    if (!sort_prefixes(s->run, s->prefixes, &rows))
        return false;
    json_t *body = body_json(s, &rows);
    free(rows.row);
    char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(body);
    if (text == NULL)
        return false;
    /* The times have more digits than a double, so the head is written by hand. */
    const struct source_counts *c = &s->run->source;
    fprintf(to,
            "{\"schema\":\"rootwatch-summary/1\",\"files\":%u,\"frames\":%" PRIu64
            ",\"first_time\":%" PRId64 ".%09" PRId64 ",\"last_time\":%" PRId64 ".%09" PRId64
            ",%s\n",
            s->files, c->frames, c->first_time_ns / NS, c->first_time_ns % NS,
            c->last_time_ns / NS, c->last_time_ns % NS, text + 1);
    free(text);
    return fflush(to) == 0 && !ferror(to);
}

static const char *time_text(int64_t time_ns, char text[static 32])
{
    time_t at = (time_t)(time_ns / NS);
    struct tm utc;
    gmtime_r(&at, &utc);
    (void)strftime(text, 32, "%Y-%m-%d %H:%M:%S UTC", &utc);
    return text;
}

static double percent(uint64_t part, uint64_t all)
{
    return all == 0 ? 0 : 100.0 * (double)part / (double)all;
}

static void print_head(const struct summary *s, FILE *to)
{
    const struct counters *c = s->run;
    char first[32];
    char last[32];
    double seconds = (double)(c->source.last_time_ns - c->source.first_time_ns) / NS;
    if (c->source.frames == 0) {
        fprintf(to, "No frames.\n");
        return;
    }
    fprintf(to, "%s to %s\n", time_text(c->source.first_time_ns, first),
            time_text(c->source.last_time_ns, last));
    fprintf(to, "%" PRIu64 " frames: %" PRIu64 " queries, %" PRIu64 " responses",
            c->source.frames, c->queries, c->responses);
    if (seconds > 0)
        fprintf(to, "; %.1f queries/s", (double)c->queries / seconds);
    fprintf(to, "\n");
}

struct code_row {
    uint16_t number;
    uint64_t count;
};

static int by_count(const void *a, const void *b)
{
    const struct code_row *x = a;
    const struct code_row *y = b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return x->number - y->number;
}

static void print_tally(const char *title, const struct tally *t, enum code code, uint64_t all,
                        FILE *to)
{
    struct code_row *row = calloc(t->met + 1U, sizeof *row);
    if (row == NULL || t->met == 0) {
        free(row);
        return;
    }
    for (uint32_t i = 0; i < t->met; i++)
        row[i] = (struct code_row){t->touched[i], t->count[t->touched[i]]};
    qsort(row, t->met, sizeof *row, by_count);
    fprintf(to, "\n%s\n", title);
    for (uint32_t i = 0; i < t->met && i < TOP_CODES; i++) {
        char text[CODE_NAME_BYTES];
        fprintf(to, "  %-12s %14" PRIu64 "  %5.1f %%\n", code_name(code, row[i].number, text),
                row[i].count, percent(row[i].count, all));
    }
    if (t->met > TOP_CODES)
        fprintf(to, "  and %u more\n", t->met - TOP_CODES);
    free(row);
}

/* The types of one prefix that make most of it: "MX 68 %, A 30 %". */
static const char *types_text(const struct prefix_detail *d, uint64_t queries, char *text,
                              size_t size)
{
    enum { MOST = 3 };
    bool said[QTYPE_CLASSES] = {false};
    size_t used = 0;
    text[0] = '\0';
    for (unsigned n = 0; n < MOST && used < size; n++) {
        unsigned most = QTYPE_CLASSES;
        for (unsigned i = 0; i < QTYPE_CLASSES; i++)
            if (!said[i] && d->qtype[i] > 0 &&
                (most == QTYPE_CLASSES || d->qtype[i] > d->qtype[most]))
                most = i;
        if (most == QTYPE_CLASSES)
            break;
        said[most] = true;
        used += (size_t)snprintf(text + used, size - used, "%s%s %.0f %%", n == 0 ? "" : ", ",
                                 qtype_class_name(most), percent(d->qtype[most], queries));
    }
    return text;
}

static void print_prefixes(const struct summary *s, const struct rows *r, FILE *to)
{
    if (r->count == 0)
        return;
    fprintf(to, "\nLeading sources, of %" PRIu64 " prefix%s\n", r->prefixes,
            r->prefixes == 1 ? "" : "es");
    for (size_t i = 0; i < r->count; i++) {
        char text[PREFIX_TEXT_BYTES];
        char types[128];
        const struct row *row = &r->row[i];
        fprintf(to, "  %-22s %14" PRIu64 "  %5.1f %%", prefix_format(row->prefix, text),
                row->queries, percent(row->queries, s->run->queries));
        if (row->record != NULL) {
            struct prefix_detail d;
            prefix_counts_detail(s->run->prefixes, row->record, &d);
            uint32_t hosts = prefix_detail_hosts(&d, row->prefix);
            fprintf(to, "  %3u host%s  %s", hosts, hosts == 1 ? " " : "s",
                    types_text(&d, row->queries, types, sizeof types));
        }
        fprintf(to, "\n");
    }
}

static void print_names(const char *title, const struct names *names, uint64_t all, FILE *to)
{
    struct name_count leading[TOP_NAMES];
    unsigned count = names_leading(names, leading, TOP_NAMES);
    uint64_t error = 0;
    if (count == 0)
        return;
    fprintf(to, "\n%s\n", title);
    for (unsigned i = 0; i < count; i++) {
        char text[NAMES_TEXT_BYTES];
        names_text(leading[i].name, leading[i].name_bytes, text);
        fprintf(to, "  %-40s %14" PRIu64 "  %5.1f %%\n", text, leading[i].queries,
                percent(leading[i].queries, all));
        if (leading[i].error > error)
            error = leading[i].error;
    }
    if (error > 0)
        fprintf(to, "  (each at most %" PRIu64 " too many)\n", error);
}

static void print_class(const char *class, uint64_t queries, uint64_t all, FILE *to)
{
    if (queries > 0)
        fprintf(to, "  %-20s %14" PRIu64 "  %5.1f %%\n", class, queries, percent(queries, all));
}

static void print_forgotten(const struct junk_counts *junk, FILE *to)
{
    uint64_t half_s = junk_half_kept_s(junk);
    if (junk->forgotten == 0)
        return;
    fprintf(to, "; %" PRIu64 " questions forgotten, ", junk->forgotten);
    if (half_s > 0)
        fprintf(to, "half of them after %" PRIu64 " s or more", half_s);
    else
        fprintf(to, "more than half of them within 2 s");
}

static void print_junk(const struct summary *s, FILE *to)
{
    const struct junk_counts junk = junk_split(&s->run->junk);
    uint64_t all = s->run->queries;
    if (all == 0)
        return;
    fprintf(to, "\nJunk: %.1f %% of all queries\n", percent(junk_sum(junk.queries), all));
    for (unsigned i = 0; i < JUNK_CLASSES; i++)
        print_class(junk_class_name(i), junk.queries[i], all, to);
    print_class("(no question)", unjudged(all, &junk), all, to);
    fprintf(to, "  (top-level domains of %s", s->tlds);
    print_forgotten(&junk, to);
    if (junk.estimated > 0)
        fprintf(to,
                "; which of identical, repeated and referral-not-cached %" PRIu64
                " queries are is estimated from one question in %" PRIu64,
                junk.estimated, junk.one_in);
    fprintf(to, ")\n");
}

/* What there was of a kind, with its reasons; nothing where there was nothing. */
static void print_reasons(const struct reasons *r, enum reasons_kind kind, FILE *to)
{
    static const struct {
        const char *title, *unit;
    } headings[REASONS_KINDS] = {
            [REASONS_UNDECODED] = {"Not decoded, may have held DNS", "frames"},
            [REASONS_MALFORMED] = {"Malformed, counted all the same", "messages"},
            [REASONS_INCOMPLETE] = {"Never complete, a part did not come", NULL},
            [REASONS_OTHER] = {"Other frames, nothing lost", "frames"},
    };
    struct reason row[REASONS_ROWS];
    uint64_t whole = reasons_whole(r, kind);
    unsigned rows = reasons_list(r, kind, row);
    if (rows == 0)
        return;
    fprintf(to, "\n%s: %" PRIu64, headings[kind].title, reasons_count(r, kind));
    if (headings[kind].unit != NULL)
        fprintf(to, " of %" PRIu64 " %s", whole, headings[kind].unit);
    fprintf(to, "\n");
    for (unsigned i = 0; i < rows; i++) {
        fprintf(to, "  %-40s %14" PRIu64, row[i].words, row[i].count);
        if (headings[kind].unit != NULL)
            fprintf(to, "  %5.1f %%", percent(row[i].count, whole));
        fprintf(to, "\n");
    }
}

static void print_full(const struct summary *s, FILE *to)
{
    struct prefix_totals t = prefix_counts_totals(s->run->prefixes);
    if (t.bare > 0)
        fprintf(to,
                "Counted by prefix, but not by host and type, for lack of room: %" PRIu64
                " queries\n",
                t.bare);
    if (t.lost > 0)
        fprintf(to, "Counted in the totals alone, for lack of room: %" PRIu64 " queries\n",
                t.lost);
    if (s->turned_away > 0)
        fprintf(to, "Incidents not opened, too many being open: %" PRIu64 "\n", s->turned_away);
    if (s->writer.failed + s->writer.dropped > 0)
        fprintf(to, "Not stored: %" PRIu64 " minutes, hours or events\n",
                s->writer.failed + s->writer.dropped);
}

static void print_losses(const struct summary *s, FILE *to)
{
    const struct counters *c = s->run;
    struct reasons reasons = {.verdict = {0}};
    reasons_add_source(&reasons, &c->source);
    for (unsigned kind = 0; kind < REASONS_KINDS; kind++)
        print_reasons(&reasons, kind, to);
    fprintf(to, "\n");
    if (c->source.kernel_drops + c->source.interface_drops > 0)
        fprintf(to,
                "Dropped before they were seen: %" PRIu64 " frames by the kernel, %" PRIu64
                " by the interface\n",
                c->source.kernel_drops, c->source.interface_drops);
    if (c->cut > 0)
        fprintf(to, "Cut by the capture, counted with what there was: %" PRIu64 " messages\n",
                c->cut);
    if (c->late > 0)
        fprintf(to, "Out of order, counted later than they were: %" PRIu64 " messages\n",
                c->late);
    print_full(s, to);
}

static void print_incidents(const struct summary *s, FILE *to)
{
    fprintf(to, "\nIncidents%s\n", json_array_size(s->events) == 0 ? ": none" : "");
    for (size_t i = 0; i < json_array_size(s->events); i++) {
        const json_t *e = json_array_get(s->events, i);
        char text[32];
        time_text(json_integer_value(json_object_get(e, "time")) * NS, text);
        fprintf(to, "  %.16s %-6s %s  %s\n", text,
                json_string_value(json_object_get(e, "state")),
                json_string_value(json_object_get(e, "id")),
                json_string_value(json_object_get(e, "summary")));
    }
}

bool summary_print(const struct summary *s, FILE *to)
{
    struct rows rows;
    const struct counters *c = s->run;
    if (!sort_prefixes(c, s->prefixes, &rows))
        return false;
    print_head(s, to);
    if (c->source.frames == 0) {
        free(rows.row);
        return fflush(to) == 0 && !ferror(to);
    }
    print_tally("Queries by type", &c->qtype, CODE_QTYPE, c->queries, to);
    if (c->unreadable > 0)
        fprintf(to, "  %-12s %14" PRIu64 "  %5.1f %%\n", "unreadable", c->unreadable,
                percent(c->unreadable, c->queries));
    print_tally("Responses by rcode", &c->rcode, CODE_RCODE, c->responses, to);
    print_prefixes(s, &rows, to);
    if (s->origins != NULL && !summary_origins_print(c, s->origins, to)) {
        free(rows.row);
        return false;
    }
    print_names("Leading names", c->names, c->queries, to);
    print_names("Leading top-level domains", c->tlds, c->queries, to);
    print_junk(s, to);
    print_incidents(s, to);
    print_losses(s, to);
    free(rows.row);
    return fflush(to) == 0 && !ferror(to);
}

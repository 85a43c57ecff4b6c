/* SPDX-License-Identifier: MIT */
#include "analysis/aggregator.h"

#include "analysis/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MINUTE_RECORDS = 1 << 18, /* prefixes; more in one minute go to the hour at once */
    HOUR_RECORDS = 1 << 19,
    HOUR_RECORDS_RSSAC002 = 1 << 21, /* where each of its hosts is to be known */
    RUN_RECORDS = 1 << 19,
    MINUTE_NAMES = 1 << 13, /* buckets of six */
    HOUR_NAMES = 1 << 13,
    HOUR_TLDS = 1 << 10,
    RUN_NAMES = 1 << 13,
    NS = 1000000000,
    GOING_S = 300,      /* what is lost at most when the process is killed */
    FOLLOWED = 24,      /* prefixes followed for the archives, beside the culprits */
    FOLLOW_LEADING = 8, /* of each hour */
};

/* A prefix that stays in the minutes after it has led one hour. */
struct followed {
    struct prefix prefix;
    int64_t led_s; /* the latest hour it led */
};

struct aggregator {
    struct aggregator_told told;
    struct annotation *annotation;
    struct detector *detector;
    struct casebook *casebook;
    struct baseline baseline;
    struct counters *minute;
    struct prefix_counts *hour; /* NULL: not kept, nor the next three */
    struct names *hour_names, *hour_tlds;
    uint64_t hour_queries;
    struct rssac002_counts *rssac002; /* of the hour; NULL: not counted */
    struct address_set *sources6;     /* the same */
    uint64_t unplaced;    /* queries that found no record in their interval, of the hour */
    struct counters *run; /* NULL: not kept */
    int64_t minute_s;     /* start of the one that goes on */
    int64_t hour_s;
    int64_t covered_ns; /* of the minute */
    double excess;      /* queries of the minute that open incidents explain */
    bool unsound;       /* the minute lost frames, or queries are missed: it teaches nothing */
    bool going;         /* a minute goes on */
    struct reasons reasons[2]; /* of the minute before, and of this one so far */
    struct followed followed[FOLLOWED];
    struct explained explained; /* of the interval under way */
};

static struct counters *create_counters(uint32_t records, enum prefix_way way, uint32_t names,
                                        uint64_t seed, struct error *err)
{
    const struct counters_size size = {.prefix_records = records,
                                       .way = way,
                                       .name_buckets = names,
                                       .evict_names = true,
                                       .seed = seed};
    return counters_create(&size, err);
}

/* Without a table there is an annotation, too: one may be offered later. */
static bool create_detection(struct aggregator *a, const struct aggregator_settings *settings,
                             struct error *err)
{
    struct detector_limits detector = settings->detector;
    struct casebook_limits casebook = settings->casebook;
    a->annotation = annotation_create(settings->origins_age_s, settings->seed, err);
    if (a->annotation == NULL || !annotation_offer(a->annotation, settings->origins, err))
        return false;
    annotation_turn(a->annotation);
    detector.annotation = casebook.annotation = a->annotation;
    a->detector = detector_create(&detector, settings->seed, err);
    a->casebook = casebook_create(&casebook, settings->seed, err);
    return a->detector != NULL && a->casebook != NULL;
}

static bool create_rssac002(struct aggregator *a, uint64_t seed, struct error *err)
{
    a->rssac002 = calloc(1, sizeof *a->rssac002);
    if (a->rssac002 == NULL)
        return error_set(err, "no memory for the counts of RSSAC002");
    a->sources6 = address_set_create(ADDRESS_SET_MOST, seed, err);
    return a->sources6 != NULL;
}

static bool create_hour(struct aggregator *a, const struct aggregator_settings *settings,
                        struct error *err)
{
    uint32_t records = settings->rssac002 ? HOUR_RECORDS_RSSAC002 : HOUR_RECORDS;
    a->hour = prefix_counts_create(records, PREFIX_HASHED, err);
    a->hour_names = names_create(HOUR_NAMES, true, settings->seed, err);
    a->hour_tlds = names_create(HOUR_TLDS, true, settings->seed, err);
    return a->hour != NULL && a->hour_names != NULL && a->hour_tlds != NULL &&
           (!settings->rssac002 || create_rssac002(a, settings->seed, err));
}

struct aggregator *aggregator_create(const struct aggregator_settings *settings,
                                     const struct aggregator_told *told, struct error *err)
{
    struct aggregator *a = calloc(1, sizeof *a);
    if (a == NULL) {
        error_set(err, "no memory for an aggregator");
        return NULL;
    }
    a->told = *told;
    if (!create_detection(a, settings, err))
        goto fail;
    /* A minute's names are on their way to the hour's and the run's. */
    a->minute = create_counters(MINUTE_RECORDS, PREFIX_HASHED,
                                settings->run || settings->hours ? MINUTE_NAMES : 0,
                                settings->seed, err);
    if (settings->hours && !create_hour(a, settings, err))
        goto fail;
    if (settings->run)
        a->run = create_counters(RUN_RECORDS, PREFIX_DIRECT_WHEN_FULL, RUN_NAMES,
                                 settings->seed, err);
    if (a->minute != NULL && (a->run != NULL || !settings->run))
        return a;

fail:
    aggregator_free(a);
    return NULL;
}

void aggregator_free(struct aggregator *a)
{
    if (a == NULL)
        return;
    annotation_free(a->annotation);
    detector_free(a->detector);
    casebook_free(a->casebook);
    counters_free(a->minute);
    prefix_counts_free(a->hour);
    names_free(a->hour_names);
    names_free(a->hour_tlds);
    free(a->rssac002);
    address_set_free(a->sources6);
    counters_free(a->run);
    free(a);
}

static struct prefix_counts *run_prefixes(const struct aggregator *a)
{
    return a->run == NULL ? NULL : a->run->prefixes;
}

/* Where prefixes of a minute go when it ends, and in its course when it is full. */
static struct prefix_counts *beyond_minute(const struct aggregator *a)
{
    return a->hour != NULL ? a->hour : run_prefixes(a);
}

static void fill_counts(struct minute *m, const struct counters *c)
{
    m->queries = c->queries;
    m->responses = c->responses;
    m->malformed = c->malformed;
    m->junk = junk_split(&c->junk);
    m->edns = c->edns;
    m->dnssec_ok = c->dnssec_ok;
    for (unsigned i = 0; i < TRANSPORTS; i++) {
        m->queries_by[i] = c->queries_by[i];
        m->responses_by[i] = c->responses_by[i];
    }
    for (uint32_t i = 0; i < c->qtype.met; i++)
        m->qtype[qtype_class(c->qtype.touched[i])] += c->qtype.count[c->qtype.touched[i]];
    m->qtype[QTYPE_CLASS_OTHER] += c->unreadable;
    for (uint32_t i = 0; i < c->rcode.met; i++) {
        uint16_t rcode = c->rcode.touched[i];
        m->rcode[rcode < MINUTE_RCODE_OTHER ? rcode : MINUTE_RCODE_OTHER] +=
                c->rcode.count[rcode];
    }
    m->frames = c->source.frames;
    m->bytes = c->source.bytes;
    m->undecoded = counters_undecoded(&c->source);
    reasons_add_source(&m->reasons, &c->source);
    m->kernel_drops = c->source.kernel_drops;
    m->interface_drops = c->source.interface_drops;
    m->overflow = counters_overflow(c);
}

static void insert_prefix(struct minute *m, unsigned most, const struct prefix_record *r)
{
    if (m->prefixes == most && r->queries <= m->prefix[most - 1].queries)
        return;
    unsigned at = m->prefixes < most ? m->prefixes++ : most - 1;
    for (; at > 0 && m->prefix[at - 1].queries < r->queries; at--)
        m->prefix[at] = m->prefix[at - 1];
    m->prefix[at] = (struct minute_prefix){.prefix = r->prefix, .queries = r->queries};
}

static void fill_leading(struct minute *m, const struct counters *c)
{
    uint32_t count;
    const struct prefix_record *r = prefix_counts_records(c->prefixes, &count);
    for (uint32_t i = 0; i < count; i++) {
        if (r[i].queries == 0)
            continue;
        m->sources4 += prefix_family(r[i].prefix) == 4;
        m->sources6 += prefix_family(r[i].prefix) == 6;
        insert_prefix(m, MINUTE_LEADING, &r[i]);
    }
    for (unsigned i = 0; i < m->prefixes; i++)
        m->prefix[i].hosts = prefix_counts_hosts(
                c->prefixes, prefix_counts_find(c->prefixes, m->prefix[i].prefix));
}

/* A followed prefix is in the minute even when it asked nothing. */
static void fill_followed(struct minute *m, const struct counters *c, struct prefix p)
{
    for (unsigned i = 0; i < m->prefixes; i++)
        if (m->prefix[i].prefix.bits == p.bits) {
            m->prefix[i].watched = true;
            return;
        }
    if (m->prefixes == MINUTE_PREFIXES)
        return;
    const struct prefix_record *r = prefix_counts_find(c->prefixes, p);
    m->prefix[m->prefixes++] = (struct minute_prefix){
            .prefix = p,
            .queries = r == NULL ? 0 : r->queries,
            .hosts = r == NULL ? 0 : prefix_counts_hosts(c->prefixes, r),
            .watched = true,
    };
}

static void fill_prefixes(struct aggregator *a, struct minute *m)
{
    struct prefix culprit[CASEBOOK_OPEN_MAX];
    unsigned culprits = casebook_culprits(a->casebook, culprit);
    fill_leading(m, a->minute);
    for (unsigned i = 0; i < culprits; i++)
        fill_followed(m, a->minute, culprit[i]);
    for (unsigned i = 0; i < FOLLOWED; i++)
        if (a->followed[i].prefix.bits != 0)
            fill_followed(m, a->minute, a->followed[i].prefix);
}

static void end_minute(struct aggregator *a)
{
    struct minute_origins origins;
    annotation_minute(a->annotation, &origins);
    if (!a->going || a->covered_ns < NS / 2)
        return;
    struct minute m = {
            .start_s = a->minute_s,
            .covered_s = (uint32_t)((a->covered_ns + NS / 2) / NS),
            .usual_qps = (double)NAN,
            .spread_qps = (double)NAN,
            .origins = origins,
    };
    if (m.covered_s > MINUTE_COVERED_MAX_S)
        m.covered_s = MINUTE_COVERED_MAX_S;
    fill_counts(&m, a->minute);
    fill_prefixes(a, &m);
    if (!baseline_usual(&a->baseline, a->minute_s, &m.usual_qps, &m.spread_qps))
        m.usual_qps = m.spread_qps = (double)NAN;
    /* A minute that is not whole, was stretched or lost frames teaches nothing. */
    if (m.covered_s >= 55 && a->covered_ns < 66 * (int64_t)NS && !a->unsound)
        baseline_learn(&a->baseline, a->minute_s,
                       fmax(0, ((double)m.queries - a->excess) / m.covered_s));
    if (a->told.minute != NULL)
        a->told.minute(a->told.argument, &m);
}

/* The minute's counts go on to what lasts longer. */
static void empty_minute(struct aggregator *a)
{
    if (a->rssac002 != NULL)
        rssac002_count(a->rssac002, a->minute, a->covered_ns);
    if (a->hour != NULL) {
        prefix_counts_merge(a->hour, a->minute->prefixes, run_prefixes(a));
        names_merge(a->hour_names, a->minute->names);
        names_merge(a->hour_tlds, a->minute->tlds);
        a->hour_queries += a->minute->queries;
    }
    if (a->run != NULL) {
        struct prefix_counts *prefixes = a->minute->prefixes;
        if (a->hour != NULL)
            a->minute->prefixes = NULL; /* they come with the hour */
        counters_merge(a->run, a->minute, NULL);
        a->minute->prefixes = prefixes;
    }
    counters_clear(a->minute, NULL);
    a->covered_ns = 0;
    a->excess = 0;
    a->unsound = false;
}

/* The hour's leaders are followed from now on, in the places of those that led longest ago. */
static void follow_leading(struct aggregator *a)
{
    struct minute top = {.prefixes = 0};
    uint32_t count;
    const struct prefix_record *r = prefix_counts_records(a->hour, &count);
    for (uint32_t i = 0; i < count; i++)
        insert_prefix(&top, FOLLOW_LEADING, &r[i]);
    for (unsigned i = 0; i < top.prefixes; i++) {
        struct followed *to = &a->followed[0];
        for (struct followed *f = a->followed; f < a->followed + FOLLOWED; f++) {
            if (f->prefix.bits == top.prefix[i].prefix.bits) {
                to = f;
                break;
            }
            if (f->led_s < to->led_s)
                to = f;
        }
        *to = (struct followed){top.prefix[i].prefix, a->hour_s};
    }
}

static void clear_hour(struct aggregator *a)
{
    prefix_counts_clear(a->hour, NULL, 0);
    names_clear(a->hour_names);
    names_clear(a->hour_tlds);
    a->hour_queries = 0;
    if (a->rssac002 == NULL)
        return;
    memset(a->rssac002, 0, sizeof *a->rssac002);
    address_set_clear(a->sources6);
    a->unplaced = 0;
}

/* An hour without queries was captured all the same. */
static bool has_hour(const struct aggregator *a)
{
    return a->hour != NULL &&
           (a->hour_queries > 0 || (a->rssac002 != NULL && a->rssac002->captured_ms > 0));
}

/* What neither the interval's records nor the hour's had room for. */
static void note_overflow(struct aggregator *a)
{
    struct prefix_totals t = prefix_counts_totals(a->hour);
    a->rssac002->unplaced = a->unplaced + t.bare + t.lost;
    a->rssac002->refused6 = a->sources6->refused;
}

static void tell_hour(struct aggregator *a,
                      void (*tell)(void *argument, const struct aggregator_hour *hour))
{
    if (a->rssac002 != NULL)
        note_overflow(a);
    const struct aggregator_hour hour = {
            .start_s = a->hour_s,
            .queries = a->hour_queries,
            .prefixes = a->hour,
            .names = a->hour_names,
            .tlds = a->hour_tlds,
            .rssac002 = a->rssac002,
            .sources6 = a->sources6,
    };
    if (tell != NULL && has_hour(a))
        tell(a->told.argument, &hour);
}

static void end_hour(struct aggregator *a)
{
    if (!has_hour(a))
        return;
    follow_leading(a);
    tell_hour(a, a->told.hour);
    if (a->run != NULL)
        prefix_counts_merge(a->run->prefixes, a->hour, NULL);
    clear_hour(a);
}

static void begin_minute(struct aggregator *a, int64_t minute_s)
{
    static const struct reasons none;
    int64_t hour_s = minute_s - minute_s % 3600;
    if (hour_s != a->hour_s)
        end_hour(a);
    else if (minute_s / GOING_S != a->minute_s / GOING_S)
        tell_hour(a, a->told.going);
    a->hour_s = hour_s;
    a->reasons[0] = minute_s == a->minute_s + 60 ? a->reasons[1] : none;
    a->reasons[1] = none;
    a->minute_s = minute_s;
    a->going = true;
}

static void note_beginning(struct aggregator *a, const struct interval *interval)
{
    if (!detector_begins(a->detector))
        return;
    baseline_begin(&a->baseline);
    if (a->told.begins != NULL)
        a->told.begins(a->told.argument, interval->start_ns / NS, detector_level(a->detector));
}

/* Asks the detectors, and tells what becomes of incidents. */
static void look_closely(struct aggregator *a, const struct interval *interval)
{
    int64_t minute_s = a->minute_s;
    struct reasons recent = a->reasons[0];
    reasons_add(&recent, &a->reasons[1]);
    struct subject suspect[DETECTOR_SUSPECTS];
    struct finding found[DETECTOR_FINDINGS];
    casebook_explain(a->casebook, interval, &a->explained);
    unsigned findings = detector_interval(a->detector, interval, &a->explained, found);
    unsigned suspects = detector_suspects(a->detector, suspect);
    note_beginning(a, interval);

    double spread;
    struct casebook_view view = {
            .interval = interval,
            .history = beyond_minute(a),
            .reasons = &recent,
            .usual_qps = (double)NAN,
            .level_qps = detector_level(a->detector),
            .tell = a->told.event,
            .keep = a->told.evidence,
            .argument = a->told.argument,
    };
    (void)baseline_usual(&a->baseline, minute_s, &view.usual_qps, &spread);
    casebook_interval(a->casebook, &view, found, findings, suspect, suspects);
    a->excess += casebook_excess(a->casebook);
}

void aggregator_interval(struct aggregator *a, const struct interval *interval)
{
    int64_t minute_s = interval->start_ns / NS - interval->start_ns / NS % 60;
    if (a->going && minute_s != a->minute_s) {
        end_minute(a);
        if (annotation_has_offer(a->annotation))
            detector_turn(a->detector, a->minute->prefixes, minute_s);
        empty_minute(a);
        a->going = false;
    }
    if (!a->going)
        begin_minute(a, minute_s);
    reasons_add_source(&a->reasons[1], &interval->counters->source);
    counters_find_zones(interval->counters);
    annotation_interval(a->annotation, interval);
    if (!interval->seen)
        look_closely(a, interval);
    a->unsound |= interval->seen || interval->lossy || casebook_has_gap(a->casebook);
    a->covered_ns += interval->length_ns;
    counters_merge(a->minute, interval->counters, beyond_minute(a));
    if (a->rssac002 == NULL)
        return;
    address_set_merge(a->sources6, interval->counters->sources6);
    a->unplaced += counters_overflow(interval->counters);
}

void aggregator_pass_over(struct aggregator *a, const struct interval *interval)
{
    if (a->run == NULL)
        return;
    counters_find_zones(interval->counters);
    counters_merge(a->run, interval->counters, NULL);
}

void aggregator_end(struct aggregator *a)
{
    casebook_end(a->casebook, a->told.evidence, a->told.argument);
    end_minute(a);
    empty_minute(a);
    end_hour(a);
    a->going = false;
}

bool aggregator_offer_origins(struct aggregator *a, const struct origins *origins,
                              struct error *err)
{
    return annotation_offer(a->annotation, origins, err);
}

const struct origins *aggregator_origins(const struct aggregator *a)
{
    return annotation_origins(a->annotation);
}

double aggregator_usual(const struct aggregator *a)
{
    double usual;
    double spread;
    return baseline_usual(&a->baseline, a->minute_s, &usual, &spread) ? usual : (double)NAN;
}

void aggregator_watch(const struct aggregator *a, struct watch_list *watch)
{
    casebook_watch(a->casebook, watch);
}

const struct counters *aggregator_run(const struct aggregator *a)
{
    return a->run;
}

void aggregator_open(const struct aggregator *a, unsigned open[static INCIDENT_SEVERITIES])
{
    casebook_open(a->casebook, open);
}

uint64_t aggregator_turned_away(const struct aggregator *a)
{
    return casebook_turned_away(a->casebook);
}

static json_t *followed_json(const struct aggregator *a)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < FOLLOWED; i++) {
        char text[PREFIX_TEXT_BYTES];
        if (a->followed[i].prefix.bits != 0)
            json_array_append_new(array, json_pack("[s, I]",
                                                   prefix_format(a->followed[i].prefix, text),
                                                   (json_int_t)a->followed[i].led_s));
    }
    return array;
}

json_t *aggregator_json(const struct aggregator *a)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "detector", detector_json(a->detector), "casebook",
                     casebook_json(a->casebook), "total", baseline_json(&a->baseline),
                     "followed", followed_json(a));
}

static bool parse_followed(const json_t *array, struct aggregator *a)
{
    for (size_t i = 0; i < json_array_size(array) && i < FOLLOWED; i++) {
        const json_t *row = json_array_get(array, i);
        const char *text = json_string_value(json_array_get(row, 0));
        if (text == NULL || !prefix_parse(text, &a->followed[i].prefix) ||
            !json_to_time(json_array_get(row, 1), &a->followed[i].led_s)) {
            memset(a->followed, 0, sizeof a->followed);
            return false;
        }
    }
    return true;
}

bool aggregator_parse(const json_t *json, struct aggregator *a, struct error *err)
{
    struct error why[4];
    const bool good[] = {
            detector_parse(json_object_get(json, "detector"), a->detector, &why[0]),
            casebook_parse(json_object_get(json, "casebook"), a->casebook, &why[1]),
            baseline_parse(json_object_get(json, "total"), &a->baseline, &why[2]),
            parse_followed(json_object_get(json, "followed"), a) ||
                    error_set(&why[3], "the followed prefixes are not as they were written"),
    };
    bool all = true;
    for (unsigned i = 0; i < sizeof good / sizeof *good; i++) {
        const struct error before = *err;
        if (!good[i])
            all = error_set(err, "%s%s%s", all ? "" : before.text, all ? "" : "; ",
                            why[i].text);
    }
    return all;
}

void aggregator_note_id(struct aggregator *a, const char *id)
{
    casebook_note_id(a->casebook, id);
}

bool aggregator_knows_ids(const struct aggregator *a)
{
    return casebook_knows_ids(a->casebook);
}

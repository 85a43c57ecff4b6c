/* SPDX-License-Identifier: MIT */
#include "tests/support/case.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NETWORKS = 20, GAP_S = 2400, LOSS_S = 900 };
#define LOSS_FROM_S (CASE_FROM_S + 81 * INT64_C(3600)) /* 20 January 09:00 */

static const double daily[QTYPE_CLASSES] = {
        [QTYPE_CLASS_A] = .523,   [QTYPE_CLASS_PTR] = .118,   [QTYPE_CLASS_AAAA] = .092,
        [QTYPE_CLASS_A6] = .056,  [QTYPE_CLASS_MX] = .051,    [QTYPE_CLASS_NS] = .043,
        [QTYPE_CLASS_SOA] = .046, [QTYPE_CLASS_SRV] = .026,   [QTYPE_CLASS_ANY] = .021,
        [QTYPE_CLASS_TXT] = .009, [QTYPE_CLASS_OTHER] = .015,
};
static const double first_wave[QTYPE_CLASSES] = {
        [QTYPE_CLASS_MX] = .58,
        [QTYPE_CLASS_A] = .34,
        [QTYPE_CLASS_AAAA] = .05,
        [QTYPE_CLASS_A6] = .03,
};
static const double second_wave[QTYPE_CLASSES] = {
        [QTYPE_CLASS_MX] = .52,
        [QTYPE_CLASS_A] = .22,
        [QTYPE_CLASS_AAAA] = .14,
        [QTYPE_CLASS_A6] = .12,
};

static struct prefix network(const char *text)
{
    struct prefix p = {0};
    (void)prefix_parse(text, &p);
    return p;
}

struct prefix case_culprit(void)
{
    return network("207.244.46.0/24");
}

struct prefix case_network(unsigned n)
{
    static const char *const documented[] = {"198.51.100.0/24", "203.0.113.0/24",
                                             "192.0.2.0/24", "2001:db8:17::/48",
                                             "2001:db8:99::/48"};
    char text[PREFIX_TEXT_BYTES];
    if (n < sizeof documented / sizeof *documented)
        return network(documented[n]);
    (void)snprintf(text, sizeof text, "198.18.%u.0/24", 7 * n);
    return network(text);
}

/* -1 to 1, the same for the same time and stream. */
static double noise(int64_t time_s, unsigned stream)
{
    uint64_t x = (uint64_t)time_s / 60 * 0x9e3779b97f4a7c15u + stream * 0xd1342543de82ef95u;
    x ^= x >> 31;
    x *= 0xbf58476d1ce4e5b9u;
    x ^= x >> 29;
    return (double)(x >> 11) / (double)(UINT64_C(1) << 52) - 1;
}

static double usual_qps(int64_t time_s)
{
    double day = (double)(time_s % 86400) / 86400;
    return 3157 - 300 * cos(2 * M_PI * (day - .06)) - 60 * cos(4 * M_PI * day);
}

static double culprit_qps(int64_t time_s)
{
    if (time_s < CASE_BEGAN_S || time_s >= CASE_ENDED_S)
        return 0;
    return (time_s < CASE_SECOND_S ? 960 : 1700) * (1 + .02 * noise(time_s, 1));
}

static uint64_t count(double qps)
{
    return (uint64_t)llround(qps * 60);
}

static void add_types(struct minute *m, const double *part, double qps, unsigned stream)
{
    for (unsigned c = 0; c < QTYPE_CLASSES; c++) {
        double blur = 1 + .04 * noise(m->start_s / 5 + c, stream + c);
        m->qtype[c] += count(qps * part[c] * blur);
    }
}

static void sum_types(struct minute *m)
{
    for (unsigned c = 0; c < QTYPE_CLASSES; c++)
        m->queries += m->qtype[c];
}

static void add_answers(struct minute *m)
{
    m->responses = m->queries - m->queries / 300;
    m->junk.queries[JUNK_INVALID_TLD] = m->queries / 5;
    m->junk.queries[JUNK_REPEATED] = m->queries / 2;
    m->junk.queries[JUNK_LEGITIMATE] = m->queries - m->queries / 5 - m->queries / 2;
    m->rcode[MINUTE_NXDOMAIN] = m->responses * 52 / 100;
    m->rcode[MINUTE_REFUSED] = m->responses / 400;
    m->rcode[MINUTE_FORMERR] = m->responses / 300;
    m->rcode[MINUTE_SERVFAIL] = m->responses / 900;
    m->rcode[MINUTE_NOERROR] = m->responses;
    for (unsigned r = 1; r < MINUTE_RCODES; r++)
        m->rcode[MINUTE_NOERROR] -= m->rcode[r];
}

static void add_transport(struct minute *m)
{
    m->queries_by[TRANSPORT_TCP4] = m->queries / 60;
    m->queries_by[TRANSPORT_TCP6] = m->queries / 500;
    m->queries_by[TRANSPORT_UDP6] = m->queries / 9;
    m->queries_by[TRANSPORT_UDP4] = m->queries - m->queries_by[TRANSPORT_TCP4] -
                                    m->queries_by[TRANSPORT_TCP6] -
                                    m->queries_by[TRANSPORT_UDP6];
    m->edns = m->queries * 4 / 10;
    m->dnssec_ok = m->queries * 3 / 10;
}

/* What was stored on the 17th has none: it is of an older release. */
static void add_reasons(struct minute *m)
{
    struct reasons *r = &m->reasons;
    if (m->start_s < CASE_FROM_S + 86400)
        return;
    r->verdict[VERDICT_NOT_IP] = m->queries / 40;
    r->verdict[VERDICT_UNKNOWN_ETHERTYPE] = m->undecoded / 2;
    r->verdict[VERDICT_ENCRYPTED] = m->undecoded - m->undecoded / 2;
    r->verdict[VERDICT_MESSAGE] = m->queries + m->responses;
    r->unknown[UNKNOWN_ETHERTYPE] = (struct leading){0x88b5, m->undecoded / 2};
    r->defect[DEFECT_QUESTION_NAME] = m->malformed;
    r->defect[DEFECT_NONE] = m->queries + m->responses - m->malformed;
    r->loss[LOSS_TCP_UNFINISHED] = m->queries / 20000;
}

static void add_capture(struct minute *m)
{
    m->frames = m->queries + m->responses + m->queries / 40;
    m->bytes = m->frames * 130;
    m->undecoded = m->queries / 9000;
    m->malformed = m->queries / 3000;
    add_reasons(m);
    if (m->start_s >= LOSS_FROM_S && m->start_s < LOSS_FROM_S + LOSS_S)
        m->kernel_drops = count(45 + 30 * noise(m->start_s, 9));
}

static void add_source(struct minute *m, struct prefix p, double qps, uint32_t hosts,
                       bool watch)
{
    m->prefix[m->prefixes++] = (struct minute_prefix){p, count(qps), hosts, watch};
}

static void add_sources(struct minute *m)
{
    double culprit = culprit_qps(m->start_s);
    if (culprit > 0)
        add_source(m, case_culprit(), culprit, m->start_s < CASE_SECOND_S ? 5 : 7, true);
    for (unsigned n = 0; m->prefixes < MINUTE_LEADING; n++) {
        double qps = 61.0 / (1 + n * .18) * (1 + .08 * noise(m->start_s, 20 + n));
        add_source(m, case_network(n), qps, 40 - n, false);
    }
}

/* The culprit has no route; of one in forty nobody knows. */
static void add_origins(struct minute *m)
{
    struct minute_origins *o = &m->origins;
    o->known = true;
    o->unrouted = count(culprit_qps(m->start_s)) + m->queries / 100;
    o->unknown = m->queries / 40;
    o->routed = m->queries - o->unrouted - o->unknown;
    o->ases = 2000;
    o->prefixes = 5000;
    o->as[o->ases_listed++] = (struct minute_as){64496, o->routed / 5, "Example <Networks>"};
    o->as[o->ases_listed++] = (struct minute_as){64497, o->routed / 9, ""};
    o->announced[o->listed++] =
            (struct minute_announced){network("198.18.0.0/15"), 64496, o->routed / 6};
}

bool case_minute(int64_t start_s, struct minute *m)
{
    if (start_s >= CASE_GAP_S && start_s < CASE_GAP_S + GAP_S)
        return false;

    double slow = noise(start_s / 7200 * 7200, 2) * .006;
    double usual = usual_qps(start_s) * (1 + slow + .012 * noise(start_s / 300 * 300, 3));
    *m = (struct minute){.start_s = start_s, .covered_s = 60};
    add_types(m, daily, usual, 100);
    add_types(m, start_s < CASE_SECOND_S ? first_wave : second_wave, culprit_qps(start_s), 200);
    sum_types(m);
    add_answers(m);
    add_transport(m);
    add_capture(m);
    add_sources(m);
    m->sources4 = (uint64_t)(usual * 5.1);
    m->sources6 = (uint64_t)(usual * .9);
    m->usual_qps = usual_qps(start_s);
    m->spread_qps = 90;
    add_origins(m);
    return true;
}

struct hour {
    struct prefix prefix[NETWORKS + 1];
    uint64_t queries[NETWORKS + 1];
};

static void hour_add(struct hour *h, const struct minute *m)
{
    for (unsigned i = 0; i < m->prefixes; i++) {
        unsigned n = 0;
        while (h->prefix[n].bits != 0 && h->prefix[n].bits != m->prefix[i].prefix.bits)
            n++;
        h->prefix[n] = m->prefix[i].prefix;
        h->queries[n] += m->prefix[i].queries;
    }
}

static int by_prefix(const void *a, const void *b)
{
    const struct store_hour_row *x = a, *y = b;
    return (x->prefix.bits > y->prefix.bits) - (x->prefix.bits < y->prefix.bits);
}

static bool put_hour(struct store *s, int64_t hour_s, const struct hour *h, struct error *err)
{
    struct store_hour_row row[NETWORKS + 1];
    size_t rows = 0;
    for (; rows <= NETWORKS && h->prefix[rows].bits != 0; rows++)
        row[rows] = (struct store_hour_row){h->prefix[rows], (uint32_t)h->queries[rows], 7, 0};
    qsort(row, rows, sizeof *row, by_prefix);
    return store_put_hour(s, hour_s, row, rows, err);
}

static bool fill_hour(struct store *s, int64_t hour_s, struct error *err)
{
    struct hour hour = {0};
    struct minute m;
    bool any = false;

    for (int64_t t = hour_s; t < hour_s + 3600; t += 60) {
        if (!case_minute(t, &m))
            continue;
        if (!store_put_minute(s, &m, err))
            return false;
        hour_add(&hour, &m);
        any = true;
    }
    return !any || put_hour(s, hour_s, &hour, err);
}

static void add_type(struct incident *i, const char *type, double before, double now,
                     bool named)
{
    struct incident_type *t = &i->type[i->types++];
    (void)snprintf(t->qtype, sizeof t->qtype, "%s", type);
    t->before_qps = before;
    t->now_qps = now;
    t->queries = (uint64_t)(now * (double)(i->changed_s - i->began_s));
    t->named = named;
}

static void add_host(struct incident *i, unsigned host, uint64_t queries)
{
    struct incident_host *h = &i->host[i->hosts_listed++];
    *h = (struct incident_host){.address = {207, 244, 46, (uint8_t)host}, .queries = queries};
}

static void add_name(struct incident *i, const char *name, uint64_t queries, bool named)
{
    i->name[i->names++] = (struct incident_name){strdup(name), queries, named};
}

static void opened(struct incident *i)
{
    *i = (struct incident){.id = CASE_ID,
                           .kind = INCIDENT_PREFIX,
                           .wave = 1,
                           .began_s = CASE_BEGAN_S,
                           .opened_s = CASE_BEGAN_S + 9,
                           .changed_s = CASE_BEGAN_S + 9,
                           .prefix = {case_culprit()},
                           .prefixes = 1,
                           .rate_qps = 960,
                           .baseline_qps = .2,
                           .peak_qps = 960,
                           .share = .228,
                           .total_qps = 4210,
                           .usual_qps = 3240,
                           .queries = 8640,
                           .hosts = 5};
    add_type(i, "MX", .1, 557, true);
    add_type(i, "A", .1, 326, true);
    add_type(i, "AAAA", 0, 48, false);
    add_type(i, "A6", 0, 29, false);
    for (unsigned h = 0; h < 5; h++)
        add_host(i, 3 + 11 * h, 2400 - 300 * h);
    add_name(i, "example.net.", 310, true);
    add_name(i, "mail.example.org.", 204, false);
    (void)snprintf(i->summary, sizeof i->summary,
                   "207.244.46.0/24 sends 23 %% of all queries (960 q/s), mostly MX and A");
}

static void changed(struct incident *i)
{
    opened(i);
    incident_fini(i);
    i->wave = 2;
    i->changed_s = CASE_SECOND_S + 12;
    i->types = i->hosts_listed = i->names = 0;
    i->rate_qps = 1708;
    i->peak_qps = 1733;
    i->share = .374;
    i->total_qps = 4566;
    i->usual_qps = 2858;
    i->queries = UINT64_C(41481000);
    i->hosts = 7;
    add_type(i, "MX", .1, 888, true);
    add_type(i, "A", .1, 376, false);
    add_type(i, "AAAA", 0, 239, true);
    add_type(i, "A6", 0, 205, true);
    for (unsigned h = 0; h < 7; h++)
        add_host(i, 3 + 11 * h, 11000000 - 1600000 * h);
    add_name(i, "a.root-servers.net.", 1904211, true);
    add_name(i, "b.gtld-servers.net.", 1893870, true);
    add_name(i, "k.root-servers.net.", 1893122, true);
    add_name(i, "example.net.", 310922, false);
    add_name(i, "mail.example.org.", 208414, false);
    add_name(i, "<b>not\\032bold</b>.example.", 1204, false);
    (void)snprintf(i->summary, sizeof i->summary,
                   "207.244.46.0/24 sends 37 %% of all queries (1708 q/s): second wave, MX, "
                   "AAAA and A6");
}

static void closed(struct incident *i)
{
    changed(i);
    i->changed_s = i->closed_s = CASE_ENDED_S + 600;
    i->ended_s = CASE_ENDED_S;
    i->rate_qps = .1;
    i->share = 0;
    i->total_qps = 3410;
    i->usual_qps = 3395;
    i->queries = UINT64_C(279882000);
    i->lossy = true;
    i->drops = (struct incident_drops){
            .since_s = i->opened_s, .frames = UINT64_C(600000000), .kernel = 7000000};
    for (unsigned t = 0; t < i->types; t++)
        i->type[t].queries = (uint64_t)(i->type[t].now_qps * 39 * 3600 + 9e6);
    for (unsigned t = 0; t < i->types; t++)
        i->type[t].now_qps = 0;
    for (unsigned h = 0; h < i->hosts_listed; h++)
        i->host[h].queries *= 6;
    (void)snprintf(i->summary, sizeof i->summary,
                   "207.244.46.0/24 is back to its usual level after 51 hours");
}

static bool put_event(struct store *s, enum incident_state state,
                      void (*fill)(struct incident *i), struct error *err)
{
    struct incident_event e = {.state = state};
    fill(&e.incident);
    e.time_s = e.incident.changed_s;
    bool done = store_put_event(s, &e, err);
    incident_fini(&e.incident);
    return done;
}

bool case_events(struct store *s, struct error *err)
{
    return put_event(s, INCIDENT_OPENED, opened, err) &&
           put_event(s, INCIDENT_CHANGED, changed, err) &&
           put_event(s, INCIDENT_CLOSED, closed, err);
}

bool case_fill(struct store *s, int64_t from_s, int64_t to_s, struct error *err)
{
    bool done = store_begin(s, err);
    for (int64_t t = from_s; done && t < to_s; t += 3600)
        done = fill_hour(s, t, err);
    return done && store_commit(s, err);
}

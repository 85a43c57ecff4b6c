/* SPDX-License-Identifier: MIT */
#include "graphs/graph.h"

#include "graphs/palette.h"

#include <fontconfig/fontconfig.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What a graph needs while it is composed. */
struct easel {
    struct picture picture;
    const struct graph_scene *scene;
    struct archive_survey total; /* of SERIES_TOTAL */
    struct error *err;
};

typedef bool compose_function(struct easel *e);
static compose_function compose_qtype, compose_source, compose_share, compose_total,
        compose_transport, compose_rcode, compose_sources, compose_origin, compose_junk,
        compose_health;

static const struct row {
    const char *name, *heading, *axis, *words;
    unsigned height; /* of a full picture, in points */
    bool of_queries; /* its values reach all queries */
    bool latest;     /* continued by the rates of the last seconds */
    compose_function *compose;
} rows[GRAPHS] = {
        [GRAPH_QTYPE] = {"qtype", "Queries by type", "queries per second",
                         "Each type of query, one on top of the other.", 300, true, false,
                         compose_qtype},
        [GRAPH_SOURCE] = {"source", "Queries by source network", "queries per second",
                          "The busiest /24 and /48 networks on top of all others.", 300, true,
                          true, compose_source},
        [GRAPH_SHARE] = {"share", "Share of all queries", "percent of all queries",
                         "What part of all queries came from the culprit and from the next "
                         "busiest network.",
                         220, false, true, compose_share},
        [GRAPH_TOTAL] = {"total", "All queries against the usual level", "queries per second",
                         "The band is what is usual at this hour of the week.", 240, true, true,
                         compose_total},
        [GRAPH_TRANSPORT] = {"transport", "Queries by transport", "queries per second",
                             "UDP and TCP over IPv4 and IPv6, one on top of the other.", 220,
                             true, false, compose_transport},
        [GRAPH_RCODE] = {"rcode", "Responses by code", "responses per second",
                         "Each response code, one on top of the other.", 220, true, false,
                         compose_rcode},
        [GRAPH_SOURCES] = {"sources", "Distinct source networks", "networks in a minute",
                           "How many different /24 and /48 networks asked in a minute.", 200,
                           false, false, compose_sources},
        [GRAPH_ORIGIN] = {"origin", "Queries by route to their source", "queries per second",
                          "Whether the table of origins has an announcement for the source. "
                          "Unrouted sources cannot get an answer.",
                          220, true, false, compose_origin},
        [GRAPH_JUNK] = {"junk", "Queries by class of junk", "queries per second",
                        "What need not have been asked, by kind, on top of what is legitimate.",
                        240, true, false, compose_junk},
        [GRAPH_HEALTH] = {"health", "Capture health", "per second",
                          "Frames that were lost or could not be read. Grey: not captured.",
                          200, false, false, compose_health},
};

const char *graph_name(enum graph g)
{
    return rows[g].name;
}

const char *graph_heading(enum graph g)
{
    return rows[g].heading;
}

const char *graph_words(enum graph g)
{
    return rows[g].words;
}

bool graph_applies(enum graph g, const struct graph_scene *s)
{
    return (g != GRAPH_SHARE || s->culprits > 0) && (g != GRAPH_ORIGIN || s->origins);
}

static size_t format_time(char *text, size_t size, const char *format, int64_t time_s)
{
    struct tm tm;
    time_t t = time_s;
    gmtime_r(&t, &tm);
    return strftime(text, size, format, &tm);
}

static bool same(const char *format, int64_t a_s, int64_t b_s)
{
    char a[32] = "", b[32] = "";
    format_time(a, sizeof a, format, a_s);
    format_time(b, sizeof b, format, b_s);
    return strcmp(a, b) == 0;
}

static void join(char text[static GRAPH_TITLE_BYTES], const char *first, int64_t from_s,
                 const char *dash, const char *last, int64_t to_s)
{
    size_t used = format_time(text, GRAPH_TITLE_BYTES, first, from_s);
    used += (size_t)snprintf(text + used, GRAPH_TITLE_BYTES - used, "%s", dash);
    format_time(text + used, GRAPH_TITLE_BYTES - used, last, to_s);
}

/* Days where days are whole or many, else times of day. */
const char *graph_range(int64_t from_s, int64_t to_s, char text[static GRAPH_TITLE_BYTES])
{
    bool days =
            (from_s % 86400 == 0 && to_s % 86400 == 0) || to_s - from_s > INT64_C(5) * 86400;
    int64_t last_s = to_s - 1;

    if (days && same("%F", from_s, last_s))
        format_time(text, GRAPH_TITLE_BYTES, "%-d %B %Y", from_s);
    else if (days && same("%Y-%m", from_s, last_s))
        join(text, "%-d", from_s, "–", "%-d %B %Y", last_s);
    else if (days && same("%Y", from_s, last_s))
        join(text, "%-d %B", from_s, " – ", "%-d %B %Y", last_s);
    else if (days)
        join(text, "%-d %B %Y", from_s, " – ", "%-d %B %Y", last_s);
    else if (same("%F", from_s, last_s))
        join(text, "%-d %B %Y, %H:%M", from_s, "–", "%H:%M", to_s);
    else
        join(text, "%-d %b %H:%M", from_s, " – ", "%-d %b %Y %H:%M", to_s);
    return text;
}

/* "Share of all queries: 207.244.46.0/24"; cut to nothing it still says what it is. */
static void heading_of(enum graph g, const struct graph_scene *s, char *text, size_t size)
{
    char prefix[PREFIX_TEXT_BYTES];
    if (g != GRAPH_SHARE || s->culprits == 0)
        (void)snprintf(text, size, "%s", rows[g].heading);
    else if (s->culprits > 1)
        (void)snprintf(text, size, "Share of all queries: %u networks", s->culprits);
    else
        (void)snprintf(text, size, "Share of all queries: %s",
                       prefix_format(s->culprit[0], prefix));
}

const char *graph_alt(enum graph g, const struct graph_scene *s,
                      char text[static GRAPH_TITLE_BYTES])
{
    char range[GRAPH_TITLE_BYTES];
    char heading[128];
    heading_of(g, s, heading, sizeof heading);
    (void)snprintf(text, GRAPH_TITLE_BYTES, "%s, %.100s. %s", heading,
                   graph_range(s->from_s, s->to_s, range), rows[g].words);
    return text;
}

/* A small picture has no room for the range beside its heading. */
static void title(struct easel *e, enum graph g)
{
    char heading[128], range[GRAPH_TITLE_BYTES], text[GRAPH_TITLE_BYTES + 160], small[512];
    bool full = e->picture.size == PICTURE_FULL;

    heading_of(g, e->scene, heading, sizeof heading);
    graph_range(e->scene->from_s, e->scene->to_s, range);
    (void)snprintf(text, sizeof text, "%s%s%s", heading, full ? " · " : "", full ? range : "");
    (void)snprintf(small, sizeof small, "rootwatch · %s · %s%stimes in UTC", e->scene->site,
                   full ? "" : range, full ? "" : " · ");
    picture_title(&e->picture, text, rows[g].axis, small);
}

static const char *path_of(const struct easel *e, enum series_family f,
                           char path[static ARCHIVE_PATH_BYTES])
{
    return archive_path(e->scene->archive, f, (struct prefix){0}, path);
}

static void define(struct easel *e, const char *value, enum series_family f, const char *source)
{
    char path[ARCHIVE_PATH_BYTES];
    picture_define(&e->picture, value, path_of(e, f, path), source);
}

/* How far minutes tell of the range. */
static int64_t told_s(const struct graph_scene *s)
{
    int64_t last_s = archive_last(s->archive);
    return last_s > s->from_s && last_s < s->to_s && s->latest_s != 0 ? last_s : s->to_s;
}

bool graph_in_no_minute(const struct graph_scene *s)
{
    return s->latest_s != 0 && told_s(s) <= s->began_s;
}

static bool survey(struct easel *e, enum series_family f, struct archive_survey *out)
{
    char path[ARCHIVE_PATH_BYTES];
    return archive_file_survey(path_of(e, f, path), f, e->scene->from_s, told_s(e->scene), out,
                               e->err);
}

static void measured(struct picture_layer *l)
{
    (void)snprintf(l->maximum, sizeof l->maximum, "M%.10s", l->value);
}

/* Where nothing was captured, from top to bottom; drawn first. */
static void gap(struct easel *e)
{
    if (!e->total.gap)
        return;
    picture_add(&e->picture, "CDEF:gap=TIME,%" PRId64 ",LE,all,UN,*,INF,UNKN,IF",
                e->scene->to_s);
    struct picture_layer *l = picture_layer(&e->picture, PICTURE_AREA, "gap",
                                            palette_colour(PALETTE_GAP), "not captured");
    l->columns = false;
}

static void total_line(struct easel *e)
{
    measured(picture_layer(&e->picture, PICTURE_FINE, "all", palette_colour(PALETTE_TOTAL),
                           "all queries"));
}

static enum picture_style stacked(unsigned n)
{
    return n == 0 ? PICTURE_AREA : PICTURE_STACK;
}

/* Query types by their mean, most first; those that explain an incident come last, on top. */
struct type_order {
    double mean;
    enum qtype_class class;
    bool named;
};

static int by_mean(const void *a, const void *b)
{
    const struct type_order *x = a, *y = b;
    if (x->named != y->named)
        return x->named ? -1 : 1;
    return (x->mean < y->mean) - (x->mean > y->mean);
}

enum { TYPES_SHOWN = 7 };

static unsigned order_types(struct easel *e, const struct archive_survey *s,
                            struct type_order order[static QTYPE_CLASSES])
{
    unsigned count = 0;
    for (unsigned c = 0; c < QTYPE_CLASS_OTHER; c++) {
        if (s->mean[c] > 0)
            order[count++] = (struct type_order){s->mean[c], c, e->scene->named[c]};
    }
    qsort(order, count, sizeof *order, by_mean);
    return count < TYPES_SHOWN ? count : TYPES_SHOWN;
}

static void add_type(struct easel *e, const struct type_order *t, enum picture_style style)
{
    char value[12];
    const char *name = series_name(SERIES_QTYPE, t->class);
    (void)snprintf(value, sizeof value, "t%u", (unsigned)t->class);
    define(e, value, SERIES_QTYPE, name);
    measured(picture_layer(&e->picture, style, value, palette_qtype(t->class), name));
}

static void add_other_types(struct easel *e, const struct type_order *shown, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        define(e, (char[]){'o', (char)('a' + i), 0}, SERIES_QTYPE,
               series_name(SERIES_QTYPE, shown[i].class));
    char text[256] = "all";
    size_t used = 3;
    for (unsigned i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, ",o%c,-", 'a' + (int)i);
    picture_add(&e->picture, "CDEF:rest=%s,0,MAX", text);
    picture_layer(&e->picture, stacked(e->picture.layers - e->total.gap), "rest",
                  palette_qtype(QTYPE_CLASS_OTHER), "other types");
}

static bool compose_qtype(struct easel *e)
{
    struct archive_survey s;
    struct type_order order[QTYPE_CLASSES];
    if (!survey(e, SERIES_QTYPE, &s))
        return false;

    unsigned count = order_types(e, &s, order);
    unsigned named = 0;
    while (named < count && order[named].named)
        named++;
    for (unsigned i = named; i < count; i++)
        add_type(e, &order[i], stacked(i - named));
    add_other_types(e, order, count);
    for (unsigned i = named; i-- > 0;)
        add_type(e, &order[i], PICTURE_STACK);
    total_line(e);
    return true;
}

/* `value` is "r`value`" as far as minutes reach, then what the last seconds were. */
static void continue_to_latest(struct easel *e, const char *value, double qps)
{
    int64_t last_s = archive_last(e->scene->archive);
    static const char *const kind[] = {"", "M"};
    for (unsigned i = 0; i < 2; i++)
        picture_add(&e->picture,
                    "CDEF:%s%s=TIME,%" PRId64 ",GT,TIME,%" PRId64 ",LE,*,%.3f,%sr%s,IF",
                    kind[i], value, last_s, e->scene->latest_s, qps, kind[i], value);
}

static void define_prefix(struct easel *e, const char *value, struct prefix p)
{
    char path[ARCHIVE_PATH_BYTES];
    picture_define(&e->picture, value,
                   archive_path(e->scene->archive, SERIES_FOLLOWED, p, path), "queries");
}

/* Several culprits share the accent, each a little paler than the one before. */
static void culprit_colour(unsigned n, char colour[static 9])
{
    static const char *const pale[] = {"", "D0", "A8", "88", "70", "60", "50", "40"};
    (void)snprintf(colour, 9, "%s%s", palette_colour(PALETTE_CULPRIT), pale[n < 8 ? n : 7]);
}

static void define_culprit(struct easel *e, const char *value, unsigned n)
{
    char raw[12];
    (void)snprintf(raw, sizeof raw, "r%s", value);
    bool latest = e->scene->latest_s != 0;
    define_prefix(e, latest ? raw : value, e->scene->culprit[n]);
    if (latest)
        continue_to_latest(e, value, e->scene->latest_culprit_qps);
}

static struct picture_layer *add_prefix(struct easel *e, const char *value, struct prefix p,
                                        const char *colour)
{
    char label[PREFIX_TEXT_BYTES];
    struct picture_layer *l =
            picture_layer(&e->picture, PICTURE_STACK, value, colour, prefix_format(p, label));
    measured(l);
    return l;
}

static void subtract(char *text, size_t size, const char *value)
{
    size_t used = strlen(text);
    (void)snprintf(text + used, size - used, ",%s,UN,0,%s,IF,-", value, value);
}

static bool compose_source(struct easel *e)
{
    const struct graph_scene *s = e->scene;
    char rest[640] = "all", value[12], colour[9];

    for (unsigned i = 0; i < s->culprits; i++) {
        (void)snprintf(value, sizeof value, "c%u", i);
        define_culprit(e, value, i);
        subtract(rest, sizeof rest, value);
    }
    for (unsigned i = 0; i < s->others; i++) {
        (void)snprintf(value, sizeof value, "p%u", i);
        define_prefix(e, value, s->other[i]);
        subtract(rest, sizeof rest, value);
    }
    picture_add(&e->picture, "CDEF:rest=%s,0,MAX", rest);
    picture_layer(&e->picture, PICTURE_AREA, "rest", palette_colour(PALETTE_REST),
                  "all other networks");
    for (unsigned i = s->others; i-- > 0;) {
        (void)snprintf(value, sizeof value, "p%u", i);
        add_prefix(e, value, s->other[i], palette_nth(i))->columns = !graph_in_no_minute(s);
    }
    for (unsigned i = s->culprits; i-- > 0;) {
        (void)snprintf(value, sizeof value, "c%u", i);
        culprit_colour(i, colour);
        add_prefix(e, value, s->culprit[i], colour);
    }
    total_line(e);
    return true;
}

static struct picture_layer *add_share(struct easel *e, const char *value, const char *of,
                                       const char *colour, const char *label)
{
    picture_add(&e->picture, "CDEF:%s=%s,all,/,100,*", value, of);
    return picture_layer(&e->picture, PICTURE_LINE, value, colour, label);
}

static void define_culprits(struct easel *e)
{
    char sum[320] = "0", value[12];
    for (unsigned i = 0; i < e->scene->culprits; i++) {
        (void)snprintf(value, sizeof value, "c%u", i);
        define_culprit(e, value, i);
        size_t used = strlen(sum);
        (void)snprintf(sum + used, sizeof sum - used, ",%s,+", value);
    }
    picture_add(&e->picture, "CDEF:culprit=%s", sum);
}

static void culprit_label(const struct graph_scene *s, char label[static PICTURE_LABEL_BYTES])
{
    if (s->culprits > 1)
        (void)snprintf(label, PICTURE_LABEL_BYTES, "%u networks", s->culprits);
    else
        prefix_format(s->culprit[0], label);
}

static bool compose_share(struct easel *e)
{
    const struct graph_scene *s = e->scene;
    char label[PICTURE_LABEL_BYTES], prefix[PREFIX_TEXT_BYTES], tint[9];

    e->picture.digits = 1;
    picture_add(&e->picture, "--left-axis-format");
    picture_add(&e->picture, "%%.0lf %%%%");
    if (s->others > 0) {
        define_prefix(e, "next", s->other[0]);
        (void)snprintf(label, sizeof label, "%s (next busiest)",
                       prefix_format(s->other[0], prefix));
        struct picture_layer *l =
                add_share(e, "ns", "next", palette_colour(PALETTE_USUAL), label);
        l->style = PICTURE_FINE;
        l->columns = !graph_in_no_minute(s);
    }
    define_culprits(e);
    culprit_label(s, label);
    (void)snprintf(tint, sizeof tint, "%s33", palette_colour(PALETTE_CULPRIT));
    picture_add(&e->picture, "CDEF:tint=culprit,all,/,100,*");
    picture_layer(&e->picture, PICTURE_AREA, "tint", tint, "");
    add_share(e, "cs", "culprit", palette_colour(PALETTE_CULPRIT), label);
    return true;
}

static void define_band(struct easel *e)
{
    define(e, "usual", SERIES_TOTAL, "usual");
    define(e, "spread", SERIES_TOTAL, "spread");
    picture_add(&e->picture, "CDEF:low=usual,spread,3,*,-,0,MAX");
    picture_add(&e->picture, "CDEF:high=usual,spread,3,*,+");
    picture_add(&e->picture, "CDEF:band=high,low,-");
    picture_add(&e->picture, "CDEF:over=high,UN,UNKN,all,high,-,0,MAX,IF");
    picture_add(&e->picture, "CDEF:under=all,high,MIN");
}

static void add_tinted(struct easel *e, enum picture_style style, const char *value,
                       const char *colour, const char *alpha, const char *label)
{
    char tint[9];
    (void)snprintf(tint, sizeof tint, "%.6s%s", colour, alpha);
    struct picture_layer *l = picture_layer(&e->picture, style, value, tint, label);
    l->columns = false;
}

static void draw_band(struct easel *e)
{
    const char *usual = palette_colour(PALETTE_USUAL);
    const char *above = palette_colour(PALETTE_CULPRIT);

    define_band(e);
    add_tinted(e, PICTURE_AREA, "low", "FFFFFF", "00", "");
    add_tinted(e, PICTURE_STACK, "band", usual, "33", "usual ± 3 standard deviations");
    add_tinted(e, PICTURE_AREA, "under", "FFFFFF", "00", "");
    add_tinted(e, PICTURE_STACK, "over", above, "44", "above the usual range");
    measured(picture_layer(&e->picture, PICTURE_DASHED, "usual", usual, "usual level"));
}

static bool compose_total(struct easel *e)
{
    if (!isnan(e->total.mean[2])) /* known at some time in the range */
        draw_band(e);
    total_line(e);
    return true;
}

struct plain {
    const char *source, *label, *colour;
};

static void add_plain(struct easel *e, enum series_family f, const struct plain *row,
                      size_t count, bool lines)
{
    char value[12];
    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(value, sizeof value, "v%u", i);
        define(e, value, f, row[i].source);
        measured(picture_layer(&e->picture, lines ? PICTURE_LINE : stacked(i), value,
                               row[i].colour, row[i].label));
    }
}

#define PLAIN(table) (table), sizeof(table) / sizeof *(table)

static bool compose_transport(struct easel *e)
{
    static const struct plain plain[] = {{"udp4", "UDP over IPv4", "88CCEE"},
                                         {"udp6", "UDP over IPv6", "004488"},
                                         {"tcp4", "TCP over IPv4", "DDAA33"},
                                         {"tcp6", "TCP over IPv6", "BB5566"}};
    add_plain(e, SERIES_TRANSPORT, PLAIN(plain), false);
    return true;
}

static bool compose_rcode(struct easel *e)
{
    static const struct plain plain[] = {
            {"NOERROR", "NOERROR", "44AA99"},   {"NXDOMAIN", "NXDOMAIN", "DDCC77"},
            {"REFUSED", "REFUSED", "AA4499"},   {"FORMERR", "FORMERR", "332288"},
            {"SERVFAIL", "SERVFAIL", "882255"}, {"NOTIMP", "NOTIMP", "6699CC"},
            {"other", "other codes", "AAAAAA"}};
    add_plain(e, SERIES_RCODE, PLAIN(plain), false);
    return true;
}

static bool compose_sources(struct easel *e)
{
    static const struct plain plain[] = {{"sources6", "/48 networks (IPv6)", "DDAA33"},
                                         {"sources4", "/24 networks (IPv4)", "004488"}};
    e->picture.digits = 0;
    add_plain(e, SERIES_SOURCE, PLAIN(plain), true);
    return true;
}

static bool compose_junk(struct easel *e)
{
    static const struct plain plain[] = {
            {"legitimate", "legitimate", "BBBBBB"},
            {"referral-not-cached", "referral not cached", "88CCEE"},
            {"repeated", "repeated", "44AA99"},
            {"identical", "identical", "117733"},
            {"invalid-tld", "invalid TLD", "DDCC77"},
            {"a-for-a", "A for A", "CC6677"},
            {"rfc1918-ptr", "RFC 1918 PTR", "882255"},
            {"underscore", "underscore", "AA4499"},
            {"non-printable", "non-printable", "332288"},
            {"unused-class", "unused class", "999933"}};
    add_plain(e, SERIES_JUNK, PLAIN(plain), false);
    return true;
}

static bool compose_origin(struct easel *e)
{
    static const struct plain plain[] = {{"unrouted", "no route", "AA4499"},
                                         {"unknown", "origin not known", "DDDDDD"},
                                         {"routed", "announced", "88CCEE"}};
    add_plain(e, SERIES_ORIGIN, PLAIN(plain), false);
    return true;
}

static bool compose_health(struct easel *e)
{
    static const struct plain plain[] = {{"kernel", "dropped by the kernel", "BB5566"},
                                         {"interface", "dropped by the interface", "DDAA33"},
                                         {"undecoded", "not decoded", "004488"},
                                         {"malformed", "malformed messages", "66CCEE"},
                                         {"overflow", "not counted by source", "228833"}};
    e->picture.digits = 2;
    picture_add(&e->picture, "--upper-limit");
    picture_add(&e->picture, "1");
    define(e, "cov", SERIES_HEALTH, "covered");
    picture_add(&e->picture, "CDEF:part=cov,0.98,LT,INF,UNKN,IF");
    add_tinted(e, PICTURE_AREA, "part", palette_colour(PALETTE_GAP), "88", "partly captured");
    add_plain(e, SERIES_HEALTH, PLAIN(plain), false);
    return true;
}

static void put_moments(struct easel *e)
{
    static const char *const words[] = {[INCIDENT_OPENED] = "opened",
                                        [INCIDENT_CHANGED] = "updated",
                                        [INCIDENT_CLOSED] = "closed"};
    char text[sizeof e->picture.mark->text], when[32];
    for (unsigned i = 0; i < e->scene->moments; i++) {
        const struct graph_moment *m = &e->scene->moment[i];
        format_time(when, sizeof when, "%d %b %H:%M", m->time_s);
        (void)snprintf(text, sizeof text, "%s  %-7s  %s", when, words[m->state], m->text);
        picture_mark(&e->picture, m->time_s, text);
    }
}

/* Whether something is known of the time before the incident began. */
static bool known_before(struct easel *e)
{
    char path[ARCHIVE_PATH_BYTES];
    struct archive_survey s;
    struct error ignored;
    const struct graph_scene *scene = e->scene;

    return scene->began_s > scene->from_s + ARCHIVE_STEP_S &&
           archive_file_survey(path_of(e, SERIES_TOTAL, path), SERIES_TOTAL, scene->from_s,
                               scene->began_s - ARCHIVE_STEP_S, &s, &ignored) &&
           !isnan(s.mean[0]);
}

static unsigned height_of(enum graph g, enum picture_size size)
{
    return size == PICTURE_THUMB ? 60 : size == PICTURE_SMALL ? 150 : rows[g].height;
}

static bool prepare(struct easel *e, enum graph g, enum picture_size size, unsigned scale)
{
    const struct graph_scene *s = e->scene;
    if (!survey(e, SERIES_TOTAL, &e->total))
        return false;
    e->picture = (struct picture){.size = size,
                                  .scale = scale,
                                  .height = height_of(g, size),
                                  .from_s = s->from_s,
                                  .to_s = s->to_s,
                                  .began_s = s->began_s,
                                  .ended_s = s->ended_s != 0 ? s->ended_s : s->to_s};
    if (!rows[g].latest && graph_in_no_minute(s))
        e->picture.began_s = 0;
    e->picture.before = s->began_s != 0 && known_before(e);
    e->picture.digits = e->total.most[0] >= 100 ? 0 : 2;
    double most = rows[g].latest && s->latest_total_qps > e->total.most[0] ? s->latest_total_qps
                                                                           : e->total.most[0];
    e->picture.top = rows[g].of_queries && most >= 10 ? most : 0;
    return true;
}

static void define_total(struct easel *e, bool latest)
{
    if (!latest || e->scene->latest_s == 0) {
        define(e, "all", SERIES_TOTAL, "queries");
        return;
    }
    define(e, "rall", SERIES_TOTAL, "queries");
    continue_to_latest(e, "all", e->scene->latest_total_qps);
}

static bool compose(struct easel *e, enum graph g)
{
    title(e, g);
    if (e->total.most[0] < 20000) {
        picture_add(&e->picture, "--units-exponent");
        picture_add(&e->picture, "0");
    }
    define_total(e, rows[g].latest);
    gap(e);
    put_moments(e);
    return rows[g].compose(e);
}

bool graph_draw(enum graph g, const struct graph_scene *s, enum picture_size size,
                unsigned scale, struct picture_png *png, struct error *err)
{
    struct easel e = {.scene = s, .err = err};
    *png = (struct picture_png){0};
    bool done =
            prepare(&e, g, size, scale) && compose(&e, g) && picture_draw(&e.picture, png, err);
    picture_fini(&e.picture);
    return done || error_prefix(err, "the graph \"%s\"", rows[g].heading);
}

static bool has_font(const char *family)
{
    FcPattern *wanted = FcPatternBuild(NULL, FC_FAMILY, FcTypeString, family, (char *)NULL);
    FcObjectSet *what = FcObjectSetBuild(FC_FAMILY, (char *)NULL);
    FcFontSet *found = wanted != NULL && what != NULL ? FcFontList(NULL, wanted, what) : NULL;
    bool has = found != NULL && found->nfont > 0;

    if (found != NULL)
        FcFontSetDestroy(found);
    if (what != NULL)
        FcObjectSetDestroy(what);
    if (wanted != NULL)
        FcPatternDestroy(wanted);
    return has;
}

bool graph_fonts_ok(struct error *err)
{
    static const char *const needed[] = {"DejaVu Sans", "DejaVu Sans Mono"};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        if (!has_font(needed[i]))
            return error_set(err,
                             "the font %s is not installed, and pictures would have boxes for "
                             "letters; installing fonts-dejavu-core would do",
                             needed[i]);
    }
    return true;
}

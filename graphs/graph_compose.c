/* SPDX-License-Identifier: MIT */
#include "graphs/graph_inside.h"

#include "graphs/palette.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *graph_compose_path(const struct easel *e, enum series_family f,
                               char path[static ARCHIVE_PATH_BYTES])
{
    return archive_path(e->scene->archive, f, (struct prefix){0}, path);
}

static void define(struct easel *e, const char *value, enum series_family f, const char *source)
{
    char path[ARCHIVE_PATH_BYTES];
    picture_define(&e->picture, value, graph_compose_path(e, f, path), source);
}

int64_t graph_compose_told_s(const struct graph_scene *s)
{
    int64_t last_s = archive_last(s->archive);
    return last_s > s->from_s && last_s < s->to_s && s->latest_s != 0 ? last_s : s->to_s;
}

bool graph_compose_survey(struct easel *e, enum series_family f, struct archive_survey *out)
{
    char path[ARCHIVE_PATH_BYTES];
    return archive_file_survey(graph_compose_path(e, f, path), f, e->scene->from_s,
                               graph_compose_told_s(e->scene), out, e->err);
}

static void measured(struct picture_layer *l)
{
    (void)snprintf(l->maximum, sizeof l->maximum, "M%.10s", l->value);
}

/* Where nothing was captured, from top to bottom; drawn first. */
static void add_gap(struct easel *e)
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

bool graph_compose_qtype(struct easel *e)
{
    struct archive_survey s;
    struct type_order order[QTYPE_CLASSES];
    if (!graph_compose_survey(e, SERIES_QTYPE, &s))
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

bool graph_compose_source(struct easel *e)
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

bool graph_compose_share(struct easel *e)
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

bool graph_compose_total(struct easel *e)
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

bool graph_compose_transport(struct easel *e)
{
    static const struct plain plain[] = {{"udp4", "UDP over IPv4", "88CCEE"},
                                         {"udp6", "UDP over IPv6", "004488"},
                                         {"tcp4", "TCP over IPv4", "DDAA33"},
                                         {"tcp6", "TCP over IPv6", "BB5566"}};
    add_plain(e, SERIES_TRANSPORT, PLAIN(plain), false);
    return true;
}

bool graph_compose_rcode(struct easel *e)
{
    static const struct plain plain[] = {
            {"NOERROR", "NOERROR", "44AA99"},   {"NXDOMAIN", "NXDOMAIN", "DDCC77"},
            {"REFUSED", "REFUSED", "AA4499"},   {"FORMERR", "FORMERR", "332288"},
            {"SERVFAIL", "SERVFAIL", "882255"}, {"NOTIMP", "NOTIMP", "6699CC"},
            {"other", "other codes", "AAAAAA"}};
    add_plain(e, SERIES_RCODE, PLAIN(plain), false);
    return true;
}

bool graph_compose_sources(struct easel *e)
{
    static const struct plain plain[] = {{"sources6", "/48 networks (IPv6)", "DDAA33"},
                                         {"sources4", "/24 networks (IPv4)", "004488"}};
    e->picture.digits = 0;
    add_plain(e, SERIES_SOURCE, PLAIN(plain), true);
    return true;
}

/* What is drawn first is at the bottom. */
bool graph_compose_junk(struct easel *e)
{
    static const struct {
        enum junk_class class;
        const char *colour;
    } classes[] = {{JUNK_LEGITIMATE, "BBBBBB"},    {JUNK_REFERRAL, "88CCEE"},
                   {JUNK_REPEATED, "44AA99"},      {JUNK_IDENTICAL, "117733"},
                   {JUNK_INVALID_TLD, "DDCC77"},   {JUNK_A_FOR_A, "CC6677"},
                   {JUNK_PRIVATE_PTR, "882255"},   {JUNK_UNDERSCORE, "AA4499"},
                   {JUNK_NON_PRINTABLE, "332288"}, {JUNK_UNUSED_CLASS, "999933"}};
    struct plain plain[JUNK_CLASSES];
    _Static_assert(sizeof classes / sizeof *classes == JUNK_CLASSES, "each class has a colour");
    for (unsigned i = 0; i < JUNK_CLASSES; i++)
        plain[i] = (struct plain){junk_class_name(classes[i].class),
                                  junk_class_words(classes[i].class), classes[i].colour};
    add_plain(e, SERIES_JUNK, PLAIN(plain), false);
    return true;
}

bool graph_compose_origin(struct easel *e)
{
    static const struct plain plain[] = {{"unrouted", "no route", "AA4499"},
                                         {"unknown", "origin not known", "DDDDDD"},
                                         {"routed", "announced", "88CCEE"}};
    add_plain(e, SERIES_ORIGIN, PLAIN(plain), false);
    return true;
}

bool graph_compose_health(struct easel *e)
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

static void define_total(struct easel *e, bool latest)
{
    if (!latest || e->scene->latest_s == 0) {
        define(e, "all", SERIES_TOTAL, "queries");
        return;
    }
    define(e, "rall", SERIES_TOTAL, "queries");
    continue_to_latest(e, "all", e->scene->latest_total_qps);
}

void graph_compose_base(struct easel *e, bool latest)
{
    define_total(e, latest);
    add_gap(e);
}

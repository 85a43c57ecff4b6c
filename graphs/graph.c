/* SPDX-License-Identifier: MIT */
#include "graphs/graph_inside.h"

#include <fontconfig/fontconfig.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

typedef bool compose_function(struct easel *e);

static const struct row {
    const char *name, *heading, *axis, *words;
    unsigned height; /* of a full picture, in points */
    bool of_queries; /* its values reach all queries */
    bool latest;     /* continued by the rates of the last seconds */
    compose_function *compose;
} rows[GRAPHS] = {
        [GRAPH_QTYPE] = {"qtype", "Queries by type", "queries per second",
                         "Each type of query, one on top of the other.", 300, true, false,
                         graph_compose_qtype},
        [GRAPH_SOURCE] = {"source", "Queries by source network", "queries per second",
                          "The busiest /24 and /48 networks on top of all others.", 300, true,
                          true, graph_compose_source},
        [GRAPH_SHARE] = {"share", "Share of all queries", "percent of all queries",
                         "What part of all queries came from the culprit and from the next "
                         "busiest network.",
                         220, false, true, graph_compose_share},
        [GRAPH_TOTAL] = {"total", "All queries against the usual level", "queries per second",
                         "The band is what is usual at this hour of the week.", 240, true, true,
                         graph_compose_total},
        [GRAPH_TRANSPORT] = {"transport", "Queries by transport", "queries per second",
                             "UDP and TCP over IPv4 and IPv6, one on top of the other.", 220,
                             true, false, graph_compose_transport},
        [GRAPH_RCODE] = {"rcode", "Responses by code", "responses per second",
                         "Each response code, one on top of the other.", 220, true, false,
                         graph_compose_rcode},
        [GRAPH_SOURCES] = {"sources", "Distinct source networks", "networks in a minute",
                           "How many different /24 and /48 networks asked in a minute.", 200,
                           false, false, graph_compose_sources},
        [GRAPH_ORIGIN] = {"origin", "Queries by route to their source", "queries per second",
                          "Whether the table of origins has an announcement for the source. "
                          "Unrouted sources cannot get an answer.",
                          220, true, false, graph_compose_origin},
        [GRAPH_JUNK] = {"junk", "Queries by class of junk", "queries per second",
                        "What need not have been asked, by kind, on top of what is legitimate.",
                        240, true, false, graph_compose_junk},
        [GRAPH_HEALTH] = {"health", "Capture health", "per second",
                          "Frames that were lost or could not be read. Grey: not captured.",
                          200, false, false, graph_compose_health},
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

bool graph_in_no_minute(const struct graph_scene *s)
{
    return s->latest_s != 0 && graph_compose_told_s(s) <= s->began_s;
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
           archive_file_survey(graph_compose_path(e, SERIES_TOTAL, path), SERIES_TOTAL,
                               scene->from_s, scene->began_s - ARCHIVE_STEP_S, &s, &ignored) &&
           !isnan(s.mean[0]);
}

static unsigned height_of(enum graph g, enum picture_size size)
{
    return size == PICTURE_THUMB ? 60 : size == PICTURE_SMALL ? 150 : rows[g].height;
}

static bool prepare(struct easel *e, enum graph g, enum picture_size size, unsigned scale)
{
    const struct graph_scene *s = e->scene;
    if (!graph_compose_survey(e, SERIES_TOTAL, &e->total))
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

static bool compose(struct easel *e, enum graph g)
{
    title(e, g);
    if (e->total.most[0] < 20000) {
        picture_add(&e->picture, "--units-exponent");
        picture_add(&e->picture, "0");
    }
    graph_compose_base(e, rows[g].latest);
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

/* SPDX-License-Identifier: MIT */
/*
 * The graphs: one table of them, each drawn from the archives for any range, with or without
 * an incident in it.
 *
 * A scene says what is to be seen: the range, the culprits and whom to draw beside them, the
 * moments to mark.  All times are seconds since 1970, UTC.  See picture.h for who may draw.
 */
#pragma once

#include "graphs/archive.h"
#include "graphs/picture.h"

/* To draw another graph, add it here and as a row in graph.c. */
enum graph {
    GRAPH_QTYPE,
    GRAPH_SOURCE,
    GRAPH_SHARE, /* only where a scene has a culprit */
    GRAPH_TOTAL,
    GRAPH_TRANSPORT,
    GRAPH_RCODE,
    GRAPH_SOURCES,
    GRAPH_ORIGIN, /* only where origins are known */
    GRAPH_JUNK,
    GRAPH_HEALTH,
    GRAPHS,
};

enum { GRAPH_OTHERS = 6, GRAPH_MOMENTS = 12, GRAPH_TITLE_BYTES = 256 };

struct graph_moment {
    int64_t time_s;
    enum incident_state state;
    char text[104]; /* what happened, from outside */
};

struct graph_scene {
    const struct archive *archive;
    const char *site;
    int64_t from_s, to_s;
    int64_t began_s, ended_s; /* of the incident that is shown; 0: a range of time */
    /* Rates of the last seconds, where no minute tells of them yet; latest_s 0: none. */
    int64_t latest_s;
    double latest_total_qps, latest_culprit_qps;
    struct prefix culprit[INCIDENT_PREFIXES]; /* worst first */
    unsigned culprits;
    struct prefix other[GRAPH_OTHERS]; /* next busiest, busiest first; all followed */
    unsigned others;
    bool origins;                              /* known at some time in the range */
    bool named[QTYPE_CLASSES];                 /* types that explain the incident */
    struct graph_moment moment[GRAPH_MOMENTS]; /* oldest first */
    unsigned moments;
};

const char *graph_name(enum graph g);    /* "qtype", also of its files */
const char *graph_heading(enum graph g); /* "Queries by type" */
const char *graph_words(enum graph g);   /* one sentence: how it is read */
/* What the picture shows, for those who do not see it; returns `text`. */
const char *graph_alt(enum graph g, const struct graph_scene *s,
                      char text[static GRAPH_TITLE_BYTES]);
bool graph_applies(enum graph g, const struct graph_scene *s);
/* The incident began so shortly ago that it is seen only in graphs that draw latest_*_qps. */
bool graph_in_no_minute(const struct graph_scene *s);

bool graph_draw(enum graph g, const struct graph_scene *s, enum picture_size size,
                unsigned scale, struct picture_png *png, struct error *err);

/* "17-20 January 2005" with an en dash, "20 January 2005, 09:10-15:00"; returns `text`. */
const char *graph_range(int64_t from_s, int64_t to_s, char text[static GRAPH_TITLE_BYTES]);

/* Whether the fonts that the pictures need are installed: without, librrd draws boxes. */
bool graph_fonts_ok(struct error *err);

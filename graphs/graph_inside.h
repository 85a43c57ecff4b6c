/*
 * The inside of graphs: what graph.c, which has the table of them, has drawn by
 * graph_compose.c, where each is composed of layers.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "graphs/graph.h"

/* What a graph needs while it is composed. */
struct easel {
    struct picture picture;
    const struct graph_scene *scene;
    struct archive_survey total; /* of SERIES_TOTAL */
    struct error *err;
};

/* All queries as "all", and where nothing was captured; before what is drawn of a graph. */
void graph_compose_base(struct easel *e, bool latest);

/* The layers of one graph each; false: see the easel's error. */
bool graph_compose_qtype(struct easel *e);
bool graph_compose_source(struct easel *e);
bool graph_compose_share(struct easel *e);
bool graph_compose_total(struct easel *e);
bool graph_compose_transport(struct easel *e);
bool graph_compose_rcode(struct easel *e);
bool graph_compose_sources(struct easel *e);
bool graph_compose_origin(struct easel *e);
bool graph_compose_junk(struct easel *e);
bool graph_compose_health(struct easel *e);

/* The file of a family of all traffic; returns `path`. */
const char *graph_compose_path(const struct easel *e, enum series_family f,
                               char path[static ARCHIVE_PATH_BYTES]);
/* How far minutes tell of the scene's range. */
int64_t graph_compose_told_s(const struct graph_scene *s);
bool graph_compose_survey(struct easel *e, enum series_family f, struct archive_survey *out);

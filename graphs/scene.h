/* SPDX-License-Identifier: MIT */
/*
 * Scenes for graphs, from what the store knows: the life of an incident, or a range of time.
 *
 * Whoever a scene names is followed from then on, so that there is a file to draw from.
 */
#pragma once

#include "graphs/graph.h"
#include "graphs/life.h"
#include "graphs/overview.h"

/* An incident up to `to_s`, with a margin before it and, where there is one, behind it. */
bool scene_incident(struct graph_scene *scene, struct archive *a, struct store *s,
                    const struct life *life, int64_t to_s, int64_t now_s, struct error *err);

/* A range of time, with the culprits of the incidents in it over the leading sources. */
bool scene_range(struct graph_scene *scene, struct archive *a, struct store *s,
                 const struct overview *leading, int64_t from_s, int64_t to_s, int64_t now_s,
                 struct error *err);

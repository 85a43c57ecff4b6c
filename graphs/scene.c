/* SPDX-License-Identifier: MIT */
#include "graphs/scene.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { RANGE_MOMENTS = 8 };

#define HOUR_S INT64_C(3600)

static int64_t between(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

static bool is_culprit(const struct graph_scene *scene, struct prefix p)
{
    for (unsigned i = 0; i < scene->culprits; i++) {
        if (scene->culprit[i].bits == p.bits)
            return true;
    }
    return false;
}

static void add_others(struct graph_scene *scene, const struct overview *leading)
{
    for (unsigned i = 0; i < leading->sources && scene->others < GRAPH_OTHERS - 1; i++) {
        if (!is_culprit(scene, leading->source[i].prefix))
            scene->other[scene->others++] = leading->source[i].prefix;
    }
}

static void find_origins(struct graph_scene *scene)
{
    char path[ARCHIVE_PATH_BYTES];
    struct archive_survey s;
    struct error ignored;
    archive_path(scene->archive, SERIES_ORIGIN, (struct prefix){0}, path);
    scene->origins = archive_file_survey(path, SERIES_ORIGIN, scene->from_s, scene->to_s, &s,
                                         &ignored) &&
                     !isnan(s.mean[0]);
}

/* Who has a file is drawn; more prefixes than can be followed are left to "all other". */
static unsigned keep_followed(const struct archive *a, struct prefix *prefix, unsigned count)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < count; i++) {
        if (archive_follows(a, prefix[i]))
            prefix[kept++] = prefix[i];
    }
    return kept;
}

static bool follow(struct graph_scene *scene, struct archive *a, struct store *s, int64_t now_s,
                   struct error *err)
{
    if (!archive_follow(a, s, scene->culprit, scene->culprits, now_s, err) ||
        !archive_follow(a, s, scene->other, scene->others, now_s, err))
        return false;
    scene->culprits = keep_followed(a, scene->culprit, scene->culprits);
    scene->others = keep_followed(a, scene->other, scene->others);
    return true;
}

static void add_moment(struct graph_scene *scene, const struct incident_event *e)
{
    if (scene->moments == GRAPH_MOMENTS) /* the first and the latest tell most */
        memmove(&scene->moment[1], &scene->moment[2],
                (size_t)(--scene->moments - 1) * sizeof *scene->moment);
    struct graph_moment *m = &scene->moment[scene->moments++];
    m->time_s = e->time_s;
    m->state = e->state;
    bool cut = strlen(e->incident.summary) > 100;
    (void)snprintf(m->text, sizeof m->text, "%.*s%s", cut ? 99 : 100, e->incident.summary,
                   cut ? "…" : "");
}

static void name_types(struct graph_scene *scene, const struct incident *i)
{
    for (unsigned t = 0; t < i->types; t++) {
        for (unsigned c = 0; i->type[t].named && c < QTYPE_CLASS_OTHER; c++)
            scene->named[c] |= strcmp(i->type[t].qtype, qtype_class_name(c)) == 0;
    }
}

/* To times that people say, and for a long range to whole days. */
static void round_range(struct graph_scene *scene, int64_t to_s)
{
    int64_t length_s = scene->to_s - scene->from_s;
    int64_t step_s = length_s > 48 * HOUR_S ? 6 * HOUR_S : length_s > 6 * HOUR_S ? HOUR_S : 300;

    scene->from_s -= scene->from_s % step_s;
    int64_t end_s = scene->to_s + step_s - 1;
    end_s -= end_s % step_s;
    scene->to_s = end_s < to_s ? end_s : to_s;
}

static void set_range(struct graph_scene *scene, const struct life *life, int64_t to_s)
{
    int64_t end_s = life_end(life, to_s);
    int64_t length_s = end_s - scene->began_s;
    int64_t last_s = life_last(life)->changed_s;

    scene->ended_s = end_s;
    scene->from_s = scene->began_s - between(length_s * 6 / 10, HOUR_S, 36 * HOUR_S);
    scene->to_s = end_s + between(length_s / 6, 1200, 12 * HOUR_S);
    if (scene->to_s < last_s + 600)
        scene->to_s = last_s + 600;
    if (scene->to_s > to_s)
        scene->to_s = to_s;
    round_range(scene, to_s);
}

/* What lies before the first minute stored is not worth its room. */
static void start_with_data(struct graph_scene *scene, struct store *s)
{
    struct error ignored;
    int64_t first_s, last_s;
    if (store_span(s, &first_s, &last_s, &ignored) && first_s > scene->from_s &&
        first_s < scene->began_s)
        scene->from_s = first_s;
}

/* An incident that has just opened is in no minute yet: its event says what it was then. */
static void set_latest(struct graph_scene *scene, const struct life *life)
{
    const struct incident_event *e = &life->event[life->events - 1];
    if (scene->culprits != 1 || e->state == INCIDENT_CLOSED ||
        e->time_s < archive_last(scene->archive))
        return;
    scene->latest_s = e->time_s + ARCHIVE_STEP_S - e->time_s % ARCHIVE_STEP_S;
    scene->latest_total_qps = e->incident.total_qps;
    scene->latest_culprit_qps = e->incident.rate_qps;
    if (scene->to_s < scene->latest_s)
        scene->to_s = scene->latest_s;
    if (scene->ended_s < scene->latest_s)
        scene->ended_s = scene->latest_s;
}

bool scene_incident(struct graph_scene *scene, struct archive *a, struct store *s,
                    const struct life *life, int64_t to_s, int64_t now_s, struct error *err)
{
    struct overview around;
    const struct incident *peak = life_peak(life);

    scene->archive = a;
    scene->began_s = life_first(life)->began_s;
    set_range(scene, life, to_s);
    start_with_data(scene, s);
    name_types(scene, peak);
    for (unsigned e = 0; e < life->events; e++)
        add_moment(scene, &life->event[e]);
    scene->culprits = peak->prefixes;
    memcpy(scene->culprit, peak->prefix, sizeof scene->culprit);

    if (!overview_read(&around, s, scene->from_s, scene->to_s, err))
        return false;
    add_others(scene, &around);
    if (!follow(scene, a, s, now_s, err))
        return false;
    set_latest(scene, life);
    find_origins(scene);
    return true;
}

/* Of an incident that may be over by now: whom it was about. */
static void name_subject(const struct incident *i, char *text, size_t size)
{
    char prefix[PREFIX_TEXT_BYTES];
    if (i->prefixes == 1)
        (void)snprintf(text, size, "%s", prefix_format(i->prefix[0], prefix));
    else if (i->prefixes > 1)
        (void)snprintf(text, size, "%u networks", i->prefixes);
    else
        (void)snprintf(text, size, "%s", incident_kind_name(i->kind));
}

static bool gather(void *argument, const struct incident_event *e)
{
    struct graph_scene *scene = argument;
    const struct incident *i = &e->incident;

    for (unsigned p = 0; p < i->prefixes && scene->culprits < INCIDENT_PREFIXES; p++) {
        if (!is_culprit(scene, i->prefix[p]))
            scene->culprit[scene->culprits++] = i->prefix[p];
    }
    if (scene->moments == RANGE_MOMENTS || i->opened_s < scene->from_s ||
        i->opened_s > scene->to_s)
        return true;
    struct graph_moment *m = &scene->moment[scene->moments++];
    m->time_s = i->opened_s;
    m->state = INCIDENT_OPENED;
    name_subject(i, m->text, sizeof m->text);
    return true;
}

static void oldest_first(struct graph_scene *scene)
{
    for (unsigned i = 0; i < scene->moments / 2; i++) {
        struct graph_moment m = scene->moment[i];
        scene->moment[i] = scene->moment[scene->moments - 1 - i];
        scene->moment[scene->moments - 1 - i] = m;
    }
}

bool scene_range(struct graph_scene *scene, struct archive *a, struct store *s,
                 const struct overview *leading, int64_t from_s, int64_t to_s, int64_t now_s,
                 struct error *err)
{
    scene->archive = a;
    scene->from_s = from_s;
    scene->to_s = to_s;
    if (!store_incidents(s, from_s, to_s, gather, scene, err))
        return false;
    oldest_first(scene);
    add_others(scene, leading);
    find_origins(scene);
    return follow(scene, a, s, now_s, err);
}

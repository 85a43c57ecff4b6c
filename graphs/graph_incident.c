/* SPDX-License-Identifier: MIT */
#include "graphs/graph_incident.h"

static bool draw_both(const struct graph_scene *scene, struct picture_png *first,
                      struct picture_png *second, struct error *err)
{
    enum graph g = graph_applies(GRAPH_SHARE, scene) ? GRAPH_SHARE : GRAPH_TOTAL;
    enum graph next = graph_in_no_minute(scene) ? GRAPH_SOURCE : GRAPH_QTYPE;
    return graph_draw(g, scene, PICTURE_FULL, 1, first, err) &&
           graph_draw(next, scene, PICTURE_FULL, 1, second, err);
}

bool graph_incident(struct store *s, const char *state_dir, const char *site, const char *id,
                    int64_t at_s, int64_t now_s, struct picture_png *first,
                    struct picture_png *second, struct error *err)
{
    struct life life;
    struct graph_scene scene = {.site = site};

    *first = *second = (struct picture_png){0};
    if (!graph_fonts_ok(err) || !life_read(&life, s, id, at_s, err))
        return false;
    struct archive *a = archive_open(state_dir, err);
    bool done = a != NULL && archive_catch_up(a, s, now_s, err) &&
                (archive_last(a) > 0 ||
                 error_set(err, "no minute is archived yet: there are no pictures")) &&
                scene_incident(&scene, a, s, &life, at_s, now_s, err) &&
                draw_both(&scene, first, second, err);
    archive_close(a);
    life_fini(&life);
    return done;
}

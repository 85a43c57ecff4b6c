/* SPDX-License-Identifier: MIT */
#include "program/drawing.h"

#include "program/apart.h"

#include "graphs/archive.h"
#include "graphs/graph_incident.h"
#include "graphs/pages.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum {
    CATCH_UP_DEADLINE_S = 240,
    DRAW_DEADLINE_S = 30,
    PAGES_DEADLINE_S = 180,
    PICTURE_BYTES_MAX = 1 << 20,
};

static bool catch_up(void *argument, struct error *err)
{
    const struct drawing *d = argument;
    struct store *store = store_open(d->state, STORE_READ, err);
    struct archive *archive = store == NULL ? NULL : archive_open(d->state, err);
    bool good = archive != NULL && archive_catch_up(archive, store, time(NULL), err);
    if (archive != NULL && archive_notes(archive)[0] != '\0')
        log_warning(d->log, "%s", archive_notes(archive));
    archive_close(archive);
    store_close(store);
    return good;
}

bool drawing_catch_up(const char *state, const struct log *log, struct error *err)
{
    struct drawing d = {.state = state, .log = log};
    return apart_run("bringing the archives up to date", catch_up, &d, CATCH_UP_DEADLINE_S,
                     err);
}

struct pages_job {
    const struct drawing *drawing;
    const char *www;
};

static bool write_pages(void *argument, struct error *err)
{
    const struct pages_job *job = argument;
    const struct drawing *d = job->drawing;
    const struct page_options options = {.site = d->site, .now_s = time(NULL)};
    struct page_result result = {.pages = 0};
    struct store *store = store_open(d->state, STORE_READ, err);
    bool good = store != NULL && pages_write(store, d->state, job->www, &options, &result, err);
    if (result.notes[0] != '\0')
        log_warning(d->log, "%s", result.notes);
    store_close(store);
    return good;
}

bool drawing_pages(const char *state, const char *www, const char *site, const struct log *log,
                   struct error *err)
{
    const struct drawing d = {.state = state, .site = site, .log = log};
    struct pages_job job = {&d, www};
    return apart_run("drawing the pages", write_pages, &job, PAGES_DEADLINE_S, err);
}

/* What the drawing process leaves, in memory shared with it. */
struct sheet {
    size_t size[MAIL_PICTURES];
    uint8_t bytes[MAIL_PICTURES][PICTURE_BYTES_MAX];
};

struct draw_job {
    const struct drawing *drawing;
    const struct incident_event *event;
    struct sheet *sheet;
};

static void lay_down(struct sheet *sheet, unsigned number, struct picture_png *png)
{
    if (png->bytes != NULL && png->size <= PICTURE_BYTES_MAX) {
        memcpy(sheet->bytes[number], png->bytes, png->size);
        sheet->size[number] = png->size;
    }
    picture_png_free(png);
}

static bool draw(void *argument, struct error *err)
{
    const struct draw_job *job = argument;
    struct picture_png first = {0};
    struct picture_png second = {0};
    struct store *store = store_open(job->drawing->state, STORE_READ, err);
    if (store == NULL)
        return false;
    bool good = graph_incident(store, job->drawing->state, job->drawing->site,
                               job->event->incident.id, job->event->time_s, time(NULL), &first,
                               &second, err);
    lay_down(job->sheet, 0, &first);
    lay_down(job->sheet, 1, &second);
    store_close(store);
    return good;
}

static unsigned take_pictures(const struct sheet *sheet,
                              struct mail_picture picture[static MAIL_PICTURES])
{
    static const char *const names[MAIL_PICTURES] = {"share.png", "queries.png"};
    unsigned count = 0;
    for (unsigned i = 0; i < MAIL_PICTURES; i++) {
        struct mail_picture *p = &picture[count];
        if (sheet->size[i] == 0 || sheet->size[i] > PICTURE_BYTES_MAX)
            continue;
        *p = (struct mail_picture){.bytes = malloc(sheet->size[i]), .size = sheet->size[i]};
        if (p->bytes == NULL)
            continue;
        memcpy(p->bytes, sheet->bytes[i], sheet->size[i]);
        memcpy(p->name, names[i], strlen(names[i]) + 1);
        count++;
    }
    return count;
}

unsigned drawing_incident(void *argument, const struct incident_event *e,
                          struct mail_picture picture[static MAIL_PICTURES])
{
    const struct drawing *d = argument;
    struct error err;
    struct sheet *sheet = mmap(NULL, sizeof *sheet, PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (sheet == MAP_FAILED) {
        log_warning(d->log, "incident %s: no memory to draw in", e->incident.id);
        return 0;
    }
    struct draw_job job = {d, e, sheet};
    if (!apart_run("drawing an incident", draw, &job, DRAW_DEADLINE_S, &err))
        log_warning(d->log, "incident %s: %s", e->incident.id, err.text);
    unsigned count = take_pictures(sheet, picture);
    munmap(sheet, sizeof *sheet);
    return count;
}

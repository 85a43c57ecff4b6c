/* SPDX-License-Identifier: MIT */
#include "graphs/cases.h"

#include "graphs/page.h"
#include "graphs/publish.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

/* An id becomes part of a path. */
static bool is_plain(const char *id)
{
    return *id != 0 && strspn(id, "0123456789-abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(id);
}

const char *cases_path(const char *state, const char *id, const char *name,
                       char path[static CASES_PATH_BYTES])
{
    int n = snprintf(path, CASES_PATH_BYTES, "%s/cases/%s/%s", state, id, name);
    if (!is_plain(id) || n >= CASES_PATH_BYTES)
        path[0] = '\0';
    return path;
}

static bool publish(const char *directory, const char *id, const char *name, const char *text,
                    struct error *err)
{
    char file[64];
    (void)snprintf(file, sizeof file, "%s/%s", id, name);
    return publish_file(directory, file, text, strlen(text), err);
}

static bool write_text(const struct story *t, const char *directory,
                       const struct case_options *o, struct error *err)
{
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    if (to == NULL)
        return error_errno(err, "case.txt");
    story_text(t, o->site, to);
    bool good = fclose(to) == 0
                        ? publish(directory, life_last(&t->life)->id, "case.txt", text, err)
                        : error_errno(err, "case.txt");
    free(text);
    return good;
}

static bool write_json(const struct story *t, const char *directory,
                       const struct case_options *o, struct error *err)
{
    json_t *json = story_json(t, o->site);
    char *text =
            json == NULL ? NULL : json_dumps(json, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    bool good = text != NULL
                        ? publish(directory, life_last(&t->life)->id, "case.json", text, err)
                        : error_set(err, "no memory for case.json");
    free(text);
    json_decref(json);
    return good;
}

/* What is drawn ends with the last minute stored; before the first there is no picture. */
static bool find_end(struct press *press, const struct story *t, bool *draws)
{
    int64_t end_s = 0;
    if (*draws && !pages_end(press->store, press->options->now_s, &end_s, press->err)) {
        *draws = false;
        if (press->err->text[0] != '\0')
            return false;
    }
    press->at_s = end_s > t->end_s ? end_s : t->end_s;
    return true;
}

static bool write_page(struct store *s, const struct story *t, const char *directory,
                       const struct case_options *o, struct error *err)
{
    const struct page_options options = {.site = o->site, .now_s = o->now_s};
    struct page_result result = {0};
    struct press press = {.store = s,
                          .out_dir = directory,
                          .options = &options,
                          .result = &result,
                          .err = err};
    bool draws = o->draws;
    if (!find_end(&press, t, &draws))
        return false;
    if (draws)
        press.archive = archive_open(o->state, err);
    bool good = (!draws || press.archive != NULL) && page_write_case(&press, t, draws);
    archive_close(press.archive);
    return good;
}

/* "evidence.pcap", "evidence-2.pcap": see rootwatch(8). */
static bool is_frames(const char *name)
{
    const char *ending = strrchr(name, '.');
    return strncmp(name, "evidence", 8) == 0 && ending != NULL &&
           strcmp(ending, ".pcap") == 0 && strlen(name) < STORY_FILE_BYTES;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void find_frames(struct story *t, const char *directory, const char *id)
{
    char path[CASES_PATH_BYTES + 64];
    const struct dirent *entry;
    (void)snprintf(path, sizeof path, "%s/%s", directory, id);
    DIR *d = opendir(path);
    while (d != NULL && t->frame_files < STORY_FRAMES && (entry = readdir(d)) != NULL)
        if (is_frames(entry->d_name))
            memcpy(t->frames[t->frame_files++], entry->d_name, strlen(entry->d_name) + 1);
    if (d != NULL)
        (void)closedir(d);
    qsort(t->frames, t->frame_files, sizeof t->frames[0], by_name);
}

bool cases_write(struct store *s, const char *id, const struct case_options *options,
                 struct error *err)
{
    char directory[CASES_PATH_BYTES];
    struct story t;
    if (!is_plain(id))
        return error_set(err, "an incident without a plain id has no case file");
    (void)snprintf(directory, sizeof directory, "%s/cases", options->state);
    if (!story_read(&t, s, id, options->site, INT64_MAX, err))
        return false;
    find_frames(&t, directory, id);
    bool good = write_text(&t, directory, options, err) &&
                write_json(&t, directory, options, err) &&
                write_page(s, &t, directory, options, err);
    story_fini(&t);
    return good || error_prefix(err, "case file of incident %s", id);
}

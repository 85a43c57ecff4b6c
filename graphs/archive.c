/* SPDX-License-Identifier: MIT */
#include "graphs/archive.h"

#include "graphs/archive_past.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FUTURE_S = 3600, HOUR_S = 3600, ROWS_AT_ONCE = 2048, NAME_BYTES = 64 };

struct archive {
    char directory[ARCHIVE_PATH_BYTES - NAME_BYTES - 8];
    int lock;
    char notes[256];
};

/* One file while minutes go into it. */
struct target {
    enum series_family family;
    struct prefix prefix; /* of SERIES_FOLLOWED */
    bool fresh;           /* made aside, renamed when complete */
    bool made;
    struct archive_rows rows;
};

struct targets {
    struct target one[SERIES_FAMILIES + ARCHIVE_FOLLOWED];
    unsigned count;
    struct archive *archive;
    int64_t now_s;
    struct error *err;
    bool failed;
};

/* "prefix-2001-db8--_48.rrd": nothing in it means anything to a shell or to RRDtool. */
static void name_prefix(struct prefix p, char name[static NAME_BYTES])
{
    char text[PREFIX_TEXT_BYTES];
    prefix_format(p, text);
    for (char *c = text; *c != 0; c++)
        *c = *c == ':' ? '-' : *c == '/' ? '_' : *c;
    (void)snprintf(name, NAME_BYTES, "prefix-%s.rrd", text);
}

static bool prefix_named(const char *name, struct prefix *p)
{
    char text[PREFIX_TEXT_BYTES];
    size_t length = strlen(name);
    if (length < 11 || length - 11 >= sizeof text || strncmp(name, "prefix-", 7) != 0 ||
        strcmp(name + length - 4, ".rrd") != 0)
        return false;

    memcpy(text, name + 7, length - 11);
    text[length - 11] = 0;
    for (char *c = text; *c != 0; c++)
        *c = *c == '-' ? ':' : *c == '_' ? '/' : *c;
    return prefix_parse(text, p);
}

const char *archive_path(const struct archive *a, enum series_family f, struct prefix p,
                         char path[static ARCHIVE_PATH_BYTES])
{
    char name[NAME_BYTES];
    if (f == SERIES_FOLLOWED)
        name_prefix(p, name);
    else
        (void)snprintf(name, sizeof name, "%s", series_file(f));
    (void)snprintf(path, ARCHIVE_PATH_BYTES, "%s/%s", a->directory, name);
    return path;
}

static bool make_directory(const char *path, struct error *err)
{
    return mkdir(path, 0755) == 0 || errno == EEXIST ||
           error_errno(err, "making the directory %s", path);
}

struct archive *archive_open(const char *state_directory, struct error *err)
{
    struct archive *a = calloc(1, sizeof *a);
    char path[ARCHIVE_PATH_BYTES];

    if (a == NULL) {
        error_set(err, "no memory for the archives");
        return NULL;
    }
    a->lock = -1;
    int length = snprintf(a->directory, sizeof a->directory, "%s/rrd", state_directory);
    if (length < 0 || (size_t)length >= sizeof a->directory) {
        error_set(err, "the path of the state directory is longer than %zu octets",
                  sizeof a->directory);
        goto fail;
    }
    if (!make_directory(state_directory, err) || !make_directory(a->directory, err))
        goto fail;
    (void)snprintf(path, sizeof path, "%s/.lock", a->directory);
    a->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (a->lock < 0) {
        error_errno(err, "%s", path);
        goto fail;
    }
    return a;

fail:
    archive_close(a);
    return NULL;
}

void archive_close(struct archive *a)
{
    if (a == NULL)
        return;
    if (a->lock >= 0)
        close(a->lock);
    free(a);
}

const char *archive_notes(const struct archive *a)
{
    return a->notes;
}

static bool lock(struct archive *a, struct error *err)
{
    while (flock(a->lock, LOCK_EX) != 0) {
        if (errno != EINTR)
            return error_errno(err, "locking %s", a->directory);
    }
    return true;
}

static void unlock(struct archive *a)
{
    (void)flock(a->lock, LOCK_UN);
}

static void bad_path(const char *path, char bad[static ARCHIVE_PATH_BYTES])
{
    (void)snprintf(bad, ARCHIVE_PATH_BYTES, "%.*s.bad", ARCHIVE_PATH_BYTES - 5, path);
}

static void fresh_path(const char *path, char fresh[static ARCHIVE_PATH_BYTES])
{
    (void)snprintf(fresh, ARCHIVE_PATH_BYTES, "%.*s.new", ARCHIVE_PATH_BYTES - 5, path);
}

static bool set_aside(struct archive *a, const char *path, struct error *err)
{
    char bad[ARCHIVE_PATH_BYTES];
    bad_path(path, bad);
    if (rename(path, bad) != 0)
        return error_errno(err, "renaming %s to .bad", path);
    size_t used = strlen(a->notes);
    (void)snprintf(a->notes + used, sizeof a->notes - used, "%s%.200s; renamed to .bad",
                   used > 0 ? "; " : "", err->text);
    return true;
}

/* Finds out how far a file is; one that cannot be trusted is set aside first. */
static bool find_last(struct archive *a, const char *path, struct target *t, int64_t now_s,
                      struct error *err)
{
    enum archive_file_state state = archive_file_check(path, t->family, &t->rows.last_s, err);

    if (state == ARCHIVE_FILE_SOUND && t->rows.last_s > now_s + FUTURE_S) {
        error_set(err, "%s ends in the future", path);
        state = ARCHIVE_FILE_DAMAGED;
    }
    if (state == ARCHIVE_FILE_DAMAGED && !set_aside(a, path, err))
        return false;
    t->fresh = state != ARCHIVE_FILE_SOUND;
    if (t->fresh)
        t->rows.last_s = 0;
    return true;
}

static bool target_add(struct targets *all, enum series_family f, struct prefix p)
{
    char path[ARCHIVE_PATH_BYTES];
    struct target *t = &all->one[all->count];

    *t = (struct target){.family = f, .prefix = p};
    archive_path(all->archive, f, p, path);
    if (!find_last(all->archive, path, t, all->now_s, all->err))
        return false;
    all->count++;
    return true;
}

static void targets_free(struct targets *all)
{
    char path[ARCHIVE_PATH_BYTES];
    char fresh[ARCHIVE_PATH_BYTES];

    for (unsigned i = 0; i < all->count; i++) {
        struct target *t = &all->one[i];
        archive_rows_fini(&t->rows);
        if (!t->made)
            continue;
        fresh_path(archive_path(all->archive, t->family, t->prefix, path), fresh);
        (void)unlink(fresh);
    }
    free(all);
}

static struct targets *targets_create(struct archive *a, int64_t now_s, struct error *err)
{
    struct targets *all = calloc(1, sizeof *all);
    if (all == NULL) {
        error_set(err, "no memory for the archives");
        return NULL;
    }
    all->archive = a;
    all->now_s = now_s;
    all->err = err;
    return all;
}

static bool add_families(struct targets *all)
{
    for (unsigned f = 0; f < SERIES_FAMILIES; f++) {
        if (!target_add(all, f, (struct prefix){0}))
            return false;
    }
    return true;
}

static bool add_followed(struct targets *all)
{
    DIR *directory = opendir(all->archive->directory);
    if (directory == NULL)
        return error_errno(all->err, "%s", all->archive->directory);

    bool done = true;
    struct prefix p;
    for (struct dirent *e; done && (e = readdir(directory)) != NULL;) {
        if (prefix_named(e->d_name, &p) && all->count < SERIES_FAMILIES + ARCHIVE_FOLLOWED)
            done = target_add(all, SERIES_FOLLOWED, p);
    }
    closedir(directory);
    return done;
}

static const char *target_path(const struct targets *all, const struct target *t,
                               char path[static ARCHIVE_PATH_BYTES])
{
    char place[ARCHIVE_PATH_BYTES];
    archive_path(all->archive, t->family, t->prefix, t->fresh ? place : path);
    if (t->fresh)
        fresh_path(place, path);
    return path;
}

static bool target_flush(struct targets *all, struct target *t)
{
    char path[ARCHIVE_PATH_BYTES];
    return archive_rows_write(&t->rows, target_path(all, t, path), all->err);
}

static bool target_make(struct targets *all, struct target *t, int64_t start_s)
{
    char path[ARCHIVE_PATH_BYTES];
    if (!archive_file_create(target_path(all, t, path), t->family, start_s, all->err))
        return false;
    t->made = true;
    t->rows.last_s = start_s;
    return true;
}

static bool target_put(struct targets *all, struct target *t, int64_t start_s,
                       const double *value)
{
    if (start_s < t->rows.last_s)
        return true;
    if (t->fresh && !t->made && !target_make(all, t, start_s))
        return false;
    archive_rows_add(&t->rows, start_s, value, series_count(t->family));
    return t->rows.count < ROWS_AT_ONCE || target_flush(all, t);
}

/* And the minutes that it reached over, as far as they are past. */
static bool put_minute(struct targets *all, struct target *t, const struct minute *m)
{
    double value[SERIES_MOST];
    int64_t end_s = m->start_s + (int64_t)minute_reach(m) * ARCHIVE_STEP_S;
    for (unsigned i = 0; i < series_count(t->family); i++)
        value[i] = t->family == SERIES_FOLLOWED ? series_followed_value(i, m, t->prefix)
                                                : series_value(t->family, i, m);
    bool good = target_put(all, t, m->start_s, value);
    for (int64_t s = m->start_s + ARCHIVE_STEP_S;
         good && s < end_s && s + ARCHIVE_STEP_S <= all->now_s; s += ARCHIVE_STEP_S)
        good = target_put(all, t, s, value);
    return good;
}

static bool sync_and_rename(const char *from, const char *to, struct error *err)
{
    int fd = open(from, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, "%s", from);
    bool synced = fsync(fd) == 0;
    if (!synced)
        error_errno(err, "writing %s", from);
    close(fd);
    return synced && (rename(from, to) == 0 || error_errno(err, "renaming to %s", to));
}

static bool targets_finish(struct targets *all)
{
    char path[ARCHIVE_PATH_BYTES];
    char fresh[ARCHIVE_PATH_BYTES];

    for (unsigned i = 0; i < all->count; i++) {
        struct target *t = &all->one[i];
        if (!target_flush(all, t))
            return false;
        if (!t->made)
            continue;
        fresh_path(archive_path(all->archive, t->family, t->prefix, path), fresh);
        if (!sync_and_rename(fresh, path, all->err))
            return false;
        t->made = false;
    }
    return true;
}

/* A file that was set aside waits for archive_catch_up(), which knows its past. */
static bool waits(const struct targets *all, const struct target *t)
{
    char path[ARCHIVE_PATH_BYTES];
    char bad[ARCHIVE_PATH_BYTES];
    if (!t->fresh)
        return false;
    bad_path(archive_path(all->archive, t->family, t->prefix, path), bad);
    return t->family == SERIES_FOLLOWED || access(bad, F_OK) == 0;
}

static bool put_everywhere(struct targets *all, const struct minute *m)
{
    for (unsigned i = 0; i < all->count; i++) {
        if (!waits(all, &all->one[i]) && !put_minute(all, &all->one[i], m))
            return false;
    }
    return true;
}

bool archive_put(struct archive *a, const struct minute *m, int64_t now_s, struct error *err)
{
    if (m->start_s + ARCHIVE_STEP_S > now_s + FUTURE_S)
        return error_set(err, "a minute %jd s in the future is not archived",
                         (intmax_t)(m->start_s - now_s));
    if (m->start_s <= 0 || m->start_s % ARCHIVE_STEP_S != 0)
        return error_set(err, "%jd is not the start of a minute", (intmax_t)m->start_s);

    struct targets *all = targets_create(a, now_s, err);
    if (all == NULL || !lock(a, err)) {
        free(all);
        return false;
    }
    bool done = add_families(all) && add_followed(all) && put_everywhere(all, m) &&
                targets_finish(all);
    targets_free(all);
    unlock(a);
    return done;
}

static int64_t oldest_last(const struct targets *all)
{
    int64_t last_s = all->one[0].rows.last_s;
    for (unsigned i = 1; i < all->count; i++)
        last_s = all->one[i].rows.last_s < last_s ? all->one[i].rows.last_s : last_s;
    return last_s;
}

static bool put_each(void *argument, const struct minute *m)
{
    struct targets *all = argument;
    for (unsigned i = 0; i < all->count; i++) {
        struct target *t = &all->one[i];
        if (t->family == SERIES_FOLLOWED && t->fresh)
            continue; /* back-filled by archive_follow() */
        all->failed = all->failed || !put_minute(all, t, m);
    }
    return !all->failed;
}

static bool catch_up(struct targets *all, struct store *s)
{
    int64_t to_s = all->now_s - ARCHIVE_STEP_S + 1; /* a complete minute has ended */
    return store_minutes(s, oldest_last(all), to_s, put_each, all, all->err) && !all->failed &&
           targets_finish(all);
}

bool archive_catch_up(struct archive *a, struct store *s, int64_t now_s, struct error *err)
{
    struct targets *all = targets_create(a, now_s, err);
    if (all == NULL || !lock(a, err)) {
        free(all);
        return false;
    }
    bool done = add_families(all) && add_followed(all) && catch_up(all, s);
    targets_free(all);
    unlock(a);
    return done || error_prefix(err, "archiving the stored minutes");
}

static bool write_past(struct targets *all, struct target *t, const struct archive_past *p,
                       int64_t last_s)
{
    double value[2];
    for (size_t n = 0; n < 60 * (size_t)p->hours; n++) {
        int64_t start_s = p->from_s + (int64_t)n * ARCHIVE_STEP_S;
        if (start_s + ARCHIVE_STEP_S > last_s)
            break;
        if (archive_past_value(p, n, value) && !target_put(all, t, start_s, value))
            return false;
    }
    return t->made || target_make(all, t, last_s); /* nothing is known of it yet */
}

struct pasts {
    struct archive_past *one;
    unsigned count;
};

static bool pasts_minute(void *argument, const struct minute *m)
{
    struct pasts *all = argument;
    for (unsigned i = 0; i < all->count; i++)
        archive_past_minute(&all->one[i], m);
    return true;
}

static bool back_fill(struct targets *all, struct store *s, int64_t last_s)
{
    int64_t from_s = last_s - ARCHIVE_BACK_FILL_S;
    struct pasts pasts = {calloc(all->count, sizeof *pasts.one), 0};
    bool done = pasts.one != NULL;

    for (; done && pasts.count < all->count; pasts.count++)
        done = archive_past_init(&pasts.one[pasts.count], all->one[pasts.count].prefix, from_s,
                                 last_s);
    if (!done)
        error_set(all->err, "no memory to follow %u prefixes", all->count);
    done = done &&
           store_minutes(s, from_s - from_s % HOUR_S, last_s, pasts_minute, &pasts, all->err);
    for (unsigned i = 0; done && i < all->count; i++)
        done = archive_past_hours(&pasts.one[i], s, all->err) &&
               write_past(all, &all->one[i], &pasts.one[i], last_s);
    for (unsigned i = 0; i < pasts.count; i++)
        archive_past_fini(&pasts.one[i]);
    free(pasts.one);
    return done;
}

static unsigned followed_now(struct archive *a)
{
    unsigned count = 0;
    struct prefix p;
    DIR *directory = opendir(a->directory);
    if (directory == NULL)
        return 0;
    for (struct dirent *e; (e = readdir(directory)) != NULL;)
        count += prefix_named(e->d_name, &p);
    closedir(directory);
    return count;
}

static bool add_new(struct targets *all, const struct prefix *prefix, unsigned prefixes)
{
    unsigned there = followed_now(all->archive);
    unsigned room = there < ARCHIVE_FOLLOWED ? ARCHIVE_FOLLOWED - there : 0;
    for (unsigned i = 0; i < prefixes && all->count < room; i++) {
        if (!archive_follows(all->archive, prefix[i]) &&
            !target_add(all, SERIES_FOLLOWED, prefix[i]))
            return false;
    }
    return true;
}

bool archive_follow(struct archive *a, struct store *s, const struct prefix *prefix,
                    unsigned prefixes, int64_t now_s, struct error *err)
{
    struct targets *all = targets_create(a, now_s, err);
    if (all == NULL || !lock(a, err)) {
        free(all);
        return false;
    }
    int64_t last_s = archive_last(a);
    bool done = add_new(all, prefix, prefixes) &&
                (all->count == 0 || last_s == 0 ||
                 (back_fill(all, s, last_s) && targets_finish(all)));
    targets_free(all);
    unlock(a);
    return done || error_prefix(err, "following a prefix");
}

int64_t archive_last(const struct archive *a)
{
    char path[ARCHIVE_PATH_BYTES];
    struct error ignored;
    int64_t last_s;

    archive_path(a, SERIES_TOTAL, (struct prefix){0}, path);
    return archive_file_check(path, SERIES_TOTAL, &last_s, &ignored) == ARCHIVE_FILE_SOUND
                   ? last_s
                   : 0;
}

bool archive_follows(const struct archive *a, struct prefix p)
{
    char path[ARCHIVE_PATH_BYTES];
    struct error ignored;
    int64_t last_s;

    archive_path(a, SERIES_FOLLOWED, p, path);
    return archive_file_check(path, SERIES_FOLLOWED, &last_s, &ignored) == ARCHIVE_FILE_SOUND;
}

/* SPDX-License-Identifier: MIT */
#include "graphs/archive_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <rrd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Each kept as AVERAGE and as MAX. */
static const struct consolidation {
    unsigned long steps, rows;
} consolidations[] = {
        {1, 2880},  /* 2 days at a minute */
        {5, 2880},  /* 10 days at 5 minutes */
        {30, 2880}, /* 60 days at 30 minutes */
        {360, 2920} /* 2 years at 6 hours */
};
enum { CONSOLIDATIONS = 4, ARCHIVES = 2 * CONSOLIDATIONS, ROWS_MOST = 2048 };
_Static_assert(sizeof consolidations / sizeof *consolidations == CONSOLIDATIONS, "all rows");

/* The file as librrd writes it. */
struct head {
    char cookie[4], version[5];
    double float_cookie;
    unsigned long sources, archives, step;
    uint64_t unused[10];
};
struct source {
    char name[SERIES_NAME_BYTES], type[20];
    uint64_t heartbeat;
    double least, most;
    uint64_t unused[7];
};
struct archive_definition {
    char function[20];
    unsigned long rows, steps;
    uint64_t parameter[10];
};
struct live {
    int64_t last_s, last_us;
};
struct source_state {
    char last[30];
    uint64_t scratch[10];
};
struct archive_state {
    uint64_t scratch[10];
};

static const char *function_of(unsigned archive)
{
    return archive < CONSOLIDATIONS ? "AVERAGE" : "MAX";
}

static size_t values_in(size_t sources)
{
    size_t rows = 0;
    for (unsigned i = 0; i < CONSOLIDATIONS; i++)
        rows += consolidations[i].rows;
    return 2 * rows * sources;
}

static size_t size_of(size_t sources)
{
    return sizeof(struct head) +
           sources * (sizeof(struct source) + sizeof(struct source_state)) +
           ARCHIVES * (sizeof(struct archive_definition) + sizeof(unsigned long)) +
           sources * ARCHIVES * sizeof(struct archive_state) + sizeof(struct live) +
           values_in(sources) * sizeof(double);
}

static bool same_head(const struct head *h, unsigned sources)
{
    return memcmp(h->cookie, "RRD", 4) == 0 && memcmp(h->version, "0003", 5) == 0 &&
           h->float_cookie == 8.642135E130 && h->sources == sources &&
           h->archives == ARCHIVES && h->step == ARCHIVE_STEP_S;
}

static bool same_sources(const struct source *s, enum series_family f)
{
    for (unsigned i = 0; i < series_count(f); i++) {
        if (strncmp(s[i].name, series_name(f, i), sizeof s[i].name) != 0 ||
            strncmp(s[i].type, "GAUGE", sizeof s[i].type) != 0 ||
            s[i].heartbeat != ARCHIVE_HEARTBEAT_S)
            return false;
    }
    return true;
}

static bool same_archives(const struct archive_definition *a)
{
    for (unsigned i = 0; i < ARCHIVES; i++) {
        const struct consolidation *c = &consolidations[i % CONSOLIDATIONS];
        if (strncmp(a[i].function, function_of(i), sizeof a[i].function) != 0 ||
            a[i].rows != c->rows || a[i].steps != c->steps)
            return false;
    }
    return true;
}

static bool sound_states(const struct source_state *s, unsigned sources)
{
    for (unsigned i = 0; i < sources; i++) {
        if (memchr(s[i].last, 0, sizeof s[i].last) == NULL)
            return false;
    }
    return true;
}

static bool sound_rows(const unsigned long *row)
{
    for (unsigned i = 0; i < ARCHIVES; i++) {
        if (row[i] >= consolidations[i % CONSOLIDATIONS].rows)
            return false;
    }
    return true;
}

static bool sound(const char *at, enum series_family f, int64_t *last_s)
{
    unsigned sources = series_count(f);
    const struct head *head = (const void *)at;
    const struct source *source = (const void *)(head + 1);
    const struct archive_definition *archive = (const void *)(source + sources);
    const struct live *live = (const void *)(archive + ARCHIVES);
    const struct source_state *state = (const void *)(live + 1);
    const struct archive_state *archive_state = (const void *)(state + sources);
    const unsigned long *row = (const void *)(archive_state + (size_t)sources * ARCHIVES);

    *last_s = live->last_s;
    return same_head(head, sources) && same_sources(source, f) && same_archives(archive) &&
           live->last_s > 0 && live->last_s % ARCHIVE_STEP_S == 0 && live->last_us == 0 &&
           sound_states(state, sources) && sound_rows(row);
}

static bool check_open(int fd, const char *path, enum series_family f, int64_t *last_s,
                       struct error *err)
{
    struct stat st;
    size_t size = size_of(series_count(f));

    if (fstat(fd, &st) != 0)
        return error_errno(err, "%s", path);
    if (!S_ISREG(st.st_mode) || (size_t)st.st_size != size)
        return error_set(err, "%s: %jd bytes instead of %zu", path, (intmax_t)st.st_size, size);

    void *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED)
        return error_errno(err, "%s", path);
    bool is_sound = sound(map, f, last_s);
    munmap(map, size);
    return is_sound || error_set(err, "%s is not the archive that was written there", path);
}

enum archive_file_state archive_file_check(const char *path, enum series_family f,
                                           int64_t *last_s, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        error_errno(err, "%s", path);
        return errno == ENOENT ? ARCHIVE_FILE_MISSING : ARCHIVE_FILE_DAMAGED;
    }
    bool is_sound = check_open(fd, path, f, last_s, err);
    close(fd);
    return is_sound ? ARCHIVE_FILE_SOUND : ARCHIVE_FILE_DAMAGED;
}

/* librrd fails without words when the disk is full. */
static bool library_failed(struct error *err, const char *what, const char *path)
{
    const char *words = rrd_get_error();
    error_set(err, "%s %s: %s", what, path,
              words != NULL && *words != 0 ? words : "no reason given; is the disk full?");
    rrd_clear_error();
    return false;
}

enum { DEFINITION_BYTES = 64 };

static int define_shape(char (*text)[DEFINITION_BYTES], enum series_family f)
{
    int n = 0;
    for (unsigned i = 0; i < series_count(f); i++)
        (void)snprintf(text[n++], DEFINITION_BYTES, "DS:%s:GAUGE:%d:U:U", series_name(f, i),
                       ARCHIVE_HEARTBEAT_S);
    for (unsigned i = 0; i < ARCHIVES; i++) {
        const struct consolidation *c = &consolidations[i % CONSOLIDATIONS];
        (void)snprintf(text[n++], DEFINITION_BYTES, "RRA:%s:0.99:%lu:%lu", function_of(i),
                       c->steps, c->rows);
    }
    return n;
}

bool archive_file_create(const char *path, enum series_family f, int64_t start_s,
                         struct error *err)
{
    char text[SERIES_MOST + ARCHIVES][DEFINITION_BYTES];
    const char *argument[SERIES_MOST + ARCHIVES];
    int count = define_shape(text, f);
    for (int i = 0; i < count; i++)
        argument[i] = text[i];

    rrd_clear_error();
    if (rrd_create_r(path, ARCHIVE_STEP_S, start_s, count, argument) != 0) {
        library_failed(err, "creating", path);
        (void)unlink(path);
        return false;
    }
    int64_t last_s;
    if (archive_file_check(path, f, &last_s, err) == ARCHIVE_FILE_SOUND)
        return true;
    (void)unlink(path);
    return error_prefix(err, "creating an archive; is the disk full?");
}

static void append(struct archive_rows *r, const char *text, size_t length)
{
    if (r->used + length > r->size) {
        size_t size = 2 * r->size + length + 4096;
        char *larger = realloc(r->text, size);
        if (larger == NULL) {
            r->no_memory = true;
            return;
        }
        r->text = larger;
        r->size = size;
    }
    memcpy(r->text + r->used, text, length);
    r->used += length;
}

static void add_row(struct archive_rows *r, int64_t end_s, const double *value, unsigned values)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%" PRId64, end_s);
    append(r, text, (size_t)length);
    for (unsigned i = 0; i < values; i++) {
        if (value == NULL || !isfinite(value[i]))
            length = snprintf(text, sizeof text, ":U");
        else
            length = snprintf(text, sizeof text, ":%.12g", value[i]);
        append(r, text, (size_t)length);
    }
    append(r, "", 1);
    r->count++;
    r->last_s = end_s;
}

void archive_rows_add(struct archive_rows *r, int64_t start_s, const double *value,
                      unsigned values)
{
    if (start_s < r->last_s)
        return;
    if (start_s > r->last_s)
        add_row(r, start_s, NULL, values);
    add_row(r, start_s + ARCHIVE_STEP_S, value, values);
}

static bool write_all(struct archive_rows *r, const char *path, const char **argument,
                      struct error *err)
{
    const char *text = r->text;
    for (unsigned i = 0; i < r->count; i++) {
        argument[i] = text;
        text += strlen(text) + 1;
    }
    for (unsigned done = 0; done < r->count;) {
        unsigned most = r->count - done < ROWS_MOST ? r->count - done : ROWS_MOST;
        rrd_clear_error();
        if (rrd_update_r(path, NULL, (int)most, argument + done) != 0)
            return library_failed(err, "updating", path);
        done += most;
    }
    return true;
}

bool archive_rows_write(struct archive_rows *r, const char *path, struct error *err)
{
    if (r->count == 0 && !r->no_memory)
        return true;
    const char **argument = r->no_memory ? NULL : calloc(r->count, sizeof *argument);
    bool done = argument != NULL ? write_all(r, path, argument, err)
                                 : error_set(err, "no memory for the rows of %s", path);
    free(argument);
    r->used = r->count = 0;
    r->no_memory = false;
    return done;
}

void archive_rows_fini(struct archive_rows *r)
{
    free(r->text);
    *r = (struct archive_rows){0};
}

struct rows {
    rrd_value_t *value;
    unsigned long sources, step;
    size_t count;
};

static bool fetch(const char *path, int64_t *from_s, int64_t to_s, struct rows *rows,
                  struct error *err)
{
    time_t from = *from_s, to = to_s;
    char **name = NULL;

    rows->step = (unsigned long)(to_s - *from_s) / 400 + 1;
    rrd_clear_error();
    if (rrd_fetch_r(path, "AVERAGE", &from, &to, &rows->step, &rows->sources, &name,
                    &rows->value) != 0)
        return library_failed(err, "reading", path);
    for (unsigned long i = 0; i < rows->sources; i++)
        free(name[i]);
    free(name);
    rows->count = (size_t)(to - from) / rows->step;
    *from_s = from;
    return true;
}

static void survey_one(const struct rows *rows, unsigned source, struct archive_survey *survey)
{
    double sum = 0, most = 0;
    size_t known = 0;

    for (size_t i = 0; i < rows->count; i++) {
        double value = rows->value[i * rows->sources + source];
        if (isnan(value))
            continue;
        known++;
        sum += value;
        most = value > most ? value : most;
    }
    survey->mean[source] = known > 0 ? sum / (double)known : (double)NAN;
    survey->most[source] = known > 0 ? most : (double)NAN;
}

/* The last row ends behind the range, and may not be complete. */
static bool has_gap(const struct rows *rows)
{
    for (size_t i = 0; i + 1 < rows->count; i++) {
        if (isnan(rows->value[i * rows->sources]))
            return true;
    }
    return false;
}

bool archive_file_survey(const char *path, enum series_family f, int64_t from_s, int64_t to_s,
                         struct archive_survey *survey, struct error *err)
{
    struct rows rows;
    if (!fetch(path, &from_s, to_s, &rows, err))
        return false;
    bool same = rows.sources == series_count(f);
    for (unsigned i = 0; same && i < rows.sources; i++)
        survey_one(&rows, i, survey);
    survey->gap = has_gap(&rows);
    free(rows.value);
    return same || error_set(err, "%s has other series than expected", path);
}

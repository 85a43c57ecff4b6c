/* SPDX-License-Identifier: MIT */
#include "program/reading.h"

#include "capture/source.h"

#include <stdlib.h>

enum {
    NS = 1000000000,
    QUIET_INTERVALS = 120, /* a silence up to this is silence, beyond it a gap */
};

/*
 * What a file's times may do.  A frame's time is a claim: one frame with a wrong one must not
 * carry away all that follow it.  So a step further than these is taken when two messages in a
 * row say so; until then they count in the interval under way.
 */
static const int64_t back_ns = INT64_C(60) * NS;           /* less is disorder: counted late */
static const int64_t ahead_ns = INT64_C(3600) * NS;        /* less is a silence */
static const int64_t latest_ns = INT64_C(7258118400) * NS; /* 2200: no capture is of then */

struct file {
    struct source *source;
    int64_t next_ns;             /* time of its next frame */
    bool begun, over;            /* a frame was taken; there is no next one */
    struct source_counts before; /* when it was left last */
    uint64_t done_bytes;
};

/* Where the stream stands. */
struct reading {
    const struct reading_settings *settings;
    struct file *file; /* in the order of their first frames */
    unsigned files;
    int64_t start_ns; /* of the interval */
    int64_t far_ns;   /* time of the next frame, where that is too far ahead to believe it; 0 */
    bool begun;
    bool fresh;   /* the file under way is one of which nothing was read yet */
    bool ended;   /* an interval was */
    bool stopped; /* by `progress` */
    bool cut;     /* not every file was read to its end */
    uint64_t frames;
    uint64_t done_bytes, all_bytes;
};

static void end_interval(struct reading *r)
{
    r->settings->over(r->settings->over_argument, r->start_ns);
    r->start_ns += r->settings->interval_ns;
    r->ended = true;
}

static int64_t interval_of(const struct reading *r, int64_t time_ns)
{
    return time_ns < latest_ns ? time_ns - time_ns % r->settings->interval_ns : latest_ns;
}

/* Goes on to the interval of the next frame: through a silence, over what was not captured. */
static void move_to(struct reading *r, int64_t time_ns)
{
    int64_t next = interval_of(r, time_ns);
    bool captured = next - r->start_ns <= ahead_ns;
    for (int i = 0; captured && i < QUIET_INTERVALS && r->start_ns < next; i++)
        end_interval(r);
    if (next > r->start_ns)
        r->start_ns = next;
}

static void note_file(struct reading *r, struct file *f)
{
    const struct reading_settings *s = r->settings;
    struct source_counts now;
    uint64_t done;
    uint64_t size;
    source_counts(f->source, &now);
    counters_add_source(&s->counters->source, &now, &f->before);
    r->frames += now.frames - f->before.frames;
    f->before = now;
    source_progress(f->source, &done, &size);
    r->done_bytes += done - f->done_bytes;
    f->done_bytes = done;
    if (s->progress != NULL)
        r->stopped = !s->progress(s->progress_argument, r->frames, r->done_bytes, r->all_bytes);
}

/* Ends the interval under way and begins the one of `time_ns`, wherever that is. */
static void step_to(struct reading *r, int64_t time_ns)
{
    int64_t back = r->start_ns;
    if (r->ended || time_ns >= r->start_ns)
        end_interval(r);
    if (time_ns < back)
        r->start_ns = interval_of(r, time_ns);
    else
        move_to(r, time_ns);
}

static bool is_back(const struct reading *r, const struct message *m)
{
    return m->time_ns < r->start_ns - back_ns;
}

/* Times are no longer what they were: the last two messages say so. */
static bool are_back(const struct reading *r, const struct message_batch *b)
{
    return b->count > 1 && is_back(r, &b->message[b->count - 1]) &&
           is_back(r, &b->message[b->count - 2]);
}

/* Whether the messages read for a frame far ahead are of then, or that frame was a stray. */
static bool are_ahead(const struct reading *r, const struct message_batch *b,
                      enum source_state state)
{
    int64_t least = r->far_ns - back_ns;
    if (r->far_ns > latest_ns || b->message[b->count - 1].time_ns < least)
        return false;
    if (b->count > 1)
        return b->message[b->count - 2].time_ns >= least;
    return state == SOURCE_LIMIT || (r->fresh && state == SOURCE_END); /* a file of one frame */
}

/* Each message where its own time says, as far as the last one's bears it out. */
static void add_each(struct reading *r, const struct message_batch *b)
{
    const struct reading_settings *s = r->settings;
    int64_t last_ns = b->message[b->count - 1].time_ns;
    struct message_batch one = *b; /* for the names */
    one.count = 1;
    for (uint32_t i = 0; i < b->count; i++) {
        const struct message *m = &b->message[i];
        one.message[0] = *m;
        if (is_back(r, m) || (m->time_ns >= r->start_ns + s->interval_ns &&
                              m->time_ns <= latest_ns && m->time_ns - last_ns <= back_ns))
            step_to(r, m->time_ns);
        counters_add(s->counters, &one, r->start_ns);
    }
}

static void add_batch(struct reading *r, const struct message_batch *b, enum source_state state)
{
    int64_t far_ns = r->far_ns;
    bool ahead = far_ns != 0 && b->count > 0 && are_ahead(r, b, state);
    if (b->count > 0)
        r->far_ns = 0;
    if (ahead)
        step_to(r, far_ns);
    if (!ahead && b->count > 1 && (far_ns != 0 || are_back(r, b)))
        add_each(r, b);
    else
        counters_add(r->settings->counters, b, r->start_ns);
}

/* The interval is over, or seems so: what comes next is of `time_ns`. */
static void next_interval(struct reading *r, int64_t time_ns)
{
    bool is_far = time_ns > latest_ns || time_ns - r->start_ns > ahead_ns;
    r->far_ns = is_far ? time_ns : 0;
    if (!is_far)
        step_to(r, time_ns);
}

static int64_t reading_limit(const struct reading *r)
{
    int64_t start_ns = r->far_ns != 0 ? r->far_ns : r->start_ns;
    return start_ns > latest_ns ? INT64_MAX
                                : interval_of(r, start_ns) + r->settings->interval_ns;
}

/*
 * To the interval of a file's next frame, which is the earliest of all files'.  A file may
 * begin before the one read last; far ahead, its first frame is believed as little as any
 * other.
 */
static void go_to(struct reading *r, const struct file *f)
{
    if (!r->begun)
        r->start_ns = interval_of(r, f->next_ns);
    else if (!f->begun && f->next_ns < r->start_ns - back_ns)
        step_to(r, f->next_ns);
    else if (f->next_ns >= reading_limit(r))
        next_interval(r, f->next_ns);
    r->begun = true;
}

/* What the file has of the interval. */
static void read_file(struct reading *r, struct file *f)
{
    struct message_batch batch;
    struct error err;
    enum source_state state = SOURCE_MORE;
    r->fresh = !f->begun;
    while (state == SOURCE_MORE) {
        source_keep(f->source, counters_keep(r->settings->counters));
        state = source_read(f->source, &batch, reading_limit(r), &err);
        add_batch(r, &batch, state);
    }
    note_file(r, f);
    f->begun = true;
    if (state != SOURCE_LIMIT && state != SOURCE_END) {
        log_error(r->settings->log, "%s", err.text);
        r->cut = true;
    }
    if (state == SOURCE_LIMIT && source_first_time(f->source, &f->next_ns))
        return;
    f->over = true;
    source_close(f->source);
    f->source = NULL;
}

/* The one with the earliest next frame; NULL: all are over. */
static struct file *next_file(struct reading *r)
{
    struct file *next = NULL;
    for (struct file *f = r->file; f < r->file + r->files; f++)
        if (!f->over && (next == NULL || f->next_ns < next->next_ns))
            next = f;
    return next;
}

static int by_first_time(const void *a, const void *b)
{
    const struct file *x = a;
    const struct file *y = b;
    return (x->next_ns > y->next_ns) - (x->next_ns < y->next_ns);
}

/* Those that cannot be opened are said and left out. */
static void open_files(struct reading *r, char *const *paths, unsigned files)
{
    for (unsigned i = 0; i < files; i++) {
        struct file *f = &r->file[r->files];
        struct error err;
        uint64_t size;
        f->source = source_open_file(paths[i], r->settings->scope, &err);
        if (f->source == NULL) {
            log_error(r->settings->log, "%s", err.text);
            r->cut = true;
            continue;
        }
        source_progress(f->source, &f->done_bytes, &size);
        r->all_bytes += size;
        r->done_bytes += f->done_bytes;
        f->over = !source_first_time(f->source, &f->next_ns);
        r->files++;
    }
    qsort(r->file, r->files, sizeof *r->file, by_first_time);
}

static void read_all(struct reading *r)
{
    for (unsigned i = 0; i < r->files; i++)
        if (r->file[i].over)
            read_file(r, &r->file[i]); /* without a frame: whether it is whole is to be said */
    struct file *f;
    while (!r->stopped && (f = next_file(r)) != NULL) {
        go_to(r, f);
        read_file(r, f);
    }
    if (r->stopped && next_file(r) != NULL) {
        log_error(r->settings->log,
                  "asked to stop before the end of the input; what was read is counted");
        r->cut = true;
    }
    if (r->begun)
        end_interval(r);
}

bool reading_run(const struct reading_settings *settings, char *const *paths, unsigned files,
                 bool *whole, struct error *err)
{
    struct reading r = {.settings = settings, .file = calloc(files + 1, sizeof *r.file)};
    if (r.file == NULL)
        return error_set(err, "no memory to read %u files", files);
    open_files(&r, paths, files);
    read_all(&r);
    for (unsigned i = 0; i < r.files; i++)
        source_close(r.file[i].source);
    free(r.file);
    *whole = !r.cut;
    return true;
}

/* SPDX-License-Identifier: MIT */
#include "program/engine.h"

#include "program/capture.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    NS = 1000000000,
    NAME_BUCKETS = 2048,   /* of an interval: 16,384 names */
    QUIET_INTERVALS = 120, /* a file's silence up to this is silence, beyond it a gap */
    LOSSY_PERMILLE = 10,   /* kernel drops, of all frames, that make an interval lossy */
};

/*
 * What a file's times may do.  A frame's time is a claim: one frame with a wrong one must not
 * carry away all that follow it.  So a step further than these is taken when two messages in a
 * row say so; until then they count in the interval under way.
 */
static const int64_t back_ns = INT64_C(60) * NS;           /* less is disorder: counted late */
static const int64_t ahead_ns = INT64_C(3600) * NS;        /* less is a silence */
static const int64_t latest_ns = INT64_C(7258118400) * NS; /* 2200: no capture is of then */

struct engine {
    struct engine_settings settings;
    struct aggregator *aggregator;
    struct writer *writer;
    json_t *fresh;  /* events of the interval under way */
    json_t *events; /* all, where kept */
    int64_t interval_ns;
    int64_t last_minute_s;
    uint64_t seed;
    struct counters *counters; /* offline */
    struct capture *capture;   /* live */
};

static void keep_event(void *argument, struct incident_event *event)
{
    struct engine *e = argument;
    json_array_append_new(e->fresh, incident_event_json(event));
}

/*
 * What was learned goes with every minute of a live capture, which may be killed; a file can be
 * read again, so there an hour's is enough.
 */
static void pass_minute(void *argument, const struct minute *m)
{
    struct engine *e = argument;
    e->last_minute_s = m->start_s;
    if (e->settings.state == NULL)
        return;
    bool save = e->capture != NULL || m->start_s % 3600 == 0;
    writer_minute(e->writer, m, save ? aggregator_json(e->aggregator) : NULL);
}

static void pass_hour(void *argument, int64_t hour_s, const struct prefix_counts *counts)
{
    struct engine *e = argument;
    writer_hour(e->writer, hour_s, counts);
}

static bool create_aggregator(struct engine *e, struct error *err)
{
    const struct config *c = e->settings.config;
    const struct aggregator_settings settings = {
            .detector = {.material_share = c->open_share,
                         .material_qps = c->open_qps,
                         .sensitivity = c->sensitivity,
                         .warmup_s = c->warmup_s,
                         .origins = e->settings.origins},
            .casebook = {.material_share = c->open_share,
                         .material_qps = c->open_qps,
                         .sensitivity = c->sensitivity,
                         .quiet_s = c->quiet_s,
                         .origins = e->settings.origins},
            .hours = e->settings.state != NULL,
            .run = e->settings.keep_run,
            .seed = e->seed,
    };
    const struct aggregator_told told = {keep_event, pass_minute, pass_hour, e};
    e->aggregator = aggregator_create(&settings, &told, err);
    return e->aggregator != NULL;
}

/* What an earlier run learned; without it, or when it cannot be read, learning starts anew. */
static void take_up(struct engine *e, struct store *store)
{
    struct error err;
    int64_t time_s;
    json_t *learned = store_learned(store, "aggregator", &time_s, &err);
    if (learned == NULL && err.text[0] != '\0')
        log_error(e->settings.log, "%s; learning starts anew", err.text);
    if (learned != NULL && !aggregator_parse(learned, e->aggregator, &err))
        log_error(e->settings.log, "%s: %s; learning starts anew where it is missing",
                  e->settings.state, err.text);
    json_decref(learned);
}

bool engine_start(struct engine *e, bool live, struct error *err)
{
    const struct config *c = e->settings.config;
    struct store *store = NULL;
    if (e->settings.state != NULL) {
        store = store_open(e->settings.state, STORE_WRITE, err);
        if (store == NULL)
            return false;
        take_up(e, store);
    }
    const struct writer_settings settings = {
            .store = store,
            .events = e->settings.events,
            .log = e->settings.log,
            .wait = !live,
            .hour_floor = c->hour_floor,
            .minutes_days = c->minutes_days,
            .hours_days = c->hours_days,
            .poke_fd = e->settings.poke_fd,
    };
    e->writer = writer_start(&settings, err);
    if (e->writer == NULL)
        store_close(store);
    return e->writer != NULL;
}

static struct counters *create_counters(const struct engine *e, struct error *err)
{
    const struct counters_size size = {
            .prefix_records = e->settings.config->prefix_records,
            .direct = true,
            .name_buckets = NAME_BUCKETS,
            .evict_names = false,
            .seed = e->seed,
    };
    return counters_create(&size, err);
}

struct engine *engine_create(const struct engine_settings *settings, struct error *err)
{
    struct engine *e = calloc(1, sizeof *e);
    if (e == NULL) {
        error_set(err, "no memory for the engine");
        return NULL;
    }
    e->settings = *settings;
    e->interval_ns = (int64_t)settings->config->interval_s * NS;
    e->fresh = json_array();
    e->events = json_array();
    if (getrandom(&e->seed, sizeof e->seed, 0) != sizeof e->seed) {
        error_errno(err, "seeding the engine");
        goto fail;
    }
    if (create_aggregator(e, err))
        return e;

fail:
    engine_free(e);
    return NULL;
}

void engine_free(struct engine *e)
{
    if (e == NULL)
        return;
    capture_free(e->capture);
    if (e->writer != NULL)
        (void)writer_stop(e->writer);
    aggregator_free(e->aggregator);
    counters_free(e->counters);
    json_decref(e->fresh);
    json_decref(e->events);
    free(e);
}

/* The events of an interval leave together with what is known after it. */
static void pass_events(struct engine *e, int64_t time_s)
{
    if (json_array_size(e->fresh) == 0)
        return;
    if (e->settings.keep_events)
        json_array_extend(e->events, e->fresh);
    json_t *learned = e->settings.state == NULL ? NULL : aggregator_json(e->aggregator);
    writer_events(e->writer, e->fresh, learned, time_s);
    e->fresh = json_array();
}

static bool is_lossy(const struct source_counts *s)
{
    uint64_t all = s->frames + s->kernel_drops;
    return s->kernel_drops * 1000 > all * LOSSY_PERMILLE;
}

/* One whole interval, offline or live; the counters are then free to be cleared. */
static void take_interval(struct engine *e, struct counters *c, int64_t start_ns,
                          int64_t length_ns)
{
    const struct interval interval = {
            .start_ns = start_ns,
            .length_ns = length_ns,
            .lossy = is_lossy(&c->source),
            .counters = c,
    };
    aggregator_interval(e->aggregator, &interval);
    pass_events(e, (start_ns + length_ns) / NS);
}

/* Offline: where the stream stands. */
struct reading {
    struct engine *engine;
    int64_t start_ns; /* of the interval */
    int64_t far_ns;   /* time of the next frame, where that is too far ahead to believe it; 0 */
    bool begun;
    bool ended;                  /* an interval was */
    bool stopped;                /* by `progress` */
    struct source_counts before; /* of the source, at the interval's start */
    uint64_t frames;
    uint64_t done_bytes, all_bytes; /* of the files before this one; of all of them */
    engine_progress *progress;
    void *argument;
};

static void clear_counters(struct engine *e, struct counters *c)
{
    struct watch_list watch;
    aggregator_watch(e->aggregator, &watch);
    counters_clear(c, &watch);
}

static void end_interval(struct reading *r)
{
    struct engine *e = r->engine;
    take_interval(e, e->counters, r->start_ns, e->interval_ns);
    clear_counters(e, e->counters);
    r->start_ns += e->interval_ns;
    r->ended = true;
}

static int64_t interval_of(const struct engine *e, int64_t time_ns)
{
    return time_ns < latest_ns ? time_ns - time_ns % e->interval_ns : latest_ns;
}

/* Goes on to the interval of the next frame: through a silence, over what was not captured. */
static void move_to(struct reading *r, int64_t time_ns)
{
    int64_t next = interval_of(r->engine, time_ns);
    bool captured = next - r->start_ns <= ahead_ns;
    for (int i = 0; captured && i < QUIET_INTERVALS && r->start_ns < next; i++)
        end_interval(r);
    if (next > r->start_ns)
        r->start_ns = next;
}

static void note_source(struct reading *r, struct source *s)
{
    struct source_counts now;
    source_counts(s, &now);
    counters_add_source(&r->engine->counters->source, &now, &r->before);
    r->frames += now.frames - r->before.frames;
    r->before = now;
    if (r->progress == NULL)
        return;
    uint64_t done;
    uint64_t size;
    source_progress(s, &done, &size);
    r->stopped = !r->progress(r->argument, r->frames, r->done_bytes + done, r->all_bytes);
}

/* Ends the interval under way and begins the one of `time_ns`, wherever that is. */
static void step_to(struct reading *r, int64_t time_ns)
{
    int64_t back = r->start_ns;
    if (r->ended || time_ns >= r->start_ns)
        end_interval(r);
    if (time_ns < back)
        r->start_ns = interval_of(r->engine, time_ns);
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
    return b->count > 1 ? b->message[b->count - 2].time_ns >= least : state == SOURCE_LIMIT;
}

/* Each message where its own time says, as far as the last one's bears it out. */
static void add_each(struct reading *r, const struct message_batch *b)
{
    struct engine *e = r->engine;
    int64_t last_ns = b->message[b->count - 1].time_ns;
    struct message_batch one = *b; /* for the names */
    one.count = 1;
    for (uint32_t i = 0; i < b->count; i++) {
        const struct message *m = &b->message[i];
        one.message[0] = *m;
        if (is_back(r, m) || (m->time_ns >= r->start_ns + e->interval_ns &&
                              m->time_ns <= latest_ns && m->time_ns - last_ns <= back_ns))
            step_to(r, m->time_ns);
        counters_add(e->counters, &one, r->start_ns);
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
        counters_add(r->engine->counters, b, r->start_ns);
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
    return start_ns > latest_ns ? INT64_MAX : start_ns + r->engine->interval_ns;
}

/* False: the source ended in the middle, and err says where. */
static bool read_source(struct reading *r, struct source *s, struct error *err)
{
    struct message_batch batch;
    int64_t first_ns;
    r->before = (struct source_counts){0};
    if (source_first_time(s, &first_ns)) {
        if (!r->begun)
            r->start_ns = interval_of(r->engine, first_ns);
        else if (first_ns < r->start_ns - back_ns || first_ns >= reading_limit(r))
            step_to(r, first_ns);
        r->begun = true;
    }
    for (;;) {
        enum source_state state = source_read(s, &batch, reading_limit(r), err);
        add_batch(r, &batch, state);
        if (state == SOURCE_MORE)
            continue;
        note_source(r, s);
        if (state != SOURCE_LIMIT)
            return state == SOURCE_END;
        if (r->stopped)
            return error_set(
                    err, "asked to stop before the end of the input; what was read is counted");
        if (source_first_time(s, &first_ns))
            next_interval(r, first_ns);
    }
}

struct opened {
    struct source *source;
    int64_t first_ns;
};

static int by_first_time(const void *a, const void *b)
{
    const struct opened *x = a;
    const struct opened *y = b;
    return (x->first_ns > y->first_ns) - (x->first_ns < y->first_ns);
}

/* Opens all files; those that cannot be are said and left out. */
static unsigned open_all(struct engine *e, char *const *paths, unsigned files,
                         struct opened *opened, uint64_t *all_bytes)
{
    unsigned count = 0;
    for (unsigned i = 0; i < files; i++) {
        struct error err;
        struct source *s = source_open_file(paths[i], &e->settings.config->scope, &err);
        if (s == NULL) {
            log_error(e->settings.log, "%s", err.text);
            continue;
        }
        uint64_t done;
        uint64_t size;
        source_progress(s, &done, &size);
        *all_bytes += size;
        opened[count] = (struct opened){.source = s};
        (void)source_first_time(s, &opened[count].first_ns);
        count++;
    }
    qsort(opened, count, sizeof *opened, by_first_time);
    return count;
}

enum engine_end engine_read(struct engine *e, char *const *paths, unsigned files,
                            engine_progress *progress, void *argument, struct error *err)
{
    struct reading r = {.engine = e, .progress = progress, .argument = argument};
    struct opened *opened = calloc(files + 1, sizeof *opened);
    if (opened == NULL || (e->counters = create_counters(e, err)) == NULL) {
        free(opened);
        return ENGINE_FAILED;
    }
    clear_counters(e, e->counters);
    unsigned count = open_all(e, paths, files, opened, &r.all_bytes);
    bool whole = count == files;
    for (unsigned i = 0; i < count; i++) {
        struct error cut;
        uint64_t done;
        uint64_t size;
        if (!r.stopped && !read_source(&r, opened[i].source, &cut)) {
            log_error(e->settings.log, "%s", cut.text);
            whole = false;
        }
        source_progress(opened[i].source, &done, &size);
        r.done_bytes += size;
        source_close(opened[i].source);
    }
    free(opened);
    if (r.begun)
        end_interval(&r);
    return whole ? ENGINE_DONE : ENGINE_CUT;
}

static bool take_captured(void *argument, struct counters *c, int64_t start_ns,
                          int64_t length_ns)
{
    struct engine *e = argument;
    take_interval(e, c, start_ns, length_ns);
    clear_counters(e, c);
    return true;
}

static struct counters *make_counters(void *argument, struct error *err)
{
    return create_counters(argument, err);
}

static void empty_counters(void *argument, struct counters *c)
{
    clear_counters(argument, c);
}

bool engine_open_live(struct engine *e, struct error *err)
{
    const struct config *c = e->settings.config;
    const struct capture_settings settings = {
            .live = {.interface = c->interface,
                     .buffer_bytes = c->buffer_mib << 20,
                     .snaplen = c->snaplen},
            .scope = &c->scope,
            .workers = c->workers,
            .interval_ns = e->interval_ns,
            .log = e->settings.log,
            .poke_fd = e->settings.poke_fd,
            .make = make_counters,
            .take = take_captured,
            .empty = empty_counters,
            .argument = e,
    };
    e->capture = capture_open(&settings, err);
    return e->capture != NULL;
}

enum engine_end engine_capture(struct engine *e, int stop_fd, struct error *err)
{
    return capture_run(e->capture, stop_fd, err) ? ENGINE_DONE : ENGINE_FAILED;
}

struct writer_counts engine_finish(struct engine *e)
{
    struct writer_counts counts = {0};
    if (e->writer == NULL)
        return counts;
    aggregator_end(e->aggregator);
    if (e->settings.state != NULL)
        writer_learned(e->writer, aggregator_json(e->aggregator), e->last_minute_s);
    counts = writer_stop(e->writer);
    e->writer = NULL;
    return counts;
}

const struct counters *engine_run(const struct engine *e)
{
    return aggregator_run(e->aggregator);
}

const json_t *engine_events(const struct engine *e)
{
    return e->events;
}

uint64_t engine_turned_away(const struct engine *e)
{
    return aggregator_turned_away(e->aggregator);
}

/* SPDX-License-Identifier: MIT */
#include "program/engine.h"

#include "analysis/junk.h"
#include "analysis/store_past.h"
#include "analysis/words.h"
#include "program/capture.h"
#include "program/reading.h"
#include "program/status.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    NS = 1000000000,
    NAME_BUCKETS = 2048, /* of an interval: 12,288 names */
    SOURCES6 = 1 << 17,  /* of an interval, where each is to be known */
    LOSSY_PERMILLE = 10, /* kernel drops, of all frames, that make an interval lossy */
};

_Static_assert(sizeof((struct config *)0)->rssac002_service == RSSAC002_SERVICE_BYTES,
               "a service that can be set can be stored");

struct engine {
    struct engine_settings settings;
    struct aggregator *aggregator;
    struct writer *writer;
    json_t *fresh;                   /* events of the interval under way */
    json_t *events;                  /* all, where kept */
    char www[CONFIG_PATH_BYTES + 8]; /* of the pages, live */
    int64_t interval_ns;
    int64_t last_minute_s;
    int64_t end_s;   /* of the last interval that was counted */
    int64_t began_h; /* hour in which it was last said that traffic begins */
    uint64_t seed;
    struct tlds *shipped;              /* NULL where there are others */
    struct junk *judge;                /* one of all workers */
    struct origins *origins;           /* in use, and ours; NULL: none of ours is */
    struct origins *next;              /* offered to the aggregator */
    _Atomic(struct origins *) mailbox; /* offered to us, by another thread */
    struct counters *counters;         /* offline; the next ones too */
    struct store_past *past;
    bool begun;
    int64_t looked_to_s;                /* detectors of the run before had come to here */
    int64_t passed_from_s, passed_to_s; /* not stored again, the first and the last of it */
    double passed_s;
    struct capture *capture; /* live */
    struct totals totals;    /* live */
};

static void keep_event(void *argument, struct incident_event *event)
{
    struct engine *e = argument;
    json_array_append_new(e->fresh, incident_event_json(event));
}

/* Frames go into the state directory. */
static bool keeps_frames(const struct engine *e)
{
    return e->settings.state != NULL && e->settings.config->evidence_frames > 0;
}

/* Nobody asks for it where it is not stored. */
static bool counts_rssac002(const struct engine *e)
{
    return e->settings.state != NULL && e->settings.config->rssac002_service[0] != '\0';
}

static void pass_evidence(void *argument, const char *id, int64_t from_s,
                          const struct evidence *evidence)
{
    struct engine *e = argument;
    writer_evidence(e->writer, id, from_s, evidence);
}

static int64_t read_to(const struct engine *e)
{
    return e->capture == NULL ? e->end_s : 0;
}

/*
 * What was learned goes with every minute of a live capture, which may be killed; a file can be
 * read again, so there an hour's is enough.
 */
static void pass_minute(void *argument, const struct minute *m)
{
    struct engine *e = argument;
    e->last_minute_s = m->start_s;
    if (e->settings.state == NULL || store_past_part(e->past, m->start_s) == PAST_MINUTES)
        return;
    bool save = e->capture != NULL || m->start_s % 3600 == 0;
    writer_minute(e->writer, m, save ? aggregator_json(e->aggregator) : NULL, read_to(e));
}

static void pass_hour(void *argument, const struct aggregator_hour *hour)
{
    struct engine *e = argument;
    writer_hour(e->writer, hour, read_to(e));
}

/* A file can be read again. */
static void pass_going(void *argument, const struct aggregator_hour *hour)
{
    struct engine *e = argument;
    if (e->capture != NULL)
        writer_going(e->writer, hour);
}

/* A few queries now and then begin again and again. */
static void note_beginning(void *argument, int64_t time_s, double rate_qps)
{
    struct engine *e = argument;
    if (time_s / 3600 != e->began_h)
        log_notice(e->settings.log,
                   "queries begin, %.0f a second, where there had been next to none: what is "
                   "usual is learned anew",
                   rate_qps);
    e->began_h = time_s / 3600;
}

static bool create_aggregator(struct engine *e, struct error *err)
{
    const struct config *c = e->settings.config;
    const struct aggregator_settings settings = {
            .detector = {.material_share = c->open_share,
                         .material_qps = c->open_qps,
                         .sensitivity = c->sensitivity,
                         .warmup_s = c->warmup_s,
                         .known = &c->known},
            .casebook = {.material_share = c->open_share,
                         .material_qps = c->open_qps,
                         .sensitivity = c->sensitivity,
                         .quiet_s = c->quiet_s,
                         .evidence_frames = keeps_frames(e) ? c->evidence_frames : 0,
                         .silences = &c->silences},
            .origins = e->settings.origins,
            .origins_age_s = (int64_t)c->origins_days * 86400,
            .hours = e->settings.state != NULL,
            .rssac002 = counts_rssac002(e),
            .run = e->settings.keep_run,
            .seed = e->seed,
    };
    const struct aggregator_told told = {keep_event,
                                         keeps_frames(e) ? pass_evidence : NULL,
                                         pass_minute,
                                         pass_hour,
                                         pass_going,
                                         note_beginning,
                                         e};
    e->aggregator = aggregator_create(&settings, &told, err);
    return e->aggregator != NULL;
}

/* Its number is not given again, whatever becomes of what was learned. */
static bool note_incident(void *argument, const struct incident_event *e)
{
    aggregator_note_id(argument, e->incident.id);
    return true;
}

/* What an earlier run learned; without it, or when it cannot be read, learning starts anew. */
static void take_up(struct engine *e, struct store *store)
{
    struct error err;
    int64_t time_s = 0;
    bool whole = true;
    json_t *learned = store_learned(store, "aggregator", &time_s, &err);
    e->looked_to_s = time_s;
    if (learned == NULL && err.text[0] != '\0') {
        log_error(e->settings.log, "%s; learning starts anew", err.text);
        whole = false;
    }
    if (learned != NULL && !aggregator_parse(learned, e->aggregator, &err)) {
        log_error(e->settings.log, "%s: %s; learning starts anew where it is missing",
                  e->settings.state, err.text);
        whole = false;
    }
    whole = whole && aggregator_knows_ids(e->aggregator);
    if (!whole && !store_incidents(store, 0, INT64_MAX, note_incident, e->aggregator, &err))
        log_error(e->settings.log, "%s: %s", e->settings.state, err.text);
    json_decref(learned);
}

bool engine_start(struct engine *e, bool live, struct error *err)
{
    const struct config *c = e->settings.config;
    struct store *store = NULL;
    if (e->aggregator == NULL && !create_aggregator(e, err))
        return false;
    if (e->settings.state != NULL) {
        store = store_open(e->settings.state, STORE_WRITE, err);
        if (store == NULL)
            return false;
        take_up(e, store);
        if (!live && (e->past = store_past_read(store, err)) == NULL) {
            store_close(store);
            return false;
        }
    }
    const struct writer_settings settings = {
            .store = store,
            .events = e->settings.events,
            .log = e->settings.log,
            .status = live,
            .wait = !live,
            .state = e->settings.state,
            .hour_floor = c->hour_floor,
            .hour_names = c->hour_names,
            .minutes_days = c->minutes_days,
            .hours_days = c->hours_days,
            .cases_days = c->cases_days,
            .service = c->rssac002_service,
            .rssac002_days = c->rssac002_days,
            .www = live ? config_www(c, e->www) : NULL,
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
            .way = PREFIX_DIRECT,
            .name_buckets = NAME_BUCKETS,
            .evict_names = false,
            .keep_frames = keeps_frames(e),
            .sources6 = counts_rssac002(e) ? SOURCES6 : 0,
            .judge = e->judge,
            .seed = e->seed,
    };
    return counters_create(&size, err);
}

static bool create_judge(struct engine *e, struct error *err)
{
    const struct config *c = e->settings.config;
    if (e->settings.tlds == NULL) {
        e->shipped = tlds_create(NULL, err);
        e->settings.tlds = e->shipped;
    }
    const struct junk_settings settings = {
            .tlds = e->settings.tlds, .memory_mib = c->question_mib, .cut = c->zone_labels};
    if (settings.tlds != NULL)
        e->judge = junk_create(&settings, err);
    return e->judge != NULL;
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
        engine_free(e);
        return NULL;
    }
    if (create_judge(e, err))
        return e;
    engine_free(e);
    return NULL;
}

void engine_set_tlds(struct engine *e, const struct tlds *tlds)
{
    e->settings.tlds = tlds;
    junk_set_tlds(e->judge, tlds);
}

const char *engine_tlds_source(const struct engine *e)
{
    return e->settings.tlds->source;
}

void engine_set_origins(struct engine *e, struct origins *origins)
{
    origins_free(e->origins);
    e->settings.origins = e->origins = origins;
}

void engine_offer_origins(struct engine *e, struct origins *origins)
{
    origins_free(atomic_exchange(&e->mailbox, origins));
}

/* A table that came meanwhile goes on to the aggregator, which turns to it in its own time. */
static void take_offer(struct engine *e)
{
    struct error err;
    struct origins *offered = atomic_exchange(&e->mailbox, NULL);
    if (offered == NULL)
        return;
    if (!aggregator_offer_origins(e->aggregator, offered, &err)) {
        log_error(e->settings.log, "%s; the old table of origins stays in force", err.text);
        origins_free(offered);
        return;
    }
    origins_free(e->next);
    e->next = offered;
}

/* Once the aggregator has turned, nobody looks at the old table any more. */
static void end_turn(struct engine *e)
{
    if (e->next == NULL || aggregator_origins(e->aggregator) != e->next)
        return;
    origins_free(e->origins);
    e->origins = e->next;
    e->next = NULL;
    log_notice(e->settings.log, "a new table of origins is in use: %zu prefixes of %zu ASes",
               origins_announcements(e->origins), origins_count(e->origins));
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
    store_past_free(e->past);
    junk_free(e->judge);
    tlds_free(e->shipped);
    origins_free(e->origins);
    origins_free(e->next);
    origins_free(atomic_load(&e->mailbox));
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

/* Of a live capture, whoever looks: it is the newest that counts. */
static void pass_status(struct engine *e, const struct interval *interval)
{
    if (e->capture == NULL || e->settings.state == NULL)
        return;
    const struct config *config = e->settings.config;
    struct status_view view = {
            .interval = interval,
            .origins = aggregator_origins(e->aggregator),
            .totals = &e->totals,
            .site = config->site,
            .interface = config->interface,
            .interval_s = config->interval_s,
            .usual_qps = aggregator_usual(e->aggregator),
            .turned_away = aggregator_turned_away(e->aggregator),
    };
    totals_add(&e->totals, interval);
    aggregator_open(e->aggregator, view.open);
    writer_status(e->writer, status_json(&view));
}

/* One whole interval, offline or live; the counters are then free to be cleared. */
static void take_interval(struct engine *e, const struct interval *interval)
{
    take_offer(e);
    aggregator_interval(e->aggregator, interval);
    end_turn(e);
    e->end_s = (interval->start_ns + interval->length_ns) / NS;
    pass_events(e, e->end_s);
    pass_status(e, interval);
}

/* Stored by an earlier run: it would be counted twice. */
static void pass_over(struct engine *e, const struct interval *interval)
{
    int64_t start_s = interval->start_ns / NS;
    int64_t end_s = (interval->start_ns + interval->length_ns) / NS;
    aggregator_pass_over(e->aggregator, interval);
    if (e->passed_s == 0 || start_s < e->passed_from_s)
        e->passed_from_s = start_s;
    if (end_s > e->passed_to_s)
        e->passed_to_s = end_s;
    e->passed_s += interval_seconds(interval);
}

/* Before the start nothing is watched. */
static void clear_counters(struct engine *e, struct counters *c)
{
    struct watch_list watch;
    if (e->aggregator != NULL)
        aggregator_watch(e->aggregator, &watch);
    counters_clear(c, e->aggregator != NULL ? &watch : NULL);
}

static void take_read(void *argument, int64_t start_ns)
{
    struct engine *e = argument;
    if (!e->begun)
        store_past_begin(e->past, start_ns / NS, e->settings.config->interval_s);
    e->begun = true;
    enum store_past_part part = store_past_part(e->past, start_ns / NS);
    const struct interval interval = {
            .start_ns = start_ns,
            .length_ns = e->interval_ns,
            .lossy = is_lossy(&e->counters->source),
            .seen = part == PAST_MINUTES && (start_ns + e->interval_ns) / NS <= e->looked_to_s,
            .counters = e->counters,
    };
    if (part == PAST_ALL)
        pass_over(e, &interval);
    else
        take_interval(e, &interval);
    clear_counters(e, e->counters);
}

static void say_passed(const struct engine *e)
{
    char from[WORDS_TIME_BYTES];
    char to[WORDS_TIME_BYTES];
    if (e->passed_s > 0)
        log_warning(e->settings.log,
                    "%s has had %.0f s of this before, between %s and %s: they are in the "
                    "summary, but nothing was looked for in them, nor were they stored again",
                    e->settings.state, e->passed_s, words_second(e->passed_from_s, from),
                    words_second(e->passed_to_s, to));
}

enum engine_end engine_read(struct engine *e, char *const *paths, unsigned files,
                            engine_progress *progress, void *argument, struct error *err)
{
    e->counters = create_counters(e, err);
    if (e->counters == NULL)
        return ENGINE_FAILED;
    clear_counters(e, e->counters);
    const struct reading_settings settings = {
            .scope = &e->settings.config->scope,
            .log = e->settings.log,
            .interval_ns = e->interval_ns,
            .counters = e->counters,
            .over = take_read,
            .over_argument = e,
            .progress = progress,
            .progress_argument = argument,
    };
    bool whole;
    if (!reading_run(&settings, paths, files, &whole, err))
        return ENGINE_FAILED;
    say_passed(e);
    return whole ? ENGINE_DONE : ENGINE_CUT;
}

static bool take_captured(void *argument, struct counters *c, int64_t start_ns,
                          int64_t length_ns)
{
    struct engine *e = argument;
    const struct interval interval = {
            .start_ns = start_ns,
            .length_ns = length_ns,
            .lossy = is_lossy(&c->source),
            .counters = c,
    };
    take_interval(e, &interval);
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

const struct origins *engine_origins(const struct engine *e)
{
    return aggregator_origins(e->aggregator);
}

const json_t *engine_events(const struct engine *e)
{
    return e->events;
}

uint64_t engine_turned_away(const struct engine *e)
{
    return aggregator_turned_away(e->aggregator);
}

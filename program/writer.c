/* SPDX-License-Identifier: MIT */
#include "program/writer.h"

#include "analysis/store_past.h"
#include "analysis/store_rssac002.h"
#include "program/evidence_file.h"
#include "program/hour_copy.h"
#include "program/old_cases.h"
#include "program/status_keeper.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    QUEUE = 256,
    KEPT = 1024, /* jobs with events that could not be stored yet */
    TRIES = 5,   /* of such a job, while others were stored: it is itself what is wrong */
    DAY_S = 86400,
    PAGES_DAYS = 35,
    PATH_BYTES = 4096,
};

enum job_kind { JOB_EVENTS, JOB_MINUTE, JOB_HOUR, JOB_GOING, JOB_EVIDENCE };

struct job {
    enum job_kind kind;
    json_t *events;
    json_t *learned; /* after the events or the minute */
    int64_t time_s;  /* of what was learned, or of the hour */
    int64_t read_to_s;
    struct minute minute;
    struct store_hour hour;
    char id[INCIDENT_ID_BYTES];
    struct evidence *evidence; /* of it, from time_s on */
    bool noted;                /* its events are in the events file, or the log */
    unsigned tries;            /* in vain, while others were stored */
    struct job *next;          /* of those kept */
};

struct writer {
    struct writer_settings settings;
    pthread_t thread;
    pthread_mutex_t lock; /* of the queue, `stopping` and `counts` */
    pthread_cond_t changed;
    struct job *queue[QUEUE];
    unsigned queued;
    bool stopping;
    struct writer_counts counts;
    struct status_keeper *keeper; /* NULL: there is no status */
    /* The thread's own: */
    bool failing;     /* said, and not yet well again */
    bool cluttered;   /* an old case cannot be removed; said */
    bool left;        /* hours of other processes, or that failed: nothing may replace them */
    struct job *kept; /* events to be stored once that works again, oldest first */
    unsigned keeps;
};

static void free_job(struct job *j)
{
    json_decref(j->events);
    json_decref(j->learned);
    store_hour_fini(&j->hour);
    evidence_free(j->evidence);
    free(j);
}

static void count_failed(struct writer *w)
{
    pthread_mutex_lock(&w->lock);
    w->counts.failed++;
    pthread_mutex_unlock(&w->lock);
}

static bool store_learned_by(struct writer *w, const struct job *j, struct error *err)
{
    return j->learned == NULL ||
           store_put_learned(w->settings.store, "aggregator", j->time_s, j->learned, err);
}

static bool store_event(struct writer *w, const json_t *event, struct error *err)
{
    struct incident_event e;
    if (!incident_event_parse(event, &e, err))
        return false;
    bool good = store_put_event(w->settings.store, &e, err);
    incident_fini(&e.incident);
    return good;
}

static bool store_parts(struct writer *w, const struct job *j, struct error *err)
{
    for (size_t i = 0; i < json_array_size(j->events); i++)
        if (!store_event(w, json_array_get(j->events, i), err))
            return false;
    if (j->kind == JOB_MINUTE && !store_put_minute(w->settings.store, &j->minute, err))
        return false;
    if (j->read_to_s != 0 && !store_note_minutes(w->settings.store, j->read_to_s, err))
        return false;
    return store_learned_by(w, j, err);
}

/* Events or a minute, with what was learned: all or nothing. */
static bool store_together(struct writer *w, const struct job *j, struct error *err)
{
    struct store *s = w->settings.store;
    if (!store_begin(s, err))
        return false;
    if (store_parts(w, j, err))
        return store_commit(s, err);
    store_abandon(s);
    return false;
}

static bool write_lines(struct writer *w, struct job *j, struct error *err)
{
    FILE *to = w->settings.events;
    for (size_t i = 0; i < json_array_size(j->events); i++)
        if (json_dumpf(json_array_get(j->events, i), to,
                       JSON_COMPACT | JSON_REAL_PRECISION(9)) != 0 ||
            fputc('\n', to) == EOF)
            return error_errno(err, "writing the events file");
    return fflush(to) == 0 || error_errno(err, "writing the events file");
}

static void log_event(const struct log *log, const json_t *event)
{
    const char *id = "", *state = "", *severity = "", *summary = "";
    (void)json_unpack((json_t *)event, "{s:s, s:s, s:s, s:s}", "id", &id, "state", &state,
                      "severity", &severity, "summary", &summary);
    if (strcmp(state, "update") == 0)
        log_info(log, "incident %s goes on, %s: %s", id, severity, summary);
    else if (strcmp(state, "close") == 0)
        log_notice(log, "incident %s is over: %s", id, summary);
    else if (strcmp(severity, "notice") == 0)
        log_notice(log, "incident %s, %s: %s", id, severity, summary);
    else
        log_warning(log, "incident %s, %s: %s", id, severity, summary);
}

/*
 * The events file, and live the log, are of what is noticed, whether or not it can be stored;
 * each event once.
 */
static void note_events(struct writer *w, struct job *j)
{
    struct error err;
    if (j->noted)
        return;
    j->noted = true;
    for (size_t i = 0; w->settings.poke_fd >= 0 && i < json_array_size(j->events); i++)
        log_event(w->settings.log, json_array_get(j->events, i));
    if (w->settings.events == NULL || write_lines(w, j, &err))
        return;
    count_failed(w);
    log_error(w->settings.log, "%s", err.text);
}

/* What is new is archived, told and drawn at once; without the parent, who would, we end soon.
 */
static void poke(const struct writer *w)
{
    if (w->settings.poke_fd >= 0 && write(w->settings.poke_fd, "E", 1) != 1 && errno != EPIPE)
        log_warning(w->settings.log, "telling of what is new at once: %s", strerror(errno));
}

static bool do_events(struct writer *w, struct job *j, struct error *err)
{
    note_events(w, j);
    if (w->settings.store == NULL)
        return true;
    if (!store_together(w, j, err))
        return false;
    poke(w);
    return true;
}

/* The pages show an incident once the minute it opened in is stored. */
static bool do_minute(struct writer *w, const struct job *j, struct error *err)
{
    if (!store_together(w, j, err))
        return false;
    poke(w);
    return true;
}

/* An hour that has not come yet, as a file or a clock that was wrong has it, makes nothing old.
 */
static int64_t now_at(const struct job *j)
{
    int64_t clock_s = time(NULL);
    return j->time_s < clock_s ? j->time_s : clock_s;
}

/*
 * In this thread, so that a capture that was killed is not kept from beginning.  What cannot be
 * ended now is tried again before the hour is kept aside the next time.
 */
static bool end_left(struct writer *w, struct error *err)
{
    unsigned left;
    if (!w->left)
        return true;
    if (!store_end_left(w->settings.store, &left, err))
        return false;
    w->left = false;
    if (err->text[0] != '\0')
        log_error(w->settings.log, "%s: %s", w->settings.state, err->text);
    else if (left > 0)
        log_notice(
                w->settings.log,
                "stored what had been kept aside of %s not stored to the end: of each, up to "
                "five minutes are lost",
                left == 1 ? "an hour" : "hours");
    return true;
}

static bool put_hour(struct writer *w, struct job *j, struct error *err)
{
    return w->left ? store_put_part(w->settings.store, &j->hour, err)
                   : store_end_hour(w->settings.store, &j->hour, err);
}

/* With how far a reader of files has come: both or none.  What was left goes by itself. */
static bool end_hour(struct writer *w, struct job *j, struct error *err)
{
    struct store *s = w->settings.store;
    (void)end_left(w, err);
    if (j->read_to_s == 0)
        return put_hour(w, j, err);
    if (!store_begin(s, err))
        return false;
    if (put_hour(w, j, err) && store_note_hours(s, j->read_to_s, err))
        return store_commit(s, err);
    store_abandon(s);
    return false;
}

static bool store_hour(struct writer *w, struct job *j, struct error *err)
{
    const struct writer_settings *c = &w->settings;
    if (!end_hour(w, j, err)) {
        w->left = true; /* what was kept aside of it is stored in its place */
        return false;
    }
    hour_log_overflow(&j->hour, c->log);
    return store_forget(c->store, now_at(j) - (int64_t)c->minutes_days * DAY_S,
                        now_at(j) - (int64_t)c->hours_days * DAY_S, err) &&
           store_forget_rssac002(c->store, now_at(j) - (int64_t)c->rssac002_days * DAY_S, err);
}

/* What cannot be removed now is tried again. */
static bool remove_old(struct writer *w, const char *root, const char *folder, int64_t now_s,
                       uint32_t days)
{
    struct error err;
    unsigned removed;
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/%s", root, folder);
    bool good = old_cases_remove(path, w->settings.store, now_s - (int64_t)days * DAY_S,
                                 &removed, &err);
    if (removed > 0)
        log_notice(w->settings.log,
                   "%s: of %u incidents, closed more than %u days ago: removed", path, removed,
                   days);
    if (!good && !w->cluttered)
        log_warning(w->settings.log, "%s; what is old stays there", err.text);
    return good;
}

/* The overview leads to pages of a month, and would have them drawn again. */
static void remove_cases(struct writer *w, int64_t now_s)
{
    const struct writer_settings *c = &w->settings;
    uint32_t pages_days = c->cases_days > PAGES_DAYS ? c->cases_days : PAGES_DAYS;
    bool good = c->state == NULL || remove_old(w, c->state, "cases", now_s, c->cases_days);
    good &= c->www == NULL || remove_old(w, c->www, "incidents", now_s, pages_days);
    w->cluttered = !good;
}

static bool do_job(struct writer *w, struct job *j, struct error *err)
{
    switch (j->kind) {
    case JOB_EVENTS:
        return do_events(w, j, err);
    case JOB_MINUTE:
        return do_minute(w, j, err);
    case JOB_HOUR:
        remove_cases(w, now_at(j)); /* first: it may be what the disk has no room for */
        return store_hour(w, j, err);
    case JOB_GOING:
        return end_left(w, err) && store_keep_going(w->settings.store, &j->hour, err);
    case JOB_EVIDENCE:
        return evidence_file_write(w->settings.state, j->id, j->time_s, j->evidence,
                                   w->settings.log, err);
    }
    return true;
}

/* Said when it begins and when it is over, not for every job. */
static void note_result(struct writer *w, bool good, const struct error *err)
{
    if (!good && !w->failing)
        log_error(w->settings.log, "%s; counting goes on, and storing is tried again",
                  err->text);
    else if (good && w->failing)
        log_notice(w->settings.log, "storing works again; %llu parts were lost",
                   (unsigned long long)w->counts.failed);
    w->failing = !good;
}

/* Of the hour that goes on more is kept the next time. */
static bool is_loss(const struct job *j)
{
    return j->kind != JOB_GOING;
}

static void give_up(struct writer *w, struct job *j)
{
    if (is_loss(j))
        count_failed(w);
    free_job(j);
}

static struct job *take_kept(struct writer *w)
{
    struct job *j = w->kept;
    w->kept = j->next;
    w->keeps--;
    return j;
}

/* Behind all others; the oldest makes room where there are too many. */
static void keep(struct writer *w, struct job *j)
{
    struct job **end = &w->kept;
    while (*end != NULL)
        end = &(*end)->next;
    j->next = NULL;
    *end = j;
    if (++w->keeps > KEPT)
        give_up(w, take_kept(w));
}

/* In their order, up to the first that cannot be stored even now. */
static void retry_kept(struct writer *w)
{
    struct error err;
    while (w->kept != NULL && do_job(w, w->kept, &err))
        free_job(take_kept(w));
}

/*
 * Something newer was stored while these were not.  What was learned with them is history now;
 * and one that fails time and again while others do not will never do better.
 */
static void overtake_kept(struct writer *w)
{
    for (struct job *j = w->kept; j != NULL; j = j->next) {
        json_decref(j->learned);
        j->learned = NULL;
    }
    if (w->kept != NULL && ++w->kept->tries >= TRIES)
        give_up(w, take_kept(w));
}

static void perform(struct writer *w, struct job *j)
{
    struct error err;
    retry_kept(w);
    bool good = do_job(w, j, &err);
    if (!good && j->kind == JOB_EVENTS)
        keep(w, j);
    else if (!good)
        give_up(w, j);
    else
        free_job(j);
    if (good)
        overtake_kept(w);
    note_result(w, good, &err);
}

/* NULL: it is time to end. */
static struct job *take_job(struct writer *w)
{
    struct job *j = NULL;
    pthread_mutex_lock(&w->lock);
    while (w->queued == 0 && !w->stopping)
        pthread_cond_wait(&w->changed, &w->lock);
    if (w->queued > 0) {
        j = w->queue[0];
        memmove(w->queue, w->queue + 1, --w->queued * sizeof *w->queue);
        pthread_cond_broadcast(&w->changed);
    }
    pthread_mutex_unlock(&w->lock);
    return j;
}

static void *work(void *argument)
{
    struct writer *w = argument;
    struct error err;
    struct job *j;
    w->left = w->settings.store != NULL;
    if (!end_left(w, &err))
        log_error(w->settings.log, "%s; tried again later", err.text);
    while ((j = take_job(w)) != NULL)
        perform(w, j);
    retry_kept(w);
    while (w->kept != NULL)
        give_up(w, take_kept(w));
    return NULL;
}

struct writer *writer_start(const struct writer_settings *settings, struct error *err)
{
    struct writer *w = calloc(1, sizeof *w);
    if (w == NULL) {
        error_set(err, "no memory for the writer");
        return NULL;
    }
    w->settings = *settings;
    if (settings->state != NULL && settings->status &&
        (w->keeper = status_keeper_start(settings->state, settings->log, err)) == NULL) {
        free(w);
        return NULL;
    }
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    if (pthread_create(&w->thread, NULL, work, w) == 0)
        return w;
    error_set(err, "the writer's thread does not start");
    status_keeper_stop(w->keeper);
    free(w);
    return NULL;
}

/* Makes room by dropping the oldest job that is not an event; false: there is none. */
static bool drop_oldest(struct writer *w)
{
    for (unsigned i = 0; i < w->queued; i++) {
        if (w->queue[i]->kind == JOB_EVENTS)
            continue;
        w->counts.dropped += is_loss(w->queue[i]);
        free_job(w->queue[i]);
        memmove(w->queue + i, w->queue + i + 1, (--w->queued - i) * sizeof *w->queue);
        return true;
    }
    return false;
}

static void give(struct writer *w, struct job *j)
{
    pthread_mutex_lock(&w->lock);
    while (w->queued == QUEUE && (w->settings.wait || !drop_oldest(w)))
        pthread_cond_wait(&w->changed, &w->lock);
    w->queue[w->queued++] = j;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

static void lost(struct writer *w)
{
    pthread_mutex_lock(&w->lock);
    w->counts.dropped++;
    pthread_mutex_unlock(&w->lock);
}

void writer_events(struct writer *w, json_t *events, json_t *learned, int64_t time_s)
{
    struct job *j = calloc(1, sizeof *j);
    if (j == NULL) {
        json_decref(events);
        json_decref(learned);
        lost(w);
        return;
    }
    *j = (struct job){
            .kind = JOB_EVENTS, .events = events, .learned = learned, .time_s = time_s};
    give(w, j);
}

void writer_learned(struct writer *w, json_t *learned, int64_t time_s)
{
    if (w->settings.store == NULL)
        json_decref(learned);
    else
        writer_events(w, NULL, learned, time_s);
}

void writer_minute(struct writer *w, const struct minute *m, json_t *learned, int64_t read_to_s)
{
    struct job *j = w->settings.store == NULL ? NULL : calloc(1, sizeof *j);
    if (j == NULL) {
        json_decref(learned);
        if (w->settings.store != NULL)
            lost(w);
        return;
    }
    j->kind = JOB_MINUTE;
    j->minute = *m;
    j->time_s = m->start_s + 60;
    j->read_to_s = read_to_s;
    j->learned = learned;
    give(w, j);
}

static void give_hour(struct writer *w, const struct aggregator_hour *hour, enum job_kind kind,
                      int64_t read_to_s)
{
    if (w->settings.store == NULL)
        return;
    struct job *j = calloc(1, sizeof *j);
    const struct hour_limits limits = {
            .floor = w->settings.hour_floor,
            .names = w->settings.hour_names,
            .service = w->settings.service,
    };
    if (j == NULL || !hour_copy(&j->hour, hour, &limits)) {
        if (j != NULL)
            free_job(j);
        if (kind == JOB_HOUR)
            lost(w);
        return;
    }
    j->kind = kind;
    j->time_s = hour->start_s;
    j->read_to_s = read_to_s;
    give(w, j);
}

void writer_hour(struct writer *w, const struct aggregator_hour *hour, int64_t read_to_s)
{
    give_hour(w, hour, JOB_HOUR, read_to_s);
}

void writer_going(struct writer *w, const struct aggregator_hour *hour)
{
    give_hour(w, hour, JOB_GOING, 0);
}

void writer_evidence(struct writer *w, const char *id, int64_t from_s, const struct evidence *e)
{
    struct job *j = calloc(1, sizeof *j);
    if (j == NULL || (j->evidence = evidence_copy(e)) == NULL) {
        free(j);
        lost(w);
        return;
    }
    j->kind = JOB_EVIDENCE;
    j->time_s = from_s;
    (void)snprintf(j->id, sizeof j->id, "%s", id);
    give(w, j);
}

void writer_status(struct writer *w, json_t *status)
{
    if (status == NULL || w->keeper == NULL) {
        json_decref(status);
        return;
    }
    pthread_mutex_lock(&w->lock);
    uint64_t lost = w->counts.dropped + w->counts.failed;
    pthread_mutex_unlock(&w->lock);
    json_object_set_new(json_object_get(status, "totals"), "not_stored",
                        json_integer((json_int_t)lost));
    status_keeper_give(w->keeper, status);
}

struct writer_counts writer_stop(struct writer *w)
{
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    status_keeper_stop(w->keeper);
    struct writer_counts counts = w->counts;
    store_close(w->settings.store);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->changed);
    free(w);
    return counts;
}

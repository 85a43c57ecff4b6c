/* SPDX-License-Identifier: MIT */
#include "program/notify.h"

#include "analysis/store_lookups.h"
#include "program/delivery.h"
#include "program/mail_thread.h"
#include "program/retry.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TOLD_BY_MAIL = 1,
    TOLD_BY_WEBHOOK = 2,
    TOLD_BY_COMMAND = 4,
    EVENTS = 256, /* told to one channel in one pass */
    PAUSE_S = 3600,
    GIVEN_UP_S = 86400,
};

/* Events copied out of the store, which must not be written to while it is read. */
struct queue {
    struct incident_event *event;
    unsigned count, most;
    int64_t newest; /* that may be in it */
    bool failed;
    struct error *err;
};

static bool enqueue(void *argument, const struct incident_event *e)
{
    struct queue *q = argument;
    if (q->count == q->most || e->sequence > q->newest)
        return false;
    q->failed = !mail_thread_copy(e, &q->event[q->count], q->err);
    q->count += !q->failed;
    return !q->failed;
}

static void queue_free(struct queue *q)
{
    for (unsigned i = 0; i < q->count; i++)
        incident_fini(&q->event[i].incident);
    free(q->event);
}

static bool queue_read(struct queue *q, const struct notify *n, unsigned channel,
                       struct error *err)
{
    *q = (struct queue){.most = EVENTS, .newest = n->newest, .err = err};
    q->event = calloc(q->most, sizeof *q->event);
    if (q->event == NULL)
        return error_set(err, "no memory for %u events", q->most);
    if (store_untold(n->store, channel, enqueue, q, err) && !q->failed)
        return true;
    queue_free(q);
    return false;
}

/* A channel is told one event. */
typedef bool tell_function(const struct notify *n, const struct incident_event *e,
                           struct error *err);

static bool tell_nobody(const struct notify *n, const struct incident_event *e,
                        struct error *err)
{
    (void)e;
    (void)n;
    (void)err;
    return true;
}

/* An event that cannot be told is told next time, and does not keep others waiting. */
static bool tell_queue(const struct notify *n, unsigned channel, tell_function *tell,
                       const struct queue *q, struct error *err)
{
    bool good = true;
    struct error later;
    for (unsigned i = 0; i < q->count; i++)
        good = tell(n, &q->event[i], good ? err : &later) &&
               store_told(n->store, q->event[i].sequence, channel, good ? err : &later) && good;
    return good;
}

static bool tell_all(const struct notify *n, unsigned channel, tell_function *tell,
                     struct error *err)
{
    struct queue q;
    bool more = true;
    bool good = true;
    while (good && more) {
        if (!queue_read(&q, n, channel, err))
            return false;
        good = tell_queue(n, channel, tell, &q, err);
        more = q.count == q.most;
        queue_free(&q);
    }
    return good;
}

/* Mail. */

static bool put_mail(const struct notify *n, const struct mail_story *story, struct error *err)
{
    char name[64];
    char *message;
    size_t size;
    if (!mail_compose(n->config, story, &message, &size, err))
        return false;
    (void)snprintf(name, sizeof name, "%s-%u", story->event->incident.id, story->number);
    bool good = spool_put(n->state, name, message, size, n->now_s, err);
    free(message);
    return good;
}

/* What was found out about it; a mail goes without, if need be. */
static struct investigation *read_investigation(const struct notify *n,
                                                const struct incident_event *e)
{
    struct error err;
    struct investigation *v = investigation_create(&e->incident);
    if (v == NULL || store_investigation(n->store, e->incident.id, v, &err))
        return v;
    log_warning(n->log, "mail about incident %s: %s", e->incident.id, err.text);
    investigation_free(v);
    return NULL;
}

static bool write_mail(const struct notify *n, const struct incident_event *e,
                       const struct mail_thread *s, struct error *err)
{
    struct mail_picture picture[MAIL_PICTURES] = {{.bytes = NULL}};
    struct mail_story story = {
            .event = e,
            .opening = &s->opening,
            .previous = s->has_previous ? &s->previous : NULL,
            .number = s->number,
            .first = s->first,
            .written_s = n->now_s,
            .picture = picture,
    };
    struct investigation *v = read_investigation(n, e);
    story.investigation = v;
    if (n->draw != NULL)
        story.pictures = n->draw(n->draw_argument, e, picture);
    bool good = put_mail(n, &story, err);
    for (unsigned i = 0; i < story.pictures; i++)
        free(picture[i].bytes);
    investigation_free(v);
    return good;
}

static bool tell_mail(const struct notify *n, const struct incident_event *e, struct error *err)
{
    struct mail_thread s;
    const struct mail_rule rule = {.least = n->config->mail_severity,
                                   .update_s = (int64_t)n->config->update_minutes * 60};
    bool good = mail_thread_read(n->store, e->incident.id, e->sequence, &rule, &s, err);
    if (good && s.is_mailed)
        good = write_mail(n, e, &s, err);
    mail_thread_fini(&s);
    return good || error_prefix(err, "mail about incident %s", e->incident.id);
}

/* Webhook and command. */

struct channel {
    const char *name;
    unsigned bit;
    struct delivery (*deliver)(const struct config *c, const char *json);
};

static const struct channel webhook = {"webhook", TOLD_BY_WEBHOOK, delivery_webhook};
static const struct channel command = {"command", TOLD_BY_COMMAND, delivery_command};

static struct delivery deliver_event(const struct notify *n, const struct channel *ch,
                                     const struct incident_event *e)
{
    struct delivery d = {.end = DELIVERY_DOWN, .words = "no memory for its JSON"};
    json_t *json = incident_event_json(e);
    char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
    if (text != NULL)
        d = ch->deliver(n->config, text);
    free(text);
    json_decref(json);
    return d;
}

/* One event on its way through a channel. */
struct attempt {
    const struct notify *notify;
    const struct channel *channel;
    const struct incident_event *event;
    struct retry event_retry;
    struct retry *channel_retry;
    struct spool_counts *counts;
};

static bool note_told(struct attempt *a, struct error *err)
{
    retry_forget(&a->event_retry);
    return store_told(a->notify->store, a->event->sequence, a->channel->bit, err);
}

static bool note_failure(struct attempt *a, const struct delivery *d, struct error *err)
{
    const struct notify *n = a->notify;
    const char *id = a->event->incident.id;
    retry_note(&a->event_retry, n->now_s, PAUSE_S, d->words);
    if (d->end == DELIVERY_DOWN)
        retry_note(a->channel_retry, n->now_s, PAUSE_S, d->words);
    if (d->end != DELIVERY_REFUSED && n->now_s - a->event_retry.first_s < GIVEN_UP_S) {
        log_warning(n->log, "%s: event of incident %s not accepted, next try in %lld s: %s",
                    a->channel->name, id, (long long)(a->event_retry.due_s - n->now_s),
                    d->words);
        a->counts->waiting++;
        return true;
    }
    log_error(n->log, "%s: event of incident %s given up: %s", a->channel->name, id, d->words);
    a->counts->rejected++;
    return note_told(a, err);
}

static bool attempt_event(struct attempt *a, bool *down, struct error *err)
{
    if (*down || !retry_is_due(&a->event_retry, a->notify->now_s)) {
        a->counts->waiting++;
        return true;
    }
    struct delivery d = deliver_event(a->notify, a->channel, a->event);
    *down = d.end == DELIVERY_DOWN;
    if (d.end != DELIVERY_ACCEPTED)
        return note_failure(a, &d, err);
    log_info(a->notify->log, "%s: event of incident %s accepted: %s", a->channel->name,
             a->event->incident.id, d.words);
    retry_forget(a->channel_retry);
    a->counts->sent++;
    return note_told(a, err);
}

static bool tell_channel(const struct notify *n, const struct channel *ch,
                         struct spool_counts *counts, struct error *err)
{
    char spool[CONFIG_PATH_BYTES + 16];
    struct queue q;
    bool good = true;
    (void)snprintf(spool, sizeof spool, "%s/spool", n->state);
    struct retry channel_retry = retry_read(spool, ch->name);
    bool down = !retry_is_due(&channel_retry, n->now_s);
    if (!queue_read(&q, n, ch->bit, err))
        return false;
    for (unsigned i = 0; i < q.count && good; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%s-%lld", ch->name, (long long)q.event[i].sequence);
        struct attempt a = {n,     ch, &q.event[i], retry_read(spool, name), &channel_retry,
                            counts};
        good = attempt_event(&a, &down, err);
    }
    queue_free(&q);
    return good;
}

static bool tell_programs(const struct notify *n, struct notify_counts *counts,
                          struct error *err)
{
    const struct config *c = n->config;
    bool posted = c->webhook_url[0] != '\0' ? tell_channel(n, &webhook, &counts->webhook, err)
                                            : tell_all(n, TOLD_BY_WEBHOOK, tell_nobody, err);
    if (!posted)
        return false;
    return c->notify_command[0] != '\0' ? tell_channel(n, &command, &counts->command, err)
                                        : tell_all(n, TOLD_BY_COMMAND, tell_nobody, err);
}

/* Each is tried, whatever became of the others; `err` has the first trouble. */
static bool tell_everybody(const struct notify *n, struct notify_counts *counts,
                           struct error *err)
{
    bool mail = n->config->mail_recipients > 0;
    struct error later;
    bool composed = tell_all(n, TOLD_BY_MAIL, mail ? tell_mail : tell_nobody, err);
    bool told = tell_programs(n, counts, composed ? err : &later);
    bool delivered = spool_deliver_all(n->config, n->state, n->now_s, n->log, &counts->mail,
                                       composed && told ? err : &later);
    return composed && told && delivered;
}

bool notify_pending(const struct notify *n, struct notify_counts *counts, struct error *err)
{
    *counts = (struct notify_counts){.mail = {.sent = 0}};
    int lock;
    if (!spool_lock(n->state, &lock, err))
        return false;
    if (lock < 0) {
        log_debug(n->log, "notify: another process is at it");
        return true;
    }
    bool good = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    if (good) {
        good = tell_everybody(n, counts, err);
        curl_global_cleanup();
    } else {
        (void)error_set(err, "libcurl cannot be started");
    }
    (void)close(lock);
    return good;
}

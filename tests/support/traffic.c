/* SPDX-License-Identifier: MIT */
#include "tests/support/traffic.h"

#include "analysis/junk.h"

#include "tests/support/batch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BACKGROUND_QPS = 150, START_S = 1735689600, SERVFAIL = 2, NXDOMAIN = 3, TXT = 16 };

static void keep_event(void *argument, struct incident_event *e)
{
    struct traffic *t = argument;
    struct error err;
    if (t->events == TRAFFIC_EVENTS)
        return;
    json_t *json = incident_event_json(e);
    if (incident_event_parse(json, &t->event[t->events], &err))
        t->events++;
    json_decref(json);
}

static void note_beginning(void *argument, int64_t time_s, double rate_qps)
{
    struct traffic *t = argument;
    (void)time_s, (void)rate_qps;
    t->beginnings++;
}

static struct aggregator *make_aggregator(struct traffic *t, double sensitivity, uint64_t seed)
{
    struct error err;
    const struct aggregator_settings settings = {
            .detector = {.known = &t->known,
                         .material_share = 0.015,
                         .material_qps = 1,
                         .sensitivity = sensitivity,
                         .warmup_s = 300},
            .casebook = {.silences = &t->silences,
                         .material_share = 0.015,
                         .material_qps = 1,
                         .sensitivity = sensitivity,
                         .quiet_s = 900},
            .origins = t->origins,
            .origins_age_s = 30 * 86400,
            .seed = seed,
    };
    const struct aggregator_told told = {
            .event = keep_event, .begins = note_beginning, .argument = t};
    return aggregator_create(&settings, &told, &err);
}

static struct origins *read_origins(const char *text)
{
    struct error err;
    if (text == NULL)
        return NULL;
    struct feed from;
    if (!feed_memory(&from, "origins", text, strlen(text), &err))
        return NULL;
    struct origins *o = origins_read(&from, NULL, NULL, &err);
    feed_close(&from);
    return o;
}

char *traffic_whole(const char *origins, const char *day)
{
    enum { FIRST = 20, LAST = 79, LINE_BYTES = 32 };
    char *text = malloc((LAST - FIRST + 1) * 256 * LINE_BYTES + strlen(origins) + 64);
    size_t used = (size_t)sprintf(text, "# %s\n", day);
    for (unsigned a = FIRST; a <= LAST; a++)
        for (unsigned b = 0; b < 256; b++)
            used += (size_t)sprintf(text + used, "%u.%u.0.0\t16\t%u\n", a, b, 65000 + a);
    (void)strcpy(text + used, origins);
    return text;
}

void traffic_offer(struct traffic *t, const char *origins)
{
    struct error err;
    origins_free(t->next);
    t->next = read_origins(origins);
    (void)aggregator_offer_origins(t->aggregator, t->next, &err);
}

static void clear(struct traffic *t, const struct watch_list *watch)
{
    counters_clear(t->counters, watch);
    for (unsigned i = 0; i < TRAFFIC_WORKERS - 1; i++)
        counters_clear(t->others[i], watch);
}

struct traffic *traffic_create(const char *origins, double sensitivity, uint64_t seed)
{
    struct error err;
    struct counters_size size = {
            .prefix_records = 8192, .way = PREFIX_DIRECT, .name_buckets = 1024, .seed = seed};
    struct traffic *t = calloc(1, sizeof *t);
    t->tlds = tlds_create(NULL, &err);
    const struct junk_settings judging = {.tlds = t->tlds, .memory_mib = 16, .cut = 1};
    t->judge = size.judge = junk_create(&judging, &err);
    t->origins = read_origins(origins);
    t->aggregator = make_aggregator(t, sensitivity, seed);
    t->counters = counters_create(&size, &err);
    for (unsigned i = 0; i < TRAFFIC_WORKERS - 1; i++)
        t->others[i] = counters_create(&size, &err);
    clear(t, NULL);
    t->workers = 1;
    t->now_s = START_S;
    t->level = 1;
    t->interval_s = 1;
    t->random = 1;
    return t;
}

void traffic_free(struct traffic *t)
{
    for (unsigned i = 0; i < t->events; i++)
        incident_fini(&t->event[i].incident);
    aggregator_free(t->aggregator);
    counters_free(t->counters);
    for (unsigned i = 0; i < TRAFFIC_WORKERS - 1; i++)
        counters_free(t->others[i]);
    junk_free(t->judge);
    tlds_free(t->tlds);
    origins_free(t->origins);
    origins_free(t->next);
    free(t);
}

static unsigned next_random(struct traffic *t)
{
    t->random = t->random * 1664525 + 1013904223;
    return t->random >> 8;
}

/* A message at a time to whoever has its client; its name stays where it is. */
static void share_out(struct traffic *t, const struct message_batch *b)
{
    struct message_batch one = *b;
    one.count = 1;
    for (uint32_t i = 0; i < b->count; i++) {
        const uint8_t *client = b->message[i].client;
        unsigned worker = (client[1] * 7U + client[2] * 3U + client[3]) % t->workers;
        one.message[0] = b->message[i];
        counters_add(worker == 0 ? t->counters : t->others[worker - 1], &one,
                     t->now_s * 1000000000);
    }
}

static void flush(struct traffic *t, struct message_batch *b)
{
    if (t->workers == 1)
        counters_add(t->counters, b, t->now_s * 1000000000);
    else
        share_out(t, b);
    b->count = b->names_used = 0;
}

/* As live capture puts its workers' counters together. */
static void merge(struct traffic *t)
{
    for (unsigned i = 0; i + 1 < t->workers; i++) {
        counters_merge(t->counters, t->others[i], NULL);
        counters_merge_watches(t->counters, t->others[i]);
    }
}

/* A format, or plain text. */
static const char *write(char *to, size_t size, const char *format, unsigned n)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(to, size, format, n);
#pragma GCC diagnostic pop
    return to;
}

static void ask(struct traffic *t, struct message_batch *b, const char *client,
                const char *name, uint16_t qtype, bool exists)
{
    batch_query(b, client, name, qtype)->time_ns = t->now_s * 1000000000;
    double chance = t->failed + t->silent > 0 ? next_random(t) % 1000 / 1000.0 : 1;
    if (chance >= t->failed + t->silent)
        batch_response(b, client, exists ? 0 : NXDOMAIN);
    else if (chance >= t->silent)
        batch_response(b, client, SERVFAIL);
    if (b->count + 2 >= MESSAGE_BATCH_MAX)
        flush(t, b);
}

static void ask_background(struct traffic *t, struct message_batch *b)
{
    static const uint16_t types[] = {1, 1, 1, 28, 28, 15};
    unsigned queries = (unsigned)lround(t->level * (BACKGROUND_QPS - 12 + next_random(t) % 25));
    for (unsigned i = 0; i < queries; i++) {
        char client[48];
        char name[32];
        write(client, sizeof client, "198.51.%u.1", next_random(t) % 64);
        write(name, sizeof name, "name%u.example", next_random(t) % 16);
        ask(t, b, client, name, types[next_random(t) % 6], next_random(t) % 2 == 0);
    }
}

static void ask_flow(struct traffic *t, struct message_batch *b, const struct traffic_flow *f)
{
    for (unsigned i = 0; i < f->rate_qps; i++) {
        char client[48];
        char name[64];
        write(client, sizeof client, f->client,
              f->networks == 0 ? 0 : next_random(t) % f->networks);
        write(name, sizeof name, f->name, next_random(t));
        bool other = t->varied > 0 && next_random(t) % 100 < t->varied;
        ask(t, b, client, name, other ? TXT : f->qtype, true);
    }
}

/* What the source would say of these messages' frames, and of others. */
static void count_frames(struct traffic *t)
{
    struct source_counts *s = &t->counters->source;
    uint64_t messages = t->counters->queries + t->counters->responses;
    s->frames = messages + t->undecoded_qps;
    s->messages = s->verdict[VERDICT_MESSAGE] = s->defect[DEFECT_NONE] = messages;
    s->verdict[VERDICT_UNKNOWN_ETHERTYPE] = t->undecoded_qps;
    s->kernel_drops = t->kernel_drops;
    s->interface_drops = t->interface_drops;
    s->unknown[UNKNOWN_ETHERTYPE] = (struct leading){0x88b5, t->undecoded_qps};
}

void traffic_pass(struct traffic *t, unsigned seconds, const struct traffic_flow *flow)
{
    static struct message_batch batch;
    for (unsigned i = 0; i < seconds; i += t->interval_s) {
        struct watch_list watch;
        const struct interval interval = {.start_ns = t->now_s * 1000000000,
                                          .length_ns = t->interval_s * INT64_C(1000000000),
                                          .lossy = t->lossy,
                                          .counters = t->counters};
        for (unsigned s = 0; s < t->interval_s; s++) {
            ask_background(t, &batch);
            if (flow != NULL)
                ask_flow(t, &batch, flow);
        }
        flush(t, &batch);
        merge(t);
        count_frames(t);
        aggregator_interval(t->aggregator, &interval);
        aggregator_watch(t->aggregator, &watch);
        clear(t, &watch);
        t->now_s += t->interval_s;
    }
}

static void forget_drops(json_t *state)
{
    const json_t *open = json_object_get(json_object_get(state, "casebook"), "open");
    for (size_t i = 0; i < json_array_size(open); i++)
        (void)json_object_del(json_object_get(json_array_get(open, i), "event"), "drops");
}

bool traffic_resume(struct traffic *t, const json_t *state, struct error *err)
{
    aggregator_free(t->aggregator);
    t->aggregator = make_aggregator(t, 1, t->counters->seed);
    return aggregator_parse(state, t->aggregator, err);
}

void traffic_restart(struct traffic *t, unsigned away_s)
{
    struct error err;
    json_t *state = aggregator_json(t->aggregator);
    if (t->before_drops)
        forget_drops(state);
    char *text = json_dumps(state, 0);
    json_t *again = json_loads(text, 0, NULL);
    struct origins *old = t->next == NULL ? NULL : t->origins;
    if (t->next != NULL) {
        t->origins = t->next;
        t->next = NULL;
    }
    (void)traffic_resume(t, again, &err);
    origins_free(old);
    json_decref(state);
    json_decref(again);
    free(text);
    t->now_s += away_s;
}

unsigned traffic_count(const struct traffic *t, enum incident_state state)
{
    unsigned count = 0;
    for (unsigned i = 0; i < t->events; i++)
        count += t->event[i].state == state;
    return count;
}

const struct incident *traffic_last(const struct traffic *t)
{
    return t->events == 0 ? NULL : &t->event[t->events - 1].incident;
}

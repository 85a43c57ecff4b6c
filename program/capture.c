/* SPDX-License-Identifier: MIT */
#include "program/capture.h"

#include "program/ring.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
    SETS = 3,
    NS_PER_MS = 1000000,
    NS_PER_S = 1000000000,
    STOP_POLL_MS = 100, /* how soon a worker sees that it is to stop */
    DRAIN_MS = 100,     /* at the end: what the kernel has not handed over yet */
};

/* Less is how much processors and kernel may disagree; more, and the clock was set back. */
static const int64_t back_ns = NS_PER_S;
/* Workers are never so far apart, unless some have met a clock set back, and others not yet. */
static const int64_t apart_ns = 60 * (int64_t)NS_PER_S;

/* A set of counters on its way, and the interval it is of. */
struct set {
    struct counters *counters;
    int64_t start_ns;
    int64_t end_ns;
};

struct worker {
    struct capture *capture;
    struct source *source;
    pthread_t thread;
    bool started;
    struct set sets[SETS];
    struct ring full;  /* worker -> engine */
    struct ring blank; /* engine -> worker */
    struct set *head;  /* engine's: popped, not yet used */
    struct source_counts before;
    atomic_bool ended;
    bool failed; /* read by the engine after `ended` */
    struct error failure;
};

struct capture {
    struct capture_settings settings;
    struct worker *worker;
    int wake_fd; /* eventfd: a worker pushed a set, or ended */
    atomic_bool stop;
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static bool open_worker(struct capture *c, unsigned number, uint16_t group, struct error *err)
{
    struct worker *w = &c->worker[number];
    struct source_live live = c->settings.live;
    w->capture = c;
    live.fanout_group = c->settings.workers > 1 ? group : 0;
    w->source = c->settings.open != NULL ? c->settings.open(c->settings.argument, number, err)
                                         : source_open_live(&live, c->settings.scope, err);
    if (w->source == NULL)
        return false;
    for (unsigned i = 0; i < SETS; i++) {
        w->sets[i].counters = c->settings.make(c->settings.argument, err);
        if (w->sets[i].counters == NULL)
            return false;
        c->settings.empty(c->settings.argument, w->sets[i].counters);
        (void)ring_push(&w->blank, &w->sets[i]);
    }
    return true;
}

struct capture *capture_open(const struct capture_settings *settings, struct error *err)
{
    struct capture *c = calloc(1, sizeof *c);
    if (c == NULL ||
        (c->worker = aligned_alloc(64, settings->workers * sizeof *c->worker)) == NULL) {
        free(c);
        error_set(err, "no memory to capture");
        return NULL;
    }
    c->settings = *settings;
    for (unsigned i = 0; i < settings->workers; i++)
        c->worker[i] = (struct worker){.source = NULL};
    c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (c->wake_fd < 0) {
        error_errno(err, "making an eventfd");
        goto fail;
    }
    uint16_t group = (uint16_t)(getpid() & 0xffff);
    for (unsigned i = 0; i < settings->workers; i++)
        if (!open_worker(c, i, group == 0 ? 1 : group, err))
            goto fail;
    return c;

fail:
    capture_free(c);
    return NULL;
}

void capture_free(struct capture *c)
{
    if (c == NULL)
        return;
    for (unsigned i = 0; i < c->settings.workers; i++) {
        source_close(c->worker[i].source);
        for (unsigned n = 0; n < SETS; n++)
            counters_free(c->worker[i].sets[n].counters);
    }
    if (c->wake_fd >= 0)
        close(c->wake_fd);
    free(c->worker);
    free(c);
}

static void wake(struct capture *c)
{
    const uint64_t one = 1;
    if (write(c->wake_fd, &one, sizeof one) < 0) {
        /* The counter is at its end, so the engine is awake anyway. */
    }
}

/* Three sets and four slots: there is always room. */
static void hand_over(struct worker *w, struct set *s)
{
    struct source_counts now;
    source_counts(w->source, &now);
    s->counters->source = (struct source_counts){0};
    counters_add_source(&s->counters->source, &now, &w->before);
    w->before = now;
    (void)ring_push(&w->full, s);
    wake(w->capture);
}

/* Hands the set over and takes an empty one; with none there, the interval goes on. */
static struct set *swap(struct worker *w, struct set *s)
{
    int64_t length = w->capture->settings.interval_ns;
    struct set *next = ring_pop(&w->blank);
    if (next == NULL) {
        s->end_ns += length;
        return s;
    }
    next->start_ns = s->end_ns;
    next->end_ns = s->end_ns + length;
    hand_over(w, s);
    return next;
}

static bool is_back(const struct set *s, int64_t time_ns)
{
    return time_ns < s->start_ns - back_ns;
}

/* The kernel gives the times: an interval of the future would not end until then. */
static bool went_back(const struct set *s, const struct message_batch *b)
{
    return b->count > 0 && is_back(s, b->message[b->count - 1].time_ns);
}

/* Nothing is there now, or, where it is not an interface that is read, ever. */
static bool is_quiet(enum source_state state)
{
    return state == SOURCE_IDLE || state == SOURCE_END;
}

/* Sleeps until a frame comes or the interval must end; true when it must. */
static bool wait_for_frames(struct worker *w, const struct set *s)
{
    int64_t now = now_ns();
    int64_t left = s->end_ns + CAPTURE_GRACE_MS * (int64_t)NS_PER_MS - now;
    if (left <= 0 || is_back(s, now))
        return true;
    struct pollfd p = {.fd = source_fd(w->source), .events = POLLIN};
    int ms = (int)(left / NS_PER_MS) + 1;
    (void)poll(&p, 1, ms < STOP_POLL_MS ? ms : STOP_POLL_MS);
    return false;
}

/* The clock was set, or the machine slept: nothing is to be made up for. */
static void follow_clock(struct worker *w, struct set *s)
{
    int64_t length = w->capture->settings.interval_ns;
    int64_t now = now_ns();
    if (now > s->end_ns + 60 * (int64_t)NS_PER_S || is_back(s, now)) {
        s->start_ns = now - now % length;
        s->end_ns = s->start_ns + length;
    }
}

/* What came before the end is counted, too: it may still stand in the kernel's block. */
static void drain(struct worker *w, struct set *s)
{
    struct message_batch batch;
    struct pollfd p = {.fd = source_fd(w->source), .events = POLLIN};
    int64_t begun = now_ns();
    int64_t until = begun + DRAIN_MS * (int64_t)NS_PER_MS;
    for (int64_t now = begun; now >= begun && now < until; now = now_ns()) {
        source_keep(w->source, counters_keep(s->counters));
        enum source_state state = source_read(w->source, &batch, INT64_MAX, &w->failure);
        counters_add(s->counters, &batch, s->start_ns);
        if (state == SOURCE_FAILED)
            return;
        if (is_quiet(state))
            (void)poll(&p, 1, (int)((until - now) / NS_PER_MS) + 1);
    }
}

static void *work(void *argument)
{
    struct worker *w = argument;
    int64_t length = w->capture->settings.interval_ns;
    struct message_batch batch;
    struct set *s = ring_pop(&w->blank);
    int64_t now = now_ns();
    s->start_ns = now - now % length;
    s->end_ns = s->start_ns + length;

    while (!atomic_load_explicit(&w->capture->stop, memory_order_relaxed)) {
        source_keep(w->source, counters_keep(s->counters));
        enum source_state state = source_read(w->source, &batch, s->end_ns, &w->failure);
        counters_add(s->counters, &batch, s->start_ns);
        if (state == SOURCE_FAILED) {
            w->failed = true;
            break;
        }
        if (state == SOURCE_LIMIT || went_back(s, &batch) ||
            (is_quiet(state) && wait_for_frames(w, s))) {
            s = swap(w, s);
            follow_clock(w, s);
        }
    }
    if (!w->failed)
        drain(w, s);
    s->end_ns = now_ns() > s->start_ns ? now_ns() : s->end_ns; /* a last, shorter one */
    hand_over(w, s);
    atomic_store_explicit(&w->ended, true, memory_order_release);
    wake(w->capture);
    return NULL;
}

/* All signals stay with the thread that runs the engine. */
static bool start_workers(struct capture *c, struct error *err)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (unsigned i = 0; i < c->settings.workers; i++) {
        struct worker *w = &c->worker[i];
        w->started = pthread_create(&w->thread, NULL, work, w) == 0;
        if (!w->started)
            break;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (c->worker[c->settings.workers - 1].started)
        return true;
    return error_set(err, "a worker's thread does not start");
}

static bool has_ended(struct worker *w)
{
    return atomic_load_explicit(&w->ended, memory_order_acquire);
}

/* Every worker has given a set that is not used yet, or will never give one. */
static bool all_here(struct capture *c)
{
    bool any = false;
    bool all = true;
    for (unsigned i = 0; i < c->settings.workers; i++) {
        struct worker *w = &c->worker[i];
        bool ended = has_ended(w); /* before the ring is looked at for the last time */
        if (w->head == NULL)
            w->head = ring_pop(&w->full);
        any |= w->head != NULL;
        all &= w->head != NULL || ended;
    }
    return any && all;
}

static void give_back(struct worker *w, struct set *s)
{
    w->head = NULL;
    (void)ring_push(&w->blank, s);
}

static bool belongs_to(const struct set *base, const struct set *s)
{
    return s != NULL && s->start_ns < base->end_ns && s->start_ns > base->start_ns - apart_ns;
}

/* True: with it, `base` became longer. */
static bool merge_head(struct capture *c, struct worker *w, struct set *base)
{
    struct set *s = w->head;
    bool longer = s->end_ns > base->end_ns;
    if (longer)
        base->end_ns = s->end_ns;
    counters_merge(base->counters, s->counters, NULL);
    counters_merge_watches(base->counters, s->counters);
    c->settings.empty(c->settings.argument, s->counters);
    give_back(w, s);
    w->head = ring_pop(&w->full);
    return longer;
}

/* Puts what other workers counted up to the end of `base` to it, as far as it is there. */
static void merge_others(struct capture *c, const struct worker *owner, struct set *base)
{
    for (bool longer = true; longer;) {
        longer = false;
        for (unsigned i = 0; i < c->settings.workers; i++)
            while (&c->worker[i] != owner && belongs_to(base, c->worker[i].head))
                longer |= merge_head(c, &c->worker[i], base);
    }
}

/* In the order of time; but what is far later is of before the clock was set back. */
static bool is_before(const struct set *a, const struct set *b)
{
    int64_t later_ns = a->start_ns - b->start_ns;
    return later_ns > apart_ns || (later_ns < 0 && later_ns >= -apart_ns);
}

static void take_one(struct capture *c)
{
    struct worker *first = NULL;
    for (unsigned i = 0; i < c->settings.workers; i++) {
        struct worker *w = &c->worker[i];
        if (w->head != NULL && (first == NULL || is_before(w->head, first->head)))
            first = w;
    }
    struct set *base = first->head;
    merge_others(c, first, base);
    c->settings.take(c->settings.argument, base->counters, base->start_ns,
                     base->end_ns - base->start_ns);
    give_back(first, base);
}

static void poke(const struct capture *c, char what)
{
    if (c->settings.poke_fd >= 0 && write(c->settings.poke_fd, &what, 1) != 1)
        log_debug(c->settings.log, "the pipe to the parent is full");
}

static bool any_ended(struct capture *c)
{
    bool any = false;
    for (unsigned i = 0; i < c->settings.workers; i++)
        any |= has_ended(&c->worker[i]);
    return any;
}

static void take_all(struct capture *c)
{
    while (all_here(c)) {
        take_one(c);
        poke(c, '.');
    }
}

static bool end_workers(struct capture *c, struct error *err)
{
    bool good = true;
    atomic_store_explicit(&c->stop, true, memory_order_relaxed);
    for (unsigned i = 0; i < c->settings.workers; i++) {
        struct worker *w = &c->worker[i];
        if (!w->started)
            continue;
        pthread_join(w->thread, NULL);
        if (w->failed) {
            *err = w->failure;
            good = false;
        }
    }
    take_all(c);
    return good;
}

bool capture_run(struct capture *c, int stop_fd, struct error *err)
{
    struct error late;
    if (!start_workers(c, err)) {
        (void)end_workers(c, &late);
        return false;
    }
    poke(c, 'R');
    struct pollfd p[] = {{.fd = c->wake_fd, .events = POLLIN},
                         {.fd = stop_fd, .events = POLLIN}};
    while (!any_ended(c)) {
        (void)poll(p, 2, -1);
        if (p[1].revents != 0)
            break;
        uint64_t count;
        if (read(c->wake_fd, &count, sizeof count) > 0)
            take_all(c);
    }
    return end_workers(c, err);
}

/* SPDX-License-Identifier: MIT */
#include "program/origins_reload.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

struct origins_reload {
    const char *path;
    struct engine *engine;
    const struct log *log;
    pthread_t thread;
    atomic_bool stop;
};

static bool keep_on(void *to, const struct feed *from, uint64_t routes)
{
    const struct origins_reload *r = to;
    (void)from;
    (void)routes;
    return !atomic_load_explicit(&r->stop, memory_order_relaxed);
}

static void reload(struct origins_reload *r)
{
    struct feed from;
    struct error err;
    struct origins *o = NULL;
    if (feed_open(&from, r->path, &err)) {
        o = origins_read(&from, keep_on, r, &err);
        feed_close(&from);
    }
    if (o != NULL)
        engine_offer_origins(r->engine, o);
    else if (keep_on(r, NULL, 0))
        log_error(r->log, "detection.origins: %s; the old table stays in force", err.text);
}

static void *work(void *argument)
{
    struct origins_reload *r = argument;
    sigset_t set;
    int signal;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    while (keep_on(r, NULL, 0))
        if (sigwait(&set, &signal) == 0 && keep_on(r, NULL, 0))
            reload(r);
    return NULL;
}

struct origins_reload *origins_reload_start(const char *path, struct engine *e,
                                            const struct log *log, struct error *err)
{
    struct origins_reload *r = calloc(1, sizeof *r);
    if (r == NULL) {
        error_set(err, "no memory to read tables of origins");
        return NULL;
    }
    *r = (struct origins_reload){.path = path, .engine = e, .log = log};
    /* Others of this process have the signal blocked, so does what they start. */
    if (pthread_create(&r->thread, NULL, work, r) == 0)
        return r;
    free(r);
    error_set(err, "the thread that reads tables of origins does not start");
    return NULL;
}

void origins_reload_stop(struct origins_reload *r)
{
    if (r == NULL)
        return;
    atomic_store_explicit(&r->stop, true, memory_order_relaxed);
    (void)pthread_kill(r->thread, SIGUSR1);
    pthread_join(r->thread, NULL);
    free(r);
}

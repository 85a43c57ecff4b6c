/* SPDX-License-Identifier: MIT */
#include "program/status_keeper.h"

#include "program/status.h"

#include <pthread.h>
#include <stdlib.h>

struct status_keeper {
    const char *state;
    const struct log *log;
    pthread_t thread;
    pthread_mutex_t lock; /* of the next two */
    json_t *newest;       /* not written yet; NULL */
    bool stopping;
    pthread_cond_t changed;
    bool blind; /* the thread's: it cannot be written; said */
};

/* NULL: it is time to end. */
static json_t *take(struct status_keeper *k)
{
    pthread_mutex_lock(&k->lock);
    while (k->newest == NULL && !k->stopping)
        pthread_cond_wait(&k->changed, &k->lock);
    json_t *status = k->newest;
    k->newest = NULL;
    pthread_mutex_unlock(&k->lock);
    return status;
}

static void *work(void *argument)
{
    struct status_keeper *k = argument;
    struct error err;
    json_t *status;
    while ((status = take(k)) != NULL) {
        bool good = status_write(k->state, status, &err);
        if (!good && !k->blind)
            log_warning(k->log, "%s; `rootwatch top` shows what was before", err.text);
        k->blind = !good;
        json_decref(status);
    }
    return NULL;
}

struct status_keeper *status_keeper_start(const char *state, const struct log *log,
                                          struct error *err)
{
    struct status_keeper *k = calloc(1, sizeof *k);
    if (k == NULL) {
        error_set(err, "no memory for the status");
        return NULL;
    }
    k->state = state;
    k->log = log;
    pthread_mutex_init(&k->lock, NULL);
    pthread_cond_init(&k->changed, NULL);
    if (pthread_create(&k->thread, NULL, work, k) == 0)
        return k;
    error_set(err, "the status's thread does not start");
    free(k);
    return NULL;
}

void status_keeper_give(struct status_keeper *k, json_t *status)
{
    pthread_mutex_lock(&k->lock);
    json_t *old = k->newest;
    k->newest = status;
    pthread_cond_signal(&k->changed);
    pthread_mutex_unlock(&k->lock);
    json_decref(old);
}

void status_keeper_stop(struct status_keeper *k)
{
    if (k == NULL)
        return;
    pthread_mutex_lock(&k->lock);
    k->stopping = true;
    pthread_cond_signal(&k->changed);
    pthread_mutex_unlock(&k->lock);
    pthread_join(k->thread, NULL);
    pthread_mutex_destroy(&k->lock);
    pthread_cond_destroy(&k->changed);
    free(k);
}

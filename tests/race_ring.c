/* SPDX-License-Identifier: MIT */
/*
 * Two threads pass tables round a pair of rings.  A plain program, because Criterion does not
 * start under ThreadSanitizer, which is what this test is for.
 */
#include "program/ring.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

enum { INTERVALS = 20000, TABLES = 3 };

struct table {
    unsigned interval;
    unsigned queries;
};

struct engine {
    struct ring full;
    struct ring blank;
};

static void *work(void *argument)
{
    struct engine *e = argument;
    for (unsigned interval = 0; interval < INTERVALS; interval++) {
        struct table *t;
        while ((t = ring_pop(&e->blank)) == NULL)
            sched_yield();
        t->interval = interval;
        t->queries += 5;
        while (!ring_push(&e->full, t))
            sched_yield();
    }
    return NULL;
}

int main(void)
{
    static struct engine e;
    static struct table tables[TABLES];
    for (int i = 0; i < TABLES; i++)
        if (!ring_push(&e.blank, &tables[i]))
            return EXIT_FAILURE;

    pthread_t worker;
    if (pthread_create(&worker, NULL, work, &e) != 0)
        return EXIT_FAILURE;
    for (unsigned interval = 0; interval < INTERVALS; interval++) {
        struct table *t;
        while ((t = ring_pop(&e.full)) == NULL)
            sched_yield();
        if (t->interval != interval || t->queries != 5) {
            fprintf(stderr, "interval %u: got %u with %u queries\n", interval, t->interval,
                    t->queries);
            return EXIT_FAILURE;
        }
        t->queries = 0;
        (void)ring_push(&e.blank, t);
    }
    pthread_join(worker, NULL);
    return EXIT_SUCCESS;
}

/* SPDX-License-Identifier: MIT */
/*
 * One thread gives statuses, another writes them, a third reads the file meanwhile: whole, and
 * never an older one than before; and the last one stays.
 */
#include "program/status.h"
#include "program/status_keeper.h"

#include <jansson.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { STATUSES = 3000, PART = 5, NOT_READ = -1 };

struct reader {
    const char *directory;
    atomic_bool over;
    bool bad;
};

static json_int_t read_number(const char *directory)
{
    struct error err;
    json_t *status = status_read(directory, &err);
    json_int_t number =
            status == NULL ? NOT_READ : json_integer_value(json_object_get(status, "number"));
    json_decref(status);
    return number;
}

static void *read_all(void *argument)
{
    struct reader *r = argument;
    json_int_t last = NOT_READ;
    while (!atomic_load(&r->over)) {
        json_int_t number = read_number(r->directory);
        r->bad |= number < last;
        last = number;
    }
    return NULL;
}

int main(void)
{
    char directory[] = "/tmp/rootwatch-race-status-XXXXXX";
    char path[STATUS_PATH_BYTES];
    const struct log log = {.fd = STDERR_FILENO, .least = LOG_IS_INFO};
    struct reader reader = {.directory = directory};
    struct error err;
    pthread_t thread;
    if (mkdtemp(directory) == NULL || !status_path(directory, path))
        return EXIT_FAILURE;
    struct status_keeper *keeper = status_keeper_start(directory, &log, &err);
    if (keeper == NULL || pthread_create(&thread, NULL, read_all, &reader) != 0)
        return EXIT_FAILURE;
    for (int i = 0; i < STATUSES; i++) {
        status_keeper_give(
                keeper, json_pack("{s:s, s:i}", "schema", "rootwatch-status/1", "number", i));
        while (i % PART == 0 && read_number(directory) < i)
            sched_yield(); /* the others are to see many of them */
    }
    status_keeper_stop(keeper);
    atomic_store(&reader.over, true);
    pthread_join(thread, NULL);
    json_int_t last = read_number(directory);
    (void)unlink(path);
    (void)rmdir(directory);
    if (!reader.bad && last == STATUSES - 1)
        return EXIT_SUCCESS;
    fprintf(stderr, "the last status read is number %lld%s\n", (long long)last,
            reader.bad ? ", and an older one came after a newer one" : "");
    return EXIT_FAILURE;
}

/* SPDX-License-Identifier: MIT */
/*
 * Tables of origins that one thread offers while another reads traffic by them: every query is
 * counted by some table, the last one offered comes into use, and no table is freed while it is
 * looked at.  A plain program, because Criterion does not start under ThreadSanitizer.
 */
#include "program/engine.h"
#include "tests/support/file.h"
#include "tests/support/shape.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MINUTES = 400, FRAMES_A_MINUTE = 60, TABLES = 300 };

struct offering {
    struct engine *engine;
    atomic_uint offered;
    atomic_bool stop;
};

static struct origins *make_table(unsigned number)
{
    char text[128];
    struct feed from;
    struct error err;
    (void)snprintf(text, sizeof text, "192.0.2.0/24 %u\n198.51.100.0/24 %u\n", 64500 + number,
                   64501 + number);
    if (!feed_memory(&from, "table", text, strlen(text), &err))
        exit(EXIT_FAILURE);
    struct origins *o = origins_read(&from, NULL, NULL, &err);
    feed_close(&from);
    return o;
}

static void *offer(void *argument)
{
    struct offering *o = argument;
    while (!atomic_load(&o->stop)) {
        struct origins *table = make_table(atomic_load(&o->offered) % TABLES);
        if (table == NULL)
            exit(EXIT_FAILURE);
        engine_offer_origins(o->engine, table);
        atomic_fetch_add(&o->offered, 1);
    }
    return NULL;
}

/* One query a second. */
static bool write_traffic(const char *path)
{
    static struct shape s;
    struct file f = {.big = false};
    shape_common(&s, "www.example.com", 1);
    file_start(&f);
    file_header(&f, 0xa1b2c3d4, 1);
    for (uint32_t i = 0; i < MINUTES * FRAMES_A_MINUTE; i++)
        file_record(&f, 1735689600 + i, 0, s.at, s.size, (uint32_t)s.size);
    FILE *to = fopen(path, "wb");
    bool good = to != NULL && fwrite(f.octets, 1, f.size, to) == f.size && fclose(to) == 0;
    file_end(&f);
    return good;
}

static bool read_traffic(struct offering *o, char *path, struct error *err)
{
    pthread_t thread;
    if (!engine_start(o->engine, false, err) || pthread_create(&thread, NULL, offer, o) != 0)
        return false;
    while (atomic_load(&o->offered) < 2)
        (void)usleep(1000);
    enum engine_end end = engine_read(o->engine, &path, 1, NULL, NULL, err);
    atomic_store(&o->stop, true);
    pthread_join(thread, NULL);
    (void)engine_finish(o->engine);
    return end == ENGINE_DONE;
}

int main(void)
{
    static struct config config;
    static struct offering o;
    struct config_problems problems;
    struct error err = {0};
    struct log log;
    char path[] = "/tmp/rootwatch-race-XXXXXX";
    int fd = mkstemp(path);
    int null = fileno(tmpfile());
    log_init(&log, null); /* each turn is a line */
    if (fd < 0 || !config_load("/dev/null", &config, &problems) || !write_traffic(path))
        return EXIT_FAILURE;
    const struct engine_settings settings = {
            .config = &config, .log = &log, .keep_run = true, .poke_fd = -1};
    o.engine = engine_create(&settings, &err);
    if (o.engine != NULL)
        engine_set_origins(o.engine, make_table(TABLES));
    bool good = o.engine != NULL && read_traffic(&o, path, &err);
    uint64_t queries = good ? engine_run(o.engine)->queries : 0;
    const struct origins *last = good ? engine_origins(o.engine) : NULL;
    bool turned = last != NULL && origins_asn(last, 0) != 64500 + TABLES;
    engine_free(o.engine);
    close(fd);
    unlink(path);
    if (good && turned && queries == MINUTES * FRAMES_A_MINUTE)
        return EXIT_SUCCESS;
    (void)fprintf(stderr, "%s: %llu queries counted, %u tables offered, %s\n", err.text,
                  (unsigned long long)queries, atomic_load(&o.offered),
                  turned ? "the first one replaced" : "none came into use");
    return EXIT_FAILURE;
}

/* SPDX-License-Identifier: MIT */
/*
 * Workers that hand their counters to the engine and get them back, as in live capture, but fed
 * from files: every query they counted must arrive once.  A plain program, because Criterion
 * does not start under ThreadSanitizer, which is what this test is for.
 */
#include "analysis/junk.h"
#include "program/capture.h"
#include "tests/support/file.h"
#include "tests/support/shape.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { WORKERS = 2, FRAMES = 200000, INTERVAL_MS = 5, FRAMES_A_MS = 4, RUN_S = 3, SETS = 3 };

struct taken {
    struct file file;
    struct source *source[WORKERS];
    struct tlds *tlds;
    struct junk *judge; /* one of all workers */
    uint64_t intervals, queries, frames, watched, judged, kept;
};

static const struct source_scope scope = {.port = {53}, .ports = 1};

static struct source *open_file(void *argument, unsigned worker, struct error *err)
{
    struct taken *t = argument;
    t->source[worker] = file_source(&t->file, t->file.size, &scope, err);
    return t->source[worker];
}

static struct counters *make(void *argument, struct error *err)
{
    const struct taken *t = argument;
    const struct counters_size size = {.prefix_records = 64,
                                       .way = PREFIX_DIRECT,
                                       .name_buckets = 64,
                                       .seed = 3,
                                       .keep_frames = true,
                                       .judge = t->judge};
    return counters_create(&size, err);
}

static void empty(void *argument, struct counters *c)
{
    static const uint8_t client[16] = {192, 0, 2, 1};
    static struct watch_list list = {.prefixes = 1};
    (void)argument;
    list.prefix[0] = subject_of_prefix(prefix_of_client(client, false));
    counters_clear(c, &list);
}

static bool take(void *argument, struct counters *c, int64_t start_ns, int64_t length_ns)
{
    struct taken *t = argument;
    (void)start_ns;
    (void)length_ns;
    t->intervals++;
    t->queries += c->queries;
    t->frames += c->source.frames;
    t->watched += c->watch[0].queries;
    t->judged += c->junk.queries[JUNK_LEGITIMATE] + junk_sum(c->junk.queries);
    t->kept += c->keep.network[0].seen;
    empty(argument, c);
    return true;
}

/* Queries of one client, from now on. */
static void write_file(struct file *f)
{
    static struct shape s;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    shape_common(&s, "www.example.com", 1);
    file_start(f);
    file_header(f, 0xa1b2c3d4, 1);
    for (uint32_t i = 0; i < FRAMES; i++) {
        uint32_t ms = i / FRAMES_A_MS;
        file_record(f, (uint32_t)now.tv_sec + ms / 1000, ms % 1000 * 1000, s.at, s.size,
                    (uint32_t)s.size);
    }
}

/* What all workers read, as their sources say. */
static uint64_t frames_read(const struct taken *t)
{
    struct source_counts counts;
    uint64_t frames = 0;
    for (unsigned i = 0; i < WORKERS; i++) {
        source_counts(t->source[i], &counts);
        frames += counts.frames;
    }
    return frames;
}

static int timer(void)
{
    const struct itimerspec end = {.it_value = {.tv_sec = RUN_S}};
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    if (fd < 0 || timerfd_settime(fd, 0, &end, NULL) != 0)
        exit(EXIT_FAILURE);
    return fd;
}

static void make_judge(struct taken *t, struct error *err)
{
    t->tlds = tlds_create(NULL, err);
    const struct junk_settings settings = {.tlds = t->tlds, .memory_mib = 1, .cut = 1};
    t->judge = t->tlds == NULL ? NULL : junk_create(&settings, err);
    if (t->judge == NULL)
        exit(EXIT_FAILURE);
}

int main(void)
{
    static struct taken taken;
    struct error err = {0};
    const struct capture_settings settings = {
            .scope = &scope,
            .workers = WORKERS,
            .interval_ns = INTERVAL_MS * INT64_C(1000000),
            .open = open_file,
            .poke_fd = -1,
            .make = make,
            .take = take,
            .empty = empty,
            .argument = &taken,
    };
    write_file(&taken.file);
    make_judge(&taken, &err);
    struct capture *c = capture_open(&settings, &err);
    int stop_fd = timer();
    bool good = c != NULL && capture_run(c, stop_fd, &err);
    uint64_t read = good ? frames_read(&taken) : 0;
    capture_free(c);
    close(stop_fd);
    file_end(&taken.file);
    junk_free(taken.judge);
    tlds_free(taken.tlds);
    if (!good || taken.queries == 0 || taken.intervals < SETS || taken.queries != read ||
        taken.frames != read || taken.watched != read || taken.judged != read ||
        taken.kept != read) {
        (void)fprintf(
                stderr,
                "%s%llu queries read, %llu taken, %llu of the watched, %llu judged, %llu kept, "
                "%llu frames in %llu intervals\n",
                err.text, (unsigned long long)read, (unsigned long long)taken.queries,
                (unsigned long long)taken.watched, (unsigned long long)taken.judged,
                (unsigned long long)taken.kept, (unsigned long long)taken.frames,
                (unsigned long long)taken.intervals);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

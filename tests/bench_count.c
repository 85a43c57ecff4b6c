/*
 * Nanoseconds of CPU a query takes from a decoded message to all its counters, with sources
 * that follow Zipf's law and with sources at random, in short and long intervals; the second
 * figure is what ending the intervals takes beside that: merging and clearing.  Then the same
 * with every query put into a class of junk.  The fastest of several runs counts, each of other
 * queries than those before: the memory of questions fills, and at 300,000 queries/s comes to
 * hold a sample.
 */
/* SPDX-License-Identifier: MIT */
#include "analysis/counters.h"
#include "analysis/junk.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { QUERIES = 1 << 19, BATCHES = QUERIES / MESSAGE_BATCH_MAX, RUNS = 9 };

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint64_t draw(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

static void make_message(struct message_batch *b, uint64_t *random, uint32_t networks,
                         int64_t time_ns)
{
    static const uint16_t types[8] = {1, 1, 1, 1, 28, 28, 2, 43};
    uint64_t r = draw(random);
    double unit = (double)(draw(random) >> 11) / 9007199254740992.0;
    uint32_t n = networks == 0 ? (uint32_t)(r >> 32)
                               : (uint32_t)exp(unit * log((double)networks + 1)) *
                                         UINT32_C(0x9e3779b1);
    struct message *m = &b->message[b->count++];
    *m = (struct message){
            .time_ns = time_ns,
            .flags = MESSAGE_QUESTION | MESSAGE_RD,
            .client = {(uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n, (uint8_t)(r & 3)},
            .qtype = types[r >> 8 & 7],
            .qclass = 1,
            .dns_bytes = 40,
            .id = (uint16_t)(r >> 40),
            .name_at = (uint16_t)b->names_used};
    m->name_bytes = (uint8_t)(snprintf((char *)&b->names[b->names_used], 32, "%cwww%04u%ccom",
                                       7, (unsigned)(r >> 16 & 4095), 3) +
                              1);
    b->names_used += m->name_bytes;
}

static struct counters *create(enum prefix_way way, uint32_t records, struct junk *judge)
{
    struct error err;
    const struct counters_size size = {.prefix_records = records,
                                       .way = way,
                                       .name_buckets = 2048,
                                       .evict_names = way == PREFIX_HASHED,
                                       .judge = judge,
                                       .seed = 7};
    struct counters *c = counters_create(&size, &err);
    if (c == NULL) {
        (void)fprintf(stderr, "bench_count: %s\n", err.text);
        exit(EXIT_FAILURE);
    }
    counters_clear(c, NULL);
    return c;
}

/* `batches` of them are a second. */
static void make_batches(struct message_batch *batch, uint64_t *random, uint32_t networks,
                         uint32_t batches, int64_t *now_ns)
{
    for (uint32_t i = 0; i < BATCHES; i++) {
        batch[i].count = batch[i].names_used = 0;
        while (batch[i].count < MESSAGE_BATCH_MAX)
            make_message(&batch[i], random, networks, *now_ns);
        *now_ns += 1000000000 / batches;
    }
}

/* Nanoseconds that counting a query takes. */
static double measure(const char *what, uint32_t networks, uint32_t batches, struct junk *judge)
{
    static struct message_batch batch[BATCHES];
    uint64_t random = 20050118;
    int64_t now_ns = INT64_C(1106049600000000000);
    double count = 1e9, end = 1e9;
    struct counters *c = create(PREFIX_DIRECT, 1 << 17, judge);
    struct counters *minute = create(PREFIX_HASHED, 1 << 18, NULL);
    for (int run = 0; run < RUNS; run++) {
        double counting = 0, ending = 0;
        make_batches(batch, &random, networks, batches, &now_ns);
        for (uint32_t at = 0; at + batches <= BATCHES; at += batches) {
            double begin = seconds();
            for (uint32_t i = at; i < at + batches; i++)
                counters_add(c, &batch[i], 0);
            double middle = seconds();
            counters_find_zones(c);
            counters_merge(minute, c, NULL);
            counters_clear(c, NULL);
            counting += middle - begin;
            ending += seconds() - middle;
        }
        counters_clear(minute, NULL);
        count = counting < count ? counting : count;
        end = ending < end ? ending : end;
    }
    double queries = (double)(BATCHES / batches * batches) * MESSAGE_BATCH_MAX;
    printf("%-22s %6.1f ns a query, and %6.1f ns for the ends of intervals\n", what,
           count / queries * 1e9, end / queries * 1e9);
    counters_free(c);
    counters_free(minute);
    return count / queries * 1e9;
}

static struct junk *create_judge(struct tlds **tlds)
{
    struct error err;
    *tlds = tlds_create(NULL, &err);
    const struct junk_settings settings = {.tlds = *tlds, .memory_mib = 16, .cut = 1};
    struct junk *judge = *tlds == NULL ? NULL : junk_create(&settings, &err);
    if (judge == NULL) {
        (void)fprintf(stderr, "bench_count: %s\n", err.text);
        exit(EXIT_FAILURE);
    }
    return judge;
}

static void compare(const char *what, uint32_t networks, uint32_t qps)
{
    struct tlds *tlds;
    struct junk *judge = create_judge(&tlds);
    double plain = measure(what, networks, qps / MESSAGE_BATCH_MAX, NULL);
    double judged = measure("  with classes of junk", networks, qps / MESSAGE_BATCH_MAX, judge);
    printf("  that is %+.1f ns, %+.0f %%\n", judged - plain, 100 * (judged / plain - 1));
    junk_free(judge);
    tlds_free(tlds);
}

int main(void)
{
    compare("Zipf, 300,000/s", 200000, 300000);
    compare("Zipf, 4900/s", 200000, 4900);
    compare("random, 300,000/s", 0, 300000);
    compare("random, 4900/s", 0, 4900);
    return EXIT_SUCCESS;
}

/*
 * Nanoseconds that an origin's look-up takes in a table as large as today's (1 M announcements
 * of IPv4, lengths as announced), of the same networks again and again and of any at random;
 * the same as intervals are annotated, where answers are remembered; and what reading the table
 * takes.  The fastest of several runs counts.
 */
/* SPDX-License-Identifier: MIT */
#include "analysis/annotation.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ANNOUNCEMENTS = 1000000, LOOK_UPS = 1 << 22, OFTEN = 4096, RUNS = 5 };

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint32_t draw(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return (uint32_t)(*random >> 32);
}

static char *make_table(size_t *size)
{
    static const uint8_t lengths[16] = {24, 24, 24, 24, 24, 24, 24, 24,
                                        24, 24, 23, 22, 22, 21, 19, 16};
    uint64_t random = 7;
    char *text = malloc((size_t)ANNOUNCEMENTS * 40);
    size_t used = 0;
    for (int i = 0; text != NULL && i < ANNOUNCEMENTS; i++) {
        uint32_t a = draw(&random);
        uint32_t r = draw(&random);
        used += (size_t)sprintf(text + used, "%u.%u.%u.0\t%u\t%u\n", 1 + (a >> 24) % 223,
                                a >> 16 & 255, a >> 8 & 255, lengths[r & 15],
                                1 + (r >> 8) % 80000);
    }
    *size = used;
    return text;
}

static void look_up(const struct origins *o, uint32_t mask, const char *what)
{
    uint64_t random = 9;
    uint32_t *address = malloc(LOOK_UPS * sizeof *address);
    if (address == NULL)
        return;
    for (size_t i = 0; i < LOOK_UPS; i++)
        address[i] = (draw(&random) & mask) * UINT32_C(0x9e3779b1);
    uint64_t sum = 0;
    double best = 1e9;
    for (int run = 0; run < RUNS; run++) {
        double begun = seconds();
        for (size_t i = 0; i < LOOK_UPS; i++) {
            struct origin found;
            const struct prefix p = {(uint64_t)address[i] << 32 | (PREFIX_IPV4 + 32)};
            sum += origins_look_up(o, p, &found) + found.asn;
        }
        double took = seconds() - begun;
        best = took < best ? took : best;
    }
    printf("%-28s %6.1f ns  (%llu)\n", what, best * 1e9 / LOOK_UPS, (unsigned long long)sum);
    free(address);
}

/* Intervals of the same networks, in an order of their own each time. */
static void annotate(const struct origins *o, uint32_t networks)
{
    struct error err;
    uint64_t random = 9;
    struct annotation *a = annotation_create(0, 5, &err);
    if (a == NULL || !annotation_offer(a, o, &err))
        return;
    annotation_turn(a);
    uint64_t sum = 0;
    double best = 1e9;
    for (int run = 0; run < RUNS; run++) {
        double begun = seconds();
        for (size_t i = 0; i < LOOK_UPS; i++) {
            uint32_t address = draw(&random) % networks * UINT32_C(0x9e3779b1) >> 8 << 8;
            sum += annotation_find(
                           a, (struct prefix){(uint64_t)address << 32 | (PREFIX_IPV4 + 24)})
                           .as;
        }
        double took = seconds() - begun;
        best = took < best ? took : best;
    }
    printf("remembered, %7u networks %6.1f ns  (%llu)\n", networks, best * 1e9 / LOOK_UPS,
           (unsigned long long)sum);
    annotation_free(a);
}

int main(void)
{
    struct feed from;
    struct error err;
    size_t size;
    char *text = make_table(&size);
    if (text == NULL || !feed_memory(&from, "table", text, size, &err))
        return 1;
    double begun = seconds();
    struct origins *o = origins_read(&from, NULL, NULL, &err);
    if (o == NULL)
        return 1;
    printf("%-28s %6.2f s\n", "reading 1 M announcements", seconds() - begun);
    look_up(o, OFTEN - 1, "of 4096 networks");
    look_up(o, UINT32_MAX, "of any");
    annotate(o, OFTEN);
    annotate(o, 100000);
    annotate(o, 1000000);
    origins_free(o);
    feed_close(&from);
    free(text);
    return 0;
}

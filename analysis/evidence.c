/* SPDX-License-Identifier: MIT */
#include "analysis/evidence.h"

#include "analysis/region.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SEED = 1106049600,
    FILE_MODE = 0640,
    PATH_BYTES = 4096,
};

/* https://www.tcpdump.org/manpages/pcap-savefile.5.html */
static const uint32_t magic_nanoseconds = 0xa1b23c4d;

bool evidence_init(struct evidence *e, uint32_t limit, struct error *err)
{
    *e = (struct evidence){.limit = limit, .random = SEED};
    if (limit == 0)
        return true;
    e->frame = region_reserve(limit * sizeof *e->frame, false);
    return e->frame != NULL || error_set(err, "no memory for evidence of %u frames", limit);
}

void evidence_fini(struct evidence *e)
{
    region_release(e->frame, e->limit * sizeof *e->frame);
    e->frame = NULL;
}

void evidence_clear(struct evidence *e)
{
    e->frames = 0;
    e->first = e->later = 0;
}

/* Where a frame that stands for `weight` goes; NULL: it is not drawn. */
static struct keep_frame *place_of(struct evidence *e, uint64_t weight)
{
    uint32_t half = (e->limit + 1) / 2;
    if (e->frames < half) {
        e->first += weight;
        return &e->frame[e->frames++];
    }
    e->later += weight;
    if (e->frames < e->limit)
        return &e->frame[e->frames++];
    uint32_t places = e->limit - half;
    if (places == 0)
        return NULL;
    /* With the chance that one of its `weight` would have been drawn, one for all. */
    double chance = (double)(keep_random(&e->random) >> 11) / 9007199254740992.0;
    if (chance * (double)e->later >= (double)weight * places)
        return NULL;
    return &e->frame[half + keep_random(&e->random) % places];
}

void evidence_add(struct evidence *e, const struct keep *k, unsigned network)
{
    const struct keep_network *n = &k->network[network];
    if (e->limit == 0)
        return;
    for (uint32_t i = 0; i < n->frames; i++) {
        uint64_t weight = n->seen * (i + 1) / n->frames - n->seen * i / n->frames;
        struct keep_frame *to = place_of(e, weight);
        if (to != NULL)
            *to = k->frame[network * KEEP_FRAMES + i];
    }
}

struct evidence *evidence_copy(const struct evidence *e)
{
    struct error ignored;
    struct evidence *copy = calloc(1, sizeof *copy);
    if (copy == NULL || !evidence_init(copy, e->frames, &ignored)) {
        free(copy);
        return NULL;
    }
    memcpy(copy->frame, e->frame, e->frames * sizeof *e->frame);
    copy->frames = e->frames;
    copy->first = e->first;
    copy->later = e->later;
    return copy;
}

void evidence_free(struct evidence *e)
{
    if (e == NULL)
        return;
    evidence_fini(e);
    free(e);
}

static int by_time(const void *a, const void *b)
{
    const struct keep_frame *x = a;
    const struct keep_frame *y = b;
    return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

static bool put(FILE *f, const uint32_t *words, size_t count)
{
    return fwrite(words, sizeof *words, count, f) == count;
}

static bool write_frames(const struct evidence *e, FILE *f, uint32_t *left_out)
{
    uint32_t link = e->frames == 0 ? 1 : e->frame[0].link;
    const uint32_t header[] = {magic_nanoseconds, 2 | 4 << 16, 0, 0, KEEP_OCTETS, link};
    *left_out = 0;
    if (!put(f, header, 6))
        return false;
    for (uint32_t i = 0; i < e->frames; i++) {
        const struct keep_frame *k = &e->frame[i];
        const uint32_t record[] = {(uint32_t)(k->time_ns / 1000000000),
                                   (uint32_t)(k->time_ns % 1000000000), k->captured, k->wire};
        if (k->link != link)
            ++*left_out;
        else if (!put(f, record, 4) || fwrite(k->octets, 1, k->captured, f) != k->captured)
            return false;
    }
    return fflush(f) == 0 && fsync(fileno(f)) == 0;
}

bool evidence_write(struct evidence *e, const char *path, uint32_t *left_out, struct error *err)
{
    char aside[PATH_BYTES];
    if (snprintf(aside, sizeof aside, "%s.new", path) >= (int)sizeof aside)
        return error_set(err, "%s: the path is too long", path);
    qsort(e->frame, e->frames, sizeof *e->frame, by_time);
    FILE *f = fopen(aside, "we");
    if (f == NULL)
        return error_errno(err, "%s", aside);
    (void)fchmod(fileno(f), FILE_MODE);
    bool good = write_frames(e, f, left_out);
    if (!good)
        error_errno(err, "writing %s", aside);
    if (fclose(f) != 0 && good)
        good = error_errno(err, "writing %s", aside);
    if (good && rename(aside, path) != 0)
        good = error_errno(err, "renaming %s", aside);
    if (!good)
        (void)unlink(aside);
    return good;
}

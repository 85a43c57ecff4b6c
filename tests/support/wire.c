/* SPDX-License-Identifier: MIT */
#include "tests/support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    (void)fprintf(stderr, "wire: %s\n", what);
    abort();
}

void wire_open(struct wire *w)
{
    *w = (struct wire){.scope = {.port = {53}, .ports = 1}, .time_ns = 1000000000};
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    w->pages = mmap(NULL, WIRE_FRAME_MAX + page, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    must(w->pages != MAP_FAILED, "no memory");
    w->guard = w->pages + WIRE_FRAME_MAX;
    must(mprotect(w->guard, page, PROT_NONE) == 0, "no guard");
    decode_init(&w->decode, &w->scope);
}

void wire_close(struct wire *w)
{
    decode_fini(&w->decode);
    munmap(w->pages, WIRE_FRAME_MAX + (size_t)sysconf(_SC_PAGESIZE));
    free(w->message);
}

void wire_again(struct wire *w)
{
    decode_fini(&w->decode);
    decode_init(&w->decode, &w->scope);
    w->messages = 0;
}

static void collect(struct wire *w)
{
    must(w->batch.count <= MESSAGE_BATCH_MAX, "batch overflow");
    must(w->batch.names_used <= sizeof w->batch.names, "names overflow");
    if (w->batch.count == 0)
        return;
    if (w->messages + w->batch.count > w->messages_max) {
        w->messages_max = 2 * w->messages_max + MESSAGE_BATCH_MAX;
        w->message = realloc(w->message, w->messages_max * sizeof *w->message);
        must(w->message != NULL, "no memory");
    }
    memcpy(w->message + w->messages, w->batch.message, w->batch.count * sizeof *w->message);
    w->messages += w->batch.count;
    w->batch.count = w->batch.names_used = 0;
}

static void check_sums(const struct wire *w)
{
    uint64_t frames = 0, messages = 0;
    for (unsigned v = 0; v < VERDICTS; v++)
        frames += w->decode.counts.verdict[v];
    for (unsigned d = 0; d < DEFECTS; d++)
        messages += w->decode.counts.defect[d];
    must(frames == w->decode.counts.frames, "frames are not the sum of the verdicts");
    must(messages == w->messages, "messages given are not the sum of the defects");
}

enum verdict wire_frame(struct wire *w, uint32_t link, const void *data, size_t size,
                        size_t cut)
{
    uint64_t before[VERDICTS];
    memcpy(before, w->decode.counts.verdict, sizeof before);
    must(size <= WIRE_FRAME_MAX, "frame too long");
    memcpy(w->guard - size, data, size);
    const struct frame f = {
            .data = w->guard - size,
            .captured = (uint32_t)size,
            .wire = (uint32_t)(size + cut),
            .readable = (uint32_t)size,
            .link = link,
            .time_ns = w->time_ns,
    };
    decode_frame(&w->decode, &f, &w->batch);
    collect(w);
    while (!decode_resume(&w->decode, &w->batch))
        collect(w);
    collect(w);
    check_sums(w);
    for (unsigned v = 0; v < VERDICTS; v++)
        if (w->decode.counts.verdict[v] != before[v])
            return (enum verdict)v;
    must(false, "the frame ended nowhere");
    return VERDICTS;
}

enum verdict wire_shape(struct wire *w, const struct shape *s)
{
    return wire_frame(w, WIRE_ETHERNET, s->at, s->size, 0);
}

void wire_finish(struct wire *w)
{
    bool more;
    do {
        more = !decode_resume(&w->decode, &w->batch) || !decode_finish(&w->decode, &w->batch);
        collect(w);
    } while (more);
    check_sums(w);
}

/* SPDX-License-Identifier: MIT */
#include "capture/source.h"

#include "capture/classic.h"
#include "capture/handshakes.h"
#include "capture/live.h"
#include "capture/pcapng.h"

#include <stdlib.h>
#include <string.h>

struct source {
    struct decode decode;
    struct reader *reader;
    char *name; /* what is read: goes in front of errors */
};

static struct source *create(const char *name, const struct source_scope *scope,
                             struct error *err)
{
    struct source *s = calloc(1, sizeof *s);
    if (s == NULL || (s->name = strdup(name)) == NULL) {
        error_set(err, "no memory for a source");
        free(s);
        return NULL;
    }
    decode_init(&s->decode, scope);
    return s;
}

static bool open_reader(struct source *s, struct input *in, struct error *err)
{
    uint8_t first[4] = {0};
    err->text[0] = '\0';
    if (input_peek(in, first, err) == 0)
        return err->text[0] == '\0' ? error_set(err, "empty, not a capture file") : false;
    if (classic_is(first))
        s->reader = classic_open(in, err);
    else if (pcapng_is(first))
        s->reader = pcapng_open(in, err);
    else
        return error_set(err,
                         "not a capture file: begins with %02x %02x %02x %02x, neither "
                         "pcap nor pcapng",
                         first[0], first[1], first[2], first[3]);
    return s->reader != NULL;
}

struct source *source_open_file(const char *path, const struct source_scope *scope,
                                struct error *err)
{
    struct source *s = create(strcmp(path, "-") == 0 ? "standard input" : path, scope, err);
    if (s == NULL)
        return NULL;
    struct input *in = input_open(path, err);
    if (in != NULL && open_reader(s, in, err))
        return s;
    error_prefix(err, "%s", s->name);
    input_close(in);
    source_close(s);
    return NULL;
}

struct source *source_open_live(const struct source_live *live,
                                const struct source_scope *scope, struct error *err)
{
    struct source *s = create(live->interface, scope, err);
    if (s == NULL)
        return NULL;
    s->reader = live_open(live, err);
    if (s->reader != NULL)
        return s;
    error_prefix(err, "%s", s->name);
    source_close(s);
    return NULL;
}

void source_close(struct source *s)
{
    if (s == NULL)
        return;
    if (s->reader != NULL)
        s->reader->kind->close(s->reader);
    decode_fini(&s->decode);
    free(s->name);
    free(s);
}

bool source_first_time(struct source *s, int64_t *time_ns)
{
    return s->reader->kind->first_time(s->reader, time_ns);
}

enum source_state source_read(struct source *s, struct message_batch *batch, int64_t limit_ns,
                              struct error *err)
{
    batch->count = 0;
    batch->names_used = 0;
    if (!decode_resume(&s->decode, batch))
        return SOURCE_MORE;
    enum source_state state =
            s->reader->kind->read(s->reader, &s->decode, batch, limit_ns, err);
    bool last = state == SOURCE_END || state == SOURCE_CUT;
    if (last && !decode_finish(&s->decode, batch))
        return SOURCE_MORE; /* the reader will say again that there are no more frames */
    if (state == SOURCE_CUT || state == SOURCE_FAILED)
        error_prefix(err, "%s", s->name);
    return state;
}

void source_keep(struct source *s, struct keep *keep)
{
    s->decode.keep = keep != NULL && keep->networks > 0 ? keep : NULL;
    if (s->decode.keep != NULL)
        handshakes_settle(s->decode.handshakes, keep, s->decode.counts.last_time_ns);
}

void source_counts(struct source *s, struct source_counts *counts)
{
    s->reader->kind->drops(s->reader, &s->decode.counts);
    *counts = s->decode.counts;
    memset(s->decode.counts.unknown, 0, sizeof s->decode.counts.unknown);
    counts->messages = 0;
    for (unsigned i = 0; i < DEFECTS; i++)
        counts->messages += counts->defect[i];
}

int source_fd(const struct source *s)
{
    return s->reader->fd;
}

void source_progress(const struct source *s, uint64_t *done_bytes, uint64_t *size_bytes)
{
    *done_bytes = *size_bytes = 0;
    if (s->reader->in != NULL)
        input_progress(s->reader->in, done_bytes, size_bytes);
}

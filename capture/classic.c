/* SPDX-License-Identifier: MIT */
#include "capture/classic.h"

#include "capture/window.h"

#include <stdlib.h>

enum {
    FILE_HEADER_BYTES = 24,
    RECORD_HEADER_BYTES = 16,
    MODIFIED_HEADER_BYTES = 24, /* with interface, protocol and direction behind the lengths */
    RECORD_BYTES_MAX = 256 * 1024, /* libpcap's MAXIMUM_SNAPLEN */
};

_Static_assert(RECORD_BYTES_MAX + MODIFIED_HEADER_BYTES <= WINDOW_NEED_MAX, "a record fits");

struct classic {
    struct reader reader;
    struct window window;
    uint64_t records;
    bool swapped;
    bool old;              /* before version 2.4: the two lengths may be the wrong way round */
    uint32_t header_bytes; /* of a record */
    uint32_t fraction_ns;  /* 1 or 1000: what the second number of a time counts */
    uint32_t link;
};

static uint32_t number(const struct classic *c, const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return c->swapped ? __builtin_bswap32(v) : v;
}

static uint16_t short_number(const struct classic *c, const uint8_t *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return c->swapped ? __builtin_bswap16(v) : v;
}

/* What the file's first number says of its records; false: not a classic pcap file. */
static bool know_magic(struct classic *c, const uint8_t *first)
{
    uint32_t v;
    memcpy(&v, first, sizeof v);
    c->swapped = (v & 0xff) == 0xa1; /* the highest octet of all of them */
    if (c->swapped)
        v = __builtin_bswap32(v);
    c->fraction_ns = v == 0xa1b23c4d ? 1 : 1000;
    c->header_bytes = v == 0xa1b2cd34 ? MODIFIED_HEADER_BYTES : RECORD_HEADER_BYTES;
    return v == 0xa1b2c3d4 || v == 0xa1b23c4d || v == 0xa1b2cd34;
}

bool classic_is(const uint8_t first[static 4])
{
    struct classic c;
    return know_magic(&c, first);
}

/* The next record's header is there, and its time. */
static bool peek_time(struct classic *c, int64_t *time_ns)
{
    if (!window_have(&c->window, c->header_bytes))
        return false;
    *time_ns = (int64_t)number(c, c->window.at) * 1000000000 +
               (int64_t)number(c, c->window.at + 4) * c->fraction_ns;
    return true;
}

/* Why there is no whole record at `at`; `inside` when it has begun. */
__attribute__((noinline)) static enum source_state stopped(const struct classic *c, bool inside,
                                                           struct error *err)
{
    if (c->window.failed) {
        *err = c->window.failure;
        return SOURCE_CUT;
    }
    if (!inside)
        return SOURCE_END;
    error_set(err, "ends inside packet %llu at offset %llu", (unsigned long long)c->records + 1,
              (unsigned long long)window_offset(&c->window));
    return SOURCE_CUT;
}

__attribute__((noinline)) static enum source_state damaged(const struct classic *c,
                                                           uint32_t captured, struct error *err)
{
    error_set(err, "packet %llu at offset %llu claims %u octets, more than the %d possible",
              (unsigned long long)c->records + 1, (unsigned long long)window_offset(&c->window),
              captured, RECORD_BYTES_MAX);
    return SOURCE_CUT;
}

/* The two lengths of the record at `at`; what was captured is never more than there was. */
static void take_lengths(const struct classic *c, struct frame *f)
{
    f->captured = number(c, c->window.at + 8);
    f->wire = number(c, c->window.at + 12);
    if (__builtin_expect(f->captured <= f->wire, 1))
        return;
    uint32_t more = f->captured;
    if (c->old)
        f->captured = f->wire;
    f->wire = more;
}

static enum source_state read_frames(struct reader *r, struct decode *d,
                                     struct message_batch *batch, int64_t limit_ns,
                                     struct error *err)
{
    struct classic *c = (struct classic *)r;
    struct window *w = &c->window;
    struct frame f = {.link = c->link};

    while (batch->count < MESSAGE_BATCH_MAX) {
        if (!peek_time(c, &f.time_ns))
            return stopped(c, window_left(w) > 0, err);
        if (f.time_ns >= limit_ns)
            return SOURCE_LIMIT;
        take_lengths(c, &f);
        if (f.captured > RECORD_BYTES_MAX)
            return damaged(c, f.captured, err);
        if (!window_have(w, c->header_bytes + f.captured))
            return stopped(c, true, err);
        f.data = w->at + c->header_bytes;
        f.readable = (uint32_t)(w->fill - f.data);
        decode_frame(d, &f, batch);
        c->records++;
        w->at += c->header_bytes + f.captured;
    }
    return SOURCE_MORE;
}

static bool first_time(struct reader *r, int64_t *time_ns)
{
    struct classic *c = (struct classic *)r;
    return peek_time(c, time_ns);
}

static bool read_file_header(struct classic *c, struct error *err)
{
    struct window *w = &c->window;
    if (!window_have(w, FILE_HEADER_BYTES)) {
        if (w->failed)
            *err = w->failure;
        else
            error_set(err, "ends inside its file header");
        return false;
    }
    (void)know_magic(c, w->at);
    c->old = short_number(c, w->at + 4) != 2 || short_number(c, w->at + 6) < 4;
    c->link = number(c, w->at + 20) & 0x03ffffff; /* above it is the length of an FCS */
    w->at += FILE_HEADER_BYTES;
    return true;
}

static void close_classic(struct reader *r)
{
    struct classic *c = (struct classic *)r;
    input_close(c->reader.in);
    window_fini(&c->window);
    free(c);
}

static void no_drops(struct reader *r, struct source_counts *counts)
{
    (void)r;
    (void)counts;
}

static const struct reader_kind classic_kind = {close_classic, read_frames, first_time,
                                                no_drops};

struct reader *classic_open(struct input *in, struct error *err)
{
    struct classic *c = calloc(1, sizeof *c);
    if (c == NULL) {
        error_set(err, "no memory to read a capture file");
        return NULL;
    }
    c->reader = (struct reader){&classic_kind, in, -1};
    if (window_init(&c->window, in, err) && read_file_header(c, err))
        return &c->reader;
    c->reader.in = NULL;
    close_classic(&c->reader);
    return NULL;
}

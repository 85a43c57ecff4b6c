/* SPDX-License-Identifier: MIT */
#include "capture/classic.h"

#include <stdlib.h>
#include <sys/mman.h>

enum {
    FILE_HEADER_BYTES = 24,
    RECORD_HEADER_BYTES = 16,
    RECORD_BYTES_MAX = 256 * 1024, /* libpcap's MAXIMUM_SNAPLEN */
    BLOCK_BYTES = 256 * 1024,
    BLOCK_AT = 512 * 1024,          /* room in front of it for an incomplete record */
    BUFFER_BYTES = 2 * 1024 * 1024, /* one huge page */
};

_Static_assert(BLOCK_AT > RECORD_BYTES_MAX + RECORD_HEADER_BYTES, "a record fits in front");
_Static_assert(BUFFER_BYTES - BLOCK_AT >
                       RECORD_BYTES_MAX + RECORD_HEADER_BYTES + 2 * BLOCK_BYTES,
               "a record that begins in front of a block ends behind it in the buffer");

struct classic {
    struct reader reader;
    uint8_t *buffer;
    uint8_t *at;     /* next record */
    uint8_t *fill;   /* end of what was read */
    uint64_t offset; /* of `fill` in the (decompressed) file */
    uint64_t records;
    bool swapped;
    uint32_t fraction_ns; /* 1 or 1000: what the second number of a time counts */
    uint32_t link;
    bool failed; /* reading did; nothing more will come */
    struct error failure;
};

static uint32_t number(const struct classic *c, const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return c->swapped ? __builtin_bswap32(v) : v;
}

static bool know_magic(const uint8_t *first, bool *swapped, uint32_t *fraction_ns)
{
    uint32_t v;
    memcpy(&v, first, sizeof v);
    *swapped = v == 0xd4c3b2a1 || v == 0x4d3cb2a1;
    if (*swapped)
        v = __builtin_bswap32(v);
    *fraction_ns = v == 0xa1b23c4d ? 1 : 1000;
    return v == 0xa1b2c3d4 || v == 0xa1b23c4d;
}

bool classic_is(const uint8_t first[static 4])
{
    bool swapped;
    uint32_t fraction_ns;
    return know_magic(first, &swapped, &fraction_ns);
}

/* Brings the incomplete record in front of the place for the next block. */
static void make_room(struct classic *c)
{
    size_t left = (size_t)(c->fill - c->at);
    memmove(c->buffer + BLOCK_AT - left, c->at, left);
    c->at = c->buffer + BLOCK_AT - left;
    c->fill = c->buffer + BLOCK_AT;
}

/* Reads until `need` octets stand at `at`; false at the end of the file or on failure. */
__attribute__((noinline)) static bool read_more(struct classic *c, size_t need)
{
    make_room(c);
    while ((size_t)(c->fill - c->at) < need) {
        if (c->failed)
            return false;
        ssize_t got = input_read(c->reader.in, c->fill, BLOCK_BYTES, &c->failure);
        c->failed = got < 0;
        if (got <= 0)
            return false;
        c->fill += got;
        c->offset += (uint64_t)got;
    }
    return true;
}

static bool have(struct classic *c, size_t need)
{
    return __builtin_expect((size_t)(c->fill - c->at) >= need, 1) || read_more(c, need);
}

/* The next record's header is there, and its time. */
static bool peek_time(struct classic *c, int64_t *time_ns)
{
    if (!have(c, RECORD_HEADER_BYTES))
        return false;
    *time_ns = (int64_t)number(c, c->at) * 1000000000 +
               (int64_t)number(c, c->at + 4) * c->fraction_ns;
    return true;
}

/* Why there is no whole record at `at`; `inside` when it has begun. */
__attribute__((noinline)) static enum source_state stopped(const struct classic *c, bool inside,
                                                           struct error *err)
{
    uint64_t offset = c->offset - (uint64_t)(c->fill - c->at);
    if (c->failed) {
        *err = c->failure;
        return SOURCE_CUT;
    }
    if (!inside)
        return SOURCE_END;
    error_set(err, "ends inside packet %llu at offset %llu", (unsigned long long)c->records + 1,
              (unsigned long long)offset);
    return SOURCE_CUT;
}

__attribute__((noinline)) static enum source_state damaged(const struct classic *c,
                                                           uint32_t captured, struct error *err)
{
    error_set(err, "packet %llu at offset %llu claims %u octets, more than the %d possible",
              (unsigned long long)c->records + 1,
              (unsigned long long)(c->offset - (uint64_t)(c->fill - c->at)), captured,
              RECORD_BYTES_MAX);
    return SOURCE_CUT;
}

static enum source_state read_frames(struct reader *r, struct decode *d,
                                     struct message_batch *batch, int64_t limit_ns,
                                     struct error *err)
{
    struct classic *c = (struct classic *)r;
    struct frame f = {.link = c->link};

    while (batch->count < MESSAGE_BATCH_MAX) {
        if (!peek_time(c, &f.time_ns))
            return stopped(c, c->fill > c->at, err);
        if (f.time_ns >= limit_ns)
            return SOURCE_LIMIT;
        f.captured = number(c, c->at + 8);
        uint32_t wire = number(c, c->at + 12);
        f.wire = wire > f.captured ? wire : f.captured;
        if (f.captured > RECORD_BYTES_MAX)
            return damaged(c, f.captured, err);
        if (!have(c, RECORD_HEADER_BYTES + f.captured))
            return stopped(c, true, err);
        f.data = c->at + RECORD_HEADER_BYTES;
        f.readable = (uint32_t)(c->fill - f.data);
        decode_frame(d, &f, batch);
        c->records++;
        c->at += RECORD_HEADER_BYTES + f.captured;
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
    if (!have(c, FILE_HEADER_BYTES)) {
        if (c->failed)
            *err = c->failure;
        else
            error_set(err, "ends inside its file header");
        return false;
    }
    know_magic(c->at, &c->swapped, &c->fraction_ns);
    c->link = number(c, c->at + 20) & 0x03ffffff; /* above it is the length of an FCS */
    c->at += FILE_HEADER_BYTES;
    return true;
}

static void close_classic(struct reader *r)
{
    struct classic *c = (struct classic *)r;
    input_close(c->reader.in);
    free(c->buffer);
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
    if (c == NULL)
        goto no_memory;
    c->buffer = aligned_alloc(BUFFER_BYTES, BUFFER_BYTES);
    if (c->buffer == NULL)
        goto no_memory;
    (void)madvise(c->buffer, BUFFER_BYTES, MADV_HUGEPAGE);
    c->reader = (struct reader){&classic_kind, in, -1};
    c->at = c->fill = c->buffer + BLOCK_AT;
    if (read_file_header(c, err))
        return &c->reader;
    c->reader.in = NULL;
    close_classic(&c->reader);
    return NULL;

no_memory:
    error_set(err, "no memory to read a capture file");
    free(c);
    return NULL;
}

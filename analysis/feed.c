/* SPDX-License-Identifier: MIT */
#include "analysis/feed.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CHUNK_BYTES = 1 << 16 };

bool feed_open(struct feed *f, const char *path, struct error *err)
{
    *f = (struct feed){.name = path};
    f->input = input_open(path, err);
    return f->input != NULL || error_prefix(err, "%s", path);
}

bool feed_memory(struct feed *f, const char *name, const void *octets, size_t n,
                 struct error *err)
{
    *f = (struct feed){.name = name, .used = n, .room = n + 1, .ended = true};
    f->buffer = malloc(f->room);
    if (f->buffer == NULL)
        return error_set(err, "%s: no memory for %zu octets", name, n);
    if (n > 0)
        memcpy(f->buffer, octets, n);
    return true;
}

void feed_close(struct feed *f)
{
    input_close(f->input);
    free(f->buffer);
    *f = (struct feed){.ended = true};
}

/* Room for `n` octets that are ready, and one more: a line's end may be written behind it. */
static bool make_room(struct feed *f, size_t n, struct error *err)
{
    if (f->at > 0) {
        memmove(f->buffer, f->buffer + f->at, f->used - f->at);
        f->offset += f->at;
        f->used -= f->at;
        f->at = 0;
    }
    if (n < f->room)
        return true;
    uint8_t *larger = realloc(f->buffer, n + CHUNK_BYTES);
    if (larger == NULL)
        return error_set(err, "%s: no memory for %zu octets", f->name, n);
    f->buffer = larger;
    f->room = n + CHUNK_BYTES;
    return true;
}

static bool read_some(struct feed *f, struct error *err)
{
    ssize_t got = input_read(f->input, f->buffer + f->used, f->room - f->used - 1, err);
    if (got < 0)
        return error_prefix(err, "%s: octet %" PRIu64, f->name, f->offset + f->used);
    f->used += (size_t)got;
    f->ended = got == 0;
    return true;
}

bool feed_fill(struct feed *f, size_t n, struct error *err)
{
    if (f->used - f->at >= n || f->ended)
        return true;
    if (!make_room(f, n, err))
        return false;
    while (f->used < n && !f->ended)
        if (!read_some(f, err))
            return false;
    return true;
}

struct bytes feed_ready(const struct feed *f)
{
    return (struct bytes){f->buffer + f->at, f->buffer + f->used, 0};
}

void feed_skip(struct feed *f, size_t n)
{
    f->at += n;
}

uint64_t feed_offset(const struct feed *f)
{
    return f->offset + f->at;
}

static char *take_line(struct feed *f, size_t length)
{
    char *line = (char *)f->buffer + f->at;
    f->at += f->at + length < f->used ? length + 1 : length;
    line[length] = '\0';
    f->line++;
    return line;
}

enum feed_state feed_line(struct feed *f, char **line, struct error *err)
{
    size_t seen = 0; /* octets that hold no end of a line */
    for (;;) {
        size_t left = f->used - f->at;
        const uint8_t *end =
                left > seen ? memchr(f->buffer + f->at + seen, '\n', left - seen) : NULL;
        size_t length = end != NULL ? (size_t)(end - f->buffer) - f->at : left;
        if (length > FEED_LINE_MAX) {
            error_set(err, "%s:%lu: a line of more than %d octets", f->name, f->line + 1,
                      FEED_LINE_MAX);
            return FEED_FAILED;
        }
        if (end == NULL && f->ended && left == 0)
            return FEED_END;
        if (end != NULL || f->ended) {
            *line = take_line(f, length);
            return FEED_MORE;
        }
        seen = left;
        if (!make_room(f, left + 1, err) || !read_some(f, err))
            return FEED_FAILED;
    }
}

static bool write_all(int fd, const uint8_t *octets, size_t n)
{
    while (n > 0) {
        ssize_t put = write(fd, octets, n);
        if (put <= 0)
            return false;
        octets += put;
        n -= (size_t)put;
    }
    return true;
}

/* A name of its own, so that libraries map what nobody else can cut meanwhile. */
int feed_file(struct feed *f, uint64_t most_bytes, struct error *err)
{
    int fd = memfd_create("table", MFD_CLOEXEC);
    if (fd < 0) {
        error_errno(err, "%s: memory for it", f->name);
        return -1;
    }
    for (;;) {
        size_t ready = f->used - f->at;
        if (feed_offset(f) + ready > most_bytes) {
            error_set(err, "%s: more than %" PRIu64 " octets", f->name, most_bytes);
            break;
        }
        if (!write_all(fd, f->buffer + f->at, ready)) {
            error_errno(err, "%s: memory for it", f->name);
            break;
        }
        f->at += ready;
        if (f->ended)
            return fd;
        if (!feed_fill(f, CHUNK_BYTES, err))
            break;
    }
    close(fd);
    return -1;
}

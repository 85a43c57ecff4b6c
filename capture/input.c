/* SPDX-License-Identifier: MIT */
#include "capture/input.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { BLOCK_BYTES = 256 * 1024, HEAD_BYTES = 4, LZMA_USUAL = 0x5d };

/* A few octets read ahead, to be given again. */
struct head {
    uint8_t octet[HEAD_BYTES];
    size_t at, used;
};

struct input {
    int fd;
    bool raw_ended;
    uint64_t done_bytes;
    uint64_t size_bytes;
    struct head raw;   /* of the file itself */
    struct head plain; /* of what it holds, where that is compressed */
    struct archive *archive;
    bool gzip;
    bool gzip_member; /* in the middle of one */
    z_stream z;
    struct error archive_error; /* of reading beneath libarchive */
    uint8_t *block;             /* compressed octets */
};

static size_t head_take(struct head *h, void *to, size_t size)
{
    size_t n = h->used - h->at < size ? h->used - h->at : size;
    memcpy(to, h->octet + h->at, n);
    h->at += n;
    return n;
}

static ssize_t raw_read(struct input *in, void *to, size_t size, struct error *err)
{
    size_t n = head_take(&in->raw, to, size);
    if (n > 0)
        return (ssize_t)n;
    ssize_t got;
    do {
        got = read(in->fd, to, size);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        error_errno(err, "reading");
    else
        in->done_bytes += (uint64_t)got;
    return got;
}

static ssize_t archive_block(struct archive *a, void *argument, const void **block)
{
    struct input *in = argument;
    *block = in->block;
    ssize_t got = raw_read(in, in->block, BLOCK_BYTES, &in->archive_error);
    if (got < 0)
        archive_set_error(a, EIO, "%s", in->archive_error.text);
    return got;
}

/* Only what libarchive decodes itself: its other filters run programs. */
static bool open_archive(struct input *in, const uint8_t *first, struct error *err)
{
    struct archive_entry *entry;
    struct archive *a = in->archive = archive_read_new();
    if (a == NULL)
        return error_set(err, "no memory to decompress");
    archive_read_support_filter_bzip2(a);
    archive_read_support_filter_compress(a);
    archive_read_support_filter_lz4(a);
    archive_read_support_filter_lzip(a);
    if (first[0] == LZMA_USUAL) /* libarchive takes much for LZMA that only resembles it */
        archive_read_support_filter_lzma(a);
    archive_read_support_filter_xz(a);
    archive_read_support_filter_zstd(a);
    archive_read_support_format_raw(a);
    if (archive_read_open(a, in, NULL, archive_block, NULL) != ARCHIVE_OK ||
        archive_read_next_header(a, &entry) != ARCHIVE_OK)
        return error_set(err, "%s", archive_error_string(a));
    return true;
}

static ssize_t read_archive(struct input *in, void *to, size_t size, struct error *err)
{
    ssize_t got = archive_read_data(in->archive, to, size);
    if (got < 0)
        error_set(err, "decompressing: %s", archive_error_string(in->archive));
    return got;
}

/* More compressed octets; false at the end of the file and when that cannot be told. */
static bool refill_gzip(struct input *in, struct error *err)
{
    ssize_t got = raw_read(in, in->block, BLOCK_BYTES, err);
    in->z.next_in = in->block;
    in->z.avail_in = got > 0 ? (uInt)got : 0;
    in->raw_ended = got == 0;
    return got > 0;
}

static bool inflate_some(struct input *in, struct error *err)
{
    if (!in->gzip_member) {
        if (inflateReset(&in->z) != Z_OK)
            return error_set(err, "decompressing: no memory");
        in->gzip_member = true;
    }
    int result = inflate(&in->z, Z_NO_FLUSH);
    if (result == Z_STREAM_END)
        in->gzip_member = false;
    else if (result != Z_OK && result != Z_BUF_ERROR)
        return error_set(err, "decompressing: %s", in->z.msg ? in->z.msg : "damaged");
    return true;
}

/* What was decompressed before the data ends or breaks is given first, the failure next. */
static ssize_t read_gzip(struct input *in, void *to, size_t size, struct error *err)
{
    in->z.next_out = to;
    in->z.avail_out = (uInt)size;
    while (in->z.avail_out == size) {
        if (in->z.avail_in == 0 && !refill_gzip(in, err)) {
            if (!in->raw_ended)
                return -1;
            if (!in->gzip_member)
                return 0;
            error_set(err, "decompressing: the gzip data is cut short");
            return -1;
        }
        if (!inflate_some(in, err)) {
            if (in->z.avail_out < size)
                break;
            return -1;
        }
    }
    return (ssize_t)(size - in->z.avail_out);
}

ssize_t input_read(struct input *in, void *to, size_t size, struct error *err)
{
    size_t n = head_take(&in->plain, to, size);
    if (n > 0)
        return (ssize_t)n;
    if (in->gzip)
        return read_gzip(in, to, size, err);
    return in->archive != NULL ? read_archive(in, to, size, err) : raw_read(in, to, size, err);
}

/* Reads ahead until `h` is full or there is no more. */
static bool fill_head(struct input *in, struct head *h, struct error *err)
{
    struct head ahead = {.used = 0};
    while (ahead.used < HEAD_BYTES) {
        ssize_t got = input_read(in, ahead.octet + ahead.used, HEAD_BYTES - ahead.used, err);
        if (got < 0)
            return false;
        if (got == 0)
            break;
        ahead.used += (size_t)got;
    }
    *h = ahead;
    return true;
}

size_t input_peek(struct input *in, uint8_t first[static 4], struct error *err)
{
    struct head *h = in->gzip || in->archive != NULL ? &in->plain : &in->raw;
    if (h->used == h->at && !fill_head(in, h, err))
        return 0;
    memcpy(first, h->octet + h->at, h->used - h->at);
    return h->used - h->at;
}

/* Captures begin with one of these and are not compressed, whatever else they resemble. */
static bool is_capture(const uint8_t *first)
{
    static const uint8_t magic[][HEAD_BYTES] = {
            {0xd4, 0xc3, 0xb2, 0xa1}, {0xa1, 0xb2, 0xc3, 0xd4}, {0x4d, 0x3c, 0xb2, 0xa1},
            {0xa1, 0xb2, 0x3c, 0x4d}, {0x0a, 0x0d, 0x0d, 0x0a}, {0x34, 0xcd, 0xb2, 0xa1},
            {0xa1, 0xb2, 0xcd, 0x34},
    };
    for (size_t i = 0; i < sizeof magic / sizeof *magic; i++)
        if (memcmp(first, magic[i], HEAD_BYTES) == 0)
            return true;
    return false;
}

static bool find_out_compression(struct input *in, struct error *err)
{
    uint8_t first[HEAD_BYTES] = {0};
    size_t n = input_peek(in, first, err);
    if (n < HEAD_BYTES || is_capture(first))
        return true;
    in->block = malloc(BLOCK_BYTES);
    if (in->block == NULL)
        return error_set(err, "no memory to decompress");
    if (first[0] == 0x1f && first[1] == 0x8b) {
        in->gzip = inflateInit2(&in->z, 15 + 16) == Z_OK; /* largest window, gzip only */
        return in->gzip || error_set(err, "no memory to decompress");
    }
    return open_archive(in, first, err);
}

struct input *input_open(const char *path, struct error *err)
{
    struct input *in = calloc(1, sizeof *in);
    if (in == NULL) {
        error_set(err, "no memory");
        return NULL;
    }
    bool standard = strcmp(path, "-") == 0;
    in->fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (in->fd < 0) {
        error_errno(err, "opening");
        goto fail;
    }
    struct stat about;
    if (fstat(in->fd, &about) == 0 && S_ISREG(about.st_mode))
        in->size_bytes = (uint64_t)about.st_size;
    if (!find_out_compression(in, err))
        goto fail;
    return in;

fail:
    input_close(in);
    return NULL;
}

void input_close(struct input *in)
{
    if (in == NULL)
        return;
    if (in->archive != NULL)
        archive_read_free(in->archive);
    if (in->gzip)
        inflateEnd(&in->z);
    if (in->fd > STDIN_FILENO)
        close(in->fd);
    free(in->block);
    free(in);
}

void input_progress(const struct input *in, uint64_t *done_bytes, uint64_t *size_bytes)
{
    *done_bytes = in->done_bytes;
    *size_bytes = in->size_bytes;
}

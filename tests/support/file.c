/* SPDX-License-Identifier: MIT */
#include "tests/support/file.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void file_start(struct file *f)
{
    *f = (struct file){.room = 4096, .octets = malloc(4096)};
    assert(f->octets != NULL);
}

void file_end(struct file *f)
{
    free(f->octets);
}

void file_octets(struct file *f, const void *octets, size_t n)
{
    if (f->size + n > f->room) {
        f->room = 2 * (f->size + n);
        f->octets = realloc(f->octets, f->room);
        assert(f->octets != NULL);
    }
    memcpy(f->octets + f->size, octets, n);
    f->size += n;
}

void file_u16(struct file *f, uint16_t number)
{
    if (f->big)
        number = __builtin_bswap16(number);
    file_octets(f, &number, sizeof number);
}

void file_u32(struct file *f, uint32_t number)
{
    if (f->big)
        number = __builtin_bswap32(number);
    file_octets(f, &number, sizeof number);
}

void file_header(struct file *f, uint32_t magic, uint32_t link)
{
    file_u32(f, magic);
    file_u16(f, 2);
    file_u16(f, 4);
    file_u32(f, 0);
    file_u32(f, 0);
    file_u32(f, 65535);
    file_u32(f, link);
}

void file_record(struct file *f, uint32_t seconds, uint32_t fraction, const void *octets,
                 size_t n, uint32_t wire)
{
    file_u32(f, seconds);
    file_u32(f, fraction);
    file_u32(f, (uint32_t)n);
    file_u32(f, wire);
    file_octets(f, octets, n);
}

size_t file_block(struct file *f, uint32_t type)
{
    size_t begun = f->size;
    file_u32(f, type);
    file_u32(f, 0);
    return begun;
}

void file_block_end(struct file *f, size_t begun)
{
    while (f->size % 4 != 0)
        file_octets(f, "", 1);
    uint32_t bytes = (uint32_t)(f->size - begun + 4);
    file_u32(f, bytes);
    memcpy(f->octets + begun + 4, f->octets + f->size - 4, 4);
}

void file_option(struct file *f, uint16_t code, const void *value, uint16_t n)
{
    file_u16(f, code);
    file_u16(f, n);
    file_octets(f, value, n);
    while (f->size % 4 != 0)
        file_octets(f, "", 1);
}

void file_section(struct file *f)
{
    size_t begun = file_block(f, 0x0a0d0d0a);
    file_u32(f, 0x1a2b3c4d);
    file_u16(f, 1);
    file_u16(f, 0);
    file_u32(f, UINT32_MAX);
    file_u32(f, UINT32_MAX);
    file_option(f, 4, "tests", 5);
    file_block_end(f, begun);
}

void file_interface(struct file *f, uint16_t link, int resolution)
{
    size_t begun = file_block(f, 1);
    file_u16(f, link);
    file_u16(f, 0);
    file_u32(f, 0);
    if (resolution >= 0) {
        uint8_t value = (uint8_t)resolution;
        file_option(f, 2, "eth0", 4);
        file_option(f, 9, &value, 1);
        file_option(f, 0, "", 0);
    }
    file_block_end(f, begun);
}

void file_packet(struct file *f, uint32_t interface, uint64_t time, const void *octets,
                 size_t n, uint32_t wire)
{
    size_t begun = file_block(f, 6);
    file_u32(f, interface);
    file_u32(f, (uint32_t)(time >> 32));
    file_u32(f, (uint32_t)time);
    file_u32(f, (uint32_t)n);
    file_u32(f, wire);
    file_octets(f, octets, n);
    file_block_end(f, begun);
}

struct source *file_source(const struct file *f, size_t n, const struct source_scope *scope,
                           struct error *err)
{
    char path[64];
    int fd = memfd_create("capture", 0);
    assert(fd >= 0);
    ssize_t written = write(fd, f->octets, n);
    assert(written == (ssize_t)n);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct source *s = source_open_file(path, scope, err);
    close(fd);
    return s;
}

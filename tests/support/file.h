/*
 * Capture files for tests, written into memory.
 *
 * Numbers are written in the order of `big` as it is at the time.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/source.h"

struct file {
    uint8_t *octets;
    size_t size, room;
    bool big; /* network order, else the other */
};

void file_start(struct file *f);
void file_end(struct file *f);

void file_octets(struct file *f, const void *octets, size_t n);
void file_u16(struct file *f, uint16_t number);
void file_u32(struct file *f, uint32_t number);

/* Classic pcap. */
void file_header(struct file *f, uint32_t magic, uint32_t link);
void file_record(struct file *f, uint32_t seconds, uint32_t fraction, const void *octets,
                 size_t n, uint32_t wire);

/* pcapng.  A block is begun, its body written, and ended. */
size_t file_block(struct file *f, uint32_t type);
void file_block_end(struct file *f, size_t begun);
void file_option(struct file *f, uint16_t code, const void *value, uint16_t n);
void file_section(struct file *f);
void file_interface(struct file *f, uint16_t link, int resolution); /* -1: none said */
void file_packet(struct file *f, uint32_t interface, uint64_t time, const void *octets,
                 size_t n, uint32_t wire);

/* A source on the file's first `n` octets. */
struct source *file_source(const struct file *f, size_t n, const struct source_scope *scope,
                           struct error *err);

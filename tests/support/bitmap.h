/* SPDX-License-Identifier: MIT */
/* A PNG as its pixels, to see whether a picture shows what it promises. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bitmap {
    unsigned width, height;
    uint8_t *rgb; /* rows from the top; owned */
};

bool bitmap_read(struct bitmap *b, const void *png, size_t size); /* false: not a valid PNG */
void bitmap_fini(struct bitmap *b);
/* Pixels of exactly that colour, 0xRRGGBB. */
unsigned bitmap_count(const struct bitmap *b, uint32_t colour);
unsigned bitmap_colours(const struct bitmap *b); /* different ones; counted up to 256 */

/* SPDX-License-Identifier: MIT */
#include "tests/support/bitmap.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>

bool bitmap_read(struct bitmap *b, const void *png, size_t size)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    *b = (struct bitmap){0};
    if (!png_image_begin_read_from_memory(&image, png, size))
        return false;
    image.format = PNG_FORMAT_RGB;
    b->width = image.width;
    b->height = image.height;
    b->rgb = malloc(PNG_IMAGE_SIZE(image));
    return b->rgb != NULL && png_image_finish_read(&image, NULL, b->rgb, 0, NULL) != 0;
}

void bitmap_fini(struct bitmap *b)
{
    free(b->rgb);
    *b = (struct bitmap){0};
}

static uint32_t colour_at(const struct bitmap *b, size_t pixel)
{
    const uint8_t *p = b->rgb + 3 * pixel;
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

unsigned bitmap_count(const struct bitmap *b, uint32_t colour)
{
    unsigned count = 0;
    for (size_t i = 0; i < (size_t)b->width * b->height; i++)
        count += colour_at(b, i) == colour;
    return count;
}

unsigned bitmap_colours(const struct bitmap *b)
{
    uint32_t met[256];
    unsigned count = 0;
    for (size_t i = 0; i < (size_t)b->width * b->height && count < 256; i++) {
        unsigned n = 0;
        while (n < count && met[n] != colour_at(b, i))
            n++;
        if (n == count)
            met[count++] = colour_at(b, i);
    }
    return count;
}

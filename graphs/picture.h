/* SPDX-License-Identifier: MIT */
/*
 * One picture on its way to librrd: the arguments of rrd_graph, the layers that are drawn and
 * the legend below them, with its columns.
 *
 * rrd_graph is not thread-safe and may die of a damaged file: the caller is a process of its
 * own, with TZ=UTC and a UTF-8 locale set.  Text from outside goes through picture_label(),
 * picture_mark() or picture_title(), which make it harmless for RRDtool.
 */
#pragma once

#include "capture/error.h"

#include <stddef.h>
#include <stdint.h>

enum picture_size {
    PICTURE_FULL,  /* 960 x 300 points, legend with columns */
    PICTURE_SMALL, /* 424 x 150, legend without */
    PICTURE_THUMB, /* 240 x 60, nothing but the curves */
};

enum picture_style {
    PICTURE_AREA,
    PICTURE_STACK, /* an area on top of the one before */
    PICTURE_LINE,
    PICTURE_FINE,   /* a thinner line */
    PICTURE_DASHED, /* a thin one */
};

enum { PICTURE_LAYERS = 24, PICTURE_LABEL_BYTES = 64, PICTURE_MARKS = 24 };

struct picture_layer {
    enum picture_style style;
    char value[12];                  /* the name of a DEF or CDEF */
    char maximum[12];                /* one of maxima; "": that of `value` */
    char colour[9];                  /* RRGGBB or RRGGBBAA */
    char label[PICTURE_LABEL_BYTES]; /* "": not in the legend */
    bool columns;
};

struct picture_mark {
    int64_t time_s;
    char text[160];
};

struct picture {
    enum picture_size size;
    unsigned scale; /* 2: for dense screens */
    unsigned height;
    int64_t from_s, to_s;
    int64_t began_s, ended_s; /* columns before and during; 0: average, maximum and last */
    bool before;              /* something is known of the time before began_s */
    double top;               /* what the values reach, for the axis; 0: RRDtool finds out */
    int digits;               /* behind the point, in the columns */
    struct picture_layer layer[PICTURE_LAYERS];
    unsigned layers;
    struct picture_mark mark[PICTURE_MARKS]; /* oldest first */
    unsigned marks;
    char **argument;
    size_t arguments, room;
    bool no_memory;
};

struct picture_png {
    uint8_t *bytes;
    size_t size;
    unsigned width, height; /* of the picture in its own pixels */
};

void picture_fini(struct picture *p); /* frees the arguments */
void picture_png_free(struct picture_png *png);

/* Adds an argument as it is. */
__attribute__((format(printf, 2, 3))) void picture_add(struct picture *p, const char *format,
                                                       ...);
/* DEF of one data source, as AVERAGE under `value` and as MAX under "M" and `value`. */
void picture_define(struct picture *p, const char *value, const char *path, const char *source);

/* The layer that was added, to be refined; the last one again when there are too many. */
struct picture_layer *picture_layer(struct picture *p, enum picture_style style,
                                    const char *value, const char *colour, const char *label);
void picture_mark(struct picture *p, int64_t time_s, const char *text);
void picture_title(struct picture *p, const char *title, const char *axis, const char *small);

bool picture_draw(struct picture *p, struct picture_png *png, struct error *err);

/*
 * `text` fit for a legend, a comment or the path of a DEF: a ':' is escaped, control characters
 * are gone.  A '\\' is taken as it stands, except at the very end, where nothing from outside
 * may stand.  Cut where `size` ends, never inside a character of UTF-8.
 */
void picture_escape(char *out, size_t size, const char *text);

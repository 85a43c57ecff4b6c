/* SPDX-License-Identifier: MIT */
#include "graphs/picture.h"

#include "graphs/palette.h"

#include <inttypes.h>
#include <math.h>
#include <rrd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CELL = 10 /* characters of a column */ };

static const struct size {
    unsigned width;
    const char *title_points, *text_points;
} sizes[] = {
        [PICTURE_FULL] = {960, "13", "9"},
        [PICTURE_SMALL] = {424, "11", "8"},
        [PICTURE_THUMB] = {240, "9", "8"},
};

/* How the axis of time is marked, by the longest range that it suits. */
static const struct grid {
    int64_t longest_s;
    const char *full, *small;
} grids[] = {
        {INT64_C(45) * 60, "MINUTE:1:MINUTE:5:MINUTE:5:0:%H:%M",
         "MINUTE:1:MINUTE:5:MINUTE:10:0:%H:%M"},
        {INT64_C(2) * 3600, "MINUTE:5:MINUTE:10:MINUTE:10:0:%H:%M",
         "MINUTE:5:MINUTE:30:MINUTE:30:0:%H:%M"},
        {INT64_C(5) * 3600, "MINUTE:10:MINUTE:30:MINUTE:30:0:%H:%M",
         "MINUTE:30:HOUR:1:HOUR:1:0:%H:%M"},
        {INT64_C(13) * 3600, "MINUTE:30:HOUR:1:HOUR:1:0:%H:%M", "HOUR:1:HOUR:2:HOUR:2:0:%H:%M"},
        {INT64_C(26) * 3600, "HOUR:1:HOUR:6:HOUR:2:0:%H:%M", "HOUR:1:HOUR:6:HOUR:4:0:%H:%M"},
        {INT64_C(50) * 3600, "HOUR:3:HOUR:6:HOUR:6:0:%a %H:%M",
         "HOUR:6:HOUR:12:HOUR:12:0:%a %H:%M"},
        {INT64_C(9) * 86400, "HOUR:6:DAY:1:DAY:1:86400:%a %d %b",
         "HOUR:12:DAY:1:DAY:1:86400:%a %d"},
        {INT64_C(20) * 86400, "DAY:1:DAY:1:DAY:2:0:%d %b", "DAY:1:DAY:2:DAY:4:0:%d %b"},
        {INT64_C(70) * 86400, "DAY:1:WEEK:1:WEEK:1:0:%d %b", "DAY:1:WEEK:1:WEEK:1:0:%d %b"},
        {INT64_MAX, "MONTH:1:MONTH:1:MONTH:1:2592000:%b %Y", "MONTH:1:MONTH:1:MONTH:2:0:%b"},
};

/* Octets of the character at `text`, 0 where it is none of UTF-8 (RFC 3629). */
static size_t character(const char *text)
{
    unsigned char c = (unsigned char)*text;
    size_t length = c < 0x80                ? 1
                    : c >= 0xc2 && c < 0xe0 ? 2
                    : c >= 0xe0 && c < 0xf0 ? 3
                    : c >= 0xf0 && c < 0xf5 ? 4
                                            : 0;
    for (size_t i = 1; i < length; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            return 0;
    }
    return length;
}

void picture_escape(char *out, size_t size, const char *text)
{
    size_t used = 0;
    while (*text != 0) {
        size_t length = character(text);
        bool plain = length > 1 || (length == 1 && *text >= ' ' && *text != 127);
        bool special = *text == ':';
        if (used + length + special + 2 > size)
            break;
        if (special)
            out[used++] = '\\';
        memcpy(out + used, plain ? text : "?", plain ? length : 1);
        used += plain ? length : 1;
        text += length > 0 ? length : 1;
    }
    out[used] = 0;
}

static bool grow(struct picture *p)
{
    if (p->arguments < p->room)
        return true;
    size_t room = 2 * p->room + 64;
    char **larger = realloc(p->argument, room * sizeof *larger);
    if (larger == NULL)
        return false;
    p->argument = larger;
    p->room = room;
    return true;
}

void picture_add(struct picture *p, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&text, format, args);
    va_end(args);

    if (length < 0 || !grow(p)) {
        p->no_memory = true;
        if (length >= 0)
            free(text);
        return;
    }
    p->argument[p->arguments++] = text;
}

void picture_fini(struct picture *p)
{
    for (size_t i = 0; i < p->arguments; i++)
        free(p->argument[i]);
    free(p->argument);
    p->argument = NULL;
    p->arguments = p->room = 0;
}

void picture_png_free(struct picture_png *png)
{
    free(png->bytes);
    *png = (struct picture_png){0};
}

void picture_define(struct picture *p, const char *value, const char *path, const char *source)
{
    char place[2400];
    picture_escape(place, sizeof place, path);
    picture_add(p, "DEF:%s=%s:%s:AVERAGE", value, place, source);
    picture_add(p, "DEF:M%s=%s:%s:MAX", value, place, source);
}

struct picture_layer *picture_layer(struct picture *p, enum picture_style style,
                                    const char *value, const char *colour, const char *label)
{
    if (p->layers == PICTURE_LAYERS)
        return &p->layer[PICTURE_LAYERS - 1];
    struct picture_layer *l = &p->layer[p->layers++];
    *l = (struct picture_layer){.style = style, .columns = *label != 0};
    (void)snprintf(l->value, sizeof l->value, "%s", value);
    (void)snprintf(l->colour, sizeof l->colour, "%s", colour);
    (void)snprintf(l->label, sizeof l->label, "%s", label);
    return l;
}

void picture_mark(struct picture *p, int64_t time_s, const char *text)
{
    if (p->marks == PICTURE_MARKS)
        return;
    struct picture_mark *m = &p->mark[p->marks++];
    m->time_s = time_s;
    (void)snprintf(m->text, sizeof m->text, "%s", text);
}

static bool with_legend(const struct picture *p)
{
    return p->size != PICTURE_THUMB;
}

static bool with_columns(const struct picture *p)
{
    return p->size == PICTURE_FULL;
}

void picture_title(struct picture *p, const char *title, const char *axis, const char *small)
{
    if (!with_legend(p))
        return;
    picture_add(p, "--title");
    picture_add(p, "%s", title);
    picture_add(p, "--vertical-label");
    picture_add(p, "%s", axis);
    picture_add(p, "--watermark");
    picture_add(p, "%s", small);
}

static void add_all(struct picture *p, const char *const *text, size_t count)
{
    for (size_t i = 0; i < count; i++)
        picture_add(p, "%s", text[i]);
}

static void add_frame(struct picture *p)
{
    static const char *const frame[] = {"--slope-mode",
                                        "--border",
                                        "0",
                                        "--disable-rrdtool-tag",
                                        "--imgformat",
                                        "PNG",
                                        "--lower-limit",
                                        "0",
                                        "--color",
                                        "BACK#FFFFFF",
                                        "--color",
                                        "CANVAS#FFFFFF",
                                        "--color",
                                        "FONT#222222",
                                        "--color",
                                        "AXIS#888888",
                                        "--color",
                                        "ARROW#FFFFFF00",
                                        "--color",
                                        "GRID#00000000",
                                        "--color",
                                        "MGRID#0000001C",
                                        "--color",
                                        "FRAME#FFFFFF00",
                                        "--color",
                                        "SHADEA#FFFFFF",
                                        "--color",
                                        "SHADEB#FFFFFF",
                                        "--grid-dash",
                                        "1:0"};
    add_all(p, frame, sizeof frame / sizeof *frame);
    if (p->size == PICTURE_THUMB)
        picture_add(p, "--only-graph");
    if (with_columns(p)) { /* the legend in the order of the stack */
        picture_add(p, "--legend-direction");
        picture_add(p, "bottomup2");
    }
}

static void add_font(struct picture *p, const char *what, const char *points, const char *face)
{
    picture_add(p, "--font");
    picture_add(p, "%s:%s:%s", what, points, face);
}

static void add_fonts(struct picture *p)
{
    const struct size *s = &sizes[p->size];
    add_font(p, "DEFAULT", s->text_points, "DejaVu Sans");
    add_font(p, "TITLE", s->title_points, "DejaVu Sans Bold");
    add_font(p, "AXIS", s->text_points, "DejaVu Sans");
    add_font(p, "UNIT", s->text_points, "DejaVu Sans");
    add_font(p, "LEGEND", s->text_points, "DejaVu Sans Mono");
    add_font(p, "WATERMARK", "7", "DejaVu Sans");
}

static const char *grid_of(const struct picture *p)
{
    const struct grid *g = grids;
    while (g->longest_s < p->to_s - p->from_s)
        g++;
    return p->size == PICTURE_FULL ? g->full : g->small;
}

/* A little room on the right, where the last label would be cut in two. */
static int64_t margin_s(const struct picture *p)
{
    return with_legend(p) ? (p->to_s - p->from_s) / 50 : 0;
}

/* 1, 2 or 5 times a power of ten, about six of which reach the top. */
static double step_below(double top)
{
    double power = pow(10, floor(log10(top / 6)));
    double digit = top / 6 / power;
    return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
}

static void add_measures(struct picture *p)
{
    picture_add(p, "--width");
    picture_add(p, "%u", sizes[p->size].width);
    picture_add(p, "--height");
    picture_add(p, "%u", p->height);
    picture_add(p, "--start");
    picture_add(p, "%" PRId64, p->from_s);
    picture_add(p, "--end");
    picture_add(p, "%" PRId64, p->to_s + margin_s(p));
    picture_add(p, "--zoom");
    picture_add(p, "%u", p->scale);
    picture_add(p, "--x-grid");
    picture_add(p, "%s", grid_of(p));
    if (with_columns(p) && p->top > 0) {
        picture_add(p, "--y-grid");
        picture_add(p, "%g:2", step_below(p->top) / 2);
    }
}

static int characters(const char *text)
{
    int count = 0;
    for (; *text != 0; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

static int label_width(const struct picture *p)
{
    int width = 0;
    for (unsigned i = 0; i < p->layers; i++) {
        int own = characters(p->layer[i].label);
        width = p->layer[i].columns && own > width ? own : width;
    }
    return width;
}

static void add_head(struct picture *p)
{
    int room = 2 + label_width(p);
    if (p->began_s == 0)
        picture_add(p, "COMMENT:%*s%*s%*s%*s\\l", room, "", CELL, "average", CELL, "maximum",
                    CELL, "last");
    else if (p->before)
        picture_add(p, "COMMENT:%*s%*s%*s%*s%*s\\l", room, "", CELL, "before", CELL, "during",
                    CELL, "change", CELL, "maximum");
    else
        picture_add(p, "COMMENT:%*s%*s%*s\\l", room, "", CELL, "during", CELL, "maximum");
}

static void add_window(struct picture *p, const struct picture_layer *l)
{
    const char *v = l->value;
    picture_add(p, "CDEF:%sd=TIME,%" PRId64 ",GT,TIME,%" PRId64 ",LE,*,%s,UNKN,IF", v,
                p->began_s, p->ended_s, v);
    picture_add(p, "VDEF:%sD=%sd,AVERAGE", v, v);
    if (!p->before)
        return;
    picture_add(p, "CDEF:%sb=TIME,%" PRId64 ",LE,%s,UNKN,IF", v, p->began_s, v);
    picture_add(p, "VDEF:%sB=%sb,AVERAGE", v, v);
    picture_add(p, "CDEF:%sc=%s,POP,%sD,%sB,-", v, v, v, v);
    picture_add(p, "VDEF:%sC=%sc,AVERAGE", v, v);
}

static void add_cell(struct picture *p, const char *value, const char *which, bool sign,
                     bool last)
{
    picture_add(p, "GPRINT:%s%s:%%%s%d.%dlf%s", value, which, sign ? "+" : "", CELL - 2,
                p->digits, last ? "\\l" : "");
}

static void add_columns(struct picture *p, const struct picture_layer *l)
{
    const char *v = l->value;
    if (p->began_s != 0) {
        if (p->before)
            add_cell(p, v, "B", false, false);
        add_cell(p, v, "D", false, false);
        if (p->before)
            add_cell(p, v, "C", true, false);
        add_cell(p, v, "X", false, true);
    } else {
        add_cell(p, v, "A", false, false);
        add_cell(p, v, "X", false, false);
        add_cell(p, v, "L", false, true);
    }
}

static void add_figures(struct picture *p, const struct picture_layer *l)
{
    const char *v = l->value;
    picture_add(p, "VDEF:%sX=%s,MAXIMUM", v, *l->maximum != 0 ? l->maximum : v);
    if (p->began_s != 0) {
        add_window(p, l);
        return;
    }
    picture_add(p, "VDEF:%sA=%s,AVERAGE", v, v);
    picture_add(p, "VDEF:%sL=%s,LAST", v, v);
}

static void add_legend_text(char *out, size_t size, const struct picture *p,
                            const struct picture_layer *l)
{
    char safe[2 * PICTURE_LABEL_BYTES];
    if (!with_legend(p) || *l->label == 0) {
        *out = 0;
        return;
    }
    int pad = with_columns(p) && l->columns ? label_width(p) - characters(l->label) : 0;
    picture_escape(safe, sizeof safe, l->label);
    (void)snprintf(out, size, ":%s%*s%s", safe, pad, "",
                   !with_columns(p) ? "  "
                   : l->columns     ? ""
                                    : "\\l");
}

static void add_layer(struct picture *p, const struct picture_layer *l)
{
    static const char *const how[] = {[PICTURE_AREA] = "AREA",
                                      [PICTURE_STACK] = "AREA",
                                      [PICTURE_LINE] = "LINE2",
                                      [PICTURE_FINE] = "LINE1.3",
                                      [PICTURE_DASHED] = "LINE1"};
    char legend[3 * PICTURE_LABEL_BYTES];
    add_legend_text(legend, sizeof legend, p, l);

    const char *tail = l->style == PICTURE_STACK ? *legend == 0 ? "::STACK" : ":STACK"
                       : l->style == PICTURE_DASHED
                               ? *legend == 0 ? "::dashes=4,2" : ":dashes=4,2"
                               : "";
    picture_add(p, "%s:%s#%s%s%s", how[l->style], l->value, l->colour, legend, tail);
    if (with_columns(p) && l->columns)
        add_columns(p, l);
}

static void add_marks(struct picture *p)
{
    char safe[256];
    for (unsigned i = p->marks; i-- > 0;) {
        picture_escape(safe, sizeof safe, p->mark[i].text);
        bool told = with_columns(p) && *safe != 0;
        picture_add(p, "VRULE:%" PRId64 "#%s:%s%s:dashes=5,3", p->mark[i].time_s,
                    palette_colour(PALETTE_MARK), told ? safe : "", told ? "\\l" : "");
    }
    if (p->marks > 0 && with_columns(p))
        picture_add(p, "COMMENT: \\l");
}

static void finish_arguments(struct picture *p)
{
    add_frame(p);
    add_fonts(p);
    add_measures(p);
    if (with_columns(p) && label_width(p) > 0) {
        for (unsigned i = 0; i < p->layers; i++) {
            if (p->layer[i].columns)
                add_figures(p, &p->layer[i]);
        }
        add_head(p);
    }
    if (p->size == PICTURE_SMALL)
        picture_add(p, "TEXTALIGN:left");
    add_marks(p);
    for (unsigned i = 0; i < p->layers; i++)
        add_layer(p, &p->layer[i]);
}

static bool take(const rrd_info_t *info, struct picture_png *png, struct error *err)
{
    *png = (struct picture_png){0};
    for (; info != NULL; info = info->next) {
        if (strcmp(info->key, "image_width") == 0)
            png->width = (unsigned)info->value.u_cnt;
        else if (strcmp(info->key, "image_height") == 0)
            png->height = (unsigned)info->value.u_cnt;
        else if (strcmp(info->key, "image") == 0 && info->type == RD_I_BLO) {
            png->size = info->value.u_blo.size;
            png->bytes = malloc(png->size);
            if (png->bytes == NULL)
                return error_set(err, "no memory for a picture of %zu octets", png->size);
            memcpy(png->bytes, info->value.u_blo.ptr, png->size);
        }
    }
    return png->size > 0 || error_set(err, "drawing: librrd gave no picture");
}

bool picture_draw(struct picture *p, struct picture_png *png, struct error *err)
{
    finish_arguments(p);
    char **argument = calloc(p->arguments + 3, sizeof *argument);
    if (argument == NULL || p->no_memory) {
        free(argument);
        return error_set(err, "no memory to draw a picture");
    }
    char verb[] = "graph";
    char to[] = "-";
    argument[0] = verb;
    argument[1] = to;
    memcpy(argument + 2, p->argument, p->arguments * sizeof *argument);

    rrd_clear_error();
    rrd_info_t *info = rrd_graph_v((int)p->arguments + 2, argument);
    bool done = info != NULL ? take(info, png, err)
                             : error_set(err, "drawing: %.400s", rrd_get_error());
    if (info != NULL)
        rrd_info_free(info);
    free(argument);
    return done;
}

/* SPDX-License-Identifier: MIT */
/*
 * What all pages have in common, and one function for each kind of page.  Private to graphs/:
 * others call pages_write().
 */
#pragma once

#include "graphs/health.h"
#include "graphs/html.h"
#include "graphs/pages.h"
#include "graphs/scene.h"
#include "graphs/story.h"

enum page_span { PAGE_DAY, PAGE_WEEK, PAGE_MONTH, PAGE_YEAR, PAGE_SPANS };

/* An incident as lists show it. */
struct page_entry {
    char id[INCIDENT_ID_BYTES];
    struct prefix culprit[INCIDENT_PREFIXES];
    unsigned culprits;
    char fact[INCIDENT_SUMMARY_BYTES];
    double share, rate_qps, usual_qps; /* at its peak */
    int64_t began_s, end_s;            /* of the excess; end_s 0: goes on */
    enum incident_severity severity;
    bool open, lossy;
};

enum { PAGE_ENTRIES = 40 };

struct press {
    struct store *store;
    struct archive *archive;
    const char *out_dir;
    const struct page_options *options;
    struct page_result *result;
    int64_t at_s, first_s; /* end of all ranges; first minute stored */
    struct overview day, week;
    struct health health[PAGE_SPANS];      /* of a year, its last month */
    struct page_entry entry[PAGE_ENTRIES]; /* of a month, newest first */
    unsigned entries;
    struct error *err;
};

/* A page being written. */
struct page {
    struct html html;
    struct press *press;
    const char *root; /* "" or "../../": the way to index.html; NULL: it stands alone */
};

int64_t page_span_s(enum page_span span);
/* Where a span begins: a day not before the first minute stored. */
int64_t page_span_from(const struct press *press, enum page_span span);
const char *page_span_name(enum page_span span); /* "day" */

bool page_begin(struct page *page, struct press *press, const char *title, const char *root,
                int here); /* an enum page_span, or -1 */
bool page_end(struct page *page, const char *file);
/* A picture in its frame; `name` without ".png", `to` what it links to or NULL. */
void page_picture(struct page *page, const char *id, const char *name,
                  const struct picture_png *png, const char *alt, const char *to);
void page_incidents(struct page *page, int64_t from_s, const char *none);
/* What was captured, what was lost, and why. */
void page_health(struct page *page, const struct health *s);
/* Draws a graph twice and publishes both as `name`.png and `name`@2x.png. */
bool page_draw(struct press *press, enum graph g, const struct graph_scene *scene,
               enum picture_size size, const char *name, struct picture_png *png);

/* Who is behind an incident: what one must know first, and all that was found out. */
void page_in_short(struct page *page, const struct story *story);
void page_investigation(struct page *page, const struct story *story);
void page_lookup(struct page *page, const struct lookup *l); /* NULL: nothing to look up */

bool page_write_index(struct press *press);
bool page_write_span(struct press *press, enum page_span span);
bool page_write_incident(struct press *press, const char *id);
/* The same as ID/case.html, alone; without `draws` it has no pictures. */
bool page_write_case(struct press *press, const struct story *story, bool draws);
bool page_write_style(struct press *press);
void page_style(FILE *to);

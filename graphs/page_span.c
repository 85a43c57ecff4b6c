/* SPDX-License-Identifier: MIT */
#include "graphs/page.h"

static const char *const titles[PAGE_SPANS] = {"Day", "Week", "Month", "Year"};
static const char *const quiet[PAGE_SPANS] = {"None in this day.", "None in this week.",
                                              "None in this month.",
                                              "None in the last month of this year."};

static bool write_graph(struct page *page, enum page_span span, enum graph g,
                        const struct graph_scene *scene)
{
    char name[64], alt[GRAPH_TITLE_BYTES];
    struct picture_png png;

    (void)snprintf(name, sizeof name, "graphs/%s-%s", page_span_name(span), graph_name(g));
    if (!page_draw(page->press, g, scene, PICTURE_FULL, name, &png))
        return false;
    html_markup(&page->html, "<h2>%s</h2>\n<p class=\"words\">%s</p>\n", graph_heading(g),
                graph_words(g));
    page_picture(page, graph_name(g), name, &png, graph_alt(g, scene, alt), NULL);
    return true;
}

static bool write_body(struct page *page, enum page_span span)
{
    struct press *press = page->press;
    struct graph_scene scene = {.site = press->options->site};
    char range[GRAPH_TITLE_BYTES];
    int64_t from_s = page_span_from(press, span);

    html_markup(&page->html, "<h1>%s: %s</h1>\n", titles[span],
                graph_range(from_s, press->at_s, range));
    html_markup(&page->html, "<h2>Incidents</h2>\n");
    page_incidents(page, from_s, quiet[span]);
    if (!scene_range(&scene, press->archive, press->store, &press->week, from_s, press->at_s,
                     press->options->now_s, press->err))
        return false;
    for (unsigned g = 0; g < GRAPHS; g++) {
        if (graph_applies(g, &scene) && !write_graph(page, span, g, &scene))
            return false;
    }
    html_markup(&page->html, "<h2>Capture health</h2>\n");
    if (press->health[span].from_s > from_s)
        html_markup(&page->html, "<p class=\"words\">Of the last month.</p>\n");
    page_health(page, &press->health[span]);
    return true;
}

bool page_write_span(struct press *press, enum page_span span)
{
    struct page page;
    char file[32];

    (void)snprintf(file, sizeof file, "%s.html", page_span_name(span));
    if (!page_begin(&page, press, titles[span], "", (int)span))
        return false;
    if (write_body(&page, span))
        return page_end(&page, file);
    html_fini(&page.html);
    return false;
}

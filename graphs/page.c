/* SPDX-License-Identifier: MIT */
#include "graphs/page.h"

#include "graphs/figure.h"
#include "graphs/publish.h"

#include <stdlib.h>
#include <string.h>

#define DAY_S INT64_C(86400)

static const struct span {
    const char *name, *title;
    int64_t length_s;
} spans[PAGE_SPANS] = {
        [PAGE_DAY] = {"day", "Day", DAY_S},
        [PAGE_WEEK] = {"week", "Week", 7 * DAY_S},
        [PAGE_MONTH] = {"month", "Month", 31 * DAY_S},
        [PAGE_YEAR] = {"year", "Year", 366 * DAY_S},
};

int64_t page_span_s(enum page_span span)
{
    return spans[span].length_s;
}

int64_t page_span_from(const struct press *press, enum page_span span)
{
    int64_t from_s = press->at_s - page_span_s(span);
    return span == PAGE_DAY && press->first_s > from_s ? press->first_s : from_s;
}

const char *page_span_name(enum page_span span)
{
    return spans[span].name;
}

static void write_link(struct page *page, const char *file, const char *text, bool here)
{
    html_markup(&page->html, "<a href=\"%s%s.html\"%s>%s</a>", page->root, file,
                here ? " aria-current=\"page\"" : "", text);
}

static void write_navigation(struct page *page, int here)
{
    html_markup(&page->html, "<header class=\"top\"><a class=\"site\" href=\"%sindex.html\">",
                page->root);
    html_text(&page->html, "%s", page->press->options->site);
    html_markup(&page->html, "</a><nav aria-label=\"Time\">");
    for (int s = 0; s < PAGE_SPANS; s++)
        write_link(page, spans[s].name, spans[s].title, s == here);
    html_markup(&page->html, "</nav></header>\n<main>\n");
}

bool page_begin(struct page *page, struct press *press, const char *title, const char *root,
                int here)
{
    page->press = press;
    page->root = root;
    if (!html_init(&page->html, press->err))
        return false;
    html_markup(&page->html,
                "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                "<meta name=\"color-scheme\" content=\"light dark\">\n"
                "<link rel=\"icon\" href=\"data:,\">\n");
    if (root != NULL) {
        html_markup(&page->html, "<link rel=\"stylesheet\" href=\"%sstyle.css\">\n", root);
    } else {
        html_markup(&page->html, "<style>\n");
        page_style(page->html.to);
        html_markup(&page->html, "</style>\n");
    }
    html_markup(&page->html, "<title>");
    html_text(&page->html, "%s · %s", title, press->options->site);
    html_markup(&page->html, "</title></head>\n<body>\n");
    if (root != NULL)
        write_navigation(page, here);
    else
        html_markup(&page->html, "<main>\n");
    return true;
}

bool page_end(struct page *page, const char *file)
{
    struct press *press = page->press;
    char at[FIGURE_BYTES];

    html_markup(&page->html,
                "</main>\n<footer>rootwatch. All times are UTC. What is shown ends ");
    html_markup(&page->html, "%s.</footer>\n</body></html>\n", figure_time(press->at_s, at));
    bool done =
            html_finish(&page->html, press->err) &&
            publish_file(press->out_dir, file, page->html.text, page->html.size, press->err);
    html_fini(&page->html);
    press->result->pages += done;
    return done;
}

void page_picture(struct page *page, const char *id, const char *name,
                  const struct picture_png *png, const char *alt, const char *to)
{
    struct html *h = &page->html;
    html_markup(h, "<figure class=\"card\" id=\"%s\">", id);
    if (to != NULL)
        html_markup(h, "<a href=\"%s\">", to);
    html_markup(h, "<img src=\"%s.png\" srcset=\"%s.png 1x, %s@2x.png 2x\" width=\"%u\"", name,
                name, name, png->width);
    html_markup(h, " height=\"%u\" loading=\"lazy\" alt=\"", png->height);
    html_text(h, "%s", alt);
    html_markup(h, "\">%s</figure>\n", to != NULL ? "</a>" : "");
}

static bool draw_one(struct press *press, enum graph g, const struct graph_scene *scene,
                     enum picture_size size, unsigned scale, const char *name,
                     struct picture_png *png)
{
    char file[160];
    (void)snprintf(file, sizeof file, "%s%s.png", name, scale == 2 ? "@2x" : "");
    bool done = graph_draw(g, scene, size, scale, png, press->err) &&
                publish_file(press->out_dir, file, png->bytes, png->size, press->err);
    free(png->bytes);
    png->bytes = NULL;
    press->result->pictures += done;
    return done;
}

bool page_draw(struct press *press, enum graph g, const struct graph_scene *scene,
               enum picture_size size, const char *name, struct picture_png *png)
{
    struct picture_png dense;
    return draw_one(press, g, scene, size, 2, name, &dense) &&
           draw_one(press, g, scene, size, 1, name, png);
}

static void write_lasting(struct page *page, const struct page_entry *e)
{
    char since[FIGURE_BYTES], text[FIGURE_BYTES];
    int64_t end_s = e->end_s != 0 ? e->end_s : page->press->at_s;

    html_markup(&page->html, "<p class=\"when\">");
    html_markup(&page->html, "%s, %s %s</p>", figure_time(e->began_s, since),
                e->open ? "open for" : "for", figure_lasting(end_s - e->began_s, text));
}

static void write_entry(struct page *page, const struct page_entry *e)
{
    struct html *h = &page->html;
    char rate[FIGURE_BYTES], usual[FIGURE_BYTES], share[FIGURE_BYTES];

    html_markup(h, "<article class=\"incident%s\">", e->open ? " open" : "");
    html_markup(h,
                "<a class=\"thumb card\" href=\"%sincidents/%s/index.html\" tabindex=\"-1\">",
                page->root, e->id);
    html_markup(h, "<img src=\"%sincidents/%s/thumb.png\" ", page->root, e->id);
    html_markup(h, "srcset=\"%sincidents/%s/thumb.png 1x, %sincidents/%s/thumb@2x.png 2x\" ",
                page->root, e->id, page->root, e->id);
    html_markup(h, "width=\"240\" height=\"60\" alt=\"Queries over the time of this incident\">"
                   "</a><div>");
    html_markup(h, "<h3><a href=\"%sincidents/%s/index.html\">", page->root, e->id);
    html_text(h, "%s", e->fact);
    html_markup(h, "</a></h3>");
    write_lasting(page, e);
    html_markup(h, "<p class=\"facts\"><b>%s</b> of all queries · %s queries/s · usual %s</p>",
                figure_share(e->share, share), figure_rate(e->rate_qps, rate),
                figure_rate(e->usual_qps, usual));
    html_markup(h, "</div><p class=\"state\">%s, %s</p></article>\n",
                incident_severity_name(e->severity), e->open ? "open" : "closed");
}

void page_incidents(struct page *page, int64_t from_s, const char *none)
{
    const struct press *press = page->press;
    unsigned shown = 0;
    for (unsigned i = 0; i < press->entries; i++) {
        const struct page_entry *e = &press->entry[i];
        if (!e->open && e->end_s < from_s)
            continue;
        write_entry(page, e);
        shown++;
    }
    if (shown == 0)
        html_markup(&page->html, "<p class=\"quiet\">%s</p>\n", none);
}

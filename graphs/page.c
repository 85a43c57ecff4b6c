/* SPDX-License-Identifier: MIT */
#include "graphs/page.h"

#include "graphs/figure.h"
#include "graphs/palette.h"
#include "graphs/publish.h"

#include <stdlib.h>
#include <string.h>

static const struct span {
    const char *name, *title;
    int64_t length_s;
} spans[PAGE_SPANS] = {
        [PAGE_DAY] = {"day", "Day", 86400},
        [PAGE_WEEK] = {"week", "Week", 7 * 86400},
        [PAGE_MONTH] = {"month", "Month", 31 * 86400},
        [PAGE_YEAR] = {"year", "Year", 366 * 86400},
};

int64_t page_span_s(enum page_span span)
{
    return spans[span].length_s;
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
                "<link rel=\"icon\" href=\"data:,\">\n"
                "<link rel=\"stylesheet\" href=\"%sstyle.css\">\n",
                root);
    html_markup(&page->html, "<title>");
    html_text(&page->html, "%s · %s", title, press->options->site);
    html_markup(&page->html, "</title></head>\n<body>\n");
    write_navigation(page, here);
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
    html_markup(h, "</div><p class=\"state\">%s</p></article>\n", e->open ? "open" : "closed");
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

static void write_loss(struct html *h, const char *name, uint64_t lost, uint64_t of,
                       const char *of_what)
{
    char count[FIGURE_BYTES];
    html_markup(h, "<div><dt>%s</dt><dd>", name);
    if (lost == 0)
        html_markup(h, "none");
    else if (of > 0)
        html_markup(h, "%s <small>%.3g in a million %s</small>", figure_exact(lost, count),
                    1e6 * (double)lost / (double)of, of_what);
    else
        html_markup(h, "%s", figure_exact(lost, count));
    html_markup(h, "</dd></div>\n");
}

void page_losses(struct page *page, const struct overview *o)
{
    struct html *h = &page->html;
    char seen[FIGURE_BYTES], all[FIGURE_BYTES], frames[FIGURE_BYTES];
    uint64_t minutes = (uint64_t)(o->to_s - o->from_s) / 60;

    html_markup(h,
                "<dl class=\"health\">\n<div><dt>Captured</dt><dd>%s <small>frames</small>"
                "</dd></div>\n",
                figure_exact(o->frames, frames));
    html_markup(h, "<div><dt>Minutes seen</dt><dd>%s <small>of %s</small></dd></div>\n",
                figure_exact(o->minutes, seen), figure_exact(minutes, all));
    write_loss(h, "Dropped by the kernel", o->kernel_drops, o->frames, "frames");
    write_loss(h, "Dropped by the interface", o->interface_drops, o->frames, "frames");
    write_loss(h, "Not decoded", o->undecoded, o->frames, "frames");
    write_loss(h, "Malformed messages", o->malformed, o->queries, "queries");
    write_loss(h, "Not counted by source", o->overflow, o->queries, "queries");
    html_markup(h, "</dl>\n");
}

bool page_write_style(struct press *press)
{
    static const char style[] =
            ":root{--back:#fbfbf9;--text:#1e2227;--soft:#656b73;--line:#e4e2dc;--raised:#fff;"
            "--link:#004488;--bar:#cfd8e3;--accent:#CC3311}\n"
            "@media(prefers-color-scheme:dark){:root{--back:#15171a;--text:#e7e6e2;"
            "--soft:#9aa0a8;--line:#2c3036;--raised:#1c1f23;--link:#8ab8e6;--bar:#34485f;"
            "--accent:#f0735a}.card img{filter:brightness(.93)}}\n"
            "*{box-sizing:border-box}\n"
            "body{margin:0;background:var(--back);color:var(--text);"
            "font:16px/1.55 system-ui,-apple-system,\"Segoe UI\",Roboto,\"DejaVu "
            "Sans\",sans-serif;"
            "-webkit-text-size-adjust:100%}\n"
            "main,.top,footer{max-width:70.5rem;margin:0 auto;padding:0 1.5rem}\n"
            ".top{display:flex;flex-wrap:wrap;gap:.25rem 2rem;align-items:baseline;"
            "padding-top:1.4rem;padding-bottom:1.1rem}\n"
            ".site{font-weight:650;color:var(--text)}\n"
            "nav{display:flex;gap:1.4rem}\n"
            "nav a{color:var(--soft)}nav a[aria-current]{color:var(--text);font-weight:600}\n"
            "a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}\n"
            "a:focus-visible{outline:2px solid "
            "var(--link);outline-offset:3px;border-radius:2px}\n"
            "h1{font-size:clamp(1.5rem,3.4vw,2.15rem);line-height:1.22;font-weight:650;"
            "letter-spacing:-.018em;margin:2.2rem 0 .5rem;max-width:34em;text-wrap:balance;"
            "overflow-wrap:anywhere}\n"
            "h2{font-size:1.15rem;font-weight:650;margin:3rem 0 .9rem;letter-spacing:-.005em}\n"
            "h3{font-size:1rem;font-weight:600;margin:0;overflow-wrap:anywhere}\n"
            "p{margin:.2rem 0}\n"
            ".lead,.when,.words,.quiet{color:var(--soft)}\n"
            ".words{margin:-.6rem 0 .8rem;font-size:.93rem}\n"
            "small{font-size:.87em;color:var(--soft);font-weight:400}\n"
            ".card{background:#fff;border:1px solid "
            "var(--line);border-radius:10px;overflow:hidden}\n"
            "figure{margin:0;padding:.9rem}img{display:block;max-width:100%;height:auto}\n"
            "figure img{margin:0 auto}\n"
            ".set{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,26rem),"
            "1fr));"
            "gap:1rem}\n"
            ".incident{display:grid;grid-template-columns:auto 1fr auto;gap:1.25rem;"
            "align-items:center;padding:1rem 0;border-top:1px solid var(--line)}\n"
            ".incident:last-of-type{border-bottom:1px solid var(--line)}\n"
            ".thumb{display:block;padding:4px}.thumb img{width:240px;height:60px}\n"
            ".facts{font-variant-numeric:tabular-nums}\n"
            ".state{font-size:.85rem;color:var(--soft);padding:.1rem .7rem;border:1px solid "
            "var(--line);border-radius:1rem}\n"
            ".open .state,.state.open{color:#fff;background:#CC3311;border-color:#CC3311}\n"
            "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}\n"
            ".wide{overflow-x:auto}\n"
            "th{font-weight:500;color:var(--soft);font-size:.87rem;text-align:left;"
            "white-space:nowrap}\n"
            "th,td{padding:.42rem 1.1rem .42rem 0;border-bottom:1px solid var(--line);"
            "vertical-align:baseline}\n"
            "th:last-child,td:last-child{padding-right:0}\n"
            ".n{text-align:right;white-space:nowrap}\n"
            "td.culprit,.culprit{color:var(--accent);font-weight:600}\n"
            ".share{width:24%}.bar{display:block;height:.55rem;min-width:1px;border-radius:2px;"
            "background:var(--bar)}.culprit~td .bar{background:#CC3311}\n"
            "dl{margin:0}dt{color:var(--soft);font-size:.87rem}dd{margin:0;"
            "font-variant-numeric:tabular-nums}\n"
            ".health,.key{display:grid;grid-template-columns:repeat(auto-fill,minmax(13.5rem,"
            "1fr));"
            "gap:1.1rem 1.5rem}\n"
            ".key dd{font-size:1.35rem;font-weight:600;letter-spacing:-.01em}\n"
            ".name{overflow-wrap:anywhere;font-family:ui-monospace,\"DejaVu Sans "
            "Mono\",monospace;"
            "font-size:.9rem}\n"
            ".warn{border-left:3px solid var(--accent);padding:.3rem 0 .3rem .9rem;margin:1rem "
            "0}\n"
            "footer{color:var(--soft);font-size:.87rem;margin-top:3.5rem;padding-top:1.2rem;"
            "padding-bottom:2.5rem}\n"
            "@media(max-width:40rem){main,.top,footer{padding-left:1rem;padding-right:1rem}"
            ".incident{grid-template-columns:1fr auto}.thumb{grid-column:1/-1}"
            "figure{padding:.4rem}.share{display:none}}\n"
            "@media print{body{background:#fff}.top nav{display:none}}\n";
    return publish_file(press->out_dir, "style.css", style, sizeof style - 1, press->err);
}

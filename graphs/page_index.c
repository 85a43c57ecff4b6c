/* SPDX-License-Identifier: MIT */
#include "graphs/figure.h"
#include "graphs/page.h"

#include <inttypes.h>
#include <math.h>

static void write_usual(struct html *h, const struct overview *o)
{
    if (o->usual <= 0)
        return;
    double ratio = o->compared / o->usual - 1;
    double percent = round(100 * fabs(ratio));
    if (percent < 1)
        html_markup(h, ", as usual");
    else
        html_markup(h, ", %.0f\u202f%% %s usual", percent, ratio > 0 ? "above" : "below");
}

static void write_number_of_incidents(struct page *page, int64_t from_s)
{
    static const char *const words[] = {"no incident", "one incident", "two incidents",
                                        "three incidents"};
    const struct press *press = page->press;
    unsigned count = 0, open = 0;

    for (unsigned i = 0; i < press->entries; i++) {
        count += press->entry[i].open || press->entry[i].end_s >= from_s;
        open += press->entry[i].open;
    }
    if (count < 4)
        html_markup(&page->html, "; %s", words[count]);
    else
        html_markup(&page->html, "; %u incidents", count);
    if (open > 0)
        html_markup(&page->html, ", %s", open == count ? "still open" : "not all closed");
    html_markup(&page->html, ".");
}

/* "20 January 2005: 271 M queries, 5 % above usual; one incident." */
static void write_sentence(struct page *page, const struct overview *o)
{
    char range[GRAPH_TITLE_BYTES], count[FIGURE_BYTES];
    struct html *h = &page->html;

    html_markup(h, "<h1>%s: ", graph_range(o->from_s, o->to_s, range));
    if (o->minutes == 0)
        html_markup(h, "nothing was captured");
    else
        html_markup(h, "%s\u00a0queries", figure_count((double)o->queries, count));
    write_usual(h, o);
    write_number_of_incidents(page, o->from_s);
    html_markup(h, "</h1>\n");
}

static void write_troubles(struct page *page, const struct health *s)
{
    char text[FIGURE_BYTES];
    uint64_t dropped = s->kernel_drops + s->interface_drops;
    if (dropped > 0)
        html_markup(&page->html, " %s frames were dropped.", figure_exact(dropped, text));
    if (reasons_matter(&s->reasons, REASONS_UNDECODED))
        html_markup(&page->html, " %s of all frames were not decoded.",
                    figure_share((double)s->undecoded / (double)s->frames, text));
}

static void write_lead(struct page *page, const struct overview *o)
{
    char mean[FIGURE_BYTES], peak[FIGURE_BYTES], when[FIGURE_BYTES];
    double rate_qps = o->covered_s > 0 ? (double)o->queries / (double)o->covered_s : 0;

    html_markup(&page->html, "<p class=\"lead\">%s queries/s on average, %s at most (%s).",
                figure_rate(rate_qps, mean), figure_rate(o->peak_qps, peak),
                figure_time(o->peak_s, when));
    write_troubles(page, &page->press->health[PAGE_DAY]);
    html_markup(&page->html, "</p>\n");
}

static bool is_culprit(const struct press *press, struct prefix p)
{
    for (unsigned i = 0; i < press->entries; i++) {
        for (unsigned c = 0; c < press->entry[i].culprits; c++) {
            if (press->entry[i].culprit[c].bits == p.bits)
                return true;
        }
    }
    return false;
}

static void write_week_before(struct html *h, const struct overview_source *s)
{
    char change[FIGURE_BYTES];
    if (isnan(s->week_before))
        html_markup(h, "<td class=\"n\"><small>not known</small></td>");
    else if (s->week_before == 0)
        html_markup(h, "<td class=\"n\">new</td>");
    else
        html_markup(
                h, "<td class=\"n\">%s\u202f%%</td>",
                figure_change(round(100 * ((double)s->queries / s->week_before - 1)), change));
}

static void write_junk(struct html *h, const struct overview_source *s)
{
    char part[FIGURE_BYTES];
    if (isnan(s->junk))
        html_markup(h, "<td class=\"n\"><small>not known</small></td>");
    else
        html_markup(h, "<td class=\"n\">%s</td>", figure_share(s->junk, part));
}

static void write_source(struct page *page, unsigned rank, const struct overview_source *s,
                         double share, double most)
{
    char prefix[PREFIX_TEXT_BYTES], count[FIGURE_BYTES], part[FIGURE_BYTES];
    struct html *h = &page->html;

    html_markup(h, "<tr><td class=\"n\">%u</td><td%s>%s</td>", rank,
                is_culprit(page->press, s->prefix) ? " class=\"culprit\"" : "",
                prefix_format(s->prefix, prefix));
    html_markup(h, "<td class=\"n\">%s</td><td class=\"n\">%u</td><td class=\"n\">%s</td>",
                figure_count((double)s->queries, count), s->hosts, figure_share(share, part));
    html_markup(h,
                "<td class=\"share\"><span class=\"bar\" style=\"width:%.1f%%\"></span></td>",
                most > 0 ? 100 * share / most : 0);
    write_junk(h, s);
    write_week_before(h, s);
    html_markup(h, "</tr>\n");
}

static void write_sources(struct page *page, const struct overview *o)
{
    struct html *h = &page->html;
    html_markup(h, "<h2>Busiest networks</h2>\n");
    if (o->sources == 0) {
        html_markup(h, "<p class=\"quiet\">None were seen.</p>\n");
        return;
    }
    if (!o->by_hours)
        html_markup(h, "<p class=\"words\">Counted in the minutes in which they led.</p>\n");
    html_markup(h, "<div class=\"wide\"><table><thead><tr><th class=\"n\">#</th>"
                   "<th>Network</th><th class=\"n\">Queries</th><th class=\"n\">Hosts</th>"
                   "<th class=\"n\">Share</th><th class=\"share\"></th>"
                   "<th class=\"n\">Junk</th><th class=\"n\">Against last "
                   "week</th></tr></thead><tbody>\n");
    double all = fmax((double)o->sources_queries, (double)o->source[0].queries);
    for (unsigned i = 0; i < o->sources; i++)
        write_source(page, i + 1, &o->source[i], (double)o->source[i].queries / all,
                     (double)o->source[0].queries / all);
    html_markup(h, "</tbody></table></div>\n");
}

static void write_as(struct html *h, unsigned rank, const struct overview_as *as, double share,
                     double most)
{
    char count[FIGURE_BYTES], part[FIGURE_BYTES];
    html_markup(h, "<tr><td class=\"n\">%u</td><td>AS%" PRIu32 "</td><td>", rank, as->asn);
    html_text(h, "%s", as->name);
    html_markup(h, "</td><td class=\"n\">%s</td><td class=\"n\">%s</td>",
                figure_count((double)as->queries, count), figure_share(share, part));
    html_markup(h,
                "<td class=\"share\"><span class=\"bar\" style=\"width:%.1f%%\"></span></td>"
                "</tr>\n",
                most > 0 ? 100 * share / most : 0);
}

/* Only where a table of origins was given. */
static void write_origins(struct page *page, const struct overview *o)
{
    struct html *h = &page->html;
    char unrouted[FIGURE_BYTES], unknown[FIGURE_BYTES];
    double all = (double)(o->routed + o->unrouted + o->unknown);
    if (all <= 0)
        return;
    html_markup(h,
                "<h2>Busiest origins</h2>\n<p class=\"words\">No route to the source: %s of "
                "all queries; origin not known: %s. ASes are counted in the minutes in which "
                "they were among the ten that led.</p>\n",
                figure_share((double)o->unrouted / all, unrouted),
                figure_share((double)o->unknown / all, unknown));
    if (o->ases == 0)
        return;
    html_markup(h, "<div class=\"wide\"><table><thead><tr><th class=\"n\">#</th><th>AS</th>"
                   "<th>Name</th><th class=\"n\">Queries</th><th class=\"n\">Share</th>"
                   "<th class=\"share\"></th></tr></thead><tbody>\n");
    for (unsigned i = 0; i < o->ases; i++)
        write_as(h, i + 1, &o->as[i], (double)o->as[i].queries / all,
                 (double)o->as[0].queries / all);
    html_markup(h, "</tbody></table></div>\n");
}

static bool write_pictures(struct page *page, const struct graph_scene *scene)
{
    char name[64], to[64], id[64], alt[GRAPH_TITLE_BYTES];
    struct picture_png png;

    html_markup(&page->html, "<h2>In pictures</h2>\n<div class=\"set\">\n");
    for (unsigned g = 0; g < GRAPHS; g++) {
        if (!graph_applies(g, scene))
            continue;
        (void)snprintf(name, sizeof name, "graphs/small-%s", graph_name(g));
        (void)snprintf(to, sizeof to, "day.html#%s", graph_name(g));
        (void)snprintf(id, sizeof id, "%s", graph_name(g));
        if (!page_draw(page->press, g, scene, PICTURE_SMALL, name, &png))
            return false;
        page_picture(page, id, name, &png, graph_alt(g, scene, alt), to);
    }
    html_markup(&page->html, "</div>\n");
    return true;
}

static bool write_body(struct page *page)
{
    struct press *press = page->press;
    const struct overview *o = &press->day;
    struct graph_scene scene = {.site = press->options->site};

    write_sentence(page, o);
    if (o->minutes > 0)
        write_lead(page, o);
    html_markup(&page->html, "<h2>Incidents</h2>\n");
    page_incidents(page, press->at_s - page_span_s(PAGE_MONTH),
                   "None in the last month, and none is open.");
    if (!scene_range(&scene, press->archive, press->store, &press->week, o->from_s, o->to_s,
                     press->options->now_s, press->err) ||
        !write_pictures(page, &scene))
        return false;
    write_sources(page, o);
    write_origins(page, o);
    html_markup(&page->html, "<h2>Capture health</h2>\n");
    page_health(page, &press->health[PAGE_DAY]);
    return true;
}

bool page_write_index(struct press *press)
{
    struct page page;
    if (!page_begin(&page, press, "Overview", "", -1))
        return false;
    if (write_body(&page))
        return page_end(&page, "index.html");
    html_fini(&page.html);
    return false;
}

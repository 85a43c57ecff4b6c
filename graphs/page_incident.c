/* SPDX-License-Identifier: MIT */
#include "analysis/words.h"
#include "graphs/figure.h"
#include "graphs/page.h"

#include <arpa/inet.h>
#include <string.h>

/* One incident while its page is written. */
struct telling {
    struct page *page;
    struct html *html;
    const struct story *story;
    const struct life *life;
    const char *directory; /* of its pictures, below where pages go */
    bool draws;            /* else those are shown that are there */
    const struct incident *peak, *last;
    int64_t began_s, end_s; /* of the excess; the end of the page while it goes on */
    struct health during;
};

static void key(struct html *h, const char *name, const char *value, const char *unit)
{
    html_markup(h, "<div><dt>%s</dt><dd>%s <small>%s</small></dd></div>\n", name, value, unit);
}

static void write_since(struct telling *t)
{
    char since[FIGURE_BYTES], until[FIGURE_BYTES], lasting[FIGURE_BYTES];
    figure_time(t->began_s, since);
    figure_lasting(t->end_s - t->began_s, lasting);

    html_markup(t->html, "<p class=\"lead\">Incident ");
    html_text(t->html, "%s, %s", t->last->id, incident_severity_name(t->last->severity));
    if (life_open(t->life))
        html_markup(t->html,
                    " · since %s UTC, for %s · <span class=\"state open\">open</span></p>\n",
                    since, lasting);
    else
        html_markup(t->html, " · from %s to %s UTC, %s · closed</p>\n", since,
                    figure_time(t->end_s, until), lasting);
}

static void write_key(struct telling *t)
{
    char text[FIGURE_BYTES];
    const struct incident *i = t->peak;

    html_markup(t->html, "<dl class=\"key\">\n");
    key(t->html, "Share of all queries", figure_share(i->share, text), "");
    key(t->html, "Rate", figure_rate(i->rate_qps, text), "queries/s");
    key(t->html, "Usual", figure_rate(i->baseline_qps, text), "queries/s");
    key(t->html, "Highest minute", figure_rate(t->last->peak_qps, text), "queries/s");
    key(t->html, "Queries since it began", figure_count((double)t->last->queries, text), "");
    (void)snprintf(text, sizeof text, "%u", t->last->hosts);
    key(t->html, "Hosts", text, "");
    key(t->html, "All queries then", figure_rate(i->total_qps, text), "queries/s");
    if (i->usual_qps > 0)
        key(t->html, "Usual for all queries", figure_rate(i->usual_qps, text), "queries/s");
    html_markup(t->html, "</dl>\n");
}

/* What need not have been asked, since it began. */
static void write_junk(struct telling *t)
{
    char text[INCIDENT_JUNK_BYTES];
    if (incident_junk_text(t->last, text) == NULL)
        return;
    html_markup(t->html, "<p class=\"looked\">");
    html_text(t->html, "%s.", text);
    html_markup(t->html, "</p>\n");
}

/* What speaks for or against forged sources. */
static void write_traits(struct telling *t)
{
    char text[INCIDENT_TRAITS_BYTES];
    if (incident_traits_text(t->last, text) == NULL)
        return;
    html_markup(t->html, "<p class=\"looked\" id=\"traits\">");
    html_text(t->html, "%s.", text);
    html_markup(t->html, "</p>\n");
}

static void write_culprits(struct telling *t)
{
    char text[PREFIX_TEXT_BYTES];
    if (t->peak->prefixes < 2)
        return;
    html_markup(t->html, "<p class=\"culprit\">");
    for (unsigned i = 0; i < t->peak->prefixes; i++)
        html_markup(t->html, "%s%s", i > 0 ? ", " : "",
                    prefix_format(t->peak->prefix[i], text));
    html_markup(t->html, "</p>\n");
}

static void write_type(struct telling *t, const struct incident_type *type)
{
    char before[FIGURE_BYTES], during[FIGURE_BYTES], change[FIGURE_BYTES], part[FIGURE_BYTES];
    double length_s = (double)(t->end_s - t->began_s);
    double during_qps = length_s > 0 ? (double)type->queries / length_s : type->now_qps;
    double all = t->last->queries > 0 ? (double)t->last->queries : 1;

    html_markup(t->html, "<tr><td%s>", type->named ? " class=\"culprit\"" : "");
    html_text(t->html, "%s", type->qtype);
    html_markup(t->html, "</td><td class=\"n\">%s</td><td class=\"n\">%s</td>",
                figure_rate(type->before_qps, before), figure_rate(during_qps, during));
    html_markup(t->html, "<td class=\"n\">%s</td><td class=\"n\">%s</td></tr>\n",
                figure_change(during_qps - type->before_qps, change),
                figure_share((double)type->queries / all, part));
}

static void not_seen(struct telling *t)
{
    html_markup(t->html, "<p class=\"quiet\">Not seen.</p>\n");
}

static void write_types(struct telling *t)
{
    html_markup(t->html, "<h2>What was asked, by type</h2>\n");
    if (t->last->types == 0) {
        not_seen(t);
        return;
    }
    html_markup(t->html, "<p class=\"words\">Queries per second, on average. In colour: the "
                         "types that explain the incident.</p>\n<div class=\"wide\"><table>"
                         "<thead><tr><th>Type</th><th class=\"n\">Before</th>"
                         "<th class=\"n\">During</th><th class=\"n\">Change</th>"
                         "<th class=\"n\">Share</th></tr></thead><tbody>\n");
    for (unsigned i = 0; i < t->last->types; i++)
        write_type(t, &t->last->type[i]);
    html_markup(t->html, "</tbody></table></div>\n");
}

/* Reverse names: what somebody else says of an address. */
static void write_reverse(struct telling *t, const struct investigation_host *h)
{
    html_markup(t->html, "<td class=\"name\">");
    for (unsigned i = 0; i < h->names; i++) {
        html_text(t->html, "%s%s", i > 0 ? ", " : "", h->name[i].name);
        if (!h->name[i].confirmed)
            html_markup(t->html, " <small>does not lead back</small>");
    }
    if (h->more)
        html_markup(t->html, " and more");
    if (h->names == 0)
        html_markup(t->html, "<small>%s</small>",
                    h->lookup.state == LOOKUP_NOTHING  ? "no name"
                    : h->lookup.state == LOOKUP_FAILED ? "failed"
                    : h->lookup.state == LOOKUP_OFF    ? "off"
                                                       : "not looked up yet");
    html_markup(t->html, "</td>");
}

static void write_hosts(struct telling *t)
{
    char address[INET6_ADDRSTRLEN] = "", count[FIGURE_BYTES];

    html_markup(t->html, "<h2>Who asked</h2>\n");
    if (t->last->hosts_listed == 0) {
        not_seen(t);
        return;
    }
    html_markup(t->html, "<div class=\"wide\"><table class=\"hosts\"><thead><tr><th>Host</th>"
                         "<th class=\"n\">Queries since it began</th><th>Reverse name</th>"
                         "</tr></thead><tbody>\n");
    for (unsigned i = 0; i < t->last->hosts_listed; i++) {
        const struct incident_host *host = &t->last->host[i];
        (void)inet_ntop(host->ipv6 ? AF_INET6 : AF_INET, host->address, address,
                        sizeof address);
        html_markup(t->html, "<tr><td>%s</td><td class=\"n\">%s</td>", address,
                    figure_exact(host->queries, count));
        write_reverse(t, &t->story->investigation->host[i]);
        html_markup(t->html, "</tr>\n");
    }
    html_markup(t->html, "</tbody></table></div>\n");
    if (t->last->hosts > t->last->hosts_listed)
        html_markup(t->html, "<p class=\"quiet\">The busiest %u of %u.</p>\n",
                    t->last->hosts_listed, t->last->hosts);
    page_lookup(t->page, words_reverse_lookup(t->story->investigation));
}

static void write_names(struct telling *t)
{
    char count[FIGURE_BYTES];

    html_markup(t->html, "<h2>Names asked</h2>\n");
    if (t->last->names == 0) {
        not_seen(t);
        return;
    }
    html_markup(t->html, "<div class=\"wide narrow\"><table><thead><tr><th>Name</th>"
                         "<th class=\"n\">Queries</th></tr></thead><tbody>\n");
    for (unsigned i = 0; i < t->last->names; i++) {
        const struct incident_name *name = &t->last->name[i];
        html_markup(t->html, "<tr>");
        html_element(t->html, name->named ? "td class=\"name culprit\"" : "td class=\"name\"",
                     "%s", name->name);
        html_markup(t->html, "<td class=\"n\">%s</td></tr>\n",
                    figure_exact(name->queries, count));
    }
    html_markup(t->html, "</tbody></table></div>\n");
}

static void write_event(struct telling *t, const struct incident_event *e)
{
    static const char *const words[] = {[INCIDENT_OPENED] = "Opened",
                                        [INCIDENT_CHANGED] = "Changed",
                                        [INCIDENT_CLOSED] = "Closed"};
    char when[FIGURE_BYTES], rate[FIGURE_BYTES], share[FIGURE_BYTES];

    html_markup(t->html, "<tr><td class=\"n\">%s</td><td>%s</td><td>",
                figure_time(e->time_s, when), words[e->state]);
    html_text(t->html, "%s", e->incident.summary);
    html_markup(t->html, "</td><td class=\"n\">%s</td><td class=\"n\">%s</td></tr>\n",
                figure_rate(e->incident.rate_qps, rate),
                figure_share(e->incident.share, share));
}

static void write_events(struct telling *t)
{
    html_markup(t->html, "<h2>What happened</h2>\n<div class=\"wide\"><table><thead><tr>"
                         "<th class=\"n\">When, UTC</th><th></th><th>What</th>"
                         "<th class=\"n\">Queries/s</th><th class=\"n\">Share</th></tr></thead>"
                         "<tbody>\n");
    for (unsigned i = 0; i < t->life->events; i++)
        write_event(t, &t->life->event[i]);
    html_markup(t->html, "</tbody></table></div>\n");
}

static void write_losses(struct telling *t)
{
    char drops[INCIDENT_DROPS_BYTES];
    html_markup(t->html, "<h2>What was lost meanwhile</h2>\n");
    if (incident_drops_text(t->last, drops) != NULL) {
        html_markup(t->html, "<p class=\"%s\" id=\"drops\">",
                    t->last->lossy ? "warn" : "looked");
        html_text(t->html, "%s.", drops);
        html_markup(t->html, "</p>\n");
    }
    page_health(t->page, &t->during);
}

static bool show_picture(struct telling *t, enum graph g, const struct graph_scene *scene)
{
    char file[96], alt[GRAPH_TITLE_BYTES];
    struct picture_png png;
    (void)snprintf(file, sizeof file, "%s/%s", t->directory, graph_name(g));
    if (!page_draw(t->page->press, g, scene, PICTURE_FULL, file, &png))
        return false;
    html_markup(t->html, "<h2>%s</h2>\n", graph_heading(g));
    page_picture(t->page, graph_name(g), graph_name(g), &png, graph_alt(g, scene, alt), NULL);
    return true;
}

static bool write_pictures(struct telling *t, const struct graph_scene *scene)
{
    static const enum graph shown[] = {GRAPH_SHARE, GRAPH_SOURCE, GRAPH_QTYPE, GRAPH_TOTAL,
                                       GRAPH_RCODE};
    char file[96];
    struct picture_png png;

    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        enum graph g = shown[i];
        if (!graph_applies(g, scene) || (g == GRAPH_RCODE && scene->culprits > 0))
            continue;
        if (!show_picture(t, g, scene))
            return false;
    }
    (void)snprintf(file, sizeof file, "%s/thumb", t->directory);
    return page_draw(t->page->press, scene->culprits > 0 ? GRAPH_SOURCE : GRAPH_TOTAL, scene,
                     PICTURE_THUMB, file, &png);
}

/* Pictures need a stored minute, and a process that librrd may crash. */
static bool write_graphs(struct telling *t)
{
    struct press *press = t->page->press;
    struct graph_scene scene = {.site = press->options->site};
    if (!t->draws) {
        html_markup(t->html, "<h2>Pictures</h2>\n<p class=\"quiet\">Not drawn yet.</p>\n");
        return true;
    }
    return scene_incident(&scene, press->archive, press->store, t->life, press->at_s,
                          press->options->now_s, press->err) &&
           write_pictures(t, &scene);
}

static void write_test(struct telling *t)
{
    const struct incident_evidence *e = &t->last->evidence;
    bool volume = strcmp(e->test, "volume") == 0;
    double unit = volume ? 1 : 100;
    const char *what = volume ? "queries/s" : "%";

    if (e->test[0] == '\0') {
        html_markup(t->html, "<p class=\"quiet\">What opened it is not known.</p>\n");
        return;
    }
    html_markup(t->html, "<p>It was opened by the test <q>");
    html_text(t->html, "%s", e->test);
    html_markup(t->html, "</q> of ");
    html_text(t->html, "%s", e->series);
    html_markup(t->html, ": seen %.3g %s, usual %.3g %s; ", e->observed * unit, what,
                e->usual * unit, what);
    html_markup(t->html, "its sum of %.3g reached the limit of %.3g.</p>\n", e->value,
                e->limit);
}

static void write_evidence(struct telling *t)
{
    html_markup(t->html, "<h2>Evidence</h2>\n");
    write_test(t);
    for (unsigned i = 0; i < t->story->frame_files; i++) {
        html_markup(t->html, "<p>Frames: <a href=\"");
        html_text(t->html, "%s", t->story->frames[i]);
        html_markup(t->html, "\">");
        html_text(t->html, "%s", t->story->frames[i]);
        html_markup(t->html, "</a></p>\n");
    }
}

static bool write_body(struct telling *t)
{
    struct press *press = t->page->press;
    char fact[INCIDENT_SUMMARY_BYTES];

    t->during = (struct health){.from_s = t->began_s - t->began_s % 60,
                                .to_s = t->end_s - t->end_s % 60 + 60};
    if (!health_read(&t->during, 1, press->store, press->err))
        return false;
    html_element(t->html, "h1", "%s", life_fact(t->life, fact));
    write_since(t);
    write_culprits(t);
    page_in_short(t->page, t->story);
    write_key(t);
    write_junk(t);
    write_traits(t);
    write_events(t);
    write_types(t);
    write_hosts(t);
    write_names(t);
    page_investigation(t->page, t->story);
    if (!write_graphs(t))
        return false;
    write_evidence(t);
    write_losses(t);
    return true;
}

static struct telling tell(struct page *page, const struct story *story)
{
    return (struct telling){.page = page,
                            .html = &page->html,
                            .story = story,
                            .life = &story->life,
                            .peak = life_peak(&story->life),
                            .last = life_last(&story->life),
                            .began_s = story->began_s,
                            .end_s = story->end_s};
}

static bool write_story(struct press *press, const struct story *story)
{
    struct page page;
    char file[64], directory[48];
    struct telling t = tell(&page, story);

    (void)snprintf(directory, sizeof directory, "incidents/%s", t.last->id);
    (void)snprintf(file, sizeof file, "%s/index.html", directory);
    t.directory = directory;
    t.draws = true;
    if (!page_begin(&page, press, t.last->id, "../../", -1))
        return false;
    if (write_body(&t))
        return page_end(&page, file);
    html_fini(&page.html);
    return false;
}

bool page_write_incident(struct press *press, const char *id)
{
    struct story story;
    if (!story_read(&story, press->store, id, press->options->site, press->at_s, press->err))
        return false;
    bool done = write_story(press, &story);
    story_fini(&story);
    return done;
}

bool page_write_case(struct press *press, const struct story *story, bool draws)
{
    struct page page;
    char file[64];
    struct telling t = tell(&page, story);

    (void)snprintf(file, sizeof file, "%s/case.html", t.last->id);
    t.directory = t.last->id;
    t.draws = draws;
    if (!page_begin(&page, press, t.last->id, NULL, -1))
        return false;
    if (write_body(&t))
        return page_end(&page, file);
    html_fini(&page.html);
    return false;
}

/* SPDX-License-Identifier: MIT */
#include "analysis/words.h"
#include "graphs/figure.h"
#include "graphs/page.h"

#include <inttypes.h>
#include <string.h>

enum { COLOURS = 4, DAY_S = 86400 };

void page_lookup(struct page *page, const struct lookup *l)
{
    char text[WORDS_BYTES];
    if (l == NULL)
        return;
    html_markup(&page->html, "<p class=\"looked\">");
    html_text(&page->html, "%s.", words_lookup(l, text));
    html_markup(&page->html, "</p>\n");
}

/* ---- In short -------------------------------------------------------------------------- */

static void item(struct html *h, const char *name, const char *text)
{
    html_markup(h, "<dt>%s</dt><dd>", name);
    html_text(h, "%s", text);
    html_markup(h, "</dd>\n");
}

static void write_registered(struct html *h, const struct whois_block *b, int64_t began_s)
{
    char text[WORDS_BYTES];
    bool fresh = words_is_fresh(b, began_s);
    if (words_registered(b, began_s, text)[0] != '\0')
        html_text(h, ", ");
    if (fresh)
        html_element(h, "b class=\"culprit\"", "%s", text);
    else
        html_text(h, "%s", text);
}

static void write_owner(struct html *h, const struct investigation_network *n, int64_t began_s)
{
    const struct whois_block *b = words_block(&n->registration);
    html_markup(h, "<dt>Network</dt><dd>");
    if (b != NULL) {
        html_text(h, "%s", words_owner(b));
        write_registered(h, b, began_s);
    } else {
        html_markup(h, "whose it is, is not known");
    }
    html_markup(h, "</dd>\n");
}

static void write_mailto(struct html *h, const struct whois_contact *c)
{
    if (c->mail[0] != '\0') {
        html_markup(h, "<a href=\"mailto:");
        html_text(h, "%s", c->mail);
        html_markup(h, "\">");
        html_text(h, "%s", c->mail);
        html_markup(h, "</a>");
    }
    if (c->phone[0] != '\0')
        html_text(h, "%s%s", c->mail[0] != '\0' ? ", " : "", c->phone);
}

static void write_reach(struct html *h, const struct whois_contact *c, const char *how,
                        const char *whose)
{
    html_markup(h, "<dt>Contact</dt><dd>");
    write_mailto(h, c);
    html_markup(h, " <small>%s", how);
    html_text(h, "%s", whose);
    html_markup(h, "</small></dd>\n");
}

static void write_contacts_in_short(struct html *h, const struct story *t)
{
    char whose[WORDS_BYTES], as[WORDS_BYTES];
    const struct investigation *v = t->investigation;
    const struct whois_contact *c = words_contact(&v->network[0], whose);
    const struct whois_contact *of_as = words_as_contact(v, as);
    if (c != NULL)
        write_reach(h, c, "by whois for ", whose);
    if (of_as != NULL)
        write_reach(h, of_as, "", as);
    if (c == NULL && of_as == NULL)
        item(h, "Contact", "not found");
}

void page_in_short(struct page *page, const struct story *t)
{
    struct html *h = &page->html;
    char text[WORDS_BYTES];
    const struct investigation *v = t->investigation;
    const struct investigation_network *n = v->networks > 0 ? &v->network[0] : NULL;
    if (n == NULL)
        return;
    html_markup(h, "<dl class=\"short\">\n");
    write_owner(h, n, t->began_s);
    item(h, "Reverse names", words_reverse(v, text));
    item(h, "Routed now", words_routed(v, n, text));
    if (words_origins(n, text)[0] != '\0')
        item(h, "Last origin seen", text);
    write_contacts_in_short(h, t);
    item(h, "Forged?", forgery_words(t->forgery.verdict));
    html_markup(h, "</dl>\n");
}

/* ---- Whose it is ----------------------------------------------------------------------- */

static void cell(struct html *h, const char *text)
{
    html_element(h, "td", "%s", text[0] != '\0' ? text : "-");
}

static void write_block(struct html *h, const struct whois_block *b, int64_t began_s)
{
    html_markup(h, "<tr>");
    cell(h, b->range);
    cell(h, b->owner);
    cell(h, b->name);
    html_element(h,
                 words_is_fresh(b, began_s) ? "td class=\"day culprit\"" : "td class=\"day\"",
                 "%s", b->registered[0] != '\0' ? b->registered : "-");
    html_element(h, "td class=\"day\"", "%s", b->updated[0] != '\0' ? b->updated : "-");
    cell(h, b->parent);
    html_markup(h, "</tr>\n");
}

static void write_blocks(struct html *h, const struct whois_text *t, int64_t began_s)
{
    html_markup(h, "<div class=\"wide\"><table><thead><tr><th>Addresses</th><th>Owner</th>"
                   "<th>Name</th><th>Registered</th><th>Updated</th><th>Part of</th></tr>"
                   "</thead><tbody>\n");
    for (unsigned i = 0; i < t->blocks; i++)
        write_block(h, &t->block[i], began_s);
    html_markup(h, "</tbody></table></div>\n");
    if (t->more)
        html_markup(h, "<p class=\"quiet\">There is more in the answer.</p>\n");
}

static void write_contact(struct html *h, const struct whois_contact *c)
{
    html_markup(h, "<tr><td>%s</td>", whois_role_name(c->role));
    cell(h, c->name);
    html_markup(h, "<td>");
    write_mailto(h, c);
    html_markup(h, "</td></tr>\n");
}

static void write_contacts(struct html *h, const struct investigation_registration *r)
{
    if (r->text.contacts == 0) {
        if (r->lookup.state == LOOKUP_FOUND)
            html_markup(h, "<p>No contact found.</p>\n");
        return;
    }
    html_markup(h, "<div class=\"wide\"><table><thead><tr><th>Contact</th><th>Name</th>"
                   "<th>Mail, telephone</th></tr></thead><tbody>\n");
    for (unsigned i = 0; i < r->text.contacts; i++)
        write_contact(h, &r->text.contact[i]);
    html_markup(h, "</tbody></table></div>\n");
}

static void write_raw(struct html *h, const struct investigation_registration *r)
{
    if (r->raw == NULL || r->raw[0] == '\0')
        return;
    html_markup(h, "<details><summary>The answer as it came%s</summary><pre>",
                r->raw_cut ? ", its beginning" : "");
    for (const char *line = r->raw; *line != '\0';) {
        size_t n = strcspn(line, "\n");
        html_text(h, "%.*s", (int)n, line);
        html_markup(h, "\n");
        line += n + (line[n] == '\n');
    }
    html_markup(h, "</pre></details>\n");
}

static void write_registration(struct page *page, const char *what,
                               const struct investigation_registration *r, int64_t began_s)
{
    struct html *h = &page->html;
    html_element(h, "h3 class=\"net\"", "%s", what);
    if (r->lookup.state == LOOKUP_NOTHING)
        html_markup(h, "<p>Not found.</p>\n");
    if (r->text.blocks > 0)
        write_blocks(h, &r->text, began_s);
    write_contacts(h, r);
    write_raw(h, r);
    page_lookup(page, &r->lookup);
}

static void write_registrations(struct page *page, const struct story *t)
{
    char text[WORDS_BYTES];
    const struct investigation *v = t->investigation;
    html_markup(&page->html, "<h2>Whose it is, and whom to write to or call</h2>\n");
    for (unsigned i = 0; i < v->networks; i++)
        write_registration(page, prefix_format(v->network[i].prefix, text),
                           &v->network[i].registration, t->began_s);
    for (unsigned i = 0; i < v->ases; i++)
        write_registration(page, words_as(v, v->as[i].asn, text), &v->as[i].registration,
                           t->began_s);
    if (v->networks + v->ases == 0)
        html_markup(&page->html, "<p class=\"quiet\">No single network explains this incident: "
                                 "there is nobody to look up.</p>\n");
}

/* ---- Forged or not --------------------------------------------------------------------- */

static void write_forgery(struct page *page, const struct forgery *f)
{
    struct html *h = &page->html;
    html_markup(h, "<h2>Are the sources forged?</h2>\n<p>%s.</p>\n<ul class=\"points\">\n",
                forgery_words(f->verdict));
    for (unsigned i = 0; i < f->points; i++) {
        html_markup(h, "<li><small>%s</small> ",
                    f->point[i].weight > 0   ? "for"
                    : f->point[i].weight < 0 ? "against"
                                             : "neither");
        html_text(h, "%s.", f->point[i].text);
        html_markup(h, "</li>\n");
    }
    html_markup(h, "</ul>\n");
}

/* ---- Routing --------------------------------------------------------------------------- */

/* Which of the colours an AS has in this history. */
static unsigned colour_of(const struct investigation_history *h, uint32_t asn)
{
    uint32_t seen[INVESTIGATION_ROWS];
    unsigned count = 0;
    for (unsigned i = 0; i < h->rows; i++) {
        unsigned k = 0;
        if (h->row[i].origins == 0)
            continue;
        while (k < count && seen[k] != h->row[i].origin[0])
            k++;
        if (k == count)
            seen[count++] = h->row[i].origin[0];
        if (h->row[i].origin[0] == asn)
            return k % COLOURS;
    }
    return 0;
}

static int64_t days_between(int64_t from, int64_t to)
{
    return to / DAY_S - from / DAY_S;
}

static void write_segment(struct html *h, const struct investigation_history *history,
                          const struct investigation_row *r)
{
    char from[WORDS_TIME_BYTES], to[WORDS_TIME_BYTES];
    int64_t days = days_between(r->from, r->to) + 1;
    (void)words_day(r->from, from);
    (void)words_day(r->to, to);
    if (r->origins > 0)
        html_markup(h, "<span class=\"o%u\" style=\"flex-grow:%" PRId64 "\" title=\"AS%" PRIu32,
                    colour_of(history, r->origin[0]), days, r->origin[0]);
    else
        html_markup(h, "<span class=\"%s\" style=\"flex-grow:%" PRId64 "\" title=\"%s",
                    r->match == ORIGIN_NOBODY ? "no" : "gap", days,
                    r->match == ORIGIN_NOBODY ? "nobody" : "not known");
    html_markup(h, ", %s to %s\">", from, to);
    if (r->origins > 0)
        html_markup(h, "AS%" PRIu32, r->origin[0]);
    else
        html_markup(h, "%s", r->match == ORIGIN_NOBODY ? "nobody" : "?");
    html_markup(h, "</span>\n");
}

static void write_strip(struct html *h, const struct investigation_history *history)
{
    html_markup(h, "<div class=\"strip\" role=\"img\" aria-label=\"Origin by day; the table "
                   "below has the same\">\n");
    for (unsigned i = 0; i < history->rows; i++) {
        const struct investigation_row *r = &history->row[i];
        int64_t gap = i == 0 ? 0 : days_between(history->row[i - 1].to, r->from) - 1;
        if (gap > 0)
            html_markup(h,
                        "<span class=\"gap\" style=\"flex-grow:%" PRId64
                        "\" title=\"no table\">?</span>\n",
                        gap);
        write_segment(h, history, r);
    }
    html_markup(h, "</div>\n");
}

static void write_row(struct html *h, const struct investigation_row *r)
{
    char from[WORDS_TIME_BYTES], to[WORDS_TIME_BYTES];
    html_markup(h,
                "<tr><td class=\"day\">%s</td><td class=\"day\">%s</td>"
                "<td class=\"n\">%u</td><td>",
                words_day(r->from, from), words_day(r->to, to), r->tables);
    if (r->match == ORIGIN_NOBODY)
        html_markup(h, "nobody");
    else if (r->match == ORIGIN_UNKNOWN)
        html_markup(h, "not known: the tables are not whole");
    else
        html_text(h, "%s", r->announced);
    html_markup(h, "</td><td>");
    for (unsigned i = 0; i < r->origins; i++)
        html_markup(h, "%sAS%" PRIu32, i > 0 ? ", " : "", r->origin[i]);
    html_markup(h, "</td><td>");
    html_text(h, "%s", r->path);
    html_markup(h, "</td></tr>\n");
}

static void write_history(struct page *page, const struct investigation_network *n)
{
    struct html *h = &page->html;
    const struct investigation_history *history = &n->history;
    if (history->rows > 0) {
        write_strip(h, history);
        html_markup(h, "<div class=\"wide\"><table><thead><tr><th>From</th><th>Until</th>"
                       "<th class=\"n\">Tables</th><th>Announced</th><th>Origin</th>"
                       "<th>Path</th></tr></thead><tbody>\n");
        for (unsigned i = 0; i < history->rows; i++)
            write_row(h, &history->row[i]);
        html_markup(h, "</tbody></table></div>\n");
    }
    if (history->more)
        html_markup(h, "<p class=\"quiet\">What was before is left out.</p>\n");
    page_lookup(page, &history->lookup);
}

static void write_routing(struct page *page, const struct story *t)
{
    struct html *h = &page->html;
    char text[WORDS_BYTES], prefix[PREFIX_TEXT_BYTES];
    const struct investigation *v = t->investigation;
    if (v->networks == 0)
        return;
    html_markup(h, "<h2>Routed now?</h2>\n");
    for (unsigned i = 0; i < v->networks; i++) {
        const struct investigation_network *n = &v->network[i];
        html_markup(h, "<p>%s: ", prefix_format(n->prefix, prefix));
        html_text(h, "%s.", words_routed(v, n, text));
        html_markup(h, "</p>\n");
        page_lookup(page, &n->routing.lookup);
        if (n->dns.lookup.state != LOOKUP_OFF || n->routing.lookup.state != LOOKUP_FOUND)
            page_lookup(page, &n->dns.lookup);
    }
    html_markup(h, "<h2>Who announced it, by day</h2>\n");
    for (unsigned i = 0; i < v->networks; i++) {
        if (v->networks > 1)
            html_markup(h, "<h3 class=\"net\">%s</h3>\n",
                        prefix_format(v->network[i].prefix, prefix));
        write_history(page, &v->network[i]);
    }
}

/* ---- What was done --------------------------------------------------------------------- */

static void write_told(struct page *page, const struct investigation *v)
{
    struct html *h = &page->html;
    html_markup(h, "<h2>Who was written to</h2>\n");
    if (v->tolds == 0)
        html_markup(h, "<p class=\"quiet\">%s.</p>\n",
                    v->told_s != 0 ? "Nobody" : "Nobody yet");
    else
        html_markup(h, "<ul class=\"points\">\n");
    for (unsigned i = 0; i < v->tolds; i++) {
        html_element(h, "li", "%s", v->told[i]);
        html_markup(h, "\n");
    }
    if (v->tolds > 0)
        html_markup(h, "</ul>\n");
}

static void write_letter(struct page *page, const char *letter)
{
    struct html *h = &page->html;
    html_markup(h, "<h2>A letter to the network, as a draft</h2>\n");
    if (letter == NULL) {
        html_markup(h, "<p class=\"quiet\">There is no network to write to.</p>\n");
        return;
    }
    html_markup(h, "<p class=\"words\">Nothing sends it. Read it, correct it, and send it "
                   "yourself.</p>\n<pre class=\"letter\">");
    for (const char *line = letter; *line != '\0';) {
        size_t n = strcspn(line, "\n");
        html_text(h, "%.*s", (int)n, line);
        html_markup(h, "\n");
        line += n + (line[n] == '\n');
    }
    html_markup(h, "</pre>\n");
}

void page_investigation(struct page *page, const struct story *t)
{
    write_forgery(page, &t->forgery);
    write_registrations(page, t);
    write_routing(page, t);
    write_told(page, t->investigation);
    write_letter(page, t->letter);
}

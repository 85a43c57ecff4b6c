/* SPDX-License-Identifier: MIT */
#include "graphs/figure.h"
#include "graphs/page.h"

static const char *const units[REASONS_LOST] = {
        [REASONS_UNDECODED] = "frames that may have held DNS",
        [REASONS_MALFORMED] = "messages, counted all the same",
        [REASONS_INCOMPLETE] = "fragments or TCP of which a part did not come",
};

/* `of_what`: " frames", or nothing. */
static void write_share(struct html *h, uint64_t part, uint64_t whole, const char *of_what)
{
    char text[FIGURE_BYTES];
    double share = (double)part / (double)whole;
    if (share >= 0.001)
        html_markup(h, "%s%s%s", figure_share(share, text), *of_what == 0 ? "" : " of",
                    of_what);
    else
        html_markup(h, "%.3g in a million%s", 1e6 * share, of_what);
}

static void write_loss(struct html *h, const char *name, uint64_t lost, uint64_t of,
                       const char *of_what)
{
    char count[FIGURE_BYTES];
    html_markup(h, "<div><dt>%s</dt><dd>%s", name,
                lost == 0 ? "none" : figure_exact(lost, count));
    if (lost > 0 && of > 0) {
        html_markup(h, " <small>");
        write_share(h, lost, of, of_what);
        html_markup(h, "</small>");
    }
    html_markup(h, "</dd></div>\n");
}

static void write_reason(struct html *h, const struct reason *r, uint64_t whole)
{
    char count[FIGURE_BYTES];
    html_markup(h, "<tr><td>");
    html_text(h, "%s", r->words);
    html_markup(h, "</td><td class=\"n\">%s</td><td class=\"n\">",
                figure_exact(r->count, count));
    if (whole > 0)
        write_share(h, r->count, whole, "");
    html_markup(h, "</td></tr>\n");
}

/* `all`: how many there were, with and without a reason that is known. */
static void write_kind(struct html *h, const struct reasons *r, enum reasons_kind kind,
                       uint64_t all, uint64_t whole)
{
    struct reason row[REASONS_ROWS];
    uint64_t known = reasons_count(r, kind);
    unsigned rows = reasons_list(r, kind, row);
    struct reason unknown = {"no reason was stored", all - known};
    if (all == 0)
        return;
    html_markup(h, "<tr><th colspan=\"3\">%s: %s</th></tr>\n", reasons_title(kind),
                units[kind]);
    for (unsigned i = 0; i < rows; i++)
        write_reason(h, &row[i], whole);
    if (all > known)
        write_reason(h, &unknown, whole);
}

/* Only where there is something to say. */
static void write_reasons(struct html *h, const struct health *s)
{
    uint64_t incomplete = reasons_count(&s->reasons, REASONS_INCOMPLETE);
    if (s->undecoded + s->malformed + incomplete == 0)
        return;
    html_markup(h, "<div class=\"wide reasons\"><table><tbody>\n");
    write_kind(h, &s->reasons, REASONS_UNDECODED, s->undecoded, s->frames);
    write_kind(h, &s->reasons, REASONS_MALFORMED, s->malformed, s->messages);
    write_kind(h, &s->reasons, REASONS_INCOMPLETE, incomplete, 0);
    html_markup(h, "</tbody></table></div>\n");
}

/* Only where the classes of junk are not all counted. */
static void write_estimate(struct html *h, const struct health *s)
{
    char count[FIGURE_BYTES];
    if (s->estimated > 0)
        html_markup(h,
                    "<div><dt>Kind of junk estimated</dt><dd>%s <small>queries, from one "
                    "question in %llu</small></dd></div>\n",
                    figure_exact(s->estimated, count), (unsigned long long)s->one_in);
}

void page_health(struct page *page, const struct health *s)
{
    struct html *h = &page->html;
    char seen[FIGURE_BYTES], all[FIGURE_BYTES], frames[FIGURE_BYTES];
    uint64_t minutes = (uint64_t)(s->to_s - s->from_s) / 60;

    html_markup(h,
                "<dl class=\"health\">\n<div><dt>Captured</dt><dd>%s <small>frames</small>"
                "</dd></div>\n",
                figure_exact(s->frames, frames));
    html_markup(h, "<div><dt>Minutes seen</dt><dd>%s <small>of %s</small></dd></div>\n",
                figure_exact(s->minutes, seen), figure_exact(minutes, all));
    write_loss(h, "Dropped by the kernel", s->kernel_drops, s->frames, " frames");
    write_loss(h, "Dropped by the interface", s->interface_drops, s->frames, " frames");
    write_loss(h, "Not decoded", s->undecoded, s->frames, " frames");
    write_loss(h, "Malformed messages", s->malformed, s->messages, " messages");
    write_loss(h, "Not counted by source", s->overflow, s->queries, " queries");
    write_estimate(h, s);
    html_markup(h, "</dl>\n");
    write_reasons(h, s);
}

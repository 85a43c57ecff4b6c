/* SPDX-License-Identifier: MIT */
#include "graphs/story.h"

#include "analysis/paragraph.h"
#include "analysis/words.h"
#include "graphs/figure.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

static const struct paragraph_form form = {.indent = 2, .hang = 2, .end = "\n"};

struct telling {
    const struct story *story;
    const struct incident *peak, *last;
    FILE *to;
    struct paragraph p;
};

static void heading(struct telling *t, const char *text)
{
    (void)fprintf(t->to, "\n%s\n", text);
}

static void end_line(struct telling *t)
{
    paragraph_write(&t->p, &form, t->to);
}

static void write_lookup(struct telling *t, const struct lookup *l)
{
    char text[WORDS_BYTES];
    paragraph_add(&t->p, "[%s]", words_lookup(l, text));
    end_line(t);
}

static void write_head(struct telling *t, const char *site)
{
    char fact[INCIDENT_SUMMARY_BYTES], from[WORDS_TIME_BYTES], until[WORDS_TIME_BYTES];
    char junk[INCIDENT_JUNK_BYTES], drops[INCIDENT_DROPS_BYTES];
    const struct paragraph_form plain = {.end = "\n"};
    paragraph_add(&t->p, "Incident %s at %s, %s, %s", t->last->id, site,
                  incident_severity_name(t->last->severity),
                  life_open(&t->story->life) ? "open" : "closed");
    paragraph_write(&t->p, &plain, t->to);
    paragraph_add(&t->p, "%s.", life_fact(&t->story->life, fact));
    paragraph_write(&t->p, &plain, t->to);
    (void)fputc('\n', t->to);
    paragraph_add(&t->p, "Began %s; %s %s.", words_second(t->story->began_s, from),
                  life_open(&t->story->life) ? "goes on, as known at" : "ended",
                  words_second(t->story->end_s, until));
    end_line(t);
    paragraph_add(&t->p, "Share %.1f %% of all queries, %.0f queries/s, usual %.1f; ",
                  100 * t->peak->share, t->peak->rate_qps, t->peak->baseline_qps);
    paragraph_add(&t->p, "%" PRIu64 " queries since it began.", t->last->queries);
    end_line(t);
    if (incident_junk_text(t->last, junk) != NULL)
        paragraph_add(&t->p, "%s.", junk);
    end_line(t);
    if (incident_drops_text(t->last, drops) != NULL)
        paragraph_add(&t->p, "%s.", drops);
    end_line(t);
}

static void write_contacts(struct telling *t, const struct investigation_network *n)
{
    char text[WORDS_BYTES], whose[WORDS_BYTES];
    const struct whois_contact *c = n != NULL ? words_contact(n, whose) : NULL;
    const struct whois_contact *as = words_as_contact(t->story->investigation, text);
    if (c != NULL)
        paragraph_add(&t->p, "Contact:  %s (by whois for %s)", words_reach(c, text), whose);
    else if (as == NULL)
        paragraph_add(&t->p, "Contact:  not found");
    end_line(t);
    as = words_as_contact(t->story->investigation, whose);
    if (as != NULL)
        paragraph_add(&t->p, "Contact:  %s (%s)", words_reach(as, text), whose);
    end_line(t);
}

static void write_short(struct telling *t)
{
    char text[WORDS_BYTES];
    const struct investigation *v = t->story->investigation;
    const struct investigation_network *n = v->networks > 0 ? &v->network[0] : NULL;
    const struct whois_block *b = n != NULL ? words_block(&n->registration) : NULL;
    heading(t, "In short");
    if (n == NULL)
        paragraph_add(&t->p, "No single network explains this incident.");
    else if (b == NULL)
        paragraph_add(&t->p, "Network:  whose it is, is not known.");
    else
        paragraph_add(&t->p, "Network:  %s; %s", words_owner(b),
                      words_registered(b, t->story->began_s, text)[0] != '\0'
                              ? text
                              : "registered when, is not known");
    end_line(t);
    paragraph_add(&t->p, "Reverse:  %s", words_reverse(v, text));
    end_line(t);
    if (n != NULL)
        paragraph_add(&t->p, "Routed:   %s", words_routed(v, n, text));
    end_line(t);
    if (n != NULL && words_origins(n, text)[0] != '\0')
        paragraph_add(&t->p, "Origin:   %s", text);
    end_line(t);
    write_contacts(t, n);
    paragraph_add(&t->p, "Forged?   %s.", forgery_words(t->story->forgery.verdict));
    end_line(t);
}

static void write_types(struct telling *t)
{
    double length_s = (double)(t->story->end_s - t->story->began_s);
    heading(t, "What was asked, by type (queries/s before, during, change; part)");
    for (unsigned i = 0; i < t->last->types; i++) {
        const struct incident_type *y = &t->last->type[i];
        double during = length_s > 0 ? (double)y->queries / length_s : y->now_qps;
        double all = t->last->queries > 0 ? (double)t->last->queries : 1;
        (void)fprintf(t->to, "  %-10s %10.1f %10.1f %+10.1f %6.1f %%%s\n", y->qtype,
                      y->before_qps, during, during - y->before_qps,
                      100 * (double)y->queries / all, y->named ? "  *" : "");
    }
    if (t->last->types == 0)
        (void)fputs("  not seen\n", t->to);
}

static void add_names(struct telling *t, const struct investigation_host *h)
{
    for (unsigned i = 0; i < h->names; i++)
        paragraph_add(&t->p, "%s%s%s", i > 0 ? ", " : "", h->name[i].name,
                      h->name[i].confirmed ? "" : " (does not lead back)");
    if (h->more)
        paragraph_add(&t->p, ", and more");
    if (h->names == 0)
        paragraph_add(&t->p, "%s",
                      h->lookup.state == LOOKUP_NOTHING  ? "no name"
                      : h->lookup.state == LOOKUP_FAILED ? "failed"
                                                         : "-");
}

static void write_hosts(struct telling *t)
{
    char text[INET6_ADDRSTRLEN] = "";
    const struct lookup *l = words_reverse_lookup(t->story->investigation);
    heading(t, "Who asked (queries, reverse name)");
    for (unsigned i = 0; i < t->last->hosts_listed; i++) {
        const struct incident_host *h = &t->last->host[i];
        const struct paragraph_form row = {.indent = 2, .hang = 4, .end = "\n"};
        (void)inet_ntop(h->ipv6 ? AF_INET6 : AF_INET, h->address, text, sizeof text);
        paragraph_add(&t->p, "%-16s %12" PRIu64 "  ", text, h->queries);
        add_names(t, &t->story->investigation->host[i]);
        paragraph_write(&t->p, &row, t->to);
    }
    if (t->last->hosts_listed == 0)
        (void)fputs("  not known by host\n", t->to);
    else if (t->last->hosts > t->last->hosts_listed)
        (void)fprintf(t->to, "  the busiest %u of %u\n", t->last->hosts_listed, t->last->hosts);
    if (l != NULL)
        write_lookup(t, l);
}

static void write_asked(struct telling *t)
{
    heading(t, "Names asked");
    for (unsigned i = 0; i < t->last->names; i++) {
        paragraph_add(&t->p, "%12" PRIu64 "  %s%s", t->last->name[i].queries,
                      t->last->name[i].name, t->last->name[i].named ? "  *" : "");
        end_line(t);
    }
    if (t->last->names == 0)
        (void)fputs("  not seen\n", t->to);
}

static void write_forgery(struct telling *t)
{
    const struct forgery *f = &t->story->forgery;
    heading(t, "Are the sources forged?");
    paragraph_add(&t->p, "%s.", forgery_words(f->verdict));
    end_line(t);
    for (unsigned i = 0; i < f->points; i++) {
        paragraph_add(&t->p, "%s %s.",
                      f->point[i].weight > 0   ? "for:    "
                      : f->point[i].weight < 0 ? "against:"
                                               : "neither:",
                      f->point[i].text);
        end_line(t);
    }
}

static void write_block(struct telling *t, const struct whois_block *b)
{
    paragraph_add(&t->p, "%s  %s", b->range, b->owner[0] != '\0' ? b->owner : "(no owner)");
    if (b->name[0] != '\0')
        paragraph_add(&t->p, "  %s", b->name);
    if (b->registered[0] != '\0')
        paragraph_add(&t->p, "  registered %s", b->registered);
    if (b->updated[0] != '\0')
        paragraph_add(&t->p, "  updated %s", b->updated);
    if (b->parent[0] != '\0')
        paragraph_add(&t->p, "  in %s", b->parent);
    end_line(t);
}

static void write_contact(struct telling *t, const struct whois_contact *c)
{
    char text[WORDS_BYTES];
    paragraph_add(&t->p, "%-10s %s  %s", whois_role_name(c->role), words_reach(c, text),
                  c->name);
    end_line(t);
}

static void write_registration(struct telling *t, const char *what,
                               const struct investigation_registration *r)
{
    paragraph_add(&t->p, "%s", what);
    end_line(t);
    if (r->lookup.state == LOOKUP_NOTHING)
        (void)fputs("  not found\n", t->to);
    for (unsigned i = 0; i < r->text.blocks; i++)
        write_block(t, &r->text.block[i]);
    for (unsigned i = 0; i < r->text.contacts; i++)
        write_contact(t, &r->text.contact[i]);
    if (r->lookup.state == LOOKUP_FOUND && r->text.contacts == 0)
        (void)fputs("  no contact found\n", t->to);
    write_lookup(t, &r->lookup);
}

static void write_registrations(struct telling *t)
{
    char text[WORDS_BYTES];
    const struct investigation *v = t->story->investigation;
    heading(t, "Whose it is, and whom to write to or call");
    if (v->networks == 0)
        (void)fputs("  No single network explains this incident.\n", t->to);
    for (unsigned i = 0; i < v->networks; i++)
        write_registration(t, prefix_format(v->network[i].prefix, text),
                           &v->network[i].registration);
    for (unsigned i = 0; i < v->ases; i++)
        write_registration(t, words_as(v, v->as[i].asn, text), &v->as[i].registration);
}

static void write_row(struct telling *t, const struct investigation_row *r)
{
    char from[WORDS_TIME_BYTES], until[WORDS_TIME_BYTES];
    paragraph_add(&t->p, "%s - %s  ", words_day(r->from, from), words_day(r->to, until));
    if (r->match == ORIGIN_NOBODY)
        paragraph_add(&t->p, "nobody announced it");
    else if (r->match == ORIGIN_UNKNOWN)
        paragraph_add(&t->p, "not in the table, which is not whole");
    else
        paragraph_add(&t->p, "%s", r->announced);
    for (unsigned i = 0; i < r->origins; i++)
        paragraph_add(&t->p, "%sAS%" PRIu32, i == 0 ? " by " : ", ", r->origin[i]);
    if (r->path[0] != '\0')
        paragraph_add(&t->p, ", path %s", r->path);
    end_line(t);
}

static void write_routing(struct telling *t)
{
    char text[WORDS_BYTES];
    const struct investigation *v = t->story->investigation;
    heading(t, "Routed now?");
    if (v->networks == 0)
        (void)fputs("  No single network explains this incident.\n", t->to);
    for (unsigned i = 0; i < v->networks; i++) {
        const struct investigation_network *n = &v->network[i];
        char prefix[PREFIX_TEXT_BYTES];
        paragraph_add(&t->p, "%s: %s.", prefix_format(n->prefix, prefix),
                      words_routed(v, n, text));
        end_line(t);
        write_lookup(t, &n->routing.lookup);
        if (n->dns.lookup.state != LOOKUP_OFF || n->routing.lookup.state != LOOKUP_FOUND)
            write_lookup(t, &n->dns.lookup);
    }
    heading(t, "Who announced it, by day");
    for (unsigned i = 0; i < v->networks; i++) {
        const struct investigation_history *h = &v->network[i].history;
        if (h->more)
            (void)fputs("  what was before is left out\n", t->to);
        for (unsigned r = 0; r < h->rows; r++)
            write_row(t, &h->row[r]);
        write_lookup(t, &h->lookup);
    }
}

static void write_told(struct telling *t)
{
    const struct investigation *v = t->story->investigation;
    heading(t, "Who was written to");
    for (unsigned i = 0; i < v->tolds; i++) {
        paragraph_add(&t->p, "%s", v->told[i]);
        end_line(t);
    }
    if (v->tolds == 0)
        (void)fputs(v->told_s != 0 ? "  nobody\n" : "  nobody yet\n", t->to);
}

static void write_letter(struct telling *t)
{
    heading(t, "Draft of a letter to the network (nothing sends it)");
    if (t->story->letter == NULL) {
        (void)fputs("  There is no network to write to.\n", t->to);
        return;
    }
    for (const char *line = t->story->letter; *line != '\0';) {
        size_t n = strcspn(line, "\n");
        (void)fprintf(t->to, "%s%.*s\n", n > 0 ? "| " : "|", (int)n, line);
        line += n + (line[n] == '\n');
    }
}

static void write_evidence(struct telling *t)
{
    const struct incident_evidence *e = &t->last->evidence;
    bool volume = strcmp(e->test, "volume") == 0;
    double unit = volume ? 1 : 100;
    char traits[INCIDENT_TRAITS_BYTES];
    const char *what = volume ? "queries/s" : "%";
    heading(t, "Evidence");
    if (e->test[0] == '\0')
        paragraph_add(&t->p, "What opened it is not known.");
    else
        paragraph_add(&t->p,
                      "Test \"%s\" of %s: seen %.3g %s, usual %.3g %s; its sum %.3g reached "
                      "the limit of %.3g.",
                      e->test, e->series, e->observed * unit, what, e->usual * unit, what,
                      e->value, e->limit);
    end_line(t);
    if (incident_traits_text(t->last, traits) != NULL)
        paragraph_add(&t->p, "%s.", traits);
    end_line(t);
    for (unsigned i = 0; i < t->story->frame_files; i++)
        (void)fprintf(t->to, "  Frames: %s, beside this file\n", t->story->frames[i]);
}

/* As it came, for who wants to read it all. */
static void write_raw(struct telling *t, const char *of,
                      const struct investigation_registration *r)
{
    if (r->raw == NULL || r->raw[0] == '\0')
        return;
    (void)fprintf(t->to, "\nAnswer about %s%s:\n", of,
                  r->raw_cut ? " (its beginning; the rest was left out)" : "");
    for (const char *line = r->raw; *line != '\0';) {
        size_t n = strcspn(line, "\n");
        (void)fprintf(t->to, "> %.*s\n", (int)n, line);
        line += n + (line[n] == '\n');
    }
}

static void write_raws(struct telling *t)
{
    char text[LOOKUP_SUBJECT_BYTES];
    const struct investigation *v = t->story->investigation;
    for (unsigned i = 0; i < v->networks; i++)
        write_raw(t, prefix_format(v->network[i].prefix, text), &v->network[i].registration);
    for (unsigned i = 0; i < v->ases; i++) {
        (void)snprintf(text, sizeof text, "AS%" PRIu32, v->as[i].asn);
        write_raw(t, text, &v->as[i].registration);
    }
}

void story_text(const struct story *story, const char *site, FILE *to)
{
    struct telling t = {.story = story,
                        .peak = life_peak(&story->life),
                        .last = life_last(&story->life),
                        .to = to};
    write_head(&t, site);
    write_short(&t);
    write_types(&t);
    write_hosts(&t);
    write_asked(&t);
    write_forgery(&t);
    write_registrations(&t);
    write_routing(&t);
    write_told(&t);
    write_letter(&t);
    write_evidence(&t);
    write_raws(&t);
}

/* SPDX-License-Identifier: MIT */
#include "program/mail_text.h"

#include "analysis/paragraph.h"
#include "analysis/words.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

enum { FIGURE_BYTES = 48, TYPES_TOLD = 6, HOSTS_TOLD = 4 };

static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

/* Figures in words.  All return `text`. */

static struct tm utc(int64_t time_s)
{
    time_t t = (time_t)time_s;
    struct tm tm = {.tm_mday = 1, .tm_year = 70};
    (void)gmtime_r(&t, &tm);
    return tm;
}

const char *mail_text_date(int64_t time_s, char date[static MAIL_DATE_BYTES])
{
    struct tm tm = utc(time_s);
    (void)snprintf(date, MAIL_DATE_BYTES, "%s, %d %s %d %02d:%02d:%02d +0000", days[tm.tm_wday],
                   tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
                   tm.tm_sec);
    return date;
}

static const char *moment(int64_t time_s, char text[static FIGURE_BYTES])
{
    struct tm tm = utc(time_s);
    (void)snprintf(text, FIGURE_BYTES, "%d %s %d %02d:%02d UTC", tm.tm_mday, months[tm.tm_mon],
                   tm.tm_year + 1900, tm.tm_hour, tm.tm_min);
    return text;
}

/* The day is left out where it is that of `near_s`. */
static const char *moment_near(int64_t time_s, int64_t near_s, char text[static FIGURE_BYTES])
{
    struct tm tm = utc(time_s);
    if (time_s / 86400 != near_s / 86400)
        return moment(time_s, text);
    (void)snprintf(text, FIGURE_BYTES, "%02d:%02d", tm.tm_hour, tm.tm_min);
    return text;
}

static const char *percent(double share, char text[static FIGURE_BYTES])
{
    if (share > 0 && share < 0.001)
        (void)snprintf(text, FIGURE_BYTES, "below 0.1 %%");
    else
        (void)snprintf(text, FIGURE_BYTES, share < 0.01 ? "%.1f %%" : "%.0f %%", 100 * share);
    return text;
}

static const char *rate(double qps, char text[static FIGURE_BYTES])
{
    if (qps < 1)
        (void)snprintf(text, FIGURE_BYTES, "below 1 q/s");
    else
        (void)snprintf(text, FIGURE_BYTES, "%.0f q/s", qps);
    return text;
}

static const char *duration(int64_t s, char text[static FIGURE_BYTES])
{
    if (s < 120)
        (void)snprintf(text, FIGURE_BYTES, "%" PRId64 " s", s);
    else if (s < INT64_C(2) * 3600)
        (void)snprintf(text, FIGURE_BYTES, "%" PRId64 " min", s / 60);
    else if (s < INT64_C(2) * 86400)
        (void)snprintf(text, FIGURE_BYTES, "%" PRId64 " h %" PRId64 " min", s / 3600,
                       s % 3600 / 60);
    else
        (void)snprintf(text, FIGURE_BYTES, "%" PRId64 " days %" PRId64 " h", s / 86400,
                       s % 86400 / 3600);
    return text;
}

const char *mail_text_fact(const struct incident *i, char fact[static MAIL_FACT_BYTES])
{
    char who[PREFIX_TEXT_BYTES];
    char share[FIGURE_BYTES];
    if (i->kind == INCIDENT_PREFIX && i->prefixes == 1)
        (void)snprintf(fact, MAIL_FACT_BYTES, "%s sends %s of all queries (%.0f q/s)",
                       prefix_format(i->prefix[0], who), percent(i->share, share), i->rate_qps);
    else if (i->kind == INCIDENT_PREFIX && i->prefixes > 1)
        (void)snprintf(fact, MAIL_FACT_BYTES,
                       "%u networks, %s first, send %s of all queries (%.0f q/s)", i->prefixes,
                       prefix_format(i->prefix[0], who), percent(i->share, share), i->rate_qps);
    else
        (void)snprintf(fact, MAIL_FACT_BYTES, "%s", i->summary);
    return fact;
}

static const struct paragraph_form form = {.indent = 0, .hang = 2, .end = "\r\n"};

static void flush(struct paragraph *p, FILE *to)
{
    paragraph_write(p, &form, to);
}

static void write_head(const struct config *c, const struct mail_story *story, FILE *to)
{
    const struct incident_event *e = story->event;
    char when[FIGURE_BYTES];
    char left[160];
    char right[48];
    const char *what = e->state == INCIDENT_CLOSED    ? "Closed"
                       : e->state == INCIDENT_CHANGED ? "Changed"
                       : story->number > 1            ? "Opened again"
                                                      : "Opened";
    (void)snprintf(left, sizeof left, "%s %s on %s.", what, moment(e->time_s, when), c->site);
    (void)snprintf(right, sizeof right, "incident %s, %s", e->incident.id,
                   incident_severity_name(e->incident.severity));
    paragraph_make_printable(left);
    paragraph_make_printable(right);
    int gap = PARAGRAPH_COLUMNS - (int)strlen(left) - (int)strlen(right);
    if (gap > 0)
        (void)fprintf(to, "%s%*s%s\r\n", left, gap, "", right);
    else
        (void)fprintf(to, "%s\r\n%s\r\n", left, right);
}

static void add_total(struct paragraph *p, const struct incident *i)
{
    char a[FIGURE_BYTES];
    if (i->kind == INCIDENT_GAP)
        return;
    paragraph_add(p, " Total is %s", rate(i->total_qps, a));
    if (i->usual_qps > 0)
        paragraph_add(p, ", usual at this hour %.0f", i->usual_qps);
    paragraph_add(p, ".");
}

static void write_beginning(const struct incident_event *e, FILE *to)
{
    struct paragraph p = {.used = 0};
    char a[FIGURE_BYTES];
    paragraph_add(&p, "It began at %s.", moment_near(e->incident.began_s, e->time_s, a));
    add_total(&p, &e->incident);
    flush(&p, to);
}

static void add_rate_change(struct paragraph *p, const struct incident *was,
                            const struct incident *is)
{
    char a[FIGURE_BYTES];
    char b[FIGURE_BYTES];
    paragraph_add(p, "rate %s, was %s;", rate(is->rate_qps, a), rate(was->rate_qps, b));
    paragraph_add(p, " share %s, was %s.", percent(is->share, a), percent(was->share, b));
}

static void write_change(const struct mail_story *story, FILE *to)
{
    const struct incident *is = &story->event->incident;
    const struct incident_event *before =
            story->previous != NULL ? story->previous : story->opening;
    struct paragraph p = {.used = 0};
    char a[FIGURE_BYTES];
    if (is->wave > before->incident.wave)
        paragraph_add(&p, "This is wave %u of the incident: what is asked is of another kind. ",
                      is->wave);
    paragraph_add(&p, "Since %s: ", moment_near(before->time_s, story->event->time_s, a));
    add_rate_change(&p, &before->incident, is);
    add_total(&p, is);
    flush(&p, to);
}

static void write_end(const struct incident_event *e, FILE *to)
{
    const struct incident *i = &e->incident;
    int64_t ended_s = i->ended_s != 0 ? i->ended_s : e->time_s;
    struct paragraph p = {.used = 0};
    char a[FIGURE_BYTES];
    char b[FIGURE_BYTES];
    paragraph_add(&p, "It lasted %s, ", duration(ended_s - i->began_s, a));
    bool one_day = i->began_s / 86400 == ended_s / 86400;
    paragraph_add(&p, "from %s to %s.", moment_near(i->began_s, e->time_s, a),
                  one_day ? moment_near(ended_s, e->time_s, b) : moment(ended_s, b));
    flush(&p, to);
}

/* Of an incident that is over the whole is told, of another what is asked now. */
static double weight(const struct incident_event *e, const struct incident_type *t)
{
    return e->state == INCIDENT_CLOSED ? (double)t->queries : t->now_qps;
}

static void add_types(struct paragraph *p, const struct incident_event *e)
{
    const struct incident *i = &e->incident;
    char share[FIGURE_BYTES];
    double all = 0;
    unsigned told = 0;
    for (unsigned n = 0; n < i->types; n++)
        all += weight(e, &i->type[n]);
    for (unsigned n = 0; n < i->types && told < TYPES_TOLD && all > 0; n++) {
        double part = weight(e, &i->type[n]) / all;
        if (part < 0.005)
            continue;
        paragraph_add(p, "%s %s %s", told++ == 0 ? "Types:" : ",", i->type[n].qtype,
                      percent(part, share));
    }
    if (told > 0)
        paragraph_add(p, ". ");
}

static void add_hosts(struct paragraph *p, const struct incident *i)
{
    if (i->hosts == 0)
        return;
    if (i->prefixes == 1 && prefix_family(i->prefix[0]) == 4 && prefix_length(i->prefix[0]) > 8)
        paragraph_add(p, "Hosts: %u of %u. ", i->hosts,
                      1u << (32 - prefix_length(i->prefix[0])));
    else
        paragraph_add(p, "Hosts: %u. ", i->hosts);
}

static void write_leading_hosts(const struct incident *i, FILE *to)
{
    struct paragraph p = {.used = 0};
    char text[INET6_ADDRSTRLEN];
    char share[FIGURE_BYTES];
    for (unsigned n = 0; n < i->hosts_listed && n < HOSTS_TOLD && i->queries > 0; n++) {
        const struct incident_host *h = &i->host[n];
        (void)inet_ntop(h->ipv6 ? AF_INET6 : AF_INET, h->address, text, sizeof text);
        paragraph_add(&p, "%s %s (%s)", n == 0 ? "Busiest:" : ",", text,
                      percent((double)h->queries / (double)i->queries, share));
    }
    flush(&p, to);
}

/* A long name keeps its end, which says whose it is. */
static void write_names(const struct incident *i, FILE *to)
{
    struct paragraph p = {.used = 0};
    for (unsigned n = 0; n < i->names; n++) {
        if (!i->name[n].named)
            continue;
        size_t length = strlen(i->name[n].name);
        const char *from = length > 60 ? i->name[n].name + length - 57 : i->name[n].name;
        paragraph_add(&p, "%s %s%s", p.used == 0 ? "Names:" : ",", length > 60 ? "..." : "",
                      from);
    }
    flush(&p, to);
}

static void write_culprits(const struct incident *i, FILE *to)
{
    struct paragraph p = {.used = 0};
    char text[PREFIX_TEXT_BYTES];
    for (unsigned n = 0; n < i->prefixes && i->prefixes > 1; n++)
        paragraph_add(&p, "%s %s", n == 0 ? "Networks:" : ",",
                      prefix_format(i->prefix[n], text));
    flush(&p, to);
}

static void write_junk(const struct incident *i, FILE *to)
{
    struct paragraph p = {.used = 0};
    char text[INCIDENT_JUNK_BYTES];
    if (incident_junk_text(i, text) != NULL)
        paragraph_add(&p, "%s.", text);
    flush(&p, to);
}

static void write_reasons(const struct incident *i, FILE *to)
{
    char text[REASONS_LINE_BYTES];
    for (unsigned kind = 0; kind < REASONS_LOST; kind++) {
        struct paragraph p = {.used = 0};
        const char *line = reasons_line(&i->reasons, kind, text);
        if (line != NULL)
            paragraph_add(&p, "%s.", line);
        flush(&p, to);
    }
}

static void write_loss(const struct incident *i, FILE *to)
{
    struct paragraph p = {.used = 0};
    char drops[INCIDENT_DROPS_BYTES];
    if (incident_drops_text(i, drops) != NULL)
        paragraph_add(&p, "%s%s.", drops, i->lossy ? ", and shares may be wrong" : "");
    flush(&p, to);
    write_reasons(i, to);
}

/* One line of what was found out, or why it was not. */
static void write_network(const struct investigation_network *n, int64_t began_s, FILE *to)
{
    struct paragraph p = {.used = 0};
    char text[WORDS_BYTES];
    const struct whois_block *b = words_block(&n->registration);
    if (n->registration.lookup.state == LOOKUP_OFF)
        return;
    if (b == NULL && n->registration.lookup.state == LOOKUP_NOTHING)
        paragraph_add(&p, "Network: whois has nothing about it.");
    else if (b == NULL)
        paragraph_add(&p, "Network: not known. %s.",
                      words_lookup(&n->registration.lookup, text));
    else
        paragraph_add(&p, "Network: %s", words_owner(b));
    if (b != NULL && words_registered(b, began_s, text)[0] != '\0')
        paragraph_add(&p, " (%s)", text);
    flush(&p, to);
}

static void write_reverse(const struct investigation *v, FILE *to)
{
    struct paragraph p = {.used = 0};
    char text[WORDS_BYTES];
    const struct lookup *l = words_reverse_lookup(v);
    if (l == NULL || l->state == LOOKUP_OFF)
        return;
    paragraph_add(&p, "Reverse DNS: %s.", words_reverse(v, text));
    if (l->state == LOOKUP_FAILED)
        paragraph_add(&p, " %s.", words_lookup(l, text));
    flush(&p, to);
}

static void write_routing(const struct investigation *v, const struct investigation_network *n,
                          FILE *to)
{
    struct paragraph p = {.used = 0};
    char text[WORDS_BYTES];
    if (n->routing.lookup.state == LOOKUP_FAILED)
        paragraph_add(&p, "Routed now: not known. %s.", words_lookup(&n->routing.lookup, text));
    else if (n->routing.lookup.state == LOOKUP_FOUND || n->dns.lookup.state != LOOKUP_OFF)
        paragraph_add(&p, "Routed now: %s.", words_routed(v, n, text));
    if (words_origins(n, text)[0] != '\0')
        paragraph_add(&p, " Last origin seen: %s.", text);
    flush(&p, to);
}

static void write_contacts(const struct investigation *v, const struct investigation_network *n,
                           FILE *to)
{
    struct paragraph p = {.used = 0};
    char text[WORDS_BYTES], whose[WORDS_BYTES];
    const struct whois_contact *c = words_contact(n, whose);
    if (c != NULL)
        paragraph_add(&p, "Contact: %s (by whois for %s)", words_reach(c, text), whose);
    else if (n->registration.lookup.state == LOOKUP_FOUND)
        paragraph_add(&p, "Contact: whois names none.");
    flush(&p, to);
    c = words_as_contact(v, whose);
    if (c != NULL)
        paragraph_add(&p, "Contact: %s (%s)", words_reach(c, text), whose);
    flush(&p, to);
}

/* Who is behind it, of the first network.  What is off is not spoken of. */
static void write_investigation(const struct mail_story *story, FILE *to)
{
    const struct investigation *v = story->investigation;
    if (v == NULL || v->networks == 0)
        return;
    const struct investigation_network *n = &v->network[0];
    write_network(n, story->opening->incident.began_s, to);
    write_reverse(v, to);
    write_routing(v, n, to);
    write_contacts(v, n, to);
}

static void write_links(const struct config *c, const struct mail_story *story, FILE *to)
{
    char id[INCIDENT_ID_BYTES];
    (void)snprintf(id, sizeof id, "%s", story->event->incident.id);
    paragraph_make_printable(id);
    if (c->page_url[0] != '\0')
        (void)fprintf(to, "Page: %s/incidents/%s/\r\n", c->page_url, id);
    if (story->pictures > 0)
        (void)fprintf(to, "%s attached.\r\n", story->pictures == 1 ? "Graph" : "Graphs");
}

void mail_text_write(const struct config *c, const struct mail_story *story, FILE *to)
{
    const struct incident_event *e = story->event;
    const struct incident *i = &e->incident;
    struct paragraph p = {.used = 0};

    write_head(c, story, to);
    paragraph_add(&p, "%s.", i->summary);
    flush(&p, to);
    if (e->state == INCIDENT_OPENED)
        write_beginning(e, to);
    if (e->state == INCIDENT_CHANGED)
        write_change(story, to);
    if (e->state == INCIDENT_CLOSED)
        write_end(e, to);
    add_types(&p, e);
    add_hosts(&p, i);
    flush(&p, to);
    write_leading_hosts(i, to);
    write_names(i, to);
    write_junk(i, to);
    write_culprits(i, to);
    write_investigation(story, to);
    write_loss(i, to);
    write_links(c, story, to);
}

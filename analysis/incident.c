/* SPDX-License-Identifier: MIT */
#include "analysis/incident.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const state_names[] = {"open", "update", "close"};
static const char *const kind_names[INCIDENT_KINDS] = {
        "prefix", "asn",   "qtype", "name",       "nxdomain", "volume",
        "gap",    "spoof", "rcode", "unanswered", "unrouted"};

static const char *const severity_names[] = {"notice", "warning", "critical"};
static const double warning_part = 0.08;
static const double critical_part = 0.25;

const char *incident_state_name(enum incident_state s)
{
    return state_names[s];
}

const char *incident_kind_name(enum incident_kind k)
{
    return kind_names[k];
}

const char *incident_severity_name(enum incident_severity s)
{
    return severity_names[s];
}

enum incident_severity incident_severity(const struct incident *i)
{
    double change_qps = fabs(i->rate_qps - i->baseline_qps);
    double usual_qps = i->usual_qps > 0 ? i->usual_qps : i->total_qps - change_qps;
    if (change_qps >= critical_part * usual_qps)
        return INCIDENT_CRITICAL;
    return change_qps >= warning_part * usual_qps || i->lossy || i->kind == INCIDENT_SPOOF
                   ? INCIDENT_WARNING
                   : INCIDENT_NOTICE;
}

bool incident_kind_parse(const char *name, enum incident_kind *k)
{
    for (unsigned n = 0; name != NULL && n < INCIDENT_KINDS; n++)
        if (strcmp(name, kind_names[n]) == 0) {
            *k = n;
            return true;
        }
    return false;
}

/* Whether a class has queries that were put there by estimate. */
static bool is_estimated(const struct junk_counts *c, enum junk_class class)
{
    return c->estimated > 0 && class >= JUNK_IDENTICAL && class < JUNK_LEGITIMATE;
}

const char *incident_junk_text(const struct incident *i, char text[static INCIDENT_JUNK_BYTES])
{
    const struct incident_junk *j = &i->junk;
    const uint64_t *queries = j->classes.queries;
    enum junk_class most = junk_leading(queries);
    uint64_t classed = queries[JUNK_LEGITIMATE] + junk_sum(queries);
    if (j->judged == 0)
        return NULL;
    int used = snprintf(text, INCIDENT_JUNK_BYTES, "%.0f %% of these queries are junk",
                        100 * (double)j->junk / (double)j->judged);
    if (most != JUNK_LEGITIMATE)
        (void)snprintf(text + used, INCIDENT_JUNK_BYTES - (size_t)used,
                       is_estimated(&j->classes, most)
                               ? ", mostly %s (about %.0f %%, estimated)"
                               : ", mostly %s (%.0f %%)",
                       junk_class_words(most), 100 * (double)queries[most] / (double)classed);
    return text;
}

static const char *verdict_text(enum traits_verdict v)
{
    static const char *const texts[] = {
            "That leaves open whether the sources are forged",
            "TCP handshakes were completed, which speaks for real sources",
            "TTLs are steady by host, which speaks for real sources",
            "TTLs of single hosts vary widely, which speaks for forged sources"};
    return texts[v];
}

/* A sentence or two, each with a blank behind it; none where no connection was followed. */
static int write_handshakes(const struct incident_traits *t, char *text, size_t size)
{
    const struct traits_handshakes *h = &t->handshakes;
    uint64_t followed = h->completed + h->unfinished + h->one_sided + h->unanswered;
    bool deaf = traits_hearing(h, t->responses, t->tcp_responses) == TRAITS_DEAF;
    if (followed == 0)
        return 0;
    return snprintf(
            text, size,
            "TCP connections followed: %llu; completed %llu, answered and not completed "
            "%llu, with data and no answer seen %llu, with neither %llu. %s",
            (unsigned long long)followed, (unsigned long long)h->completed,
            (unsigned long long)h->unfinished, (unsigned long long)h->one_sided,
            (unsigned long long)h->unanswered,
            deaf ? "What is answered is not heard: forged, or no way back. " : "");
}

const char *incident_traits_text(const struct incident *i,
                                 char text[static INCIDENT_TRAITS_BYTES])
{
    const struct incident_traits *t = &i->traits;
    size_t size = INCIDENT_TRAITS_BYTES, used = 0;
    if (t->queries == 0)
        return NULL;
    used += (size_t)snprintf(text, size, "TTL");
    for (unsigned n = 0; n < TRAITS_LEADING && t->leading[n].queries > 0; n++)
        used += (size_t)snprintf(text + used, size - used, "%s %u (%.0f %%)", n > 0 ? "," : "",
                                 t->leading[n].ttl,
                                 100 * (double)t->leading[n].queries / (double)t->queries);
    used += (size_t)snprintf(
            text + used, size - used,
            ", %u value%s in all; steady at %u hosts, varied at %u. About %u source ports. "
            "TCP: %llu SYNs, %llu queries, %llu answers. ",
            t->ttls, t->ttls == 1 ? "" : "s", t->hosts_steady, t->hosts_varied, t->ports,
            (unsigned long long)t->syns, (unsigned long long)t->tcp_queries,
            (unsigned long long)t->tcp_responses);
    used += (size_t)write_handshakes(t, text + used, size - used);
    (void)snprintf(text + used, size - used,
                   "Answers in all: %llu, of these NXDOMAIN %llu; told by ICMP to have found "
                   "nobody: %llu. %s",
                   (unsigned long long)t->responses,
                   (unsigned long long)t->rcode[MINUTE_NXDOMAIN],
                   (unsigned long long)t->unreachables, verdict_text(t->verdict));
    return text;
}

double incident_drops_share(const struct incident *i)
{
    const struct incident_drops *d = &i->drops;
    double dropped = (double)d->kernel + (double)d->interface;
    return dropped > 0 ? dropped / (dropped + (double)d->frames) : 0;
}

/* What was lost before it was counted (by an older release) is not made up for. */
const char *incident_drops_text(const struct incident *i,
                                char text[static INCIDENT_DROPS_BYTES])
{
    const struct incident_drops *d = &i->drops;
    bool all = d->since_s != 0 && d->since_s <= i->opened_s;
    double percent = 100 * incident_drops_share(i);
    uint64_t dropped = d->kernel + d->interface;
    size_t size = INCIDENT_DROPS_BYTES, used = 0;
    if (dropped == 0 && !i->lossy)
        return NULL;
    if (dropped > 0)
        used += (size_t)snprintf(text, size,
                                 "%llu frame%s dropped meanwhile (%.*f %% of all; by the "
                                 "kernel %llu, by the interface %llu)",
                                 (unsigned long long)dropped, dropped == 1 ? " was" : "s were",
                                 percent < 0.1  ? 4
                                 : percent < 10 ? 1
                                                : 0,
                                 percent, (unsigned long long)d->kernel,
                                 (unsigned long long)d->interface);
    else
        used += (size_t)snprintf(text, size, "Frames were dropped meanwhile");
    if (i->lossy)
        (void)snprintf(text + used, size - used, "%s: the figures are too small",
                       all               ? ""
                       : d->since_s == 0 ? ", it is not known how many"
                                         : ", and before they were counted, others");
    return text;
}

void incident_fini(struct incident *i)
{
    for (unsigned n = 0; n < i->names; n++)
        free(i->name[n].name);
    i->names = 0;
}

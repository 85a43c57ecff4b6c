/* SPDX-License-Identifier: MIT */
#include "analysis/investigation.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

const char *fact_name(enum fact kind)
{
    static const char *const names[FACTS] = {"reverse", "whois",   "routing",
                                             "dns",     "history", "as-name"};
    return names[kind];
}

/* ---- Subjects -------------------------------------------------------------------------- */

static void add_as(struct investigation *v, uint32_t asn)
{
    if (asn == 0 || v->ases == INVESTIGATION_ASES)
        return;
    for (unsigned i = 0; i < v->ases; i++)
        if (v->as[i].asn == asn)
            return;
    v->as[v->ases++].asn = asn;
}

void investigation_find_ases(struct investigation *v)
{
    for (unsigned i = 0; i < v->networks; i++) {
        const struct investigation_network *n = &v->network[i];
        add_as(v, n->routing.asn);
        add_as(v, n->dns.asn);
        for (unsigned r = n->history.rows; r > 0; r--)
            if (n->history.row[r - 1].origins > 0) {
                add_as(v, n->history.row[r - 1].origin[0]);
                break;
            }
    }
}

struct investigation *investigation_create(const struct incident *i)
{
    struct investigation *v = calloc(1, sizeof *v);
    if (v == NULL)
        return NULL;
    for (; v->hosts < i->hosts_listed && v->hosts < INCIDENT_HOSTS; v->hosts++) {
        struct investigation_host *h = &v->host[v->hosts];
        memcpy(h->address, i->host[v->hosts].address, sizeof h->address);
        h->ipv6 = i->host[v->hosts].ipv6;
    }
    for (; v->networks < i->prefixes && v->networks < INCIDENT_PREFIXES; v->networks++)
        v->network[v->networks].prefix = i->prefix[v->networks];
    for (unsigned n = 0; n < i->asns; n++)
        add_as(v, i->asn[n]);
    return v;
}

void investigation_free(struct investigation *v)
{
    if (v == NULL)
        return;
    for (unsigned i = 0; i < v->networks; i++)
        free(v->network[i].registration.raw);
    for (unsigned i = 0; i < v->ases; i++)
        free(v->as[i].registration.raw);
    free(v);
}

static const char *host_text(const struct investigation_host *h,
                             char text[static LOOKUP_SUBJECT_BYTES])
{
    text[0] = '\0';
    (void)inet_ntop(h->ipv6 ? AF_INET6 : AF_INET, h->address, text, LOOKUP_SUBJECT_BYTES);
    return text;
}

static const char *as_text(uint32_t asn, char text[static LOOKUP_SUBJECT_BYTES])
{
    (void)snprintf(text, LOOKUP_SUBJECT_BYTES, "AS%" PRIu32, asn);
    return text;
}

void investigation_walk(struct investigation *v, investigation_each *each, void *argument)
{
    char subject[LOOKUP_SUBJECT_BYTES];
    for (unsigned i = 0; i < v->hosts; i++)
        each(argument, FACT_REVERSE, host_text(&v->host[i], subject), &v->host[i].lookup);
    for (unsigned i = 0; i < v->networks; i++) {
        struct investigation_network *n = &v->network[i];
        (void)prefix_format(n->prefix, subject);
        each(argument, FACT_WHOIS, subject, &n->registration.lookup);
        each(argument, FACT_ROUTING, subject, &n->routing.lookup);
        each(argument, FACT_DNS, subject, &n->dns.lookup);
        each(argument, FACT_HISTORY, subject, &n->history.lookup);
    }
    for (unsigned i = 0; i < v->ases; i++) {
        (void)as_text(v->as[i].asn, subject);
        each(argument, FACT_WHOIS, subject, &v->as[i].registration.lookup);
        each(argument, FACT_AS_NAME, subject, &v->as[i].lookup);
    }
}

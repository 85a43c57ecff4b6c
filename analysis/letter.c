/* SPDX-License-Identifier: MIT */
#include "analysis/letter.h"

#include "analysis/paragraph.h"
#include "analysis/words.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

static const struct paragraph_form plain = {.indent = 0, .hang = 0, .end = "\n"};
static const struct paragraph_form header = {.indent = 0, .hang = 4, .end = "\n"};
static const struct paragraph_form row = {.indent = 4, .hang = 2, .end = "\n"};

bool letter_applies(const struct letter *l)
{
    return l->last->prefixes > 0;
}

static void end_paragraph(struct paragraph *p, FILE *to)
{
    paragraph_write(p, &plain, to);
    (void)fputc('\n', to);
}

/* Each network has its own owner: the letter is to the first one's, about that alone. */
static const char *network(const struct letter *l, char text[static PREFIX_TEXT_BYTES])
{
    return prefix_format(l->last->prefix[0], text);
}

static bool is_in_network(const struct letter *l, const struct incident_host *h)
{
    return prefix_contains(l->last->prefix[0], prefix_of_client(h->address, h->ipv6));
}

/* The first contact of an AS with a mailbox that is not `taken`; NULL: none. */
static const char *as_mail(const struct investigation_as *as, const char *taken)
{
    const struct whois_text *t = &as->registration.text;
    for (unsigned c = 0; c < t->contacts; c++)
        if (t->contact[c].mail[0] != '\0' && strcmp(t->contact[c].mail, taken) != 0)
            return t->contact[c].mail;
    return NULL;
}

/* Where the addresses come from, for who sends it. */
static void write_note(const struct letter *l, const char *mail, const char *whose, FILE *to)
{
    struct paragraph p = {.used = 0};
    char as[WORDS_BYTES];
    const struct investigation *v = l->investigation;
    paragraph_add(&p, "[Draft %s. ", l->last->id);
    if (mail[0] != '\0')
        paragraph_add(&p, "To: by whois for %s.", whose);
    else
        paragraph_add(&p, "To: no address was found.");
    for (unsigned i = 0; i < v->ases; i++)
        if (as_mail(&v->as[i], mail) != NULL)
            paragraph_add(&p, " Cc: %s, which announces the network, or did last.",
                          words_as(v, v->as[i].asn, as));
    if (l->last->prefixes > 1)
        paragraph_add(&p, " %u more network%s part and may have another owner.",
                      l->last->prefixes - 1, l->last->prefixes == 2 ? " takes" : "s take");
    paragraph_add(&p, "]");
    end_paragraph(&p, to);
}

static void write_head(const struct letter *l, FILE *to)
{
    struct paragraph p = {.used = 0};
    char whose[WORDS_BYTES], prefix[PREFIX_TEXT_BYTES];
    const struct investigation *v = l->investigation;
    const struct whois_contact *c = words_contact(&v->network[0], whose);
    if (c == NULL)
        c = words_as_contact(v, whose);
    const char *mail = c != NULL ? c->mail : "";
    write_note(l, mail, whose, to);
    (void)fprintf(to, "From: [your address]\nTo: %s\n", mail[0] != '\0' ? mail : "[?]");
    for (unsigned i = 0; i < v->ases; i++)
        if (as_mail(&v->as[i], mail) != NULL)
            (void)fprintf(to, "Cc: %s\n", as_mail(&v->as[i], mail));
    paragraph_add(&p, "Subject: Unusual DNS queries to %s from %s", l->site,
                  network(l, prefix));
    paragraph_write(&p, &header, to);
    (void)fputc('\n', to);
}

static void write_fact(const struct letter *l, FILE *to)
{
    struct paragraph p = {.used = 0};
    char from[WORDS_TIME_BYTES], until[WORDS_TIME_BYTES], prefix[PREFIX_TEXT_BYTES];
    paragraph_add(&p, "Dear colleagues,");
    end_paragraph(&p, to);
    paragraph_add(&p,
                  "The name server %s receives an unusual number of DNS queries with "
                  "source addresses in %s",
                  l->site, network(l, prefix));
    if (l->investigation->network[0].registration.lookup.state == LOOKUP_FOUND)
        paragraph_add(&p, ", which whois connects with you");
    paragraph_add(&p, ". We think that something there is out of order, and ask you to look "
                      "into it.");
    end_paragraph(&p, to);
    paragraph_add(&p, "What we see at our server%s:",
                  l->last->prefixes > 1 ? ", from all networks that take part, yours and others"
                                        : "");
    end_paragraph(&p, to);
    paragraph_add(&p, "Began:    %s", words_second(l->first->began_s, from));
    paragraph_write(&p, &row, to);
    paragraph_add(&p, l->open ? "Last:     %s, and it goes on" : "Ended:    %s",
                  words_second(l->end_s, until));
    paragraph_write(&p, &row, to);
    paragraph_add(&p,
                  "Queries:  %" PRIu64 " in all; at most %.0f a second, %.0f %% of all "
                  "that we receive",
                  l->last->queries, l->peak->rate_qps, 100 * l->peak->share);
    paragraph_write(&p, &row, to);
    paragraph_add(&p, "Usual:    ");
    if (l->peak->baseline_qps < 1)
        paragraph_add(&p, "less than one a second");
    else
        paragraph_add(&p, "%.0f a second", l->peak->baseline_qps);
    paragraph_write(&p, &row, to);
}

static void write_types(const struct letter *l, FILE *to)
{
    struct paragraph p = {.used = 0};
    unsigned told = 0;
    for (unsigned i = 0; i < l->last->types && told < 6 && l->last->queries > 0; i++) {
        double part = (double)l->last->type[i].queries / (double)l->last->queries;
        if (part >= 0.005)
            paragraph_add(&p, "%s%s %.0f %%", told++ == 0 ? "Types:    " : ", ",
                          l->last->type[i].qtype, 100 * part);
    }
    paragraph_write(&p, &row, to);
    told = 0;
    for (unsigned i = 0; i < l->last->names && told < 4; i++)
        if (l->last->name[i].named && strlen(l->last->name[i].name) < 100)
            paragraph_add(&p, "%s%s", told++ == 0 ? "Names:    among others below " : ", ",
                          l->last->name[i].name);
    paragraph_write(&p, &row, to);
    (void)fputc('\n', to);
}

static void write_hosts(const struct letter *l, FILE *to)
{
    struct paragraph p = {.used = 0};
    char text[INET6_ADDRSTRLEN] = "";
    unsigned written = 0;
    for (unsigned i = 0; i < l->last->hosts_listed; i++) {
        const struct incident_host *h = &l->last->host[i];
        if (!is_in_network(l, h))
            continue;
        if (written++ == 0) {
            paragraph_add(&p, l->last->hosts > l->last->hosts_listed
                                      ? "The busiest source addresses and their queries:"
                                      : "Source addresses and their queries:");
            end_paragraph(&p, to);
        }
        (void)inet_ntop(h->ipv6 ? AF_INET6 : AF_INET, h->address, text, sizeof text);
        (void)fprintf(to, "    %-40s %12" PRIu64 "\n", text, h->queries);
    }
    if (written > 0)
        (void)fputc('\n', to);
}

static void write_findings(const struct letter *l, FILE *to)
{
    struct paragraph p = {.used = 0};
    char text[WORDS_BYTES], origins[WORDS_BYTES];
    const struct investigation *v = l->investigation;
    const struct investigation_network *n = &v->network[0];
    if (l->last->prefixes == 1 && words_reverse_lookup(v) != NULL &&
        v->host[0].lookup.state != LOOKUP_OFF &&
        strcmp(words_reverse(v, text), "not known") != 0)
        paragraph_add(&p, "Reverse DNS: %s. ", text);
    if (words_is_unrouted(n))
        paragraph_add(&p, "We find no route to the network, so our answers cannot reach it; "
                          "a host that gets no answers asks again and again, which may "
                          "explain what we see. ");
    if (words_origins(n, origins)[0] != '\0')
        paragraph_add(&p, "By archived routing tables it was announced by %s. ", origins);
    if (p.used > 0)
        end_paragraph(&p, to);
}

static void write_doubt(const struct letter *l, FILE *to)
{
    struct paragraph p = {.used = 0};
    if (l->forgery->verdict == FORGERY_LIKELY)
        paragraph_add(&p, "The source addresses are probably forged, and your network then is "
                          "a victim as we are. Please tell us if you can rule it out.");
    else if (l->forgery->verdict == FORGERY_UNLIKELY)
        paragraph_add(&p, "DNS over UDP does not prove who sends. We do not think that the "
                          "addresses are forged, but cannot exclude it.");
    else
        paragraph_add(&p, "DNS over UDP does not prove who sends: the addresses may be forged. "
                          "We cannot tell from here, and you may be able to.");
    end_paragraph(&p, to);
    if (!l->last->lossy)
        return;
    paragraph_add(&p, "Our capture lost frames meanwhile");
    if (incident_drops_share(l->last) > 0)
        paragraph_add(&p, ", %.1f %% of all", 100 * incident_drops_share(l->last));
    paragraph_add(&p, ": the true figures are larger.");
    end_paragraph(&p, to);
}

static void write_request(const struct letter *l, FILE *to)
{
    static const char *const requests[] = {
            "whether these hosts are yours, and send these queries;",
            ("if so, what makes them do it, and to stop it: often the answers to a mail "
             "system or resolver are filtered, or do not find their way back;"),
            "if they are a customer's, to pass this on to whom it concerns;",
            "in any case, a short answer, so that we know that it reached you.",
    };
    struct paragraph p = {.used = 0};
    paragraph_add(&p, "We ask you to find out");
    end_paragraph(&p, to);
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        paragraph_add(&p, "- %s", requests[i]);
        paragraph_write(&p, &row, to);
    }
    (void)fputc('\n', to);
    paragraph_add(&p, "We can send you more detail. Our reference is %s.", l->last->id);
    end_paragraph(&p, to);
    paragraph_add(&p, "With kind regards,");
    end_paragraph(&p, to);
    paragraph_add(&p, "[your name], for the operators of %s", l->site);
    paragraph_write(&p, &plain, to);
}

void letter_write(const struct letter *l, FILE *to)
{
    write_head(l, to);
    write_fact(l, to);
    write_types(l, to);
    write_hosts(l, to);
    write_findings(l, to);
    write_doubt(l, to);
    write_request(l, to);
}

/* SPDX-License-Identifier: MIT */
#include "program/lookups.h"

#include "program/child.h"
#include "program/endpoint.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ANSWER_BYTES = 4 * WHOIS_RAW_BYTES, LEAST_MS = 200 };

/* What is asked for: an address of the network, or the AS. */
static void subject_text(const char *subject, char text[static LOOKUP_SUBJECT_BYTES])
{
    (void)snprintf(text, LOOKUP_SUBJECT_BYTES, "%s", subject);
    text[strcspn(text, "/")] = '\0';
}

static void ask(const struct config *c, const char *subject, int deadline_ms,
                struct child_output *output, struct child_end *end, struct error *err)
{
    char host[ENDPOINT_HOST_BYTES], port_text[8], text[LOOKUP_SUBJECT_BYTES];
    const char *argv[8] = {c->whois};
    unsigned n = 1;
    uint16_t port;
    subject_text(subject, text);
    if (c->whois_server[0] != '\0' && endpoint_split(c->whois_server, host, &port)) {
        (void)snprintf(port_text, sizeof port_text, "%u", port != 0 ? port : 43);
        argv[n++] = "-h";
        argv[n++] = host;
        argv[n++] = "-p";
        argv[n++] = port_text;
    }
    argv[n++] = "--";
    argv[n++] = text;
    int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    *end = (struct child_end){.status = -1};
    err->text[0] = '\0';
    if (input < 0)
        error_errno(err, "/dev/null");
    else if (child_read(argv, input, deadline_ms, output, end, err))
        err->text[0] = '\0';
    if (input >= 0)
        (void)close(input);
}

/* The text is kept also where nothing in it is understood. */
static bool take_text(struct investigation_registration *r, const struct child_output *o,
                      bool much)
{
    free(r->raw);
    r->raw = malloc(WHOIS_RAW_BYTES);
    if (r->raw == NULL)
        return false;
    (void)whois_text_clean(o->octets, o->used, r->raw, &r->raw_cut);
    r->raw_cut |= much;
    whois_text_parse(r->raw, &r->text);
    return true;
}

/* Its first words, for a line that says that it was not understood. */
static const char *beginning(const char *raw, char text[static 80])
{
    raw += strspn(raw, "\n %#");
    size_t n = strcspn(raw, "\n");
    n = n < 60 ? n : 60;
    while (n > 0 && ((unsigned char)raw[n] & 0xc0) == 0x80)
        n--;
    memcpy(text, raw, n);
    text[n] = '\0';
    return text;
}

static void judge(struct investigation_registration *r, const struct child_end *end,
                  const struct lookups *l, int deadline_ms)
{
    char text[80];
    if (r->text.blocks > 0) {
        lookup_settle(&r->lookup, LOOKUP_FOUND, l->now_s);
        if (end->late || end->much)
            (void)snprintf(r->lookup.words, sizeof r->lookup.words, "%s",
                           end->late ? "the answer did not end, what had come is here"
                                     : "the answer was too long, its beginning is here");
    } else if (end->late) {
        lookup_fail(&r->lookup, l->now_s, "no whole answer within %d s",
                    (deadline_ms + 999) / 1000);
    } else if (r->text.no_match) {
        lookup_settle(&r->lookup, LOOKUP_NOTHING, l->now_s);
    } else if (end->signal != 0 && !end->much) {
        lookup_fail(&r->lookup, l->now_s, "the program was ended by signal %d (%s)",
                    end->signal, strsignal(end->signal));
    } else if (end->status != 0 && !end->much) {
        lookup_fail(&r->lookup, l->now_s, "the program ended with status %d: %.120s",
                    end->status, beginning(r->raw, text));
    } else {
        lookup_fail(&r->lookup, l->now_s,
                    "the answer has no form that is known; it begins \"%s\"",
                    beginning(r->raw, text));
    }
}

static void look_up(const struct lookups_part *p, const char *subject,
                    struct investigation_registration *r)
{
    const struct lookups *l = p->lookups;
    const struct config *c = l->config;
    struct child_output output = {.room = ANSWER_BYTES};
    struct child_end end;
    struct error err;
    int64_t left = p->until_ms - lookups_clock_ms();
    if (!lookups_want(l, p->investigation, FACT_WHOIS, subject, &r->lookup) || left < LEAST_MS)
        return;
    (void)snprintf(r->lookup.source, sizeof r->lookup.source, "whois%s%s",
                   c->whois_server[0] != '\0' ? ", " : "", c->whois_server);
    output.octets = malloc(output.room);
    if (output.octets == NULL)
        return;
    ask(c, subject, (int)left, &output, &end, &err);
    if (err.text[0] != '\0')
        lookup_fail(&r->lookup, l->now_s, "%.150s", err.text);
    else if (!take_text(r, &output, end.much))
        lookup_fail(&r->lookup, l->now_s, "no memory for the answer");
    else
        judge(r, &end, l, (int)left);
    free(output.octets);
    lookups_hand_in(p, FACT_WHOIS, subject);
}

/* One after another: registries count how often one asks. */
void lookups_ask_whois(const struct lookups_part *p)
{
    struct investigation *v = p->investigation;
    char subject[LOOKUP_SUBJECT_BYTES];
    for (unsigned i = 0; i < v->networks; i++)
        look_up(p, prefix_format(v->network[i].prefix, subject), &v->network[i].registration);
    for (unsigned i = 0; i < v->ases; i++) {
        (void)snprintf(subject, sizeof subject, "AS%" PRIu32, v->as[i].asn);
        look_up(p, subject, &v->as[i].registration);
    }
}

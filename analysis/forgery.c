/* SPDX-License-Identifier: MIT */
#include "analysis/forgery.h"

#include "analysis/words.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { DECIDES = 2, LASTING_S = 3600, LATELY_S = 30 * 86400, OFTEN = 100 };

__attribute__((format(printf, 3, 4))) static void add(struct forgery *f, int weight,
                                                      const char *format, ...)
{
    va_list args;
    if (f->points == FORGERY_POINTS)
        return;
    struct forgery_point *p = &f->point[f->points++];
    p->weight = weight;
    va_start(args, format);
    (void)vsnprintf(p->text, sizeof p->text, format, args);
    va_end(args);
}

static void judge_sources(const struct incident *i, struct forgery *f)
{
    if (i->kind == INCIDENT_SPOOF)
        add(f, 2,
            "So many sources at once, each with so few queries, that no network explains "
            "them");
    else if (i->kind == INCIDENT_UNROUTED)
        add(f, 2, "Many sources at once, in networks that nobody announces");
    else if (i->networks > 1000)
        add(f, 1, "About %u networks take part", i->networks);
}

/* Forged addresses of a network are usually drawn from all of it. */
static void judge_hosts(const struct incident *i, struct forgery *f)
{
    if (i->prefixes != 1 || i->hosts == 0 || prefix_family(i->prefix[0]) != 4 ||
        prefix_length(i->prefix[0]) != 24)
        return;
    if (i->hosts >= 192)
        add(f, 1, "%u of 256 addresses send: few networks are in use to their last address",
            i->hosts);
    else if (i->hosts <= 32)
        add(f, -1,
            "Only %u of 256 addresses send: forged ones are usually drawn from all of "
            "a network",
            i->hosts);
}

static void judge_length(const struct incident *i, int64_t length_s, struct forgery *f)
{
    if (i->prefixes == 0 || length_s < LASTING_S)
        return;
    add(f, -1,
        "The same sources have sent for %" PRId64 " hours: who forges gains from "
        "changing them",
        length_s / 3600);
}

static void judge_routing(const struct incident *i, const struct investigation *v,
                          struct forgery *f)
{
    char day[WORDS_TIME_BYTES], prefix[PREFIX_TEXT_BYTES];
    for (unsigned n = 0; n < v->networks && n < 1; n++) {
        const struct investigation_network *net = &v->network[n];
        const struct investigation_row *last = words_last_origin(net);
        (void)prefix_format(net->prefix, prefix);
        bool lately = last != NULL && i->began_s - last->to < LATELY_S;
        if (!words_is_unrouted(net)) {
            if (net->routing.lookup.state == LOOKUP_FOUND &&
                net->routing.answer == ORIGINS_ANNOUNCED)
                add(f, 0,
                    "%s is announced: answers can reach it, which forged sources "
                    "do not need",
                    prefix);
            continue;
        }
        add(f, 1, "Nobody announces %s: no answer can reach it", prefix);
        if (lately)
            add(f, -1,
                "It was announced until %s: a network that has lost its route can "
                "still send, and asks again what is not answered",
                words_day(last->to, day));
    }
}

/* Many hosts with one TTL all together may be one machine that makes them up. */
static void judge_ttls(const struct incident_traits *t, struct forgery *f)
{
    enum traits_verdict hosts =
            traits_verdict(TRAITS_HEARING_OPEN, t->hosts_steady, t->hosts_varied);
    if (hosts == TRAITS_PROBABLY_FORGED)
        add(f, 1, "Packets of single hosts come with TTLs far apart: at %u of %u hosts",
            t->hosts_varied, t->hosts_steady + t->hosts_varied);
    else if (hosts == TRAITS_PROBABLY_REAL)
        add(f, t->ttls > 1 ? -1 : 0, "The TTLs of %u hosts are steady, %u value%s in all",
            t->hosts_steady, t->ttls, t->ttls == 1 ? "" : "s");
}

/* Whoever is there may be forged all the same by another: few prove little of the many. */
static void judge_handshakes(const struct incident_traits *t, struct forgery *f)
{
    uint64_t times = t->handshakes.completed > t->tcp_responses ? t->handshakes.completed
                                                                : t->tcp_responses;
    add(f, times * OFTEN >= t->queries ? -2 : -1,
        "%" PRIu64 " TCP handshakes completed, %" PRIu64 " answers over TCP, beside %" PRIu64
        " queries in all: a forged source cannot complete one",
        t->handshakes.completed, t->tcp_responses, t->queries);
}

/* Without a route nobody can hear, forged or not: that is a point already. */
static void judge_deafness(const struct incident_traits *t, bool unrouted, struct forgery *f)
{
    const struct traits_handshakes *h = &t->handshakes;
    add(f, unrouted ? 0 : 1,
        "%" PRIu64 " of %" PRIu64 " TCP connections were answered and never completed: %s",
        h->unfinished, h->completed + h->unfinished,
        unrouted ? "without a route nobody hears the answer"
                 : "whoever sends does not hear the answer");
}

static void judge_tcp(const struct incident_traits *t, bool unrouted, struct forgery *f)
{
    switch (traits_hearing(&t->handshakes, t->responses, t->tcp_responses)) {
    case TRAITS_HEARS:
        judge_handshakes(t, f);
        return;
    case TRAITS_DEAF:
        judge_deafness(t, unrouted, f);
        return;
    case TRAITS_SEEMS_TO_HEAR:
        add(f, -1,
            "%" PRIu64
            " TCP connections went on with data; the server's side, which would prove "
            "it, is not mirrored",
            t->handshakes.one_sided);
        return;
    case TRAITS_HEARING_OPEN:
        add(f, 0,
            "Of TCP handshakes, which a forged source cannot complete, too few were seen to "
            "tell");
    }
}

static void judge_traits(const struct incident_traits *t, bool unrouted, struct forgery *f)
{
    judge_tcp(t, unrouted, f);
    if (t->unreachables > 0)
        add(f, 1, "%" PRIu64 " ICMP messages say that answers found nobody who had asked",
            t->unreachables);
    judge_ttls(t, f);
}

void forgery_judge(const struct incident *i, int64_t length_s, const struct investigation *v,
                   struct forgery *f)
{
    int sum = 0;
    *f = (struct forgery){.verdict = FORGERY_UNDECIDED};
    judge_sources(i, f);
    judge_hosts(i, f);
    judge_length(i, length_s, f);
    judge_routing(i, v, f);
    judge_traits(&i->traits, v->networks > 0 && words_is_unrouted(&v->network[0]), f);
    for (unsigned p = 0; p < f->points; p++)
        sum += f->point[p].weight;
    if (sum >= DECIDES)
        f->verdict = FORGERY_LIKELY;
    else if (sum <= -DECIDES)
        f->verdict = FORGERY_UNLIKELY;
}

const char *forgery_words(enum forgery_verdict verdict)
{
    static const char *const words[] = {
            [FORGERY_UNDECIDED] = "Not enough to say whether the sources are forged",
            [FORGERY_UNLIKELY] = "The sources are probably not forged",
            [FORGERY_LIKELY] = "The sources are probably forged: the addresses accuse nobody",
    };
    return words[verdict];
}

const char *forgery_name(enum forgery_verdict verdict)
{
    static const char *const names[] = {"undecided", "unlikely", "likely"};
    return names[verdict];
}

/* SPDX-License-Identifier: MIT */
#include "analysis/traits.h"

#include <math.h>
#include <string.h>

static const char *const names[] = {"open", "real", "probably-real", "probably-forged"};
static const double mostly = 0.9;
static const double half = 0.5;

static void add_up(uint32_t *to, uint32_t n)
{
    *to = *to > UINT32_MAX - n ? UINT32_MAX : *to + n;
}

static void add_response(struct traits *t, const struct message *m)
{
    t->responses++;
    t->tcp_responses += (m->flags & MESSAGE_TCP) != 0;
    t->rcode[m->rcode < MINUTE_RCODE_OTHER ? m->rcode : MINUTE_RCODE_OTHER]++;
}

/* As good as chance also for ports that follow each other (MurmurHash3's last steps). */
static unsigned port_bit(uint16_t port)
{
    uint32_t x = port * UINT32_C(0x85ebca6b);
    x = (x ^ x >> 13) * UINT32_C(0xc2b2ae35);
    return (x ^ x >> 16) & (TRAITS_PORT_BITS - 1);
}

void traits_add(struct traits *t, const struct message *m, unsigned host_bit)
{
    if (m->flags & MESSAGE_RESPONSE) {
        add_response(t, m);
        return;
    }
    uint8_t ttl = (uint8_t)m->ttl;
    unsigned port = port_bit(m->client_port);
    t->queries++;
    t->tcp_queries += (m->flags & MESSAGE_TCP) != 0;
    add_up(&t->ttl[ttl], 1);
    add_up(&t->host[host_bit], 1);
    if (ttl > t->most[host_bit])
        t->most[host_bit] = ttl;
    if (255 - ttl > t->least[host_bit])
        t->least[host_bit] = (uint8_t)(255 - ttl);
    t->port[port / 64] |= UINT64_C(1) << port % 64;
}

static void add_handshakes(struct traits_handshakes *to, const struct traits_handshakes *from)
{
    to->completed += from->completed;
    to->unfinished += from->unfinished;
    to->one_sided += from->one_sided;
    to->unanswered += from->unanswered;
}

void traits_merge(struct traits *into, const struct traits *from)
{
    into->queries += from->queries;
    into->tcp_queries += from->tcp_queries;
    into->responses += from->responses;
    into->tcp_responses += from->tcp_responses;
    into->syns += from->syns;
    add_handshakes(&into->handshakes, &from->handshakes);
    into->unreachables += from->unreachables;
    for (unsigned i = 0; i < MINUTE_RCODES; i++)
        into->rcode[i] += from->rcode[i];
    for (unsigned i = 0; i < 256; i++) {
        add_up(&into->ttl[i], from->ttl[i]);
        add_up(&into->host[i], from->host[i]);
        into->most[i] = from->most[i] > into->most[i] ? from->most[i] : into->most[i];
        into->least[i] = from->least[i] > into->least[i] ? from->least[i] : into->least[i];
    }
    for (unsigned i = 0; i < TRAITS_PORT_BITS / 64; i++)
        into->port[i] |= from->port[i];
}

uint32_t traits_ports(const struct traits *t)
{
    unsigned set = 0;
    for (unsigned i = 0; i < TRAITS_PORT_BITS / 64; i++)
        set += (unsigned)__builtin_popcountll(t->port[i]);
    double unset = set == TRAITS_PORT_BITS ? 0.5 : TRAITS_PORT_BITS - set;
    return (uint32_t)lround(TRAITS_PORT_BITS * log(TRAITS_PORT_BITS / unset));
}

unsigned traits_leading(const struct traits *t, uint8_t ttl[static TRAITS_LEADING],
                        unsigned *different)
{
    unsigned count = 0;
    *different = 0;
    for (unsigned i = 0; i < 256; i++) {
        if (t->ttl[i] == 0)
            continue;
        ++*different;
        if (count == TRAITS_LEADING && t->ttl[i] <= t->ttl[ttl[count - 1]])
            continue;
        unsigned at = count < TRAITS_LEADING ? count++ : count - 1;
        for (; at > 0 && t->ttl[ttl[at - 1]] < t->ttl[i]; at--)
            ttl[at] = ttl[at - 1];
        ttl[at] = (uint8_t)i;
    }
    return count;
}

void traits_hosts(const struct traits *t, unsigned *steady, unsigned *varied)
{
    *steady = *varied = 0;
    for (unsigned i = 0; i < 256; i++) {
        unsigned apart = t->most[i] - (255U - t->least[i]);
        if (t->host[i] < TRAITS_HOST_QUERIES_MIN)
            continue;
        *steady += apart <= TRAITS_STEADY;
        *varied += apart >= TRAITS_VARIED;
    }
}

enum traits_hearing traits_hearing(const struct traits_handshakes *h, uint64_t responses,
                                   uint64_t tcp_responses)
{
    uint64_t answered = h->completed + h->unfinished;
    if (answered >= TRAITS_ANSWERED_MIN && (double)h->unfinished >= mostly * (double)answered)
        return TRAITS_DEAF;
    if (h->completed > 0 || tcp_responses > 0)
        return TRAITS_HEARS;
    bool data = (double)h->one_sided > (1 - mostly) * (double)h->unanswered;
    return answered == 0 && responses == 0 && data ? TRAITS_SEEMS_TO_HEAR : TRAITS_HEARING_OPEN;
}

enum traits_verdict traits_verdict(enum traits_hearing hearing, unsigned steady,
                                   unsigned varied)
{
    double hosts = steady + varied;
    if (hearing == TRAITS_HEARS)
        return TRAITS_REAL;
    if (hosts > 0 && steady >= mostly * hosts)
        return hearing == TRAITS_DEAF ? TRAITS_OPEN : TRAITS_PROBABLY_REAL;
    return hosts > 0 && varied >= half * hosts ? TRAITS_PROBABLY_FORGED : TRAITS_OPEN;
}

const char *traits_verdict_name(enum traits_verdict v)
{
    return names[v];
}

bool traits_verdict_parse(const char *name, enum traits_verdict *v)
{
    for (unsigned i = 0; name != NULL && i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) {
            *v = i;
            return true;
        }
    return false;
}

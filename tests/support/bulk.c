/* SPDX-License-Identifier: MIT */
#include "tests/support/bulk.h"

#include "tests/support/shape.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    START_S = 1700000040, /* a whole minute */
    TEMPLATES = 4096,
    FRAME_MAX = 160,
    AT_SOURCE4 = 26,
    AT_SOURCE6 = 22,
    AT_LABEL = 55, /* IPv4: behind the first label's length; IPv6: 20 further on */
    LABEL = 8,
    TYPE_MX = 15,
};

struct template
{
    uint8_t octets[FRAME_MAX];
    uint32_t bytes;
    bool random; /* its first label */
};

struct generator {
    const struct traffic_plan *plan;
    FILE *to;
    uint64_t random;
    uint64_t count;
    struct template ipv4[TEMPLATES], ipv6[TEMPLATES], culprit, tcp[3];
    uint32_t tcp_network; /* of the connection under way */
    unsigned tcp_step;
};

/* Steele, Lea, Flood: SplitMix64 (OOPSLA 2014). */
static uint64_t draw(struct generator *g)
{
    uint64_t z = g->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static double draw_unit(struct generator *g)
{
    return (double)(draw(g) >> 11) / 9007199254740992.0;
}

/* By Zipf's law with exponent 1, from 0: as the integral of 1 / x. */
static uint32_t draw_rank(struct generator *g, uint32_t n)
{
    return (uint32_t)exp(draw_unit(g) * log((double)n + 1)) - 1;
}

static void keep(struct template *t, const struct shape *s, bool random)
{
    if (s->size > sizeof t->octets)
        abort();
    memcpy(t->octets, s->at, s->size);
    t->bytes = (uint32_t)s->size;
    t->random = random;
}

static void make_pair(struct generator *g, unsigned i, struct shape *s)
{
    static const uint16_t types[16] = {1, 1, 1, 1, 1, 1, 1, 28, 28, 28, 28, 2, 12, 43, 15, 6};
    static const char *const tlds[8] = {"com", "net", "org", "arpa", "de", "local", "cn", "uk"};
    char name[64];
    bool random = i % 4 == 0;
    (void)snprintf(name, sizeof name, "%s%07u.%s%u.%s", random ? "x" : "www", i, "example",
                   i % 97, tlds[draw(g) % 8]);
    if (random)
        name[8] = '.'; /* a label of LABEL letters */
    for (unsigned six = 0; six < 2; six++) {
        (i % 5 ? shape_query_edns : shape_query)(s, name, types[draw(g) % 16]);
        shape_udp(s, 40000, 53);
        if (six)
            shape_ipv6(s, "2001:db8::1", "2001:db8::53", 17);
        else
            shape_ipv4(s, "192.0.2.1", "198.51.100.53", 17);
        shape_ethernet(s, six ? 0x86dd : 0x0800);
        keep(six ? &g->ipv6[i] : &g->ipv4[i], s, random);
    }
}

static void make_culprit(struct generator *g, struct shape *s)
{
    shape_common(s, "example.com", TYPE_MX);
    keep(&g->culprit, s, false);
    memcpy(g->culprit.octets + AT_SOURCE4, (const uint8_t[]){207, 244, 46}, 3);
}

/* SYN, query, FIN. */
static void make_tcp(struct generator *g, struct shape *s)
{
    static const uint8_t flags[3] = {2, 24, 17};
    shape_query(s, "www.example.com", 1);
    shape_length(s);
    const uint32_t sequence[3] = {99, 100, 100 + (uint32_t)s->size};
    for (unsigned step = 0; step < 3; step++) {
        shape_query(s, "www.example.com", 1);
        shape_length(s);
        if (step != 1)
            shape_start(s);
        shape_tcp(s, 40000, 53, sequence[step], flags[step]);
        shape_ipv4(s, "192.0.2.1", "198.51.100.53", 6);
        shape_ethernet(s, 0x0800);
        keep(&g->tcp[step], s, false);
    }
}

static void put(struct generator *g, const struct template *t, const uint8_t *source,
                unsigned at, unsigned bytes)
{
    double at_s = g->plan->seconds * (double)g->count / (double)g->plan->frames;
    const uint32_t head[4] = {START_S + (uint32_t)at_s, (uint32_t)((at_s - floor(at_s)) * 1e6),
                              t->bytes, t->bytes};
    uint8_t frame[FRAME_MAX];
    memcpy(frame, t->octets, sizeof frame);
    memcpy(frame + at, source, bytes);
    if (t->random)
        for (unsigned i = 0; i < LABEL; i++)
            frame[AT_LABEL + (at == AT_SOURCE6 ? 20 : 0) + i] = (uint8_t)('a' + draw(g) % 26);
    (void)fwrite(head, sizeof head, 1, g->to);
    (void)fwrite(frame, t->bytes, 1, g->to);
    g->count++;
}

static void put_ipv4(struct generator *g, const struct template *t, uint32_t network,
                     uint8_t host)
{
    /* An odd factor: another order of the same 2^24. */
    uint32_t n = network * UINT32_C(0x9e3779b1) & 0xffffff;
    const uint8_t source[4] = {(uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n, host};
    put(g, t, source, AT_SOURCE4, sizeof source);
}

static void put_ipv6(struct generator *g, const struct template *t, uint32_t network,
                     uint8_t host)
{
    uint32_t n = network * UINT32_C(0x9e3779b1);
    const uint8_t source[16] = {
            0x20,       0x01,       (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8),
            (uint8_t)n, [15] = host};
    put(g, t, source, AT_SOURCE6, sizeof source);
}

static uint32_t draw_network(struct generator *g, uint32_t networks)
{
    return g->plan->sources == TRAFFIC_RANDOM ? (uint32_t)draw(g) : draw_rank(g, networks);
}

static void put_next(struct generator *g)
{
    const struct traffic_plan *plan = g->plan;
    uint64_t r = draw(g);
    uint8_t host = (uint8_t)(r >> 56 & 3);
    uint32_t name = draw_rank(g, TEMPLATES);
    bool late = g->count * 2 >= plan->frames;
    if (late && plan->culprit > 0 && draw_unit(g) < plan->culprit) {
        static const uint8_t hosts[7] = {5, 37, 68, 100, 132, 163, 195};
        put(g, &g->culprit, &hosts[r % 7], AT_SOURCE4 + 3, 1);
    } else if (plan->sources == TRAFFIC_EACH) {
        uint32_t n = (uint32_t)(g->count / 2);
        if (g->count % 2)
            put_ipv6(g, &g->ipv6[name], n % plan->networks6, host);
        else
            put_ipv4(g, &g->ipv4[name], n % plan->networks4, host);
    } else if (g->tcp_step > 0 || r % 100 < 1) {
        if (g->tcp_step == 0)
            g->tcp_network = draw_network(g, plan->networks4);
        put_ipv4(g, &g->tcp[g->tcp_step], g->tcp_network, 1);
        g->tcp_step = (g->tcp_step + 1) % 3;
    } else if (r % 100 < 13) {
        put_ipv6(g, &g->ipv6[name], draw_network(g, plan->networks6), host);
    } else {
        put_ipv4(g, &g->ipv4[name], draw_network(g, plan->networks4), host);
    }
}

void traffic_write(const struct traffic_plan *plan, FILE *to)
{
    const uint32_t header[6] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, 1};
    struct generator *g = calloc(1, sizeof *g);
    struct shape *s = malloc(sizeof *s);
    if (g == NULL || s == NULL)
        abort();
    g->plan = plan;
    g->to = to;
    g->random = 20050118;
    for (unsigned i = 0; i < TEMPLATES; i++)
        make_pair(g, i, s);
    make_culprit(g, s);
    make_tcp(g, s);
    (void)fwrite(header, sizeof header, 1, to);
    while (g->count < plan->frames)
        put_next(g);
    free(s);
    free(g);
}

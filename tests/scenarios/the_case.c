/* SPDX-License-Identifier: MIT */
/*
 * The traffic of the published case, as a pcap stream on standard output.
 *
 * Four days from 2005-01-17 00:00 UTC at a root server: 3157 queries/s from 100,000 /24s whose
 * sizes follow Zipf's law, with a daily wave; from 18 January 12:00 on 207.244.46.0/24 sends
 * 1000 queries/s from seven hosts, most of them MX; from 19 January 00:00 on 1700, the new ones
 * MX, AAAA and A6 for [a-m].root-servers.net and [a-m].gtld-servers.net; it ends on 20 January
 * 15:00.
 *
 * The same arguments give the same octets.  A packet is a template with an address, a port, an
 * id and sometimes a random label set into it, so that this is not slower than what reads it.
 *
 * usage: the_case [--rate FRACTION] [--from SECONDS] [--to SECONDS]
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    START_S = 1105920000, /* 2005-01-17 00:00 UTC */
    DAYS = 4,
    DAY_S = 86400,
    WAVE1_S = DAY_S + 12 * 3600, /* since START_S */
    WAVE2_S = 2 * DAY_S,
    END_S = 3 * DAY_S + 15 * 3600,
    SOURCES = 100000,
    TEMPLATES = 4096,
    FRAME_MAX = 128,
    RECORD_HEADER = 16,
    BUFFER = 1 << 20,
    LABEL = 8, /* letters of a random label */
    HOSTS = 7,
};

static const double background_qps = 3157;
static const double wave_share = 0.08; /* of the background, at its peak */
static const double peak_h = 14.5;     /* so that 00-17 h is as the whole day */
static const double wave1_qps = 1000;
static const double wave2_qps = 700;

enum {
    TYPE_A = 1,
    TYPE_NS = 2,
    TYPE_SOA = 6,
    TYPE_PTR = 12,
    TYPE_MX = 15,
    TYPE_TXT = 16,
    TYPE_AAAA = 28,
    TYPE_SRV = 33,
    TYPE_A6 = 38,
    TYPE_ANY = 255
};

struct template
{
    uint8_t octets[FRAME_MAX];
    uint8_t bytes;
    uint8_t random_at; /* where a random label goes; 0: none */
    uint32_t checksum; /* of the IP header without the source */
};

/* Draws one of n with given weights in constant time (Walker, Electronics Letters 10, 1974). */
struct alias {
    uint32_t n;
    uint32_t *other;
    uint32_t *threshold; /* of 2^32 */
};

struct generator {
    uint64_t random;
    uint8_t *buffer;
    size_t used;
    struct template *background;
    struct template *wave1, *wave2; /* TEMPLATES each */
    struct alias templates;
    struct alias sources;
    uint32_t *source; /* the /24s, host order */
    double drift;     /* slow noise of the background */
};

static void fail(const char *what)
{
    fprintf(stderr, "the_case: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static void *allocate(size_t n, size_t size)
{
    void *p = calloc(n, size);
    if (p == NULL)
        fail("memory");
    return p;
}

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

static uint32_t draw_below(struct generator *g, uint32_t n)
{
    return (uint32_t)((draw(g) >> 32) * n >> 32);
}

static double draw_normal(struct generator *g)
{
    double u = draw_unit(g) + 1e-12;
    return sqrt(-2 * log(u)) * cos(2 * M_PI * draw_unit(g));
}

static void alias_init(struct alias *a, const double *weight, uint32_t n)
{
    double *scaled = allocate(n, sizeof *scaled);
    uint32_t *small = allocate(n, sizeof *small);
    uint32_t *large = allocate(n, sizeof *large);
    uint32_t smalls = 0;
    uint32_t larges = 0;
    double sum = 0;
    *a = (struct alias){.n = n,
                        .other = allocate(n, sizeof *a->other),
                        .threshold = allocate(n, sizeof *a->threshold)};
    for (uint32_t i = 0; i < n; i++)
        sum += weight[i];
    for (uint32_t i = 0; i < n; i++) {
        scaled[i] = weight[i] * n / sum;
        if (scaled[i] < 1)
            small[smalls++] = i;
        else
            large[larges++] = i;
    }
    while (smalls > 0 && larges > 0) {
        uint32_t s = small[--smalls];
        uint32_t l = large[larges - 1];
        a->threshold[s] = (uint32_t)(scaled[s] * 4294967295.0);
        a->other[s] = l;
        scaled[l] -= 1 - scaled[s];
        if (scaled[l] < 1) {
            larges--;
            small[smalls++] = l;
        }
    }
    while (larges > 0)
        a->threshold[large[--larges]] = UINT32_MAX;
    while (smalls > 0)
        a->threshold[small[--smalls]] = UINT32_MAX;
    free(scaled);
    free(small);
    free(large);
}

static uint32_t alias_draw(const struct alias *a, uint64_t random)
{
    uint32_t i = (uint32_t)((random >> 32) * a->n >> 32);
    return (uint32_t)random <= a->threshold[i] ? i : a->other[i];
}

static void put16(uint8_t *to, uint32_t v)
{
    to[0] = (uint8_t)(v >> 8);
    to[1] = (uint8_t)v;
}

/* "www.example" in wire format; a '?' label is the place of a random one. */
static uint8_t *put_name(struct template *t, uint8_t *to, const char *name)
{
    while (*name != '\0') {
        size_t length = strcspn(name, ".");
        if (*name == '?') {
            t->random_at = (uint8_t)(to + 1 - t->octets);
            *to++ = LABEL;
            to += LABEL;
        } else {
            *to++ = (uint8_t)length;
            memcpy(to, name, length);
            to += length;
        }
        name += length + (name[length] == '.');
    }
    *to++ = 0;
    return to;
}

static void make_template(struct template *t, const char *name, unsigned type)
{
    static const uint8_t head[] = {
            0x00, 0x00, 0x5e, 0x00, 0x53, 0x01, 0x00, 0x00, 0x5e, 0x00, 0x53, 0x02, 0x08, 0x00,
            0x45, 0x00, 0,    0,    0,    0,    0,    0,    55,   17,   0,    0, /* IPv4 */
            0,    0,    0,    0,    192,  0,    2,    53,                        /* to us */
            0,    0,    0,    53,   0,    0,    0,    0,                         /* UDP */
            0,    0,    0,    0,    0,    1,    0,    0,    0,    0,    0,    0, /* DNS */
    };
    enum { IP = 14, UDP = 34, IP_SOURCE = 26 };
    *t = (struct template){.bytes = 0};
    memcpy(t->octets, head, sizeof head);
    uint8_t *end = put_name(t, t->octets + sizeof head, name);
    put16(end, type);
    put16(end + 2, 1);
    t->bytes = (uint8_t)(end + 4 - t->octets);
    put16(t->octets + IP + 2, t->bytes - IP);
    put16(t->octets + UDP + 4, t->bytes - UDP);
    for (unsigned i = IP; i < UDP; i += 2)
        if (i < IP_SOURCE || i >= IP_SOURCE + 4)
            t->checksum += (uint32_t)t->octets[i] << 8 | t->octets[i + 1];
}

struct share {
    const char *name; /* of a TLD, or a whole name */
    double weight;
};

/* What a root server was asked for in 2005: most of it needless. */
static const struct share tlds[] = {
        {"com", 24},        {"net", 15}, {"org", 6},       {"arpa", 4}, {"local", 5},
        {"localdomain", 3}, {"de", 3},   {"jp", 3},        {"cn", 3},   {"uk", 3},
        {"edu", 2},         {"kr", 2},   {"br", 2},        {"lan", 2},  {"workgroup", 2},
        {"belkin", 1},      {"home", 2}, {"internal", 1},  {"fr", 2},   {"ru", 2},
        {"it", 1.5},        {"tw", 1.5}, {"invalid", 0.5}, {"wpad", 1}, {"mshome", 1.5},
};

static const struct {
    unsigned type;
    double weight;
} types[] = {
        {TYPE_A, 58},  {TYPE_PTR, 11}, {TYPE_AAAA, 6}, {TYPE_MX, 5},  {TYPE_SRV, 6},
        {TYPE_SOA, 4}, {TYPE_NS, 3},   {TYPE_A6, 3},   {TYPE_ANY, 2}, {TYPE_TXT, 2},
};

static unsigned draw_type(struct generator *g)
{
    double sum = 0;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        sum += types[i].weight;
    double at = draw_unit(g) * sum;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if ((at -= types[i].weight) < 0)
            return types[i].type;
    return TYPE_A;
}

static const char *draw_tld(struct generator *g)
{
    double sum = 0;
    for (size_t i = 0; i < sizeof tlds / sizeof *tlds; i++)
        sum += tlds[i].weight;
    double at = draw_unit(g) * sum;
    for (size_t i = 0; i < sizeof tlds / sizeof *tlds; i++)
        if ((at -= tlds[i].weight) < 0)
            return tlds[i].name;
    return "com";
}

static const char *draw_word(struct generator *g, char word[static 16])
{
    unsigned letters = 4 + draw_below(g, 7);
    for (unsigned i = 0; i < letters; i++)
        word[i] = (char)(i % 2 == 0 ? "bcdfghklmnprstvz"[draw_below(g, 16)]
                                    : "aeiouy"[draw_below(g, 6)]);
    word[letters] = '\0';
    return word;
}

static void make_background(struct generator *g)
{
    double weight[TEMPLATES];
    g->background = allocate(TEMPLATES, sizeof *g->background);
    for (unsigned i = 0; i < TEMPLATES; i++) {
        char name[64];
        char word[16];
        unsigned type = draw_type(g);
        if (type == TYPE_PTR)
            (void)snprintf(name, sizeof name, "%u.%u.%u.%u.in-addr.arpa", draw_below(g, 256),
                           draw_below(g, 256), draw_below(g, 256), 1 + draw_below(g, 222));
        else if (i % 4 == 0)
            (void)snprintf(name, sizeof name, "?.%s", draw_tld(g));
        else
            (void)snprintf(name, sizeof name, "%s%s.%s", i % 3 == 0 ? "www." : "",
                           draw_word(g, word), draw_tld(g));
        make_template(&g->background[i], i == 1 ? "" : name, i == 1 ? TYPE_NS : type);
        weight[i] = 1.0 / (i + 40);
    }
    alias_init(&g->templates, weight, TEMPLATES);
}

/* A letter of [a-m] at one of the two families of servers. */
static const char *server_name(struct generator *g, char name[static 64])
{
    (void)snprintf(name, 64, "%c.%s-servers.net", (char)('a' + draw_below(g, 13)),
                   draw_below(g, 2) == 0 ? "root" : "gtld");
    return name;
}

static void make_waves(struct generator *g)
{
    g->wave1 = allocate(TEMPLATES, sizeof *g->wave1);
    g->wave2 = allocate(TEMPLATES, sizeof *g->wave2);
    for (unsigned i = 0; i < TEMPLATES; i++) {
        char name[64];
        char word[16];
        unsigned of_100 = draw_below(g, 100);
        /* Domains to be mailed, and their servers' addresses. */
        (void)snprintf(name, sizeof name, "%s.%s", draw_word(g, word),
                       draw_below(g, 3) == 0 ? "net" : "com");
        if (of_100 < 72)
            make_template(&g->wave1[i], name, TYPE_MX);
        else if (of_100 < 97)
            make_template(&g->wave1[i], name, TYPE_A);
        else
            make_template(&g->wave1[i], "4.3.2.1.in-addr.arpa", TYPE_PTR);

        of_100 = draw_below(g, 100);
        if (of_100 < 36)
            make_template(&g->wave2[i], name, TYPE_MX);
        else
            make_template(&g->wave2[i], server_name(g, name),
                          of_100 < 68 ? TYPE_AAAA : TYPE_A6);
    }
}

/*
 * The /24s, busiest first: documentation, shared and benchmark networks, then class E, none of
 * which can be anybody's.
 */
static uint32_t nth_network(unsigned n)
{
    static const uint32_t leading[] = {0xc6336400, 0xcb007100, 0xc0000200};
    if (n < 3)
        return leading[n];
    uint32_t spread = (uint32_t)(n * UINT64_C(2654435761) >> 4);
    if (n % 8 == 3)
        return 0x64400000 | (spread % 16384) << 8;            /* 100.64.0.0/10 */
    return 0xf0000000 | (n * UINT32_C(10007) % 1048576) << 8; /* 240.0.0.0/4 */
}

static void make_sources(struct generator *g)
{
    double *weight = allocate(SOURCES, sizeof *weight);
    g->source = allocate(SOURCES, sizeof *g->source);
    for (unsigned i = 0; i < SOURCES; i++) {
        g->source[i] = nth_network(i);
        weight[i] = 1 / pow(i + 12.0, 0.88);
    }
    alias_init(&g->sources, weight, SOURCES);
    free(weight);
}

static void flush(struct generator *g)
{
    for (size_t done = 0; done < g->used;) {
        ssize_t n = write(STDOUT_FILENO, g->buffer + done, g->used - done);
        if (n < 0 && errno != EINTR)
            fail("writing");
        done += n > 0 ? (size_t)n : 0;
    }
    g->used = 0;
}

static void put_header(struct generator *g)
{
    const uint32_t header[6] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, 1};
    memcpy(g->buffer, header, sizeof header);
    g->used = sizeof header;
}

static void put_packet(struct generator *g, const struct template *t, uint32_t source,
                       uint32_t second, uint32_t micros, uint64_t random)
{
    const uint32_t record[4] = {second, micros, t->bytes, t->bytes};
    uint8_t *to = g->buffer + g->used;
    memcpy(to, record, sizeof record);
    to += sizeof record;
    memcpy(to, t->octets,
           FRAME_MAX); /* a fixed length is faster; the next packet covers the rest */
    uint32_t sum = t->checksum + (source >> 16) + (source & 0xffff);
    sum = (sum & 0xffff) + (sum >> 16);
    put16(to + 24, ~(sum + (sum >> 16)));
    put16(to + 26, source >> 16);
    put16(to + 28, source);
    put16(to + 34, 1024 + (uint32_t)(random >> 48) % 64512);
    put16(to + 42, (uint32_t)random);
    if (t->random_at != 0)
        for (unsigned i = 0; i < LABEL; i++)
            to[t->random_at + i] = (uint8_t)('a' + (random >> (4 * i + 8) & 15));
    g->used += RECORD_HEADER + t->bytes;
    if (g->used > BUFFER - RECORD_HEADER - 2 * FRAME_MAX)
        flush(g);
}

static void put_background(struct generator *g, uint32_t second, uint32_t micros)
{
    uint64_t r = draw(g);
    uint32_t network = g->source[alias_draw(&g->sources, draw(g))];
    const struct template *t = &g->background[alias_draw(&g->templates, r)];
    /* Few hosts of a network ask: the resolvers. */
    uint32_t host = 1 + (network * UINT32_C(2654435761) >> 28) + ((uint32_t)(r >> 20) & 3) * 17;
    put_packet(g, t, network | host, second, micros, draw(g));
}

static void put_culprit(struct generator *g, const struct template *wave, uint32_t second,
                        uint32_t micros)
{
    static const uint8_t hosts[HOSTS] = {5, 37, 68, 100, 132, 163, 195};
    uint64_t r = draw(g);
    put_packet(g, &wave[r % TEMPLATES], 0xcff42e00 | hosts[(r >> 32) % HOSTS], second, micros,
               draw(g));
}

/* How many of a rate come in one second: Poisson, near enough a normal one. */
static unsigned draw_count(struct generator *g, double rate)
{
    double n = rate < 30 ? floor(rate + draw_unit(g)) : rate + sqrt(rate) * draw_normal(g);
    return n < 0 ? 0 : (unsigned)(n + 0.5);
}

static double background_at(struct generator *g, int at_s)
{
    double hour = at_s / 3600.0;
    g->drift = 0.999 * g->drift + 0.0009 * draw_normal(g);
    return background_qps * (1 + g->drift + wave_share * cos((hour - peak_h) * M_PI / 12));
}

static void put_second(struct generator *g, int at_s, double rate)
{
    unsigned all[3] = {draw_count(g, rate * background_at(g, at_s))};
    bool on = at_s >= WAVE1_S && at_s < END_S;
    all[1] = on ? draw_count(g, rate * wave1_qps) : 0;
    all[2] = on && at_s >= WAVE2_S ? draw_count(g, rate * wave2_qps) : 0;
    unsigned total = all[0] + all[1] + all[2];
    unsigned left[3] = {all[0], all[1], all[2]};
    for (unsigned i = 0; i < total; i++) {
        uint32_t micros = (uint32_t)(i * UINT64_C(1000000) / total);
        unsigned which = draw_below(g, total - i);
        if (which < left[0]) {
            left[0]--;
            put_background(g, (uint32_t)(START_S + at_s), micros);
        } else if (which < left[0] + left[1]) {
            left[1]--;
            put_culprit(g, g->wave1, (uint32_t)(START_S + at_s), micros);
        } else {
            left[2]--;
            put_culprit(g, g->wave2, (uint32_t)(START_S + at_s), micros);
        }
    }
}

static void free_all(struct generator *g)
{
    free(g->buffer);
    free(g->background);
    free(g->wave1);
    free(g->wave2);
    free(g->source);
    free(g->templates.other);
    free(g->templates.threshold);
    free(g->sources.other);
    free(g->sources.threshold);
}

static double number(const char *text, double least, double most, const char *what)
{
    char *end;
    double n = strtod(text, &end);
    if (*end == '\0' && end != text && n >= least && n <= most)
        return n;
    fprintf(stderr, "the_case: %s: \"%s\" is not a number from %g to %g\n", what, text, least,
            most);
    exit(2);
}

int main(int argc, char **argv)
{
    struct generator g = {.random = 20050118};
    double rate = 1;
    int from = 0;
    int to = DAYS * DAY_S;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--rate") == 0)
            rate = number(argv[i + 1], 0.0001, 100, argv[i]);
        else if (strcmp(argv[i], "--from") == 0)
            from = (int)number(argv[i + 1], 0, to, argv[i]);
        else if (strcmp(argv[i], "--to") == 0)
            to = (int)number(argv[i + 1], 0, DAYS * DAY_S, argv[i]);
        else
            argc = 0;
    }
    if (argc % 2 == 0) {
        fprintf(stderr, "usage: the_case [--rate FRACTION] [--from SECONDS] [--to SECONDS]\n");
        return 2;
    }
    g.buffer = allocate(BUFFER, 1);
    (void)fcntl(STDOUT_FILENO, F_SETPIPE_SZ, BUFFER); /* where it is a pipe */
    make_background(&g);
    make_waves(&g);
    make_sources(&g);
    put_header(&g);
    for (int at_s = from; at_s < to; at_s++)
        put_second(&g, at_s, rate);
    flush(&g);
    free_all(&g);
    return EXIT_SUCCESS;
}

/* SPDX-License-Identifier: MIT */
#include "analysis/source_union.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

/* The oracle: networks and addresses of a small range, each there or not. */
enum { NETWORKS = 700, ADDRESSES = 900, SETS = 9 };

struct oracle {
    bool ipv4[NETWORKS][256];
    bool ipv6[ADDRESSES];
};

struct stored {
    uint8_t *octets;
    size_t size;
};

static uint64_t random_state = 1;
static struct error err;

static uint32_t draw(uint32_t below)
{
    random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)(random_state >> 33) % below;
}

/* Near each other and far apart, the first and the last there are. */
static uint32_t network_of(unsigned n)
{
    return n < 300 ? n : n < NETWORKS - 1 ? n * n * 30 : (1 << 24) - 1;
}

static struct source6 address_of(unsigned n)
{
    struct source6 s = {{0}};
    if (n == ADDRESSES - 1) {
        memset(&s, 0xff, sizeof s);
        return s;
    }
    s.address[n % 16] = (uint8_t)(n / 16);
    s.address[15] |= (uint8_t)(n % 3);
    return s;
}

static bool is_new(const struct oracle *o, unsigned n)
{
    for (unsigned i = 0; i < ADDRESSES; i++) {
        struct source6 a = address_of(i);
        struct source6 b = address_of(n);
        if (o->ipv6[i] && memcmp(&a, &b, sizeof a) == 0)
            return false;
    }
    return true;
}

static void fill(struct oracle *o)
{
    memset(o, 0, sizeof *o);
    for (unsigned i = draw(NETWORKS); i > 0; i--) {
        unsigned n = draw(NETWORKS);
        unsigned hosts = draw(4) == 0 ? draw(257) : draw(4);
        for (unsigned h = 0; h < hosts; h++)
            o->ipv4[n][hosts == 256 ? h : draw(256)] = true;
    }
    for (unsigned i = draw(ADDRESSES); i > 0; i--) {
        unsigned n = draw(ADDRESSES);
        o->ipv6[n] = o->ipv6[n] || is_new(o, n);
    }
}

static struct source4 network(const struct oracle *o, unsigned n)
{
    struct source4 s = {.network = network_of(n)};
    for (unsigned h = 0; h < 256; h++)
        s.hosts[h / 64] |= (uint64_t)o->ipv4[n][h] << h % 64;
    return s;
}

static bool any_host(const struct source4 *s)
{
    return (s->hosts[0] | s->hosts[1] | s->hosts[2] | s->hosts[3]) != 0;
}

/* From the last to the first: the order is the encoder's to find. */
static struct stored encode(const struct oracle *o)
{
    struct source_list l = {.ipv4 = calloc(NETWORKS, sizeof *l.ipv4),
                            .ipv6 = calloc(ADDRESSES, sizeof *l.ipv6)};
    struct stored s;
    for (unsigned n = NETWORKS; n-- > 0;) {
        l.ipv4[l.ipv4s] = network(o, n);
        l.ipv4s += any_host(&l.ipv4[l.ipv4s]);
    }
    for (unsigned n = ADDRESSES; n-- > 0;)
        if (o->ipv6[n])
            l.ipv6[l.ipv6s++] = address_of(n);
    cr_assert(source_list_encode(&l, &s.octets, &s.size, &err), "%s", err.text);
    source_list_fini(&l);
    return s;
}

static struct source_reader *reader_of(const struct stored *s)
{
    struct source_reader *r = source_reader_open(source_set_memory, s->octets, s->size, &err);
    cr_assert_not_null(r, "%s", err.text);
    return r;
}

static bool is_sound(uint8_t *octets, size_t size)
{
    struct source_reader *r = source_reader_open(source_set_memory, octets, size, &err);
    bool good = r != NULL && source_reader_check(r, &err);
    source_reader_close(r);
    return good;
}

/* What comes out of a union, held against the oracles one by one. */
struct walk {
    const struct oracle *of;
    unsigned next4;
    unsigned ipv6s;
    struct source6 last;
    bool sorted;
};

static bool take(void *argument, const struct source4 *ipv4, const struct source6 *ipv6)
{
    struct walk *w = argument;
    if (ipv6 != NULL) {
        w->sorted &= w->ipv6s == 0 || memcmp(&w->last, ipv6, sizeof *ipv6) < 0;
        w->last = *ipv6;
        w->ipv6s++;
        bool known = false;
        for (unsigned n = 0; n < ADDRESSES; n++) {
            struct source6 a = address_of(n);
            known |= w->of->ipv6[n] && memcmp(&a, ipv6, sizeof a) == 0;
        }
        cr_assert(known);
        return true;
    }
    struct source4 want = network(w->of, w->next4);
    while (!any_host(&want))
        want = network(w->of, ++w->next4);
    cr_assert(eq(u32, ipv4->network, want.network));
    cr_assert(eq(int, memcmp(ipv4->hosts, want.hosts, sizeof want.hosts), 0));
    w->next4++;
    return true;
}

static unsigned count6(const struct oracle *o)
{
    unsigned sum = 0;
    for (unsigned n = 0; n < ADDRESSES; n++)
        sum += o->ipv6[n];
    return sum;
}

static void expect_union(const struct stored *stored, unsigned count, const struct oracle *all)
{
    struct source_reader *readers[SETS];
    struct walk w = {.of = all, .sorted = true};
    for (unsigned i = 0; i < count; i++)
        readers[i] = reader_of(&stored[i]);
    cr_assert(source_union(readers, count, take, &w, &err), "%s", err.text);
    for (unsigned n = w.next4; n < NETWORKS; n++) {
        struct source4 left = network(all, n);
        cr_assert_not(any_host(&left));
    }
    cr_expect(w.sorted);
    cr_expect(eq(u32, w.ipv6s, count6(all)));
    for (unsigned i = 0; i < count; i++)
        source_reader_close(readers[i]);
}

static void unite(struct oracle *all, const struct oracle *o)
{
    for (unsigned n = 0; n < NETWORKS; n++)
        for (unsigned h = 0; h < 256; h++)
            all->ipv4[n][h] |= o->ipv4[n][h];
    for (unsigned n = 0; n < ADDRESSES; n++)
        all->ipv6[n] = all->ipv6[n] || (o->ipv6[n] && is_new(all, n));
}

Test(source_set, is_read_as_it_was_written)
{
    static struct oracle o;
    for (unsigned round = 0; round < 40; round++) {
        fill(&o);
        struct stored s = encode(&o);
        expect_union(&s, 1, &o);
        free(s.octets);
    }
}

Test(source_set, of_nothing_is_a_set)
{
    static struct oracle o;
    struct stored s = encode(&o);
    cr_expect(eq(sz, s.size, 17));
    cr_expect(is_sound(s.octets, s.size), "%s", err.text);
    expect_union(&s, 1, &o);
    expect_union(&s, 0, &o);
    free(s.octets);
}

Test(source_set, united_have_each_source_once)
{
    static struct oracle o;
    static struct oracle all;
    for (unsigned round = 0; round < 20; round++) {
        struct stored s[SETS];
        unsigned count = 1 + draw(SETS);
        memset(&all, 0, sizeof all);
        for (unsigned i = 0; i < count; i++) {
            fill(&o);
            unite(&all, &o);
            s[i] = encode(&o);
        }
        expect_union(s, count, &all);
        for (unsigned i = 0; i < count; i++)
            free(s[i].octets);
    }
}

/* 256 neighbours take two octets and a bitmap; each host alone four. */
Test(source_set, is_small)
{
    static struct oracle o;
    memset(o.ipv4[5], true, sizeof o.ipv4[5]);
    struct stored full = encode(&o);
    cr_expect(eq(sz, full.size, 17 + 2 + 32));
    memset(&o, 0, sizeof o);
    for (unsigned n = 0; n < 100; n++)
        o.ipv4[n][n] = true;
    struct stored spread = encode(&o);
    cr_expect(eq(sz, spread.size, 17 + 3 * 100));
    free(full.octets);
    free(spread.octets);
}

/* Longer than a reader's buffer, so that both its edges come to lie everywhere. */
static struct stored long_set(void)
{
    struct source_list l = {.ipv4 = calloc(20000, sizeof *l.ipv4),
                            .ipv6 = calloc(5000, sizeof *l.ipv6)};
    struct stored s;
    for (uint32_t n = 0; n < 20000; n++)
        l.ipv4[l.ipv4s++] = (struct source4){n * 800, {n | 1, n % 7 == 0 ? UINT64_MAX : 0}};
    for (uint32_t n = 0; n < 5000; n++) {
        memcpy(&l.ipv6[n], &n, sizeof n);
        l.ipv6[l.ipv6s++].address[15] = (uint8_t)n;
    }
    cr_assert(source_list_encode(&l, &s.octets, &s.size, &err), "%s", err.text);
    source_list_fini(&l);
    return s;
}

Test(source_set, longer_than_a_buffer_is_read_whole)
{
    struct stored s = long_set();
    struct source_reader *r = reader_of(&s);
    struct source4 ipv4;
    struct source6 ipv6;
    enum source_read read;
    uint32_t n = 0;
    cr_expect(gt(sz, s.size, 3 * 32768));
    while ((read = source_reader_next(r, &ipv4, &ipv6, &err)) == SOURCE_READ_IPV4) {
        cr_assert(eq(u32, ipv4.network, n * 800));
        cr_assert(eq(u64, ipv4.hosts[0], n | 1));
        n++;
    }
    cr_assert(eq(u32, n, 20000));
    for (n = 0; read == SOURCE_READ_IPV6; n++)
        read = source_reader_next(r, &ipv4, &ipv6, &err);
    cr_expect(eq(u32, n, 5000));
    cr_expect(eq(int, read, SOURCE_READ_END), "%s", err.text);
    source_reader_close(r);
    free(s.octets);
}

/* The copy ends where the set does, so that a sanitizer sees a step too far. */
static struct stored copy(const struct stored *s, size_t size)
{
    struct stored c = {malloc(size + (size == 0)), size};
    memcpy(c.octets, s->octets, size < s->size ? size : s->size);
    return c;
}

Test(source_set, cut_off_anywhere_is_refused)
{
    static struct oracle o;
    fill(&o);
    struct stored s = encode(&o);
    cr_assert(is_sound(s.octets, s.size));
    for (size_t size = 0; size < s.size; size++) {
        struct stored c = copy(&s, size);
        cr_assert_not(is_sound(c.octets, c.size), "%zu of %zu octets", size, s.size);
        cr_assert(eq(str, err.text, "a set of sources is not as it was written"));
        free(c.octets);
    }
    struct stored more = copy(&s, s.size + 1);
    cr_expect_not(is_sound(more.octets, more.size));
    free(more.octets);
    free(s.octets);
}

Test(source_set, with_any_bit_turned_is_refused)
{
    static struct oracle o;
    do
        fill(&o);
    while (count6(&o) < 20);
    struct stored s = encode(&o);
    for (size_t bit = 0; bit < 8 * s.size; bit++) {
        s.octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_assert_not(is_sound(s.octets, s.size), "bit %zu of %zu", bit, 8 * s.size);
        s.octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    cr_expect(is_sound(s.octets, s.size));
    free(s.octets);
}

static bool break_off(void *set, size_t at, uint8_t *to, size_t size, struct error *e)
{
    return at < 32768 ? source_set_memory(set, at, to, size, e)
                      : error_set(e, "the disk is broken");
}

Test(source_set, tells_of_what_it_cannot_get)
{
    struct stored s = long_set();
    struct source_reader *r = source_reader_open(break_off, s.octets, s.size, &err);
    cr_expect_not(source_reader_check(r, &err));
    cr_expect(eq(str, err.text, "the disk is broken"));
    source_reader_close(r);
    free(s.octets);
}

static bool count_all(void *argument, const struct source4 *ipv4, const struct source6 *ipv6)
{
    (void)ipv4;
    (void)ipv6;
    ++*(unsigned *)argument;
    return true;
}

Test(source_set, damaged_spoils_a_union)
{
    static struct oracle o;
    fill(&o);
    unsigned counted = 0;
    struct stored good = encode(&o);
    struct stored bad = encode(&o);
    bad.octets[bad.size - 1] ^= 1;
    struct source_reader *readers[] = {reader_of(&good), reader_of(&bad)};
    cr_expect_not(source_union(readers, 2, count_all, &counted, &err));
    cr_expect(eq(str, err.text, "a set of sources is not as it was written"));
    source_reader_close(readers[0]);
    source_reader_close(readers[1]);
    free(good.octets);
    free(bad.octets);
}

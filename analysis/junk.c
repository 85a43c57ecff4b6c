/* SPDX-License-Identifier: MIT */
#include "analysis/junk.h"

#include "analysis/junk_level.h"
#include "analysis/region.h"
#include "capture/dns.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    PLACES = 4, /* in half a line of memory */
    ID_BITS = 16,
    TIME_BITS = 20, /* seconds: twelve days */
    TAG_SHIFT = ID_BITS + TIME_BITS,
    DISORDER_S = 120,  /* later queries may come earlier by so much */
    SWEEP_S = 1 << 16, /* once through the table, which is within JUNK_MEMORY_S */
    WORD_BITS = 64,    /* a bit for each octet of a short name */
    NS_PER_S = 1000000000,

    CLASS_IN = 1,
    CLASS_CH = 3,
    CLASS_HS = 4,
    CLASS_NONE = 254, /* RFC 2136 */
    CLASS_ANY = 255,
    TYPE_A = 1,
    TYPE_PTR = 12,
    TYPE_DS = 43,
};

#define TIME_MASK ((UINT64_C(1) << TIME_BITS) - 1)
#define TAG_MASK  ((UINT64_C(1) << (64 - TAG_SHIFT)) - 1)

typedef _Atomic uint64_t place; /* 0: free; tag, time, ID from the highest bits down */

struct set {
    place place[PLACES]; /* the latest first, free ones last */
};

struct junk {
    const struct tlds *tlds;
    struct set *sets;
    uint64_t count, mask; /* of them: a power of two; one less */
    uint64_t seed[4];
    uint32_t cut;
    _Atomic int64_t latest_s; /* latest second met; 0: none */
    struct junk_level level;
};

_Static_assert(sizeof(struct set) == 32, "set: never in two lines of the cache");
_Static_assert(JUNK_MEMORY_S < 1 << JUNK_AGES, "ages are of one of the powers of two");
_Static_assert(JUNK_MEMORY_S + SWEEP_S + DISORDER_S < 1 << TIME_BITS, "ages can be told");

struct junk *junk_create(const struct junk_settings *settings, struct error *err)
{
    struct junk *j = calloc(1, sizeof *j);
    if (j == NULL)
        goto no_memory;
    j->tlds = settings->tlds;
    j->cut = settings->cut;
    j->count = (UINT64_C(1) << 20) / sizeof *j->sets;
    while (j->count * 2 * sizeof *j->sets <= (uint64_t)settings->memory_mib << 20)
        j->count *= 2;
    j->mask = j->count - 1;
    j->sets = region_reserve(j->count * sizeof *j->sets, true);
    if (j->sets == NULL)
        goto no_memory;
    if (getrandom(j->seed, sizeof j->seed, 0) == sizeof j->seed)
        return j;
    error_errno(err, "seeding a memory of questions");
    junk_free(j);
    return NULL;

no_memory:
    junk_free(j);
    error_set(err, "no memory to remember questions in: %u MiB", settings->memory_mib);
    return NULL;
}

void junk_free(struct junk *j)
{
    if (j == NULL)
        return;
    region_release(j->sets, j->count * sizeof *j->sets);
    free(j);
}

void junk_set_tlds(struct junk *j, const struct tlds *tlds)
{
    j->tlds = tlds;
}

/* ---- By the name ----------------------------------------------------------------------- */

/* Where a name's labels stand, counted from its beginning. */
struct shape {
    unsigned labels;
    unsigned last, next; /* the last label's length, and that of the one before it; 0: none */
    uint64_t lengths;    /* bits of the octets that are lengths, in a name that is not long */
};

static inline struct shape shape_of(const uint8_t *name, unsigned bytes)
{
    struct shape s = {0};
    unsigned at = 0;
    while (at < bytes && name[at] != 0) {
        s.lengths |= UINT64_C(1) << (at & 63);
        s.next = s.last;
        s.last = at;
        s.labels++;
        at += name[at] + 1U;
    }
    s.lengths |= UINT64_C(1) << (at & 63);
    return s;
}

/* A bit for each octet that is all ones; the others are zero. */
static inline uint64_t bits_of(dns_octets v)
{
#ifdef __SSE2__
    typedef char octets __attribute__((vector_size(16)));
    return (uint16_t)__builtin_ia32_pmovmskb128((octets)v);
#else
    uint64_t half[2], bits[2];
    memcpy(half, &v, sizeof half);
    for (unsigned i = 0; i < 2; i++)
        bits[i] = (le64toh(half[i]) & UINT64_C(0x0101010101010101)) *
                          UINT64_C(0x0102040810204080) >>
                  56;
    return bits[0] | bits[1] << 8;
#endif
}

static inline enum junk_class class_of_octet(uint8_t c)
{
    if (c == '_')
        return JUNK_UNDERSCORE;
    bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    return plain ? JUNK_UNDECIDED : JUNK_NON_PRINTABLE;
}

static enum junk_class class_of_octets(const uint8_t *name)
{
    enum junk_class worst = JUNK_UNDECIDED;
    for (; *name != 0; name += *name + 1)
        for (unsigned i = 1; i <= *name; i++) {
            enum junk_class c = class_of_octet(name[i]);
            worst = c < worst ? c : worst;
        }
    return worst;
}

/*
 * Whether up to 64 octets of a name are letters, digits and hyphens, beside lengths.  Behind
 * every name of a batch whole vectors can be read (MESSAGE_NAMES_BYTES).
 */
static inline bool is_plain_piece(const uint8_t *piece, unsigned bytes, uint64_t lengths)
{
    uint64_t odd = 0;
    for (unsigned at = 0; at < bytes; at += sizeof(dns_octets)) {
        dns_octets v;
        memcpy(&v, piece + at, sizeof v);
        dns_octets plain = (dns_octets)((dns_octets)(v - 'a') < 26) |
                           (dns_octets)((dns_octets)(v - '0') < 10) | (dns_octets)(v == '-');
        odd |= bits_of(~plain) << at;
    }
    return (odd & ~lengths & UINT64_MAX >> (WORD_BITS - bytes)) == 0;
}

/* Every name of ip6.arpa is long. */
static __attribute__((noinline)) bool is_plain_long(const uint8_t *name, unsigned bytes)
{
    uint64_t lengths[MESSAGE_NAME_BYTES_MAX / WORD_BITS + 1] = {0};
    for (unsigned at = 0; at < bytes; at += name[at] + 1U)
        lengths[at / WORD_BITS] |= UINT64_C(1) << at % WORD_BITS;
    bool plain = true;
    for (unsigned at = 0; at < bytes && plain; at += WORD_BITS) {
        unsigned rest = bytes - at < WORD_BITS ? bytes - at : WORD_BITS;
        plain = is_plain_piece(name + at, rest, lengths[at / WORD_BITS]);
    }
    return plain;
}

static inline bool is_plain(const uint8_t *name, unsigned bytes, const struct shape *s)
{
    return bytes > WORD_BITS ? is_plain_long(name, bytes)
                             : is_plain_piece(name, bytes, s->lengths);
}

/* The number that a label is in decimal; above 255: it is none of an address. */
static unsigned number_of(const uint8_t *label)
{
    unsigned n = 0;
    if (*label == 0 || *label > 3)
        return 256;
    for (unsigned i = 1; i <= *label; i++) {
        if (label[i] < '0' || label[i] > '9')
            return 256;
        n = 10 * n + label[i] - '0';
    }
    return n;
}

static bool is_address(const uint8_t *name, const struct shape *s)
{
    if (s->labels != 4)
        return false;
    for (; *name != 0; name += *name + 1)
        if (number_of(name) > 255)
            return false;
    return true;
}

/* In the reverse tree of RFC 1918 section 3, zones themselves included. */
static bool is_private(const uint8_t *name, const struct shape *s)
{
    static const uint8_t tree[] = "\7in-addr\4arpa";
    if (s->labels < 3 || memcmp(name + s->next, tree, sizeof tree) != 0)
        return false;
    unsigned first = 256, second = 256; /* octets of the address: the last labels before it */
    for (; name[0] != 7 || memcmp(name, tree, sizeof tree) != 0; name += *name + 1) {
        second = first;
        first = number_of(name);
    }
    return first == 10 || (first == 172 && second >= 16 && second <= 31) ||
           (first == 192 && second == 168);
}

static bool is_used(uint16_t qclass)
{
    return qclass == CLASS_IN || qclass == CLASS_CH || qclass == CLASS_HS ||
           qclass == CLASS_NONE || qclass == CLASS_ANY;
}

/* By the name alone; *tld: the last label's key, where it is a top-level domain, else 0. */
static inline enum junk_class class_of(const struct junk *j, const struct message *m,
                                       const uint8_t *name, const struct shape *s,
                                       uint64_t *tld)
{
    bool internet = m->qclass != CLASS_CH && m->qclass != CLASS_HS;
    *tld = 0;
    if (!is_used(m->qclass))
        return JUNK_UNUSED_CLASS;
    if (m->qtype == TYPE_A && is_address(name, s))
        return JUNK_A_FOR_A;
    if (s->labels > 0 && internet) {
        uint64_t key = tlds_key(j->tlds, name + s->last);
        if (!tlds_has(j->tlds, key))
            return JUNK_INVALID_TLD;
        *tld = key;
    }
    enum junk_class c =
            is_plain(name, m->name_bytes, s) ? JUNK_UNDECIDED : class_of_octets(name);
    if (c == JUNK_UNDECIDED && m->qtype == TYPE_PTR && is_private(name, s))
        return JUNK_PRIVATE_PTR;
    return c;
}

/* ---- Keys ------------------------------------------------------------------------------ */

/* Both halves of a product, each of whose bits depends on all of both; the seeds are secret. */
static inline uint64_t fold(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t source_of(const struct junk *j, const struct message *m)
{
    uint64_t half[2];
    memcpy(half, m->client, sizeof half);
    return fold(half[0] ^ j->seed[0], half[1] ^ j->seed[1]);
}

/* The zone that the question is referred to, with its source; 0: none (or once in 2^64). */
static inline uint64_t referral_of(const struct junk *j, const struct message *m,
                                   const uint8_t *name, const struct shape *s, uint64_t source,
                                   uint64_t tld)
{
    if (tld == 0 || s->labels < j->cut || (s->labels == j->cut && m->qtype == TYPE_DS))
        return 0;
    uint64_t zone = tld;
    if (j->cut > 1)
        zone = XXH3_64bits_withSeed(name + s->next, m->name_bytes - s->next, j->seed[0]);
    return fold(zone ^ source, j->seed[3]);
}

static inline uint64_t question_of(const struct junk *j, const struct message *m,
                                   uint64_t source, uint64_t name_hash)
{
    uint64_t type = (uint64_t)m->qclass << 16 | m->qtype;
    return fold(name_hash ^ source, type ^ j->seed[2]);
}

static inline struct set *set_of(const struct junk *j, uint64_t key)
{
    return &j->sets[key >> 32 & (j->mask)];
}

static int64_t second_of(const struct message *m)
{
    return m->time_ns / NS_PER_S;
}

/* ---- The memory ------------------------------------------------------------------------ */

static uint64_t load(const place *p)
{
    return atomic_load_explicit(p, memory_order_relaxed);
}

static void store(place *p, uint64_t value)
{
    atomic_store_explicit(p, value, memory_order_relaxed);
}

static uint64_t age_of(uint64_t value, uint64_t now_s)
{
    uint64_t age = (now_s - (value >> ID_BITS)) & TIME_MASK;
    return age > TIME_MASK - DISORDER_S ? 0 : age;
}

/* What a batch has changed in the memory. */
struct changes {
    uint32_t age[1 + JUNK_AGES]; /* of what was forgotten, its number; first: what was not */
    uint64_t taken[2];           /* places: by what is always kept, by what is sampled */
};

enum { ALWAYS, SAMPLED };

static inline uint64_t all_ones(bool yes)
{
    return -(uint64_t)yes;
}

static inline uint64_t pick(uint64_t mask, uint64_t yes, uint64_t no)
{
    return no ^ ((no ^ yes) & mask);
}

/*
 * What was remembered under `key`, and is replaced; 0: nothing.  It moves to the front, and
 * the others back, the last one out of the set where the key's own was not in it.  Nobody can
 * guess which of these happens, so masks take the place of branches, which would have to be
 * taken before memory has answered.
 */
static inline uint64_t remember(struct junk *j, uint64_t key, uint64_t now_s, uint16_t id,
                                unsigned by, struct changes *c)
{
    place *p = set_of(j, key)->place;
    uint64_t tag = (key & TAG_MASK) + ((key & TAG_MASK) == 0);
    uint64_t v0 = load(&p[0]), v1 = load(&p[1]), v2 = load(&p[2]), v3 = load(&p[3]);
    uint64_t upto0 = all_ones(v0 >> TAG_SHIFT == tag);
    uint64_t upto1 = all_ones(v1 >> TAG_SHIFT == tag) | upto0;
    uint64_t upto2 = all_ones(v2 >> TAG_SHIFT == tag) | upto1;
    uint64_t known = all_ones(v3 >> TAG_SHIFT == tag) | upto2;
    uint64_t n1 = pick(upto0, v1, v0), n2 = pick(upto1, v2, v1), n3 = pick(upto2, v3, v2);
    uint64_t out = v0 ^ v1 ^ v2 ^ v3 ^ n1 ^ n2 ^ n3; /* the one that is not in it any more */
    store(&p[0], tag << TAG_SHIFT | (now_s & TIME_MASK) << ID_BITS | id);
    store(&p[1], n1);
    store(&p[2], n2);
    store(&p[3], n3);

    uint64_t age = (now_s + DISORDER_S - (out >> ID_BITS)) & TIME_MASK;
    uint64_t lives = all_ones((out != 0) & (age <= JUNK_MEMORY_S + DISORDER_S));
    uint64_t lost = lives & ~known;
    uint64_t since = age - DISORDER_S; /* below zero: it came early */
    since &= ~(uint64_t)((int64_t)since >> 63);
    c->age[(64U - (unsigned)__builtin_clzll(since | 1)) & (unsigned)lost]++;
    c->taken[by] += ~known & 1;
    return out & known & lives;
}

/* What is too old to be told from new goes, and the others move up. */
static void clean(struct set *s, int64_t from_s, int64_t to_s)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < PLACES; i++) {
        uint64_t value = load(&s->place[i]);
        bool old =
                age_of(value, (uint64_t)to_s) > JUNK_MEMORY_S || to_s - from_s > JUNK_MEMORY_S;
        if (value != 0 && !old)
            store(&s->place[kept++], value);
    }
    while (kept < PLACES)
        store(&s->place[kept++], 0);
}

/* The sets whose turn it is between two seconds. */
static void sweep(struct junk *j, int64_t from_s, int64_t to_s)
{
    uint64_t from = (uint64_t)from_s * j->count / SWEEP_S;
    uint64_t to = (uint64_t)to_s * j->count / SWEEP_S;
    if (to_s - from_s >= SWEEP_S)
        from = to - j->count;
    for (uint64_t at = from; at < to; at++)
        clean(&j->sets[at & (j->mask)], from_s, to_s);
}

/* For whichever thread meets a second first. */
static void pass_time(struct junk *j, const struct message_batch *batch)
{
    int64_t now_s = second_of(&batch->message[batch->count - 1]);
    int64_t latest_s = atomic_load_explicit(&j->latest_s, memory_order_relaxed);
    if (now_s <= latest_s ||
        !atomic_compare_exchange_strong_explicit(&j->latest_s, &latest_s, now_s,
                                                 memory_order_relaxed, memory_order_relaxed) ||
        latest_s == 0)
        return;
    sweep(j, latest_s, now_s);
    junk_level_pass(&j->level, j->count * PLACES, latest_s, now_s);
}

/* ---- The steps ------------------------------------------------------------------------- */

/* Keys begin with bits that nothing else is made of, for tables of any size. */
static bool in_sample(uint64_t question, unsigned level)
{
    return question <= UINT64_MAX >> level;
}

_Static_assert(JUNK_LEVEL_MAX <= 64 - 32 - 27, "4096 MiB have 2^27 sets");

void junk_seek(struct junk *j, const struct message_batch *batch,
               const uint64_t name_hash[static MESSAGE_BATCH_MAX], struct junk_batch *b)
{
    pass_time(j, batch);
    b->kept = junk_level_kept(&j->level);
    b->counted = junk_level_counted(&j->level);
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct message *m = &batch->message[i];
        b->kind[i] = JUNK_NONE;
        if ((m->flags & MESSAGE_RESPONSE) != 0 || m->name_bytes == 0)
            continue;
        const uint8_t *name = &batch->names[m->name_at];
        const struct shape s = shape_of(name, m->name_bytes);
        uint64_t tld;
        b->kind[i] = (uint8_t)class_of(j, m, name, &s, &tld);
        if (b->kind[i] != JUNK_UNDECIDED)
            continue;
        uint64_t source = source_of(j, m);
        b->question[i] = question_of(j, m, source, name_hash[i]);
        b->referral[i] = referral_of(j, m, name, &s, source, tld);
        if (b->referral[i] != 0)
            __builtin_prefetch(set_of(j, b->referral[i]), 1);
        if (b->referral[i] == 0 || in_sample(b->question[i], b->kept))
            __builtin_prefetch(set_of(j, b->question[i]), 1);
    }
}

static inline uint8_t kind_of(struct junk *j, const struct message *m,
                              const struct junk_batch *b, uint32_t i, struct changes *c)
{
    uint64_t now_s = (uint64_t)second_of(m);
    uint64_t question = b->question[i];
    bool apart = b->referral[i] == 0 || b->apart[i];
    uint64_t referred = 0, before = 0;
    if (b->referral[i] != 0)
        referred = remember(j, b->referral[i], now_s, 0, ALWAYS, c);
    if (apart || in_sample(question, b->kept))
        before = remember(j, question, now_s, m->id, apart ? ALWAYS : SAMPLED, c);

    /* Without branches, too: the classes stand in this order. */
    bool asked = before != 0;
    bool same = asked & ((uint16_t)before == m->id);
    bool is_junk = (referred | before) != 0;
    unsigned class = JUNK_LEGITIMATE - (unsigned)is_junk - (unsigned)asked - (unsigned)same;
    if (apart || b->counted == 0)
        return (uint8_t) class;
    unsigned kind = in_sample(question, b->counted) ? JUNK_SAMPLED + class - JUNK_IDENTICAL
                                                    : JUNK_UNSPLIT;
    return (uint8_t)pick(all_ones(is_junk), kind, JUNK_LEGITIMATE);
}

_Static_assert(JUNK_REFERRAL == JUNK_LEGITIMATE - 1 && JUNK_REPEATED == JUNK_REFERRAL - 1 &&
                       JUNK_IDENTICAL == JUNK_REPEATED - 1,
               "each stands before what is known of less");

static void take_counts(struct junk_counts *counts, const uint32_t n[static JUNK_KINDS],
                        unsigned level, const struct changes *c)
{
    for (uint8_t kind = 0; kind < JUNK_KINDS; kind++)
        junk_count(counts, kind, level, n[kind]);
    for (unsigned i = 0; i < JUNK_AGES; i++) {
        uint64_t youngest_s = UINT64_C(1) << i;
        if (c->age[1 + i] == 0)
            continue;
        counts->forgotten += c->age[1 + i];
        counts->age[i] += c->age[1 + i];
        if (counts->youngest_s == 0 || youngest_s < counts->youngest_s)
            counts->youngest_s = youngest_s;
    }
}

void junk_recall(struct junk *j, const struct message_batch *batch, struct junk_batch *b,
                 struct junk_counts *counts)
{
    uint32_t n[JUNK_NONE + 1] = {0};
    struct changes c = {.taken = {0}};
    for (uint32_t i = 0; i < batch->count; i++) {
        if (b->kind[i] == JUNK_UNDECIDED)
            b->kind[i] = kind_of(j, &batch->message[i], b, i, &c);
        n[b->kind[i]]++;
    }
    take_counts(counts, n, b->counted, &c);
    junk_level_add(&j->level, c.taken[ALWAYS], c.taken[SAMPLED]);
}

/* SPDX-License-Identifier: MIT */
#include "analysis/counters.h"

#include "analysis/junk.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    WATCH_NAME_BUCKETS = 64,
    TLD_BUCKETS = 1024,
    OPCODE_QUERY = 0,
    CLASS_INTERNET = 1,
    CLASS_NUMBERS = 65536,
};

static bool create_watches(struct watch *w, unsigned count, uint64_t seed, struct error *err)
{
    for (unsigned i = 0; i < count; i++) {
        w[i].names = names_create(WATCH_NAME_BUCKETS, false, seed, err);
        if (w[i].names == NULL)
            return false;
    }
    return true;
}

static bool create_names(struct counters *c, const struct counters_size *size,
                         struct error *err)
{
    c->names = names_create(size->name_buckets, size->evict_names, size->seed, err);
    c->zones = zones_create(size->name_buckets * NAMES_PER_BUCKET, err);
    c->tlds = names_create(TLD_BUCKETS, true, size->seed, err);
    return c->names != NULL && c->zones != NULL && c->tlds != NULL;
}

struct counters *counters_create(const struct counters_size *size, struct error *err)
{
    struct counters *c = calloc(1, sizeof *c);
    if (c == NULL || !tally_init(&c->qtype, CLASS_NUMBERS) ||
        !tally_init(&c->qclass, CLASS_NUMBERS) || !tally_init(&c->rcode, COUNTERS_RCODES)) {
        error_set(err, "no memory for counters");
        goto fail;
    }
    c->seed = size->seed;
    c->judge = size->judge;
    if (size->keep_frames && !keep_init(&c->keep, err))
        goto fail;
    if (size->sources6 > 0 &&
        (c->sources6 = address_set_create(size->sources6, size->seed, err)) == NULL)
        goto fail;
    c->prefixes = prefix_counts_create(size->prefix_records, size->way, err);
    if (c->prefixes == NULL || (size->name_buckets > 0 && !create_names(c, size, err)))
        goto fail;
    if (create_watches(c->watch, COUNTERS_WATCHED, size->seed, err) &&
        create_watches(c->name_watch, COUNTERS_NAMES_WATCHED, size->seed, err))
        return c;

fail:
    counters_free(c);
    return NULL;
}

void counters_free(struct counters *c)
{
    if (c == NULL)
        return;
    tally_fini(&c->qtype);
    tally_fini(&c->qclass);
    tally_fini(&c->rcode);
    prefix_counts_free(c->prefixes);
    names_free(c->names);
    zones_free(c->zones);
    names_free(c->tlds);
    keep_fini(&c->keep);
    address_set_free(c->sources6);
    for (unsigned i = 0; i < COUNTERS_WATCHED; i++)
        names_free(c->watch[i].names);
    for (unsigned i = 0; i < COUNTERS_NAMES_WATCHED; i++)
        names_free(c->name_watch[i].names);
    free(c);
}

static inline unsigned protocol(const struct message *m)
{
    return (m->flags & MESSAGE_TCP) != 0;
}

static inline void add_size(uint64_t *bins, unsigned count, const struct message *m)
{
    unsigned bin = m->dns_bytes / COUNTERS_SIZE_STEP;
    bins[bin < count ? bin : count - 1]++;
}

/* The flags of a batch's messages added up, an octet each: a batch has fewer than 256. */
struct flag_sums {
    uint64_t direction; /* by direction, transport and family: the flags' lowest three bits */
    uint64_t of[2];     /* the seven flags from EDNS to MALFORMED, of queries, of responses */
};

_Static_assert(MESSAGE_BATCH_MAX < 256, "a flag's sum fits in an octet");
_Static_assert(MESSAGE_RESPONSE == 1 && MESSAGE_TCP == 2 && MESSAGE_IPV6 == 4 &&
                       MESSAGE_EDNS == 8 && MESSAGE_MALFORMED == 8 << 6,
               "the order that flag_sums rests on");

/* Seven bits, each to the lowest of an octet. */
static inline uint64_t spread(uint64_t bits)
{
    return (bits & 0x7f) * UINT64_C(0x0002040810204081) & UINT64_C(0x0101010101010101);
}

static inline void sum_flags(struct flag_sums *s, uint16_t flags)
{
    uint64_t is_response = -(uint64_t)(flags & MESSAGE_RESPONSE);
    uint64_t octets = spread(flags >> 3);
    s->direction += UINT64_C(1) << 8 * (flags & 7);
    s->of[0] += octets & ~is_response;
    s->of[1] += octets & is_response;
}

static uint64_t sum_of(uint64_t sums, unsigned flag)
{
    return sums >> 8 * (unsigned)(__builtin_ctz(flag) - 3) & 0xff;
}

static void take_sums(struct counters *c, const struct flag_sums *s)
{
    uint64_t queries = 0;
    uint64_t responses = 0;
    for (unsigned t = 0; t < TRANSPORTS; t++) {
        /* TRANSPORT_ counts UDP and TCP by two, the flags have TCP below IPv6. */
        unsigned flags = (t & 2) | (t & 1) << 2;
        uint64_t asked = s->direction >> 8 * flags & 0xff;
        uint64_t answered = s->direction >> 8 * (flags | MESSAGE_RESPONSE) & 0xff;
        c->queries_by[t] += asked;
        c->responses_by[t] += answered;
        queries += asked;
        responses += answered;
    }
    c->queries += queries;
    c->responses += responses;
    c->malformed += sum_of(s->of[0] + s->of[1], MESSAGE_MALFORMED);
    c->unreadable += queries - sum_of(s->of[0], MESSAGE_QUESTION);
    c->recursion_desired += sum_of(s->of[0], MESSAGE_RD);
    c->edns += sum_of(s->of[0], MESSAGE_EDNS);
    c->dnssec_ok += sum_of(s->of[0], MESSAGE_DO);
    c->truncated += sum_of(s->of[1], MESSAGE_TC);
    c->authoritative += sum_of(s->of[1], MESSAGE_AA);
}

static inline void add_response(struct counters *c, const struct message *m)
{
    add_size(c->response_sizes[protocol(m)], COUNTERS_RESPONSE_BINS, m);
    tally_add(&c->rcode, m->rcode, 1);
}

/* IPv6 sources of a batch, which go into the set once memory has answered. */
struct sources6 {
    uint32_t count;
    const uint8_t *address[MESSAGE_BATCH_MAX];
    uint64_t hash[MESSAGE_BATCH_MAX];
};

static void add_ipv6_source(struct counters *c, const struct message *m, struct sources6 *s)
{
    uint64_t hash = XXH3_64bits_withSeed(m->client, 16, c->seed);
    distinct_add(&c->addresses6, hash);
    distinct_add(&c->networks6, XXH3_64bits_withSeed(m->client, 8, c->seed));
    if (c->sources6 == NULL)
        return;
    address_set_expect(c->sources6, hash);
    s->address[s->count] = m->client;
    s->hash[s->count++] = hash;
}

/* Opcode and class are the common ones as good as always: those are added up by batch. */
static inline void add_query(struct counters *c, const struct message *m, uint32_t *internet,
                             struct sources6 *sources6)
{
    add_size(c->query_sizes[protocol(m)], COUNTERS_QUERY_BINS, m);
    if (m->opcode != OPCODE_QUERY) {
        c->opcode[m->opcode % COUNTERS_OPCODES]++;
        c->opcode[OPCODE_QUERY]--;
    }
    if (m->flags & MESSAGE_QUESTION) {
        tally_add(&c->qtype, m->qtype, 1);
        if (m->qclass == CLASS_INTERNET)
            (*internet)++;
        else
            tally_add(&c->qclass, m->qclass, 1);
    }
    if (m->flags & MESSAGE_IPV6)
        add_ipv6_source(c, m, sources6);
}

static void add_numbers(struct counters *c, const struct message_batch *batch, int64_t start_ns)
{
    struct flag_sums sums = {0};
    uint32_t internet = 0;
    uint32_t cut = 0, late = 0;
    uint64_t before = c->queries;
    struct sources6 sources6;
    sources6.count = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct message *m = &batch->message[i];
        sum_flags(&sums, m->flags);
        cut += (m->flags & MESSAGE_CUT) != 0;
        late += m->time_ns < start_ns;
        if (m->flags & MESSAGE_RESPONSE)
            add_response(c, m);
        else
            add_query(c, m, &internet, &sources6);
    }
    for (uint32_t i = 0; i < sources6.count; i++)
        address_set_add(c->sources6, sources6.address[i], sources6.hash[i]);
    take_sums(c, &sums);
    c->cut += cut;
    c->late += late;
    c->opcode[OPCODE_QUERY] += c->queries - before;
    if (internet > 0)
        tally_add(&c->qclass, CLASS_INTERNET, internet);
}

static void add_question(struct watch *w, const uint8_t *name, const struct message *m,
                         const struct junk_batch *judged, uint32_t i)
{
    w->queries++;
    junk_count(&w->junk, judged->kind[i], judged->counted, 1);
    w->qtype[qtype_class(m->qtype)]++;
    if (m->name_bytes == 0)
        return; /* its type can be read, its name cannot */
    names_add(w->names, names_hash(w->names, name, m->name_bytes), name, m->name_bytes, 1);
}

static void add_watched(struct watch *w, const struct message_batch *batch,
                        const struct message *m, const struct junk_batch *judged, uint32_t i)
{
    unsigned host = prefix_host_bit(m->client, m->flags & MESSAGE_IPV6);
    if (w->host[host]++ == 0)
        memcpy(w->address[host], m->client, sizeof m->client);
    traits_add(&w->traits, m, host);
    if (m->flags & MESSAGE_QUESTION) {
        add_question(w, &batch->names[m->name_at], m, judged, i);
        return;
    }
    w->queries++;
    w->qtype[QTYPE_CLASS_OTHER]++;
}

/* An answer has no record: what is watched is few. */
static void add_answer(struct counters *c, const struct message *m, struct prefix to)
{
    for (unsigned i = 0; i < c->watched; i++)
        if (c->watch[i].subject.key == to.bits)
            traits_add(&c->watch[i].traits, m, 0);
}

static void add_network(struct watch *w, const struct message *m)
{
    struct prefix p = prefix_of_client(m->client, m->flags & MESSAGE_IPV6);
    uint64_t bit = XXH3_64bits(&p.bits, sizeof p.bits) % WATCH_NETWORK_BITS;
    w->network[bit / 64] |= UINT64_C(1) << bit % 64;
}

static void add_watched_names(struct counters *c, const struct message_batch *batch,
                              const struct message *m, const struct junk_batch *judged,
                              uint32_t i)
{
    const uint8_t *name = &batch->names[m->name_at];
    if ((m->flags & (MESSAGE_RESPONSE | MESSAGE_QUESTION)) != MESSAGE_QUESTION)
        return;
    for (unsigned n = 0; n < c->names_watched; n++) {
        struct watch *w = &c->name_watch[n];
        if (!subject_covers_name(&w->subject, name, m->name_bytes))
            continue;
        add_question(w, name, m, judged, i);
        add_network(w, m);
    }
}

/* Where nobody judges, no query is in a class, and none is junk. */
static void judge_none(struct junk_batch *judged, uint32_t count)
{
    memset(judged->kind, JUNK_NONE, count);
}

/* Of a watched prefix the reader wants to know what its junk is. */
static void tell_watched_apart(const struct counters *c, uint32_t count,
                               const struct prefix_home *home, struct junk_batch *judged)
{
    memset(judged->apart, 0, sizeof judged->apart);
    for (unsigned w = 0; w < c->watched; w++)
        for (uint32_t i = 0; i < count; i++)
            judged->apart[i] |= home[i].prefix.bits == c->watch[w].subject.key;
}

/* In this order, so that memory has time to answer: each step asks for what a later one uses.
 */
void counters_add(struct counters *c, const struct message_batch *batch, int64_t start_ns)
{
    struct prefix_home home[MESSAGE_BATCH_MAX];
    struct junk_batch judged;
    uint64_t hash[MESSAGE_BATCH_MAX];
    int32_t record[MESSAGE_BATCH_MAX];
    bool junk[MESSAGE_BATCH_MAX];
    if (batch->count == 0)
        return;
    prefix_counts_seek(c->prefixes, batch, home);
    names_seek(c->names, batch, hash);
    if (c->judge != NULL)
        junk_seek(c->judge, batch, hash, &judged);
    else
        judge_none(&judged, batch->count);
    prefix_counts_approach(c->prefixes, batch, home);
    names_count(c->names, batch, hash);
    add_numbers(c, batch, start_ns);
    if (c->judge != NULL) {
        tell_watched_apart(c, batch->count, home, &judged);
        junk_recall(c->judge, batch, &judged, &c->junk);
    }
    for (uint32_t i = 0; i < batch->count; i++)
        junk[i] = junk_is(judged.kind[i]);
    prefix_counts_add(c->prefixes, batch, home, junk, record);
    for (uint32_t i = 0; c->watched > 0 && i < batch->count; i++)
        if ((uint32_t)record[i] < c->watched)
            add_watched(&c->watch[record[i]], batch, &batch->message[i], &judged, i);
        else if (batch->message[i].flags & MESSAGE_RESPONSE)
            add_answer(c, &batch->message[i], home[i].prefix);
    for (uint32_t i = 0; c->names_watched > 0 && i < batch->count; i++)
        add_watched_names(c, batch, &batch->message[i], &judged, i);
}

static void merge_numbers(uint64_t *into, const uint64_t *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        into[i] += from[i];
}

void counters_find_zones(struct counters *c)
{
    uint32_t count;
    names_lose(c->tlds, names_lost(c->names));
    zones_take(c->zones, c->names);
    const struct zoned_name *n = zones_names(c->zones, &count);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *tld = zoned_name_tld(&n[i]);
        uint8_t bytes = n[i].tld_bytes;
        names_add(c->tlds, names_hash(c->tlds, tld, bytes), tld, bytes, n[i].queries);
    }
}

/* All plain numbers stand between the first and the first table. */
static const size_t numbers = offsetof(struct counters, qtype) / sizeof(uint64_t);

static bool has_ipv6(const struct counters *c)
{
    return c->queries_by[TRANSPORT_UDP6] + c->queries_by[TRANSPORT_TCP6] > 0;
}

void counters_merge(struct counters *into, const struct counters *from,
                    struct prefix_counts *spill)
{
    static const struct source_counts nothing;
    merge_numbers(&into->queries, &from->queries, numbers);
    tally_merge(&into->qtype, &from->qtype);
    tally_merge(&into->qclass, &from->qclass);
    tally_merge(&into->rcode, &from->rcode);
    if (from->prefixes != NULL)
        prefix_counts_merge(into->prefixes, from->prefixes, spill);
    if (into->names != NULL) {
        names_merge(into->names, from->names);
        names_merge(into->tlds, from->tlds);
    }
    if (has_ipv6(from)) {
        distinct_merge(&into->addresses6, &from->addresses6);
        distinct_merge(&into->networks6, &from->networks6);
        if (into->sources6 != NULL && from->sources6 != NULL)
            address_set_merge(into->sources6, from->sources6);
    }
    counters_add_source(&into->source, &from->source, &nothing);
    junk_counts_add(&into->junk, &from->junk);
}

static void merge_watch(struct watch *to, const struct watch *by)
{
    for (unsigned i = 0; i < 256; i++)
        if (to->host[i] == 0)
            memcpy(to->address[i], by->address[i], sizeof to->address[i]);
    merge_numbers(to->host, by->host, 256);
    merge_numbers(to->qtype, by->qtype, QTYPE_CLASSES);
    junk_counts_add(&to->junk, &by->junk);
    for (unsigned i = 0; i < WATCH_NETWORK_BITS / 64; i++)
        to->network[i] |= by->network[i];
    to->queries += by->queries;
    traits_merge(&to->traits, &by->traits);
    names_merge(to->names, by->names);
}

void counters_merge_watches(struct counters *into, const struct counters *from)
{
    for (unsigned w = 0; w < into->watched && w < from->watched; w++)
        merge_watch(&into->watch[w], &from->watch[w]);
    keep_merge(&into->keep, &from->keep);
    for (unsigned w = 0; w < into->names_watched && w < from->names_watched; w++)
        merge_watch(&into->name_watch[w], &from->name_watch[w]);
}

static void clear_watch(struct watch *w, const struct subject *s)
{
    w->subject = *s;
    w->queries = 0;
    memset(w->host, 0, sizeof w->host);
    memset(w->qtype, 0, sizeof w->qtype);
    w->junk = (struct junk_counts){.forgotten = 0};
    memset(&w->traits, 0, sizeof w->traits);
    w->keep = NULL;
    memset(w->network, 0, sizeof w->network);
    names_clear(w->names);
}

/* From now on its signs are counted, and its frames kept where any are. */
static void watch_frames(struct counters *c, unsigned number, struct prefix p)
{
    uint8_t address[16] = {0};
    uint64_t head = htobe64(p.bits & ~UINT64_C(0xff));
    memcpy(address, &head, sizeof head);
    keep_network(&c->keep, address, prefix_family(p) == 6);
    c->watch[number].keep = &c->keep;
    c->watch[number].number = number;
}

static void clear_watches(struct counters *c, const struct watch_list *list)
{
    struct prefix prefix[COUNTERS_WATCHED];
    keep_clear(&c->keep);
    for (unsigned i = 0; i < list->prefixes; i++) {
        clear_watch(&c->watch[i], &list->prefix[i]);
        prefix[i] = (struct prefix){list->prefix[i].key};
        watch_frames(c, i, prefix[i]);
    }
    for (unsigned i = 0; i < list->names; i++)
        clear_watch(&c->name_watch[i], &list->name[i]);
    prefix_counts_clear(c->prefixes, prefix, list->prefixes);
    c->watched = list->prefixes;
    c->names_watched = list->names;
}

void counters_clear(struct counters *c, const struct watch_list *list)
{
    static const struct watch_list nothing;
    if (has_ipv6(c)) {
        memset(&c->addresses6, 0, sizeof c->addresses6);
        memset(&c->networks6, 0, sizeof c->networks6);
        if (c->sources6 != NULL)
            address_set_clear(c->sources6);
    }
    memset(&c->queries, 0, numbers * sizeof c->queries);
    tally_clear(&c->qtype);
    tally_clear(&c->qclass);
    tally_clear(&c->rcode);
    if (c->names != NULL) {
        names_clear(c->names);
        names_clear(c->tlds);
    }
    clear_watches(c, list == NULL ? &nothing : list);
    c->source = (struct source_counts){0};
    c->junk = (struct junk_counts){.forgotten = 0};
}

struct keep *counters_keep(struct counters *c)
{
    return &c->keep;
}

const struct watch *counters_watch(const struct counters *c, const struct subject *s)
{
    for (unsigned i = 0; i < c->watched; i++)
        if (subject_same(&c->watch[i].subject, s))
            return &c->watch[i];
    for (unsigned i = 0; i < c->names_watched; i++)
        if (subject_is_name(s) && c->name_watch[i].subject.key == s->key &&
            c->name_watch[i].subject.zone == s->zone)
            return &c->name_watch[i];
    return NULL;
}

uint32_t watch_networks(const uint64_t network[static WATCH_NETWORK_BITS / 64])
{
    unsigned free_bits = WATCH_NETWORK_BITS;
    for (unsigned i = 0; i < WATCH_NETWORK_BITS / 64; i++)
        free_bits -= (unsigned)__builtin_popcountll(network[i]);
    if (free_bits == 0)
        free_bits = 1;
    return (uint32_t)lround(WATCH_NETWORK_BITS * log(WATCH_NETWORK_BITS / (double)free_bits));
}

void counters_add_source(struct source_counts *into, const struct source_counts *now,
                         const struct source_counts *before)
{
    if (now->frames > before->frames) {
        if (into->frames == 0 || now->first_time_ns < into->first_time_ns)
            into->first_time_ns = now->first_time_ns;
        if (into->frames == 0 || now->last_time_ns > into->last_time_ns)
            into->last_time_ns = now->last_time_ns;
    }
    into->frames += now->frames - before->frames;
    into->bytes += now->bytes - before->bytes;
    into->messages += now->messages - before->messages;
    into->kernel_drops += now->kernel_drops - before->kernel_drops;
    into->interface_drops += now->interface_drops - before->interface_drops;
    for (unsigned i = 0; i < VERDICTS; i++)
        into->verdict[i] += now->verdict[i] - before->verdict[i];
    for (unsigned i = 0; i < DEFECTS; i++)
        into->defect[i] += now->defect[i] - before->defect[i];
    for (unsigned i = 0; i < LOSSES; i++)
        into->loss[i] += now->loss[i] - before->loss[i];
    for (unsigned i = 0; i < UNKNOWNS; i++)
        leading_add(&into->unknown[i], now->unknown[i].number, now->unknown[i].lead);
}

uint64_t counters_undecoded(const struct source_counts *s)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < VERDICTS; i++)
        if (verdict_is_loss(i))
            sum += s->verdict[i];
    return sum;
}

uint64_t counters_overflow(const struct counters *c)
{
    struct prefix_totals t = prefix_counts_totals(c->prefixes);
    return t.bare + t.lost;
}

/* SPDX-License-Identifier: MIT */
/*
 * Tables of prefixes against a plain account of every query, over random batches, sizes and
 * merges: what an interval counted goes into a minute, its minutes into an hour, hours into a
 * run, and what finds no room on the way into the run.
 */
#include "analysis/prefix_counts.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

enum {
    NETWORKS = 96, /* of both families */
    LEVELS = 4,    /* interval, minute, hour, run */
    ROUNDS = 160,
    TURNS = 40, /* intervals of a round */
    WATCHED = 5,
};

struct account {
    struct prefix prefix;
    uint64_t queries, junk;
    uint64_t qtype[QTYPE_CLASSES];
    bool host[PREFIX_HOST_BITS];
};

static struct account account[NETWORKS];
static uint64_t all;
static struct prefix_counts *table[LEVELS];
static uint32_t watched[LEVELS];
static struct prefix watch[WATCHED];
static uint64_t state;
static struct error err;

static uint32_t below(uint32_t limit)
{
    state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)((state >> 33) % limit);
}

/* Most of a few, so that these have details and the others their first few queries. */
static unsigned some_network(void)
{
    return below(3) > 0 ? below(1 + below(8)) : below(NETWORKS);
}

static bool is_ipv6(unsigned network)
{
    return network % 3 == 1;
}

/* A third of IPv4 shares the leading octets with IPv6; some lie in one line of the array. */
static void address_of(unsigned network, uint8_t address[static 16])
{
    const uint8_t ipv4[16] = {32, 1, (uint8_t)(network * (network % 2 == 0 ? 1 : 5))};
    const uint8_t ipv6[16] = {32, 1, 13, 184, (uint8_t)network, 7};
    memcpy(address, is_ipv6(network) ? ipv6 : ipv4, 16);
}

static void some_query(struct message *m, bool *junk)
{
    static const uint16_t qtype[] = {1, 28, 15, 65, 16, 255, 43, 65280};
    unsigned network = some_network();
    struct account *a = &account[network];
    bool known = below(16) > 0;
    *m = (struct message){.flags = (known ? MESSAGE_QUESTION : 0) |
                                   (is_ipv6(network) ? MESSAGE_IPV6 : 0),
                          .qtype = qtype[below(8)]};
    address_of(network, m->client);
    m->client[is_ipv6(network) ? 15 : 3] = (uint8_t)below(below(2) ? 3 : 256);
    *junk = below(3) == 0;
    if (below(8) == 0) {
        m->flags |= MESSAGE_RESPONSE;
        return;
    }
    all++;
    a->queries++;
    a->junk += *junk;
    a->qtype[known ? qtype_class(m->qtype) : QTYPE_CLASS_OTHER]++;
    a->host[is_ipv6(network) ? prefix_host_bit(m->client, true) : m->client[3]] = true;
}

static void count_batch(void)
{
    static struct message_batch batch;
    struct prefix_home home[MESSAGE_BATCH_MAX];
    bool junk[MESSAGE_BATCH_MAX];
    int32_t record[MESSAGE_BATCH_MAX];
    uint32_t used;
    batch.count = 1 + below(MESSAGE_BATCH_MAX);
    for (uint32_t i = 0; i < batch.count; i++)
        some_query(&batch.message[i], &junk[i]);
    prefix_counts_seek(table[0], &batch, home);
    prefix_counts_approach(table[0], &batch, home);
    prefix_counts_add(table[0], &batch, home, junk, record);
    const struct prefix_record *r = prefix_counts_records(table[0], &used);
    for (uint32_t i = 0; i < batch.count; i++) {
        const struct message *m = &batch.message[i];
        struct prefix p = prefix_of_client(m->client, m->flags & MESSAGE_IPV6);
        if (m->flags & MESSAGE_RESPONSE)
            cr_assert(eq(i32, record[i], -1));
        else
            cr_assert(record[i] < 0 || r[record[i]].prefix.bits == p.bits);
    }
}

static unsigned network_of(struct prefix p)
{
    unsigned n = 0;
    while (n < NETWORKS && account[n].prefix.bits != p.bits)
        n++;
    cr_assert(lt(u32, n, NETWORKS));
    return n;
}

/* What all tables together know of each network. */
struct known {
    struct account of[NETWORKS];
    const struct prefix_counts *in;
    uint64_t queries, bare, lost; /* of the table under way; `lost`: of all */
};

static void add_bare(void *argument, struct prefix p, uint32_t queries)
{
    struct known *k = argument;
    const struct prefix_record *r = prefix_counts_find(k->in, p);
    cr_assert(r == NULL, "a network with a record, and without");
    cr_assert(gt(u32, queries, 0));
    k->of[network_of(p)].queries += queries;
    k->bare += queries;
}

static void add_record(struct known *k, const struct prefix_record *r)
{
    struct account *a = &k->of[network_of(r->prefix)];
    struct prefix_detail d;
    uint64_t sum = 0;
    cr_assert(prefix_counts_find(k->in, r->prefix) == r, "not found, or two of one network");
    prefix_counts_detail(k->in, r, &d);
    for (unsigned i = 0; i < QTYPE_CLASSES; i++) {
        sum += d.qtype[i];
        a->qtype[i] += d.qtype[i];
    }
    cr_assert(eq(u64, sum, r->queries));
    cr_assert(le(u32, r->junk, r->queries));
    for (unsigned i = 0; i < PREFIX_HOST_BITS; i++)
        a->host[i] |= d.hosts[i / 64] >> i % 64 & 1;
    a->queries += r->queries;
    a->junk += r->junk;
    k->queries += r->queries;
}

static void add_table(struct known *k, unsigned level)
{
    uint32_t used;
    const struct prefix_totals t = prefix_counts_totals(table[level]);
    const struct prefix_record *r = prefix_counts_records(table[level], &used);
    k->in = table[level];
    k->queries = k->bare = 0;
    for (uint32_t i = 0; i < used; i++)
        add_record(k, &r[i]);
    for (uint32_t i = 0; i < watched[level]; i++)
        cr_assert(eq(u64, r[i].prefix.bits, watch[i].bits));
    prefix_counts_bare(table[level], add_bare, k);
    cr_assert(eq(u64, k->bare, t.bare));
    cr_assert(eq(u64, k->queries + t.bare + t.lost, t.queries));
    k->lost += t.lost;
}

/* `whole`: there was room for everything. */
static void expect_all_accounted_for(bool whole)
{
    static struct known k;
    uint64_t sum = 0;
    memset(&k, 0, sizeof k);
    for (unsigned level = 0; level < LEVELS; level++)
        add_table(&k, level);
    for (unsigned n = 0; n < NETWORKS; n++) {
        const struct account *a = &k.of[n];
        sum += a->queries;
        cr_assert(le(u64, a->queries, account[n].queries));
        cr_assert(le(u64, a->junk, account[n].junk));
        for (unsigned i = 0; i < QTYPE_CLASSES; i++)
            cr_assert(i == QTYPE_CLASS_OTHER || a->qtype[i] <= account[n].qtype[i]);
        for (unsigned i = 0; i < PREFIX_HOST_BITS; i++)
            cr_assert(le(u32, a->host[i], account[n].host[i]));
        if (!whole)
            continue;
        cr_assert(eq(u64, a->junk, account[n].junk));
        cr_assert_arr_eq(a->qtype, account[n].qtype, sizeof a->qtype);
        cr_assert_arr_eq(a->host, account[n].host, sizeof a->host);
    }
    cr_assert(eq(u64, sum + k.lost, all));
    cr_assert(eq(u64, whole ? k.lost : 0, 0));
}

static void clear(unsigned level)
{
    watched[level] = level == 3 ? 0 : below(1 + WATCHED);
    prefix_counts_clear(table[level], watch, watched[level]);
}

static void merge(unsigned from, unsigned into, struct prefix_counts *spill)
{
    prefix_counts_merge(table[into], table[from], spill);
    clear(from);
}

/* Every interval into its minute, and at times further. */
static void turn(void)
{
    struct prefix_counts *spill = below(4) > 0 ? table[3] : NULL;
    for (uint32_t i = below(4); i > 0; i--)
        count_batch();
    if (below(4) > 0)
        merge(0, 1, spill);
    if (below(4) == 0)
        merge(1, 2, spill);
    if (below(8) == 0)
        merge(2, 3, NULL);
}

static uint32_t some_size(bool roomy)
{
    static const uint32_t size[] = {WATCHED, 6, 8, 13, 24, 64, 96, 128};
    return roomy ? 1024 : size[below(8)];
}

static void start(bool roomy)
{
    static const enum prefix_way way[] = {PREFIX_DIRECT, PREFIX_HASHED, PREFIX_HASHED,
                                          PREFIX_DIRECT_WHEN_FULL};
    memset(account, 0, sizeof account);
    all = 0;
    for (unsigned n = 0; n < NETWORKS; n++) {
        uint8_t address[16];
        address_of(n, address);
        account[n].prefix = prefix_of_client(address, is_ipv6(n));
    }
    for (unsigned i = 0; i < WATCHED; i++)
        watch[i] = account[i * 7].prefix;
    for (unsigned level = 0; level < LEVELS; level++) {
        enum prefix_way by = below(4) > 0 ? way[level] : below(3);
        table[level] = prefix_counts_create(some_size(roomy), by, &err);
        cr_assert_not_null(table[level], "%s", err.text);
        clear(level);
    }
}

static void stop(void)
{
    for (unsigned level = 0; level < LEVELS; level++)
        prefix_counts_free(table[level]);
}

Test(prefix_sums, account_for_every_query_however_little_room_there_is, .timeout = 900)
{
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        bool roomy = round % 8 == 0;
        state = round;
        start(roomy);
        for (unsigned i = 0; i < TURNS; i++) {
            turn();
            expect_all_accounted_for(roomy);
        }
        stop();
    }
}

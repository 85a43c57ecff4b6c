/* SPDX-License-Identifier: MIT */
#include "analysis/counters.h"
#include "analysis/junk.h"

#include "tests/support/batch.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>

enum {
    TYPE_A = 1,
    TYPE_NS = 2,
    TYPE_PTR = 12,
    TYPE_MX = 15,
    TYPE_DS = 43,
    START_S = 1106049600
};

static struct message_batch batch;
static struct junk_counts counts;
static struct tlds *tlds;
static struct junk *judge;
static struct error err;
static int64_t now_s;
static uint16_t id;

static void make(uint32_t memory_mib, uint32_t cut)
{
    const struct junk_settings settings = {.tlds = tlds, .memory_mib = memory_mib, .cut = cut};
    junk_free(judge);
    judge = junk_create(&settings, &err);
    cr_assert_not_null(judge, "%s", err.text);
    counts = (struct junk_counts){.forgotten = 0};
}

static void setup(void)
{
    tlds = tlds_create(NULL, &err);
    cr_assert_not_null(tlds, "%s", err.text);
    make(1, 1);
    now_s = START_S;
    id = 0;
}

static void teardown(void)
{
    junk_free(judge);
    tlds_free(tlds);
}

TestSuite(junk, .init = setup, .fini = teardown);

static struct message *given(const char *client, const char *name, uint16_t type)
{
    struct message *m = batch_query(&batch, client, name, type);
    m->time_ns = now_s * 1000000000;
    m->id = ++id;
    return m;
}

/* The class of the last message of the batch, which is then empty. */
static const char *judged(void)
{
    uint64_t hash[MESSAGE_BATCH_MAX];
    struct junk_batch b = {.apart = {false}};
    for (uint32_t i = 0; i < batch.count; i++)
        hash[i] = XXH3_64bits(&batch.names[batch.message[i].name_at],
                              batch.message[i].name_bytes);
    junk_seek(judge, &batch, hash, &b);
    junk_recall(judge, &batch, &b, &counts);
    uint8_t class = b.kind[batch.count - 1];
    batch.count = batch.names_used = 0;
    return class < JUNK_CLASSES ? junk_class_name(class) : "none";
}

/* Of a query of a source that never asked before. */
static const char *class_of(const char *name, uint16_t type, uint16_t qclass)
{
    static unsigned source;
    char client[32];
    (void)snprintf(client, sizeof client, "10.%u.%u.1", source / 256, source % 256);
    source++;
    given(client, name, type)->qclass = qclass;
    return judged();
}

#define EXPECT(name, type, qclass, class) \
    cr_expect(eq(str, (char *)class_of(name, type, qclass), class), "%s", name)

Test(junk, knows_the_classes_that_are_used)
{
    static const uint16_t used[] = {1, 3, 4, 254, 255}, unused[] = {0, 2, 5, 253, 256, 65280};
    for (unsigned i = 0; i < sizeof used / sizeof *used; i++)
        EXPECT("com", TYPE_A, used[i], "legitimate");
    for (unsigned i = 0; i < sizeof unused / sizeof *unused; i++)
        EXPECT("com", TYPE_A, unused[i], "unused-class");
}

Test(junk, knows_an_address_where_a_name_should_be)
{
    EXPECT("192.0.2.1", TYPE_A, 1, "a-for-a");
    EXPECT("255.255.255.255", TYPE_A, 1, "a-for-a");
    EXPECT("0.0.0.0", TYPE_A, 1, "a-for-a");
    EXPECT("192.0.2.256", TYPE_A, 1, "invalid-tld");
    EXPECT("1.192.0.2.1", TYPE_A, 1, "invalid-tld");
    EXPECT("192.0.2", TYPE_A, 1, "invalid-tld");
    EXPECT("192.0.2.1", TYPE_MX, 1, "invalid-tld");
    EXPECT("192.0.2.1", TYPE_A, 2, "unused-class"); /* the first that fits */
}

Test(junk, knows_what_is_no_top_level_domain)
{
    EXPECT("printer.local", TYPE_A, 1, "invalid-tld");
    EXPECT("localhost", TYPE_A, 1, "invalid-tld");
    EXPECT("x.comm", TYPE_A, 1, "invalid-tld");
    EXPECT("_ldap._tcp.dc._msdcs.workgroup", 33, 1, "invalid-tld");
    EXPECT("", TYPE_NS, 1, "legitimate");
    EXPECT("www.example.com", TYPE_A, 1, "legitimate");
    EXPECT("www.xn--vermgensberatung-pwb", TYPE_A, 1, "legitimate");
    EXPECT("hostname.bind", 16, 3, "legitimate"); /* of another tree */
}

Test(junk, knows_octets_that_are_in_no_host_name)
{
    EXPECT("www.ra\002b.us", TYPE_A, 1, "non-printable");
    EXPECT("a b.com", TYPE_A, 1, "non-printable");
    EXPECT("caf\xc3\xa9.com", TYPE_A, 1, "non-printable");
    EXPECT("*.com", TYPE_A, 1, "non-printable");
    EXPECT("_sip.a@b.com", TYPE_A, 1, "non-printable"); /* the first that fits */
    EXPECT("_ldap._tcp.example.com", 33, 1, "underscore");
    EXPECT("a_b.com", TYPE_A, 1, "underscore");
    EXPECT("a-b0.com", TYPE_A, 1, "legitimate");
    /* labels of as many octets as a character has a number: lengths are no characters */
    EXPECT("a23456789012345678901234567890123456789012345678901234567890123.com", TYPE_A, 1,
           "legitimate");
    EXPECT("a2345678901234567890123456789012345678901234_.com", TYPE_A, 1, "underscore");
}

Test(junk, looks_at_every_octet_of_names_of_any_length)
{
    char name[260];
    for (size_t n = 1; n <= 240; n++) {
        for (size_t i = 0; i < n; i++)
            name[i] = i % 50 == 49 && i + 1 < n ? '.' : 'a';
        memcpy(name + n, ".com", 5);
        EXPECT(name, TYPE_A, 1, "legitimate");
        for (size_t i = 0; i < n; i += n < 80 ? 1 : 37) {
            if (name[i] == '.')
                continue;
            name[i] = '_';
            EXPECT(name, TYPE_A, 1, "underscore");
            name[i] = '\x7f';
            EXPECT(name, TYPE_A, 1, "non-printable");
            name[i] = 'a';
        }
    }
}

Test(junk, looks_at_every_octet_between_lengths_of_long_names)
{
    char name[80];
    for (size_t i = 0; i < 64; i++)
        name[i] = i % 2 == 0 ? 'a' : '.';
    memcpy(name + 64, "ip6.arpa", 9);
    EXPECT(name, TYPE_PTR, 1, "legitimate");
    for (size_t i = 0; i < 64; i += 2) {
        name[i] = '_';
        EXPECT(name, TYPE_PTR, 1, "underscore");
        name[i] = '\1'; /* as the lengths beside it are */
        EXPECT(name, TYPE_PTR, 1, "non-printable");
        name[i] = 'a';
    }
}

Test(junk, knows_the_reverse_tree_of_private_addresses)
{
    EXPECT("1.2.168.192.in-addr.arpa", TYPE_PTR, 1, "rfc1918-ptr");
    EXPECT("171.144.144.10.in-addr.arpa", TYPE_PTR, 1, "rfc1918-ptr");
    EXPECT("10.in-addr.arpa", TYPE_PTR, 1, "rfc1918-ptr");
    EXPECT("1.16.172.in-addr.arpa", TYPE_PTR, 1, "rfc1918-ptr");
    EXPECT("1.1.31.172.in-addr.arpa", TYPE_PTR, 1, "rfc1918-ptr");
    EXPECT("1.1.15.172.in-addr.arpa", TYPE_PTR, 1, "legitimate");
    EXPECT("1.1.32.172.in-addr.arpa", TYPE_PTR, 1, "legitimate");
    EXPECT("1.1.169.192.in-addr.arpa", TYPE_PTR, 1, "legitimate");
    EXPECT("172.in-addr.arpa", TYPE_PTR, 1, "legitimate");
    EXPECT("in-addr.arpa", TYPE_PTR, 1, "legitimate");
    EXPECT("1.2.168.192.in-addr.arpa", TYPE_A, 1, "legitimate");
    EXPECT("10.in-addr.arpa.com", TYPE_PTR, 1, "legitimate");
}

static const char *asks(const char *client, const char *name, uint16_t type)
{
    given(client, name, type);
    return judged();
}

#define EXPECT_ASKED(client, name, type, class) \
    cr_expect(eq(str, (char *)asks(client, name, type), class))

Test(junk, knows_a_question_that_was_asked_before)
{
    EXPECT_ASKED("192.0.2.1", "com", TYPE_DS, "legitimate");
    EXPECT_ASKED("192.0.2.1", "com", TYPE_DS, "repeated");
    id--;
    EXPECT_ASKED("192.0.2.1", "com", TYPE_DS, "identical");
    EXPECT_ASKED("192.0.2.2", "com", TYPE_DS, "legitimate"); /* another source */
    EXPECT_ASKED("192.0.2.1", "net", TYPE_DS, "legitimate"); /* another name */
    given("192.0.2.1", "com", TYPE_DS)->qclass = 255;        /* another class */
    cr_expect(eq(str, (char *)judged(), "legitimate"));
    EXPECT_ASKED("2001:db8::1", "com", TYPE_DS, "legitimate");
    EXPECT_ASKED("2001:db8::2", "com", TYPE_DS, "legitimate");
    EXPECT_ASKED("2001:db8::1", "com", TYPE_DS, "repeated");
    cr_expect(eq(u64, counts.queries[JUNK_REPEATED], 2));
    cr_expect(eq(u64, counts.queries[JUNK_IDENTICAL], 1));
    cr_expect(eq(u64, counts.queries[JUNK_LEGITIMATE], 6));
    cr_expect(eq(u64, counts.forgotten, 0));
}

Test(junk, knows_what_follows_within_one_batch)
{
    given("192.0.2.1", "a.com", TYPE_A);
    given("192.0.2.1", "b.com", TYPE_A);
    given("192.0.2.1", "a.com", TYPE_A);
    cr_expect(eq(str, (char *)judged(), "repeated"));
    cr_expect(eq(u64, counts.queries[JUNK_REFERRAL], 1));
    cr_expect(eq(u64, counts.queries[JUNK_LEGITIMATE], 1));
}

Test(junk, knows_who_should_have_asked_the_servers_it_was_referred_to)
{
    EXPECT_ASKED("192.0.2.1", "www.example.com", TYPE_A, "legitimate");
    EXPECT_ASKED("192.0.2.1", "www.example.com", TYPE_MX, "referral-not-cached");
    EXPECT_ASKED("192.0.2.1", "example.com", TYPE_A, "referral-not-cached");
    EXPECT_ASKED("192.0.2.1", "com", TYPE_NS, "referral-not-cached");
    EXPECT_ASKED("192.0.2.1", "com", TYPE_DS, "legitimate"); /* which the parent has */
    EXPECT_ASKED("192.0.2.1", "", TYPE_NS, "legitimate");
    EXPECT_ASKED("192.0.2.1", "www.example.net", TYPE_A, "legitimate");
    EXPECT_ASKED("192.0.2.2", "www.example.com", TYPE_A, "legitimate");
}

Test(junk, looks_two_labels_deep_for_the_servers_of_a_top_level_domain)
{
    make(1, 2);
    EXPECT_ASKED("192.0.2.1", "www.example.com", TYPE_A, "legitimate");
    EXPECT_ASKED("192.0.2.1", "www.example.com", TYPE_MX, "referral-not-cached");
    EXPECT_ASKED("192.0.2.1", "example.com", TYPE_NS, "referral-not-cached");
    EXPECT_ASKED("192.0.2.1", "example.com", TYPE_DS, "legitimate");
    EXPECT_ASKED("192.0.2.1", "www.example2.com", TYPE_A, "legitimate");
    EXPECT_ASKED("192.0.2.1", "com", TYPE_NS, "legitimate");
    EXPECT_ASKED("192.0.2.1", "com", TYPE_MX, "legitimate");
}

Test(junk, forgets_after_a_day)
{
    EXPECT_ASKED("192.0.2.1", "a.com", TYPE_A, "legitimate");
    now_s += JUNK_MEMORY_S;
    EXPECT_ASKED("192.0.2.1", "a.com", TYPE_A, "repeated");
    now_s += JUNK_MEMORY_S + 1;
    EXPECT_ASKED("192.0.2.1", "a.com", TYPE_A, "legitimate");
    cr_expect(eq(u64, counts.forgotten, 0));
}

/* Times are kept modulo twelve days: what is older must be gone, not young again. */
Test(junk, takes_nothing_old_for_new_however_time_passes)
{
    static const int64_t steps[] = {3600, JUNK_MEMORY_S, 7 * JUNK_MEMORY_S};
    for (unsigned i = 0; i < sizeof steps / sizeof *steps; i++) {
        make(1, 1);
        EXPECT_ASKED("192.0.2.1", "a.com", TYPE_A, "legitimate");
        for (int64_t passed = 0; passed <= 1 << 20; passed += steps[i], now_s += steps[i])
            asks("192.0.2.9", "x.net", TYPE_A);
        EXPECT_ASKED("192.0.2.1", "a.com", TYPE_A, "legitimate");
    }
}

Test(junk, bears_times_that_are_out_of_order)
{
    EXPECT_ASKED("192.0.2.1", "a.com", TYPE_A, "legitimate");
    now_s -= 30;
    EXPECT_ASKED("192.0.2.1", "a.com", TYPE_A, "repeated");
    now_s += 60;
    EXPECT_ASKED("192.0.2.1", "a.com", TYPE_A, "repeated");
}

Test(junk, puts_neither_answers_nor_what_has_no_name_into_a_class)
{
    batch_response(&batch, "192.0.2.1", 3);
    cr_expect(eq(str, (char *)judged(), "none"));
    struct message *m = given("192.0.2.1", "", TYPE_A);
    m->name_bytes = 0;
    m->flags = MESSAGE_MALFORMED;
    cr_expect(eq(str, (char *)judged(), "none"));
    for (unsigned i = 0; i < JUNK_CLASSES; i++)
        cr_expect(eq(u64, counts.queries[i], 0));
}

static void ask_numbered(unsigned source)
{
    char client[32];
    (void)snprintf(client, sizeof client, "%u.%u.%u.%u", 11 + (source >> 24),
                   source >> 16 & 255, source >> 8 & 255, source & 255);
    given(client, "com", TYPE_DS);
}

static uint64_t known_so_far(void)
{
    return counts.queries[JUNK_REPEATED] + counts.queries[JUNK_IDENTICAL];
}

/* `n` questions, each of another source, a thousand a second; how many were known. */
static uint64_t flood(unsigned n)
{
    uint64_t before = known_so_far();
    for (unsigned i = 0; i < n; i++) {
        ask_numbered(i);
        now_s += i % 1000 == 999;
        if (batch.count == MESSAGE_BATCH_MAX)
            (void)judged();
    }
    if (batch.count > 0)
        (void)judged();
    return known_so_far() - before;
}

/* 131,072 places: half of them hold what they are given but for a few sets that are full. */
Test(junk, remembers_nearly_all_that_there_is_room_for)
{
    enum { HALF = 65536 };
    cr_expect(eq(u64, flood(HALF), 0));
    uint64_t lost = counts.forgotten;
    cr_expect(le(u64, lost, HALF / 20));
    uint64_t known = flood(HALF);
    cr_expect(ge(u64, known, HALF - 8 * (lost + 1)), "%lu known, %lu lost",
              (unsigned long)known, (unsigned long)lost);
}

Test(junk, loses_the_oldest_under_a_flood_and_says_how_long_it_remembers)
{
    cr_expect(eq(u64, flood(600000), 0));
    cr_expect(ge(u64, counts.forgotten, 600000 - 131072));
    cr_expect(le(u64, counts.forgotten, 600000));
    /* A set of four keeps what it has for about 131 s at a thousand a second, seldom a few. */
    cr_expect(ge(u64, counts.youngest_s, 1));
    cr_expect(le(u64, counts.youngest_s, 131));
    /* Half of what goes has been there for 120 s. */
    cr_expect(eq(u64, junk_half_kept_s(&counts), 64));
    uint64_t of_any_age = 0;
    for (unsigned i = 0; i < JUNK_AGES; i++)
        of_any_age += counts.age[i];
    cr_expect(eq(u64, of_any_age, counts.forgotten));
    uint64_t known = known_so_far();
    for (unsigned i = 600000 - 1000; i < 600000; i++) {
        ask_numbered(i);
        (void)judged();
    }
    cr_expect(ge(u64, known_so_far() - known, 980)); /* the last second's */
}

Test(junk, says_how_long_half_of_what_it_forgot_was_there_at_any_rate)
{
    static const struct {
        unsigned pause_s, half_s;
    } steps[] = {{0, 0}, {1, 64}, {16, 1024}, {128, 8192}};
    for (unsigned step = 0; step < sizeof steps / sizeof *steps; step++) {
        counts = (struct junk_counts){.forgotten = 0};
        for (unsigned i = 0; i < 600000; i++) {
            ask_numbered(step * 600000 + i);
            now_s += i % 1000 == 999 ? steps[step].pause_s : 0;
            if (batch.count == MESSAGE_BATCH_MAX)
                (void)judged();
            if (i == 300000) /* from now on all that goes came in these steps */
                counts = (struct junk_counts){.forgotten = 0};
        }
        cr_expect(eq(u64, junk_half_kept_s(&counts), steps[step].half_s), "%u s a thousand",
                  steps[step].pause_s);
        cr_expect(ge(u64, counts.forgotten, 290000));
    }
}

/* A question never asked is taken for one that was once in 67 million, with a full table. */
Test(junk, seldom_takes_a_new_question_for_an_old_one)
{
    cr_expect(le(u64, flood(2000000), 2));
}

Test(junk, has_room_for_as_much_as_it_is_told)
{
    make(4, 1);
    cr_expect(eq(u64, flood(131072), 0));
    cr_expect(le(u64, counts.forgotten, 131072 / 20));
}

/* Questions of names that never come again, from a thousand sources in turn, a minute long. */
static void crowd(unsigned qps)
{
    static unsigned number;
    for (unsigned i = 0; i < 60 * qps; i++) {
        char name[32], client[32];
        (void)snprintf(name, sizeof name, "n%u.com", number++);
        (void)snprintf(client, sizeof client, "10.1.%u.%u", i % 1000 / 250, i % 250);
        given(client, name, TYPE_A);
        now_s += i % qps == qps - 1;
        if (batch.count == MESSAGE_BATCH_MAX)
            (void)judged();
    }
    if (batch.count > 0)
        (void)judged();
}

Test(junk, samples_questions_that_come_too_fast_and_knows_of_each_whether_it_is_junk)
{
    crowd(4000); /* a MiB bears about 440 a second */
    cr_expect(eq(u64, counts.queries[JUNK_LEGITIMATE], 1000));
    struct junk_counts all = junk_split(&counts);
    cr_expect(eq(u64, all.queries[JUNK_LEGITIMATE] + junk_sum(all.queries), 240000));
    cr_expect(ge(u64, all.one_in, 8));
    cr_expect(gt(u64, counts.unsplit, 200000));
    cr_expect(eq(u64, all.estimated, counts.unsplit));
    cr_expect(eq(u64, counts.weight[0] + counts.weight[1], 0));
    cr_expect(eq(u64, all.queries[JUNK_IDENTICAL], 0));
    /* Asked again they are junk, and the sampled ones are known. */
    EXPECT_ASKED("10.1.0.0", "n0.com", TYPE_A, "none");
}

/* Twice what junk_split() states, in hardly one of ten thousand cases. */
Test(junk, estimates_the_kinds_as_well_as_it_says)
{
    enum { QUERIES = 300000, RECENT = 2000 };
    static struct {
        unsigned name, client;
        uint16_t id;
    } asked[QUERIES];
    uint64_t identical = 0, repeated = 0, random = 88172645463325252;
    unsigned questions = 0;
    for (unsigned i = 0; i < QUERIES; i++) {
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        bool again = questions > RECENT && (random & 3) != 0;
        unsigned q = again ? questions - 1 - (random >> 8) % RECENT : questions++;
        bool same = again && (random >> 4 & 3) == 0;
        if (!again) {
            asked[q].name = q;
            asked[q].client = q % 500;
        }
        identical += same;
        repeated += again && !same;
        char name[32], client[32];
        (void)snprintf(name, sizeof name, "n%u.com", asked[q].name);
        (void)snprintf(client, sizeof client, "10.1.%u.%u", asked[q].client / 250,
                       asked[q].client % 250);
        struct message *m = given(client, name, TYPE_A);
        m->id = asked[q].id =
                same ? asked[q].id : (uint16_t)(asked[q].id + 1 + (random >> 32) % 999);
        now_s += i % 3000 == 2999;
        if (batch.count == MESSAGE_BATCH_MAX || i + 1 == QUERIES)
            (void)judged();
    }
    const struct junk_counts all = junk_split(&counts);
    double first = questions - 500;
    double error = 2 * 2 * sqrt(first * (double)all.one_in);
    cr_expect(ge(u64, all.one_in, 2));
    cr_expect(gt(u64, all.estimated, QUERIES / 2));
    cr_expect(eq(u64, all.queries[JUNK_LEGITIMATE], 500));
    cr_expect(eq(u64, junk_sum(all.queries), QUERIES - 500));
    cr_expect(epsilon_eq(dbl, (double)all.queries[JUNK_REFERRAL], first, error));
    cr_expect(epsilon_eq(dbl, (double)all.queries[JUNK_IDENTICAL], (double)identical,
                         0.05 * (double)identical + error));
    cr_expect(epsilon_eq(dbl, (double)all.queries[JUNK_REPEATED], (double)repeated,
                         0.05 * (double)repeated + error));
}

struct asker {
    unsigned first;
    uint64_t queries[JUNK_CLASSES];
};

static void *ask_all(void *argument)
{
    struct asker *a = argument;
    struct message_batch mine = {.count = 0};
    struct junk_counts its = {.forgotten = 0};
    uint64_t hash[MESSAGE_BATCH_MAX];
    struct junk_batch b = {.apart = {false}};
    for (unsigned i = 0; i < 20000; i++) {
        char client[32];
        unsigned n = (a->first + i) % 20000;
        (void)snprintf(client, sizeof client, "10.0.%u.%u", n >> 8, n & 255);
        batch_query(&mine, client, "com", TYPE_DS)->time_ns = START_S * INT64_C(1000000000);
        mine.message[mine.count - 1].id = (uint16_t)(i + a->first);
        if (mine.count < MESSAGE_BATCH_MAX && i + 1 < 20000)
            continue;
        for (uint32_t k = 0; k < mine.count; k++)
            hash[k] = 7;
        junk_seek(judge, &mine, hash, &b);
        junk_recall(judge, &mine, &b, &its);
        mine.count = mine.names_used = 0;
    }
    memcpy(a->queries, its.queries, sizeof a->queries);
    return NULL;
}

/* Each question comes to two workers, as a source's do that asks from different ports. */
Test(junk, is_one_memory_for_all_workers)
{
    struct asker asker[2] = {{.first = 0}, {.first = 10000}};
    pthread_t thread[2];
    make(16, 1);
    for (unsigned i = 0; i < 2; i++)
        cr_assert(eq(int, pthread_create(&thread[i], NULL, ask_all, &asker[i]), 0));
    for (unsigned i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    uint64_t legitimate = asker[0].queries[JUNK_LEGITIMATE] + asker[1].queries[JUNK_LEGITIMATE];
    uint64_t all = legitimate + junk_sum(asker[0].queries) + junk_sum(asker[1].queries);
    cr_expect(eq(u64, all, 40000));
    cr_expect(ge(u64, legitimate, 20000));
    cr_expect(le(u64, legitimate, 20100)); /* two at the same instant are both new */
}

Test(junk, is_counted_in_all_and_by_prefix_and_where_one_looks_closely)
{
    struct prefix watched;
    const struct counters_size size = {.prefix_records = 64,
                                       .way = PREFIX_DIRECT,
                                       .name_buckets = 64,
                                       .seed = 3,
                                       .judge = judge};
    struct counters *c = counters_create(&size, &err);
    struct counters *sum = counters_create(&size, &err);
    cr_assert(prefix_parse("192.0.2.0/24", &watched));
    const struct watch_list list = {.prefix = {subject_of_prefix(watched)}, .prefixes = 1};
    counters_clear(c, &list);
    counters_clear(sum, &list);
    for (unsigned i = 0; i < 3; i++)
        given("192.0.2.1", "a.com", TYPE_A);
    given("192.0.2.2", "x.local", TYPE_A);
    given("198.51.100.1", "b.com", TYPE_A);
    batch_response(&batch, "192.0.2.1", 0)->time_ns = now_s * 1000000000;
    counters_add(c, &batch, 0);
    counters_merge(sum, c, NULL);
    counters_merge(sum, c, NULL);
    counters_merge_watches(sum, c);

    cr_expect(eq(u64, sum->junk.queries[JUNK_REPEATED], 4));
    cr_expect(eq(u64, sum->junk.queries[JUNK_INVALID_TLD], 2));
    cr_expect(eq(u64, sum->junk.queries[JUNK_LEGITIMATE], 4));
    const struct prefix_record *r = prefix_counts_find(sum->prefixes, watched);
    cr_expect(eq(u32, r->queries, 8));
    cr_expect(eq(u32, r->junk, 6));
    cr_expect(eq(u64, sum->watch[0].junk.queries[JUNK_REPEATED], 2));
    cr_expect(eq(u64, sum->watch[0].junk.queries[JUNK_INVALID_TLD], 1));
    cr_expect(eq(u64, sum->watch[0].junk.queries[JUNK_LEGITIMATE], 1));
    counters_clear(sum, &list);
    cr_expect(eq(u64, sum->watch[0].junk.queries[JUNK_REPEATED], 0));
    cr_expect(eq(u64, sum->junk.queries[JUNK_REPEATED], 0));
    counters_free(c);
    counters_free(sum);
}

/* The culprit's questions are told apart whatever the sample; a name's are estimated. */
Test(junk, is_exact_for_a_watched_prefix_and_estimated_for_a_watched_name)
{
    struct prefix watched;
    const struct counters_size size = {
            .prefix_records = 2048, .way = PREFIX_DIRECT, .name_buckets = 64, .judge = judge};
    struct counters *c = counters_create(&size, &err);
    cr_assert(prefix_parse("192.0.2.0/24", &watched));
    const struct watch_list list = {
            .prefix = {subject_of_prefix(watched)},
            .prefixes = 1,
            .names = 1,
            .name = {subject_of_name((const uint8_t *)"\7example\3com", 13, true)}};
    crowd(4000);
    counters_clear(c, &list);
    for (unsigned i = 0; i < 6000; i++) {
        char client[32];
        (void)snprintf(client, sizeof client, "192.0.2.%u", i % 50);
        if (i % 2 == 0)
            (void)snprintf(client, sizeof client, "10.1.%u.%u", i % 1000 / 250, i % 250);
        given(client, "example.com", (uint16_t)(i % 2 == 0 ? 1000 + i : TYPE_MX));
        if (batch.count == MESSAGE_BATCH_MAX || i + 1 == 6000) {
            counters_add(c, &batch, 0);
            batch.count = batch.names_used = 0;
        }
    }
    const struct junk_counts *its = &c->watch[0].junk;
    cr_expect(eq(u64, its->unsplit, 0));
    cr_expect(eq(u64, its->queries[JUNK_LEGITIMATE], 25));
    cr_expect(eq(u64, its->queries[JUNK_REPEATED], 2975));
    cr_expect(eq(u64, c->name_watch[0].queries, 6000));
    const struct junk_counts all = junk_split(&c->name_watch[0].junk);
    cr_expect(eq(u64, all.queries[JUNK_LEGITIMATE], 25));
    cr_expect(eq(u64, all.queries[JUNK_LEGITIMATE] + junk_sum(all.queries), 6000));
    cr_expect(eq(u64, all.estimated, 3000));
    cr_expect(ge(u64, all.queries[JUNK_REPEATED], 2975));
    cr_expect(gt(u64, all.queries[JUNK_REFERRAL], 1500));
    counters_free(c);
}

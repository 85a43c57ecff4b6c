/*
 * Real captures, where the reference corpus is on this machine: found by the environment
 * variable ROOTWATCH_CORPUS, else beside the source tree.  Without it these tests are skipped.
 */
/* SPDX-License-Identifier: MIT */
#include "capture/dns.h"
#include "capture/source.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dirent.h>
#include <ldns/ldns.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static char corpus[PATH_MAX];
static unsigned files;

static bool find_corpus(void)
{
    const char *path = getenv("ROOTWATCH_CORPUS");
    if (path == NULL)
        path = SOURCE_ROOT "/../shared/corpus";
    (void)snprintf(corpus, sizeof corpus, "%s", path);
    DIR *dir = opendir(corpus);
    if (dir != NULL)
        closedir(dir);
    return dir != NULL;
}

static void setup(void)
{
    if (!find_corpus())
        cr_skip_test("no reference corpus in %s: set ROOTWATCH_CORPUS", corpus);
}

TestSuite(corpus, .init = setup, .timeout = 900);

typedef void file_function(const char *path);

static void for_each_file(const char *folder, file_function *act)
{
    char path[PATH_MAX + 512];
    (void)snprintf(path, sizeof path, "%s/%s", corpus, folder);
    DIR *dir = opendir(path);
    cr_assert_not_null(dir, "%s", path);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (e->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof path, "%s/%s/%s", corpus, folder, e->d_name);
        act(path);
        files++;
    }
    closedir(dir);
}

/* ---- Reading whole files ----------------------------------------------------------------- */

struct reading {
    uint64_t messages, sum; /* of what the messages say, in their order */
    struct source_counts counts;
};

static void add_message(struct reading *r, const struct message *m, const uint8_t *names)
{
    uint64_t parts[] = {
            (uint64_t)m->time_ns, m->flags,      m->rcode,     m->qtype, m->qclass, m->opcode,
            m->dns_bytes,         m->edns_bytes, m->name_bytes};
    r->messages++;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        r->sum = r->sum * 31 + parts[i];
    for (size_t i = 0; i < sizeof m->client; i++)
        r->sum = r->sum * 31 + m->client[i];
    for (size_t i = 0; i < m->name_bytes; i++)
        r->sum = r->sum * 31 + names[m->name_at + i];
}

static bool read_file(const char *path, const struct source_scope *scope, struct reading *r)
{
    static struct message_batch batch;
    struct error err;
    *r = (struct reading){0};
    struct source *s = source_open_file(path, scope, &err);
    if (s == NULL)
        return false;
    enum source_state state;
    do {
        state = source_read(s, &batch, INT64_MAX, &err);
        cr_assert(le(u32, batch.count, MESSAGE_BATCH_MAX));
        for (uint32_t i = 0; i < batch.count; i++)
            add_message(r, &batch.message[i], batch.names);
    } while (state == SOURCE_MORE);
    cr_expect(state == SOURCE_END || state == SOURCE_CUT, "%s", path);
    source_counts(s, &r->counts);
    source_close(s);
    return true;
}

static void expect_sums(const char *path)
{
    static const struct source_scope scope = {.port = {53}, .ports = 1};
    struct reading r;
    if (!read_file(path, &scope, &r))
        return;
    uint64_t frames = 0, messages = 0;
    for (int v = 0; v < VERDICTS; v++)
        frames += r.counts.verdict[v];
    for (int d = 0; d < DEFECTS; d++)
        messages += r.counts.defect[d];
    cr_expect(eq(u64, frames, r.counts.frames), "%s", path);
    cr_expect(eq(u64, messages, r.messages), "%s", path);
    cr_expect(eq(u64, r.counts.messages, r.messages), "%s", path);
}

Test(corpus, frames_are_the_sum_of_the_verdicts_in_every_capture)
{
    for_each_file("captures", expect_sums);
    for_each_file("pcapng-odd", expect_sums);
    cr_expect(ge(u32, files, 100));
}

Test(corpus, no_capture_that_harmed_others_harms)
{
    for_each_file("robust", expect_sums);
    cr_expect(ge(u32, files, 400));
}

/* A first port that nothing uses keeps everything from the way for common queries. */
static const struct source_scope slow_scope = {.port = {1, 53, 53000}, .ports = 3};

static void expect_same_both_ways(const char *path)
{
    static const struct source_scope fast = {.port = {53, 1, 53000}, .ports = 3};
    struct reading a, b;
    if (!read_file(path, &fast, &a))
        return;
    cr_assert(read_file(path, &slow_scope, &b));
    cr_expect(eq(u64, a.messages, b.messages), "%s", path);
    cr_expect(eq(u64, a.sum, b.sum), "%s", path);
}

Test(corpus, the_way_for_common_queries_gives_what_the_layers_give)
{
    for_each_file("captures", expect_same_both_ways);
    for_each_file("robust", expect_same_both_ways);
}

/* ---- libldns as the oracle ------------------------------------------------------------- */

static unsigned compared;

enum verdict __real_dns_decode(struct bytes message, struct message *m,
                               uint8_t name[static DNS_NAME_ROOM], enum defect *defect);
enum verdict __wrap_dns_decode(struct bytes message, struct message *m,
                               uint8_t name[static DNS_NAME_ROOM], enum defect *defect);

static void expect_question(const ldns_pkt *pkt, const struct message *m, const uint8_t *name)
{
    const ldns_rr_list *questions = ldns_pkt_question(pkt);
    if (ldns_rr_list_rr_count(questions) == 0)
        return;
    const ldns_rr *q = ldns_rr_list_rr(questions, 0);
    cr_expect(ne(int, m->flags &MESSAGE_QUESTION, 0));
    cr_expect(eq(u16, m->qtype, ldns_rr_get_type(q)));
    cr_expect(eq(u16, m->qclass, ldns_rr_get_class(q)));
    if (m->name_bytes == 0)
        return; /* ldns follows pointers forward */
    ldns_rdf *owner = ldns_rdf_clone(ldns_rr_owner(q));
    ldns_dname2canonical(owner);
    cr_expect(eq(sz, m->name_bytes, ldns_rdf_size(owner)));
    cr_expect(eq(int, memcmp(name, ldns_rdf_data(owner), m->name_bytes), 0));
    ldns_rdf_deep_free(owner);
}

static void expect_edns(const ldns_pkt *pkt, const struct message *m)
{
    bool edns = (m->flags & MESSAGE_EDNS) != 0;
    cr_expect(eq(int, edns, ldns_pkt_edns(pkt)));
    if (!edns || !ldns_pkt_edns(pkt))
        return;
    cr_expect(eq(u16, m->edns_bytes, ldns_pkt_edns_udp_size(pkt)));
    cr_expect(eq(int, (m->flags & MESSAGE_DO) != 0, ldns_pkt_edns_do(pkt)));
    cr_expect(eq(u16, m->rcode >> 4, ldns_pkt_edns_extended_rcode(pkt)));
}

static void compare(const uint8_t *octets, size_t n, const struct message *m,
                    const uint8_t *name)
{
    ldns_pkt *pkt = NULL;
    if (ldns_wire2pkt(&pkt, octets, n) != LDNS_STATUS_OK)
        return;
    compared++;
    cr_expect(eq(int, (m->flags & MESSAGE_RESPONSE) != 0, ldns_pkt_qr(pkt)));
    cr_expect(eq(int, (m->flags & MESSAGE_TC) != 0, ldns_pkt_tc(pkt)));
    cr_expect(eq(int, (m->flags & MESSAGE_RD) != 0, ldns_pkt_rd(pkt)));
    cr_expect(eq(int, (m->flags & MESSAGE_AA) != 0, ldns_pkt_aa(pkt)));
    cr_expect(eq(u8, m->opcode, ldns_pkt_get_opcode(pkt)));
    cr_expect(eq(u16, m->rcode & 15, ldns_pkt_get_rcode(pkt)));
    expect_question(pkt, m, name);
    expect_edns(pkt, m);
    ldns_pkt_free(pkt);
}

/* The linker puts this in place of every call of dns_decode() (--wrap). */
enum verdict __wrap_dns_decode(struct bytes message, struct message *m,
                               uint8_t name[static DNS_NAME_ROOM], enum defect *defect)
{
    enum verdict v = __real_dns_decode(message, m, name, defect);
    if (v == VERDICT_MESSAGE && message.missing == 0)
        compare(message.at, bytes_left(&message), m, name);
    return v;
}

static void read_slowly(const char *path)
{
    struct reading r;
    (void)read_file(path, &slow_scope, &r);
}

Test(corpus, says_of_every_message_what_libldns_says)
{
    for_each_file("captures", read_slowly);
    for_each_file("robust", read_slowly);
    cr_expect(ge(u32, compared, 30000), "%u messages", compared);
}

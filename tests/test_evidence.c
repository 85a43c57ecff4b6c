/* SPDX-License-Identifier: MIT */
#include "analysis/evidence.h"

#include "tests/support/directory.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <unistd.h>

static struct evidence evidence;
static struct keep keep;
static struct error err;
static char directory[DIRECTORY_BYTES], path[DIRECTORY_BYTES + 32];

static void setup(void)
{
    directory_make(directory);
    (void)snprintf(path, sizeof path, "%s/evidence.pcap", directory);
    cr_assert(keep_init(&keep, &err));
    cr_assert(evidence_init(&evidence, 100, &err));
}

static void teardown(void)
{
    evidence_fini(&evidence);
    keep_fini(&keep);
    directory_remove(directory);
}

TestSuite(evidence, .init = setup, .fini = teardown);

/* An interval in which `seen` frames came, of which all or 128 are kept, at these times. */
static void given(int64_t time_ns, uint64_t seen, uint32_t link)
{
    keep_clear(&keep);
    keep_network(&keep, (const uint8_t[16]){192, 0, 2}, false);
    struct keep_network *n = &keep.network[0];
    n->seen = seen;
    n->frames = seen < KEEP_FRAMES ? (uint32_t)seen : KEEP_FRAMES;
    for (uint32_t i = 0; i < n->frames; i++) {
        struct keep_frame *f = &keep.frame[i];
        *f = (struct keep_frame){
                .time_ns = time_ns + i, .captured = 60 + i % 10, .wire = 1500, .link = link};
        memset(f->octets, (int)i, sizeof f->octets);
    }
    evidence_add(&evidence, &keep, 0);
}

struct read_back {
    unsigned frames;
    int link;
    int64_t last_ns;
    bool in_order;
};

static struct read_back read_back(void)
{
    char words[PCAP_ERRBUF_SIZE];
    struct read_back r = {.in_order = true};
    struct pcap_pkthdr *h;
    const uint8_t *data;
    pcap_t *p =
            pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, words);
    cr_assert_not_null(p, "%s", words);
    r.link = pcap_datalink(p);
    while (pcap_next_ex(p, &h, &data) == 1) {
        int64_t time_ns = (int64_t)h->ts.tv_sec * 1000000000 + h->ts.tv_usec;
        r.in_order &= time_ns >= r.last_ns;
        r.last_ns = time_ns;
        r.frames++;
        cr_expect(eq(u32, h->len, 1500));
        cr_expect(eq(u8, data[0], data[h->caplen - 1]));
        cr_expect(eq(u32, h->caplen, 60 + data[0] % 10));
    }
    pcap_close(p);
    return r;
}

static bool written(uint32_t *left_out)
{
    return evidence_write(&evidence, path, left_out, &err);
}

Test(evidence, is_read_by_libpcap_in_the_order_of_time)
{
    uint32_t left_out = 9;
    given(1106049600123456789, 7, 1);
    given(1106049500000000000, 3, 1);
    cr_assert(written(&left_out), "%s", err.text);
    struct read_back r = read_back();
    cr_expect(eq(u32, r.frames, 10));
    cr_expect(eq(int, r.link, DLT_EN10MB));
    cr_expect(eq(i64, r.last_ns, 1106049600123456795));
    cr_expect(r.in_order);
    cr_expect(eq(u32, left_out, 0));
    cr_expect_not(directory_holds(directory, ".new"));
}

/* Frames at or after `from_ns`. */
static unsigned since(int64_t from_ns)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < evidence.frames; i++)
        n += evidence.frame[i].time_ns >= from_ns;
    return n;
}

Test(evidence, keeps_the_first_half_and_draws_the_rest_evenly)
{
    given(1000, 50, 1);
    for (int64_t i = 1; i <= 1000; i++)
        given(1000 + i * 1000, 20, 1);
    cr_expect(eq(u32, evidence.frames, 100));
    cr_expect(eq(u32, since(2000), 50));
    /* Of the last half 25 expected; the standard deviation is 3.5. */
    cr_expect(ge(u32, since(1000 + 501 * 1000), 9));
    cr_expect(le(u32, since(1000 + 501 * 1000), 41));
}

Test(evidence, gives_a_busy_interval_its_weight)
{
    given(1000, 50, 1);
    given(2000, 50, 1);
    for (int64_t i = 0; i < 10; i++)
        given(3000, 128, 1);
    given(9000, 11520, 1); /* of which 128 are kept: nine tenths of all later ones */
    cr_expect(ge(u32, since(9000), 30));
}

Test(evidence, leaves_out_frames_of_other_link_types)
{
    uint32_t left_out;
    given(1000, 5, 113);
    given(2000, 3, 1);
    cr_assert(written(&left_out), "%s", err.text);
    struct read_back r = read_back();
    cr_expect(eq(u32, r.frames, 5));
    cr_expect(eq(int, r.link, DLT_LINUX_SLL));
    cr_expect(eq(u32, left_out, 3));
}

Test(evidence, replaces_what_was_there_or_leaves_it)
{
    uint32_t left_out;
    given(1000, 5, 1);
    cr_assert(written(&left_out));
    given(2000, 5, 1);
    cr_assert(written(&left_out));
    cr_expect(eq(u32, read_back().frames, 10));
    (void)snprintf(path, sizeof path, "%s/none/evidence.pcap", directory);
    cr_expect_not(written(&left_out));
    cr_expect_not_null(strstr(err.text, "evidence.pcap.new: No such file"), "%s", err.text);
    (void)snprintf(path, sizeof path, "%s/evidence.pcap", directory);
    cr_expect(eq(u32, read_back().frames, 10));
}

Test(evidence, is_copied_and_forgotten)
{
    given(1000, 5, 1);
    struct evidence *copy = evidence_copy(&evidence);
    cr_assert_not_null(copy);
    evidence_clear(&evidence);
    cr_expect(eq(u32, evidence.frames, 0));
    cr_expect(eq(u32, copy->frames, 5));
    cr_expect(eq(i64, copy->frame[4].time_ns, 1004));
    evidence_free(copy);
}

Test(evidence, is_as_small_as_one_wants)
{
    for (uint32_t limit = 0; limit < 3; limit++) {
        evidence_fini(&evidence);
        cr_assert(evidence_init(&evidence, limit, &err));
        for (int i = 0; i < 20; i++)
            given(i * 1000, 30, 1);
        cr_expect(eq(u32, evidence.frames, limit));
        if (limit > 0)
            cr_expect(eq(i64, evidence.frame[0].time_ns, 0));
    }
}

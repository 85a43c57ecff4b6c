/* SPDX-License-Identifier: MIT */
#include "capture/source.h"
#include "tests/support/file.h"
#include "tests/support/shape.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

enum { FRAMES_MAX = 1000 };

static const int64_t SECOND = 1000000000;
static const struct source_scope scope = {.port = {53}, .ports = 1};

static struct file file;
static struct shape shape;
static struct message_batch batch;
static struct source_counts counts;
static struct error err;
static int64_t times[FRAMES_MAX]; /* of the messages read */
static size_t messages;

static void setup(void)
{
    file_start(&file);
    shape_common(&shape, "www.example", 1);
}

static void teardown(void)
{
    file_end(&file);
}

TestSuite(source, .init = setup, .fini = teardown);

static void expect_sums(void)
{
    uint64_t frames = 0;
    for (int v = 0; v < VERDICTS; v++)
        frames += counts.verdict[v];
    cr_expect(eq(u64, frames, counts.frames));
    cr_expect(eq(u64, counts.messages, (uint64_t)messages));
}

/* Reads the first `n` octets to their end; SOURCE_FAILED when they cannot be opened. */
static enum source_state read_part(size_t n)
{
    messages = 0;
    counts = (struct source_counts){0};
    struct source *s = file_source(&file, n, &scope, &err);
    if (s == NULL)
        return SOURCE_FAILED;
    enum source_state state;
    do {
        state = source_read(s, &batch, INT64_MAX, &err);
        for (uint32_t i = 0; i < batch.count; i++)
            times[messages++] = batch.message[i].time_ns;
    } while (state == SOURCE_MORE);
    source_counts(s, &counts);
    source_close(s);
    expect_sums();
    return state;
}

static enum source_state read_all(void)
{
    return read_part(file.size);
}

static void given_record(uint32_t seconds, uint32_t fraction)
{
    file_record(&file, seconds, fraction, shape.at, shape.size, (uint32_t)shape.size);
}

static void given_packet(uint32_t interface, uint64_t time)
{
    file_packet(&file, interface, time, shape.at, shape.size, (uint32_t)shape.size);
}

/* ---- Classic pcap --------------------------------------------------------------------- */

Test(source, reads_classic_files_of_both_precisions_and_orders)
{
    for (int kind = 0; kind < 4; kind++) {
        bool ns = kind & 1;
        file.size = 0;
        file.big = kind & 2;
        file_header(&file, ns ? 0xa1b23c4d : 0xa1b2c3d4, 1);
        for (uint32_t i = 0; i < 200; i++)
            given_record(1000 + i, 7);
        cr_expect(eq(int, read_all(), SOURCE_END));
        cr_assert(eq(sz, messages, 200));
        cr_expect(eq(i64, times[199], 1199 * SECOND + (ns ? 7 : 7000)));
    }
}

Test(source, reads_modified_classic_files)
{
    for (int big = 0; big < 2; big++) {
        file.size = 0;
        file.big = big;
        file_header(&file, 0xa1b2cd34, 1);
        for (uint32_t i = 0; i < 3; i++) {
            file_u32(&file, 1000 + i);
            file_u32(&file, 7);
            file_u32(&file, (uint32_t)shape.size);
            file_u32(&file, (uint32_t)shape.size);
            file_octets(&file, "\1\0\0\0\0\10\0\0", 8);
            file_octets(&file, shape.at, shape.size);
        }
        cr_expect(eq(int, read_all(), SOURCE_END));
        cr_assert(eq(sz, messages, 3));
        cr_expect(eq(i64, times[2], 1002 * SECOND + 7000));
    }
}

Test(source, seconds_last_until_2106)
{
    file_header(&file, 0xa1b2c3d4, 1);
    given_record(0x80000000, 0);
    given_record(UINT32_MAX, 999999);
    cr_expect(eq(int, read_all(), SOURCE_END));
    cr_expect(eq(i64, times[0], INT64_C(0x80000000) * SECOND));
    cr_expect(eq(i64, times[1], INT64_C(0xffffffff) * SECOND + 999999000));
}

Test(source, lengths_of_old_files_are_put_right)
{
    file_header(&file, 0xa1b2c3d4, 1);
    file.octets[6] = 2; /* version 2.2 */
    file_record(&file, 1, 1, shape.at, shape.size, (uint32_t)shape.size);
    memcpy(file.octets + 24 + 8, (const uint8_t[]){0xdc, 5, 0, 0}, 4); /* 1500 on the wire */
    given_record(2, 2);
    cr_expect(eq(int, read_all(), SOURCE_END));
    cr_expect(eq(sz, messages, 2));
    cr_expect(eq(u64, counts.bytes, 1500 + shape.size));
}

Test(source, a_classic_file_cut_anywhere_gives_what_is_before_the_cut)
{
    file_header(&file, 0xa1b2c3d4, 1);
    for (uint32_t i = 0; i < 5; i++)
        given_record(i, 0);
    size_t record = 16 + shape.size;
    for (size_t n = 1; n <= file.size; n++) {
        enum source_state state = read_part(n);
        if (n < 24) {
            cr_expect(eq(int, state, SOURCE_FAILED), "%zu octets", n);
            continue;
        }
        bool whole = (n - 24) % record == 0;
        cr_expect(eq(int, state, whole ? SOURCE_END : SOURCE_CUT), "%zu octets", n);
        cr_expect(eq(sz, messages, (n - 24) / record), "%zu octets", n);
        if (!whole)
            cr_expect_not_null(strstr(err.text, "offset"));
    }
}

Test(source, a_length_that_no_packet_has_ends_the_file)
{
    file_header(&file, 0xa1b2c3d4, 1);
    given_record(1, 0);
    file_record(&file, 2, 0, "", 0, 0);
    memset(file.octets + file.size - 8, 0x7f, 4);
    cr_expect(eq(int, read_all(), SOURCE_CUT));
    cr_expect(eq(sz, messages, 1));
}

/* ---- pcapng ---------------------------------------------------------------------------- */

static void given_statistics(uint32_t interface, uint64_t interface_drops,
                             uint64_t kernel_drops)
{
    size_t begun = file_block(&file, 5);
    file_u32(&file, interface);
    file_u32(&file, 0);
    file_u32(&file, 0);
    file_option(&file, 5, &interface_drops, 8);
    file_option(&file, 7, &kernel_drops, 8);
    file_block_end(&file, begun);
}

Test(source, reads_sections_of_both_orders_in_one_file)
{
    for (int i = 0; i < 6; i++) {
        file.big = i & 1;
        file_section(&file);
        file_interface(&file, 1, -1);
        given_packet(0, 5000000 + (uint64_t)i);
    }
    cr_expect(eq(int, read_all(), SOURCE_END));
    cr_assert(eq(sz, messages, 6));
    cr_expect(eq(i64, times[5], 5 * SECOND + 5000));
}

Test(source, reads_interfaces_of_different_links_and_resolutions)
{
    static const struct {
        int resolution;
        uint64_t time;
        int64_t time_ns;
    } row[] = {
            {-1, 1500000, 1500000000},
            {0, 17, 17 * INT64_C(1000000000)},
            {3, 1500, 1500000000},
            {6, UINT64_C(0xffffffff) * 1000000, INT64_C(0xffffffff) * 1000000000},
            {9, 1500000001, 1500000001},
            {12, 1500000001999, 1500000001},
            {0x80 | 1, 3, 1500000000},
            {0x80 | 30, UINT64_C(3) << 29, 1500000000},
            {0x80 | 63, UINT64_C(3) << 62, 1500000000},
    };
    file_section(&file);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        file_interface(&file, i % 2 ? 101 : 1, row[i].resolution);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        file_packet(&file, (uint32_t)i, row[i].time, shape.at + (i % 2 ? 14 : 0),
                    shape.size - (i % 2 ? 14 : 0), 1000);
    cr_expect(eq(int, read_all(), SOURCE_END));
    cr_assert(eq(sz, messages, sizeof row / sizeof *row));
    for (size_t i = 0; i < messages; i++)
        cr_expect(eq(i64, times[i], row[i].time_ns), "row %zu", i);
}

Test(source, adds_an_interfaces_offset_to_its_times)
{
    int64_t offset = 1000000;
    file_section(&file);
    size_t begun = file_block(&file, 1);
    file_u16(&file, 1);
    file_u16(&file, 0);
    file_u32(&file, 0);
    file_option(&file, 14, &offset, 8);
    file_block_end(&file, begun);
    given_packet(0, 2000000);
    cr_expect(eq(int, read_all(), SOURCE_END));
    cr_expect(eq(i64, times[0], 1000002 * SECOND));
}

Test(source, reads_simple_and_obsolete_packets)
{
    file_section(&file);
    file_interface(&file, 1, -1);
    size_t begun = file_block(&file, 2);
    file_u16(&file, 0);
    file_u16(&file, UINT16_MAX);
    file_u32(&file, 0);
    file_u32(&file, 3000000);
    file_u32(&file, (uint32_t)shape.size);
    file_u32(&file, (uint32_t)shape.size);
    file_octets(&file, shape.at, shape.size);
    file_block_end(&file, begun);
    begun = file_block(&file, 3);
    file_u32(&file, (uint32_t)shape.size);
    file_octets(&file, shape.at, shape.size);
    file_block_end(&file, begun);
    cr_expect(eq(int, read_all(), SOURCE_END));
    cr_assert(eq(sz, messages, 2));
    cr_expect(eq(i64, times[0], 3 * SECOND));
    cr_expect(eq(i64, times[1], 3 * SECOND));
}

Test(source, passes_over_blocks_and_options_of_other_kinds)
{
    static uint8_t much[3000000];
    file_section(&file);
    file_interface(&file, 1, -1);
    for (uint32_t type = 0x0bad; type < 0x0bb0; type++) {
        size_t begun = file_block(&file, type);
        file_octets(&file, much, type == 0x0bad ? 0 : sizeof much - type);
        file_block_end(&file, begun);
        given_packet(0, 1);
    }
    cr_expect(eq(int, read_all(), SOURCE_END));
    cr_expect(eq(sz, messages, 3));
}

Test(source, counts_what_interfaces_say_to_have_dropped)
{
    file_section(&file);
    file_interface(&file, 1, -1);
    file_interface(&file, 1, -1);
    given_statistics(0, 5, 7);
    given_statistics(1, 100, 0);
    given_statistics(0, 6, 9);
    cr_expect(eq(int, read_all(), SOURCE_END));
    cr_expect(eq(u64, counts.interface_drops, 106));
    cr_expect(eq(u64, counts.kernel_drops, 9));
}

Test(source, a_pcapng_file_cut_anywhere_gives_what_is_before_the_cut)
{
    size_t end[8];
    file_section(&file);
    size_t section = file.size;
    file_interface(&file, 1, 6);
    size_t interface = file.size;
    for (size_t i = 0; i < 4; i++) {
        given_packet(0, i);
        end[i] = file.size;
    }
    for (size_t n = 4; n <= file.size; n++) {
        enum source_state state = read_part(n);
        bool whole = n == section || n == interface;
        size_t least = 0, most = 0;
        for (size_t i = 0; i < 4; i++) {
            whole = whole || n == end[i];
            least += n >= end[i];
            most += n >= end[i] - 8; /* all but padding and the second length */
        }
        cr_expect(eq(int, state, whole ? SOURCE_END : SOURCE_CUT), "%zu octets", n);
        cr_expect(ge(sz, messages, least), "%zu octets", n);
        cr_expect(le(sz, messages, most), "%zu octets", n);
    }
}

Test(source, a_changed_octet_never_harms)
{
    file_section(&file);
    file_interface(&file, 1, 6);
    given_packet(0, 1);
    given_statistics(0, 5, 7);
    file_section(&file);
    file_interface(&file, 101, 0x80 | 20);
    given_packet(0, 1);
    for (size_t i = 4; i < file.size; i++)
        for (int bit = 0; bit < 8; bit++) {
            file.octets[i] ^= (uint8_t)(1 << bit);
            (void)read_all();
            cr_expect(le(sz, messages, 2));
            file.octets[i] ^= (uint8_t)(1 << bit);
        }
}

/* ---- Both ------------------------------------------------------------------------------ */

Test(source, stops_at_the_limit_and_goes_on_from_there)
{
    for (int ng = 0; ng < 2; ng++) {
        file.size = 0;
        if (ng) {
            file_section(&file);
            file_interface(&file, 1, 0);
        } else {
            file_header(&file, 0xa1b2c3d4, 1);
        }
        for (uint32_t i = 0; i < 10; i++)
            ng ? given_packet(0, i) : given_record(i, 0);
        struct source *s = file_source(&file, file.size, &scope, &err);
        int64_t first;
        cr_assert_not_null(s);
        cr_expect(source_first_time(s, &first));
        cr_expect(eq(i64, first, 0));
        for (int64_t limit = 1; limit <= 9; limit++) {
            cr_expect(eq(int, source_read(s, &batch, limit * SECOND, &err), SOURCE_LIMIT));
            cr_assert(eq(u32, batch.count, 1));
            cr_expect(eq(i64, batch.message[0].time_ns, (limit - 1) * SECOND));
            cr_expect(source_first_time(s, &first));
            cr_expect(eq(i64, first, limit * SECOND));
        }
        cr_expect(eq(int, source_read(s, &batch, INT64_MAX, &err), SOURCE_END));
        cr_expect(not(source_first_time(s, &first)));
        source_close(s);
    }
}

Test(source, times_that_run_backwards_are_given_in_the_order_of_the_file)
{
    file_header(&file, 0xa1b2c3d4, 1);
    for (uint32_t i = 0; i < 10; i++)
        given_record(1000 - 100 * i, 0);
    cr_expect(eq(int, read_all(), SOURCE_END));
    cr_assert(eq(sz, messages, 10));
    cr_expect(eq(i64, times[0], 1000 * SECOND));
    cr_expect(eq(i64, times[9], 100 * SECOND));
    cr_expect(eq(i64, counts.last_time_ns, 1000 * SECOND));
}

/* A segment with more messages than a batch holds: all come, the last with the file's end. */
Test(source, gives_all_messages_of_a_frame_over_several_batches)
{
    shape_query(&shape, ".", 2);
    shape_length(&shape);
    uint8_t one[64];
    size_t n = shape.size;
    memcpy(one, shape.at, n);
    for (int i = 1; i < 200; i++)
        shape_back(&shape, one, n);
    shape_tcp(&shape, 40000, 53, 1, 16);
    shape_ipv4(&shape, "192.0.2.1", "198.51.100.53", 6);
    shape_ethernet(&shape, 0x0800);
    file_header(&file, 0xa1b2c3d4, 1);
    given_record(1, 0);
    cr_expect(eq(int, read_all(), SOURCE_END));
    cr_expect(eq(sz, messages, 200));
    cr_expect(eq(u64, counts.frames, 1));
}

Test(source, what_is_no_capture_file_is_said_so)
{
    file_octets(&file, "#!/bin/sh\necho hello\n", 21);
    cr_expect(eq(int, read_all(), SOURCE_FAILED));
    cr_expect(ne(str, err.text, (char *)""));
    file.size = 0;
    cr_expect(eq(int, read_all(), SOURCE_FAILED));
}

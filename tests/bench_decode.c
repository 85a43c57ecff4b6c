/*
 * Nanoseconds of CPU a frame takes from a capture file to a message, beside a pcap_loop() that
 * does nothing with the same file: once for common queries alone, once for the mixture of a
 * root server's port.  The fastest of several alternating runs counts.
 */
/* SPDX-License-Identifier: MIT */
#include "capture/source.h"
#include "tests/support/file.h"
#include "tests/support/shape.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { FRAMES = 500000, RUNS = 9 };

static void fail(const char *what)
{
    (void)fprintf(stderr, "bench_decode: %s\n", what);
    exit(1);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void put_frame(struct file *f, const struct shape *s, uint32_t i)
{
    file_record(f, 1000 + i / 100000, i % 1000000, s->at, s->size, (uint32_t)s->size);
}

static const char *name_of(uint32_t i)
{
    static char name[64];
    (void)snprintf(name, sizeof name, "www%u.example%u.com", i % 977, i % 31);
    return name;
}

static void put_common(struct file *f, uint32_t i)
{
    static struct shape s;
    (i % 4 ? shape_query_edns : shape_query)(&s, name_of(i), i % 3 ? 1 : 28);
    shape_udp(&s, (uint16_t)(1024 + i % 60000), 53);
    shape_ipv4(&s, "192.0.2.1", "198.51.100.53", 17);
    s.at[13] = (uint8_t)i;
    s.at[14] = (uint8_t)(i >> 8);
    shape_ethernet(&s, 0x0800);
    put_frame(f, &s, i);
}

static void put_ipv6(struct file *f, uint32_t i)
{
    static struct shape s;
    shape_query_edns(&s, name_of(i), 28);
    shape_udp(&s, 40000, 53);
    shape_ipv6(&s, "2001:db8::1", "2001:db8::53", 17);
    shape_ethernet(&s, 0x86dd);
    put_frame(f, &s, i);
}

static void put_response(struct file *f, uint32_t i)
{
    static struct shape s;
    shape_response(&s, name_of(i), 1, 3);
    shape_udp(&s, 53, 40000);
    shape_ipv4(&s, "198.51.100.53", "192.0.2.1", 17);
    shape_ethernet(&s, 0x0800);
    put_frame(f, &s, i);
}

/* SYN, query, FIN: three frames of one connection after the other. */
static void put_tcp(struct file *f, uint32_t i)
{
    static struct shape s;
    uint32_t connection = i / 300, step = i / 100 % 3;
    shape_query(&s, "www.example.com", 1);
    shape_length(&s);
    uint32_t n = (uint32_t)s.size;
    if (step != 1)
        shape_start(&s);
    shape_tcp(&s, (uint16_t)(1024 + connection % 60000), 53,
              step == 0   ? 99
              : step == 1 ? 100
                          : 100 + n,
              step == 0   ? 2
              : step == 1 ? 24
                          : 17);
    shape_ipv4(&s, "192.0.2.7", "198.51.100.53", 6);
    shape_ethernet(&s, 0x0800);
    put_frame(f, &s, i);
}

static void put_mixed(struct file *f, uint32_t i)
{
    uint32_t kind = i % 100;
    if (kind < 55)
        put_common(f, i);
    else if (kind < 65)
        put_ipv6(f, i);
    else if (kind < 95)
        put_response(f, i);
    else
        put_tcp(f, i);
}

/* A capture file that lives in memory; its path. */
static const char *write_file(void (*put)(struct file *f, uint32_t i))
{
    static char path[64];
    struct file f;
    file_start(&f);
    file_header(&f, 0xa1b2c3d4, 1);
    for (uint32_t i = 0; i < FRAMES; i++)
        put(&f, i);
    int fd = memfd_create("bench", 0);
    if (fd < 0 || write(fd, f.octets, f.size) != (ssize_t)f.size)
        fail("cannot write a file");
    file_end(&f);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return path;
}

static double read_messages(const char *path, uint64_t *messages)
{
    static const struct source_scope scope = {.port = {53}, .ports = 1};
    static struct message_batch batch;
    struct error err;
    double begin = seconds();
    struct source *s = source_open_file(path, &scope, &err);
    if (s == NULL)
        fail(err.text);
    *messages = 0;
    while (source_read(s, &batch, INT64_MAX, &err) == SOURCE_MORE)
        *messages += batch.count;
    *messages += batch.count;
    source_close(s);
    return seconds() - begin;
}

static void do_nothing(u_char *argument, const struct pcap_pkthdr *h, const u_char *data)
{
    (void)argument;
    (void)h;
    (void)data;
}

static double loop_over(const char *path)
{
    char words[PCAP_ERRBUF_SIZE];
    double begin = seconds();
    pcap_t *p = pcap_open_offline(path, words);
    if (p == NULL || pcap_loop(p, -1, do_nothing, NULL) != 0)
        fail("pcap_loop");
    pcap_close(p);
    return seconds() - begin;
}

static void measure(const char *what, void (*put)(struct file *f, uint32_t i))
{
    const char *path = write_file(put);
    double ours = 1e9, theirs = 1e9;
    uint64_t messages = 0;
    for (int i = 0; i < RUNS; i++) {
        double a = read_messages(path, &messages), b = loop_over(path);
        ours = a < ours ? a : ours;
        theirs = b < theirs ? b : theirs;
    }
    printf("%-7s %6.1f ns a frame; empty pcap_loop %6.1f ns; ratio %.2f (%llu messages in %d "
           "frames)\n",
           what, ours / FRAMES * 1e9, theirs / FRAMES * 1e9, ours / theirs,
           (unsigned long long)messages, FRAMES);
}

int main(void)
{
    measure("common", put_common);
    measure("mixed", put_mixed);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* Captures on the loopback interface of a network namespace of its own; skips where there is
 * none. */
#include "capture/source.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const struct source_scope scope = {.port = {53}, .ports = 1};
static struct error err;

static void enter_namespace(void)
{
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int fd;
    if (unshare(CLONE_NEWNET) != 0 || (fd = socket(AF_INET, SOCK_DGRAM, 0)) < 0)
        cr_skip_test("no right to make a network namespace");
    cr_assert(eq(int, ioctl(fd, SIOCSIFFLAGS, &lo), 0));
    close(fd);
}

static struct source *capture(uint16_t group)
{
    const struct source_live live = {
            .interface = "lo", .buffer_bytes = 1 << 20, .snaplen = 512, .fanout_group = group};
    struct source *s = source_open_live(&live, &scope, &err);
    cr_assert_not_null(s, "%s", err.text);
    return s;
}

/* `queries` of them, each from a port of its own, so that a group shares them. */
static void send_queries(int queries)
{
    static const uint8_t query[] = {0, 1, 0,   0,   0,   1, 0, 0,  0, 0, 0,
                                    0, 3, 'c', 'o', 'm', 0, 0, 15, 0, 1};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(53)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < queries; i++) {
        int fd = socket(AF_INET, SOCK_DGRAM, 0);
        cr_assert(eq(
                sz,
                (size_t)sendto(fd, query, sizeof query, 0, (struct sockaddr *)&to, sizeof to),
                sizeof query));
        close(fd);
    }
}

/* Reads until so many messages came, or two seconds without one passed. */
static unsigned read_messages(struct source *s, unsigned wanted, int64_t limit_ns)
{
    static struct message_batch batch;
    unsigned messages = 0;
    struct pollfd p = {.fd = source_fd(s), .events = POLLIN};
    while (messages < wanted) {
        enum source_state state = source_read(s, &batch, limit_ns, &err);
        for (uint32_t i = 0; i < batch.count; i++)
            cr_expect(eq(u16, batch.message[i].qtype, 15));
        messages += batch.count;
        if (state == SOURCE_LIMIT)
            break;
        cr_assert(ne(int, state, SOURCE_FAILED), "%s", err.text);
        if (state == SOURCE_IDLE && poll(&p, 1, 2000) == 0)
            break;
    }
    return messages;
}

Test(live, reads_what_passes_an_interface)
{
    struct source_counts counts;
    int64_t unused;
    uint64_t done;
    uint64_t size;
    enter_namespace();
    struct source *s = capture(0);
    cr_expect_not(source_first_time(s, &unused));
    send_queries(100);
    cr_expect(eq(u32, read_messages(s, 100, INT64_MAX), 100));
    source_counts(s, &counts);
    cr_expect(ge(u64, counts.frames, 100));
    cr_expect(eq(u64, counts.verdict[VERDICT_MESSAGE], 100));
    cr_expect(eq(u64, counts.kernel_drops, 0));
    source_progress(s, &done, &size);
    cr_expect(eq(u64, size, 0));
    source_close(s);
}

Test(live, keeps_the_frame_that_meets_the_limit_for_the_next_interval)
{
    struct timespec now;
    enter_namespace();
    struct source *s = capture(0);
    clock_gettime(CLOCK_REALTIME, &now);
    send_queries(10);
    cr_expect(eq(u32, read_messages(s, 10, now.tv_sec * INT64_C(1000000000)), 0));
    cr_expect(eq(u32, read_messages(s, 10, now.tv_sec * INT64_C(1000000000)), 0));
    cr_expect(eq(u32, read_messages(s, 10, INT64_MAX), 10));
    source_close(s);
}

Test(live, is_shared_by_the_sources_of_a_group_without_a_message_twice)
{
    enter_namespace();
    struct source *a = capture(77);
    struct source *b = capture(77);
    send_queries(200);
    unsigned of_a = read_messages(a, 200, INT64_MAX);
    unsigned of_b = read_messages(b, 200 - of_a, INT64_MAX);
    cr_expect(eq(u32, of_a + of_b, 200));
    cr_expect(gt(u32, of_a, 0));
    cr_expect(gt(u32, of_b, 0));
    source_close(a);
    source_close(b);
}

Test(live, says_when_the_interface_goes_away)
{
    struct message_batch batch;
    enum source_state state = SOURCE_MORE;
    struct ifreq lo = {.ifr_name = "lo"};
    enter_namespace();
    struct source *s = capture(0);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    cr_assert(eq(int, ioctl(fd, SIOCSIFFLAGS, &lo), 0)); /* down */
    close(fd);
    for (int i = 0; i < 20 && state != SOURCE_FAILED; i++) {
        struct pollfd p = {.fd = source_fd(s), .events = POLLIN};
        (void)poll(&p, 1, 50);
        state = source_read(s, &batch, INT64_MAX, &err);
    }
    if (state == SOURCE_FAILED)
        cr_expect(eq(int, err.kind, ERROR_NO_INTERFACE));
    source_close(s);
}

Test(live, names_an_interface_that_is_not_there)
{
    const struct source_live live = {
            .interface = "nowhere0", .buffer_bytes = 1 << 20, .snaplen = 512};
    enter_namespace();
    cr_assert_null(source_open_live(&live, &scope, &err));
    cr_expect(eq(int, err.kind, ERROR_NO_INTERFACE));
    cr_expect_not_null(strstr(err.text, "nowhere0: no such interface"), "%s", err.text);
}

Test(live, says_which_right_is_missing)
{
    const struct source_live live = {
            .interface = "lo", .buffer_bytes = 1 << 20, .snaplen = 512};
    enter_namespace();
    if (setuid(65534) != 0)
        cr_skip_test("cannot become another user");
    cr_assert_null(source_open_live(&live, &scope, &err));
    cr_expect(eq(int, err.kind, ERROR_NO_RIGHT));
    cr_expect_not_null(strstr(err.text, "CAP_NET_RAW"), "%s", err.text);
}

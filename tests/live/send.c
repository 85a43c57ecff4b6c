/* SPDX-License-Identifier: MIT */
/*
 * Sends DNS queries out of an interface at a steady rate, for tests of live capture.
 *
 * Background from 4096 /24s of 240.0.0.0/4, or from any address; from `after` seconds on,
 * `share` of all queries come from seven hosts of 207.244.46.0/24, most of them MX.  What a busy
 * machine does not let it send in time is left out: a burst would be a flood.  Ends early on
 * SIGTERM; prints how many were sent.
 *
 * usage: send INTERFACE QUERIES_PER_S SECONDS AFTER SHARE [any]
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    BATCH = 64,
    FRAME = 71,
    AT_IP = 14,
    AT_SOURCE = 26,
    AT_PORT = 34,
    AT_ID = 42,
    AT_TYPE = 68
};

static const double LATE_S = 0.1;

struct sender {
    int fd;
    uint64_t random;
    bool any; /* address */
    uint8_t frame[BATCH][FRAME];
    struct iovec vector[BATCH];
    struct mmsghdr message[BATCH];
};

static void fail(const char *what)
{
    fprintf(stderr, "send: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static uint64_t draw(struct sender *s)
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return s->random;
}

static void prepare(struct sender *s)
{
    static const uint8_t start[FRAME] = {0x02, 0,
                                         0,    0,
                                         0,    1,
                                         0x02, 0,
                                         0,    0,
                                         0,    2,
                                         0x08, 0,
                                         0x45, 0,
                                         0,    FRAME - AT_IP,
                                         0,    0,
                                         0,    0,
                                         64,   17,
                                         0,    0,
                                         0,    0,
                                         0,    0,
                                         192,  0,
                                         2,    53,
                                         0,    0,
                                         0,    53,
                                         0,    FRAME - AT_PORT,
                                         0,    0,
                                         0,    0,
                                         0,    0,
                                         0,    1,
                                         0,    0,
                                         0,    0,
                                         0,    0,
                                         7,    'e',
                                         'x',  'a',
                                         'm',  'p',
                                         'l',  'e',
                                         3,    'c',
                                         'o',  'm',
                                         0,    0,
                                         1,    0,
                                         1};
    for (unsigned i = 0; i < BATCH; i++) {
        memcpy(s->frame[i], start, FRAME);
        s->vector[i] = (struct iovec){s->frame[i], FRAME};
        s->message[i].msg_hdr = (struct msghdr){.msg_iov = &s->vector[i], .msg_iovlen = 1};
    }
}

static void open_interface(struct sender *s, const char *interface)
{
    int one = 1;
    struct sockaddr_ll to = {.sll_family = AF_PACKET,
                             .sll_ifindex = (int)if_nametoindex(interface)};
    if (to.sll_ifindex == 0)
        fail(interface);
    s->fd = socket(AF_PACKET, SOCK_RAW, 0);
    if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&to, sizeof to) != 0)
        fail("opening the interface");
    if (setsockopt(s->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof one) != 0)
        fail("bypassing the queue");
}

static void checksum(uint8_t *ip)
{
    uint32_t sum = 0;
    ip[10] = ip[11] = 0;
    for (unsigned i = 0; i < 20; i += 2)
        sum += (uint32_t)ip[i] << 8 | ip[i + 1];
    sum = (sum & 0xffff) + (sum >> 16);
    sum = ~(sum + (sum >> 16));
    ip[10] = (uint8_t)(sum >> 8);
    ip[11] = (uint8_t)sum;
}

static void fill(struct sender *s, uint8_t *frame, bool culprit)
{
    uint64_t r = draw(s);
    uint32_t some = 0xf0000000 | ((uint32_t)(r >> 8) % 4096) << 8 | (r & 3);
    uint32_t background = s->any ? (uint32_t)(r >> 16) : some;
    uint32_t source = htonl(culprit ? 0xcff42e00 | (5 + (uint32_t)(r >> 8) % 7) : background);
    memcpy(frame + AT_SOURCE, &source, sizeof source);
    memcpy(frame + AT_PORT, &r, 2);
    memcpy(frame + AT_ID, (uint8_t *)&r + 2, 2);
    frame[AT_TYPE] = culprit && r >> 60 < 12 ? 15 : 1;
    checksum(frame + AT_IP);
}

static volatile sig_atomic_t enough;

static void stop(int number)
{
    (void)number;
    enough = 1;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void send_batch(struct sender *s, bool culprits, double share)
{
    for (unsigned i = 0; i < BATCH; i++)
        fill(s, s->frame[i], culprits && (double)(draw(s) >> 11) / 9007199254740992.0 < share);
    for (unsigned done = 0; done < BATCH;) {
        int n = sendmmsg(s->fd, s->message + done, BATCH - done, 0);
        if (n < 0 && errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
            fail("sending");
        done += n > 0 ? (unsigned)n : 0;
    }
}

int main(int argc, char **argv)
{
    static struct sender s = {.random = 20050118};
    if (argc != 6 && argc != 7) {
        fprintf(stderr, "usage: send INTERFACE QUERIES_PER_S SECONDS AFTER SHARE [any]\n");
        return 2;
    }
    double rate = atof(argv[2]);
    double last = atof(argv[3]);
    double after = atof(argv[4]);
    double share = atof(argv[5]);
    uint64_t sent = 0;
    double left_out = 0;
    s.any = argc == 7;
    (void)signal(SIGTERM, stop);
    open_interface(&s, argv[1]);
    prepare(&s);
    double begun = seconds();
    for (double now = begun; now - begun < last && !enough; now = seconds()) {
        double due = rate * (now - begun) - left_out - (double)sent;
        if (due > rate * LATE_S + BATCH) {
            left_out += due - BATCH;
        } else if (due > 0) {
            send_batch(&s, now - begun >= after, share);
            sent += BATCH;
        } else {
            (void)usleep(100);
        }
    }
    printf("%llu\n", (unsigned long long)sent);
    return EXIT_SUCCESS;
}

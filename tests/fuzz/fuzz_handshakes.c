/*
 * Segments between clients of two watched networks and a server: each is four octets (flags;
 * direction, network and port; sequence and acknowledged number, near each other).
 */
/* SPDX-License-Identifier: MIT */
#include "capture/handshakes.h"
#include "tests/support/wire.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* No connection is counted under two names, and none without its SYN. */
static void check(const struct keep *k)
{
    for (unsigned n = 0; n < k->networks; n++) {
        const uint64_t *sign = k->network[n].sign;
        if (sign[KEEP_HANDSHAKE] + sign[KEEP_UNFINISHED] + sign[KEEP_ONE_SIDED] +
                    sign[KEEP_UNANSWERED] >
            sign[KEEP_SYN])
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct wire wire;
    static struct shape shape;
    struct keep keep = {.random = 1};
    if (wire.pages == NULL)
        wire_open(&wire);
    wire_again(&wire);
    keep_network(&keep, (const uint8_t[16]){192, 0, 2}, false);
    keep_network(&keep, (const uint8_t[16]){192, 0, 3}, false);
    wire.decode.keep = &keep;
    for (; size >= 4; data += 4, size -= 4) {
        const char *client = data[1] & 2 ? "192.0.3.7" : "192.0.2.7";
        uint16_t port = (uint16_t)(40000 + (data[1] >> 6));
        bool answer = data[1] & 1;
        shape_start(&shape);
        shape_back(&shape, data, data[1] >> 2 & 3);
        shape_tcp_ack(&shape, answer ? 53 : port, answer ? port : 53, data[2], data[3],
                      data[0] & 0x1f);
        shape_ipv4(&shape, answer ? "198.51.100.53" : client, answer ? client : "198.51.100.53",
                   6);
        shape_ethernet(&shape, 0x0800);
        wire.time_ns += (int64_t)(data[0] >> 5) * HANDSHAKES_WAIT_NS / 6;
        wire_frame(&wire, WIRE_ETHERNET, shape.at, shape.size, 0);
        handshakes_settle(wire.decode.handshakes, &keep, wire.time_ns);
        check(&keep);
    }
    wire_finish(&wire);
    return 0;
}

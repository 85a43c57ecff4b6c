/*
 * Segments of a few TCP streams: each is four octets (flags and stream, where it begins, how
 * long it is, time and cut) and its data.
 */
/* SPDX-License-Identifier: MIT */
#include "capture/stream.h"
#include "tests/support/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct wire wire;
    static struct shape shape;
    if (wire.pages == NULL)
        wire_open(&wire);
    wire.scope.stream_bytes = 1 << 14; /* so little that streams push each other out */
    wire_again(&wire);

    uint32_t next[16] = {0};
    while (size >= 4) {
        const uint8_t *head = data;
        size_t n = head[2] < size - 4 ? head[2] : size - 4;
        size_t cut = head[3] & 15 && (size_t)(head[3] & 15) <= n ? head[3] & 15 : 0;
        uint32_t *at = &next[head[0] >> 4];
        *at += (uint32_t)(int8_t)head[1] * 4;
        shape_start(&shape);
        shape_back(&shape, data + 4, n);
        shape_tcp(&shape, (uint16_t)(40000 + (head[0] >> 4)), 53, *at, head[0] & 7);
        shape_ipv4(&shape, "192.0.2.1", "198.51.100.53", 6);
        shape_ethernet(&shape, 0x0800);
        wire.time_ns += (int64_t)(head[3] >> 4) * (STREAM_GAP_NS / 8);
        wire_frame(&wire, WIRE_ETHERNET, shape.at, shape.size - cut, cut);
        *at += (uint32_t)n;
        data += 4 + n;
        size -= 4 + n;
    }
    wire_finish(&wire);
    return 0;
}

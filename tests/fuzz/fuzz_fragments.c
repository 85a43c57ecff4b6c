/* Fragments of a few datagrams: each is four octets (number and place, length, cut) and data.
 */
/* SPDX-License-Identifier: MIT */
#include "capture/fragment.h"
#include "tests/support/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void shape_fragment(struct shape *s, const uint8_t *head)
{
    uint16_t place = (uint16_t)((head[0] & 1 ? 0x2000 : 0) | (head[1] & 0x3f));
    if (head[0] & 2) {
        shape_words(s, 17 << 8, (uint16_t)((place & 0x1fff) << 3 | (head[0] & 1)), 0,
                    head[0] >> 4);
        shape_ipv6(s, "2001:db8::1", "2001:db8::53", 44);
        shape_ethernet(s, 0x86dd);
        return;
    }
    shape_ipv4(s, "192.0.2.1", "198.51.100.53", 17);
    s->at[5] = head[0] >> 4;
    s->at[6] = (uint8_t)(place >> 8);
    s->at[7] = (uint8_t)place;
    shape_ethernet(s, 0x0800);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct wire wire;
    static struct shape shape;
    if (wire.pages == NULL)
        wire_open(&wire);
    wire.scope.fragment_bytes = 1 << 14;
    wire_again(&wire);

    while (size >= 4) {
        const uint8_t *head = data;
        size_t n = head[2] < size - 4 ? head[2] : size - 4;
        size_t cut = head[3] & 15 && (size_t)(head[3] & 15) <= n ? head[3] & 15 : 0;
        shape_start(&shape);
        shape_back(&shape, data + 4, n);
        shape_fragment(&shape, head);
        wire.time_ns += (int64_t)(head[3] >> 4) * (FRAGMENT_WAIT_NS / 64);
        wire_frame(&wire, WIRE_ETHERNET, shape.at, shape.size - cut, cut);
        data += 4 + n;
        size -= 4 + n;
    }
    wire_finish(&wire);
    return 0;
}

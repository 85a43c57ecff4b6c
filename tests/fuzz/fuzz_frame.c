/* One frame, of a link type that the first two octets choose; cut as the third says. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/wire.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct wire wire;
    static struct keep keep; /* for the ways that are gone only where a network is watched */
    struct error err;
    if (wire.pages == NULL) {
        wire_open(&wire);
        if (!keep_init(&keep, &err))
            abort();
    }
    if (size < 3 || size - 3 > WIRE_FRAME_MAX)
        return 0;
    wire.scope.stream_bytes = wire.scope.fragment_bytes = 1 << 16;
    wire_again(&wire);
    keep_clear(&keep);
    keep_network(&keep, (const uint8_t[16]){192, 0, 2}, false);
    wire.decode.keep = &keep;
    wire_frame(&wire, (uint32_t)data[0] << 8 | data[1], data + 3, size - 3, data[2]);
    wire_finish(&wire);
    return 0;
}

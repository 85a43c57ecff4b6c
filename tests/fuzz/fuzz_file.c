/* A capture file, of any kind. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/file.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct source_scope scope = {
            .port = {53}, .ports = 1, .fragment_bytes = 1 << 16, .stream_bytes = 1 << 16};
    static struct message_batch batch;
    struct error err;
    const struct file f = {.octets = (uint8_t *)data, .size = size};
    struct source *s = file_source(&f, size, &scope, &err);
    if (s == NULL)
        return 0;
    uint64_t frames = 0, messages = 0;
    enum source_state state;
    do {
        state = source_read(s, &batch, INT64_MAX, &err);
        messages += batch.count;
    } while (state == SOURCE_MORE);
    struct source_counts counts;
    source_counts(s, &counts);
    for (int v = 0; v < VERDICTS; v++)
        frames += counts.verdict[v];
    if (frames != counts.frames || messages != counts.messages)
        abort();
    source_close(s);
    return 0;
}

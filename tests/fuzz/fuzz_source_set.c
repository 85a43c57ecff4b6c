/*
 * A stored set of sources from a damaged store: refused, or read to its end, in order.  The sum
 * at its end, which nobody guesses, is put right, so that all before it is reached.
 */
/* SPDX-License-Identifier: MIT */
#include "analysis/source_union.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SUM_BYTES = 8 };

static bool write_item(void *w, const struct source4 *ipv4, const struct source6 *ipv6)
{
    return ipv4 != NULL ? source_writer_ipv4(w, ipv4) : source_writer_ipv6(w, ipv6);
}

/* What can be read is written again as it was: a set has one form. */
static void read_set(uint8_t *octets, size_t size)
{
    struct error err;
    uint8_t *again;
    size_t again_size;
    struct source_reader *r = source_reader_open(source_set_memory, octets, size, &err);
    struct source_writer *w = source_writer_create(&err);
    if (r != NULL && w != NULL && source_union(&r, 1, write_item, w, &err)) {
        if (!source_writer_end(w, &again, &again_size, &err) || again_size != size ||
            memcmp(again, octets, size) != 0)
            abort();
        free(again);
    }
    source_writer_free(w);
    source_reader_close(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *octets = malloc(size + SUM_BYTES);
    if (octets == NULL)
        return 0;
    memcpy(octets, data, size);
    uint64_t sum = htobe64(XXH64(octets, size, 0));
    memcpy(octets + size, &sum, sizeof sum);
    read_set(octets, size + SUM_BYTES);
    free(octets);
    return 0;
}

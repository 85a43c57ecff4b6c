/* Lists of prefixes to be judged. */
/* SPDX-License-Identifier: MIT */
#include "analysis/filters.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct feed from;
    struct filters f;
    struct filters_sums none = {.queries = 0};
    const struct filters_sources nobody = {.before = &none};
    struct error err = {.text = ""};
    if (!feed_memory(&from, "list", data, size, &err))
        return 0;
    bool good = filters_read(&f, &from, &err);
    if (!good && err.text[0] == '\0')
        abort();
    if (good && (!filters_judge(&f, &nobody, &err) || f.total.queries != 0))
        abort();
    filters_fini(&f);
    feed_close(&from);
    return 0;
}

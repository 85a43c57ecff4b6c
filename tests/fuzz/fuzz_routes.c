/* A table of origins, of any kind: whatever is given as a route is one. */
/* SPDX-License-Identifier: MIT */
#include "analysis/routes.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libmaxminddb 1.7.1 loses 5 KB when it refuses some damaged descriptions. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libmaxminddb\n";
}

static bool check(void *to, const struct route *r, struct error *err)
{
    char prefix[ROUTE_TEXT_BYTES], path[64];
    unsigned bits = r->family == 4 ? 32 : 128;
    (void)to;
    (void)err;
    if ((r->family != 4 && r->family != 6) || r->length > bits || r->weight == 0 ||
        r->hops > ROUTE_HOPS_MAX || routes_origins(r) > r->hops ||
        (r->hops > 0 && routes_origins(r) == 0))
        abort();
    for (unsigned bit = r->length; bit < 128; bit++)
        if (r->address[bit / 8] & (0x80U >> bit % 8))
            abort();
    if (strlen(routes_prefix(r, prefix)) < 4 ||
        strlen(routes_path(r->hop, r->hops, path, sizeof path)) >= sizeof path)
        abort();
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct feed from;
    struct error err;
    struct routes_about about;
    const struct routes_taker taker = {.take = check};
    if (!feed_memory(&from, "table", data, size, &err))
        return 0;
    err.text[0] = '\0';
    if (!routes_read(&from, &taker, &about, &err) && err.text[0] == '\0')
        abort();
    feed_close(&from);
    return 0;
}

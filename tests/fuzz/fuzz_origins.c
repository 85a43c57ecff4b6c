/* A table of origins, of any kind; and look-ups in it. */
/* SPDX-License-Identifier: MIT */
#include "analysis/origins.h"

#include <ctype.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libmaxminddb 1.7.1 loses 5 KB when it refuses some damaged descriptions. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libmaxminddb\n";
}

/* Whatever is found covers what was asked for, and has origins. */
static void look_up(const struct origins *o, struct prefix p)
{
    struct origin found;
    uint32_t asn[4];
    enum origins_answer answer = origins_look_up(o, p, &found);
    uint16_t country = origins_country(o, &found);
    if (country != 0 && (!isalnum(country & 0xff) || !isalnum(country >> 8)))
        abort();
    if (answer != ORIGINS_ANNOUNCED)
        return;
    if (found.number >= origins_count(o) || origins_asn(o, found.number) != found.asn ||
        prefix_length(found.announced) > prefix_length(p) ||
        origins_all(o, &found, asn, 4) < 1 || asn[0] != found.asn)
        abort();
    const char *name = origins_name(o, found.number);
    if (name != NULL && strlen(name) > 127)
        abort();
}

static void read_and_look_up(const uint8_t *data, size_t size, bool countries)
{
    struct feed from;
    struct error err;
    if (!feed_memory(&from, "table", data, size, &err))
        return;
    struct origins *o = countries ? origins_read_countries(&from, NULL, NULL, &err)
                                  : origins_read(&from, NULL, NULL, &err);
    feed_close(&from);
    for (size_t i = 0; o != NULL && i + 8 <= size && i < 64; i++) {
        uint8_t address[16] = {0};
        memcpy(address, data + i, 8);
        look_up(o, prefix_of(4, address, 32));
        look_up(o, prefix_of(6, address, 56));
    }
    origins_free(o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_and_look_up(data, size, false);
    read_and_look_up(data, size, true);
    return 0;
}

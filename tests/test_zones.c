/* SPDX-License-Identifier: MIT */
#include "analysis/zones.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

static struct error err;
static struct names *names;
static struct zones *zones;

static void setup(void)
{
    names = names_create(1024, false, 1, &err);
    zones = zones_create(1000, &err);
    cr_assert(names != NULL && zones != NULL);
}

static void teardown(void)
{
    names_free(names);
    zones_free(zones);
}

TestSuite(zones, .init = setup, .fini = teardown);

static void given(const char *octets, uint8_t bytes, uint32_t queries)
{
    const uint8_t *name = (const uint8_t *)octets;
    names_add(names, names_hash(names, name, bytes), name, bytes, queries);
}

#define GIVEN(octets, queries) given(octets, sizeof(octets), queries)

static const struct zoned_name *of_bytes(uint8_t name_bytes)
{
    uint32_t count;
    const struct zoned_name *n = zones_names(zones, &count);
    for (uint32_t i = 0; i < count; i++)
        if (n[i].name_bytes == name_bytes)
            return &n[i];
    return NULL;
}

Test(zones, puts_every_name_beside_its_domain)
{
    GIVEN("\3www\7example\3net", 3);
    GIVEN("\7example\3net", 2);
    GIVEN("\5local", 1);
    zones_take(zones, names);

    const struct zoned_name *below = of_bytes(17);
    const struct zoned_name *domain = of_bytes(13);
    const struct zoned_name *single = of_bytes(7);
    cr_assert(below != NULL && domain != NULL && single != NULL);
    cr_expect(eq(u32, below->zone_bytes, 13));
    cr_expect(memcmp(zoned_name_zone(below), "\7example\3net", 13) == 0);
    cr_expect(eq(u64, below->zone_hash, domain->zone_hash));
    cr_expect(eq(u32, below->queries, 3));
    cr_expect(eq(u32, domain->zone_bytes, 13));
    cr_expect(eq(u32, single->zone_bytes, 7));
}

Test(zones, bounds_what_a_domain_has_from_above)
{
    char octets[] = "\4r000\7example\3net";
    for (int i = 0; i < 500; i++) {
        (void)snprintf(octets + 2, 4, "%03d", i);
        octets[5] = 7;
        given(octets, sizeof octets, 2);
    }
    GIVEN("\3one\5other\3net", 1);
    zones_take(zones, names);
    cr_expect(ge(u32, zones_bound(zones, of_bytes(18)->zone_hash), 1000));
    cr_expect(ge(u32, zones_bound(zones, of_bytes(15)->zone_hash), 1));
}

Test(zones, forgets_the_interval_before)
{
    GIVEN("\7example\3net", 9);
    zones_take(zones, names);
    uint64_t hash = of_bytes(13)->zone_hash;
    names_clear(names);
    zones_take(zones, names);

    uint32_t count;
    (void)zones_names(zones, &count);
    cr_expect(eq(u32, count, 0));
    cr_expect(eq(u32, zones_bound(zones, hash), 0));
}

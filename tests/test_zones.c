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

Test(zones, puts_every_name_beside_its_top_level_domain)
{
    GIVEN("\3www\7example\3net", 1);
    GIVEN("\5local", 1);
    GIVEN("", 1); /* the root */
    zones_take(zones, names);
    cr_expect(eq(u32, of_bytes(17)->tld_bytes, 5));
    cr_expect(memcmp(zoned_name_tld(of_bytes(17)), "\3net", 5) == 0);
    cr_expect(eq(u32, of_bytes(7)->tld_bytes, 7));
    cr_expect(eq(u32, of_bytes(1)->tld_bytes, 1));
}

/* The second levels that registries use: names below them are registered one label deeper. */
Test(zones, knows_second_levels_of_registries)
{
    static const char *const second[] = {"co", "com", "net", "org", "ac",  "gov", "gob", "edu",
                                         "ne", "or",  "go",  "mil", "nom", "xx",  "comm"};
    for (unsigned i = 0; i < sizeof second / sizeof *second; i++) {
        char octets[40];
        uint8_t length = (uint8_t)strlen(second[i]);
        int bytes = snprintf(octets, sizeof octets, "%cwww%cexample%c%s%cuk", 3, 7, length,
                             second[i], 2) +
                    1;
        names_clear(names);
        given(octets, (uint8_t)bytes, 1);
        zones_take(zones, names);
        uint8_t zone_bytes = (uint8_t)(length + 1 + 4 + (i < 13 ? 8 : 0));
        cr_expect(eq(u8, of_bytes((uint8_t)bytes)->zone_bytes, zone_bytes), "%s", second[i]);
    }
    names_clear(names);
    GIVEN("\1"
          "9\2"
          "10\7in-addr\4arpa",
          1);
    GIVEN("\1"
          "8\1"
          "b\1"
          "d\3ip6\4arpa",
          1);
    zones_take(zones, names);
    cr_expect(eq(u8, of_bytes(19)->zone_bytes, 17));
    cr_expect(eq(u8, of_bytes(16)->zone_bytes, 12));
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

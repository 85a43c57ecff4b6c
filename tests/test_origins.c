/* SPDX-License-Identifier: MIT */
#include "analysis/origins.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static struct origins *read_text(const char *text, struct error *err)
{
    FILE *f = fmemopen((char *)(uintptr_t)text, strlen(text), "r");
    struct origins *o = origins_read(f, "table", err);
    (void)fclose(f);
    return o;
}

static uint32_t origin_of(const struct origins *o, const char *text)
{
    struct prefix p;
    struct origin found;
    cr_assert(prefix_parse(text, &p));
    return origins_find(o, p, &found) ? found.asn : 0;
}

Test(origins, finds_the_longest_announcement_around_a_prefix)
{
    struct error err;
    struct origins *o = read_text("192.0.0.0\t8\t64496\n"
                                  "192.0.2.0\t24\t64497\n"
                                  "192.0.2.128\t25\t64498\n"
                                  "203.0.112.0\t20\t64499_64500\n"
                                  "2001:db8::\t32\t64501\n",
                                  &err);
    cr_assert_not_null(o, "%s", err.text);
    cr_expect(eq(u32, origin_of(o, "192.0.2.0/24"), 64497));
    cr_expect(eq(u32, origin_of(o, "192.0.3.0/24"), 64496));
    cr_expect(eq(u32, origin_of(o, "192.255.255.0/24"), 64496));
    cr_expect(eq(u32, origin_of(o, "203.0.113.0/24"), 64499));
    cr_expect(eq(u32, origin_of(o, "203.0.128.0/24"), 0));
    cr_expect(eq(u32, origin_of(o, "2001:db8:7::/48"), 64501));
    cr_expect(eq(u32, origin_of(o, "2001:db9::/48"), 0));
    cr_expect(eq(sz, origins_count(o), 5));
    origins_free(o);
}

Test(origins, says_where_a_line_is_wrong)
{
    struct error err;
    cr_expect_null(read_text("192.0.2.0\t24\t64497\n192.0.2.0/24 64497\n", &err));
    cr_expect(eq(str, err.text, "table:2: not an address, a length and an AS number"));
}

Test(origins, know_nothing_without_a_table)
{
    struct prefix p;
    struct origin found;
    cr_assert(prefix_parse("192.0.2.0/24", &p));
    cr_expect_not(origins_find(NULL, p, &found));
}

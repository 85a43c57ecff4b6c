/* SPDX-License-Identifier: MIT */
#include "analysis/known.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static struct prefix prefix(const char *text)
{
    struct prefix p;
    cr_assert(prefix_parse(text, &p), "%s", text);
    return p;
}

static struct known list(unsigned sources, const char *const text[])
{
    struct known k = {.sources = sources};
    for (unsigned i = 0; i < sources; i++)
        cr_assert(known_parse(text[i], &k.source[i]), "%s", text[i]);
    return k;
}

Test(known, reads_what_it_writes)
{
    static const char *const texts[] = {"192.0.2.0/24", "192.0.2.0/24=800", "10.0.0.0/8=0.5",
                                        "2001:db8::/48", "2001:db8::/32=1000000000"};
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct known_source s;
        char text[KNOWN_TEXT_BYTES];
        cr_assert(known_parse(texts[i], &s), "%s", texts[i]);
        cr_expect(eq(str, (char *)known_format(&s, text), (char *)texts[i]));
    }
}

Test(known, refuses_what_is_no_prefix_it_counts)
{
    static const char *const texts[] = {"",
                                        "192.0.2.1",
                                        "192.0.2.0/25",
                                        "2001:db8::/49",
                                        "192.0.2.0/24=",
                                        "192.0.2.0/24=many",
                                        "192.0.2.0/24=-1",
                                        "192.0.2.0/24=1e9",
                                        "192.0.2.0/24=1.2.3",
                                        "192.0.2.0/24=2000000000",
                                        "192.0.2.0/24 800",
                                        "=800"};
    struct known_source s;
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_expect(not(known_parse(texts[i], &s)), "%s", texts[i]);
}

Test(known, allows_each_prefix_in_a_shorter_one)
{
    const struct known k = list(2, (const char *const[]){"10.0.0.0/8=100", "2001:db8::/32"});
    cr_expect(known_allows(&k, prefix("10.1.2.0/24"), 100));
    cr_expect(not(known_allows(&k, prefix("10.1.2.0/24"), 101)));
    cr_expect(not(known_allows(&k, prefix("11.1.2.0/24"), 1)));
    cr_expect(known_allows(&k, prefix("2001:db8:7::/48"), 1e9));
    cr_expect(not(known_allows(&k, prefix("2001:db9::/48"), 1)));
}

Test(known, lets_the_longest_prefix_say_how_much)
{
    const struct known k = list(
            3, (const char *const[]){"0.0.0.0/0=10", "10.0.0.0/24=1000", "10.0.0.0/8=100"});
    cr_expect(known_allows(&k, prefix("10.0.0.0/24"), 1000));
    cr_expect(not(known_allows(&k, prefix("10.0.1.0/24"), 1000)));
    cr_expect(not(known_allows(&k, prefix("192.0.2.0/24"), 11)));
    cr_expect(not(known_allows(&k, prefix("2001:db8::/48"), 1)));
}

Test(known, allows_nothing_where_nothing_is_known)
{
    const struct known k = {.sources = 0};
    cr_expect(not(known_allows(&k, prefix("10.0.0.0/24"), 0)));
}

/* SPDX-License-Identifier: MIT */
#include "analysis/prefix.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static struct prefix prefix(unsigned family, const char *address, unsigned length)
{
    uint8_t octets[16] = {0};
    cr_assert(eq(int, inet_pton(family == 4 ? AF_INET : AF_INET6, address, octets), 1));
    return prefix_of(family, octets, length);
}

Test(prefix, reads_back_as_it_was_written)
{
    char text[PREFIX_TEXT_BYTES];
    cr_expect(eq(str, (char *)prefix_format(prefix(4, "207.244.46.9", 24), text),
                 "207.244.46.0/24"));
    cr_expect(eq(str, (char *)prefix_format(prefix(6, "2001:db8:1:2::3", 48), text),
                 "2001:db8:1::/48"));
}

Test(prefix, of_the_two_families_are_never_equal)
{
    cr_expect(ne(u64, prefix(4, "0.0.0.0", 24).bits, prefix(6, "::", 24).bits));
}

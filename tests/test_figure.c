/* SPDX-License-Identifier: MIT */
#include "graphs/figure.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#define NARROW "\u202f"

static char text[FIGURE_BYTES];

#define reads(figure, expected) cr_expect(eq(str, (char *)(figure), expected))

Test(figure, counts_in_thousands)
{
    reads(figure_count(0, text), "0");
    reads(figure_count(9999, text), "9999");
    reads(figure_count(10000, text), "10" NARROW "k");
    reads(figure_count(999900, text), "1.0" NARROW "M");
    reads(figure_count(271.4e6, text), "271" NARROW "M");
    reads(figure_count(5.25e12, text), "5.2" NARROW "T");
}

Test(figure, groups_long_numbers)
{
    reads(figure_exact(1204, text), "1204");
    reads(figure_exact(271480000, text), "271" NARROW "480" NARROW "000");
    reads(figure_exact(UINT64_MAX, text),
          "18" NARROW "446" NARROW "744" NARROW "073" NARROW "709" NARROW "551" NARROW "615");
}

Test(figure, gives_the_digits_that_tell_something)
{
    reads(figure_rate(1708.3, text), "1708");
    reads(figure_rate(.2, text), "0.2");
    reads(figure_rate(.04, text), "0.04");
    reads(figure_change(-3.14, text), "\u22123.1");
    reads(figure_change(0, text), "0");
    reads(figure_share(.352, text), "35" NARROW "%");
    reads(figure_share(.014, text), "1.4" NARROW "%");
    reads(figure_share(0, text), "0" NARROW "%");
}

Test(figure, says_times_in_utc_and_durations_in_two_units)
{
    reads(figure_time(1106049600, text), "18 Jan 2005 12:00");
    reads(figure_lasting(45, text), "45" NARROW "s");
    reads(figure_lasting(3600, text), "60" NARROW "min");
    reads(figure_lasting(3 * 3600 + 300, text), "3" NARROW "h 5" NARROW "min");
    reads(figure_lasting(51 * 3600, text), "2" NARROW "days 3" NARROW "h");
}

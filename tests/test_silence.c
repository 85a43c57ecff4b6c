/* SPDX-License-Identifier: MIT */
#include "analysis/silence.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(silence, reads_what_it_writes)
{
    struct silence s;
    char text[SILENCE_TEXT_BYTES];
    char given[] = "2024-02-28T23:59/2024-02-29T00:01";
    cr_assert(silence_parse(given, &s));
    cr_expect(eq(i64, s.to_s - s.from_s, 120));
    cr_expect(eq(str, (char *)silence_format(&s, text), given));
}

Test(silence, refuses_what_is_no_span)
{
    static const char *const texts[] = {"",
                                        "2026-11-25T02:00",
                                        "2026-11-25T02:00/",
                                        "2026-11-25T04:00/2026-11-25T02:00",
                                        "2026-11-25T02:00/2026-11-25T02:00",
                                        "2026-02-30T02:00/2026-03-25T02:00",
                                        "2026-11-25 02:00/2026-11-25 04:00",
                                        "2026-11-25T02:00/2026-11-25T04:00Z",
                                        "2026-11-25T2:00:00/2026-11-5T04:00"};
    struct silence s;
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_expect(not(silence_parse(texts[i], &s)), "%s", texts[i]);
}

Test(silence, covers_its_beginning_and_not_its_end)
{
    const struct silences s = {.span = {{10, 20}, {30, 40}}, .spans = 2};
    cr_expect(not(silences_cover(&s, 9)));
    cr_expect(silences_cover(&s, 10));
    cr_expect(silences_cover(&s, 19));
    cr_expect(not(silences_cover(&s, 20)));
    cr_expect(silences_cover(&s, 39));
    cr_expect(not(silences_cover(NULL, 10)));
}

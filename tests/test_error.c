/* SPDX-License-Identifier: MIT */
#include "capture/error.h"
#include "capture/verdict.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

Test(error, carries_the_purpose_in_front_of_the_cause)
{
    struct error err;
    errno = ENOENT;
    cr_expect_not(error_errno(&err, "opening %s", "x"));
    cr_expect(eq(str, err.text, "opening x: No such file or directory"));
    cr_expect_not(error_prefix(&err, "rootwatch.yaml:%d", 7));
    cr_expect(eq(str, err.text, "rootwatch.yaml:7: opening x: No such file or directory"));
}

Test(error, keeps_its_kind_behind_a_prefix_and_loses_it_with_a_new_text)
{
    struct error err;
    error_set(&err, "gone");
    cr_expect_not(error_kind(&err, ERROR_NO_INTERFACE));
    error_prefix(&err, "eth1");
    cr_expect(eq(int, err.kind, ERROR_NO_INTERFACE));
    error_set(&err, "else");
    cr_expect(eq(int, err.kind, ERROR_OTHER));
}

Test(error, loses_the_end_of_what_is_too_long_and_nothing_else)
{
    struct error err;
    char text[600];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    error_set(&err, "%s", text);
    cr_expect(eq(sz, strlen(err.text), sizeof err.text - 1));
    error_prefix(&err, "front");
    cr_expect(eq(sz, strlen(err.text), sizeof err.text - 1));
    cr_expect(eq(int, strncmp(err.text, "front: xxx", 10), 0));
}

Test(verdict, has_a_name_of_its_own_for_every_row)
{
    for (unsigned a = 0; a < VERDICTS; a++)
        for (unsigned b = a + 1; b < VERDICTS; b++)
            cr_expect(ne(str, (char *)verdict_name(a), (char *)verdict_name(b)));
    cr_expect(eq(str, (char *)verdict_name(VERDICTS), "unknown"));
    cr_expect(eq(str, (char *)defect_name(DEFECTS), "unknown"));
    cr_expect(eq(str, (char *)loss_name(LOSSES), "unknown"));
    for (unsigned a = 0; a < VERDICTS; a++)
        for (unsigned b = a + 1; b < VERDICTS; b++)
            cr_expect(ne(str, (char *)verdict_words(a), (char *)verdict_words(b)));
    cr_expect(eq(str, (char *)verdict_words(VERDICTS), "unknown"));
    cr_expect(eq(str, (char *)defect_words(DEFECTS), "unknown"));
    cr_expect(eq(str, (char *)loss_words(LOSSES), "unknown"));
    cr_expect_not(verdict_is_loss(VERDICT_MESSAGE));
    cr_expect(verdict_is_loss(VERDICT_IP_HEADER));
}

Test(verdict, names_the_number_of_more_than_half_in_whatever_order_they_are_added)
{
    static const uint32_t met[] = {7, 3, 9, 3, 3, 7, 3, 3};
    struct leading all = {0}, front = {0}, back = {0};
    for (unsigned i = 0; i < 8; i++) {
        leading_add(&all, met[i], 1);
        leading_add(i < 4 ? &front : &back, met[i], 1);
    }
    leading_add(&front, back.number, back.lead);
    cr_expect(eq(u32, all.number, 3));
    cr_expect(eq(u32, front.number, 3));
    cr_expect(le(u64, front.lead, 5));
    leading_add(&all, 3, 10);
    cr_expect(eq(u64, all.lead, 12));
}

/* SPDX-License-Identifier: MIT */
#include "analysis/reasons.h"

#include "capture/source.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static struct reasons reasons;
static char text[REASONS_LINE_BYTES];
static struct reason row[REASONS_ROWS];

static void setup(void)
{
    reasons = (struct reasons){
            .verdict = {[VERDICT_MESSAGE] = 398755,
                        [VERDICT_NOT_IP] = 41,
                        [VERDICT_UNKNOWN_ETHERTYPE] = 900,
                        [VERDICT_IP_PROTOCOL] = 304},
            .defect = {[DEFECT_NONE] = 399900, [DEFECT_RECORD] = 100},
            .loss = {[LOSS_TCP_GAPS] = 2, [LOSS_TCP_GAP_OCTETS] = 1460},
            .unknown = {[UNKNOWN_ETHERTYPE] = {0x88b5, 900}, [UNKNOWN_PROTOCOL] = {253, 304}}};
}

TestSuite(reasons, .init = setup);

static void expect_line(enum reasons_kind kind, const char *line)
{
    const char *got = reasons_line(&reasons, kind, text);
    cr_assert_not_null(got);
    cr_expect(eq(str, (char *)got, (char *)line));
}

Test(reasons, are_told_in_one_line)
{
    expect_line(REASONS_UNDECODED, "Not decoded meanwhile: 1204 frames (0.3 %): "
                                   "ethertype 0x88b5 900, IP protocol 253 304");
    reasons.defect[DEFECT_RECORD] = 20000;
    expect_line(REASONS_MALFORMED, "Malformed meanwhile: 20000 messages (5 %): "
                                   "a record reaches beyond the end 20000");
    reasons.loss[LOSS_TCP_GAPS] = 1000;
    expect_line(REASONS_INCOMPLETE, "Never complete meanwhile: 1000 times: "
                                    "gaps in TCP streams (1460 octets) 1000");
}

Test(reasons, below_a_thousandth_are_not_worth_a_line)
{
    cr_expect(eq(ptr, (char *)reasons_line(&reasons, REASONS_MALFORMED, text), NULL));
    reasons.verdict[VERDICT_MESSAGE] = 1000000000;
    cr_expect(eq(ptr, (char *)reasons_line(&reasons, REASONS_UNDECODED, text), NULL));
    reasons = (struct reasons){.verdict = {0}};
    cr_expect_not(reasons_matter(&reasons, REASONS_UNDECODED));
}

Test(reasons, of_which_there_are_many_are_told_by_the_first_three)
{
    reasons.verdict[VERDICT_CUT] = 700;
    reasons.verdict[VERDICT_ENCRYPTED] = 600;
    expect_line(REASONS_UNDECODED,
                "Not decoded meanwhile: 2504 frames (0.6 %): ethertype 0x88b5 900, "
                "cut off by the capture 700, encrypted (IPsec, MACsec, 802.11) 600, "
                "others 304");
}

Test(reasons, say_no_more_of_an_unknown_number_than_is_known)
{
    reasons.unknown[UNKNOWN_ETHERTYPE].lead = 600;
    cr_assert(eq(u32, reasons_list(&reasons, REASONS_UNDECODED, row), 2));
    cr_expect(eq(str, row[0].words, "unknown ethertypes, mostly 0x88b5"));
    reasons.unknown[UNKNOWN_ETHERTYPE].lead = 30;
    reasons.unknown[UNKNOWN_PROTOCOL].number = 0;
    (void)reasons_list(&reasons, REASONS_UNDECODED, row);
    cr_expect(eq(str, row[0].words, "unknown ethertypes, 0x88b5 among them"));
    cr_expect(eq(str, row[1].words, "unknown IP protocol"));
}

Test(reasons, have_the_longest_line_they_can_in_its_room)
{
    for (unsigned i = 0; i < VERDICTS; i++)
        reasons.verdict[i] = UINT64_MAX / VERDICTS;
    cr_assert_not_null(reasons_line(&reasons, REASONS_UNDECODED, text));
    cr_expect(lt(sz, strlen(text), sizeof text - 1));
    for (enum reasons_kind k = 0; k < REASONS_KINDS; k++)
        for (unsigned i = 0; i < reasons_list(&reasons, k, row); i++)
            cr_expect(lt(sz, strlen(row[i].words), sizeof row[i].words - 1));
}

Test(reasons, add_up)
{
    struct reasons sum = reasons;
    struct source_counts s = {.frames = 7};
    s.verdict[VERDICT_UNKNOWN_ETHERTYPE] = 7;
    s.unknown[UNKNOWN_ETHERTYPE] = (struct leading){0x1234, 7};
    reasons_add_source(&sum, &s);
    reasons_add(&sum, &reasons);
    cr_expect(eq(u64, reasons_frames(&sum), 800007));
    cr_expect(eq(u64, reasons_count(&sum, REASONS_UNDECODED), 2415));
    cr_expect(eq(u64, reasons_count(&sum, REASONS_OTHER), 82));
    cr_expect(eq(u64, reasons_count(&sum, REASONS_MALFORMED), 200));
    cr_expect(eq(u64, reasons_count(&sum, REASONS_INCOMPLETE), 4));
    cr_expect(eq(u64, reasons_whole(&sum, REASONS_MALFORMED), 800000));
    cr_expect(eq(u32, sum.unknown[UNKNOWN_ETHERTYPE].number, 0x88b5));
    cr_expect(eq(u64, sum.unknown[UNKNOWN_ETHERTYPE].lead, 1793));
}

Test(reasons, come_back_from_json_as_they_were)
{
    struct reasons back;
    reasons.unknown[UNKNOWN_PROTOCOL].lead = 0;
    json_t *json = reasons_json(&reasons);
    cr_assert_not_null(json);
    cr_assert(reasons_parse(json, &back));
    cr_expect(eq(int, memcmp(reasons.verdict, back.verdict, sizeof back.verdict), 0));
    cr_expect(eq(int, memcmp(reasons.defect, back.defect, sizeof back.defect), 0));
    cr_expect(eq(int, memcmp(reasons.loss, back.loss, sizeof back.loss), 0));
    for (unsigned i = 0; i < UNKNOWNS; i++) {
        cr_expect(eq(u32, reasons.unknown[i].number, back.unknown[i].number));
        cr_expect(eq(u64, reasons.unknown[i].lead, back.unknown[i].lead));
    }
    json_object_set_new(json, "frames", json_integer(3));
    cr_expect_not(reasons_parse(json, &back));
    json_decref(json);
}

Test(reasons, of_an_older_row_are_none)
{
    cr_assert(reasons_parse(NULL, &reasons));
    cr_expect(eq(u64, reasons_frames(&reasons), 0));
}

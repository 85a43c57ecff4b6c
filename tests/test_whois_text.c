/* SPDX-License-Identifier: MIT */
#include "analysis/whois_text.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

static struct whois_text text;

static void given(const char *answer)
{
    char clean[WHOIS_RAW_BYTES];
    bool cut;
    (void)whois_text_clean(answer, strlen(answer), clean, &cut);
    cr_assert(eq(int, cut, 0));
    whois_text_parse(clean, &text);
}

/* The contact with that mailbox. */
static const struct whois_contact *contact(const char *mail)
{
    for (unsigned i = 0; i < text.contacts; i++)
        if (strcmp(text.contact[i].mail, mail) == 0)
            return &text.contact[i];
    const void *none = NULL;
    cr_assert_not_null(none, "no contact %s", mail);
    return NULL;
}

Test(whois_text, reads_the_form_of_arin)
{
    given("# comment\n"
          "NetRange:       192.0.2.0 - 192.0.2.255\r\n"
          "CIDR:           192.0.2.0/24\r\n"
          "NetName:        EXAMPLE-NET\r\n"
          "NetHandle:      NET-192-0-2-0-1\r\n"
          "Parent:         NET192 (NET-192-0-0-0-0)\r\n"
          "RegDate:        2005-01-10\r\n"
          "Updated:        2005-01-12\r\n"
          "\r\n"
          "OrgName:        Example Hosting, Inc.\r\n"
          "RegDate:        1999-01-01\r\n"
          "\r\n"
          "OrgTechName:    Night Shift\r\n"
          "OrgTechPhone:   +1-555-0101\r\n"
          "OrgTechEmail:   tech@example.net\r\n"
          "\r\n"
          "OrgAbuseName:   Abuse Desk\r\n"
          "OrgAbusePhone:  +1-555-0100 x 7\r\n"
          "OrgAbuseEmail:  abuse@example.net\r\n");
    cr_assert(eq(uint, text.blocks, 1));
    const struct whois_block *b = &text.block[0];
    cr_expect(eq(str, (char *)b->range, "192.0.2.0 - 192.0.2.255"));
    cr_expect(eq(str, (char *)b->name, "EXAMPLE-NET"));
    cr_expect(eq(str, (char *)b->owner, "Example Hosting, Inc."));
    cr_expect(eq(str, (char *)b->handle, "NET-192-0-2-0-1"));
    cr_expect(eq(str, (char *)b->parent, "NET192 (NET-192-0-0-0-0)"));
    cr_expect(eq(str, (char *)b->registered, "2005-01-10"), "not the organisation's");
    cr_expect(eq(str, (char *)b->updated, "2005-01-12"));
    cr_assert(eq(uint, text.contacts, 2));
    cr_expect(eq(int, text.contact[0].role, WHOIS_ABUSE), "whom to write to first");
    cr_expect(eq(str, text.contact[0].name, "Abuse Desk"));
    cr_expect(eq(str, text.contact[0].phone, "+1-555-0100 x 7"));
    cr_expect(eq(str, text.contact[1].mail, "tech@example.net"));
}

Test(whois_text, puts_the_customer_before_who_reassigned)
{
    given("Example Broadband EXAMPLE-BLK-1 (NET-192-0-0-0-1) \n"
          "                                  192.0.0.0 - 192.0.63.255\n"
          "Small Customer, LLC SMALL-NET (NET-192-0-2-0-1) 192.0.2.0 - 192.0.2.255\n");
    cr_assert(eq(uint, text.blocks, 2));
    cr_expect(eq(str, text.block[0].owner, "Small Customer, LLC"));
    cr_expect(eq(str, text.block[0].name, "SMALL-NET"));
    cr_expect(eq(str, text.block[0].handle, "NET-192-0-2-0-1"));
    cr_expect(eq(uint, text.block[0].length, 24));
    cr_expect(eq(str, text.block[1].range, "192.0.0.0 - 192.0.63.255"));
    cr_expect(eq(uint, text.block[1].length, 18));
}

Test(whois_text, reads_an_owner_that_stands_before_its_network)
{
    given("CustName:   Small Customer, LLC\n"
          "RegDate:    2001-01-01\n"
          "\n"
          "NetRange:   192.0.2.0 - 192.0.2.255\n"
          "RegDate:    2005-01-10\n");
    cr_assert(eq(uint, text.blocks, 1));
    cr_expect(eq(str, text.block[0].owner, "Small Customer, LLC"));
    cr_expect(eq(str, text.block[0].registered, "2005-01-10"));
}

Test(whois_text, reads_the_form_of_ripe)
{
    given("% Abuse contact for '192.0.2.0 - 192.0.2.255' is 'abuse@example.org'\n"
          "\n"
          "inetnum:        192.0.2.0 - 192.0.2.255\n"
          "netname:        EXAMPLE-NL\n"
          "descr:          Some words\n"
          "country:        NL\n"
          "created:        2004-12-30T09:12:00Z\n"
          "last-modified:  2005-01-02T10:00:00Z\n"
          "\n"
          "organisation:   ORG-EX1-RIPE\n"
          "org-name:       Example B.V.\n"
          "\n"
          "person:         Jan Example\n"
          "phone:          +31 20 555 0100\n"
          "e-mail:         jan@example.org\n"
          "\n"
          "route:          192.0.0.0/16\n"
          "descr:          not an owner\n"
          "created:        1999-01-01T00:00:00Z\n");
    cr_assert(eq(uint, text.blocks, 1));
    cr_expect(eq(str, text.block[0].owner, "Example B.V."));
    cr_expect(eq(str, text.block[0].registered, "2004-12-30"));
    cr_expect(eq(str, text.block[0].updated, "2005-01-02"));
    cr_expect(eq(int, contact("abuse@example.org")->role, WHOIS_ABUSE));
    cr_expect(eq(str, (char *)contact("jan@example.org")->phone, "+31 20 555 0100"));
}

Test(whois_text, reads_what_was_changed_when_in_the_old_form)
{
    given("inet6num: 2001:db8::/32\n"
          "descr: Example Trust\n"
          "changed: hostmaster@example.org 20041201\n"
          "changed: hostmaster@example.org 20050110\n");
    cr_assert(eq(uint, text.blocks, 1));
    cr_expect(eq(str, text.block[0].owner, "Example Trust"), "where nothing better is there");
    cr_expect(eq(str, text.block[0].updated, "2005-01-10"));
    cr_expect(eq(uint, text.block[0].length, 32));
}

Test(whois_text, reads_the_form_of_lacnic_and_of_krnic)
{
    given("inetnum:     192.0.2/24\nowner:       Exemplo Ltda\ncreated:     20040102\n"
          "\nIPv4 Address       : 198.51.100.0 - 198.51.100.255 (/24)\n"
          "Organization Name  : Example Korea\nRegistration Date  : 20050110\n");
    cr_assert(eq(uint, text.blocks, 2));
    cr_expect(eq(str, text.block[0].owner, "Exemplo Ltda"));
    cr_expect(eq(str, text.block[0].registered, "2004-01-02"));
    cr_expect(eq(str, text.block[1].owner, "Example Korea"));
    cr_expect(eq(str, text.block[1].registered, "2005-01-10"));
}

Test(whois_text, reads_whom_krnic_names)
{
    given("# ENGLISH\n\n[ Network Information ]\n"
          "IPv4 Address       : 198.51.0.0 - 198.51.255.255 (/16)\n"
          "Organization Name  : Example Korea\nService Name       : EXNET\n"
          "Registration Date  : 20031117\n\n"
          "Name               : IP Manager\nPhone              : +82-2-555-0100\n"
          "E-Mail             : ip@example.kr\n\n"
          "-----\nMore specific assigned user information is as follows\n\n"
          "[ Network Information ]\n"
          "IPv4 Address       : 198.51.100.0 - 198.51.100.255 (/24)\n"
          "Organization Name  : A Customer\nNetwork Type       : CUSTOMER\n"
          "Registration Date  : 20050110\n\n"
          "Name               : Security\nE-Mail             : security@customer.kr\n");
    cr_assert(eq(uint, text.blocks, 2));
    cr_expect(eq(str, text.block[0].owner, "A Customer"));
    cr_expect(eq(str, text.block[0].registered, "2005-01-10"));
    cr_expect(eq(str, text.block[1].name, "EXNET"));
    cr_assert(eq(uint, text.contacts, 2));
    cr_expect(eq(str, (char *)contact("ip@example.kr")->name, "IP Manager"));
    cr_expect(eq(str, (char *)contact("ip@example.kr")->phone, "+82-2-555-0100"));
    cr_expect(eq(str, (char *)contact("security@customer.kr")->name, "Security"));
}

/* "Name:" is a contact's in that form only. */
Test(whois_text, takes_a_name_for_a_contact_in_the_form_of_krnic_only)
{
    given("inetnum: 192.0.2.0 - 192.0.2.255\nname: not a person\ne-mail: x@example.net\n");
    cr_expect(eq(uint, text.contacts, 0));
}

Test(whois_text, reads_the_form_of_jpnic)
{
    given("[ JPNIC database provides information regarding IP addresses and ASNs. ]\n\n"
          "Network Information:\n"
          "a. [Network Number]             192.0.2.0/24\n"
          "b. [Network Name]               EXAMPLENET\n"
          "g. [Organization]               Example K.K.\n"
          "m. [Administrative Contact]     EX1234JP\n"
          "o. [Abuse]                      abuse@example.jp\n"
          "[Assigned Date]                 2004/12/10\n"
          "[Return Date]\n"
          "[Last Update]                   2005/01/03 11:22:04(JST)\n\n"
          "Group Contact Information:\n"
          "[Group Handle]                  EX1234JP\n"
          "[Group Name]                    Network Operations\n"
          "[E-Mail]                        noc@example.jp\n"
          "[TEL]                           03-5555-0100\n");
    cr_assert(eq(uint, text.blocks, 1));
    cr_expect(eq(str, text.block[0].range, "192.0.2.0/24"));
    cr_expect(eq(uint, text.block[0].length, 24));
    cr_expect(eq(str, text.block[0].name, "EXAMPLENET"));
    cr_expect(eq(str, text.block[0].owner, "Example K.K."));
    cr_expect(eq(str, text.block[0].registered, "2004-12-10"));
    cr_expect(eq(str, text.block[0].updated, "2005-01-03"));
    cr_expect(eq(int, contact("abuse@example.jp")->role, WHOIS_ABUSE));
    cr_expect(eq(str, (char *)contact("noc@example.jp")->phone, "03-5555-0100"));
    given("[Network Number\na. [\nb.\n[]\n[Abuse] \n");
    cr_expect(eq(uint, text.blocks + text.contacts, 0));
}

Test(whois_text, reads_who_an_as_is)
{
    given("ASNumber:   64496\nASName:     EXAMPLE-AS\nRegDate:    2003-05-20\n\n"
          "OrgName:    Example Networks\n\nOrgNOCEmail: noc@example.net\n");
    cr_assert(eq(uint, text.blocks, 1));
    cr_expect(eq(str, text.block[0].name, "EXAMPLE-AS"));
    cr_expect(eq(str, text.block[0].owner, "Example Networks"));
    cr_expect(eq(int, contact("noc@example.net")->role, WHOIS_NOC));
}

Test(whois_text, knows_an_answer_that_there_is_nothing)
{
    given("No match found for 192.0.2.0.\n");
    cr_expect(text.no_match);
    given("inetnum: 192.0.2.0 - 192.0.2.255\nremarks: no entries found elsewhere\n");
    cr_expect_not(text.no_match, "for there is something");
}

Test(whois_text, takes_no_mailbox_or_number_that_could_be_more_than_that)
{
    given("inetnum: 192.0.2.0 - 192.0.2.255\n\nperson: Mallory\n"
          "e-mail: a@b.example\"><script>\ne-mail: x@example.net?bcc=y@example.net\n"
          "phone: <b>1234567</b>\n");
    cr_expect(eq(uint, text.contacts, 0));
}

Test(whois_text, makes_text_harmless)
{
    char clean[WHOIS_RAW_BYTES];
    bool cut;
    static const char hostile[] =
            "a\x1b[31mb\0c\xff\t\xc3\xa9 \xe2\x80\xae\r\n\xc2\x9b\xed\xa0\x80";
    (void)whois_text_clean(hostile, sizeof hostile - 1, clean, &cut);
    cr_expect(eq(str, clean,
                 "a\\x1b[31mb\\x00c\\xff \xc3\xa9 \\xe2\\x80\\xae\n\\xc2\\x9b\\xed\\xa0\\x80"));
    cr_expect_not(cut);
}

Test(whois_text, keeps_a_bounded_beginning_of_what_is_long)
{
    static char much[2 * WHOIS_RAW_BYTES];
    char clean[WHOIS_RAW_BYTES];
    bool cut;
    memset(much, 0xff, sizeof much);
    size_t n = whois_text_clean(much, sizeof much, clean, &cut);
    cr_expect(cut);
    cr_expect(lt(sz, n, (size_t)WHOIS_RAW_BYTES));
    cr_expect(eq(sz, n, strlen(clean)));
}

Test(whois_text, says_that_there_was_more_than_it_keeps)
{
    static char many[8192] = "";
    for (unsigned i = 0; i < 20; i++)
        (void)snprintf(many + strlen(many), sizeof many - strlen(many),
                       "inetnum: 192.0.2.%u - 192.0.2.%u\n\n", i, i);
    given(many);
    cr_expect(eq(uint, text.blocks, WHOIS_BLOCKS));
    cr_expect(text.more);
}

Test(whois_text, reads_dates_of_several_forms)
{
    char date[WHOIS_DATE_BYTES];
    cr_expect(eq(str, (char *)whois_text_date("20050110", date), "2005-01-10"));
    cr_expect(eq(str, (char *)whois_text_date("2005/01/10 12:00", date), "2005-01-10"));
    cr_expect(eq(str, (char *)whois_text_date("10-Jan-2005", date), "2005-01-10"));
    cr_expect(eq(str, (char *)whois_text_date("2005-13-40", date), ""));
    cr_expect(eq(str, (char *)whois_text_date("yesterday", date), ""));
}

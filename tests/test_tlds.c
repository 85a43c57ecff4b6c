/* SPDX-License-Identifier: MIT */
#include "analysis/tlds.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

static struct error err;
static struct tlds *tlds;

static void teardown(void)
{
    tlds_free(tlds);
}

TestSuite(tlds, .fini = teardown);

static struct tlds *given_octets(const char *text, size_t bytes)
{
    FILE *f = fmemopen((void *)(uintptr_t)text, bytes, "r");
    cr_assert_not_null(f);
    tlds_free(tlds);
    err.text[0] = '\0';
    tlds = tlds_read(f, "list", &err);
    fclose(f);
    return tlds;
}

static struct tlds *given(const char *text)
{
    return given_octets(text, strlen(text));
}

static bool has(const char *label)
{
    uint8_t wire[72] = {(uint8_t)strlen(label)};
    memcpy(wire + 1, label, strlen(label));
    memset(wire + 1 + strlen(label), 0xaa, 8 - (strlen(label) < 7 ? strlen(label) : 7));
    return tlds_has(tlds, tlds_key(tlds, wire));
}

Test(tlds, takes_ianas_list)
{
    cr_assert_not_null(given("# Version 2023020900, Last Updated Thu Feb  9 07:07:01 2023 UTC\n"
                             "AAA\nCOM\nXN--VERMGENSBERATUNG-PWB\r\n\nUSERNAM\nUSERNAME"),
                       "%s", err.text);
    cr_expect(eq(sz, tlds->count, 5));
    cr_expect(has("com") && has("aaa") && has("xn--vermgensberatung-pwb"));
    cr_expect(has("usernam") && has("username"));
    cr_expect_not(has("co") || has("comm") || has("example") || has("local"));
    cr_expect_not(has("xn--vermgensberatung-pwc") || has("userna"));
}

Test(tlds, takes_the_delegations_of_a_root_zone)
{
    cr_assert_not_null(
            given("; a zone\n$TTL 86400\n$ORIGIN .\n"
                  ".\t86400\tIN\tSOA\ta.root-servers.net. nstld.example. ( 2023020900 1800\n"
                  "   900 ; no. NS here.\n  604800 86400 )\n"
                  ". 518400 IN NS a.root-servers.net.\n"
                  "com. 172800 IN NS a.gtld-servers.net.\n"
                  "com.\t86400 IN DS 30909 8 2 \"( ; NS\" E2D3C916\n"
                  "Net. IN 172800 NS a.gtld-servers.net.\n"
                  "org. IN DS 1 2 3 4\n"
                  "\t172800 IN NS a0.org.afilias-nst.info.\n"
                  "arpa NS a.root-servers.net.\n"
                  "a.gtld-servers.net. 172800 IN A 192.5.6.30\n"
                  "nst.info. 172800 IN NS ns.nst.info.\n"
                  "info. 172800 IN RRSIG NS 8 0 518400 NS\n"),
            "%s", err.text);
    cr_expect(eq(sz, tlds->count, 4));
    cr_expect(has("com") && has("net") && has("org") && has("arpa"));
    cr_expect_not(has("info"));
}

static void expect_refused(const char *text, const char *words)
{
    cr_expect_null(given(text), "%s", text);
    cr_expect_not_null(strstr(err.text, words), "\"%s\" without \"%s\"", err.text, words);
}

Test(tlds, refuse_a_file_at_the_line_that_is_wrong)
{
    expect_refused("com\nnet\nco.uk\n", "list:3: \"co.uk\" is no top-level domain");
    expect_refused("com\nnet org\n", "list:2: \"net org?\" is followed by more");
    expect_refused("com\nm\xc3\xbcnchen\n", "list:2: \"m??nchen\" is no top-level");
    expect_refused("com. 172800 IN NS a.\nnet.\n", "list:2: \"net.\" has no type");
    expect_refused("com. NS a.\n$INCLUDE other\n", "list:2: \"$INCLUDE\" is for other zones");
    expect_refused("$ORIGIN com.\nwww NS a.\n", "list:1: \"$ORIGIN\" is for other zones");
    expect_refused("com. NS a.\nx. SOA a. b. ( 1 2\n", "list:2: ends within a record");
    expect_refused("# nothing\n\n", "list: no top-level domain in it");
    expect_refused("", "list: no top-level domain in it");
    expect_refused("a123456789012345678901234567890123456789012345678901234567890123\n",
                   "list:1: \"a12345678901234567890123456789012345678\" is no label");
    cr_expect_null(given_octets("com\nn\0t\n", 8));
    cr_expect_not_null(strstr(err.text, "list:2: \"n\" is followed by a zero"), "%s", err.text);
}

Test(tlds, refuse_a_line_without_end)
{
    static char line[2 * TLDS_LINE_BYTES];
    memset(line, 'a', sizeof line - 1);
    expect_refused(line, "too long");
}

Test(tlds, grow_with_a_list_up_to_their_limit)
{
    size_t room = (TLDS_MOST + 1) * 8;
    char *text = malloc(room);
    size_t used = 0;
    for (unsigned i = 0; i < TLDS_MOST; i++)
        used += (size_t)sprintf(text + used, "t%u\n", i);
    cr_assert_not_null(given_octets(text, used), "%s", err.text);
    cr_expect(eq(sz, tlds->count, TLDS_MOST));
    cr_expect(has("t0") && has("t65535"));
    cr_expect_not(has("t65536"));
    used += (size_t)sprintf(text + used, "more\n");
    cr_expect_null(given_octets(text, used));
    cr_expect_not_null(strstr(err.text, "list:65537: more than 65536"), "%s", err.text);
    free(text);
}

Test(tlds, ship_with_those_of_a_day)
{
    tlds = tlds_create("", &err);
    cr_assert_not_null(tlds, "%s", err.text);
    cr_expect(eq(sz, tlds->count, tlds_shipped_count));
    cr_expect(has("com") && has("arpa") && has("de") && has("bd") && has("google"));
    cr_expect(has("xn--p1ai"));
    cr_expect_not(has("local") || has("lan") || has("example"));
    cr_expect_not_null(strstr(tlds->source, tlds_shipped_day));
}

Test(tlds, say_why_a_file_cannot_be_opened)
{
    cr_expect_null(tlds_create("/nonexistent/root.zone", &err));
    cr_expect(eq(str, err.text, "/nonexistent/root.zone: No such file or directory"));
}

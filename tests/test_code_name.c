/* SPDX-License-Identifier: MIT */
#include "analysis/code_name.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static const struct {
    enum code code;
    uint16_t number;
    const char *name;
} known[] = {
        {CODE_QTYPE, 1, "A"},
        {CODE_QTYPE, 38, "A6"},
        {CODE_QTYPE, 255, "ANY"},
        {CODE_QTYPE, 65, "HTTPS"},
        {CODE_QTYPE, 65280, "TYPE65280"},
        {CODE_QCLASS, 3, "CH"},
        {CODE_QCLASS, 1000, "CLASS1000"},
        {CODE_OPCODE, 4, "NOTIFY"},
        {CODE_OPCODE, 7, "OPCODE7"},
        {CODE_RCODE, 3, "NXDOMAIN"},
        {CODE_RCODE, 4, "NOTIMP"},
        {CODE_RCODE, 16, "BADVERS"},
        {CODE_RCODE, 23, "BADCOOKIE"},
        {CODE_RCODE, 4000, "RCODE4000"},
};

Test(code_name, is_what_the_registry_says_or_the_number)
{
    char text[CODE_NAME_BYTES];
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        cr_expect(eq(str, (char *)code_name(known[i].code, known[i].number, text),
                     (char *)known[i].name));
}

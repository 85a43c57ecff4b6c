/* SPDX-License-Identifier: MIT */
#include "analysis/code_name.h"

#include <ldns/ldns.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/* Where libldns 1.8.3 has no name, or another than IANA. */
static const struct correction {
    enum code code;
    uint16_t number;
    const char *name;
} corrections[] = {
        {CODE_RCODE, 4, "NOTIMP"},    {CODE_RCODE, 11, "DSOTYPENI"},
        {CODE_RCODE, 16, "BADVERS"},  {CODE_RCODE, 17, "BADKEY"},
        {CODE_RCODE, 18, "BADTIME"},  {CODE_RCODE, 19, "BADMODE"},
        {CODE_RCODE, 20, "BADNAME"},  {CODE_RCODE, 21, "BADALG"},
        {CODE_RCODE, 22, "BADTRUNC"}, {CODE_RCODE, 23, "BADCOOKIE"},
        {CODE_OPCODE, 6, "DSO"},
};

static char *from_ldns(enum code code, uint16_t number)
{
    switch (code) {
    case CODE_QTYPE:
        return ldns_rr_type2str(number);
    case CODE_QCLASS:
        return ldns_rr_class2str(number);
    case CODE_OPCODE:
        return ldns_pkt_opcode2str(number);
    case CODE_RCODE:
        return ldns_pkt_rcode2str(number);
    }
    return NULL;
}

const char *code_name(enum code code, uint16_t number, char text[static CODE_NAME_BYTES])
{
    for (size_t i = 0; i < sizeof corrections / sizeof *corrections; i++)
        if (corrections[i].code == code && corrections[i].number == number) {
            (void)snprintf(text, CODE_NAME_BYTES, "%s", corrections[i].name);
            return text;
        }
    char *name = from_ldns(code, number);
    (void)snprintf(text, CODE_NAME_BYTES, "%s", name == NULL ? "?" : name);
    free(name);
    return text;
}

/* SPDX-License-Identifier: MIT */
#include "graphs/palette.h"

static const char *const uses[PALETTE_USES] = {
        [PALETTE_CULPRIT] = "CC3311", [PALETTE_REST] = "DDDDDD",  [PALETTE_MARK] = "882255",
        [PALETTE_TOTAL] = "222222",   [PALETTE_USUAL] = "004488", [PALETTE_GAP] = "ECECEC",
};

static const char *const qtypes[QTYPE_CLASSES] = {
        [QTYPE_CLASS_A] = "88CCEE",     [QTYPE_CLASS_NS] = "44AA99",
        [QTYPE_CLASS_CNAME] = "BBCC33", [QTYPE_CLASS_SOA] = "999933",
        [QTYPE_CLASS_PTR] = "BBBBBB",   [QTYPE_CLASS_MX] = "AA4455",
        [QTYPE_CLASS_TXT] = "332288",   [QTYPE_CLASS_AAAA] = "117733",
        [QTYPE_CLASS_SRV] = "6699CC",   [QTYPE_CLASS_NAPTR] = "77AADD",
        [QTYPE_CLASS_A6] = "DDCC77",    [QTYPE_CLASS_DS] = "CC6677",
        [QTYPE_CLASS_RRSIG] = "882255", [QTYPE_CLASS_DNSKEY] = "EE8866",
        [QTYPE_CLASS_TLSA] = "AAAA00",  [QTYPE_CLASS_SVCB] = "FFAABB",
        [QTYPE_CLASS_HTTPS] = "AA4499", [QTYPE_CLASS_SPF] = "99DDFF",
        [QTYPE_CLASS_ANY] = "555555",   [QTYPE_CLASS_OTHER] = "DDDDDD",
};

static const char *const things[] = {"DDAA33", "004488", "BB5566", "66CCEE", "228833",
                                     "AA4499", "999933", "6699CC", "44AA99", "332288"};

const char *palette_colour(enum palette_use use)
{
    return uses[use];
}

const char *palette_nth(unsigned n)
{
    return things[n % (sizeof things / sizeof *things)];
}

const char *palette_qtype(enum qtype_class c)
{
    return qtypes[c < QTYPE_CLASSES ? c : QTYPE_CLASS_OTHER];
}

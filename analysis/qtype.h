/* SPDX-License-Identifier: MIT */
/*
 * The query types counted one by one, and the class of all others.
 *
 * Source: IANA "Domain Name System (DNS) Parameters", Resource Record (RR) TYPEs.
 * To count another type on its own, add it to the list; QTYPE_CLASSES grows with it.
 */
#pragma once

#include <stdint.h>

/* clang-format off: one line per type */
#define QTYPE_LIST(X) \
    X(A, 1)           \
    X(NS, 2)          \
    X(CNAME, 5)       \
    X(SOA, 6)         \
    X(PTR, 12)        \
    X(MX, 15)         \
    X(TXT, 16)        \
    X(AAAA, 28)       \
    X(SRV, 33)        \
    X(NAPTR, 35)      \
    X(A6, 38)         \
    X(DS, 43)         \
    X(RRSIG, 46)      \
    X(DNSKEY, 48)     \
    X(TLSA, 52)       \
    X(SVCB, 64)       \
    X(HTTPS, 65)      \
    X(SPF, 99)        \
    X(ANY, 255)

/* clang-format on */

#define X(name, number) QTYPE_##name = (number),
enum qtype { QTYPE_LIST(X) };
#undef X

#define X(name, number) QTYPE_CLASS_##name,
enum qtype_class { QTYPE_LIST(X) QTYPE_CLASS_OTHER, QTYPE_CLASSES };
#undef X

extern const uint8_t qtype_class_of[256]; /* class + 1; 0 for types not listed */

/* Which counter a query of type `qtype` (host order) belongs to. */
static inline enum qtype_class qtype_class(uint16_t qtype)
{
    unsigned listed = qtype < sizeof qtype_class_of ? qtype_class_of[qtype] : 0;
    return listed == 0 ? QTYPE_CLASS_OTHER : listed - 1;
}
const char *qtype_class_name(enum qtype_class class); /* "MX", "other" */

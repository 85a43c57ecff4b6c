/*
 * Every way a frame can end: as a message, or as one counted, named reason.
 *
 * frames = sum of all verdicts, to the unit, always.  A message that is malformed behind its
 * header is still a message (VERDICT_MESSAGE); what was wrong with it is one of the defects.
 * To add a reason, add a row: its name goes to the summary, JSON, pages, metrics and mails.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* clang-format off: one line per verdict; the name is what users read */
#define VERDICT_LIST(X)                                                                       \
    X(MESSAGE, "message")                           /* one DNS message */                     \
    X(OTHER_TRAFFIC, "not-dns")                     /* decoded, and not ours: another port */ \
    X(UNKNOWN_LINK, "unknown-link-type")                                                      \
    X(UNKNOWN_ETHERTYPE, "unknown-ethertype")                                                 \
    X(NOT_IP, "not-ip")                             /* ARP, spanning tree and the like */     \
    X(IP_VERSION, "ip-version")                     /* neither 4 nor 6 */                     \
    X(IP_HEADER, "ip-header")                       /* lengths that contradict each other */  \
    X(IP_PROTOCOL, "ip-protocol")                   /* neither UDP nor a known tunnel */      \
    X(EXTENSION_CHAIN, "ipv6-extension-chain")      /* longer than we follow */               \
    X(FRAGMENT, "fragment")                                                                   \
    X(TCP, "tcp")                                                                             \
    X(UDP_HEADER, "udp-header")                                                               \
    X(DNS_HEADER, "dns-header")                     /* fewer than 12 octets */                \
    X(CUT, "cut")                                   /* the capture ends before the header */  \
    X(TOO_DEEP, "encapsulation-depth")              /* more headers or tunnels than we follow */

/* clang-format on */

#define X(name, text) VERDICT_##name,
enum verdict {
    VERDICT_LIST(X) VERDICTS,
    VERDICT_OPEN = VERDICTS, /* while decoding only: not decided yet */
};
#undef X

/* clang-format off */
#define DEFECT_LIST(X)                                                                        \
    X(NONE, "none")                                                                           \
    X(NO_QUESTION, "no-question")                   /* a query with QDCOUNT 0 and no reason */\
    X(QUESTION_NAME, "question-name")               /* label type, length or pointer */       \
    X(QUESTION_END, "question-end")                 /* message ends inside the question */    \
    X(RECORD, "record")                             /* a record behind it ends outside */

/* clang-format on */

#define X(name, text) DEFECT_##name,
enum defect { DEFECT_LIST(X) DEFECTS };
#undef X

/* "unknown-ethertype"; never NULL */
const char *verdict_name(enum verdict v);
const char *defect_name(enum defect d);

/* Whether DNS may have been lost to it; else the frame was read, and held none. */
bool verdict_is_loss(enum verdict v);

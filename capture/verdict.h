/*
 * Every way a frame can end: as a message, or as one counted, named reason.
 *
 * frames = sum of all verdicts, to the unit, always.  A message that is malformed behind its
 * header is still a message (VERDICT_MESSAGE); what was wrong with it is one of the defects.
 * One frame of a TCP stream can complete several messages and is still one frame.  What the
 * tables of streams and fragments lost in the end, after its frames were counted as kept, is
 * counted in units of its own: the losses.
 * To add a reason, add a row: its name goes to the summary, JSON, pages, metrics and mails.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* One line per verdict; the name is what users read. */
/* clang-format off */
#define VERDICT_LIST(X)                                                                      \
    X(MESSAGE, "message")       /* completes one DNS message or more */                      \
    X(OTHER_TRAFFIC, "not-dns") /* decoded, and not ours: another port */                    \
    X(OUT_OF_SCOPE, "out-of-scope") /* of another server, or against the direction */        \
    X(UNKNOWN_LINK, "unknown-link-type")                                                     \
    X(UNKNOWN_ETHERTYPE, "unknown-ethertype")                                                \
    X(NOT_IP, "not-ip")                        /* ARP, spanning tree and the like */         \
    X(ENCRYPTED, "encrypted")                  /* by a link or by IPsec */                   \
    X(TUNNEL_HEADER, "tunnel-header")          /* of a tunnel: contradicts itself */         \
    X(IP_VERSION, "ip-version")                /* neither 4 nor 6 */                         \
    X(IP_HEADER, "ip-header")                  /* lengths that contradict each other */      \
    X(IP_PROTOCOL, "ip-protocol")              /* neither UDP nor a known tunnel */          \
    X(EXTENSION_CHAIN, "ipv6-extension-chain") /* longer than we follow */                   \
    X(FRAGMENT, "fragment")                    /* kept until the others come */              \
    X(FRAGMENT_REPEATED, "fragment-repeated")  /* came before */                             \
    X(FRAGMENT_CONTRADICTION, "fragment-contradiction") /* overlaps, or another length */    \
    X(FRAGMENT_NO_ROOM, "fragment-no-room")    /* no memory to keep it */                    \
    X(UDP_HEADER, "udp-header")                                                              \
    X(TCP_HEADER, "tcp-header")                                                              \
    X(TCP_NO_DATA, "tcp-no-data")               /* SYN, ACK, FIN, RST */                     \
    X(TCP_PART, "tcp-part")                     /* kept until the rest of a message comes */ \
    X(TCP_REPEATED, "tcp-repeated")             /* only octets that came before */           \
    X(TCP_UNSYNCHRONISED, "tcp-unsynchronised") /* where a message begins is not known */    \
    X(TCP_NO_ROOM, "tcp-no-room")               /* no memory to keep it */                   \
    X(DNS_HEADER, "dns-header")                 /* fewer than 12 octets */                   \
    X(CUT, "cut")                               /* the capture ends before the header */     \
    X(TOO_DEEP, "encapsulation-depth")          /* more headers or tunnels than we follow */

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

/* clang-format off */
#define LOSS_LIST(X)                                                                          \
    X(DATAGRAMS_UNFINISHED, "datagrams-unfinished") /* whose fragments did not all come */   \
    X(DATAGRAMS_EVICTED, "datagrams-evicted")       /* given up to make room */              \
    X(TCP_GAPS, "tcp-gaps")                         /* places where octets never came */      \
    X(TCP_GAP_OCTETS, "tcp-gap-octets")             /* how many those were */                 \
    X(TCP_UNFINISHED, "tcp-unfinished")             /* messages whose end never came */       \
    X(TCP_EVICTED, "tcp-streams-evicted")           /* to make room, with octets or open */

/* clang-format on */

#define X(name, text) LOSS_##name,
enum loss { LOSS_LIST(X) LOSSES };
#undef X

/* "unknown-ethertype"; never NULL */
const char *verdict_name(enum verdict v);
const char *defect_name(enum defect d);
const char *loss_name(enum loss l);

/* Whether a frame that ended so may have held a message that was not counted. */
bool verdict_is_loss(enum verdict v);

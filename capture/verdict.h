/*
 * Every way a frame can end: as a message, or as one counted, named reason.
 *
 * frames = sum of all verdicts, to the unit, always.  A message that is malformed behind its
 * header is still a message (VERDICT_MESSAGE); what was wrong with it is one of the defects.
 * One frame of a TCP stream can complete several messages and is still one frame.  What the
 * tables of streams and fragments lost in the end, after its frames were counted as kept, is
 * counted in units of its own: the losses.
 * To add a reason, add a row: name and words go to the summary, JSON, pages and mails.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* One line per verdict: the name that programs read, and what people read. */
/* clang-format off */
#define VERDICT_LIST(X)                                                                        \
    /* completes one DNS message or more */                                                    \
    X(MESSAGE, "message", "DNS messages")                                                      \
    X(OTHER_TRAFFIC, "not-dns", "other ports, ICMP, routing")                                  \
    X(OUT_OF_SCOPE, "out-of-scope", "DNS of other servers, or reflected")                      \
    X(UNKNOWN_LINK, "unknown-link-type", "unknown link type")                                  \
    X(UNKNOWN_ETHERTYPE, "unknown-ethertype", "unknown ethertype")                             \
    X(NOT_IP, "not-ip", "ARP, LLDP, spanning tree and the like")                               \
    X(ENCRYPTED, "encrypted", "encrypted (IPsec, MACsec, 802.11)")                             \
    /* of a tunnel: contradicts itself */                                                      \
    X(TUNNEL_HEADER, "tunnel-header", "tunnel header broken")                                  \
    X(IP_VERSION, "ip-version", "neither IPv4 nor IPv6")                                       \
    /* lengths that contradict each other */                                                   \
    X(IP_HEADER, "ip-header", "IP header broken")                                              \
    /* neither UDP nor a known tunnel */                                                       \
    X(IP_PROTOCOL, "ip-protocol", "unknown IP protocol")                                       \
    X(EXTENSION_CHAIN, "ipv6-extension-chain", "too many IPv6 extension headers")              \
    /* kept until the others come */                                                           \
    X(FRAGMENT, "fragment", "fragments, put together")                                         \
    X(FRAGMENT_REPEATED, "fragment-repeated", "fragments that came before")                    \
    /* overlaps, or another length */                                                          \
    X(FRAGMENT_CONTRADICTION, "fragment-contradiction", "fragments that contradict each other")\
    X(FRAGMENT_NO_ROOM, "fragment-no-room", "fragments, memory was full")                      \
    X(UDP_HEADER, "udp-header", "UDP header broken")                                           \
    X(TCP_HEADER, "tcp-header", "TCP header broken")                                           \
    X(TCP_NO_DATA, "tcp-no-data", "TCP without data (SYN, ACK, FIN, RST)")                     \
    /* kept until the rest of a message comes */                                               \
    X(TCP_PART, "tcp-part", "TCP, parts of DNS messages")                                      \
    X(TCP_REPEATED, "tcp-repeated", "TCP, sent again")                                         \
    /* where a message begins is not known */                                                  \
    X(TCP_UNSYNCHRONISED, "tcp-unsynchronised", "TCP, joined in the middle")                   \
    X(TCP_NO_ROOM, "tcp-no-room", "TCP, memory was full")                                      \
    /* fewer than 12 octets */                                                                 \
    X(DNS_HEADER, "dns-header", "shorter than a DNS header")                                   \
    /* the capture ends before the header */                                                   \
    X(CUT, "cut", "cut off by the capture")                                                    \
    /* more headers or tunnels than we follow */                                               \
    X(TOO_DEEP, "encapsulation-depth", "too many tunnels or headers")

/* clang-format on */

#define X(name, text, words) VERDICT_##name,
enum verdict {
    VERDICT_LIST(X) VERDICTS,
    VERDICT_OPEN = VERDICTS, /* while decoding only: not decided yet */
};
#undef X

/* clang-format off */
#define DEFECT_LIST(X)                                                              \
    X(NONE, "none", "well formed")                                                  \
    /* a query with QDCOUNT 0 and no reason */                                      \
    X(NO_QUESTION, "no-question", "no question")                                    \
    /* label type, length or pointer */                                             \
    X(QUESTION_NAME, "question-name", "name broken")                                \
    X(QUESTION_END, "question-end", "ends inside the question")                     \
    X(RECORD, "record", "a record reaches beyond the end")

/* clang-format on */

#define X(name, text, words) DEFECT_##name,
enum defect { DEFECT_LIST(X) DEFECTS };
#undef X

/* clang-format off */
#define LOSS_LIST(X)                                                                           \
    X(DATAGRAMS_UNFINISHED, "datagrams-unfinished", "datagrams, fragments never came")         \
    X(DATAGRAMS_EVICTED, "datagrams-evicted", "datagrams, memory was full")                    \
    X(TCP_GAPS, "tcp-gaps", "gaps in TCP streams")                                             \
    X(TCP_GAP_OCTETS, "tcp-gap-octets", "octets in these gaps")                                \
    X(TCP_UNFINISHED, "tcp-unfinished", "TCP, messages whose end never came")                  \
    /* with octets or open */                                                                  \
    X(TCP_EVICTED, "tcp-streams-evicted", "TCP streams, memory was full")

/* clang-format on */

#define X(name, text, words) LOSS_##name,
enum loss { LOSS_LIST(X) LOSSES };
#undef X

/* Of what is not known, the number is named. */
enum unknown { UNKNOWN_LINK_TYPE, UNKNOWN_ETHERTYPE, UNKNOWN_PROTOCOL, UNKNOWNS };

/*
 * The leading one of many numbers, by Boyer and Moore's majority vote: a number met in more
 * than half of all frames is it in the end, in whatever order they come or are added up.
 */
struct leading {
    uint32_t number; /* 0: none */
    uint64_t lead;   /* met at least so often; all frames: no other was met */
};

static inline void leading_add(struct leading *l, uint32_t number, uint64_t frames)
{
    if (number == l->number) {
        l->lead += frames;
    } else if (frames <= l->lead) {
        l->lead -= frames;
    } else {
        *l = (struct leading){number, frames - l->lead};
    }
}

/* "unknown-ethertype"; never NULL */
const char *verdict_name(enum verdict v);
const char *defect_name(enum defect d);
const char *loss_name(enum loss l);

/* "unknown ethertype": the same for people, without a number in it; never NULL */
const char *verdict_words(enum verdict v);
const char *defect_words(enum defect d);
const char *loss_words(enum loss l);

/* Whether a frame that ended so may have held a message that was not counted. */
bool verdict_is_loss(enum verdict v);

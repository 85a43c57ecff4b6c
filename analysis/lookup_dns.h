/*
 * Look-ups in the DNS: names of addresses, and whether these have the addresses; who announces
 * a prefix, and what an AS is called, as Team Cymru and RouteViews publish it in TXT records.
 *
 * Questions go to one resolver, over TCP, each by a connection of its own: whoever cannot read
 * the connection cannot answer.  An answer must have the question's number and the question;
 * libldns then reads it.  A pool of threads asks; each question has a deadline and all of them
 * have one.  Blocks until then.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/investigation.h"

#include <netinet/in.h>

enum { LOOKUP_DNS_THREADS = 16 };

struct lookup_dns {
    union {
        struct sockaddr any;
        struct sockaddr_in ipv4;
        struct sockaddr_in6 ipv6;
    } resolver;
    char source[64];         /* the resolver in words: "192.0.2.53" */
    const char *zone;        /* of origins: "asn.cymru.com", "asn.routeviews.org" */
    unsigned question_ms;    /* for one question */
    int64_t until_ms;        /* for all, by this clock: */
    int64_t (*now_ms)(void); /* any that goes forward */
    int64_t time_s;          /* the time that facts get */
    /* Each fact once it is known, by the thread that found it; NULL: nobody is told. */
    void (*found)(void *argument, enum fact kind, const char *subject);
    void *argument;
};

/* Each fact that is due and not off; facts are changed, nothing else is. */
void lookup_dns_reverse(const struct lookup_dns *d, struct investigation *v);
void lookup_dns_origins(const struct lookup_dns *d, struct investigation *v);

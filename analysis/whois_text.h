/*
 * What the text of a whois answer says: the chain of netblocks, whose they are and since when,
 * and whom to write to or call.
 *
 * There is no standard: the registries' forms are told apart by their keys (ARIN's "NetRange:",
 * RPSL's "inetnum:" of RIPE, APNIC and AFRINIC, LACNIC's "owner:", KRNIC's "IPv4 Address :",
 * JPNIC's "[Network Number]"), and by the line of a reassignment, "Owner NAME (NET-192-0-2-0-1)
 * 192.0.2.0 - 192.0.2.255".  An answer may be several of them, one after another.
 *
 * The text is hostile.  It is cleaned first, by whois_text_clean(); whatever then comes out
 * is valid UTF-8 without control characters, bounded, and no more than what somebody claims.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
    WHOIS_RAW_BYTES = 1 << 16, /* of a text that is kept, with its final zero */
    WHOIS_BLOCKS = 8,
    WHOIS_CONTACTS = 8,
    WHOIS_DATE_BYTES = 11, /* "2005-01-10" */
};

struct whois_block {
    char range[96]; /* as it is written: "192.0.2.0 - 192.0.2.255", "192.0.2.0/24", "AS64496" */
    char name[64];  /* "EXAMPLE-NET" */
    char owner[128];
    char handle[64];
    char parent[96]; /* as the answer names it */
    char registered[WHOIS_DATE_BYTES];
    char updated[WHOIS_DATE_BYTES];
    unsigned length; /* of the prefix that is as large, rounded up; 0: not known */
};

enum whois_role { WHOIS_ABUSE, WHOIS_NOC, WHOIS_TECH, WHOIS_OTHER };

struct whois_contact {
    enum whois_role role;
    char name[96];
    char mail[128]; /* a mailbox of plain form, or empty */
    char phone[48];
};

struct whois_text {
    struct whois_block block[WHOIS_BLOCKS]; /* the smallest first */
    unsigned blocks;
    struct whois_contact contact[WHOIS_CONTACTS]; /* abuse first */
    unsigned contacts;
    bool more;     /* there were more blocks or contacts */
    bool no_match; /* the server says that it has nothing */
};

/*
 * Makes a text of `from` that is fit for a terminal: controls (but for line ends), directional
 * overrides and what is no UTF-8 become \xNN.  Returns its length; `cut`: it did not fit.
 */
size_t whois_text_clean(const void *from, size_t n, char to[static WHOIS_RAW_BYTES], bool *cut);

/* Of a text that was cleaned. */
void whois_text_parse(const char *clean, struct whois_text *text);

/* "2005-01-10" of 20050110, 2005-01-10T..., 2005/01/10 or 10-Jan-2005; else empty. */
const char *whois_text_date(const char *from, char date[static WHOIS_DATE_BYTES]);
const char *whois_role_name(enum whois_role role); /* "abuse" */

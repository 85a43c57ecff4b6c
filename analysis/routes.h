/*
 * Tables of who announces what, of every kind, as a stream of routes.
 *
 *     list      CAIDA's pfx2as:  192.0.2.0<TAB>24<TAB>64496   or   192.0.2.0/24<TAB>64496
 *               AS 64497_64498: several origins, the commonest first; 64497,64498: a set;
 *               what follows is the AS's name.  "#" and ";" begin comments.
 *     show      what routers print for `show ip bgp`, as RouteViews archives it
 *     MRT       RFC 6396: TABLE_DUMP, TABLE_DUMP_V2 (RFC 8050 too); updates are passed over
 *     MMDB      MaxMind's format with AS numbers: GeoLite2-ASN, DB-IP, IPinfo; or with
 * countries libloc    the location database of IPFire (Debian: libloc-database)
 *
 * What a file holds tells its kind.  A file is read once, in memory that does not grow with
 * it (MMDB and libloc: in a copy).  Whatever is not as its format says ends the reading, with
 * the line or the octet where that was seen: half a table would call the other half unrouted.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/feed.h"

enum {
    ROUTE_HOPS_MAX = 1024, /* of a longer path its end is kept */
    ROUTE_ORIGINS_MAX = 256,
};

struct route_hop {
    uint32_t asn;
    uint32_t set; /* 0: in sequence; neighbours with the same number are one set */
};

struct route {
    uint8_t address[16]; /* bits behind the length are zero */
    uint8_t family;      /* 4 or 6 */
    uint8_t length;
    uint32_t weight; /* how many routes of the table this is */
    const struct route_hop *hop;
    unsigned hops; /* 0: the table names no AS */
    const char
            *name;   /* of the last hop's AS; NULL: not known, or given with an earlier route */
    char country[3]; /* where the network is (ISO 3166-1, or a code of the table's); or empty */
};

enum routes_kind { ROUTES_NONE, ROUTES_LIST, ROUTES_SHOW, ROUTES_MRT, ROUTES_MMDB, ROUTES_LOC };

struct routes_about {
    enum routes_kind kind;
    int64_t time; /* when the table was so, seconds since 1970; 0: it does not say */
    uint64_t routes;
    /*
     * Of announcements, and enough of them to be all of IPv4 (or IPv6): they touch a fifth of
     * its /16s; they are a thousand.  Only then absence means that nobody announces.
     */
    bool whole_ipv4, whole_ipv6;
};

/*
 * `countries`: networks of an MMDB without AS are given as well, where it has their country.
 * `wants`, where not NULL, is asked first, with a route that has no path yet.  `take` gets the
 * others and may end the reading with an error; so may `keep_on`, by false, between records.
 */
struct routes_taker {
    void *to;
    bool countries;
    bool (*wants)(void *to, const struct route *r);
    bool (*take)(void *to, const struct route *r, struct error *err);
    bool (*keep_on)(void *to, const struct feed *from, uint64_t routes);
};

bool routes_read(struct feed *from, const struct routes_taker *taker,
                 struct routes_about *about, struct error *err);

const char *routes_kind_name(enum routes_kind kind);
bool routes_kind_has_paths(enum routes_kind kind);

/* A day, with or without an hour, somewhere in a text (20050118, 2005-01-18-1200); 0: none. */
int64_t routes_date(const char *text);

/* How many of the path's last hops are its origin: 1, or a set's members; 0: no path. */
unsigned routes_origins(const struct route *r);
/* "1853 1239 {701,13659}"; returns `text`, cut with "..." in front where it is too long. */
const char *routes_path(const struct route_hop *hop, unsigned hops, char *text, size_t size);
/* "192.0.2.0/24"; returns `text`. */
enum { ROUTE_TEXT_BYTES = 52 };
const char *routes_prefix(const struct route *r, char text[static ROUTE_TEXT_BYTES]);
/* Reads an address and a length; false when they are none.  Clears the bits behind. */
bool routes_parse(const char *address, unsigned long length, struct route *r);

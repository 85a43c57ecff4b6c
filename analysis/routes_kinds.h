/* What reads each kind of table; called by routes_read() alone. */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/routes.h"

struct routes_path_room {
    struct route_hop hop[ROUTE_HOPS_MAX];
    unsigned hops;
    uint32_t sets;
};

/* What of the address space was met. */
struct routes_extent {
    uint64_t seen[(1 << 16) / 64]; /* /16s of IPv4 */
    unsigned slash16;
    uint64_t ipv6;     /* prefixes */
    uint8_t last6[17]; /* the one before, with its length: some kinds ask for each of its paths
                        */
};

enum { ROUTES_NAMED = 1 << 12 };

/* One reading: a parser fills `route` and calls routes_give(). */
struct routes_reading {
    struct feed *from;
    const struct routes_taker *taker;
    struct routes_about *about;
    struct route route;
    struct routes_path_room path;
    struct routes_extent extent;
    uint32_t named[ROUTES_NAMED]; /* ASes whose names were given, by their last bits */
};

bool routes_text(struct routes_reading *r, struct error *err); /* list or show */
bool routes_mrt(struct routes_reading *r, struct error *err);
bool routes_mmdb(struct routes_reading *r, struct error *err);
bool routes_loc(struct routes_reading *r, struct error *err);

/* Whether 12 octets may be an MRT header. */
bool routes_mrt_header(const uint8_t header[static 12]);

/* A line of text.  False with an empty error: it is no line of this kind of table. */
bool routes_list_line(struct routes_reading *r, char *line, struct error *err);
struct routes_show {   /* what lines above have said */
    bool has_prefix;   /* in the reading's route: lines may follow that name none */
    bool has_next_hop; /* whose path follows */
    bool waits;        /* for the path of what a line above began */
    bool withdrawn;    /* told of, but no longer announced */
};
bool routes_show_end(const struct routes_reading *r, const struct routes_show *s,
                     struct error *err);
bool routes_show_line(struct routes_reading *r, struct routes_show *s, char *line,
                      struct error *err);

/* Sets the route's country; what is no code of two letters or digits is none. */
void routes_set_country(struct routes_reading *r, const char *code, size_t length);
void routes_path_add(struct routes_path_room *p, uint32_t asn, uint32_t set);
/* To be asked once for each prefix, before its paths are given. */
bool routes_wanted(struct routes_reading *r);
bool routes_give(struct routes_reading *r, struct error *err); /* route, with path */
/* Whether the name of an AS is still to be given; it is asked once for each that is. */
bool routes_name_wanted(struct routes_reading *r, uint32_t asn);
bool routes_go_on(const struct routes_reading *r, struct error *err);

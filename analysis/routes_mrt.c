/* MRT, RFC 6396 and 8050: 12 octets of header, then a record of the length it says. */
/* SPDX-License-Identifier: MIT */
#include "analysis/routes_kinds.h"

#include <inttypes.h>

enum {
    HEADER_BYTES = 12,
    TYPE_TABLE_DUMP = 12,
    TYPE_TABLE_DUMP_V2 = 13,
    TYPE_BGP4MP = 16,
    TYPE_BGP4MP_ET = 17,
    YEAR_1987 = 0x20, /* first octet of a time; no MMDB begins with one so large */
    GO_ON_EVERY = 256,
};

enum { PATH_SET = 1, PATH_SEQUENCE, PATH_CONFED_SEQUENCE, PATH_CONFED_SET };
enum { ATTRIBUTE_AS_PATH = 2, ATTRIBUTE_AS4_PATH = 17, ATTRIBUTE_LONG = 0x10 };

struct mrt {
    struct routes_reading *reading;
    uint64_t offset; /* of the record's header */
    unsigned as_bytes;
    uint64_t updates;
};

bool routes_mrt_header(const uint8_t header[static HEADER_BYTES])
{
    unsigned type = bytes_u16(header + 4);
    bool known = type == TYPE_TABLE_DUMP || type == TYPE_TABLE_DUMP_V2 || type == TYPE_BGP4MP ||
                 type == TYPE_BGP4MP_ET;
    return known && header[0] >= YEAR_1987 && bytes_u16(header + 6) <= 12 &&
           bytes_u32(header + 8) <= FEED_RECORD_MAX / 2;
}

static bool bad(const struct mrt *m, const char *what, struct error *err)
{
    return error_set(err, "%s: octet %" PRIu64 ": the MRT record here has %s",
                     m->reading->from->name, m->offset, what);
}

static uint32_t load_asn(const uint8_t *p, unsigned bytes)
{
    return bytes == 2 ? bytes_u16(p) : bytes_u32(p);
}

/* Segments of a type, a count and so many ASes; those of confederations are not public. */
static bool read_path(struct bytes b, unsigned as_bytes, struct routes_path_room *p)
{
    const uint8_t *segment;
    p->hops = 0;
    p->sets = 0;
    while ((segment = bytes_take(&b, 2)) != NULL) {
        const uint8_t *asn = bytes_take(&b, (size_t)segment[1] * as_bytes);
        if (asn == NULL || segment[0] < PATH_SET || segment[0] > PATH_CONFED_SET)
            return false;
        if (segment[0] > PATH_SEQUENCE)
            continue;
        uint32_t set = segment[0] == PATH_SET ? ++p->sets : 0;
        for (unsigned i = 0; i < segment[1]; i++)
            routes_path_add(p, load_asn(asn + (size_t)i * as_bytes, as_bytes), set);
    }
    return bytes_left(&b) == 0;
}

static bool next_attribute(struct bytes *b, unsigned *type, struct bytes *value)
{
    const uint8_t *head = bytes_take(b, 2);
    if (head == NULL)
        return false;
    const uint8_t *length = bytes_take(b, head[0] & ATTRIBUTE_LONG ? 2 : 1);
    if (length == NULL)
        return false;
    size_t n = head[0] & ATTRIBUTE_LONG ? bytes_u16(length) : length[0];
    const uint8_t *octets = bytes_take(b, n);
    *type = head[1];
    *value = (struct bytes){octets, octets == NULL ? NULL : octets + n, 0};
    return octets != NULL;
}

/* RFC 6793: the path with AS numbers of two octets, its end replaced by that of four. */
static bool merge_as4(struct routes_path_room *p, const struct bytes *as4)
{
    struct routes_path_room four;
    if (!read_path(*as4, 4, &four))
        return false;
    if (four.hops > p->hops)
        return true;
    unsigned keep = p->hops - four.hops;
    for (unsigned i = 0; i < four.hops; i++) {
        uint32_t set = four.hop[i].set;
        p->hop[keep + i] = (struct route_hop){four.hop[i].asn, set == 0 ? 0 : p->sets + set};
    }
    return true;
}

/* Leaves the reading's path empty where the attributes have none. */
static bool read_attributes(struct mrt *m, struct bytes b, struct error *err)
{
    struct routes_path_room *p = &m->reading->path;
    struct bytes value;
    struct bytes as4 = {NULL, NULL, 0};
    bool has_path = false;
    p->hops = 0;
    while (bytes_left(&b) > 0) {
        unsigned type;
        if (!next_attribute(&b, &type, &value))
            return bad(m, "an attribute that ends behind it", err);
        if (type == ATTRIBUTE_AS4_PATH && m->as_bytes == 2)
            as4 = value;
        if (type != ATTRIBUTE_AS_PATH || has_path)
            continue;
        has_path = true;
        if (!read_path(value, m->as_bytes, p))
            return bad(m, "an AS path that is none", err);
    }
    return as4.at == NULL || merge_as4(p, &as4) || bad(m, "an AS4 path that is none", err);
}

/* The record's prefix: a length, and as many octets as that needs. */
static bool read_prefix(struct mrt *m, struct bytes *b, unsigned family, struct error *err)
{
    const uint8_t *length = bytes_take(b, 1);
    if (length == NULL || *length > (family == 4 ? 32 : 128))
        return bad(m, "no valid prefix length", err);
    size_t n = (*length + 7U) / 8;
    const uint8_t *octets = bytes_take(b, n);
    if (octets == NULL)
        return bad(m, "less than its prefix", err);
    struct route *r = &m->reading->route;
    memset(r->address, 0, sizeof r->address);
    memcpy(r->address, octets, n);
    if (*length % 8 != 0)
        r->address[n - 1] &= (uint8_t)(0xff00U >> *length % 8);
    r->family = (uint8_t)family;
    r->length = *length;
    return true;
}

static bool read_entries(struct mrt *m, struct bytes *b, unsigned entries, bool path_ids,
                         struct error *err)
{
    for (unsigned i = 0; i < entries; i++) {
        const uint8_t *head = bytes_take(b, path_ids ? 12 : 8); /* peer, time, id; length */
        if (head == NULL)
            return bad(m, "fewer entries than it says", err);
        size_t n = bytes_u16(head + (path_ids ? 10 : 6));
        const uint8_t *attributes = bytes_take(b, n);
        if (attributes == NULL)
            return bad(m, "less than its attributes", err);
        if (!read_attributes(m, (struct bytes){attributes, attributes + n, 0}, err) ||
            !routes_give(m->reading, err))
            return false;
    }
    return bytes_left(b) == 0 || bad(m, "more than its entries", err);
}

/* One prefix with all who announce it. */
static bool read_rib(struct mrt *m, struct bytes *b, unsigned subtype, struct error *err)
{
    static const struct {
        uint8_t family, path_ids;
    } subtypes[] = {[2] = {4, 0}, [4] = {6, 0}, [8] = {4, 1}, [10] = {6, 1}};
    if (subtype >= sizeof subtypes / sizeof *subtypes || subtypes[subtype].family == 0)
        return true; /* the list of peers, multicast, other families */
    const uint8_t *sequence = bytes_take(b, 4);
    if (sequence == NULL || !read_prefix(m, b, subtypes[subtype].family, err))
        return sequence != NULL ? false : bad(m, "no sequence number", err);
    const uint8_t *entries = bytes_take(b, 2);
    if (entries == NULL)
        return bad(m, "no number of entries", err);
    m->as_bytes = 4;
    unsigned count = bytes_u16(entries);
    if (routes_wanted(m->reading))
        return read_entries(m, b, count, subtypes[subtype].path_ids, err);
    m->reading->about->routes += count - (count > 0);
    return true;
}

/* The older form: one announcement; subtypes 3 and 4 have AS numbers of four octets. */
static bool read_old(struct mrt *m, struct bytes *b, unsigned subtype, struct error *err)
{
    struct routes_reading *r = m->reading;
    if (subtype < 1 || subtype > 4)
        return true;
    unsigned family = subtype % 2 == 1 ? 4 : 6;
    size_t address_bytes = family == 4 ? 4 : 16;
    m->as_bytes = subtype <= 2 ? 2 : 4;
    const uint8_t *head = bytes_take(b, 4); /* view, sequence */
    const uint8_t *address = bytes_take(b, address_bytes);
    const uint8_t *length = bytes_take(b, 2); /* and status */
    const uint8_t *peer = bytes_take(b, 4 + address_bytes + m->as_bytes);
    const uint8_t *attribute_bytes = bytes_take(b, 2);
    if (head == NULL || address == NULL || length == NULL || peer == NULL ||
        attribute_bytes == NULL)
        return bad(m, "less than its fixed part", err);
    size_t n = (*length + 7U) / 8;
    uint8_t prefix[17] = {*length};
    if (n > address_bytes)
        return bad(m, "no valid prefix length", err);
    memcpy(prefix + 1, address, n);
    struct bytes p = {prefix, prefix + 1 + n, 0};
    if (!read_prefix(m, &p, family, err))
        return false;
    if (bytes_u16(attribute_bytes) != bytes_left(b))
        return bad(m, "another length than its attributes", err);
    return !routes_wanted(r) || (read_attributes(m, *b, err) && routes_give(r, err));
}

static bool read_record(struct mrt *m, const uint8_t *header, struct bytes *b,
                        struct error *err)
{
    struct routes_about *about = m->reading->about;
    unsigned type = bytes_u16(header + 4);
    unsigned subtype = bytes_u16(header + 6);
    m->updates += type == TYPE_BGP4MP || type == TYPE_BGP4MP_ET;
    if (type != TYPE_TABLE_DUMP && type != TYPE_TABLE_DUMP_V2)
        return true;
    if (about->kind == ROUTES_NONE)
        about->time = bytes_u32(header);
    about->kind = ROUTES_MRT;
    return type == TYPE_TABLE_DUMP ? read_old(m, b, subtype, err)
                                   : read_rib(m, b, subtype, err);
}

/* The next record whole in the feed; `header` NULL: there is none. */
static bool next_record(struct mrt *m, const uint8_t **header, struct bytes *b,
                        struct error *err)
{
    struct feed *from = m->reading->from;
    m->offset = feed_offset(from);
    if (!feed_fill(from, HEADER_BYTES, err))
        return false;
    *b = feed_ready(from);
    *header = bytes_peek(b, HEADER_BYTES);
    if (*header == NULL)
        return bytes_left(b) == 0 || bad(m, "no whole header: the file is cut short", err);
    size_t n = bytes_u32(*header + 8);
    if (n > FEED_RECORD_MAX - HEADER_BYTES)
        return bad(m, "a length of more than 16 MiB", err);
    if (!feed_fill(from, HEADER_BYTES + n, err))
        return false;
    *b = feed_ready(from);
    *header = bytes_take(b, HEADER_BYTES);
    const uint8_t *body = bytes_peek(b, n);
    if (*header == NULL || body == NULL)
        return bad(m, "less than its length: the file is cut short", err);
    bytes_claim(b, n);
    return true;
}

bool routes_mrt(struct routes_reading *r, struct error *err)
{
    struct mrt m = {.reading = r};
    for (uint64_t records = 1;; records++) {
        const uint8_t *header;
        struct bytes b;
        if (!next_record(&m, &header, &b, err))
            return false;
        if (header == NULL)
            break;
        size_t whole = HEADER_BYTES + bytes_left(&b);
        if (!read_record(&m, header, &b, err) ||
            (records % GO_ON_EVERY == 0 && !routes_go_on(r, err)))
            return false;
        feed_skip(r->from, whole);
    }
    if (r->about->kind == ROUTES_NONE)
        return error_set(err, "%s: no table: %" PRIu64 " updates (BGP4MP) and no RIB entry",
                         r->from->name, m.updates);
    return true;
}

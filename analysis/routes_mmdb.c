/* SPDX-License-Identifier: MIT */
#include "analysis/routes_kinds.h"

#include <maxminddb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME_BYTES = 256, GO_ON_EVERY = 1 << 14 };
static const uint64_t size_max_bytes = UINT64_C(1) << 30;

struct walk {
    struct routes_reading *reading;
    MMDB_s *db;
    uint8_t address[16];
    uint64_t visits;
    char name[NAME_BYTES];
};

static bool bad(const struct walk *w, const char *what, struct error *err)
{
    return error_set(err, "%s: %s", w->reading->from->name, what);
}

/* GeoLite2-ASN and DB-IP have a number; IPinfo has "AS64496". */
static uint32_t find_asn(MMDB_entry_s *entry)
{
    MMDB_entry_data_s data;
    if (MMDB_get_value(entry, &data, "autonomous_system_number", NULL) == MMDB_SUCCESS &&
        data.has_data) {
        if (data.type == MMDB_DATA_TYPE_UINT32)
            return data.uint32;
        return data.type == MMDB_DATA_TYPE_UINT16 ? data.uint16 : 0;
    }
    char text[16];
    if (MMDB_get_value(entry, &data, "asn", NULL) != MMDB_SUCCESS || !data.has_data ||
        data.type != MMDB_DATA_TYPE_UTF8_STRING || data.data_size >= sizeof text)
        return 0;
    memcpy(text, data.utf8_string, data.data_size);
    text[data.data_size] = '\0';
    return (uint32_t)strtoul(text + (strncmp(text, "AS", 2) == 0 ? 2 : 0), NULL, 10);
}

static const char *find_name(struct walk *w, MMDB_entry_s *entry)
{
    static const char *const keys[] = {"autonomous_system_organization", "as_name", "name"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        MMDB_entry_data_s data;
        if (MMDB_get_value(entry, &data, keys[i], NULL) != MMDB_SUCCESS || !data.has_data ||
            data.type != MMDB_DATA_TYPE_UTF8_STRING)
            continue;
        (void)snprintf(w->name, sizeof w->name, "%.*s", (int)data.data_size, data.utf8_string);
        return w->name;
    }
    return NULL;
}

/* GeoLite2 and DB-IP have a map; IPinfo has the code itself. */
static void find_country(struct walk *w, MMDB_entry_s *entry)
{
    static const char *const paths[][3] = {{"country", "iso_code", NULL},
                                           {"registered_country", "iso_code", NULL},
                                           {"country_code", NULL, NULL},
                                           {"country", NULL, NULL}};
    routes_set_country(w->reading, NULL, 0);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        MMDB_entry_data_s data;
        if (MMDB_aget_value(entry, &data, paths[i]) != MMDB_SUCCESS || !data.has_data ||
            data.type != MMDB_DATA_TYPE_UTF8_STRING)
            continue;
        routes_set_country(w->reading, data.utf8_string, data.data_size);
        if (w->reading->route.country[0] != '\0')
            return;
    }
}

/* IPv4 is at the end of ::/96, or all there is. */
static void set_prefix(struct walk *w, unsigned depth)
{
    static const uint8_t zero[12];
    struct route *r = &w->reading->route;
    bool only_ipv4 = w->db->metadata.ip_version == 4;
    bool ipv4 = only_ipv4 || (depth >= 96 && memcmp(w->address, zero, sizeof zero) == 0);
    unsigned skip = ipv4 && !only_ipv4 ? 96 : 0;
    memset(r->address, 0, sizeof r->address);
    memcpy(r->address, w->address + skip / 8, ipv4 ? 4 : 16);
    r->family = ipv4 ? 4 : 6;
    r->length = (uint8_t)(depth - skip);
}

static bool give_record(struct walk *w, MMDB_entry_s *entry, unsigned depth, struct error *err)
{
    struct routes_reading *r = w->reading;
    set_prefix(w, depth);
    uint32_t asn = find_asn(entry);
    if (r->taker->countries)
        find_country(w, entry);
    if (asn == 0 && r->route.country[0] == '\0')
        return true;
    r->about->kind = ROUTES_MMDB;
    if (!routes_wanted(r))
        return true;
    r->route.name = asn != 0 && routes_name_wanted(r, asn) ? find_name(w, entry) : NULL;
    r->path.hops = 0;
    if (asn != 0)
        routes_path_add(&r->path, asn, 0);
    return routes_give(r, err);
}

/* 2002::/16, ::ffff:0:0/96 and the like are other ways to the tree of IPv4. */
static bool is_alias(const struct walk *w, uint64_t node, unsigned depth)
{
    static const uint8_t zero[16];
    return w->db->metadata.ip_version == 6 && node == w->db->ipv4_start_node.node_value &&
           (depth != w->db->ipv4_start_node.netmask || memcmp(w->address, zero, 16) != 0);
}

static bool walk_node(struct walk *w, uint32_t number, unsigned depth, struct error *err);

static bool walk_record(struct walk *w, uint8_t type, uint64_t record, MMDB_entry_s *entry,
                        unsigned depth, struct error *err)
{
    switch (type) {
    case MMDB_RECORD_TYPE_SEARCH_NODE:
        return is_alias(w, record, depth) || walk_node(w, (uint32_t)record, depth, err);
    case MMDB_RECORD_TYPE_DATA:
        return give_record(w, entry, depth, err);
    case MMDB_RECORD_TYPE_EMPTY:
        return true;
    default:
        return error_set(err, "%s: node %llu of the MMDB is not in it", w->reading->from->name,
                         (unsigned long long)record);
    }
}

/* Each node is met once, or the tree is none; so the work is bounded by the file. */
static bool walk_node(struct walk *w, uint32_t number, unsigned depth, struct error *err)
{
    MMDB_search_node_s node;
    unsigned most = w->db->metadata.ip_version == 4 ? 32 : 128;
    if (depth == most || w->visits++ > w->db->metadata.node_count)
        return bad(w, "the MMDB's tree has a loop", err);
    if (w->visits % GO_ON_EVERY == 0 && !routes_go_on(w->reading, err))
        return false;
    if (MMDB_read_node(w->db, number, &node) != MMDB_SUCCESS)
        return error_set(err, "%s: node %u of the MMDB cannot be read", w->reading->from->name,
                         number);
    if (!walk_record(w, node.left_record_type, node.left_record, &node.left_record_entry,
                     depth + 1, err))
        return false;
    uint8_t bit = (uint8_t)(0x80U >> depth % 8);
    w->address[depth / 8] |= bit;
    bool good = walk_record(w, node.right_record_type, node.right_record,
                            &node.right_record_entry, depth + 1, err);
    w->address[depth / 8] &= (uint8_t)~bit;
    return good;
}

static bool read_database(struct routes_reading *r, MMDB_s *db, struct error *err)
{
    struct walk w = {.reading = r, .db = db};
    if (db->metadata.ip_version != 4 && db->metadata.ip_version != 6)
        return bad(&w, "an MMDB of neither IPv4 nor IPv6", err);
    if (!walk_node(&w, 0, 0, err))
        return false;
    r->about->time = (int64_t)db->metadata.build_epoch;
    if (r->about->kind != ROUTES_NONE)
        return true;
    return error_set(err, "%s: an MMDB without %s (%.64s)", r->from->name,
                     r->taker->countries ? "countries" : "AS numbers",
                     db->metadata.database_type);
}

bool routes_mmdb(struct routes_reading *r, struct error *err)
{
    MMDB_s db;
    char path[32];
    int fd = feed_file(r->from, size_max_bytes, err);
    if (fd < 0)
        return false;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int status = MMDB_open(path, MMDB_MODE_MMAP, &db);
    close(fd);
    if (status == MMDB_INVALID_METADATA_ERROR)
        return error_set(err,
                         "%s: no table of origins: neither text nor MRT at its first octet, "
                         "and at its end no valid description of an MMDB",
                         r->from->name);
    if (status != MMDB_SUCCESS)
        return error_set(err, "%s: MMDB: %s", r->from->name, MMDB_strerror(status));
    bool good = read_database(r, &db, err);
    MMDB_close(&db);
    return good;
}

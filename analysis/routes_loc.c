/* SPDX-License-Identifier: MIT */
#include "analysis/routes_kinds.h"

#include <errno.h>
#include <libloc/database.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

static const uint64_t size_max_bytes = UINT64_C(1) << 30;
enum { GO_ON_EVERY = 1 << 14 };

struct loc {
    struct routes_reading *reading;
    struct loc_ctx *context;
    struct loc_database *database;
    struct loc_database_enumerator *networks;
};

/* A network of no AS is given too: it is a hole in the one around it. */
static bool give_network(struct loc *l, struct loc_network *network, struct error *err)
{
    struct routes_reading *r = l->reading;
    const uint8_t *address = loc_network_get_first_address(network)->s6_addr;
    bool ipv4 = loc_network_address_family(network) == AF_INET;
    unsigned length = loc_network_prefix(network);
    memset(r->route.address, 0, sizeof r->route.address);
    memcpy(r->route.address, address + (ipv4 ? 12 : 0), ipv4 ? 4 : 16);
    r->route.family = ipv4 ? 4 : 6;
    r->route.length = (uint8_t)length;
    r->path.hops = 0;
    if (length > (ipv4 ? 32 : 128) || !routes_wanted(r))
        return true;
    const char *country = r->taker->countries ? loc_network_get_country_code(network) : NULL;
    routes_set_country(r, country, country == NULL ? 0 : strlen(country));
    struct loc_as *as = NULL;
    uint32_t asn = loc_network_get_asn(network);
    if (asn != 0) {
        routes_path_add(&r->path, asn, 0);
        if (routes_name_wanted(r, asn) && loc_database_get_as(l->database, &as, asn) != 0)
            as = NULL;
    }
    r->route.name = as != NULL ? loc_as_get_name(as) : NULL;
    bool good = routes_give(r, err);
    if (as != NULL)
        loc_as_unref(as);
    return good;
}

static bool read_networks(struct loc *l, struct error *err)
{
    for (uint64_t n = 1;; n++) {
        struct loc_network *network = NULL;
        if (loc_database_enumerator_next_network(l->networks, &network) != 0)
            return error_set(err, "%s: libloc cannot read network %llu of it",
                             l->reading->from->name, (unsigned long long)n);
        if (network == NULL)
            return n > 1 || error_set(err, "%s: a libloc database without networks",
                                      l->reading->from->name);
        bool good = give_network(l, network, err);
        loc_network_unref(network);
        if (!good || (n % GO_ON_EVERY == 0 && !routes_go_on(l->reading, err)))
            return false;
    }
}

static bool open_database(struct loc *l, FILE *f, struct error *err)
{
    const char *name = l->reading->from->name;
    int status = loc_new(&l->context);
    if (status != 0)
        return error_set(err, "%s: no memory for libloc", name);
    loc_set_log_priority(l->context, LOG_EMERG);
    errno = 0;
    if (loc_database_new(l->context, &l->database, f) != 0)
        return error_set(err, "%s: libloc refuses it: damaged or cut short", name);
    if (loc_database_enumerator_new(&l->networks, l->database, LOC_DB_ENUMERATE_NETWORKS, 0) !=
        0)
        return error_set(err, "%s: no memory for its networks", name);
    return true;
}

static void close_database(struct loc *l)
{
    if (l->networks != NULL)
        loc_database_enumerator_unref(l->networks);
    if (l->database != NULL)
        loc_database_unref(l->database);
    if (l->context != NULL)
        loc_unref(l->context);
}

bool routes_loc(struct routes_reading *r, struct error *err)
{
    struct loc l = {.reading = r};
    int fd = feed_file(r->from, size_max_bytes, err);
    if (fd < 0)
        return false;
    FILE *f = fdopen(fd, "r");
    if (f == NULL) {
        close(fd);
        return error_errno(err, "%s", r->from->name);
    }
    rewind(f);
    r->about->kind = ROUTES_LOC;
    bool good = open_database(&l, f, err) && read_networks(&l, err);
    if (good)
        r->about->time = (int64_t)loc_database_created_at(l.database);
    close_database(&l);
    (void)fclose(f);
    return good;
}

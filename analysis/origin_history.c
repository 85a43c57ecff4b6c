/* SPDX-License-Identifier: MIT */
#include "analysis/origin_history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SIGHTINGS_MAX = 1024,
    ORIGINS_KEPT = 64,
    PATHS_MAX = 64,
    IPV4_SHORTEST = 8,
    IPV6_SHORTEST = 16
};

struct path_count {
    char *text;
    uint64_t routes;
};

struct origin_count {
    uint32_t asn;
    uint64_t routes;
};

/* One announcement in one table. */
struct sighting {
    unsigned table; /* its place in the order they were read, then in that of time */
    struct route prefix;
    enum origin_match match;
    uint64_t routes;
    struct origin_count origin[ORIGINS_KEPT];
    unsigned origins;
    struct path_count *path;
    unsigned paths;
};

struct table {
    struct origin_history_table about;
    unsigned read_as; /* its place in the order they were read */
};

struct origin_history {
    struct route asked;
    bool within;
    struct table *table;
    struct origin_history_table *told; /* of all tables, once finished */
    unsigned tables;
    struct sighting *sighting;
    size_t sightings, room;
    size_t first;             /* of the table that is read */
    struct route last_within; /* the prefix that was asked about last, in the one asked for */
    struct route refused;     /* the one that found no room last */
    struct origin_history_row *row;
    unsigned rows;
    const struct routes_about *about; /* of the table that is read */
    origin_history_keep_on *keep_on;
    void *to;
};

static bool same_prefix(const struct route *a, const struct route *b)
{
    return a->family == b->family && a->length == b->length &&
           memcmp(a->address, b->address, sizeof a->address) == 0;
}

static bool covers(const struct route *wide, const struct route *narrow)
{
    unsigned octets = wide->length / 8;
    unsigned rest = wide->length % 8;
    if (wide->family != narrow->family || wide->length > narrow->length ||
        memcmp(wide->address, narrow->address, octets) != 0)
        return false;
    return rest == 0 ||
           ((wide->address[octets] ^ narrow->address[octets]) & (0xff00U >> rest) & 0xff) == 0;
}

/* A default route, whole or in pieces, announces nothing. */
static enum origin_match match(const struct route *r, const struct route *asked)
{
    if (same_prefix(r, asked))
        return ORIGIN_SAME;
    if (r->length >= (r->family == 4 ? IPV4_SHORTEST : IPV6_SHORTEST) && covers(r, asked))
        return ORIGIN_COVERS;
    return covers(asked, r) ? ORIGIN_WITHIN : ORIGIN_UNKNOWN;
}

/* ---- Reading a table ------------------------------------------------------------------- */

static void keep_prefix(struct route *to, const struct route *r)
{
    *to = (struct route){.family = r->family, .length = r->length};
    memcpy(to->address, r->address, sizeof r->address);
}

static bool is_wanted(void *to, const struct route *r)
{
    struct origin_history *h = to;
    enum origin_match m = match(r, &h->asked);
    if (m == ORIGIN_WITHIN) {
        /* Some kinds ask for each path of a prefix, one after the other. */
        h->table[h->tables].about.within += !same_prefix(&h->last_within, r);
        keep_prefix(&h->last_within, r);
        return h->within;
    }
    return m != ORIGIN_UNKNOWN;
}

/* The one of the present table, most often the last; NULL without an error: there are too many.
 */
static struct sighting *sighting_of(struct origin_history *h, const struct route *r,
                                    struct error *err)
{
    err->text[0] = '\0';
    if (same_prefix(&h->refused, r))
        return NULL;
    for (size_t i = h->sightings; i-- > h->first;)
        if (same_prefix(&h->sighting[i].prefix, r))
            return &h->sighting[i];
    if (h->sightings - h->first == SIGHTINGS_MAX) {
        h->table[h->tables].about.left_out = true;
        keep_prefix(&h->refused, r);
        return NULL;
    }
    if (h->sightings == h->room) {
        size_t room = h->room == 0 ? 64 : 2 * h->room;
        struct sighting *larger = realloc(h->sighting, room * sizeof *larger);
        if (larger == NULL) {
            error_set(err, "no memory for its announcements");
            return NULL;
        }
        h->sighting = larger;
        h->room = room;
    }
    struct sighting *s = &h->sighting[h->sightings++];
    *s = (struct sighting){.table = h->tables, .match = match(r, &h->asked)};
    keep_prefix(&s->prefix, r);
    return s;
}

static void count_origin(struct sighting *s, uint32_t asn, uint64_t routes)
{
    unsigned i = 0;
    while (i < s->origins && s->origin[i].asn != asn)
        i++;
    if (i == ORIGINS_KEPT)
        return;
    if (i == s->origins)
        s->origin[s->origins++] = (struct origin_count){.asn = asn};
    s->origin[i].routes += routes;
}

static bool count_path(struct sighting *s, const struct route *r)
{
    char text[ORIGIN_HISTORY_PATH_BYTES];
    routes_path(r->hop, r->hops, text, sizeof text);
    for (unsigned i = 0; i < s->paths; i++)
        if (strcmp(s->path[i].text, text) == 0) {
            s->path[i].routes += r->weight;
            return true;
        }
    if (s->paths == PATHS_MAX)
        return true;
    struct path_count *larger = realloc(s->path, (s->paths + 1) * sizeof *larger);
    if (larger == NULL)
        return false;
    s->path = larger;
    s->path[s->paths].routes = r->weight;
    s->path[s->paths].text = strdup(text);
    return s->path[s->paths].text != NULL && ++s->paths > 0;
}

static bool take_route(void *to, const struct route *r, struct error *err)
{
    struct origin_history *h = to;
    struct sighting *s = sighting_of(h, r, err);
    if (s == NULL)
        return err->text[0] == '\0';
    unsigned origins = routes_origins(r);
    s->routes++;
    for (unsigned i = 0; i < origins; i++)
        count_origin(s, r->hop[r->hops - origins + i].asn, r->weight);
    return !routes_kind_has_paths(h->about->kind) || count_path(s, r) ||
           error_set(err, "no memory for its AS paths");
}

static bool go_on(void *to, const struct feed *from, uint64_t routes)
{
    const struct origin_history *h = to;
    return h->keep_on == NULL || h->keep_on(h->to, from, routes);
}

static void free_paths(struct sighting *s)
{
    for (unsigned i = 0; i < s->paths; i++)
        free(s->path[i].text);
    free(s->path);
    s->path = NULL;
    s->paths = 0;
}

static void forget_from(struct origin_history *h, size_t first)
{
    while (h->sightings > first)
        free_paths(&h->sighting[--h->sightings]);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static bool find_date(struct origin_history_table *t, const struct routes_about *about,
                      int64_t given, struct error *err)
{
    t->time = given != 0 ? given : about->time;
    if (t->time == 0)
        t->time = routes_date(base_name(t->name));
    return t->time != 0 ||
           error_set(err,
                     "%s: no date in the table or in its name; one can be given, as in "
                     "2005-01-18=%s",
                     t->name, t->name);
}

bool origin_history_read(struct origin_history *h, struct feed *from, int64_t time,
                         origin_history_keep_on *keep_on, void *to, struct error *err)
{
    struct routes_about about;
    const struct routes_taker taker = {
            .to = h, .wants = is_wanted, .take = take_route, .keep_on = go_on};
    struct table *larger = realloc(h->table, (h->tables + 1) * sizeof *larger);
    if (larger == NULL)
        return error_set(err, "%s: no memory", from->name);
    h->table = larger;
    struct table *t = &h->table[h->tables];
    *t = (struct table){.about.name = from->name, .read_as = h->tables};
    h->first = h->sightings;
    h->last_within = h->refused = (struct route){.family = 0};
    h->about = &about;
    h->keep_on = keep_on;
    h->to = to;
    if (!routes_read(from, &taker, &about, err) || !find_date(&t->about, &about, time, err)) {
        forget_from(h, h->first);
        return false;
    }
    t->about.kind = about.kind;
    t->about.routes = about.routes;
    t->about.whole = h->asked.family == 4 ? about.whole_ipv4 : about.whole_ipv6;
    h->tables++;
    return true;
}

/* ---- Finding rows ---------------------------------------------------------------------- */

static int by_time(const void *x, const void *y)
{
    const struct table *a = x;
    const struct table *b = y;
    if (a->about.time != b->about.time)
        return a->about.time < b->about.time ? -1 : 1;
    return (a->read_as > b->read_as) - (a->read_as < b->read_as);
}

static int by_prefix_and_table(const void *x, const void *y)
{
    const struct sighting *a = x;
    const struct sighting *b = y;
    if (a->prefix.length != b->prefix.length)
        return a->prefix.length < b->prefix.length ? -1 : 1;
    int order = memcmp(a->prefix.address, b->prefix.address, sizeof a->prefix.address);
    return order != 0 ? order : (a->table > b->table) - (a->table < b->table);
}

static int by_beginning(const void *x, const void *y)
{
    const struct origin_history_row *a = x;
    const struct origin_history_row *b = y;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    if (a->prefix.length != b->prefix.length)
        return a->prefix.length < b->prefix.length ? -1 : 1;
    return memcmp(a->prefix.address, b->prefix.address, sizeof a->prefix.address);
}

static int by_asn(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x;
    uint32_t b = *(const uint32_t *)y;
    return (a > b) - (a < b);
}

static bool sort_tables(struct origin_history *h)
{
    unsigned *place = malloc((h->tables + 1) * sizeof *place);
    h->told = malloc((h->tables + 1) * sizeof *h->told);
    if (place == NULL || h->told == NULL) {
        free(place);
        return false;
    }
    if (h->tables > 0)
        qsort(h->table, h->tables, sizeof *h->table, by_time);
    for (unsigned i = 0; i < h->tables; i++) {
        place[h->table[i].read_as] = i;
        h->told[i] = h->table[i].about;
    }
    for (size_t i = 0; i < h->sightings; i++)
        h->sighting[i].table = place[h->sighting[i].table];
    free(place);
    return true;
}

/* The commonest; of equals the shortest, and of those the first in the order of text. */
static const char *commonest_path(const struct sighting *s)
{
    const struct path_count *best = NULL;
    for (unsigned i = 0; i < s->paths; i++) {
        const struct path_count *p = &s->path[i];
        if (best == NULL || p->routes > best->routes ||
            (p->routes == best->routes &&
             (strlen(p->text) < strlen(best->text) ||
              (strlen(p->text) == strlen(best->text) && strcmp(p->text, best->text) < 0))))
            best = p;
    }
    return best == NULL ? "" : best->text;
}

static int by_routes(const void *a, const void *b)
{
    const struct origin_count *x = a;
    const struct origin_count *y = b;
    if (x->routes != y->routes)
        return x->routes < y->routes ? 1 : -1;
    return (x->asn > y->asn) - (x->asn < y->asn);
}

static struct origin_history_row row_of(const struct origin_history *h, struct sighting *s)
{
    struct origin_history_row r = {.from = h->told[s->table].time,
                                   .to = h->told[s->table].time,
                                   .tables = 1,
                                   .match = s->match,
                                   .prefix = s->prefix,
                                   .routes = s->routes};
    qsort(s->origin, s->origins, sizeof *s->origin, by_routes);
    for (unsigned i = 0; i < s->origins && i < ORIGIN_HISTORY_ORIGINS; i++)
        r.origin[r.origins++] = s->origin[i].asn;
    qsort(r.origin, r.origins, sizeof *r.origin, by_asn);
    strcpy(r.path, commonest_path(s));
    return r;
}

/* Leaves of `path` the end it has in common with `other`, cut between words. */
static void keep_common_end(char path[static ORIGIN_HISTORY_PATH_BYTES], const char *other)
{
    size_t n = strlen(path);
    size_t m = strlen(other);
    size_t word = 0; /* octets of the end that begin with a word */
    if (m == 0 || strcmp(path, other) == 0)
        return;
    if (n == 0) {
        strcpy(path, other);
        return;
    }
    for (size_t k = 1; k <= n && k <= m && path[n - k] == other[m - k]; k++) {
        bool begins = (k == n || path[n - k - 1] == ' ') && (k == m || other[m - k - 1] == ' ');
        word = begins && path[n - k] != '.' ? k : word;
    }
    if (word > ORIGIN_HISTORY_PATH_BYTES - 5)
        return;
    memmove(path + 4, path + n - word, word + 1);
    memcpy(path, "... ", 4);
}

static bool continues(const struct origin_history_row *r, unsigned last_table,
                      const struct sighting *s, const struct origin_history_row *next)
{
    return s->table == last_table + 1 && same_prefix(&r->prefix, &next->prefix) &&
           r->origins == next->origins &&
           memcmp(r->origin, next->origin, r->origins * sizeof *r->origin) == 0;
}

/* In order of prefixes, and of one prefix in order of time. */
static void add_announced_rows(struct origin_history *h)
{
    unsigned last_table = 0;
    for (size_t i = 0; i < h->sightings; i++) {
        struct sighting *s = &h->sighting[i];
        struct origin_history_row next = row_of(h, s);
        struct origin_history_row *r = h->rows > 0 ? &h->row[h->rows - 1] : NULL;
        if (r != NULL && continues(r, last_table, s, &next)) {
            r->to = next.to;
            r->tables++;
            r->routes += next.routes;
            keep_common_end(r->path, next.path);
        } else {
            h->row[h->rows++] = next;
        }
        last_table = s->table;
    }
}

/* Tables in which nothing covers the prefix; those that say the same of it together. */
static void add_gaps(struct origin_history *h, const bool *covered)
{
    for (unsigned t = 0; t < h->tables; t++) {
        enum origin_match m = h->told[t].whole ? ORIGIN_NOBODY : ORIGIN_UNKNOWN;
        if (covered[t])
            continue;
        struct origin_history_row *r = &h->row[h->rows - (h->rows > 0)];
        if (t > 0 && !covered[t - 1] && r->match == m) {
            r->to = h->told[t].time;
            r->tables++;
            continue;
        }
        h->row[h->rows++] = (struct origin_history_row){.from = h->told[t].time,
                                                        .to = h->told[t].time,
                                                        .tables = 1,
                                                        .match = m,
                                                        .prefix = h->asked};
    }
}

bool origin_history_finish(struct origin_history *h, struct error *err)
{
    bool *covered = calloc(h->tables + 1, sizeof *covered);
    h->row = malloc((h->sightings + h->tables + 1) * sizeof *h->row);
    if (covered == NULL || h->row == NULL || !sort_tables(h)) {
        free(covered);
        return error_set(err, "no memory for the history");
    }
    for (size_t i = 0; i < h->sightings; i++)
        covered[h->sighting[i].table] |= h->sighting[i].match != ORIGIN_WITHIN;
    if (h->sightings > 0)
        qsort(h->sighting, h->sightings, sizeof *h->sighting, by_prefix_and_table);
    add_announced_rows(h);
    add_gaps(h, covered);
    if (h->rows > 0)
        qsort(h->row, h->rows, sizeof *h->row, by_beginning);
    free(covered);
    return true;
}

/* ---- Its life -------------------------------------------------------------------------- */

struct origin_history *origin_history_create(const struct route *asked, bool within,
                                             struct error *err)
{
    struct origin_history *h = calloc(1, sizeof *h);
    if (h == NULL) {
        error_set(err, "no memory for a history");
        return NULL;
    }
    h->asked = *asked;
    h->within = within;
    return h;
}

void origin_history_free(struct origin_history *h)
{
    if (h == NULL)
        return;
    forget_from(h, 0);
    free(h->sighting);
    free(h->table);
    free(h->told);
    free(h->row);
    free(h);
}

const struct origin_history_table *origin_history_tables(const struct origin_history *h,
                                                         unsigned *count)
{
    *count = h->tables;
    return h->told;
}

const struct origin_history_row *origin_history_rows(const struct origin_history *h,
                                                     unsigned *count)
{
    *count = h->rows;
    return h->row;
}

/* SPDX-License-Identifier: MIT */
#include "analysis/routes_kinds.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { HEAD_BYTES = 512, GO_ON_EVERY = 1024, IPV4_SHORTEST = 8, IPV6_SHORTEST = 16 };
/* A full table touched 29 % of all /16s in 2002, 66 % in 2014. */
enum { WHOLE_SLASH16 = (1 << 16) / 5, WHOLE_IPV6 = 1000 };

static const struct kind {
    const char *name;
    bool announced, paths;
} kinds[] = {
        [ROUTES_NONE] = {"none", false, false}, [ROUTES_LIST] = {"list", true, false},
        [ROUTES_SHOW] = {"show", true, true},   [ROUTES_MRT] = {"MRT", true, true},
        [ROUTES_MMDB] = {"MMDB", false, false}, [ROUTES_LOC] = {"libloc", false, false},
};

const char *routes_kind_name(enum routes_kind kind)
{
    return kinds[kind].name;
}

bool routes_kind_has_paths(enum routes_kind kind)
{
    return kinds[kind].paths;
}

static bool is_code(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

void routes_set_country(struct routes_reading *r, const char *code, size_t length)
{
    bool good = length == 2 && is_code(code[0]) && is_code(code[1]);
    memcpy(r->route.country, good ? (char[]){code[0], code[1], '\0'} : "\0\0",
           sizeof r->route.country);
}

void routes_path_add(struct routes_path_room *p, uint32_t asn, uint32_t set)
{
    if (p->hops == ROUTE_HOPS_MAX) {
        memmove(p->hop, p->hop + ROUTE_HOPS_MAX / 2, sizeof p->hop / 2);
        p->hops = ROUTE_HOPS_MAX / 2;
    }
    p->hop[p->hops++] = (struct route_hop){asn, set};
}

/* Default routes, whole or in pieces, tell nothing of who announces. */
static void extend(struct routes_extent *e, const struct route *r)
{
    if (r->family == 6) {
        uint8_t this[sizeof e->last6];
        memcpy(this, r->address, 16);
        this[16] = (uint8_t)r->length;
        e->ipv6 += r->length >= IPV6_SHORTEST && memcmp(this, e->last6, sizeof this) != 0;
        memcpy(e->last6, this, sizeof this);
        return;
    }
    unsigned first = bytes_u16(r->address);
    unsigned count = r->length < IPV4_SHORTEST ? 0
                     : r->length < 16          ? 1U << (16 - r->length)
                                               : 1;
    for (unsigned i = first; i < first + count; i++) {
        uint64_t bit = UINT64_C(1) << i % 64;
        e->slash16 += (e->seen[i / 64] & bit) == 0;
        e->seen[i / 64] |= bit;
    }
}

bool routes_wanted(struct routes_reading *r)
{
    extend(&r->extent, &r->route);
    bool wanted = r->taker->wants == NULL || r->taker->wants(r->taker->to, &r->route);
    r->about->routes += !wanted;
    return wanted;
}

bool routes_give(struct routes_reading *r, struct error *err)
{
    r->route.hop = r->path.hop;
    r->route.hops = r->path.hops;
    r->about->routes++;
    return r->taker->take(r->taker->to, &r->route, err) ||
           error_prefix(err, "%s", r->from->name);
}

bool routes_name_wanted(struct routes_reading *r, uint32_t asn)
{
    uint32_t *named = &r->named[asn % ROUTES_NAMED];
    bool wanted = *named != asn;
    *named = asn;
    return wanted;
}

bool routes_go_on(const struct routes_reading *r, struct error *err)
{
    return r->taker->keep_on == NULL ||
           r->taker->keep_on(r->taker->to, r->from, r->about->routes) ||
           error_set(err, "%s: stopped", r->from->name);
}

/* A date in the comments before the first line of the table is the table's. */
static bool read_comment(struct routes_about *about, const char *line)
{
    if (line[0] != '#' && line[0] != ';')
        return false;
    if (about->kind == ROUTES_NONE && about->time == 0)
        about->time = routes_date(line);
    return true;
}

/* The first line that is of a table decides which kind of table it is. */
static bool text_line(struct routes_reading *r, struct routes_show *show, char *line,
                      struct error *err)
{
    err->text[0] = '\0';
    if (r->about->kind != ROUTES_SHOW && routes_list_line(r, line, err)) {
        r->about->kind = ROUTES_LIST;
        return true;
    }
    if (err->text[0] != '\0')
        return false;
    if (r->about->kind == ROUTES_LIST)
        return error_set(err, "%s:%lu: not a prefix and an AS number", r->from->name,
                         r->from->line);
    return routes_show_line(r, show, line, err);
}

bool routes_text(struct routes_reading *r, struct error *err)
{
    struct routes_show show = {.has_prefix = false};
    enum feed_state state;
    char *line;
    while ((state = feed_line(r->from, &line, err)) == FEED_MORE) {
        if (!read_comment(r->about, line) && !text_line(r, &show, line, err))
            return false;
        if (r->from->line % GO_ON_EVERY == 0 && !routes_go_on(r, err))
            return false;
    }
    return state == FEED_END && routes_show_end(r, &show, err);
}

static bool looks_like_text(const uint8_t *octet, size_t n)
{
    if (octet[0] >= 0x80)
        return false;
    for (size_t i = 0; i < n; i++)
        if (octet[i] < ' ' && memchr("\t\n\r\b\f\033", octet[i], 6) == NULL)
            return false;
    return true;
}

static bool read_kind(struct routes_reading *r, struct error *err)
{
    if (!feed_fill(r->from, HEAD_BYTES, err))
        return false;
    struct bytes head = feed_ready(r->from);
    size_t n = bytes_left(&head) < HEAD_BYTES ? bytes_left(&head) : HEAD_BYTES;
    if (n == 0)
        return error_set(err, "%s: the file is empty", r->from->name);
    if (n >= 8 && memcmp(head.at, "LOCDBXX", 7) == 0)
        return routes_loc(r, err);
    if (looks_like_text(head.at, n))
        return routes_text(r, err);
    if (n >= 12 && routes_mrt_header(head.at))
        return routes_mrt(r, err);
    return routes_mmdb(r, err);
}

bool routes_read(struct feed *from, const struct routes_taker *taker,
                 struct routes_about *about, struct error *err)
{
    struct routes_reading r = {.from = from, .taker = taker, .about = about};
    *about = (struct routes_about){.kind = ROUTES_NONE};
    r.route.weight = 1;
    if (!read_kind(&r, err))
        return false;
    if (about->kind == ROUTES_NONE)
        return error_set(err, "%s: no table of origins: none of its %lu lines has a route",
                         from->name, from->line);
    bool announced = kinds[about->kind].announced;
    about->whole_ipv4 = announced && r.extent.slash16 >= WHOLE_SLASH16;
    about->whole_ipv6 = announced && r.extent.ipv6 >= WHOLE_IPV6;
    return true;
}

/* ---- Routes as text -------------------------------------------------------------------- */

unsigned routes_origins(const struct route *r)
{
    if (r->hops == 0)
        return 0;
    unsigned n = 1;
    uint32_t set = r->hop[r->hops - 1].set;
    while (set != 0 && n < r->hops && r->hop[r->hops - 1 - n].set == set)
        n++;
    return n;
}

/* Written from its end, which is what matters. */
const char *routes_path(const struct route_hop *hop, unsigned hops, char *text, size_t size)
{
    char *at = text + size - 1;
    *at = '\0';
    for (unsigned i = hops; i-- > 0;) {
        uint32_t set = hop[i].set;
        bool first = set != 0 && (i == 0 || hop[i - 1].set != set);
        bool last = set != 0 && (i + 1 == hops || hop[i + 1].set != set);
        char one[24];
        const char *between = i + 1 == hops ? "" : set != 0 && !last ? "," : " ";
        int n = snprintf(one, sizeof one, "%s%" PRIu32 "%s%s", first ? "{" : "", hop[i].asn,
                         last ? "}" : "", between);
        if (at - text < n + 4) {
            at -= 4;
            memcpy(at, "... ", 4);
            break;
        }
        at -= n;
        memcpy(at, one, (size_t)n);
    }
    memmove(text, at, (size_t)(text + size - at));
    return text;
}

const char *routes_prefix(const struct route *r, char text[static ROUTE_TEXT_BYTES])
{
    char host[INET6_ADDRSTRLEN] = "";
    inet_ntop(r->family == 4 ? AF_INET : AF_INET6, r->address, host, sizeof host);
    (void)snprintf(text, ROUTE_TEXT_BYTES, "%s/%u", host, r->length);
    return text;
}

bool routes_parse(const char *address, unsigned long length, struct route *r)
{
    unsigned family = strchr(address, ':') != NULL ? 6 : 4;
    memset(r->address, 0, sizeof r->address);
    if (length > (family == 4 ? 32 : 128) ||
        inet_pton(family == 4 ? AF_INET : AF_INET6, address, r->address) != 1)
        return false;
    r->family = (uint8_t)family;
    r->length = (uint8_t)length;
    if (length < 128) {
        r->address[length / 8] &= (uint8_t)(0xff00U >> length % 8);
        memset(r->address + length / 8 + 1, 0, sizeof r->address - length / 8 - 1);
    }
    return true;
}

/* ---- Dates ----------------------------------------------------------------------------- */

static unsigned number(const char *digit, unsigned n)
{
    unsigned v = 0;
    while (n-- > 0)
        v = 10 * v + (unsigned)(*digit++ - '0');
    return v;
}

static unsigned digits(const char *text)
{
    return (unsigned)strspn(text, "0123456789");
}

static int64_t day(const char *year, const char *month, const char *of_month)
{
    struct tm t = {.tm_year = (int)number(year, 4) - 1900,
                   .tm_mon = (int)number(month, 2) - 1,
                   .tm_mday = (int)number(of_month, 2)};
    struct tm as_said = t;
    int64_t time = timegm(&t); /* which makes 30 February another day */
    bool valid = t.tm_mon == as_said.tm_mon && t.tm_mday == as_said.tm_mday &&
                 t.tm_year >= 80 && t.tm_year < 200;
    return valid ? time : 0;
}

/* Hours and minutes, "1200" or "12:00", behind a day. */
static int64_t time_of_day(const char *text)
{
    unsigned hour = digits(text);
    unsigned minute = 0;
    if (hour >= 4)
        minute = number(text + 2, 2);
    else if (hour == 2 && text[2] == ':' && digits(text + 3) >= 2)
        minute = number(text + 3, 2);
    else
        return 0;
    hour = number(text, 2);
    return hour < 24 && minute < 60 ? 3600 * hour + 60 * minute : 0;
}

static int64_t date_at(const char *text, unsigned run)
{
    const char *rest;
    int64_t time;
    if (run == 8 || run == 12 || run == 14) {
        time = day(text, text + 4, text + 6);
        rest = text + 8;
    } else if (run == 4 && text[4] != '\0' && strchr("-._/", text[4]) != NULL &&
               digits(text + 5) == 2 && text[7] == text[4] && digits(text + 8) == 2) {
        time = day(text, text + 5, text + 8);
        rest = text + 10;
    } else {
        return 0;
    }
    if (time != 0 && *rest != '\0')
        time += time_of_day(strchr("-._T ", *rest) != NULL ? rest + 1 : rest);
    return time;
}

int64_t routes_date(const char *text)
{
    while (*text != '\0') {
        unsigned run = digits(text);
        int64_t time = run >= 4 ? date_at(text, run) : 0;
        if (time != 0)
            return time;
        text += run > 0 ? run : 1;
    }
    return 0;
}

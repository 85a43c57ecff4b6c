/* SPDX-License-Identifier: MIT */
#include "analysis/as_names.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 128, ROOM_AT_FIRST = 4096 };

/* Octets of the UTF-8 character at `c`; 0: it is none, or one that steers a terminal or text.
 */
static unsigned character(const unsigned char *c)
{
    static const struct {
        unsigned char first, last;
        uint32_t least;
    } lead[] = {
            {0x00, 0x7f, 0x20}, {0xc2, 0xdf, 0xa0}, {0xe0, 0xef, 0x800}, {0xf0, 0xf4, 0x10000}};
    unsigned n = 0;
    while (n < 4 && (*c < lead[n].first || *c > lead[n].last))
        n++;
    if (n == 4)
        return 0;
    uint32_t code = n == 0 ? *c : *c & (0x3fU >> n);
    for (unsigned i = 1; i <= n; i++) {
        if ((c[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (c[i] & 0x3f);
    }
    bool direction = (code >= 0x200e && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
                     (code >= 0x2066 && code <= 0x2069);
    bool surrogate = code >= 0xd800 && code <= 0xdfff;
    return code < lead[n].least || code == 0x7f || code > 0x10ffff || direction || surrogate
                   ? 0
                   : n + 1;
}

static size_t clean_name(const char *name, char clean[static NAME_BYTES])
{
    size_t at = 0;
    for (const char *c = name; *c != '\0';) {
        unsigned n = character((const unsigned char *)c);
        unsigned take = n == 0 ? 1 : n;
        if (at + take >= NAME_BYTES)
            break;
        if (n == 0)
            clean[at] = '?';
        else
            memcpy(clean + at, c, n);
        at += take;
        c += take;
    }
    clean[at] = '\0';
    return at + 1;
}

/* Room for another name of so many octets. */
static bool make_room(struct as_names *n, size_t size)
{
    if (n->count == n->room) {
        size_t room = n->room == 0 ? ROOM_AT_FIRST : 2 * n->room;
        struct as_name *list = realloc(n->list, room * sizeof *list);
        if (list == NULL)
            return false;
        n->list = list;
        n->room = room;
    }
    if (n->text_used + size > n->text_room) {
        size_t room = n->text_room == 0 ? ROOM_AT_FIRST : 2 * n->text_room;
        char *text = realloc(n->text, room);
        if (text == NULL)
            return false;
        n->text = text;
        n->text_room = room;
    }
    return n->text_used + size < UINT32_MAX;
}

/* Tables name an AS's networks often one after another. */
bool as_names_add(struct as_names *n, uint32_t asn, const char *from)
{
    if (n->count > 0 && n->list[n->count - 1].asn == asn)
        return true;
    char name[NAME_BYTES];
    size_t size = clean_name(from, name);
    if (!make_room(n, size))
        return false;
    n->list[n->count++] = (struct as_name){asn, (uint32_t)n->text_used};
    memcpy(n->text + n->text_used, name, size);
    n->text_used += size;
    return true;
}

static int by_asn_and_place(const void *x, const void *y)
{
    const struct as_name *a = x;
    const struct as_name *b = y;
    if (a->asn != b->asn)
        return a->asn < b->asn ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

void as_names_put_in_order(struct as_names *n)
{
    size_t kept = 0;
    if (n->count > 0)
        qsort(n->list, n->count, sizeof *n->list, by_asn_and_place);
    for (size_t i = 0; i < n->count; i++)
        if (kept == 0 || n->list[kept - 1].asn != n->list[i].asn)
            n->list[kept++] = n->list[i];
    n->count = kept;
}

static int by_asn(const void *key, const void *name)
{
    uint32_t asn = *(const uint32_t *)key;
    uint32_t of = ((const struct as_name *)name)->asn;
    return (asn > of) - (asn < of);
}

const char *as_names_find(const struct as_names *n, uint32_t asn)
{
    const struct as_name *at =
            n->count == 0 ? NULL : bsearch(&asn, n->list, n->count, sizeof *n->list, by_asn);
    return at == NULL ? NULL : n->text + at->at;
}

void as_names_fini(struct as_names *n)
{
    free(n->list);
    free(n->text);
}

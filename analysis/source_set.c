/* SPDX-License-Identifier: MIT */
#include "analysis/source_set.h"

#include "capture/bytes.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    FORM = 1,
    NETWORKS = 1 << 24,
    DELTA_BYTES = 4, /* of a /24's distance, at most: 28 bits */
    BITMAP_BYTES = 32,
    LISTED = 31, /* hosts, at most, of which each is an octet of its own */
    ADDRESS_BYTES = 16,
    ITEM_BYTES = DELTA_BYTES + 1 + BITMAP_BYTES, /* the longest there is */
    HEAD_BYTES = 5,
    SUM_BYTES = 8,
    BUFFER = 32768, /* of a reader */
};

static unsigned hosts_of(const uint64_t hosts[static 4])
{
    unsigned sum = 0;
    for (unsigned i = 0; i < 4; i++)
        sum += (unsigned)__builtin_popcountll(hosts[i]);
    return sum;
}

/* ---- Writing --------------------------------------------------------------------------- */

struct source_writer {
    uint8_t *octets;
    size_t size, room;
    uint32_t next_network; /* the least that can come */
    uint32_t ipv4s, ipv6s;
    size_t ipv6_at; /* where their number stands; 0: none has come */
    struct source6 last;
    bool failed;
};

static bool make_room(struct source_writer *w, size_t more)
{
    if (w->room - w->size >= more)
        return !w->failed;
    size_t room = 2 * w->room + more;
    uint8_t *octets = w->failed ? NULL : realloc(w->octets, room);
    if (octets == NULL) {
        w->failed = true;
        return false;
    }
    w->octets = octets;
    w->room = room;
    return true;
}

static void put_u32_at(struct source_writer *w, size_t at, uint32_t n)
{
    n = htobe32(n);
    memcpy(w->octets + at, &n, sizeof n);
}

struct source_writer *source_writer_create(struct error *err)
{
    struct source_writer *w = calloc(1, sizeof *w);
    if (w == NULL || !make_room(w, 4096)) {
        free(w);
        error_set(err, "no memory for a set of sources");
        return NULL;
    }
    w->octets[0] = FORM;
    w->size = HEAD_BYTES;
    return w;
}

void source_writer_free(struct source_writer *w)
{
    if (w == NULL)
        return;
    free(w->octets);
    free(w);
}

static void put_distance(struct source_writer *w, uint32_t distance)
{
    for (; distance > 0x7f; distance >>= 7)
        w->octets[w->size++] = (uint8_t)(distance | 0x80);
    w->octets[w->size++] = (uint8_t)distance;
}

static void put_bitmap(struct source_writer *w, const uint64_t hosts[static 4])
{
    for (unsigned i = 0; i < 4; i++) {
        uint64_t word = htobe64(hosts[i]);
        memcpy(w->octets + w->size, &word, sizeof word);
        w->size += sizeof word;
    }
}

static void put_list(struct source_writer *w, const uint64_t hosts[static 4])
{
    for (unsigned i = 0; i < 4; i++)
        for (uint64_t left = hosts[i]; left != 0; left &= left - 1)
            w->octets[w->size++] = (uint8_t)(64 * i + (unsigned)__builtin_ctzll(left));
}

bool source_writer_ipv4(struct source_writer *w, const struct source4 *s)
{
    unsigned hosts = hosts_of(s->hosts);
    if (!make_room(w, ITEM_BYTES))
        return false;
    put_distance(w, s->network - w->next_network);
    w->next_network = s->network + 1;
    w->octets[w->size++] = (uint8_t)(hosts - 1);
    if (hosts > LISTED)
        put_bitmap(w, s->hosts);
    else
        put_list(w, s->hosts);
    w->ipv4s++;
    return true;
}

/* IPv4 is over. */
static bool begin_ipv6(struct source_writer *w)
{
    if (w->ipv6_at > 0)
        return true;
    if (!make_room(w, sizeof(uint32_t)))
        return false;
    w->ipv6_at = w->size;
    w->size += sizeof(uint32_t);
    return true;
}

static unsigned shared(const uint8_t a[static ADDRESS_BYTES],
                       const uint8_t b[static ADDRESS_BYTES])
{
    unsigned n = 0;
    while (n < ADDRESS_BYTES && a[n] == b[n])
        n++;
    return n;
}

bool source_writer_ipv6(struct source_writer *w, const struct source6 *s)
{
    if (!begin_ipv6(w) || !make_room(w, ITEM_BYTES))
        return false;
    unsigned same = w->ipv6s == 0 ? 0 : shared(s->address, w->last.address);
    w->octets[w->size++] = (uint8_t)same;
    memcpy(w->octets + w->size, s->address + same, ADDRESS_BYTES - same);
    w->size += ADDRESS_BYTES - same;
    w->last = *s;
    w->ipv6s++;
    return true;
}

bool source_writer_end(struct source_writer *w, uint8_t **set, size_t *size, struct error *err)
{
    if (!begin_ipv6(w) || !make_room(w, SUM_BYTES))
        return error_set(err, "no memory for a set of sources");
    put_u32_at(w, 1, w->ipv4s);
    put_u32_at(w, w->ipv6_at, w->ipv6s);
    uint64_t sum = htobe64(XXH64(w->octets, w->size, 0));
    memcpy(w->octets + w->size, &sum, sizeof sum);
    *size = w->size + sizeof sum;
    *set = w->octets;
    w->octets = NULL;
    w->size = w->room = 0;
    w->failed = true;
    return true;
}

void source_list_fini(struct source_list *l)
{
    free(l->ipv4);
    free(l->ipv6);
    *l = (struct source_list){.ipv4 = NULL};
}

static int by_network(const void *a, const void *b)
{
    uint32_t x = ((const struct source4 *)a)->network;
    uint32_t y = ((const struct source4 *)b)->network;
    return (x > y) - (x < y);
}

static int by_address(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct source6));
}

bool source_list_encode(struct source_list *l, uint8_t **set, size_t *size, struct error *err)
{
    struct source_writer *w = source_writer_create(err);
    if (w == NULL)
        return false;
    if (l->ipv4s > 0)
        qsort(l->ipv4, l->ipv4s, sizeof *l->ipv4, by_network);
    if (l->ipv6s > 0)
        qsort(l->ipv6, l->ipv6s, sizeof *l->ipv6, by_address);
    for (size_t i = 0; i < l->ipv4s; i++)
        (void)source_writer_ipv4(w, &l->ipv4[i]);
    for (size_t i = 0; i < l->ipv6s; i++)
        (void)source_writer_ipv6(w, &l->ipv6[i]);
    bool good = source_writer_end(w, set, size, err);
    source_writer_free(w);
    return good;
}

/* ---- Reading --------------------------------------------------------------------------- */

enum section { SECTION_HEAD, SECTION_IPV4, SECTION_IPV6, SECTION_END };

struct source_reader {
    source_set_function *read;
    void *argument;
    size_t size;    /* of all, without the sum */
    size_t loaded;  /* of these, in the buffer or before it */
    size_t at, end; /* what is left in the buffer */
    enum section section;
    uint32_t left;         /* items of the section */
    uint32_t next_network; /* the least that can come */
    bool any6;
    struct source6 last;
    XXH64_state_t sum;
    uint8_t buffer[BUFFER];
};

bool source_set_memory(void *set, size_t at, uint8_t *to, size_t size, struct error *err)
{
    (void)err;
    memcpy(to, (const uint8_t *)set + at, size);
    return true;
}

static bool damaged(struct error *err)
{
    return error_set(err, "a set of sources is not as it was written");
}

struct source_reader *source_reader_open(source_set_function *read, void *argument, size_t size,
                                         struct error *err)
{
    if (size < 2 * HEAD_BYTES - 1 + SUM_BYTES) {
        damaged(err);
        return NULL;
    }
    struct source_reader *r = malloc(sizeof *r);
    if (r == NULL) {
        error_set(err, "no memory to read a set of sources");
        return NULL;
    }
    r->read = read;
    r->argument = argument;
    r->size = size - SUM_BYTES;
    r->loaded = r->at = r->end = 0;
    r->section = SECTION_HEAD;
    r->left = r->next_network = 0;
    r->any6 = false;
    (void)XXH64_reset(&r->sum, 0);
    return r;
}

void source_reader_close(struct source_reader *r)
{
    free(r);
}

/* What is left goes to the front, and the buffer is filled up. */
static bool load(struct source_reader *r, struct error *err)
{
    size_t kept = r->end - r->at;
    size_t more = r->size - r->loaded;
    memmove(r->buffer, r->buffer + r->at, kept);
    if (more > BUFFER - kept)
        more = BUFFER - kept;
    if (!r->read(r->argument, r->loaded, r->buffer + kept, more, err))
        return false;
    (void)XXH64_update(&r->sum, r->buffer + kept, more);
    r->loaded += more;
    r->at = 0;
    r->end = kept + more;
    return true;
}

/* The next octets; NULL: see err. */
static const uint8_t *take(struct source_reader *r, size_t n, struct error *err)
{
    if (r->end - r->at < n && !load(r, err))
        return NULL;
    if (r->end - r->at < n) {
        damaged(err);
        return NULL;
    }
    r->at += n;
    return r->buffer + r->at - n;
}

static bool take_count(struct source_reader *r, uint32_t *n, struct error *err)
{
    const uint8_t *o = take(r, sizeof *n, err);
    if (o != NULL)
        *n = bytes_u32(o);
    return o != NULL;
}

static bool take_distance(struct source_reader *r, uint32_t *distance, struct error *err)
{
    *distance = 0;
    for (unsigned shift = 0; shift < 7 * DELTA_BYTES; shift += 7) {
        const uint8_t *o = take(r, 1, err);
        if (o == NULL)
            return false;
        *distance |= (uint32_t)(*o & 0x7f) << shift;
        if (*o < 0x80)
            return *o != 0 || shift == 0 || damaged(err); /* no longer than it must be */
    }
    return damaged(err);
}

static bool take_bitmap(struct source_reader *r, uint64_t hosts[static 4], struct error *err)
{
    const uint8_t *o = take(r, BITMAP_BYTES, err);
    for (unsigned i = 0; o != NULL && i < 4; i++)
        hosts[i] = (uint64_t)bytes_u32(o + 8 * i) << 32 | bytes_u32(o + 8 * i + 4);
    return o != NULL;
}

static bool take_list(struct source_reader *r, unsigned count, uint64_t hosts[static 4],
                      struct error *err)
{
    const uint8_t *o = take(r, count, err);
    memset(hosts, 0, 4 * sizeof *hosts);
    for (unsigned i = 0; o != NULL && i < count; i++) {
        if (i > 0 && o[i] <= o[i - 1])
            return damaged(err);
        hosts[o[i] / 64] |= UINT64_C(1) << o[i] % 64;
    }
    return o != NULL;
}

static bool take_ipv4(struct source_reader *r, struct source4 *s, struct error *err)
{
    uint32_t distance;
    if (!take_distance(r, &distance, err))
        return false;
    if (distance >= NETWORKS - r->next_network)
        return damaged(err);
    s->network = r->next_network + distance;
    r->next_network = s->network + 1;
    const uint8_t *o = take(r, 1, err);
    if (o == NULL)
        return false;
    unsigned count = *o + 1U;
    return count <= LISTED ? take_list(r, count, s->hosts, err)
                           : take_bitmap(r, s->hosts, err) &&
                                     (hosts_of(s->hosts) == count || damaged(err));
}

static bool take_ipv6(struct source_reader *r, struct source6 *s, struct error *err)
{
    const uint8_t *o = take(r, 1, err);
    if (o == NULL)
        return false;
    unsigned same = *o;
    if (same >= ADDRESS_BYTES || (!r->any6 && same > 0))
        return damaged(err);
    o = take(r, ADDRESS_BYTES - same, err);
    if (o == NULL)
        return false;
    if (r->any6 && *o <= r->last.address[same])
        return damaged(err);
    memcpy(r->last.address + same, o, ADDRESS_BYTES - same);
    r->any6 = true;
    *s = r->last;
    return true;
}

/* To a section of which there is something. */
static bool next_section(struct source_reader *r, struct error *err)
{
    if (r->section == SECTION_HEAD) {
        const uint8_t *form = take(r, 1, err);
        if (form == NULL)
            return false;
        if (*form != FORM)
            return damaged(err);
    }
    while (r->left == 0 && r->section != SECTION_END) {
        r->section++;
        if (r->section != SECTION_END && !take_count(r, &r->left, err))
            return false;
    }
    return true;
}

static bool is_whole(struct source_reader *r, struct error *err)
{
    uint8_t sum[SUM_BYTES];
    if (r->loaded < r->size || r->at < r->end)
        return damaged(err);
    if (!r->read(r->argument, r->size, sum, sizeof sum, err))
        return false;
    uint64_t written = (uint64_t)bytes_u32(sum) << 32 | bytes_u32(sum + 4);
    return written == XXH64_digest(&r->sum) || damaged(err);
}

enum source_read source_reader_next(struct source_reader *r, struct source4 *ipv4,
                                    struct source6 *ipv6, struct error *err)
{
    if (r->left == 0 && !next_section(r, err))
        return SOURCE_READ_FAILED;
    if (r->section == SECTION_END)
        return is_whole(r, err) ? SOURCE_READ_END : SOURCE_READ_FAILED;
    r->left--;
    if (r->section == SECTION_IPV4)
        return take_ipv4(r, ipv4, err) ? SOURCE_READ_IPV4 : SOURCE_READ_FAILED;
    return take_ipv6(r, ipv6, err) ? SOURCE_READ_IPV6 : SOURCE_READ_FAILED;
}

bool source_reader_check(struct source_reader *r, struct error *err)
{
    struct source4 ipv4;
    struct source6 ipv6;
    enum source_read read;
    do
        read = source_reader_next(r, &ipv4, &ipv6, err);
    while (read == SOURCE_READ_IPV4 || read == SOURCE_READ_IPV6);
    return read == SOURCE_READ_END;
}

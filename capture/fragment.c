/* SPDX-License-Identifier: MIT */
#include "capture/fragment.h"

#include "capture/runs.h"
#include "capture/table.h"

#include <stdlib.h>

enum {
    DATAGRAM_MAX = UINT16_MAX,
    TABLE_SHARE = 4, /* a quarter of the memory for records, the rest for octets */
};

enum { ENDED, INCOMPLETE }; /* lists of the table, in the order in which they lose entries */

struct datagram {
    struct table_entry entry;
    int64_t since_ns;
    struct runs runs;
    uint32_t total;  /* octets in all; valid with `last` */
    uint8_t next;    /* protocol, of the first fragment */
    uint8_t ttl;     /* of that one, too */
    bool last;       /* the last fragment has come */
    bool cut;        /* octets of some fragment are not in the capture */
    uint8_t verdict; /* of further fragments, once in ENDED */
};

struct fragments {
    struct table table;
    struct pool pool;
    uint8_t octets[DATAGRAM_MAX]; /* a datagram put together */
};

static struct fragments *fragments_create(uint32_t bytes)
{
    struct error err;
    struct fragments *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    if (bytes == 0)
        bytes = SOURCE_FRAGMENT_BYTES;
    if (table_init(&t->table, bytes / TABLE_SHARE, sizeof(struct datagram), &err) &&
        pool_init(&t->pool, bytes - bytes / TABLE_SHARE))
        return t;
    fragments_free(t);
    return NULL;
}

void fragments_free(struct fragments *t)
{
    if (t == NULL)
        return;
    table_fini(&t->table);
    pool_fini(&t->pool);
    free(t);
}

static void forget(struct fragments *t, struct datagram *g)
{
    runs_release(&t->pool, &g->runs);
    table_remove(&t->table, &g->entry);
}

/* Keeps only that there was such a datagram: its further fragments end with `verdict`. */
static void end_datagram(struct fragments *t, struct datagram *g, enum verdict verdict)
{
    runs_release(&t->pool, &g->runs);
    g->verdict = (uint8_t)verdict;
    table_move(&t->table, &g->entry, ENDED);
}

static bool evict(struct fragments *t, struct decode *d, uint32_t first,
                  const struct datagram *keep)
{
    for (uint32_t list = first; list <= INCOMPLETE; list++) {
        struct datagram *g = table_oldest(&t->table, list);
        if (g != NULL && g == keep)
            g = table_newer(&t->table, &g->entry);
        if (g == NULL)
            continue;
        d->counts.loss[LOSS_DATAGRAMS_EVICTED] += list == INCOMPLETE;
        forget(t, g);
        return true;
    }
    return false;
}

/* Whether it has waited long enough; a clock that was set back must not make it wait on. */
static bool is_over(const struct datagram *g, int64_t now_ns)
{
    return now_ns - g->since_ns >= FRAGMENT_WAIT_NS || g->since_ns - now_ns >= FRAGMENT_WAIT_NS;
}

static void forget_old(struct fragments *t, struct decode *d, int64_t now_ns)
{
    for (uint32_t list = ENDED; list <= INCOMPLETE; list++) {
        struct datagram *g;
        while ((g = table_oldest(&t->table, list)) != NULL && is_over(g, now_ns)) {
            d->counts.loss[LOSS_DATAGRAMS_UNFINISHED] += list == INCOMPLETE;
            forget(t, g);
        }
    }
}

static struct datagram *find_or_add(struct fragments *t, struct decode *d,
                                    const struct packet *p, const struct fragment *f)
{
    struct table_key key = {
            .number = f->identification,
            .kind = p->ipv6 ? 6 << 8 : 4U << 8 | f->next, /* IPv6 has it in the first only */
    };
    memcpy(key.source, p->source, sizeof key.source);
    memcpy(key.destination, p->destination, sizeof key.destination);
    struct datagram *g = table_find(&t->table, &key);
    if (g != NULL)
        return g;
    g = table_add(&t->table, &key, INCOMPLETE);
    if (g == NULL && evict(t, d, ENDED, NULL))
        g = table_add(&t->table, &key, INCOMPLETE);
    if (g != NULL)
        g->since_ns = p->time_ns;
    return g;
}

/* Whether the fragment agrees with those before it; `n` octets on the wire. */
static bool agrees(const struct fragments *t, const struct datagram *g,
                   const struct fragment *f, size_t n)
{
    size_t end = f->offset + n;
    if (end > DATAGRAM_MAX || (f->more && (n == 0 || n % 8 != 0)))
        return false;
    if (g->last && (f->more ? end >= g->total : end != g->total))
        return false;
    uint32_t count = g->runs.count;
    if (!f->more && count > 0 && runs_end(runs_at(&t->pool, &g->runs, count - 1)) > end)
        return false;
    uint32_t known = runs_known(&t->pool, &g->runs, f->offset, (uint32_t)n);
    return known == 0 || known == n;
}

static bool keep(struct fragments *t, struct decode *d, struct datagram *g, uint32_t at,
                 const struct bytes *octets)
{
    enum runs_result result;
    do {
        result = runs_add(&t->pool, &g->runs, at, octets->at, (uint32_t)bytes_left(octets));
    } while (result == RUNS_NO_ROOM && evict(t, d, INCOMPLETE, g));
    return result == RUNS_ADDED;
}

/* Whether there is enough to go on: all, or all that the capture has in front of a cut. */
static bool is_complete(const struct fragments *t, const struct datagram *g)
{
    if (g->runs.count == 0)
        return false;
    const struct run *first = runs_at(&t->pool, &g->runs, 0);
    if (first->start != 0)
        return false;
    return g->cut || (g->last && first->chain.bytes == g->total);
}

/* The datagram, or its beginning, becomes what follows in the frame. */
static void go_on(struct fragments *t, struct datagram *g, struct packet *p, struct fragment *f)
{
    const struct pool_chain *chain = &runs_at(&t->pool, &g->runs, 0)->chain;
    size_t n = chain->bytes;
    pool_copy(&t->pool, chain, t->octets, n);
    p->rest = (struct bytes){t->octets, t->octets + n, 0};
    f->next = g->next;
    p->ttl = g->ttl;
    if (!g->cut) {
        forget(t, g);
        return;
    }
    p->rest.missing = (g->last ? g->total : DATAGRAM_MAX) - n; /* UDP will say how many */
    end_datagram(t, g, VERDICT_FRAGMENT);
}

static void note(struct datagram *g, const struct packet *p, const struct fragment *f)
{
    g->cut |= p->rest.missing > 0;
    if (f->offset == 0) {
        g->next = f->next;
        g->ttl = p->ttl;
    }
    if (!f->more) {
        g->last = true;
        g->total = f->offset + (uint32_t)bytes_on_wire(&p->rest);
    }
}

static enum verdict add(struct fragments *t, struct decode *d, struct packet *p,
                        struct fragment *f)
{
    size_t n = bytes_on_wire(&p->rest);
    forget_old(t, d, p->time_ns);
    struct datagram *g = find_or_add(t, d, p, f);
    if (g == NULL)
        return VERDICT_FRAGMENT_NO_ROOM;
    if (g->entry.list == ENDED)
        return g->verdict;
    if (!agrees(t, g, f, n)) {
        end_datagram(t, g, VERDICT_FRAGMENT_CONTRADICTION);
        return VERDICT_FRAGMENT_CONTRADICTION;
    }
    if (n > 0 && runs_known(&t->pool, &g->runs, f->offset, (uint32_t)n) == n)
        return VERDICT_FRAGMENT_REPEATED;
    if (!keep(t, d, g, f->offset, &p->rest))
        return VERDICT_FRAGMENT_NO_ROOM;
    note(g, p, f);
    if (!is_complete(t, g))
        return VERDICT_FRAGMENT;
    go_on(t, g, p, f);
    return VERDICT_OPEN;
}

enum verdict fragment_add(struct decode *d, struct packet *p, struct fragment *f)
{
    if (d->fragments == NULL)
        d->fragments = fragments_create(d->scope->fragment_bytes);
    return d->fragments == NULL ? VERDICT_FRAGMENT_NO_ROOM : add(d->fragments, d, p, f);
}

void fragments_finish(struct fragments *t, struct decode *d)
{
    for (uint32_t list = ENDED; list <= INCOMPLETE; list++) {
        struct datagram *g;
        while ((g = table_oldest(&t->table, list)) != NULL) {
            d->counts.loss[LOSS_DATAGRAMS_UNFINISHED] += list == INCOMPLETE;
            forget(t, g);
        }
    }
}

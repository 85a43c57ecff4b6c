/* SPDX-License-Identifier: MIT */
#include "capture/stream.h"

#include "capture/plausible.h"
#include "capture/runs.h"
#include "capture/table.h"
#include "capture/transport.h"

#include <stdlib.h>

enum {
    LENGTH_BYTES = PLAUSIBLE_LENGTH_BYTES,
    HEAD_BYTES = PLAUSIBLE_BYTES,
    LOOK_BYTES = PLAUSIBLE_BYTES_MAX,
    SEGMENT_MAX = 256 * 1024, /* what a frame can hold, with all segmentation offloaded */
    STORED_MAX = 512 * 1024,  /* of one stream */
    FAR = 16 << 20,           /* sequence numbers further apart are of another connection */
    TABLE_SHARE = 4,          /* a quarter of the memory for records, the rest for octets */

    TCP_FIN = 1, /* RFC 9293 section 3.1 */
    TCP_SYN = 2,
    TCP_RST = 4,
};

/* Lists of the table, in the order in which they lose streams when there are too many. */
enum {
    EXPENDABLE, /* half open, or closed */
    ACTIVE,
    HOLDING, /* the beginning of a message is kept */
    WAITING, /* for a gap to be filled; in the order in which they began to wait */
    READY,   /* whole messages wait for room in a batch */
};

struct stream {
    struct table_entry entry;
    struct runs runs; /* octets from `next` on that are not yet in a message */
    uint32_t next;    /* sequence number of the first octet not yet dealt with */
    uint32_t start;   /* of the first octet behind the SYN */
    uint32_t gap_at;  /* where the gap begins that it waits for */
    int64_t gap_ns;   /* since when */
    uint8_t ttl;      /* of the latest segment */
    bool in_step;     /* a message begins at `next` */
    bool certain;     /* known, not inferred */
    bool syn;         /* was seen */
    bool closed;      /* FIN or RST was */
    bool used;        /* data was */
};

struct streams {
    struct table table;
    struct pool pool;
    int64_t now_ns;                           /* time of the latest segment */
    uint8_t octets[STORED_MAX + SEGMENT_MAX]; /* of a stream, put together */
};

/* What is done with one stream now. */
struct work {
    struct streams *t;
    struct decode *d;
    struct stream *s;
    struct packet from; /* the stream's addresses and ports, the time, the batch */
    uint32_t messages;
    bool lost_step;         /* octets were passed over to find a message */
    enum verdict otherwise; /* of the frame, if it completes none */
};

static int32_t distance(uint32_t a, uint32_t b)
{
    return (int32_t)(b - a);
}

static bool full(const struct message_batch *batch)
{
    return batch->count == MESSAGE_BATCH_MAX;
}

static struct streams *streams_create(uint32_t bytes, struct error *err)
{
    struct streams *t = calloc(1, sizeof *t);
    if (t == NULL) {
        error_set(err, "no memory for TCP streams");
        return NULL;
    }
    if (bytes == 0)
        bytes = SOURCE_STREAM_BYTES;
    if (table_init(&t->table, bytes / TABLE_SHARE, sizeof(struct stream), err) &&
        pool_init(&t->pool, bytes - bytes / TABLE_SHARE))
        return t;
    streams_free(t);
    return NULL;
}

void streams_free(struct streams *t)
{
    if (t == NULL)
        return;
    table_fini(&t->table);
    pool_fini(&t->pool);
    free(t);
}

/* ---- From octets in order to messages ------------------------------------------------- */

static void give_message(struct work *w, const uint8_t *message, size_t n, size_t missing)
{
    struct bytes b = {message, message + n, missing};
    enum verdict v = transport_message(w->d, &w->from, b, MESSAGE_TCP);
    if (v == VERDICT_MESSAGE)
        w->messages++;
    else
        w->otherwise = v;
}

/*
 * Whether a message begins at `at`, found by passing over octets if need be; false while there
 * are too few to tell.
 */
static bool is_in_step(struct work *w, const uint8_t *data, size_t n, size_t *at)
{
    struct stream *s = w->s;
    if (s->certain)
        return true;
    if (n - *at < HEAD_BYTES)
        return false;
    if (s->in_step && plausible_message(w->d, &w->from, data + *at, n - *at))
        return true;
    size_t passed = plausible_find(w->d, &w->from, data + *at, n - *at);
    w->lost_step |= passed > 0;
    *at += passed;
    s->in_step = n - *at >= HEAD_BYTES;
    return s->in_step;
}

/*
 * Takes the whole messages off the `n` octets that begin at `next`, as long as the batch has
 * room.  Says how many octets are dealt with; `next` is behind them.
 */
static size_t take_messages(struct work *w, const uint8_t *data, size_t n)
{
    size_t at = 0;
    while (is_in_step(w, data, n, &at)) {
        size_t left = n - at;
        if (left < LENGTH_BYTES)
            break;
        size_t length = bytes_u16(data + at);
        if (left < LENGTH_BYTES + length || full(w->from.batch))
            break;
        give_message(w, data + at + LENGTH_BYTES, length, 0);
        at += LENGTH_BYTES + length;
    }
    w->s->next += (uint32_t)at;
    return at;
}

/* The octets at `next` that wait in the pool; NULL when there is a gap, or nothing. */
static struct run *waiting_run(const struct streams *t, const struct stream *s)
{
    if (s->runs.count == 0)
        return NULL;
    struct run *run = runs_at(&t->pool, &s->runs, 0);
    return run->start == s->next ? run : NULL;
}

/* Whether a run's first message is whole, or is none: only then all of it is looked at. */
static bool worth_taking(const struct work *w, const struct run *run)
{
    uint8_t look[LOOK_BYTES];
    size_t n = run->chain.bytes < sizeof look ? run->chain.bytes : sizeof look;
    pool_copy(&w->t->pool, &run->chain, look, n);
    if (!w->s->certain && n < HEAD_BYTES)
        return false;
    if (!w->s->in_step || (!w->s->certain && !plausible_message(w->d, &w->from, look, n)))
        return true;
    return n >= LENGTH_BYTES && run->chain.bytes >= LENGTH_BYTES + (size_t)bytes_u16(look);
}

static void take_waiting(struct work *w)
{
    struct stream *s = w->s;
    struct run *run = waiting_run(w->t, s);
    if (run == NULL || !worth_taking(w, run))
        return;
    pool_copy(&w->t->pool, &run->chain, w->t->octets, run->chain.bytes);
    take_messages(w, w->t->octets, run->chain.bytes);
    runs_drop(&w->t->pool, &s->runs, s->next);
}

/* Whether a whole message waits, for want of room in the batch. */
static bool is_ready(const struct work *w)
{
    const struct run *run = waiting_run(w->t, w->s);
    return run != NULL && worth_taking(w, run);
}

static bool has_gap(const struct streams *t, const struct stream *s)
{
    return s->runs.count > 1 || (s->runs.count == 1 && waiting_run(t, s) == NULL);
}

/* ---- Octets that never come ------------------------------------------------------------ */

/*
 * What is there of the message at `next` whose rest is lost: counted as a cut one if its header
 * is there.  True, and where it ends, if its length is there.
 */
static bool give_up_message(struct work *w, uint32_t *end)
{
    const struct stream *s = w->s;
    const struct run *run = waiting_run(w->t, s);
    size_t n = run != NULL ? run->chain.bytes : 0;
    if (!s->in_step || n < (s->certain ? LENGTH_BYTES : HEAD_BYTES))
        return false;

    uint8_t *octets = w->t->octets;
    pool_copy(&w->t->pool, &run->chain, octets, n);
    size_t length = bytes_u16(octets);
    if (n >= HEAD_BYTES)
        give_message(w, octets + LENGTH_BYTES, n - LENGTH_BYTES, length - (n - LENGTH_BYTES));
    *end = s->next + LENGTH_BYTES + (uint32_t)length;
    return true;
}

/*
 * Goes on behind octets that are lost, up to `hole_end`: with the next message, if the hole
 * lies inside one.  The batch has room for a message, and no whole one waits.
 */
static void skip_hole(struct work *w, uint32_t hole_end)
{
    struct stream *s = w->s;
    uint32_t end = hole_end;
    s->in_step = give_up_message(w, &end) && distance(hole_end, end) >= 0;
    s->certain = s->certain && s->in_step;
    s->next = s->in_step ? end : hole_end;
    runs_drop(&w->t->pool, &s->runs, s->next);
}

/* Gives up the first gap; the batch has room.  Less is done where that is enough. */
static void give_up_gap(struct work *w)
{
    struct stream *s = w->s;
    take_waiting(w);
    if (!has_gap(w->t, s) || full(w->from.batch))
        return;
    const struct run *run = waiting_run(w->t, s);
    uint32_t begin = run != NULL ? runs_end(run) : s->next;
    uint32_t end = runs_at(&w->t->pool, &s->runs, run != NULL ? 1 : 0)->start;
    w->d->counts.loss[LOSS_TCP_GAPS]++;
    w->d->counts.loss[LOSS_TCP_GAP_OCTETS] += end - begin;
    skip_hole(w, end);
    take_waiting(w);
}

/* ---- The table -------------------------------------------------------------------------- */

/* Forgets what waits; a message that had begun will not be finished. */
static void forget_octets(struct streams *t, struct decode *d, struct stream *s)
{
    if (s->runs.count > 0 && s->in_step)
        d->counts.loss[LOSS_TCP_UNFINISHED]++;
    runs_release(&t->pool, &s->runs);
}

static struct stream *oldest_but(const struct streams *t, uint32_t list,
                                 const struct stream *keep)
{
    struct stream *s = table_oldest(&t->table, list);
    return s != NULL && s == keep ? table_newer(&t->table, &s->entry) : s;
}

/* Gives up the oldest stream of the first list that has one besides `keep`. */
static bool evict(struct streams *t, struct decode *d, uint32_t first,
                  const struct stream *keep)
{
    for (uint32_t list = first; list <= WAITING; list++) {
        struct stream *s = oldest_but(t, list, keep);
        if (s == NULL)
            continue;
        d->counts.loss[LOSS_TCP_EVICTED] += list != EXPENDABLE;
        forget_octets(t, d, s);
        table_remove(&t->table, &s->entry);
        return true;
    }
    return false;
}

/* Puts a stream where it belongs, as the latest touched there. */
static void file_stream(const struct work *w)
{
    struct stream *s = w->s;
    struct table *table = &w->t->table;
    if (full(w->from.batch) && is_ready(w)) {
        table_move(table, &s->entry, READY);
    } else if (has_gap(w->t, s)) {
        const struct run *run = waiting_run(w->t, s);
        uint32_t gap_at = run != NULL ? runs_end(run) : s->next;
        if (s->entry.list == WAITING && s->gap_at == gap_at)
            return; /* since then */
        s->gap_at = gap_at;
        s->gap_ns = w->from.time_ns;
        table_move(table, &s->entry, WAITING);
    } else if (s->runs.count > 0) {
        table_move(table, &s->entry, HOLDING);
    } else {
        table_move(table, &s->entry, s->closed || !s->used ? EXPENDABLE : ACTIVE);
    }
}

static void begin_at(struct stream *s, uint32_t sequence, bool certain)
{
    s->next = s->start = sequence;
    s->in_step = s->certain = s->syn = certain;
    s->closed = s->used = false;
}

/* A SYN begins a stream, unless it is the one that began it. */
static void see_syn(struct streams *t, struct decode *d, struct stream *s, uint32_t first)
{
    bool same = s->start == first && (s->syn || s->used);
    if (same) {
        s->syn = true;
        return;
    }
    forget_octets(t, d, s);
    begin_at(s, first, true);
}

static struct table_key key_of(const struct packet *p)
{
    struct table_key key = {
            .number = (uint32_t)p->source_port << 16 | p->destination_port,
            .kind = p->ipv6 ? 6 : 4,
    };
    memcpy(key.source, p->source, sizeof key.source);
    memcpy(key.destination, p->destination, sizeof key.destination);
    return key;
}

static struct stream *find_or_add(struct streams *t, struct decode *d, const struct packet *p,
                                  uint32_t sequence, bool opens)
{
    const struct table_key key = key_of(p);
    struct stream *s = table_find(&t->table, &key);
    if (s != NULL || !opens)
        return s;
    s = table_add(&t->table, &key, EXPENDABLE);
    if (s == NULL && evict(t, d, EXPENDABLE, NULL))
        s = table_add(&t->table, &key, EXPENDABLE);
    if (s != NULL)
        begin_at(s, sequence, false);
    return s;
}

static struct work work_on(struct streams *t, struct decode *d, struct stream *s,
                           struct message_batch *batch)
{
    const struct table_key *key = &s->entry.key;
    struct work w = {
            .t = t,
            .d = d,
            .s = s,
            .from = {.time_ns = t->now_ns,
                     .batch = batch,
                     .ttl = s->ttl,
                     .ipv6 = key->kind == 6,
                     .source_port = (uint16_t)(key->number >> 16),
                     .destination_port = (uint16_t)key->number},
            .otherwise = VERDICT_TCP_PART,
    };
    memcpy(w.from.source, key->source, sizeof w.from.source);
    memcpy(w.from.destination, key->destination, sizeof w.from.destination);
    return w;
}

/* ---- Segments ---------------------------------------------------------------------------- */

/* Keeps octets for later, at the cost of other streams; false when there is no room at all. */
static bool keep(struct work *w, uint32_t at, const uint8_t *data, uint32_t n)
{
    struct stream *s = w->s;
    for (;;) {
        enum runs_result result = runs_add(&w->t->pool, &s->runs, at, data, n);
        if (result == RUNS_ADDED)
            return true;
        if (result == RUNS_NO_ROOM && evict(w->t, w->d, HOLDING, s))
            continue;
        if (!has_gap(w->t, s) || full(w->from.batch))
            return false;
        give_up_gap(w);
        int32_t passed = distance(at, s->next);
        if (passed >= (int32_t)n)
            return true;
        if (passed > 0) {
            at += (uint32_t)passed;
            data += passed;
            n -= (uint32_t)passed;
        }
    }
}

static void keep_or_lose(struct work *w, uint32_t at, const uint8_t *data, uint32_t n)
{
    if (n > 0 && !keep(w, at, data, n))
        w->otherwise = VERDICT_TCP_NO_ROOM;
    while (w->s->runs.bytes > STORED_MAX && has_gap(w->t, w->s) && !full(w->from.batch))
        give_up_gap(w);
    if (w->s->runs.bytes > STORED_MAX) {
        forget_octets(w->t, w->d, w->s);
        w->s->next = at + n;
        w->s->in_step = false;
    }
}

/* Octets at or behind `next`, none of them known. */
static void take_octets(struct work *w, uint32_t at, const uint8_t *data, uint32_t n)
{
    struct stream *s = w->s;
    if (!s->in_step && s->runs.count == 0)
        s->next = at; /* nothing to wait for */
    if (s->runs.count > 0 || at != s->next) {
        keep_or_lose(w, at, data, n);
        take_waiting(w);
        return;
    }
    uint32_t done = (uint32_t)take_messages(w, data, n);
    keep_or_lose(w, s->next, data + done, n - done);
}

/* The part of a segment that is new.  Says whether any is. */
static bool take_data(struct work *w, uint32_t at, const uint8_t *data, uint32_t n)
{
    struct stream *s = w->s;
    int32_t ahead = distance(s->next, at);
    if (ahead > FAR || ahead < -FAR) {
        forget_octets(w->t, w->d, s);
        begin_at(s, at, false);
        ahead = 0;
    }
    s->used = true;
    uint32_t known = ahead < 0 ? (uint32_t)-ahead : 0;
    if (known >= n)
        return false;
    at += known;
    n -= known;
    if (runs_known(&w->t->pool, &s->runs, at, n) == n)
        return false;
    take_octets(w, at, data + known, n);
    return true;
}

/* What the capture left out of this segment does not come again: there is no use in waiting. */
static void skip_cut(struct work *w, uint32_t captured_end, uint32_t end)
{
    struct stream *s = w->s;
    const struct run *run = waiting_run(w->t, s);
    uint32_t at = run != NULL ? runs_end(run) : s->next;
    if (at == captured_end && !full(w->from.batch)) {
        w->otherwise = VERDICT_CUT;
        skip_hole(w, end);
    }
}

/* Whether a gap has waited long enough; a clock that was set back must not make it wait on. */
static bool is_over(const struct stream *s, int64_t now_ns, int64_t wait_ns)
{
    return now_ns - s->gap_ns >= wait_ns || s->gap_ns - now_ns >= wait_ns;
}

/* Gives up the gaps that have waited so long. */
static bool give_up_old(struct streams *t, struct decode *d, int64_t wait_ns,
                        struct message_batch *batch)
{
    struct stream *s;
    while ((s = table_oldest(&t->table, WAITING)) != NULL && is_over(s, t->now_ns, wait_ns)) {
        if (full(batch))
            return false;
        struct work w = work_on(t, d, s, batch);
        give_up_gap(&w);
        file_stream(&w);
    }
    return true;
}

static bool make_table(struct decode *d)
{
    struct error err;
    if (d->streams == NULL)
        d->streams = streams_create(d->scope->stream_bytes, &err);
    return d->streams != NULL;
}

/* How a frame ends that brought `captured` of `wire` octets; some were new if `fresh`. */
static enum verdict verdict_of(const struct work *w, uint32_t captured, uint32_t wire,
                               bool fresh)
{
    if (w->messages > 0)
        return VERDICT_MESSAGE;
    if (wire == 0)
        return VERDICT_TCP_NO_DATA;
    if (!fresh && wire == captured)
        return VERDICT_TCP_REPEATED;
    if (w->lost_step && w->otherwise == VERDICT_TCP_PART)
        return VERDICT_TCP_UNSYNCHRONISED;
    return w->otherwise;
}

enum verdict stream_segment(struct decode *d, struct packet *p, uint32_t sequence,
                            uint8_t flags)
{
    uint32_t captured = (uint32_t)bytes_left(&p->rest);
    uint32_t wire = (uint32_t)bytes_on_wire(&p->rest);
    uint32_t first = sequence + ((flags & TCP_SYN) != 0);
    if (flags & TCP_RST)
        captured = wire = 0; /* words for people, if anything (RFC 9293 section 3.5.3) */
    if (!make_table(d))
        return VERDICT_TCP_NO_ROOM;
    struct streams *t = d->streams;
    t->now_ns = p->time_ns;
    (void)give_up_old(t, d, STREAM_GAP_NS, p->batch);

    struct stream *s = find_or_add(t, d, p, first, flags & TCP_SYN || wire > 0);
    if (s == NULL)
        return wire > 0 ? VERDICT_TCP_NO_ROOM : VERDICT_TCP_NO_DATA;
    if (flags & TCP_SYN)
        see_syn(t, d, s, first);
    s->ttl = p->ttl;
    s->closed |= (flags & (TCP_FIN | TCP_RST)) != 0;

    struct work w = work_on(t, d, s, p->batch);
    bool fresh = captured > 0 && take_data(&w, first, p->rest.at, captured);
    if (wire > captured)
        skip_cut(&w, first + captured, first + wire);
    file_stream(&w);
    return verdict_of(&w, captured, wire, fresh);
}

bool streams_resume(struct streams *t, struct decode *d, struct message_batch *batch)
{
    struct stream *s;
    while ((s = table_oldest(&t->table, READY)) != NULL) {
        if (full(batch))
            return false;
        struct work w = work_on(t, d, s, batch);
        take_waiting(&w);
        file_stream(&w);
    }
    return true;
}

bool streams_finish(struct streams *t, struct decode *d, struct message_batch *batch)
{
    if (!give_up_old(t, d, 0, batch) || table_oldest(&t->table, READY) != NULL)
        return false;
    for (uint32_t list = EXPENDABLE; list <= HOLDING; list++) {
        struct stream *s;
        while ((s = table_oldest(&t->table, list)) != NULL) {
            forget_octets(t, d, s);
            table_remove(&t->table, &s->entry);
        }
    }
    return true;
}

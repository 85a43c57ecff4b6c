/* SPDX-License-Identifier: MIT */
#include "capture/handshakes.h"

#include "capture/table.h"

#include <stdlib.h>
#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    NETWORK_BYTES = 6,     /* the longest that is watched */
    FAST_OPEN_MAX = 65535, /* data in a SYN that its answer may acknowledge, RFC 7413 */
    TCP_FIN = 1,
    TCP_SYN = 2,
    TCP_RST = 4,
    TCP_ACK = 16,
};

static const int64_t settle_ns = 1000000000;

struct attempt {
    uint64_t tag; /* hash of addresses and ports; 0: the place is free */
    int64_t since_ns;
    uint32_t client, server; /* the sequence numbers that come next */
    uint8_t network[NETWORK_BYTES];
    bool ipv6;
    bool answered; /* by a SYN-ACK; only then `server` is known */
    bool data;
};

struct handshakes {
    uint64_t seed;
    int64_t settled_ns;
    struct attempt attempt[HANDSHAKES_PARTS][HANDSHAKES_PLACES];
};

/* Who is who in a segment. */
struct ends {
    const uint8_t *client, *server; /* addresses */
    uint16_t client_port, server_port;
};

static struct handshakes *create(void)
{
    struct handshakes *h = calloc(1, sizeof *h);
    if (h != NULL && getrandom(&h->seed, sizeof h->seed, 0) == sizeof h->seed)
        return h;
    free(h);
    return NULL;
}

void handshakes_free(struct handshakes *h)
{
    free(h);
}

static void end(struct attempt *a, struct keep *keep, enum keep_kind as)
{
    uint8_t address[16] = {0};
    memcpy(address, a->network, sizeof a->network);
    keep_sign(keep, as, address, a->ipv6);
    a->tag = 0;
}

static void give_up(struct attempt *a, struct keep *keep)
{
    end(a, keep, a->answered ? KEEP_UNFINISHED : a->data ? KEEP_ONE_SIDED : KEEP_UNANSWERED);
}

/* A clock that was set back must not make it wait on. */
static bool is_over(const struct attempt *a, int64_t now_ns)
{
    return now_ns - a->since_ns >= HANDSHAKES_WAIT_NS ||
           a->since_ns - now_ns >= HANDSHAKES_WAIT_NS;
}

void handshakes_settle(struct handshakes *h, struct keep *keep, int64_t now_ns)
{
    if (h == NULL || (now_ns - h->settled_ns < settle_ns && h->settled_ns - now_ns < settle_ns))
        return;
    h->settled_ns = now_ns;
    struct attempt *a = h->attempt[0];
    for (unsigned i = 0; i < HANDSHAKES_PARTS * HANDSHAKES_PLACES; i++)
        if (a[i].tag != 0 && is_over(&a[i], now_ns))
            give_up(&a[i], keep);
}

/* Says which end is a watched network's; false: none, or the other is no server's. */
static bool find_ends(const struct decode *d, const struct packet *p, struct ends *e)
{
    if (decode_port(d, p->destination_port) && decode_server(d, p->destination, p->ipv6) &&
        keep_watches(d->keep, p->source, p->ipv6))
        *e = (struct ends){p->source, p->destination, p->source_port, p->destination_port};
    else if (decode_port(d, p->source_port) && decode_server(d, p->source, p->ipv6) &&
             keep_watches(d->keep, p->destination, p->ipv6))
        *e = (struct ends){p->destination, p->source, p->destination_port, p->source_port};
    else
        return false;
    return true;
}

static uint64_t tag_of(const struct handshakes *h, const struct ends *e, bool ipv6)
{
    struct table_key key = {
            .number = (uint32_t)e->client_port << 16 | e->server_port,
            .kind = ipv6 ? 6 : 4,
    };
    memcpy(key.source, e->client, sizeof key.source);
    memcpy(key.destination, e->server, sizeof key.destination);
    uint64_t tag = XXH3_64bits_withSeed(&key, sizeof key, h->seed);
    return tag != 0 ? tag : 1;
}

static struct attempt *place_of(struct handshakes *h, const struct ends *e, uint64_t tag,
                                bool ipv6)
{
    uint64_t part = XXH3_64bits_withSeed(e->client, ipv6 ? NETWORK_BYTES : 3, h->seed);
    return &h->attempt[part % HANDSHAKES_PARTS][tag % HANDSHAKES_PLACES];
}

/* The same SYN again, or another for which there is no place, changes nothing. */
static void begin(struct attempt *a, uint64_t tag, const struct packet *p, uint32_t sequence)
{
    *a = (struct attempt){
            .tag = tag, .since_ns = p->time_ns, .client = sequence + 1, .ipv6 = p->ipv6};
    memcpy(a->network, p->source, sizeof a->network);
}

static void see_answer(struct attempt *a, const struct handshakes_segment *s)
{
    if ((s->flags & (TCP_SYN | TCP_ACK | TCP_RST)) != (TCP_SYN | TCP_ACK) ||
        s->acknowledged - a->client > FAST_OPEN_MAX)
        return;
    a->answered = true;
    a->client = s->acknowledged;
    a->server = s->sequence + 1;
}

/* What comes from the client after its SYN. */
static void see_client(struct attempt *a, struct keep *keep, const struct handshakes_segment *s)
{
    if (s->flags & TCP_RST) {
        if (a->answered && s->sequence == a->client)
            give_up(a, keep); /* somebody is there, who did not ask or does not want it */
    } else if ((s->flags & (TCP_SYN | TCP_ACK)) == TCP_ACK) {
        if (a->answered && s->acknowledged == a->server)
            end(a, keep, KEEP_HANDSHAKE);
        else
            a->data |= s->data && s->sequence == a->client;
    }
}

void handshakes_see(struct decode *d, const struct packet *p,
                    const struct handshakes_segment *s)
{
    static const uint8_t opening = TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN;
    struct ends e;
    if (!find_ends(d, p, &e))
        return;
    bool from_client = e.client == p->source;
    bool opens = from_client && (s->flags & opening) == TCP_SYN;
    if (opens)
        keep_sign(d->keep, KEEP_SYN, p->source, p->ipv6);
    if (d->handshakes == NULL && (!opens || (d->handshakes = create()) == NULL))
        return;

    uint64_t tag = tag_of(d->handshakes, &e, p->ipv6);
    struct attempt *a = place_of(d->handshakes, &e, tag, p->ipv6);
    if (a->tag != 0 && is_over(a, p->time_ns))
        give_up(a, d->keep);
    if (opens && a->tag == 0)
        begin(a, tag, p, s->sequence);
    else if (a->tag == tag && from_client)
        see_client(a, d->keep, s);
    else if (a->tag == tag)
        see_answer(a, s);
}

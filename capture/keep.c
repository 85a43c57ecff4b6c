/* SPDX-License-Identifier: MIT */
#include "capture/keep.h"

#include "capture/decode.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 20050118 };

bool keep_init(struct keep *k, struct error *err)
{
    *k = (struct keep){.random = SEED};
    k->frame = malloc(sizeof *k->frame * KEEP_NETWORKS * KEEP_FRAMES);
    return k->frame != NULL || error_set(err, "no memory to keep frames in");
}

void keep_fini(struct keep *k)
{
    free(k->frame);
    k->frame = NULL;
}

void keep_clear(struct keep *k)
{
    k->networks = 0;
}

void keep_network(struct keep *k, const uint8_t address[static 16], bool ipv6)
{
    assert(k->networks < KEEP_NETWORKS);
    struct keep_network *n = &k->network[k->networks++];
    *n = (struct keep_network){.ipv6 = ipv6};
    memcpy(n->address, address, sizeof n->address);
}

static bool is_in(const struct keep_network *n, const uint8_t address[static 16], bool ipv6)
{
    return ipv6 == n->ipv6 && memcmp(n->address, address, ipv6 ? 6 : 3) == 0;
}

bool keep_watches(const struct keep *k, const uint8_t address[static 16], bool ipv6)
{
    for (unsigned n = 0; n < k->networks; n++)
        if (is_in(&k->network[n], address, ipv6))
            return true;
    return false;
}

void keep_sign(struct keep *k, enum keep_kind kind, const uint8_t address[static 16], bool ipv6)
{
    for (unsigned n = 0; n < k->networks; n++)
        k->network[n].sign[kind] += is_in(&k->network[n], address, ipv6);
}

/* The place of one more of `seen` frames; NULL: it is not drawn. */
static struct keep_frame *draw_place(struct keep *k, unsigned number)
{
    struct keep_network *n = &k->network[number];
    uint64_t at = n->frames;
    if (k->frame == NULL)
        return NULL;
    if (n->frames < KEEP_FRAMES)
        n->frames++;
    else
        at = keep_random(&k->random) % n->seen;
    return at < KEEP_FRAMES ? &k->frame[number * KEEP_FRAMES + at] : NULL;
}

static void add(struct keep *k, unsigned number, const struct frame *f)
{
    k->network[number].seen++;
    struct keep_frame *to = draw_place(k, number);
    if (to == NULL)
        return;
    to->time_ns = f->time_ns;
    to->captured = f->captured < KEEP_OCTETS ? f->captured : KEEP_OCTETS;
    to->wire = f->wire;
    to->link = f->link;
    memcpy(to->octets, f->data, to->captured);
}

void keep_messages(struct keep *k, const struct frame *f, const struct message_batch *batch,
                   uint32_t first)
{
    for (unsigned n = 0; n < k->networks; n++)
        for (uint32_t i = first; i < batch->count; i++)
            if (is_in(&k->network[n], batch->message[i].client,
                      batch->message[i].flags & MESSAGE_IPV6)) {
                add(k, n, f);
                break;
            }
}

/* The place of a frame that stands for `weight` of those seen; NULL: it is not drawn. */
static struct keep_frame *draw_weighted(struct keep *k, unsigned number, uint64_t weight)
{
    const struct keep_network *n = &k->network[number];
    if (n->frames < KEEP_FRAMES)
        return draw_place(k, number);
    double chance = (double)(keep_random(&k->random) >> 11) / 9007199254740992.0;
    if (chance * (double)n->seen >= (double)weight * KEEP_FRAMES)
        return NULL;
    return &k->frame[number * KEEP_FRAMES + keep_random(&k->random) % KEEP_FRAMES];
}

static void merge_network(struct keep *into, const struct keep *from, unsigned number)
{
    const struct keep_network *its = &from->network[number];
    for (unsigned s = 0; s < KEEP_SIGNS; s++)
        into->network[number].sign[s] += its->sign[s];
    for (uint64_t i = 0; i < its->frames; i++) {
        uint64_t weight = its->seen * (i + 1) / its->frames - its->seen * i / its->frames;
        into->network[number].seen += weight;
        struct keep_frame *to = draw_weighted(into, number, weight);
        if (to != NULL)
            *to = from->frame[number * KEEP_FRAMES + i];
    }
}

void keep_merge(struct keep *into, const struct keep *from)
{
    for (unsigned n = 0; n < into->networks && n < from->networks; n++)
        merge_network(into, from, n);
}

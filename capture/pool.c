/* SPDX-License-Identifier: MIT */
#include "capture/pool.h"

#include <string.h>
#include <sys/mman.h>

_Static_assert(sizeof(struct pool_block) == POOL_BLOCK_BYTES, "pool_block: no padding");

bool pool_init(struct pool *p, size_t bytes)
{
    size_t blocks = bytes / POOL_BLOCK_BYTES;
    if (blocks < 2)
        blocks = 2;
    if (blocks > UINT32_MAX)
        blocks = UINT32_MAX;
    void *arena = mmap(NULL, blocks * POOL_BLOCK_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    *p = (struct pool){.blocks = (uint32_t)blocks, .touched = 1};
    if (arena == MAP_FAILED)
        return false;
    p->block = arena;
    return true;
}

void pool_fini(struct pool *p)
{
    if (p->block != NULL)
        munmap(p->block, (size_t)p->blocks * POOL_BLOCK_BYTES);
    p->block = NULL;
}

uint32_t pool_take(struct pool *p)
{
    uint32_t b = p->free;
    if (b != 0)
        p->free = p->block[b].next;
    else if (p->touched < p->blocks)
        b = p->touched++;
    else
        return 0;
    p->block[b].next = 0;
    p->block[b].from = p->block[b].to = 0;
    return b;
}

void pool_give(struct pool *p, uint32_t block)
{
    p->block[block].next = p->free;
    p->free = block;
}

/* Room behind the chain's last octet: in its last block, or in a new one. */
static struct pool_block *block_with_room(struct pool *p, struct pool_chain *c)
{
    if (c->last != 0 && p->block[c->last].to < POOL_DATA_BYTES)
        return &p->block[c->last];
    uint32_t b = pool_take(p);
    if (b == 0)
        return NULL;
    if (c->last != 0)
        p->block[c->last].next = b;
    else
        c->first = b;
    c->last = b;
    return &p->block[b];
}

size_t pool_append(struct pool *p, struct pool_chain *c, const uint8_t *data, size_t n)
{
    size_t done = 0;
    while (done < n) {
        struct pool_block *b = block_with_room(p, c);
        if (b == NULL)
            break;
        size_t room = (size_t)(POOL_DATA_BYTES - b->to);
        size_t part = n - done < room ? n - done : room;
        memcpy(b->data + b->to, data + done, part);
        b->to = (uint16_t)(b->to + part);
        done += part;
    }
    c->bytes += (uint32_t)done;
    return done;
}

void pool_join(struct pool *p, struct pool_chain *c, struct pool_chain *behind)
{
    if (behind->first == 0)
        return;
    if (c->last != 0)
        p->block[c->last].next = behind->first;
    else
        c->first = behind->first;
    c->last = behind->last;
    c->bytes += behind->bytes;
    *behind = (struct pool_chain){0};
}

void pool_copy(const struct pool *p, const struct pool_chain *c, uint8_t *to, size_t n)
{
    for (uint32_t i = c->first; n > 0; i = p->block[i].next) {
        const struct pool_block *b = &p->block[i];
        size_t part = (size_t)(b->to - b->from) < n ? (size_t)(b->to - b->from) : n;
        memcpy(to, b->data + b->from, part);
        to += part;
        n -= part;
    }
}

void pool_drop(struct pool *p, struct pool_chain *c, size_t n)
{
    if (n >= c->bytes) {
        pool_release(p, c);
        return;
    }
    c->bytes -= (uint32_t)n;
    while (n > 0) {
        struct pool_block *b = &p->block[c->first];
        size_t held = (size_t)(b->to - b->from);
        if (n < held) {
            b->from = (uint16_t)(b->from + n);
            return;
        }
        uint32_t next = b->next;
        pool_give(p, c->first);
        c->first = next;
        n -= held;
    }
}

void pool_release(struct pool *p, struct pool_chain *c)
{
    if (c->first != 0) {
        p->block[c->last].next = p->free;
        p->free = c->first;
    }
    *c = (struct pool_chain){0};
}

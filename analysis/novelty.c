/* SPDX-License-Identifier: MIT */
#include "analysis/novelty.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { BITS4 = 1 << 24, BITS6 = 1 << 21, WORDS = (BITS4 + BITS6) / 64 };

struct novelty {
    unsigned newer;
    uint64_t bits[WORDS][2];    /* of both generations, side by side */
    uint64_t flood[BITS6 / 64]; /* hashed */
    bool flooded;               /* any of them */
};

struct novelty *novelty_create(struct error *err)
{
    struct novelty *n = calloc(1, sizeof *n);
    if (n == NULL)
        error_set(err, "no memory for the sources that are known");
    return n;
}

void novelty_free(struct novelty *n)
{
    free(n);
}

void novelty_turn(struct novelty *n)
{
    n->newer ^= 1;
    for (uint32_t i = 0; i < WORDS; i++)
        n->bits[i][n->newer] = 0;
}

static uint32_t bit_of(struct prefix p)
{
    if (prefix_family(p) == 4)
        return (uint32_t)(p.bits >> 40);
    return BITS4 + (uint32_t)(XXH3_64bits(&p.bits, sizeof p.bits) % BITS6);
}

static uint32_t flood_bit(struct prefix p)
{
    return (uint32_t)(XXH3_64bits(&p.bits, sizeof p.bits) % BITS6);
}

void novelty_prefetch(const struct novelty *n, struct prefix p)
{
    __builtin_prefetch(n->bits[bit_of(p) / 64]);
}

bool novelty_is_new(const struct novelty *n, struct prefix p)
{
    uint32_t bit = bit_of(p);
    const uint64_t *word = n->bits[bit / 64];
    if (((word[0] | word[1]) >> bit % 64 & 1) != 0)
        return false;
    uint32_t flood = n->flooded ? flood_bit(p) : 0;
    return !n->flooded || (n->flood[flood / 64] >> flood % 64 & 1) == 0;
}

void novelty_note_flood(struct novelty *n, struct prefix p)
{
    uint32_t bit = flood_bit(p);
    n->flood[bit / 64] |= UINT64_C(1) << bit % 64;
    n->flooded = true;
}

void novelty_end_flood(struct novelty *n)
{
    if (n->flooded)
        memset(n->flood, 0, sizeof n->flood);
    n->flooded = false;
}

void novelty_note(struct novelty *n, struct prefix p)
{
    uint32_t bit = bit_of(p);
    n->bits[bit / 64][n->newer] |= UINT64_C(1) << bit % 64;
}

/*
 * A cursor over octets from the wire: the one place where a read is checked against the end.
 *
 * Decoders ask for as many octets as they need next with bytes_take() and load fields from
 * what they are given.  A capture may hold less than was on the wire; `missing` says how much
 * less, so that a decoder can tell a lying length from a cut capture.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    const uint8_t *at;
    const uint8_t *end; /* of what was captured */
    size_t missing;     /* octets that followed `end` on the wire */
};

static inline size_t bytes_left(const struct bytes *b)
{
    return (size_t)(b->end - b->at);
}

static inline size_t bytes_on_wire(const struct bytes *b)
{
    return bytes_left(b) + b->missing;
}

/* The next `n` octets, and the cursor behind them; NULL, and nothing moves, if not there. */
static inline const uint8_t *bytes_take(struct bytes *b, size_t n)
{
    if (bytes_left(b) < n)
        return NULL;
    const uint8_t *taken = b->at;
    b->at += n;
    return taken;
}

/* The same without moving. */
static inline const uint8_t *bytes_peek(const struct bytes *b, size_t n)
{
    return bytes_left(b) < n ? NULL : b->at;
}

/*
 * Forgets all behind the next `n` octets.  Those of them that are not here are missing, even
 * if there were fewer on the wire: mirrors slice frames, and only lengths inside tell.
 */
static inline void bytes_claim(struct bytes *b, size_t n)
{
    if (n <= bytes_left(b)) {
        b->end = b->at + n;
        b->missing = 0;
    } else {
        b->missing = n - bytes_left(b);
    }
}

/* The same where a packet must not claim more than there was; false, and unchanged, if so. */
static inline bool bytes_limit(struct bytes *b, size_t n)
{
    if (n > bytes_on_wire(b))
        return false;
    bytes_claim(b, n);
    return true;
}

/* Numbers in network order, anywhere in memory. */
static inline uint16_t bytes_u16(const uint8_t *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return be16toh(v);
}

static inline uint32_t bytes_u32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return be32toh(v);
}

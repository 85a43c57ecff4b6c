/* SPDX-License-Identifier: MIT */
#include "capture/pcapng.h"

#include "capture/window.h"

#include <stdlib.h>

enum {
    BLOCK_SECTION = 0x0a0d0d0a, /* reads the same in both byte orders */
    BLOCK_INTERFACE = 1,
    BLOCK_OBSOLETE_PACKET = 2,
    BLOCK_SIMPLE_PACKET = 3,
    BLOCK_STATISTICS = 5,
    BLOCK_PACKET = 6,

    BLOCK_HEADER_BYTES = 8, /* type and total length */
    BLOCK_BYTES_MIN = 12,   /* and the total length again */
    SECTION_BYTES_MIN = 28,
    INTERFACE_BYTES = 8, /* in front of the options */
    STATISTICS_BYTES = 12,
    PACKET_BYTES = 20, /* in front of the octets, in both kinds with a time */
    SIMPLE_BYTES = 4,
    CAPTURED_MAX = 256 * 1024,     /* libpcap's MAXIMUM_SNAPLEN */
    OPTIONS_BYTES_MAX = 64 * 1024, /* looked at; more are passed over */
    INTERFACES_MAX = 65536,        /* the obsolete block's number has 16 bits */

    OPTION_END = 0,
    OPTION_RESOLUTION = 9, /* if_tsresol */
    OPTION_OFFSET = 14,    /* if_tsoffset */
    OPTION_IF_DROP = 5,    /* isb_ifdrop */
    OPTION_OS_DROP = 7,    /* isb_osdrop */

    NS = 1000000000,
};

_Static_assert(BLOCK_HEADER_BYTES + PACKET_BYTES + CAPTURED_MAX <= WINDOW_NEED_MAX,
               "a packet fits the window");

struct interface {
    uint32_t link;
    uint32_t snaplen;   /* 0: no limit */
    uint8_t resolution; /* as if_tsresol: a negative power of 10 or, with the high bit, of 2 */
    int64_t offset_s;
    uint64_t interface_drops, kernel_drops; /* as it said last */
};

struct pcapng {
    struct reader reader;
    struct window window;
    bool swapped;
    bool known_order; /* a section has begun */
    bool inside;      /* a block has begun and is not passed */
    struct interface *interface;
    uint32_t interfaces, interfaces_max;
    uint64_t blocks;
    uint64_t interface_drops, kernel_drops; /* of all, not yet handed over */
    int64_t last_ns;
    bool waiting; /* `frame` is the packet of the block at the window's start */
    struct frame frame;
    uint32_t block_bytes; /* of that block */
    struct error damage;
    bool damaged;
};

struct block {
    uint32_t type;
    uint32_t bytes; /* from the type to the second length, with both */
};

static uint16_t u16(const struct pcapng *g, const uint8_t *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return g->swapped ? __builtin_bswap16(v) : v;
}

static uint32_t u32(const struct pcapng *g, const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return g->swapped ? __builtin_bswap32(v) : v;
}

static uint64_t u64(const struct pcapng *g, const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return g->swapped ? __builtin_bswap64(v) : v;
}

bool pcapng_is(const uint8_t first[static 4])
{
    static const uint8_t section[4] = {0x0a, 0x0d, 0x0d, 0x0a};
    return memcmp(first, section, sizeof section) == 0;
}

/* The file cannot be read on from here. */
static bool damage(struct pcapng *g, const char *what)
{
    g->damaged = true;
    (void)error_set(&g->damage, "block %llu at offset %llu %s",
                    (unsigned long long)g->blocks + 1,
                    (unsigned long long)window_offset(&g->window), what);
    return false;
}

/* ---- Interfaces -------------------------------------------------------------------------- */

typedef void option_function(const struct pcapng *g, struct interface *about, uint16_t code,
                             const uint8_t *value, uint16_t bytes);

/* Calls `see` for every whole option in the `n` octets. */
static void each_option(const struct pcapng *g, const uint8_t *at, size_t n,
                        option_function *see, struct interface *about)
{
    while (n >= 4) {
        uint16_t code = u16(g, at);
        uint16_t bytes = u16(g, at + 2);
        size_t padded = 4U + (bytes + 3U) / 4U * 4U;
        if (code == OPTION_END || n < 4U + bytes)
            return;
        see(g, about, code, at + 4, bytes);
        at += padded < n ? padded : n;
        n -= padded < n ? padded : n;
    }
}

static void see_interface_option(const struct pcapng *g, struct interface *about, uint16_t code,
                                 const uint8_t *value, uint16_t bytes)
{
    if (code == OPTION_RESOLUTION && bytes >= 1)
        about->resolution = *value;
    if (code == OPTION_OFFSET && bytes >= 8)
        about->offset_s = (int64_t)u64(g, value);
}

static void see_drops(const struct pcapng *g, struct interface *about, uint16_t code,
                      const uint8_t *value, uint16_t bytes)
{
    if (code == OPTION_IF_DROP && bytes >= 8)
        about->interface_drops = u64(g, value);
    if (code == OPTION_OS_DROP && bytes >= 8)
        about->kernel_drops = u64(g, value);
}

/* The block's octets behind its first `header` ones, as far as they are looked at. */
static const uint8_t *options_of(struct pcapng *g, const struct block *b, size_t header,
                                 size_t *n)
{
    size_t body = b->bytes - BLOCK_BYTES_MIN;
    size_t look = body < OPTIONS_BYTES_MAX ? body : OPTIONS_BYTES_MAX;
    if (body < header || !window_have(&g->window, BLOCK_HEADER_BYTES + look))
        return NULL;
    *n = look - header;
    return g->window.at + BLOCK_HEADER_BYTES + header;
}

static bool add_interface(struct pcapng *g, const struct block *b)
{
    size_t n;
    const uint8_t *options = options_of(g, b, INTERFACE_BYTES, &n);
    if (options == NULL)
        return b->bytes < BLOCK_BYTES_MIN + INTERFACE_BYTES
                       ? damage(g, "is too short for an interface")
                       : false;
    if (g->interfaces == INTERFACES_MAX)
        return damage(g, "describes one interface too many");
    if (g->interfaces == g->interfaces_max) {
        uint32_t max = g->interfaces_max * 2 + 4;
        struct interface *more = realloc(g->interface, max * sizeof *more);
        if (more == NULL)
            return damage(g, "describes an interface there is no memory for");
        g->interface = more;
        g->interfaces_max = max;
    }
    struct interface *i = &g->interface[g->interfaces++];
    *i = (struct interface){
            .link = u16(g, options - INTERFACE_BYTES),
            .snaplen = u32(g, options - INTERFACE_BYTES + 4),
            .resolution = 6,
    };
    each_option(g, options, n, see_interface_option, i);
    return true;
}

/* Counts what an interface says to have dropped since it said so last. */
static bool take_statistics(struct pcapng *g, const struct block *b)
{
    size_t n;
    const uint8_t *options = options_of(g, b, STATISTICS_BYTES, &n);
    uint32_t number = options != NULL ? u32(g, options - STATISTICS_BYTES) : UINT32_MAX;
    if (number >= g->interfaces)
        return true;
    struct interface *i = &g->interface[number];
    struct interface before = *i;
    each_option(g, options, n, see_drops, i);
    if (i->interface_drops > before.interface_drops)
        g->interface_drops += i->interface_drops - before.interface_drops;
    if (i->kernel_drops > before.kernel_drops)
        g->kernel_drops += i->kernel_drops - before.kernel_drops;
    return true;
}

/* ---- Packets --------------------------------------------------------------------------- */

__extension__ typedef __int128 wide;

/* Units of the interface's resolution into nanoseconds; kept within what an int64_t holds. */
static int64_t time_of(const struct interface *i, uint64_t units)
{
    wide ns = units;
    unsigned power = i->resolution & 0x7f;
    if (i->resolution & 0x80) {
        ns = ns * NS >> power;
    } else {
        for (; power < 9; power++)
            ns *= 10;
        for (; power > 9; power--)
            ns /= 10;
    }
    ns += (wide)i->offset_s * NS;
    return ns < 0 ? 0 : ns >= INT64_MAX ? INT64_MAX - 1 : (int64_t)ns;
}

/* Makes the `captured` octets behind the block's first `header` ones the frame that waits. */
static bool take_packet(struct pcapng *g, const struct block *b, const struct interface *i,
                        uint32_t header, uint32_t captured, uint32_t wire)
{
    if (captured > CAPTURED_MAX)
        return damage(g, "claims more octets than a packet can have");
    if (b->bytes - BLOCK_BYTES_MIN < header + (uint64_t)captured)
        return damage(g, "is shorter than its packet");
    if (!window_have(&g->window, BLOCK_HEADER_BYTES + header + captured))
        return false;
    g->frame = (struct frame){
            .data = g->window.at + BLOCK_HEADER_BYTES + header,
            .captured = captured,
            .wire = wire > captured ? wire : captured,
            .link = i->link,
            .time_ns = g->last_ns,
    };
    g->frame.readable = (uint32_t)(g->window.fill - g->frame.data);
    g->block_bytes = b->bytes;
    g->waiting = true;
    return true;
}

static const struct interface *interface_of(struct pcapng *g, uint32_t number)
{
    if (number < g->interfaces)
        return &g->interface[number];
    (void)damage(g, "is from an interface that was not described");
    return NULL;
}

/* The two kinds with a time differ only in the width of the interface's number. */
static bool see_packet(struct pcapng *g, const struct block *b)
{
    if (b->bytes < BLOCK_BYTES_MIN + PACKET_BYTES)
        return damage(g, "is too short for a packet");
    if (!window_have(&g->window, BLOCK_HEADER_BYTES + PACKET_BYTES))
        return false;
    const uint8_t *p = g->window.at + BLOCK_HEADER_BYTES;
    const struct interface *i =
            interface_of(g, b->type == BLOCK_PACKET ? u32(g, p) : u16(g, p));
    if (i == NULL)
        return false;
    g->last_ns = time_of(i, (uint64_t)u32(g, p + 4) << 32 | u32(g, p + 8));
    return take_packet(g, b, i, PACKET_BYTES, u32(g, p + 12), u32(g, p + 16));
}

static bool see_simple_packet(struct pcapng *g, const struct block *b)
{
    if (b->bytes < BLOCK_BYTES_MIN + SIMPLE_BYTES)
        return damage(g, "is too short for a packet");
    const struct interface *i = interface_of(g, 0);
    if (i == NULL || !window_have(&g->window, BLOCK_HEADER_BYTES + SIMPLE_BYTES))
        return false;
    uint32_t wire = u32(g, g->window.at + BLOCK_HEADER_BYTES);
    uint32_t captured = b->bytes - BLOCK_BYTES_MIN - SIMPLE_BYTES;
    if (captured > wire)
        captured = wire;
    if (i->snaplen != 0 && captured > i->snaplen)
        captured = i->snaplen;
    return take_packet(g, b, i, SIMPLE_BYTES, captured, wire);
}

/* ---- Blocks ---------------------------------------------------------------------------- */

/* A section begins: its byte order holds from here, and for its own length already. */
static bool begin_section(struct pcapng *g)
{
    if (!window_have(&g->window, BLOCK_HEADER_BYTES + 8))
        return false;
    const uint8_t *p = g->window.at + BLOCK_HEADER_BYTES;
    g->swapped = false;
    uint32_t magic = u32(g, p);
    g->swapped = magic == 0x4d3c2b1a;
    if (magic != 0x1a2b3c4d && !g->swapped)
        return damage(g, "begins a section of no known byte order");
    if (u16(g, p + 4) != 1)
        return damage(g, "begins a section of an unknown version");
    g->known_order = true;
    g->interfaces = 0;
    return true;
}

/* The block at the window's start; false at the end of the file and at damage. */
static bool see_block(struct pcapng *g, struct block *b)
{
    if (!window_have(&g->window, BLOCK_HEADER_BYTES))
        return false;
    g->inside = true;
    b->type = u32(g, g->window.at);
    if (b->type == BLOCK_SECTION && !begin_section(g))
        return false;
    if (!g->known_order)
        return damage(g, "is not the beginning of a section");
    b->bytes = u32(g, g->window.at + 4);
    uint32_t least = b->type == BLOCK_SECTION ? SECTION_BYTES_MIN : BLOCK_BYTES_MIN;
    if (b->bytes < least)
        return damage(g, "has a length that no block has");
    return true;
}

static bool use_block(struct pcapng *g, const struct block *b)
{
    switch (b->type) {
    case BLOCK_INTERFACE:
        return add_interface(g, b);
    case BLOCK_STATISTICS:
        return take_statistics(g, b);
    case BLOCK_PACKET:
    case BLOCK_OBSOLETE_PACKET:
        return see_packet(g, b);
    case BLOCK_SIMPLE_PACKET:
        return see_simple_packet(g, b);
    default:
        return true;
    }
}

/*
 * Goes behind a block.  Its second length must be as the first, or what comes next would be
 * anything; a length that is no multiple of 4 is padded.
 */
static bool pass_block(struct pcapng *g, uint32_t bytes)
{
    uint64_t padded = ((uint64_t)bytes + 3) / 4 * 4;
    if (!window_skip(&g->window, padded - 4) || !window_have(&g->window, 4))
        return false;
    if (u32(g, g->window.at) != bytes)
        return damage(g, "ends with another length than it begins with");
    g->window.at += 4;
    g->blocks++;
    g->inside = false;
    return true;
}

static bool next_frame(struct pcapng *g)
{
    while (!g->waiting && !g->damaged) {
        struct block b;
        if (!see_block(g, &b) || !use_block(g, &b))
            return false;
        if (!g->waiting && !pass_block(g, b.bytes))
            return false;
    }
    return g->waiting;
}

/* ---- The reader ------------------------------------------------------------------------ */

static enum source_state stopped(const struct pcapng *g, struct error *err)
{
    if (g->window.failed)
        *err = g->window.failure;
    else if (g->damaged)
        *err = g->damage;
    else if (window_left(&g->window) > 0 || g->inside)
        error_set(err, "ends inside block %llu at offset %llu",
                  (unsigned long long)g->blocks + 1,
                  (unsigned long long)window_offset(&g->window));
    else
        return SOURCE_END;
    return SOURCE_CUT;
}

static enum source_state read_frames(struct reader *r, struct decode *d,
                                     struct message_batch *batch, int64_t limit_ns,
                                     struct error *err)
{
    struct pcapng *g = (struct pcapng *)r;

    while (batch->count < MESSAGE_BATCH_MAX) {
        if (!next_frame(g))
            return stopped(g, err);
        if (g->frame.time_ns >= limit_ns)
            return SOURCE_LIMIT;
        decode_frame(d, &g->frame, batch);
        g->waiting = false;
        if (!pass_block(g, g->block_bytes))
            return stopped(g, err);
    }
    return SOURCE_MORE;
}

static bool first_time(struct reader *r, int64_t *time_ns)
{
    struct pcapng *g = (struct pcapng *)r;
    if (!next_frame(g))
        return false;
    *time_ns = g->frame.time_ns;
    return true;
}

static void drops(struct reader *r, struct source_counts *counts)
{
    struct pcapng *g = (struct pcapng *)r;
    counts->interface_drops += g->interface_drops;
    counts->kernel_drops += g->kernel_drops;
    g->interface_drops = g->kernel_drops = 0;
}

static void close_pcapng(struct reader *r)
{
    struct pcapng *g = (struct pcapng *)r;
    input_close(g->reader.in);
    window_fini(&g->window);
    free(g->interface);
    free(g);
}

static const struct reader_kind pcapng_kind = {close_pcapng, read_frames, first_time, drops};

struct reader *pcapng_open(struct input *in, struct error *err)
{
    struct pcapng *g = calloc(1, sizeof *g);
    if (g == NULL) {
        error_set(err, "no memory to read a capture file");
        return NULL;
    }
    g->reader = (struct reader){&pcapng_kind, in, -1};
    if (window_init(&g->window, in, err))
        return &g->reader;
    g->reader.in = NULL;
    close_pcapng(&g->reader);
    return NULL;
}

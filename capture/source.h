/*
 * Where messages come from: a live interface, or a capture file or pipe.
 *
 * A source owns its buffers and counts every frame it meets by verdict.  One thread uses a
 * source; several live sources on one interface share its traffic by flow (PACKET_FANOUT_HASH).
 * Nothing here reads a clock: times are those in the capture.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/error.h"
#include "capture/message.h"
#include "capture/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SOURCE_PORTS_MAX = 16,
    SOURCE_SERVERS_MAX = 64,
    SOURCE_FRAGMENT_BYTES = 16 << 20, /* unless told */
    SOURCE_STREAM_BYTES = 64 << 20,
};

/* What is DNS, and in which direction.  Constant while any source uses it. */
struct source_scope {
    uint16_t port[SOURCE_PORTS_MAX]; /* host order; 53 unless told */
    unsigned ports;
    /* The server's own addresses, where known: IPv4 as ::ffff:a.b.c.d.  With them, only
     * messages to or from one of them count.  Without, every message on a port counts. */
    uint8_t server[SOURCE_SERVERS_MAX][16];
    unsigned servers;
    /* Memory for what is not complete yet; taken as needed, never exceeded; 0: as above. */
    uint32_t fragment_bytes; /* IP fragments */
    uint32_t stream_bytes;   /* TCP streams */
};

struct source_live {
    const char *interface;
    uint32_t buffer_bytes; /* of the kernel's ring; 64 MiB is generous */
    uint32_t snaplen;      /* octets kept of a frame */
    uint16_t fanout_group; /* 0: the only worker */
};

/*
 * All since the source was opened, and the caller takes differences; but `unknown`, which has
 * none, is of the time since the counts were last asked for.
 */
struct source_counts {
    uint64_t frames; /* = sum of verdict[] */
    uint64_t bytes;  /* on the wire */
    uint64_t messages;
    uint64_t verdict[VERDICTS];
    uint64_t defect[DEFECTS]; /* sums to `messages` */
    uint64_t loss[LOSSES];
    uint64_t kernel_drops;            /* live: frames the kernel had no room for */
    uint64_t interface_drops;         /* live: frames the interface lost, where it says so */
    struct leading unknown[UNKNOWNS]; /* DLT_ numbers, ethertypes, IP protocols */
    int64_t first_time_ns;            /* of the frames, valid when frames > 0 */
    int64_t last_time_ns;             /* the greatest seen */
};

enum source_state {
    SOURCE_MORE,   /* call again */
    SOURCE_LIMIT,  /* the next frame's time is `limit_ns` or later; it is kept for then */
    SOURCE_IDLE,   /* live: nothing there now; wait on source_fd() */
    SOURCE_END,    /* file: all read */
    SOURCE_CUT,    /* file: ends in the middle of a packet; all before it was given; see err */
    SOURCE_FAILED, /* see err; what the batch holds is valid */
};

struct source; /* private */

/* `path` "-" is standard input.  gzip, xz, zstd, lz4 and bzip2 are read as they are. */
struct source *source_open_file(const char *path, const struct source_scope *scope,
                                struct error *err);
/* Of an interface, err's kind says whether the right or the interface is missing. */
struct source *source_open_live(const struct source_live *live,
                                const struct source_scope *scope, struct error *err);
void source_close(struct source *s); /* NULL is fine */

/* Time of the first frame of a file, without consuming it; false when it has none. */
bool source_first_time(struct source *s, int64_t *time_ns);

/*
 * Empties `batch` and fills it until it is full, the limit is met or there is no more.  The
 * batch may hold messages whatever the state returned.  A frame with a time before frames
 * already given (files only) is given all the same, in the order of the file.
 */
enum source_state source_read(struct source *s, struct message_batch *batch, int64_t limit_ns,
                              struct error *err);

/*
 * Where frames of messages and signs are kept from now on; it is the source's until the next
 * call.  NULL, or one without networks: nowhere.
 */
struct keep;
void source_keep(struct source *s, struct keep *keep);

/*
 * Copies the counts, and begins to look for leading numbers anew.  Live: asks the kernel for
 * its drops, so once an interval, not more.
 */
void source_counts(struct source *s, struct source_counts *counts);

int source_fd(const struct source *s); /* live: to poll for reading; -1 for files */

/* Files: octets of the (compressed) file consumed so far, and its size, 0 when unknown. */
void source_progress(const struct source *s, uint64_t *done_bytes, uint64_t *size_bytes);

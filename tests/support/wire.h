/*
 * A decoder under test: frames go in one by one, messages and counts come out.
 *
 * A frame is decoded where it ends against a page that may not be touched, so that one octet
 * read too many ends the test.  After every frame the sum of all verdicts must be the frames.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/decode.h"
#include "tests/support/shape.h"

enum { WIRE_ETHERNET = 1, WIRE_FRAME_MAX = 512 * 1024 };

struct wire {
    struct source_scope scope;
    struct decode decode;
    struct message_batch batch;
    int64_t time_ns; /* of the next frame */
    uint8_t *pages, *guard;
    struct message *message; /* all so far; name_at counts from `names` */
    size_t messages, messages_max;
};

void wire_open(struct wire *w); /* port 53, no servers */
void wire_close(struct wire *w);
void wire_again(struct wire *w); /* forgets all: as opened, with the scope as it is now */

/* How the frame ended; `cut` octets of it are on the wire only. */
enum verdict wire_frame(struct wire *w, uint32_t link, const void *data, size_t size,
                        size_t cut);
enum verdict wire_shape(struct wire *w, const struct shape *s); /* an Ethernet frame */
void wire_finish(struct wire *w);                               /* no more frames */

static inline bool wire_has(const struct message *m, enum message_flag flag)
{
    return (m->flags & flag) != 0;
}

/* SPDX-License-Identifier: MIT */
#include "capture/dns.h"

enum {
    LABEL_POINTER = 0xc0, /* the two high bits of a label's length octet */
    LABEL_BYTES_MAX = 63,
    QUESTION_BYTES = 4, /* type and class, behind the name */
    RECORD_BYTES = 10,  /* type, class, TTL and length, behind the name */
    TYPE_OPT = 41,
    OPCODE_QUERY = 0,
    OPT_DO = 1 << 15, /* RFC 3225, in the low half of OPT's TTL */
};

struct dns_header {
    uint16_t flags;
    uint16_t questions, answers, authorities, additionals;
};

/* Moves the cursor behind a name without following it. */
static bool skip_name(struct bytes *b)
{
    const uint8_t *length;
    while ((length = bytes_take(b, 1)) != NULL) {
        if (*length == 0)
            return true;
        if ((*length & LABEL_POINTER) == LABEL_POINTER)
            return bytes_take(b, 1) != NULL;
        if (*length > LABEL_BYTES_MAX || bytes_take(b, *length) == NULL)
            return false;
    }
    return false;
}

/*
 * The name at `b`, a cursor into the message that begins at `start`, into `name`.  A pointer
 * goes to before everything read so far, so that no name can be read twice.
 */
static enum defect follow_name(struct bytes b, const uint8_t *start, uint8_t *name,
                               unsigned *used)
{
    const uint8_t *lowest = b.at;

    for (unsigned pointers = 0;;) {
        const uint8_t *length = bytes_take(&b, 1);
        if (length == NULL)
            return DEFECT_QUESTION_END;
        if ((*length & LABEL_POINTER) == LABEL_POINTER) {
            if (bytes_take(&b, 1) == NULL)
                return DEFECT_QUESTION_END;
            const uint8_t *target = start + (bytes_u16(length) & 0x3fff);
            if (target >= lowest || ++pointers > DNS_POINTERS_MAX)
                return DEFECT_QUESTION_NAME;
            b.at = lowest = target;
            continue;
        }
        if (*length > LABEL_BYTES_MAX || *used + *length + 1U > MESSAGE_NAME_BYTES_MAX)
            return DEFECT_QUESTION_NAME;
        if (bytes_take(&b, *length) == NULL)
            return DEFECT_QUESTION_END;
        dns_copy_name(name + *used, length, *length + 1U, 0);
        *used += *length + 1U;
        if (*length == 0)
            return DEFECT_NONE;
    }
}

/* Octets of the name at `b` if it has no pointer and is whole and short enough, else 0. */
static unsigned plain_name(const struct bytes *b)
{
    size_t n = 0, left = bytes_left(b);
    while (n < left && b->at[n] != 0 && b->at[n] <= LABEL_BYTES_MAX)
        n += b->at[n] + 1U;
    return n < left && n < MESSAGE_NAME_BYTES_MAX && b->at[n] == 0 ? (unsigned)n + 1 : 0;
}

/* Takes the first question's name, lower-cased, off `b`: all of `b` if it has no end there. */
static enum defect take_name(struct bytes *b, const uint8_t *start, uint8_t *name,
                             uint8_t *name_bytes)
{
    unsigned used = plain_name(b);
    enum defect bad = DEFECT_NONE;
    if (used > 0) {
        dns_copy_name(name, b->at, used, bytes_left(b));
        b->at += used;
    } else {
        bad = follow_name(*b, start, name, &used);
        if (bad == DEFECT_QUESTION_END || !skip_name(b))
            b->at = b->end;
    }
    *name_bytes = bad == DEFECT_NONE ? (uint8_t)used : 0;
    return bad;
}

/* A name that cannot be read still ends somewhere, for most: then type and class are known. */
static enum defect read_question(struct bytes *b, const uint8_t *start, struct message *m,
                                 uint8_t *name)
{
    uint8_t name_bytes = 0;
    enum defect bad = take_name(b, start, name, &name_bytes);
    const uint8_t *fixed = bytes_take(b, QUESTION_BYTES);
    if (fixed == NULL)
        return bad != DEFECT_NONE ? bad : DEFECT_QUESTION_END;
    m->qtype = bytes_u16(fixed);
    m->qclass = bytes_u16(fixed + 2);
    m->name_bytes = name_bytes;
    m->flags |= MESSAGE_QUESTION;
    return bad;
}

/* RFC 6891 section 6.1.3: the class is a size, the TTL is extended rcode, version, flags. */
static void read_opt(const uint8_t *fixed, struct message *m)
{
    uint32_t ttl = bytes_u32(fixed + 4);
    m->flags |= MESSAGE_EDNS;
    if (ttl & OPT_DO)
        m->flags |= MESSAGE_DO;
    m->edns_bytes = bytes_u16(fixed + 2);
    m->rcode = (uint16_t)((ttl >> 24 << 4) | (m->rcode & 15));
}

/* Walks `count` records; with `opt`, reads the first OPT among them. */
static bool read_records(struct bytes *b, unsigned count, struct message *m, bool opt)
{
    for (; count > 0; count--) {
        const uint8_t *fixed;
        if (!skip_name(b) || (fixed = bytes_take(b, RECORD_BYTES)) == NULL)
            return false;
        if (opt && bytes_u16(fixed) == TYPE_OPT && (m->flags & MESSAGE_EDNS) == 0)
            read_opt(fixed, m);
        if (bytes_take(b, bytes_u16(fixed + 8)) == NULL)
            return false;
    }
    return true;
}

static enum defect read_body(struct bytes *b, const struct dns_header *h, const uint8_t *start,
                             struct message *m, uint8_t *name)
{
    enum defect bad = DEFECT_NONE;
    if (h->questions > 0)
        bad = read_question(b, start, m, name);
    if (h->questions > 0 && (m->flags & MESSAGE_QUESTION) == 0)
        return bad;
    for (unsigned i = 1; i < h->questions; i++)
        if (!skip_name(b) || bytes_take(b, QUESTION_BYTES) == NULL)
            return DEFECT_QUESTION_END;
    if (!read_records(b, h->answers, m, false) || !read_records(b, h->authorities, m, false) ||
        !read_records(b, h->additionals, m, true))
        return bad != DEFECT_NONE ? bad : DEFECT_RECORD;

    /* Without a question only OPT gives a query of this kind a purpose (RFC 7873, 5.4). */
    if (h->questions == 0 && m->opcode == OPCODE_QUERY &&
        (m->flags & (MESSAGE_RESPONSE | MESSAGE_EDNS)) == 0)
        return DEFECT_NO_QUESTION;
    return bad;
}

static uint16_t flags_of(uint16_t header)
{
    return (uint16_t)((header & 0x8000 ? MESSAGE_RESPONSE : 0) |
                      (header & 0x0400 ? MESSAGE_AA : 0) | (header & 0x0200 ? MESSAGE_TC : 0) |
                      (header & 0x0100 ? MESSAGE_RD : 0));
}

bool dns_is_response(const struct bytes *message)
{
    const uint8_t *header = bytes_peek(message, DNS_HEADER_BYTES);
    return header != NULL && (header[2] & 0x80) != 0;
}

enum verdict dns_decode(struct bytes message, struct message *m,
                        uint8_t name[static DNS_NAME_ROOM], enum defect *defect)
{
    size_t length = bytes_on_wire(&message);
    const uint8_t *start = bytes_take(&message, DNS_HEADER_BYTES);
    *defect = DEFECT_NONE;
    if (start == NULL)
        return length >= DNS_HEADER_BYTES ? VERDICT_CUT : VERDICT_DNS_HEADER;

    const struct dns_header h = {
            .flags = bytes_u16(start + 2),
            .questions = bytes_u16(start + 4),
            .answers = bytes_u16(start + 6),
            .authorities = bytes_u16(start + 8),
            .additionals = bytes_u16(start + 10),
    };
    m->flags = flags_of(h.flags);
    m->id = bytes_u16(start);
    m->opcode = h.flags >> 11 & 15;
    m->rcode = h.flags & 15;
    m->qtype = m->qclass = 0;
    m->name_bytes = 0;
    m->edns_bytes = 0;
    m->dns_bytes = (uint16_t)(length > UINT16_MAX ? UINT16_MAX : length);

    enum defect bad = read_body(&message, &h, start, m, name);
    if (message.missing > 0) {
        /* What is not in the capture cannot be blamed on the message. */
        m->flags |= MESSAGE_CUT;
        if (bad != DEFECT_QUESTION_NAME)
            bad = DEFECT_NONE;
    }
    if (bad != DEFECT_NONE)
        m->flags |= MESSAGE_MALFORMED;
    *defect = bad;
    return VERDICT_MESSAGE;
}

/* SPDX-License-Identifier: MIT */
#include "tests/support/batch.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static uint8_t put_name(uint8_t *to, const char *name)
{
    uint8_t *at = to;
    while (*name != '\0') {
        size_t length = strcspn(name, ".");
        *at++ = (uint8_t)length;
        memcpy(at, name, length);
        at += length;
        name += length + (name[length] == '.');
    }
    *at++ = 0;
    return (uint8_t)(at - to);
}

static struct message *add(struct message_batch *b, const char *client)
{
    if (b->count == MESSAGE_BATCH_MAX)
        abort();
    struct message *m = &b->message[b->count++];
    *m = (struct message){.dns_bytes = 40, .name_at = (uint16_t)b->names_used};
    if (strchr(client, ':') != NULL)
        m->flags |= MESSAGE_IPV6;
    if (inet_pton(m->flags & MESSAGE_IPV6 ? AF_INET6 : AF_INET, client, m->client) != 1)
        abort();
    return m;
}

struct message *batch_query(struct message_batch *b, const char *client, const char *name,
                            uint16_t qtype)
{
    struct message *m = add(b, client);
    m->flags |= MESSAGE_QUESTION;
    m->qtype = qtype;
    m->qclass = 1;
    m->name_bytes = put_name(&b->names[b->names_used], name);
    b->names_used += m->name_bytes;
    return m;
}

struct message *batch_response(struct message_batch *b, const char *client, uint16_t rcode)
{
    struct message *m = add(b, client);
    m->flags |= MESSAGE_RESPONSE;
    m->rcode = rcode;
    return m;
}

/* Batches of messages for tests of what counts them. */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/message.h"

/* A query of `qtype` for `name` ("www.example", "" the root) from `client`, added to the batch.
 */
struct message *batch_query(struct message_batch *b, const char *client, const char *name,
                            uint16_t qtype);
/* The same as an answer with that rcode. */
struct message *batch_response(struct message_batch *b, const char *client, uint16_t rcode);

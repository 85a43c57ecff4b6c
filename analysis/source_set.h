/*
 * Sets of source addresses as they are stored: sorted, compact, exact; written in one go, read
 * from front to back, so that any number of them are united in memory that does not depend on
 * how large they are.
 *
 * A set is, in this order:
 * - one octet: the form, 1;
 * - four octets: how many /24s there are, and of each, in the order of their numbers,
 *   - one to four octets: how far it is behind the one before, less one (the first one: its
 *     number), in groups of seven bits, the lowest first; the eighth bit: there are more;
 *   - one octet: its hosts, less one;
 *   - up to 31 hosts: their last octets in order; else 32 octets, a bit for each host;
 * - four octets: how many IPv6 addresses there are, and of each, in their order,
 *   - one octet: how many of its first octets are those of the one before;
 *   - the other octets;
 * - eight octets: XXH64 of all that is before.
 *
 * All numbers are in network order.  One set has one form: whatever differs from it, by so much
 * as a bit, is told when it is read.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The hosts of one /24. */
struct source4 {
    uint32_t network;  /* the address without its last octet */
    uint64_t hosts[4]; /* a bit for each last octet; one at least */
};

struct source6 {
    uint8_t address[16];
};

/* In any order, each /24 and each address once. */
struct source_list {
    struct source4 *ipv4;
    struct source6 *ipv6;
    size_t ipv4s, ipv6s;
};

void source_list_fini(struct source_list *l);

/* The set as octets, which the caller frees; sorts the list.  False: no memory. */
bool source_list_encode(struct source_list *l, uint8_t **set, size_t *size, struct error *err);

/* Where a set's octets come from: puts those from `at` on into `to`. */
typedef bool source_set_function(void *argument, size_t at, uint8_t *to, size_t size,
                                 struct error *err);
bool source_set_memory(void *set, size_t at, uint8_t *to, size_t size, struct error *err);

struct source_reader; /* private; one set, from front to back */

struct source_reader *source_reader_open(source_set_function *read, void *argument, size_t size,
                                         struct error *err);
void source_reader_close(struct source_reader *r); /* NULL is fine */

/* What is read next. */
enum source_read {
    SOURCE_READ_IPV4,
    SOURCE_READ_IPV6,
    SOURCE_READ_END, /* all was read, and is as it was written */
    SOURCE_READ_FAILED,
};
/* All IPv4 before all IPv6.  Nothing is certain of what was read before the end is. */
enum source_read source_reader_next(struct source_reader *r, struct source4 *ipv4,
                                    struct source6 *ipv6, struct error *err);
/* Reads to the end: whether all is as it was written. */
bool source_reader_check(struct source_reader *r, struct error *err);

/* A set of the form above, made of what comes in order, IPv4 before IPv6, each once. */
struct source_writer; /* private */

struct source_writer *source_writer_create(struct error *err);
void source_writer_free(struct source_writer *w); /* NULL is fine */
/* False: no memory, once and for all. */
bool source_writer_ipv4(struct source_writer *w, const struct source4 *s);
bool source_writer_ipv6(struct source_writer *w, const struct source6 *s);
/* The octets, which the caller frees. */
bool source_writer_end(struct source_writer *w, uint8_t **set, size_t *size, struct error *err);

/*
 * The names of ASes, as a table of origins tells them: collected while it is read, then put in
 * order, and found.  8 octets each and their text.
 *
 * Names come from outside: what is not valid UTF-8, or steers a terminal or the direction of
 * text, becomes "?", and what is beyond 127 octets is left out.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct as_name {
    uint32_t asn;
    uint32_t at; /* in the text of all names */
};

struct as_names { /* zero is empty */
    struct as_name *list;
    size_t count, room;
    char *text;
    size_t text_used, text_room;
};

/* False: no memory. */
bool as_names_add(struct as_names *n, uint32_t asn, const char *name);
/* Of several names of an AS the first stays. */
void as_names_put_in_order(struct as_names *n);
const char *as_names_find(const struct as_names *n, uint32_t asn); /* NULL: it has none */
void as_names_fini(struct as_names *n);

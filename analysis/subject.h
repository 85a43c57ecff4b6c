/*
 * What an incident is about: the smallest thing that explains it.
 *
 * A prefix, an origin AS, a qtype, an rcode or a name is told by its key; NXDOMAIN, queries
 * without an answer, sources without a route, volume and gap have none.  A spoofed flood is
 * about the name it asks for, where there is one.  Subjects are compared by kind and key: the
 * key of a name is a hash of it with a fixed seed, so that what was saved is found again and
 * equal packets give equal incidents.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/incident.h"
#include "capture/message.h"

#include <string.h>

enum { SUBJECT_TEXT_BYTES = 96 };

struct subject {
    enum incident_kind kind;
    uint64_t key;       /* prefix bits, AS number, qtype, rcode, hash of the name; else 0 */
    bool zone;          /* a name, and all names below it */
    uint8_t name_bytes; /* 0: no name */
    uint8_t name[MESSAGE_NAME_BYTES_MAX]; /* wire format, lower case */
};

struct subject subject_of_prefix(struct prefix p);
struct subject subject_of_name(const uint8_t *name, uint8_t name_bytes, bool zone);

uint64_t subject_name_key(const uint8_t *name, uint8_t name_bytes);

/* Whether `name` is the subject's, or below it where the subject is a zone. */
bool subject_covers_name(const struct subject *s, const uint8_t *name, uint8_t name_bytes);

/*
 * The part of a name that somebody registered: its last two labels; three below the labels
 * that registries use as a second level ("co.uk"), and the reverse tree's own.  *tld_bytes: how
 * long the last label is, with the root's octet.
 */
const uint8_t *subject_zone(const uint8_t *name, uint8_t name_bytes, uint8_t *zone_bytes,
                            uint8_t *tld_bytes);

/* "192.0.2.0/24", "AS64496", "MX", "names below example.net"; returns `text`. */
const char *subject_text(const struct subject *s, char text[static SUBJECT_TEXT_BYTES]);

static inline bool subject_is_name(const struct subject *s)
{
    return s->name_bytes > 0;
}

static inline bool subject_same(const struct subject *a, const struct subject *b)
{
    return a->kind == b->kind && a->key == b->key && a->zone == b->zone;
}

json_t *subject_json(const struct subject *s);
bool subject_parse(const json_t *json, struct subject *s);

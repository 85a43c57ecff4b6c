/*
 * The table of settings: name, place in struct config, limits, default and help of each.
 *
 * A new setting is a field of struct config, a row of this table and a paragraph of
 * docs/rootwatch.yaml.5.scd, which a test demands.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "program/config.h"

#include <stddef.h>

enum { SETTING_TEXT_BYTES = 4608 }; /* the longest list */

enum setting_kind {
    SETTING_TEXT,     /* without spaces or control characters */
    SETTING_NAME,     /* letters, digits, dots, hyphens */
    SETTING_PATH,     /* absolute */
    SETTING_SECRET,   /* the path of a file that not everybody may read */
    SETTING_WEB,      /* http://... or https://... */
    SETTING_PAGE,     /* the same, or file:///... */
    SETTING_RELAY,    /* smtp://host:port or smtps://host:port */
    SETTING_MAILBOX,  /* noc@example.net */
    SETTING_STARTTLS, /* an enumeration, by one of its words */
    SETTING_SEVERITY, /* the same */
    SETTING_RESOLVER, /* an address, with a port or without */
    SETTING_SERVER,   /* a host, with a port or without */
    SETTING_LISTEN,   /* an address of this machine with a port, or unix: and a path */
    SETTING_COUNT,    /* uint32_t */
    SETTING_NUMBER,   /* double */
    SETTING_ADDRESSES,
    SETTING_PORTS,
    SETTING_MAILBOXES,
    SETTING_SOURCES,  /* prefixes, with a rate or without */
    SETTING_SILENCES, /* spans of time */
    SETTING_KINDS,
};

struct setting {
    const char *name; /* "capture.workers": a dot is one level of the file */
    enum setting_kind kind;
    size_t place;         /* in struct config */
    double least, most;   /* a number's value, a text's octets, a list's length */
    const char *standard; /* the default, as text; a list's items are separated by spaces */
    const char *help;
};

const struct setting *setting_table(size_t *count);

/* The row of that name, or NULL. */
const struct setting *setting_find(const char *name);
/* The row whose name is most like `name`: never NULL. */
const struct setting *setting_nearest(const char *name);

bool setting_is_list(const struct setting *s);
/* Empties a list, so that setting_read() starts it anew. */
void setting_clear(const struct setting *s, struct config *c);
/* Sets the value, or adds one item to a list; err says what is wrong and what is allowed. */
bool setting_read(const struct setting *s, struct config *c, const char *text,
                  struct error *err);

/* All of them return `text`. */
const char *setting_allowed(const struct setting *s, char text[static SETTING_TEXT_BYTES]);
const char *setting_format(const struct setting *s, const struct config *c,
                           char text[static SETTING_TEXT_BYTES]);

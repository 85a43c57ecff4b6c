/* SPDX-License-Identifier: MIT */
/*
 * HTML in memory.  Two verbs keep markup and text apart: html_markup() writes what this program
 * says, html_text() whatever comes from outside, with everything in it harmless.  A shortage of
 * memory shows once, at the end.
 */
#pragma once

#include "capture/error.h"

#include <stddef.h>
#include <stdio.h>

struct html {
    FILE *to;
    char *text;
    size_t size;
};

bool html_init(struct html *h, struct error *err);
/* Ends the writing: the text is then in h->text, h->size octets, until html_fini(). */
bool html_finish(struct html *h, struct error *err);
void html_fini(struct html *h);

/* As it stands: the format is ours, and its arguments are numbers or constants. */
__attribute__((format(printf, 2, 3))) void html_markup(struct html *h, const char *format, ...);
/* Escaped, for an element's text or a quoted attribute. */
__attribute__((format(printf, 2, 3))) void html_text(struct html *h, const char *format, ...);
/* <open>escaped text</name>, `open` being the name and its attributes. */
__attribute__((format(printf, 3, 4))) void html_element(struct html *h, const char *open,
                                                        const char *format, ...);

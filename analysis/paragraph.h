/*
 * Plain text in lines of 72 columns, for mails and files: a paragraph is gathered first, and
 * wrapped when it is complete.  Printable ASCII: whatever else is in it becomes "?".
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>
#include <stdio.h>

enum { PARAGRAPH_COLUMNS = 72, PARAGRAPH_BYTES = 2048 };

struct paragraph {
    char text[PARAGRAPH_BYTES];
    size_t used;
};

/* What does not fit is left out. */
__attribute__((format(printf, 2, 3))) void paragraph_add(struct paragraph *p,
                                                         const char *format, ...);
/*
 * Writes it, if there is something in it, and empties it.  The first line begins at column
 * `indent`, the others two columns further, where `hang` says so; `end` ends each.
 */
struct paragraph_form {
    unsigned indent;
    unsigned hang;
    const char *end; /* "\n", "\r\n" */
};
void paragraph_write(struct paragraph *p, const struct paragraph_form *form, FILE *to);

void paragraph_make_printable(char *text);

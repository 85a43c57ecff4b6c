/* SPDX-License-Identifier: MIT */
#include "analysis/paragraph.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

void paragraph_add(struct paragraph *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(p->text + p->used, sizeof p->text - p->used, format, args);
    va_end(args);
    size_t room = sizeof p->text - p->used - 1;
    p->used += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room;
}

/* One "?" for each character, of however many octets. */
void paragraph_make_printable(char *text)
{
    char *to = text;
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if ((c & 0xc0) == 0x80)
            continue;
        *to++ = isascii(c) && isprint(c) ? *text : '?';
    }
    *to = '\0';
}

/* Octets of the next line: up to the last space that fits; a figure keeps its "%", and a long
 * word is cut. */
static size_t line_length(const char *text, size_t columns)
{
    size_t length = strlen(text);
    if (length <= columns)
        return length;
    for (size_t n = columns; n > 0; n--)
        if (text[n] == ' ' && text[n + 1] != '%')
            return n;
    return columns;
}

void paragraph_write(struct paragraph *p, const struct paragraph_form *form, FILE *to)
{
    const char *rest = p->text;
    unsigned indent = form->indent;
    paragraph_make_printable(p->text);
    p->used = strlen(p->text);
    while (p->used > 0 && p->text[p->used - 1] == ' ')
        p->text[--p->used] = '\0';
    while (*rest != '\0') {
        int n = (int)line_length(rest, PARAGRAPH_COLUMNS - indent);
        (void)fprintf(to, "%*s%.*s%s", (int)indent, "", n, rest, form->end);
        rest += n;
        rest += strspn(rest, " ");
        indent = form->indent + form->hang;
    }
    *p = (struct paragraph){.used = 0};
}

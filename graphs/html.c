/* SPDX-License-Identifier: MIT */
#include "graphs/html.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

bool html_init(struct html *h, struct error *err)
{
    *h = (struct html){0};
    h->to = open_memstream(&h->text, &h->size);
    return h->to != NULL || error_errno(err, "writing a page");
}

bool html_finish(struct html *h, struct error *err)
{
    bool good = ferror(h->to) == 0;
    good = fclose(h->to) == 0 && good;
    h->to = NULL;
    return good || error_set(err, "no memory for a page of %zu octets", h->size);
}

void html_fini(struct html *h)
{
    if (h->to != NULL)
        (void)fclose(h->to);
    free(h->text);
    *h = (struct html){0};
}

void html_markup(struct html *h, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vfprintf(h->to, format, args);
    va_end(args);
}

static void put(FILE *to, unsigned char c)
{
    switch (c) {
    case '&':
        (void)fputs("&amp;", to);
        break;
    case '<':
        (void)fputs("&lt;", to);
        break;
    case '>':
        (void)fputs("&gt;", to);
        break;
    case '"':
        (void)fputs("&quot;", to);
        break;
    case '\'':
        (void)fputs("&#39;", to);
        break;
    default:
        if (c < ' ' || c == 127)
            (void)fputs("\xef\xbf\xbd", to); /* U+FFFD */
        else
            (void)fputc(c, to);
    }
}

static void put_escaped(FILE *to, const char *format, va_list args)
{
    char *text = NULL;
    if (vasprintf(&text, format, args) < 0)
        return;
    for (const char *c = text; *c != 0; c++)
        put(to, (unsigned char)*c);
    free(text);
}

void html_text(struct html *h, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    put_escaped(h->to, format, args);
    va_end(args);
}

void html_element(struct html *h, const char *open, const char *format, ...)
{
    va_list args;
    (void)fprintf(h->to, "<%s>", open);
    va_start(args, format);
    put_escaped(h->to, format, args);
    va_end(args);
    (void)fprintf(h->to, "</%.*s>", (int)strcspn(open, " "), open);
}

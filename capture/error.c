/* SPDX-License-Identifier: MIT */
#include "capture/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void append(struct error *err, const char *text)
{
    size_t used = strlen(err->text);
    (void)snprintf(err->text + used, sizeof err->text - used, "%s", text);
}

bool error_set(struct error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    err->kind = ERROR_OTHER;
    return false;
}

bool error_kind(struct error *err, enum error_kind kind)
{
    err->kind = kind;
    return false;
}

bool error_errno(struct error *err, const char *format, ...)
{
    int cause = errno;
    char words[128] = "";

    va_list args;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    append(err, ": ");
    append(err, strerror_r(cause, words, sizeof words));
    err->kind = ERROR_OTHER;
    return false;
}

bool error_prefix(struct error *err, const char *format, ...)
{
    struct error inner = *err;

    va_list args;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    append(err, ": ");
    append(err, inner.text);
    return false;
}

/* SPDX-License-Identifier: MIT */
#include "program/log.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 2048 };

static const char *const words[] = {
        [LOG_IS_ERROR] = "error", [LOG_IS_WARNING] = "warning", [LOG_IS_NOTICE] = "notice",
        [LOG_IS_INFO] = "info",   [LOG_IS_DEBUG] = "debug",
};

/* systemd.exec(5): JOURNAL_STREAM is "device:inode" of the stream to the journal. */
static bool is_journal(int fd)
{
    const char *stream = getenv("JOURNAL_STREAM");
    char here[64];
    struct stat st;
    if (stream == NULL || fstat(fd, &st) != 0)
        return false;
    (void)snprintf(here, sizeof here, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    return strcmp(stream, here) == 0;
}

void log_init(struct log *l, int fd)
{
    *l = (struct log){.fd = fd, .journal = is_journal(fd), .least = LOG_IS_INFO};
}

static size_t write_head(const struct log *l, enum log_priority priority, char *line,
                         size_t size)
{
    char stamp[32];
    struct tm tm;
    time_t now = time(NULL);
    if (l->journal)
        return (size_t)snprintf(line, size, "<%d>", (int)priority);
    if (l->name != NULL)
        return (size_t)snprintf(line, size, "%s: %s", l->name,
                                priority == LOG_IS_WARNING ? "warning: " : "");
    if (gmtime_r(&now, &tm) == NULL || strftime(stamp, sizeof stamp, "%FT%TZ", &tm) == 0)
        stamp[0] = '\0';
    return (size_t)snprintf(line, size, "%s %s: ", stamp, words[priority]);
}

/* Always leaves room for the end of the line. */
static size_t append_escaped(char *line, size_t used, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text;
         *p != '\0' && used + 5 < LINE_BYTES; p++)
        used += (size_t)snprintf(line + used, LINE_BYTES - used,
                                 isprint(*p) || *p >= 0x80 ? "%c" : "\\x%02x", *p);
    return used;
}

__attribute__((format(printf, 3, 0))) static void
say(const struct log *l, enum log_priority priority, const char *format, va_list args)
{
    char text[LINE_BYTES / 2];
    char line[LINE_BYTES];
    if (priority > l->least)
        return;
    (void)vsnprintf(text, sizeof text, format, args);
    size_t used = append_escaped(line, write_head(l, priority, line, sizeof line), text);
    line[used++] = '\n';
    if (write(l->fd, line, used) < 0)
        return; /* nobody is left to be told */
}

#define SAY(priority)                   \
    do {                                \
        va_list args;                   \
        va_start(args, format);         \
        say(l, priority, format, args); \
        va_end(args);                   \
    } while (0)

void log_error(const struct log *l, const char *format, ...)
{
    SAY(LOG_IS_ERROR);
}

void log_warning(const struct log *l, const char *format, ...)
{
    SAY(LOG_IS_WARNING);
}

void log_notice(const struct log *l, const char *format, ...)
{
    SAY(LOG_IS_NOTICE);
}

void log_info(const struct log *l, const char *format, ...)
{
    SAY(LOG_IS_INFO);
}

void log_debug(const struct log *l, const char *format, ...)
{
    SAY(LOG_IS_DEBUG);
}

/* SPDX-License-Identifier: MIT */
#include "analysis/silence.h"

#include <string.h>
#include <time.h>

enum { TIME_CHARS = 16 };

/* strptime() takes "2026-2-30" and more for a time: what it read must give the same text. */
static bool parse_time(const char *text, int64_t *time_s)
{
    struct tm tm = {.tm_mday = 1};
    char again[TIME_CHARS + 1];
    const char *end = strptime(text, "%Y-%m-%dT%H:%M", &tm);
    if (end != text + TIME_CHARS)
        return false;
    *time_s = timegm(&tm);
    return strftime(again, sizeof again, "%Y-%m-%dT%H:%M", &tm) == TIME_CHARS &&
           memcmp(again, text, TIME_CHARS) == 0;
}

bool silence_parse(const char *text, struct silence *s)
{
    return strlen(text) == TIME_CHARS + 1 + TIME_CHARS && text[TIME_CHARS] == '/' &&
           parse_time(text, &s->from_s) && parse_time(text + TIME_CHARS + 1, &s->to_s) &&
           s->from_s < s->to_s;
}

static void format_time(int64_t time_s, char *to)
{
    time_t t = (time_t)time_s;
    struct tm tm = {.tm_mday = 1};
    (void)gmtime_r(&t, &tm);
    (void)strftime(to, TIME_CHARS + 1, "%Y-%m-%dT%H:%M", &tm);
}

const char *silence_format(const struct silence *s, char text[static SILENCE_TEXT_BYTES])
{
    format_time(s->from_s, text);
    text[TIME_CHARS] = '/';
    format_time(s->to_s, text + TIME_CHARS + 1);
    return text;
}

bool silences_cover(const struct silences *s, int64_t time_s)
{
    for (unsigned i = 0; s != NULL && i < s->spans; i++)
        if (time_s >= s->span[i].from_s && time_s < s->span[i].to_s)
            return true;
    return false;
}

/* SPDX-License-Identifier: MIT */
#include "program/moment.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

static const int64_t end_s = INT64_C(253402300800); /* of year 9999 */

static bool read_seconds(const char *text, int64_t *time_s)
{
    char *end;
    errno = 0;
    *time_s = strtoll(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0;
}

static bool read_date(const char *text, int64_t *time_s)
{
    struct tm tm = {0};
    const char *end = strptime(text, "%Y-%m-%d", &tm);
    if (end != NULL && (*end == ' ' || *end == 'T'))
        end = strptime(end + 1, "%H:%M", &tm);
    if (end == NULL || *end != '\0')
        return false;
    *time_s = timegm(&tm);
    return true;
}

bool moment_read(const char *text, int64_t *time_s)
{
    return (read_seconds(text, time_s) || read_date(text, time_s)) && *time_s > 0 &&
           *time_s < end_s;
}

const char *moment_format(int64_t time_s, char text[static MOMENT_TEXT_BYTES])
{
    time_t at = (time_t)time_s;
    struct tm utc;
    gmtime_r(&at, &utc);
    (void)strftime(text, MOMENT_TEXT_BYTES, "%Y-%m-%d %H:%M UTC", &utc);
    return text;
}

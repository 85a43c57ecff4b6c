/* SPDX-License-Identifier: MIT */
#include "graphs/figure.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NARROW "\u202f" /* a narrow space that does not break */

const char *figure_count(double count, char text[static FIGURE_BYTES])
{
    static const char *const unit[] = {"", NARROW "k", NARROW "M", NARROW "G", NARROW "T"};
    unsigned n = 0;
    for (; n < 4 && count >= (n == 0 ? 9999.5 : 999.5); n++)
        count /= 1000;
    (void)snprintf(text, FIGURE_BYTES, "%.*f%s", n > 0 && count < 9.95 ? 1 : 0, count, unit[n]);
    return text;
}

const char *figure_exact(uint64_t count, char text[static FIGURE_BYTES])
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, count);
    char *to = text;
    for (int i = 0; i < length; i++) {
        if (i > 0 && length > 4 && (length - i) % 3 == 0)
            to = stpcpy(to, NARROW);
        *to++ = digits[i];
    }
    *to = 0;
    return text;
}

/* Digits behind the point: as many as tell something. */
static int digits_of(double value)
{
    return fabs(value) >= 9.95 || value == 0 ? 0 : fabs(value) >= .095 ? 1 : 2;
}

const char *figure_rate(double qps, char text[static FIGURE_BYTES])
{
    (void)snprintf(text, FIGURE_BYTES, "%.*f", digits_of(qps), qps);
    return text;
}

const char *figure_change(double qps, char text[static FIGURE_BYTES])
{
    if (qps == 0)
        return memcpy(text, "0", 2);
    (void)snprintf(text, FIGURE_BYTES, "%s%.*f", qps < 0 ? "\u2212" : "+", digits_of(qps),
                   fabs(qps));
    return text;
}

const char *figure_share(double share, char text[static FIGURE_BYTES])
{
    double percent = 100 * share;
    (void)snprintf(text, FIGURE_BYTES, "%.*f" NARROW "%%", percent < 9.95 && percent > 0,
                   percent);
    return text;
}

const char *figure_time(int64_t time_s, char text[static FIGURE_BYTES])
{
    char rest[32] = "";
    struct tm tm;
    time_t t = time_s;
    gmtime_r(&t, &tm);
    (void)strftime(rest, sizeof rest, "%b %Y %H:%M", &tm);
    (void)snprintf(text, FIGURE_BYTES, "%d %s", tm.tm_mday, rest);
    return text;
}

static void two(char text[static FIGURE_BYTES], int64_t whole, const char *unit, int64_t part,
                const char *small)
{
    if (part == 0)
        (void)snprintf(text, FIGURE_BYTES, "%" PRId64 NARROW "%s", whole, unit);
    else
        (void)snprintf(text, FIGURE_BYTES, "%" PRId64 NARROW "%s %" PRId64 NARROW "%s", whole,
                       unit, part, small);
}

const char *figure_lasting(int64_t length_s, char text[static FIGURE_BYTES])
{
    int64_t minutes = (length_s + 30) / 60;
    if (length_s < 90)
        two(text, length_s, "s", 0, "");
    else if (minutes < 120)
        two(text, minutes, "min", 0, "");
    else if (minutes < INT64_C(48) * 60)
        two(text, minutes / 60, "h", minutes % 60, "min");
    else
        two(text, minutes / 1440, "days", minutes % 1440 / 60, "h");
    return text;
}

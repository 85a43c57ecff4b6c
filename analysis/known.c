/* SPDX-License-Identifier: MIT */
#include "analysis/known.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool parse_rate(const char *text, double *rate)
{
    char *end;
    if (strspn(text, "0123456789.") != strlen(text) || *text == '\0')
        return false;
    *rate = strtod(text, &end);
    return *end == '\0' && *rate <= 1e9;
}

bool known_parse(const char *text, struct known_source *s)
{
    char prefix[PREFIX_TEXT_BYTES];
    size_t length = strcspn(text, "=");
    if (length >= sizeof prefix)
        return false;
    memcpy(prefix, text, length);
    prefix[length] = '\0';
    s->most_qps = (double)INFINITY;
    return prefix_parse(prefix, &s->prefix) &&
           prefix_length(s->prefix) <= (prefix_family(s->prefix) == 4 ? 24U : 48U) &&
           (text[length] == '\0' || parse_rate(text + length + 1, &s->most_qps));
}

const char *known_format(const struct known_source *s, char text[static KNOWN_TEXT_BYTES])
{
    char prefix[PREFIX_TEXT_BYTES];
    prefix_format(s->prefix, prefix);
    if (isinf(s->most_qps))
        (void)snprintf(text, KNOWN_TEXT_BYTES, "%s", prefix);
    else
        (void)snprintf(text, KNOWN_TEXT_BYTES, "%s=%.10g", prefix, s->most_qps);
    return text;
}

bool known_allows(const struct known *k, struct prefix p, double rate_qps)
{
    const struct known_source *longest = NULL;
    for (const struct known_source *s = k->source; s < k->source + k->sources; s++)
        if (prefix_contains(s->prefix, p) &&
            (longest == NULL || prefix_length(s->prefix) > prefix_length(longest->prefix)))
            longest = s;
    return longest != NULL && rate_qps <= longest->most_qps;
}

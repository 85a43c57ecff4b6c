/* SPDX-License-Identifier: MIT */
#include "analysis/json.h"

#include <math.h>
#include <string.h>

bool json_read_i64(const json_t *object, const char *key, int64_t *to)
{
    const json_t *v = json_object_get(object, key);
    if (v == NULL)
        return true;
    if (!json_is_integer(v))
        return false;
    *to = json_integer_value(v);
    return true;
}

bool json_read_u64(const json_t *object, const char *key, uint64_t *to)
{
    int64_t v = (int64_t)*to;
    if (!json_read_i64(object, key, &v) || v < 0)
        return false;
    *to = (uint64_t)v;
    return true;
}

bool json_read_u32(const json_t *object, const char *key, uint32_t *to)
{
    uint64_t v = *to;
    if (!json_read_u64(object, key, &v) || v > UINT32_MAX)
        return false;
    *to = (uint32_t)v;
    return true;
}

bool json_read_double(const json_t *object, const char *key, double *to)
{
    const json_t *v = json_object_get(object, key);
    if (v == NULL)
        return true;
    if (!json_is_number(v) && !json_is_null(v))
        return false;
    *to = json_is_null(v) ? (double)NAN : json_number_value(v);
    return true;
}

bool json_read_text(const json_t *object, const char *key, char *to, size_t size)
{
    const json_t *v = json_object_get(object, key);
    if (v == NULL)
        return true;
    if (!json_is_string(v) || json_string_length(v) >= size)
        return false;
    memcpy(to, json_string_value(v), json_string_length(v) + 1);
    return true;
}

bool json_read_bool(const json_t *object, const char *key, bool *to)
{
    const json_t *v = json_object_get(object, key);
    if (v == NULL)
        return true;
    *to = json_is_true(v);
    return json_is_boolean(v);
}

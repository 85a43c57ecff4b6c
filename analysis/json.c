/* SPDX-License-Identifier: MIT */
#include "analysis/json.h"

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

bool json_to_u64(const json_t *value, uint64_t *to)
{
    json_int_t v = json_integer_value(value);
    if (!json_is_integer(value) || v < 0 || v > JSON_COUNT_MAX)
        return false;
    *to = (uint64_t)v;
    return true;
}

bool json_to_u32(const json_t *value, uint32_t *to)
{
    uint64_t v;
    if (!json_to_u64(value, &v) || v > UINT32_MAX)
        return false;
    *to = (uint32_t)v;
    return true;
}

bool json_to_time(const json_t *value, int64_t *to)
{
    json_int_t v = json_integer_value(value);
    if (!json_is_integer(value) || v < 0 || v > JSON_TIME_MAX)
        return false;
    *to = v;
    return true;
}

/* NaN is within no bounds. */
bool json_to_number(const json_t *value, double least, double most, double *to)
{
    double v = json_number_value(value);
    if (!json_is_number(value) || !(v >= least && v <= most))
        return false;
    *to = v;
    return true;
}

bool json_to_quantity(const json_t *value, double *to)
{
    return json_to_number(value, 0, JSON_QUANTITY_MAX, to);
}

bool json_read_u64(const json_t *object, const char *key, uint64_t *to)
{
    const json_t *v = json_object_get(object, key);
    return v == NULL || json_to_u64(v, to);
}

bool json_read_u32(const json_t *object, const char *key, uint32_t *to)
{
    const json_t *v = json_object_get(object, key);
    return v == NULL || json_to_u32(v, to);
}

bool json_read_time(const json_t *object, const char *key, int64_t *to)
{
    const json_t *v = json_object_get(object, key);
    return v == NULL || json_to_time(v, to);
}

bool json_read_quantity(const json_t *object, const char *key, double *to)
{
    const json_t *v = json_object_get(object, key);
    return v == NULL || json_to_quantity(v, to);
}

/* U+0080 to U+009F are control characters, too. */
static bool is_harmless(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;
    for (; *c != '\0'; c++)
        if (*c < ' ' || *c == 0x7f || (*c == 0xc2 && c[1] < 0xa0))
            return false;
    return true;
}

bool json_read_text(const json_t *object, const char *key, char *to, size_t size)
{
    const json_t *v = json_object_get(object, key);
    if (v == NULL)
        return true;
    if (!json_is_string(v) || json_string_length(v) >= size ||
        !is_harmless(json_string_value(v)))
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

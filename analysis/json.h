/*
 * Reading back the JSON objects that we write ourselves: each function takes one member of an
 * object, checks its type, and leaves the target alone when the member is not there.
 *
 * A store may be damaged, or edited by hand.  So every number is held against bounds that
 * nothing real comes near, and within which sums, differences and casts are what they seem:
 * what was read may be wrong, but never NaN, infinite, negative, or beyond what an integer
 * holds.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Seconds since 1970 that 64 bits hold as nanoseconds: until 2262. */
#define JSON_TIME_MAX     INT64_C(9223372036)
#define JSON_COUNT_MAX    (INT64_C(1) << 53)
#define JSON_QUANTITY_MAX 1e12

/* 0 to JSON_COUNT_MAX; false: there, but of another type or out of range. */
bool json_read_u64(const json_t *object, const char *key, uint64_t *to);
bool json_read_u32(const json_t *object, const char *key, uint32_t *to);
bool json_read_i64(const json_t *object, const char *key, int64_t *to);
/* 0 to JSON_TIME_MAX. */
bool json_read_time(const json_t *object, const char *key, int64_t *to);
/* 0 to JSON_QUANTITY_MAX: rates, shares, sums, seconds. */
bool json_read_quantity(const json_t *object, const char *key, double *to);
/* Without control characters. */
bool json_read_text(const json_t *object, const char *key, char *to, size_t size);
bool json_read_bool(const json_t *object, const char *key, bool *to);

/* The same of a value of its own, which has to be there. */
bool json_to_u64(const json_t *value, uint64_t *to);
bool json_to_u32(const json_t *value, uint32_t *to);
bool json_to_time(const json_t *value, int64_t *to);
bool json_to_number(const json_t *value, double least, double most, double *to);
bool json_to_quantity(const json_t *value, double *to);

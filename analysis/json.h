/*
 * Reading back the JSON objects that we write ourselves: each function takes one member of an
 * object, checks its type, and leaves the target alone when the member is not there.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Not negative; false: there, but of another type or out of range. */
bool json_read_u64(const json_t *object, const char *key, uint64_t *to);
bool json_read_u32(const json_t *object, const char *key, uint32_t *to);
bool json_read_i64(const json_t *object, const char *key, int64_t *to);
bool json_read_double(const json_t *object, const char *key, double *to); /* null: NAN */
bool json_read_text(const json_t *object, const char *key, char *to, size_t size);
bool json_read_bool(const json_t *object, const char *key, bool *to);

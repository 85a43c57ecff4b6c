/*
 * Zeroed memory for large tables, straight from the system: it costs what is touched of it.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* `huge`: in pages of 2 MiB where the system has them, for what is read at random; NULL: no
 * memory. */
void *region_reserve(size_t bytes, bool huge);
void region_release(void *p, size_t bytes); /* NULL is fine; `bytes` as they were reserved */

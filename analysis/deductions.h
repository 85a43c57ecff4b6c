/*
 * How many queries to take off the names of one interval: those of open incidents' prefixes.
 *
 * Open addressing, cleared by what was touched.  Where it is full, less is taken off.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "capture/error.h"

#include <stdint.h>

struct deductions; /* private */

struct deductions *deductions_create(struct error *err);
void deductions_free(struct deductions *d); /* NULL is fine */
void deductions_clear(struct deductions *d);
void deductions_add(struct deductions *d, uint64_t key, double queries); /* key not 0 */
double deductions_of(const struct deductions *d, uint64_t key);

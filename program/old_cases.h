/*
 * Removes what was written of incidents that have been closed for long: their case files with
 * their evidence, and their pages.
 *
 * What goes is a whole directory FOLDER/ID, where the store knows the incident and that it
 * closed before then.  Of open incidents, and of names that the store does not know, nothing is
 * touched; nor is a case that somebody is making just now (its lock), until the next time.
 * Symbolic links are removed, never followed.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/store.h"

enum { OLD_CASES_AT_ONCE = 64 }; /* the others the next time */

/* `removed` counts them, also where one of them fails: then err says the first. */
bool old_cases_remove(const char *folder, struct store *s, int64_t before_s, unsigned *removed,
                      struct error *err);

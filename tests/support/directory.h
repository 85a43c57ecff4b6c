/* SPDX-License-Identifier: MIT */
/* A directory of a test's own, under TMPDIR or /tmp, removed with all that is in it. */
#pragma once

#include <stdbool.h>

enum { DIRECTORY_BYTES = 256 };

void directory_make(char path[static DIRECTORY_BYTES]); /* aborts where it cannot */
void directory_remove(const char *path);
/* Whether some file below has a name that ends so. */
bool directory_holds(const char *path, const char *ending);

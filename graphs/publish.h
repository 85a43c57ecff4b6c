/* SPDX-License-Identifier: MIT */
/*
 * Files for others to read: each is whole or as it was before, whatever happens meanwhile.
 * It is written aside, brought to the disk and renamed.
 */
#pragma once

#include "capture/error.h"

#include <stddef.h>

enum { PUBLISH_PATH_BYTES = 1200 };

/* `name` may lie in directories below `directory`; those that are missing are made. */
bool publish_file(const char *directory, const char *name, const void *bytes, size_t size,
                  struct error *err);
bool publish_exists(const char *directory, const char *name);

/* The table of origins that a command was given as a file. */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/origins.h"

/* NULL: err says the file and what is wrong with it. */
struct origins *origins_file_read(const char *path, struct error *err);

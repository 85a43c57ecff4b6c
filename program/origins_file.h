/* The table of origins that a command was given as a file. */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/origins.h"

/* Shows how far it is where standard error is a terminal.  NULL: err says the file and why. */
struct origins *origins_file_read(const char *path, struct error *err);

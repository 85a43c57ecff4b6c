/* The table of origins that a command was given as a file. */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/origins.h"

/* Shows how far it is where standard error is a terminal.  NULL: err says the file and why. */
struct origins *origins_file_read(const char *path, struct error *err);

/* The same; a path of NULL is libloc's database, an error where that is not installed. */
struct origins *origins_file_default(const char *path, struct error *err);
/* The same with the countries that it knows; see origins_read_countries(). */
struct origins *origins_file_countries(const char *path, struct error *err);
bool origins_file_has_default(void);

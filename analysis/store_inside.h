/* The database beneath a store, for the modules that keep tables of their own in it. */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/store.h"

#include <sqlite3.h>

sqlite3 *store_database(struct store *s);

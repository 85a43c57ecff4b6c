/*
 * Unites stored sets of sources: all are read side by side, from front to back, in memory for
 * one item and one buffer of each (32 KiB), however large they are.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/source_set.h"

/*
 * Called for what all of the sets have, each once: every /24 in order, with its hosts, then
 * every IPv6 address; the other is NULL.  False: there is no memory.
 */
typedef bool source_union_function(void *argument, const struct source4 *ipv4,
                                   const struct source6 *ipv6);

/* The readers are fresh, and stay the caller's.  False: one of the sets cannot be read. */
bool source_union(struct source_reader *const *readers, unsigned count,
                  source_union_function *each, void *argument, struct error *err);

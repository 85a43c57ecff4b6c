/*
 * Which source prefixes were met before: one bit for each /24, and one of 2^21 for each /48.
 *
 * Two generations, each of a day: a prefix not met for one to two days is new again.  Sources
 * that are made up are new, those of a crowd are not; that tells a spoofed flood from one.
 * What comes while a flood is suspected is not to be noted, or the flood would make itself
 * known. 4.5 MiB.  Not saved: after a start it says nothing for an hour.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/prefix.h"
#include "capture/error.h"

struct novelty; /* private */

struct novelty *novelty_create(struct error *err);
void novelty_free(struct novelty *n); /* NULL is fine */

/* A day has begun: the older generation is forgotten. */
void novelty_turn(struct novelty *n);
void novelty_prefetch(const struct novelty *n, struct prefix p);
bool novelty_is_new(const struct novelty *n, struct prefix p);
void novelty_note(struct novelty *n, struct prefix p);
/* For as long as the flood lasts. */
void novelty_note_flood(struct novelty *n, struct prefix p);
void novelty_end_flood(struct novelty *n);

/*
 * Documents that nobody wrote: one that is right, with one value of it replaced.
 *
 * The places are the numbers, texts and truths of the document, in the order they are met; of a
 * list of lists or objects, those of the first two, as the others are alike.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <jansson.h>
#include <stdbool.h>

unsigned hostile_places(const json_t *document);
/* Takes `value`, and what it takes the place of is gone; false: there is no such place. */
bool hostile_replace(json_t *document, unsigned place, json_t *value);
/* Where that is, "/casebook/open/0/seen"; to be freed. */
char *hostile_path(const json_t *document, unsigned place);

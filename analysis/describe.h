/*
 * Puts an open incident into words and tables: what its event tells.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/case_file.h"

/*
 * Fills the incident's culprits, figures, types, hosts, names and summary from its dossier.  An
 * opening tells the whole dossier, a change what its window shows.
 */
void describe_incident(struct case_file *c, enum incident_state state,
                       const struct interval *interval, struct annotation *annotation);

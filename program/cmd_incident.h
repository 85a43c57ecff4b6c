/* `rootwatch incident case`; private to cmd_incident.c. */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "program/config.h"

/* Makes the case file again, prints it, and returns the exit status. */
int cmd_incident_case(const struct config *c, const char *state, const char *id, bool again,
                      bool json);

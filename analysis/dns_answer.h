/*
 * What answers of the DNS say about hosts, networks and ASes: those of lookup_dns.h, once they
 * are known to be answers to what was asked.  Their texts are hostile; what comes out is
 * bounded printable ASCII.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/investigation.h"

#include <ldns/ldns.h>

/* A name in presentation form; of a long one its end, which says whose it is. */
void dns_answer_name(const ldns_rdf *name, char to[static INVESTIGATION_NAME_BYTES]);
/* Whether the host's address is among the first addresses. */
bool dns_answer_has_address(const ldns_pkt *answer, const struct investigation_host *h);

/*
 * Who announces the prefix, of several announcements that cover it the longest: TXT as Team
 * Cymru has it, "23028 | 216.90.108.0/24 | US | arin | 1998-09-25", or RouteViews, in three
 * strings "21529" "207.244.0.0" "18".  False: it does not say; `to` is as it was.
 */
bool dns_answer_origin(const ldns_pkt *answer, struct prefix of, struct investigation_dns *to);
/* The name of an AS: "23028 | US | arin | 2002-01-04 | TEAM-CYMRU, US".  False: it has none. */
bool dns_answer_as_name(const ldns_pkt *answer, struct investigation_as *to);

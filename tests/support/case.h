/* SPDX-License-Identifier: MIT */
/*
 * The published case of January 2005, made again as minutes, hours and events of a store.
 *
 * 3157 queries/s with a daily wave; from 18 January 12:00 UTC 207.244.46.0/24 sends 960
 * queries/s, mostly MX; from 19 January 00:00 1700 queries/s, with AAAA and A6; it ends on 20
 * January 15:00.  On the 17th the mirror was silent for 40 minutes, on the 20th frames were
 * lost.  Always the same numbers: noise comes from the time.
 */
#pragma once

#include "analysis/store.h"

#define CASE_FROM_S   INT64_C(1105920000)                /* 17 January 2005 00:00 UTC */
#define CASE_TO_S     (CASE_FROM_S + 4 * INT64_C(86400)) /* 21 January */
#define CASE_BEGAN_S  (CASE_FROM_S + 36 * INT64_C(3600)) /* 18 January 12:00 */
#define CASE_SECOND_S (CASE_FROM_S + 48 * INT64_C(3600)) /* 19 January 00:00 */
#define CASE_ENDED_S  (CASE_FROM_S + 87 * INT64_C(3600)) /* 20 January 15:00 */
#define CASE_GAP_S    (CASE_FROM_S + 5 * INT64_C(3600))  /* 17 January 05:00, 40 minutes */
#define CASE_ID       "2005-0118-1"

struct prefix case_culprit(void);       /* 207.244.46.0/24 */
struct prefix case_network(unsigned n); /* one of 20 ordinary sources, busiest first */

/* The minute that starts then; false: it was not captured. */
bool case_minute(int64_t start_s, struct minute *m);
/* Minutes and hours from <= time < to, and the incident with its events. */
bool case_fill(struct store *s, int64_t from_s, int64_t to_s, struct error *err);
bool case_events(struct store *s, struct error *err);

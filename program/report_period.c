/* SPDX-License-Identifier: MIT */
#include "program/report_period.h"

#include "program/moment.h"

#include <inttypes.h>
#include <stdio.h>

enum { MINUTE_S = 60, HOUR_S = 3600 };

void report_period_print(const char *before, const struct report_period *p, const char *after)
{
    char from[MOMENT_TEXT_BYTES], to[MOMENT_TEXT_BYTES];
    printf("%s%.16s - %s%s", before, moment_format(p->from_s, from), moment_format(p->to_s, to),
           after);
}

static uint64_t hours_of(const struct report_period *p)
{
    return (uint64_t)(p->to_s - p->from_s) / HOUR_S;
}

static uint64_t minutes_of(const struct report_period *p)
{
    return (uint64_t)(p->to_s - p->from_s) / MINUTE_S;
}

void report_period_stored(const struct report *r, const struct report_period *p)
{
    if (r->by != RANKING_BY_QTYPE)
        printf("%" PRIu64 " of %" PRIu64 " hours, ", p->hours, hours_of(p));
    printf("%" PRIu64 " of %" PRIu64 " minutes; captured in these %" PRIu64 " s.\n", p->minutes,
           minutes_of(p), p->captured_s);
}

/* What the table cannot know of its period. */
void report_period_missing(const struct report *r)
{
    const struct report_period *p = &r->now;
    printf("\nStored: ");
    report_period_stored(r, p);
    if (r->by != RANKING_BY_QTYPE && p->hours < hours_of(p))
        printf("Hours not captured or not stored, in no row and no total: %" PRIu64 ".\n",
               hours_of(p) - p->hours);
    if (p->minutes_apart > 0)
        printf("Minutes stored of these hours: %" PRIu64 ", with %" PRIu64 " queries.\n",
               p->minutes_apart, p->queries_apart);
    if (r->by == RANKING_BY_QTYPE && p->minutes < minutes_of(p))
        printf("Minutes not captured or not stored: %" PRIu64 ".\n",
               minutes_of(p) - p->minutes);
    if (p->hours_alone > 0)
        printf("Hours of which minutes are missing: %" PRIu64 ". Their total is that of %s.\n",
               p->hours_alone,
               r->by == RANKING_BY_NAME || r->by == RANKING_BY_TLD
                       ? "the hours' own counts"
                       : "their prefixes; what it leaves out is not known");
    if (p->undecoded + p->kernel_drops + p->interface_drops > 0)
        printf("Not counted: %" PRIu64 " frames not decoded, %" PRIu64
               " dropped by the kernel, %" PRIu64 " by the interface.\n",
               p->undecoded, p->kernel_drops, p->interface_drops);
}

json_t *report_period_json(const struct report *r, const struct report_period *p)
{
    json_t *j = json_pack(
            "{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:{s:I, s:I}}", "from", (json_int_t)p->from_s,
            "to", (json_int_t)p->to_s, "queries", (json_int_t)p->queries, "minutes",
            (json_int_t)p->minutes, "minutes_missing", (json_int_t)(minutes_of(p) - p->minutes),
            "captured_s", (json_int_t)p->captured_s, "undecoded", (json_int_t)p->undecoded,
            "drops", "kernel", (json_int_t)p->kernel_drops, "interface",
            (json_int_t)p->interface_drops);
    if (r->by == RANKING_BY_QTYPE)
        return j;
    json_object_set_new(j, "hours", json_integer((json_int_t)p->hours));
    json_object_set_new(j, "hours_missing", json_integer((json_int_t)(hours_of(p) - p->hours)));
    json_object_set_new(j, "hours_alone", json_integer((json_int_t)p->hours_alone));
    json_object_set_new(j, "minutes_apart", json_integer((json_int_t)p->minutes_apart));
    json_object_set_new(j, "queries_apart", json_integer((json_int_t)p->queries_apart));
    return j;
}

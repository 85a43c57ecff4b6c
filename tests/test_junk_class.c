/* SPDX-License-Identifier: MIT */
#include "analysis/incident.h"
#include "analysis/junk_class.h"
#include "analysis/minute.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <jansson.h>

Test(junk_class, names_the_leading_kind)
{
    uint64_t queries[JUNK_CLASSES] = {[JUNK_LEGITIMATE] = 90};
    cr_expect(eq(int, junk_leading(queries), JUNK_LEGITIMATE));
    queries[JUNK_REPEATED] = 4;
    queries[JUNK_IDENTICAL] = 4;
    cr_expect(eq(int, junk_leading(queries), JUNK_IDENTICAL));
    cr_expect(eq(u64, junk_sum(queries), 8));
}

Test(junk_class, tells_how_long_half_of_what_was_forgotten_was_kept)
{
    struct junk_counts c = {.forgotten = 0};
    struct junk_counts sum = {.forgotten = 0};
    cr_expect(eq(u64, junk_half_kept_s(&c), 0));
    c.forgotten = c.age[0] = 5;
    cr_expect(eq(u64, junk_half_kept_s(&c), 0));
    c.age[3] = 2;
    c.age[10] = 3;
    c.forgotten = 10;
    cr_expect(eq(u64, junk_half_kept_s(&c), 8));
    junk_counts_add(&sum, &c);
    c.age[10] += 4;
    c.forgotten += 4;
    cr_expect(eq(u64, junk_half_kept_s(&c), 1024));
    junk_counts_add(&sum, &c);
    cr_expect(eq(u64, sum.age[10], 10));
    cr_expect(eq(u64, junk_half_kept_s(&sum), 8));
}

Test(junk_class, splits_no_more_than_there_is)
{
    struct junk_counts c = {.unsplit = 100, .weight = {64, 32, 96}, .one_in = 32};
    c.queries[JUNK_REPEATED] = 7;
    struct junk_counts all = junk_split(&c);
    cr_expect(eq(u64, all.queries[JUNK_REFERRAL], 96));
    cr_expect(eq(u64, all.queries[JUNK_IDENTICAL], 2));
    cr_expect(eq(u64, all.queries[JUNK_REPEATED], 9));
    cr_expect(eq(u64, all.estimated, 100));
    c.weight[2] = 640;
    all = junk_split(&c);
    cr_expect(eq(u64, all.queries[JUNK_REFERRAL], 100));
    cr_expect(eq(u64, junk_sum(all.queries), 107));
    c = (struct junk_counts){.unsplit = 3, .one_in = 32};
    all = junk_split(&c);
    cr_expect(eq(u64, all.queries[JUNK_REPEATED], 3));
    struct junk_counts sum = all;
    junk_counts_add(&sum,
                    &(struct junk_counts){.unsplit = 5, .weight = {0, 0, 4}, .one_in = 4});
    cr_expect(eq(u64, sum.one_in, 32));
    cr_expect(eq(u64, junk_sum(junk_split(&sum).queries), 8));
    cr_expect(eq(u64, junk_split(&sum).estimated, 8));
}

static struct minute minute_with(uint64_t estimated, uint64_t one_in)
{
    struct minute m = {.start_s = 1106049600, .covered_s = 60, .queries = 1000};
    m.junk.queries[JUNK_REPEATED] = 600;
    m.junk.queries[JUNK_LEGITIMATE] = 400;
    m.junk.estimated = estimated;
    m.junk.one_in = one_in;
    m.usual_qps = m.spread_qps = 1;
    return m;
}

Test(junk_class, is_kept_in_a_minute_with_what_is_estimated_of_it)
{
    struct error err;
    struct minute sum;
    const struct minute first = minute_with(500, 8), second = minute_with(20, 2);
    json_t *json = minute_json(&first);
    cr_assert(minute_parse(json, &sum, &err), "%s", err.text);
    json_decref(json);
    minute_add(&sum, &second);
    cr_expect(eq(u64, sum.junk.queries[JUNK_REPEATED], 1200));
    cr_expect(eq(u64, sum.junk.estimated, 520));
    cr_expect(eq(u64, sum.junk.one_in, 8));
}

static const char *text_of(struct incident *i)
{
    static char text[INCIDENT_JUNK_BYTES];
    return incident_junk_text(i, text);
}

Test(junk_class, is_told_of_an_incident_with_what_is_estimated_of_it)
{
    static struct incident i;
    cr_expect(eq(ptr, (void *)text_of(&i), NULL));
    i.junk = (struct incident_junk){.judged = 100, .junk = 90};
    i.junk.classes.queries[JUNK_REFERRAL] = 80;
    i.junk.classes.queries[JUNK_INVALID_TLD] = 10;
    i.junk.classes.queries[JUNK_LEGITIMATE] = 10;
    cr_expect(eq(str, (char *)text_of(&i),
                 "90 % of these queries are junk, mostly referral not cached (80 %)"));
    i.junk.classes.estimated = 60;
    i.junk.classes.one_in = 4;
    cr_expect(eq(str, (char *)text_of(&i),
                 "90 % of these queries are junk, mostly referral not cached (about 80 %, "
                 "estimated)"));
    i.junk.classes.queries[JUNK_INVALID_TLD] = 200;
    cr_expect(eq(str, (char *)text_of(&i),
                 "90 % of these queries are junk, mostly invalid TLD (69 %)"));
}

Test(junk_class, is_in_an_event_with_what_is_estimated_of_it)
{
    static struct incident_event e = {.time_s = 1106049600}, back;
    struct error err;
    e.incident.junk = (struct incident_junk){.judged = 100, .junk = 90};
    e.incident.junk.classes.queries[JUNK_REPEATED] = 90;
    e.incident.junk.classes.estimated = 60;
    e.incident.junk.classes.one_in = 4;
    json_t *json = incident_event_json(&e);
    cr_assert(incident_event_parse(json, &back, &err), "%s", err.text);
    cr_expect(eq(u64, back.incident.junk.classes.queries[JUNK_REPEATED], 90));
    cr_expect(eq(u64, back.incident.junk.classes.estimated, 60));
    cr_expect(eq(u64, back.incident.junk.classes.one_in, 4));
    json_decref(json);
    incident_fini(&back.incident);
}

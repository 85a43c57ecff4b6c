/* SPDX-License-Identifier: MIT */
#include "analysis/habits.h"

#include "analysis/json.h"

#include <math.h>
#include <stdlib.h>

enum { DAY_S = 86400, TOLERANCE_S = 900, DAYS = 3, DAYS_NEEDED = 2 };

static const double larger = 3;

static bool is_of(const struct habit *h, const struct subject *s)
{
    return h->seen_s[0] != 0 && h->kind == s->kind && h->key == s->key && h->zone == s->zone;
}

static const struct habit *find(const struct habits *h, const struct subject *s)
{
    for (unsigned i = 0; i < HABITS; i++)
        if (is_of(&h->habit[i], s))
            return &h->habit[i];
    return NULL;
}

/* Whether it began at this hour, so many days ago. */
static bool was_seen(const struct habit *h, int64_t began_s, int days)
{
    for (unsigned i = 0; i < HABIT_TIMES; i++)
        if (h->seen_s[i] != 0 &&
            llabs(began_s - h->seen_s[i] - (int64_t)days * DAY_S) <= TOLERANCE_S)
            return true;
    return false;
}

bool habits_has(const struct habits *h, const struct subject *s, int64_t began_s,
                double rate_qps, int64_t lasting_s)
{
    const struct habit *habit = find(h, s);
    int seen = 0;
    if (habit == NULL || habit->peak_qps <= 0)
        return false;
    for (int days = 1; days <= DAYS; days++)
        seen += was_seen(habit, began_s, days);
    return seen >= DAYS_NEEDED && rate_qps <= larger * habit->peak_qps &&
           (double)lasting_s <= larger * (double)habit->longest_s + TOLERANCE_S;
}

static struct habit *place_for(struct habits *h, const struct subject *s)
{
    struct habit *oldest = &h->habit[0];
    for (unsigned i = 0; i < HABITS; i++) {
        if (is_of(&h->habit[i], s))
            return &h->habit[i];
        if (h->habit[i].seen_s[0] < oldest->seen_s[0])
            oldest = &h->habit[i];
    }
    *oldest = (struct habit){.kind = s->kind, .key = s->key, .zone = s->zone};
    return oldest;
}

void habits_note(struct habits *h, const struct subject *s, int64_t began_s)
{
    struct habit *to = place_for(h, s);
    for (unsigned i = HABIT_TIMES - 1; i > 0; i--)
        to->seen_s[i] = to->seen_s[i - 1];
    to->seen_s[0] = began_s;
}

void habits_measure(struct habits *h, const struct subject *s, double peak_qps,
                    int64_t lasted_s)
{
    struct habit *to = place_for(h, s);
    if (to->seen_s[0] == 0)
        return;
    to->peak_qps = fmax(to->peak_qps, peak_qps);
    to->longest_s = lasted_s > to->longest_s ? lasted_s : to->longest_s;
}

json_t *habits_json(const struct habits *h)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < HABITS; i++) {
        const struct habit *b = &h->habit[i];
        if (b->seen_s[0] != 0)
            json_array_append_new(
                    array, json_pack("{s:s, s:I, s:b, s:[I, I, I, I], s:f, s:I}", "kind",
                                     incident_kind_name(b->kind), "key", (json_int_t)b->key,
                                     "zone", b->zone, "seen", (json_int_t)b->seen_s[0],
                                     (json_int_t)b->seen_s[1], (json_int_t)b->seen_s[2],
                                     (json_int_t)b->seen_s[3], "peak", b->peak_qps, "longest",
                                     (json_int_t)b->longest_s));
    }
    return array;
}

static bool parse_habit(const json_t *json, struct habit *b)
{
    int64_t key = 0;
    if (!incident_kind_parse(json_string_value(json_object_get(json, "kind")), &b->kind) ||
        !json_read_i64(json, "key", &key) || !json_read_bool(json, "zone", &b->zone) ||
        !json_read_quantity(json, "peak", &b->peak_qps) ||
        !json_read_time(json, "longest", &b->longest_s))
        return false;
    b->key = (uint64_t)key;
    for (unsigned i = 0; i < HABIT_TIMES; i++)
        if (!json_to_time(json_array_get(json_object_get(json, "seen"), i), &b->seen_s[i]))
            return false;
    return true;
}

/* A state of an earlier release has none. */
bool habits_parse(const json_t *json, struct habits *h)
{
    for (size_t i = 0; i < json_array_size(json) && i < HABITS; i++)
        if (!parse_habit(json_array_get(json, i), &h->habit[i])) {
            *h = (struct habits){.habit = {{.kind = 0}}};
            return false;
        }
    return json == NULL || json_is_array(json);
}

/* SPDX-License-Identifier: MIT */
#include "analysis/baseline.h"

#include "analysis/json.h"

#include <math.h>

enum {
    HOUR_S = 3600,
    MINUTES_MIN = 10,      /* before anything is called usual */
    HOUR_MINUTES_MIN = 30, /* of an hour seen, for it to be learned */
    MEMORY_MINUTES = 30,   /* of the recent mean and of the level */
    SPREAD_MEMORY_MINUTES = 240,
    TIMES_MAX = INT32_MAX, /* that are taken up: counting on is safe for 4000 years */
};

static const double hour_gain = 0.3; /* weight of the newest of an hour's days or weeks */
static const double next_to_none_qps = 0.25;
static const double outlier_spread = 4; /* what is further off moves nothing by more */

/* 1970-01-01 was a Thursday. */
static unsigned hour_of_week(int64_t time_s)
{
    return (unsigned)((time_s / HOUR_S + 3 * BASELINE_DAY_HOURS) % BASELINE_WEEK_HOURS);
}

static double seasonal_hour(const struct baseline *b, unsigned week_hour)
{
    if (b->week[week_hour].times > 0)
        return b->week[week_hour].mean_qps;
    const struct baseline_hour *d = &b->day[week_hour % BASELINE_DAY_HOURS];
    return d->times > 0 ? d->mean_qps : (double)NAN;
}

/* Between the middles of the hours on both sides; NAN while one of them is unknown. */
static double seasonal(const struct baseline *b, int64_t time_s)
{
    int64_t since_middle = time_s - HOUR_S / 2;
    unsigned before = hour_of_week(since_middle);
    double along = (double)(since_middle % HOUR_S) / HOUR_S;
    double from = seasonal_hour(b, before);
    double to = seasonal_hour(b, (before + 1) % BASELINE_WEEK_HOURS);
    return from + (to - from) * along;
}

static double usual_at(const struct baseline *b, int64_t time_s)
{
    double s = seasonal(b, time_s);
    return isnan(s) ? b->recent_qps : s * b->level;
}

static void learn_hour(struct baseline_hour *h, double mean_qps)
{
    h->mean_qps += (h->times == 0 ? 1 : hour_gain) * (mean_qps - h->mean_qps);
    h->times++;
}

static void end_hour(struct baseline *b)
{
    if (b->hour_minutes >= HOUR_MINUTES_MIN) {
        double mean = b->hour_sum_qps / b->hour_minutes;
        unsigned hour = hour_of_week(b->hour_s);
        learn_hour(&b->week[hour], mean);
        learn_hour(&b->day[hour % BASELINE_DAY_HOURS], mean);
    }
    b->hour_sum_qps = 0;
    b->hour_minutes = 0;
}

/* The share of the newest minute in a mean with so long a memory, or of all there were. */
static double gain(uint32_t minutes, uint32_t memory)
{
    return 1.0 / (minutes < memory ? minutes : memory);
}

/* Moves towards the rate, but an outlier no further than its bound. */
static double bounded(const struct baseline *b, double rate_qps, double usual_qps)
{
    if (b->minutes < MINUTES_MIN)
        return rate_qps;
    double most = outlier_spread * sqrt(b->variance) + 0.01 * usual_qps;
    return fmin(fmax(rate_qps, usual_qps - most), usual_qps + most);
}

void baseline_learn(struct baseline *b, int64_t minute_s, double rate_qps)
{
    int64_t hour_s = minute_s - minute_s % HOUR_S;
    if (hour_s != b->hour_s)
        end_hour(b);
    b->hour_s = hour_s;
    b->hour_sum_qps += rate_qps;
    b->hour_minutes++;

    if (b->minutes++ == 0) {
        b->recent_qps = rate_qps;
        b->level = 1;
    }
    double usual = usual_at(b, minute_s);
    double off = rate_qps - usual;
    double off_bounded = bounded(b, rate_qps, usual) - usual;
    if (b->minutes > 1)
        b->variance += gain(b->minutes - 1, SPREAD_MEMORY_MINUTES) *
                       (off_bounded * off_bounded - b->variance);
    b->recent_qps += gain(b->minutes, MEMORY_MINUTES) * (usual + off - b->recent_qps);
    double s = seasonal(b, minute_s);
    if (!isnan(s) && s > 0)
        b->level += gain(b->minutes, MEMORY_MINUTES) * ((usual + off_bounded) / s - b->level);
    b->learned_s = minute_s;
}

static void forget_next_to_none(struct baseline_hour *hour, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (hour[i].mean_qps < next_to_none_qps)
            hour[i] = (struct baseline_hour){.times = 0};
}

void baseline_begin(struct baseline *b)
{
    forget_next_to_none(b->week, BASELINE_WEEK_HOURS);
    forget_next_to_none(b->day, BASELINE_DAY_HOURS);
    b->hour_sum_qps = b->recent_qps = b->level = b->variance = 0;
    b->hour_minutes = b->minutes = 0;
}

bool baseline_usual(const struct baseline *b, int64_t time_s, double *usual_qps,
                    double *spread_qps)
{
    if (b->minutes < MINUTES_MIN)
        return false;
    *usual_qps = usual_at(b, time_s);
    *spread_qps = sqrt(b->variance);
    return true;
}

static json_t *hours_json(const struct baseline_hour *hour, unsigned count)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < count; i++)
        json_array_append_new(array,
                              json_pack("[f, I]", hour[i].mean_qps, (json_int_t)hour[i].times));
    return array;
}

json_t *baseline_json(const struct baseline *b)
{
    return json_pack("{s:o, s:o, s:I, s:f, s:I, s:f, s:f, s:f, s:I, s:I}", "week",
                     hours_json(b->week, BASELINE_WEEK_HOURS), "day",
                     hours_json(b->day, BASELINE_DAY_HOURS), "hour", (json_int_t)b->hour_s,
                     "hour_sum", b->hour_sum_qps, "hour_minutes", (json_int_t)b->hour_minutes,
                     "recent", b->recent_qps, "level", b->level, "variance", b->variance,
                     "minutes", (json_int_t)b->minutes, "learned", (json_int_t)b->learned_s);
}

static bool parse_hours(const json_t *array, struct baseline_hour *hour, unsigned count)
{
    if (json_array_size(array) != count)
        return false;
    for (unsigned i = 0; i < count; i++) {
        const json_t *row = json_array_get(array, i);
        if (!json_to_quantity(json_array_get(row, 0), &hour[i].mean_qps) ||
            !json_to_u32(json_array_get(row, 1), &hour[i].times) || hour[i].times > TIMES_MAX)
            return false;
    }
    return true;
}

bool baseline_parse(const json_t *json, struct baseline *b, struct error *err)
{
    static const struct baseline none = {.level = 1};
    double spread_max = JSON_QUANTITY_MAX * JSON_QUANTITY_MAX;
    *b = none;
    if (parse_hours(json_object_get(json, "week"), b->week, BASELINE_WEEK_HOURS) &&
        parse_hours(json_object_get(json, "day"), b->day, BASELINE_DAY_HOURS) &&
        json_read_time(json, "hour", &b->hour_s) && b->hour_s % HOUR_S == 0 &&
        json_read_quantity(json, "hour_sum", &b->hour_sum_qps) &&
        json_read_u32(json, "hour_minutes", &b->hour_minutes) &&
        json_read_quantity(json, "recent", &b->recent_qps) &&
        json_read_quantity(json, "level", &b->level) &&
        json_to_number(json_object_get(json, "variance"), 0, spread_max, &b->variance) &&
        json_read_u32(json, "minutes", &b->minutes) && b->minutes <= TIMES_MAX &&
        b->hour_minutes <= b->minutes && json_read_time(json, "learned", &b->learned_s))
        return true;
    *b = none;
    return error_set(err, "a baseline is not as it was written");
}

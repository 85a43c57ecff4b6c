/* SPDX-License-Identifier: MIT */
#include "graphs/archive_past.h"

#include "graphs/series.h"

#include <math.h>
#include <stdlib.h>

enum { HOUR_S = 3600 };

bool archive_past_init(struct archive_past *p, struct prefix prefix, int64_t from_s,
                       int64_t to_s)
{
    p->prefix = prefix;
    p->from_s = from_s - from_s % HOUR_S;
    p->hours = (unsigned)((to_s - p->from_s + HOUR_S - 1) / HOUR_S);
    p->minute = calloc(60 * (size_t)p->hours, sizeof *p->minute);
    p->hour = calloc(p->hours, sizeof *p->hour);
    return p->minute != NULL && p->hour != NULL;
}

void archive_past_fini(struct archive_past *p)
{
    free(p->minute);
    free(p->hour);
}

void archive_past_minute(struct archive_past *p, const struct minute *m)
{
    size_t n = (size_t)(m->start_s - p->from_s) / ARCHIVE_STEP_S;
    struct archive_past_hour *hour = &p->hour[n / 60];
    double rate_qps = series_followed_value(0, m, p->prefix);

    for (size_t i = n; i < n + minute_reach(m) && i < 60 * (size_t)p->hours; i++)
        p->minute[i] = (struct archive_past_minute){
                (float)rate_qps, (float)series_followed_value(1, m, p->prefix), m->covered_s};
    hour->minutes = true;
    if (isnan(rate_qps))
        hour->open_s += m->covered_s;
    else
        hour->named += rate_qps * m->covered_s;
}

static bool past_hour(void *argument, int64_t hour_s, uint64_t queries)
{
    struct archive_past *p = argument;
    p->hour[(hour_s - p->from_s) / HOUR_S].queries = (double)queries;
    return true;
}

bool archive_past_hours(struct archive_past *p, struct store *s, struct error *err)
{
    for (unsigned i = 0; i < p->hours; i++) {
        int64_t hour_s = p->from_s + (int64_t)i * HOUR_S;
        p->hour[i].queries = store_has_hour(s, hour_s) ? 0 : NAN;
    }
    return store_prefix_hours(s, p->prefix, p->from_s, p->from_s + (int64_t)p->hours * HOUR_S,
                              past_hour, p, err);
}

/* What the hour counted beyond the minutes that name the prefix, spread over the others. */
static double rest_qps(const struct archive_past_hour *h)
{
    double open_s = h->minutes ? h->open_s : HOUR_S;
    double rest = h->queries - h->named;
    return open_s <= 0 || rest < 0 ? 0 : rest / open_s;
}

bool archive_past_value(const struct archive_past *p, size_t n, double value[2])
{
    const struct archive_past_minute *m = &p->minute[n];
    const struct archive_past_hour *h = &p->hour[n / 60];
    bool named = m->covered_s > 0 && !isnan(m->rate_qps);

    if (h->minutes && m->covered_s == 0)
        return false;
    value[0] = named ? m->rate_qps : isnan(h->queries) ? NAN : rest_qps(h);
    value[1] = named ? m->hosts : value[0] == 0 ? 0 : NAN;
    return named || !isnan(value[0]);
}

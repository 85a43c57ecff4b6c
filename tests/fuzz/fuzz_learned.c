/*
 * What was learned, as a damaged store gives it: a right document with some values replaced.
 * Whatever it is, what follows from it can be written, and read again.
 */
/* SPDX-License-Identifier: MIT */
#include "tests/support/hostile.h"
#include "tests/support/traffic.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CHANGES = 4, CHANGE_BYTES = 11, ABSURD = 100000000 };

static const struct traffic_flow flood = {"203.0.113.7", 0, "mail.example.net", 15, 50};
static const struct traffic_flow names = {"192.0.%u.7", 200, "www.example.org", 1, 50};

static json_t *value_of(const uint8_t *bytes)
{
    int64_t integer;
    double real;
    memcpy(&integer, bytes + 1, sizeof integer);
    memcpy(&real, bytes + 1, sizeof real);
    switch (bytes[0] % 6) {
    case 0:
        return json_integer(integer);
    case 1:
        return json_integer(integer % ABSURD);
    case 2:
        return isfinite(real) ? json_real(real) : json_null();
    case 3:
        return json_real((double)integer / ABSURD);
    case 4:
        return json_object();
    default:
        return json_stringn_nocheck((const char *)bytes + 1,
                                    strnlen((const char *)bytes + 1, 8));
    }
}

static json_t *learn(struct traffic **t)
{
    *t = traffic_create(NULL, 1, 7);
    traffic_pass(*t, 900, NULL);
    traffic_pass(*t, 120, &flood);
    traffic_pass(*t, 1100, NULL);
    traffic_pass(*t, 60, &names);
    return aggregator_json((*t)->aggregator);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct traffic *t;
    static json_t *learned;
    static int64_t now_s;
    struct error err;
    if (t == NULL) {
        learned = learn(&t);
        now_s = t->now_s - t->now_s % 3600 + 3599;
    }
    t->now_s = now_s;
    json_t *state = json_deep_copy(learned);
    unsigned places = hostile_places(state);
    for (size_t at = 0; at + CHANGE_BYTES <= size && at < CHANGES * CHANGE_BYTES;
         at += CHANGE_BYTES) {
        json_t *value = value_of(data + at + 2);
        if (value != NULL)
            (void)hostile_replace(state, (data[at] << 8 | data[at + 1]) % places, value);
    }
    (void)traffic_resume(t, state, &err);
    json_decref(state);
    traffic_pass(t, 2, &flood);
    json_t *after = aggregator_json(t->aggregator);
    if (after == NULL)
        abort();
    (void)traffic_resume(t, after, &err);
    json_decref(after);
    return 0;
}

/*
 * A ranking as `rank` and `report` show it: a table for people, or the same as JSON.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "analysis/ranking.h"

#include <jansson.h>

enum { RANKING_TABLE_TOP = 20 };

struct ranking_table {
    const struct ranking_row *row;
    size_t rows, top;
    enum ranking_by by;
    const char *counted; /* title of the column of counts */
    bool origins; /* AS, announced prefix and name are known where they are known at all */
    struct ranking_totals totals;
    uint64_t rest;         /* of the totals: in no row, for the reason said */
    const char *rest_text; /* NULL: there is no such rest */
    bool before;           /* rows have the period before */
    double change_scale;   /* count / before x this: the change; 0: not to be compared */
};

/* Of --top: a number or "all". */
bool ranking_table_top(const char *text, size_t *top);

void ranking_table_print(const struct ranking_table *t);
/* NULL when memory is short. */
json_t *ranking_table_json(const struct ranking_table *t);
/* As one line; false: see err. */
bool ranking_table_dump(json_t *json, struct error *err); /* takes `json` over; NULL is fine */

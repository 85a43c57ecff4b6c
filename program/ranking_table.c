/* SPDX-License-Identifier: MIT */
#include "program/ranking_table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHANGE_BYTES = 24, KEY_BYTES = PREFIX_TEXT_BYTES };

/* From here on a change is told as a multiple. */
static const double change_large = 10;

bool ranking_table_top(const char *text, size_t *top)
{
    char *end;
    errno = 0;
    unsigned long n = strtoul(text, &end, 10);
    bool all = strcmp(text, "all") == 0;
    *top = all ? SIZE_MAX : n;
    return all || (*text >= '0' && *text <= '9' && *end == '\0' && errno == 0);
}

static double share(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : (double)part / (double)whole;
}

/* Of the queries of which that is known. */
static double junk_share(const struct ranking_row *row)
{
    return share(row->junk, row->judged);
}

static double change(const struct ranking_table *t, const struct ranking_row *row)
{
    return (double)row->count / (double)row->before * t->change_scale;
}

static bool has_as(const struct ranking_table *t, const struct ranking_row *row)
{
    return t->by != RANKING_BY_SOURCE || row->asn != 0;
}

static bool is_by_name(const struct ranking_table *t)
{
    return t->by == RANKING_BY_NAME || t->by == RANKING_BY_TLD;
}

static const char *key_of(const struct ranking_table *t, const struct ranking_row *row,
                          char text[static KEY_BYTES])
{
    switch (t->by) {
    case RANKING_BY_ASN:
        (void)snprintf(text, KEY_BYTES, "AS%" PRIu32, row->asn);
        return text;
    case RANKING_BY_PREFIX:
        return prefix_format(row->prefix, text);
    case RANKING_BY_COUNTRY:
        return row->country;
    case RANKING_BY_SOURCE:
        return prefix_format(row->source, text);
    case RANKING_BY_QTYPE:
    case RANKING_BY_NAME:
    case RANKING_BY_TLD:
        break;
    }
    return row->name;
}

/* ---- For people ------------------------------------------------------------------------ */

static void print_title(const struct ranking_table *t)
{
    printf("%4s  %8s  %6s  %12s", "rank", "cum %", "%", t->counted);
    if (is_by_name(t))
        printf("  %12s  %12s", "at least", "at most");
    if (t->change_scale > 0)
        printf("  %8s", "change");
    if (t->totals.judged > 0)
        printf("  %6s", "junk %");
    if (t->by == RANKING_BY_SOURCE)
        printf("  %-20s", "prefix");
    if (t->by == RANKING_BY_QTYPE)
        printf("  type");
    if (is_by_name(t))
        printf("  name");
    if (t->by == RANKING_BY_COUNTRY)
        printf("  country");
    if (t->origins)
        printf("  %-12s  %-20s  name", "AS", t->by == RANKING_BY_ASN ? "leading CIDR" : "CIDR");
    putchar('\n');
}

static void print_change(const struct ranking_table *t, const struct ranking_row *row)
{
    char text[CHANGE_BYTES] = "new";
    if (is_by_name(t))
        (void)snprintf(text, sizeof text, "-"); /* it did not lead, which is not to say new */
    if (row->before > 0 && change(t, row) >= change_large)
        (void)snprintf(text, sizeof text, "x %.0f", change(t, row));
    else if (row->before > 0)
        (void)snprintf(text, sizeof text, "%+.0f %%", 100 * (change(t, row) - 1));
    printf("  %8s", text);
}

static void print_junk(const struct ranking_table *t, uint64_t judged, uint64_t junk)
{
    if (t->totals.judged == 0)
        return;
    if (judged == 0)
        printf("  %6s", "-");
    else
        printf("  %6.1f", 100 * share(junk, judged));
}

static void print_origin(const struct ranking_table *t, const struct ranking_row *row)
{
    char prefix[PREFIX_TEXT_BYTES] = "", asn[16];
    (void)snprintf(asn, sizeof asn, "AS%" PRIu32, row->asn);
    if (row->prefix.bits != 0)
        prefix_format(row->prefix, prefix);
    printf("  %-12s  %-20s  %s",
           has_as(t, row)  ? asn
           : row->unrouted ? "unrouted"
                           : "unknown",
           prefix, row->name == NULL ? "" : row->name);
}

static void print_row(const struct ranking_table *t, size_t i, uint64_t cumulative)
{
    const struct ranking_row *row = &t->row[i];
    char key[KEY_BYTES];
    printf("%4zu  %8.2f  %6.2f  %12" PRIu64, i + 1, 100 * share(cumulative, t->totals.count),
           100 * share(row->count, t->totals.count), row->count);
    if (is_by_name(t))
        printf("  %12" PRIu64 "  %12" PRIu64, row->at_least, row->at_most);
    if (t->change_scale > 0)
        print_change(t, row);
    print_junk(t, row->judged, row->junk);
    if (t->by == RANKING_BY_SOURCE)
        printf("  %-20s", key_of(t, row, key));
    if (t->by == RANKING_BY_QTYPE || t->by == RANKING_BY_COUNTRY || is_by_name(t))
        printf("  %s", key_of(t, row, key));
    if (t->origins)
        print_origin(t, row);
    putchar('\n');
}

static void print_blank(const struct ranking_table *t)
{
    if (is_by_name(t))
        printf("  %12s  %12s", "", "");
    if (t->change_scale > 0)
        printf("  %8s", "");
}

static void print_rest(const struct ranking_table *t, const char *what, uint64_t count)
{
    if (count == 0)
        return;
    printf("%14s  %6.2f  %12" PRIu64, "", 100 * share(count, t->totals.count), count);
    print_blank(t);
    if (t->totals.judged > 0)
        printf("  %6s", "");
    printf("  %s\n", what);
}

static void print_more(const struct ranking_table *t)
{
    char what[48];
    uint64_t count = 0;
    if (t->rows <= t->top)
        return;
    for (size_t i = t->top; i < t->rows; i++)
        count += t->row[i].count;
    (void)snprintf(what, sizeof what, "%zu more", t->rows - t->top);
    print_rest(t, what, count);
}

void ranking_table_print(const struct ranking_table *t)
{
    bool rows = t->by == RANKING_BY_SOURCE; /* these have rows of their own */
    uint64_t cumulative = 0;
    print_title(t);
    for (size_t i = 0; i < t->rows && i < t->top; i++) {
        cumulative += t->row[i].count;
        print_row(t, i, cumulative);
    }
    print_more(t);
    if (!rows) {
        print_rest(t, "unrouted: nobody announced them", t->totals.unrouted);
        print_rest(t,
                   t->by == RANKING_BY_COUNTRY ? "unknown: the table has no country for them"
                                               : "unknown: not in the table",
                   t->totals.unknown);
    }
    if (t->rest_text != NULL)
        print_rest(t, t->rest_text, t->rest);
    printf("%14s  %6s  %12" PRIu64, "", "", t->totals.count);
    print_blank(t);
    print_junk(t, t->totals.judged, t->totals.junk);
    printf("  in all\n");
}

/* ---- For programs ---------------------------------------------------------------------- */

static void set_origin(const struct ranking_table *t, json_t *j, const struct ranking_row *row)
{
    char prefix[PREFIX_TEXT_BYTES];
    if (has_as(t, row))
        json_object_set_new(j, "asn", json_integer(row->asn));
    else
        json_object_set_new(j, "origin", json_string(row->unrouted ? "unrouted" : "unknown"));
    if (row->prefix.bits != 0)
        json_object_set_new(j, "prefix", json_string(prefix_format(row->prefix, prefix)));
    if (row->name != NULL)
        json_object_set_new(j, "name", json_string(row->name));
}

static void set_bounds(const struct ranking_table *t, json_t *j, const struct ranking_row *row)
{
    json_object_set_new(j, "at_least", json_integer((json_int_t)row->at_least));
    json_object_set_new(j, "at_most", json_integer((json_int_t)row->at_most));
    if (t->before)
        json_object_set_new(j, "before_at_most", json_integer((json_int_t)row->before_at_most));
}

static json_t *row_json(const struct ranking_table *t, size_t i, uint64_t cumulative)
{
    const struct ranking_row *row = &t->row[i];
    char key[KEY_BYTES];
    json_t *j = json_pack("{s:I, s:s}", "rank", (json_int_t)i + 1, "key", key_of(t, row, key));
    if (t->origins)
        set_origin(t, j, row);
    json_object_set_new(j, "count", json_integer((json_int_t)row->count));
    json_object_set_new(j, "share", json_real(share(row->count, t->totals.count)));
    json_object_set_new(j, "cumulative", json_real(share(cumulative, t->totals.count)));
    if (is_by_name(t))
        set_bounds(t, j, row);
    if (t->before)
        json_object_set_new(j, "before", json_integer((json_int_t)row->before));
    if (row->judged > 0)
        json_object_set_new(j, "junk", json_real(junk_share(row)));
    if (row->judged > 0 && row->judged < row->count)
        json_object_set_new(j, "judged", json_integer((json_int_t)row->judged));
    if (t->change_scale > 0 && row->before > 0)
        json_object_set_new(j, "change", json_real(change(t, row) - 1));
    return j;
}

json_t *ranking_table_json(const struct ranking_table *t)
{
    json_t *list = json_array();
    uint64_t cumulative = 0;
    for (size_t i = 0; i < t->rows && i < t->top; i++) {
        cumulative += t->row[i].count;
        json_array_append_new(list, row_json(t, i, cumulative));
    }
    json_t *j = json_pack("{s:o, s:I, s:I, s:I, s:I}", "rows", list, "total",
                          (json_int_t)t->totals.count, "unknown", (json_int_t)t->totals.unknown,
                          "unrouted", (json_int_t)t->totals.unrouted, "left_out",
                          (json_int_t)(t->rows > t->top ? t->rows - t->top : 0));
    if (t->totals.judged > 0) {
        json_object_set_new(j, "junk", json_integer((json_int_t)t->totals.junk));
        json_object_set_new(j, "judged", json_integer((json_int_t)t->totals.judged));
    }
    if (t->rest_text != NULL)
        json_object_set_new(j, "rest", json_integer((json_int_t)t->rest));
    return j;
}

bool ranking_table_dump(json_t *json, struct error *err)
{
    errno = 0;
    bool good = json != NULL &&
                json_dumpf(json, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9)) == 0 &&
                putchar('\n') != EOF;
    if (json == NULL)
        error_set(err, "no memory for the table");
    else if (!good)
        error_errno(err, "standard output");
    json_decref(json);
    return good;
}

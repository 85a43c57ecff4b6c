/* SPDX-License-Identifier: MIT */
#include "program/top_view.h"

#include "graphs/figure.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    ROWS_MAX = 1024, /* different keys in all intervals held; more are left out */
    SHOWN_MAX = 20,
    TYPES_SHOWN = 8,
    LINES_FEW = 24,
    TEXT_BYTES = 128,
};

/* How a line is shown: its first octet, which no text of ours begins with. */
enum style { PLAIN = 1, BOLD, ALARM };

/* A key of a list, or of an object, summed over the intervals. */
struct ranked {
    const char *key;
    double queries, junk, hosts;
    const json_t *row; /* the newest; NULL: of an object */
};

struct ranking {
    struct ranked row[ROWS_MAX];
    unsigned count;
};

bool top_view_add(struct top_view *v, json_t *status)
{
    double time_s = json_number_value(json_object_get(status, "time"));
    const json_t *last = v->held == 0 ? NULL : v->status[v->held - 1];
    if (last != NULL && json_number_value(json_object_get(last, "time")) == time_s)
        return false;
    if (v->held == v->over) {
        json_decref(v->status[0]);
        memmove(v->status, v->status + 1, --v->held * sizeof *v->status);
    }
    v->status[v->held++] = status;
    return true;
}

void top_view_fini(struct top_view *v)
{
    while (v->held > 0)
        json_decref(v->status[--v->held]);
}

int64_t top_view_time(const struct top_view *v)
{
    static const double latest_s = 253402300799; /* the year 9999 */
    if (v->held == 0)
        return 0;
    double time_s = json_number_value(json_object_get(v->status[v->held - 1], "time"));
    return time_s >= 0 && time_s <= latest_s ? (int64_t)time_s : 0;
}

/* ---- Sums over the intervals ----------------------------------------------------------- */

static double sum_of(const struct top_view *v, const char *key)
{
    double sum = 0;
    for (unsigned i = 0; i < v->held; i++)
        sum += json_number_value(json_object_get(v->status[i], key));
    return sum;
}

static double sum_within(const struct top_view *v, const char *object, const char *key)
{
    double sum = 0;
    for (unsigned i = 0; i < v->held; i++)
        sum += json_number_value(json_object_get(json_object_get(v->status[i], object), key));
    return sum;
}

static double seconds_of(const struct top_view *v)
{
    double seconds = sum_of(v, "length_s");
    return seconds > 0 ? seconds : 1;
}

static double share_of(double part, double all)
{
    return all > 0 ? part / all : 0;
}

static struct ranked *row_of(struct ranking *r, const char *key)
{
    for (unsigned i = 0; i < r->count; i++)
        if (strcmp(r->row[i].key, key) == 0)
            return &r->row[i];
    if (r->count == ROWS_MAX)
        return NULL;
    r->row[r->count] = (struct ranked){.key = key};
    return &r->row[r->count++];
}

static void add_row(struct ranking *r, const char *name, const json_t *row)
{
    const char *key = json_string_value(json_object_get(row, name));
    struct ranked *to = key == NULL ? NULL : row_of(r, key);
    if (to == NULL)
        return;
    double hosts = json_number_value(json_object_get(row, "hosts"));
    to->queries += json_number_value(json_object_get(row, "queries"));
    to->junk += json_number_value(json_object_get(row, "junk"));
    to->hosts = hosts > to->hosts ? hosts : to->hosts;
    to->row = row;
}

static int by_queries(const void *a, const void *b)
{
    const struct ranked *x = a;
    const struct ranked *y = b;
    if (x->queries != y->queries)
        return x->queries < y->queries ? 1 : -1;
    return strcmp(x->key, y->key);
}

static void rank_list(const struct top_view *v, const char *list, const char *name,
                      struct ranking *r)
{
    size_t at;
    const json_t *row;
    r->count = 0;
    for (unsigned i = 0; i < v->held; i++)
        json_array_foreach(json_object_get(v->status[i], list), at, row) add_row(r, name, row);
    qsort(r->row, r->count, sizeof *r->row, by_queries);
}

static void rank_object(const struct top_view *v, const char *object, struct ranking *r)
{
    const char *key;
    json_t *value;
    r->count = 0;
    for (unsigned i = 0; i < v->held; i++)
        json_object_foreach(json_object_get(v->status[i], object), key, value)
        {
            struct ranked *to = row_of(r, key);
            if (to != NULL)
                to->queries += json_number_value(value);
        }
    qsort(r->row, r->count, sizeof *r->row, by_queries);
}

/* In plain ASCII, for columns. */
static const char *share_text(double part, double all, char text[static FIGURE_BYTES])
{
    double percent = 100 * share_of(part, all);
    (void)snprintf(text, FIGURE_BYTES, "%.*f %%", percent < 9.95, percent);
    return text;
}

/* ---- Lines ----------------------------------------------------------------------------- */

static void print_shares(const struct ranking *r, unsigned most, double all, FILE *to)
{
    char share[FIGURE_BYTES];
    for (unsigned i = 0; i < r->count && i < most && r->row[i].queries > 0; i++)
        fprintf(to, "  %s %s", r->row[i].key, share_text(r->row[i].queries, all, share));
}

static void print_head(const struct top_view *v, FILE *to)
{
    char text[TEXT_BYTES];
    const json_t *last = v->status[v->held - 1];
    time_t at = (time_t)top_view_time(v);
    struct tm utc;
    const char *site = json_string_value(json_object_get(last, "site"));
    gmtime_r(&at, &utc);
    (void)strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &utc);
    fprintf(to, "%crootwatch  %s  %s  mean of %.0f s\n", BOLD, site == NULL ? "" : site, text,
            seconds_of(v));
}

static void print_totals(const struct top_view *v, FILE *to)
{
    char now[FIGURE_BYTES];
    char usual[FIGURE_BYTES];
    const json_t *last = v->status[v->held - 1];
    double seconds = seconds_of(v);
    double qps = sum_of(v, "queries") / seconds;
    double usual_qps = json_number_value(json_object_get(last, "usual_qps"));
    fprintf(to, "%cqueries %s/s", PLAIN, figure_rate(qps, now));
    if (usual_qps > 0)
        fprintf(to, "  usual %s/s (%+.0f %%)", figure_rate(usual_qps, usual),
                100 * (qps / usual_qps - 1));
    else
        fprintf(to, "  usual not known yet");
    fprintf(to, "  responses %s/s", figure_rate(sum_of(v, "responses") / seconds, now));
    fprintf(to, "  junk %s", share_text(sum_of(v, "junk"), qps * seconds, now));
    fprintf(to, "  %.0f sources (/24, /48) in the last interval\n",
            json_number_value(json_object_get(last, "sources")));
}

static void print_kinds(const struct top_view *v, struct ranking *r, FILE *to)
{
    double queries = sum_of(v, "queries");
    rank_object(v, "qtype", r);
    fprintf(to, "%ctypes    ", PLAIN);
    print_shares(r, TYPES_SHOWN, queries, to);
    fprintf(to, "\n%ccarried by", PLAIN);
    rank_object(v, "queries_by", r);
    print_shares(r, TYPES_SHOWN, queries, to);
    if (sum_of(v, "responses") > 0) {
        rank_object(v, "rcode", r);
        fprintf(to, "   answers");
        print_shares(r, TYPES_SHOWN, sum_of(v, "responses"), to);
    }
    fputc('\n', to);
}

static void print_loss(double count, const char *what, bool *any, FILE *to)
{
    if (count > 0)
        fprintf(to, "%s%.0f %s", *any ? ", " : "lost: ", count, what);
    *any |= count > 0;
}

/* Every figure above is too small by what is in this line. */
static void print_losses(const struct top_view *v, FILE *to)
{
    bool any = false;
    bool grave = false;
    for (unsigned i = 0; i < v->held; i++)
        grave |= json_is_true(json_object_get(v->status[i], "lossy"));
    fputc(grave ? ALARM : PLAIN, to);
    print_loss(sum_within(v, "drops", "kernel"), "frames dropped by the kernel", &any, to);
    print_loss(sum_within(v, "drops", "interface"), "frames dropped by the interface", &any,
               to);
    print_loss(sum_of(v, "undecoded"), "frames not decoded", &any, to);
    print_loss(sum_of(v, "malformed"), "messages malformed", &any, to);
    print_loss(sum_of(v, "without_source"), "queries without room for their source", &any, to);
    print_loss(sum_of(v, "without_name"), "queries without room for their name", &any, to);
    fprintf(to, "%s\n", any ? "" : "nothing lost");
}

static void print_age(const struct top_view *v, int64_t now_s, FILE *to)
{
    char text[FIGURE_BYTES];
    int64_t age_s = now_s - top_view_time(v);
    if (age_s >= TOP_STALE_S)
        fprintf(to, "%cthe last interval ended %s ago: is `rootwatch run` capturing?\n", ALARM,
                figure_lasting(age_s, text));
}

static void print_incidents(const struct top_view *v, FILE *to)
{
    char began[FIGURE_BYTES];
    if (v->blind_to != NULL)
        fprintf(to, "%cincidents are not known: %s\n", ALARM, v->blind_to);
    else if (v->open == 0)
        fprintf(to, "%cno open incident\n", PLAIN);
    for (unsigned i = 0; i < v->open && i < TOP_INCIDENTS; i++)
        fprintf(to, "%c%s  since %s  %s\n", v->incident[i].grave ? ALARM : BOLD,
                v->incident[i].id, figure_time(v->incident[i].began_s, began),
                v->incident[i].summary);
    if (v->open > TOP_INCIDENTS)
        fprintf(to, "%cand %u more\n", BOLD, v->open - TOP_INCIDENTS);
}

/* "AS64496 Example", "no route", "origin unknown"; empty: there is no table. */
static void print_origin(const json_t *row, FILE *to)
{
    const char *origin = json_string_value(json_object_get(row, "origin"));
    const char *name = json_string_value(json_object_get(row, "as_name"));
    const json_t *asn = json_object_get(row, "asn");
    if (origin != NULL)
        fprintf(to, "  %s", strcmp(origin, "unrouted") == 0 ? "no route" : "origin unknown");
    else if (asn != NULL)
        fprintf(to, "  AS%lld %s", (long long)json_integer_value(asn),
                name == NULL ? "" : name);
}

/* The types that make most of a source's queries in its newest interval. */
static void print_types(const json_t *row, FILE *to)
{
    enum { MOST = 3, WIDTH = 30 };
    struct ranked most[MOST] = {{.key = NULL}};
    char text[TEXT_BYTES] = "";
    char share[FIGURE_BYTES];
    const char *key;
    json_t *value;
    int used = 0;
    double all = json_number_value(json_object_get(row, "queries"));
    json_object_foreach(json_object_get((json_t *)row, "qtype"), key, value)
    {
        struct ranked r = {.key = key, .queries = json_number_value(value)};
        for (unsigned i = 0; i < MOST; i++)
            if (r.queries > most[i].queries) {
                struct ranked other = most[i];
                most[i] = r;
                r = other;
            }
    }
    for (unsigned i = 0; i < MOST && most[i].key != NULL && used < (int)sizeof text; i++)
        used += snprintf(text + used, sizeof text - (size_t)used, "%s%s %s", i == 0 ? "" : ", ",
                         most[i].key, share_text(most[i].queries, all, share));
    fprintf(to, "  %-*s", WIDTH, text);
}

static void print_sources(const struct top_view *v, struct ranking *r, unsigned most, FILE *to)
{
    char rate[FIGURE_BYTES];
    char share[FIGURE_BYTES];
    char junk[FIGURE_BYTES];
    double all = sum_of(v, "queries");
    rank_list(v, "prefixes", "prefix", r);
    fprintf(to, "%c\n%c%8s %7s %6s %7s  %-20s  %-30s  %s\n", PLAIN, BOLD, "q/s", "share",
            "hosts", "junk", "source", "types", "origin");
    for (unsigned i = 0; i < r->count && i < most; i++) {
        const struct ranked *row = &r->row[i];
        fprintf(to, "%c%8s %7s %6.0f %7s  %-20s", PLAIN,
                figure_rate(row->queries / seconds_of(v), rate),
                share_text(row->queries, all, share), row->hosts,
                share_text(row->junk, row->queries, junk), row->key);
        print_types(row->row, to);
        print_origin(row->row, to);
        fputc('\n', to);
    }
}

static void print_names(const struct top_view *v, struct ranking *r, unsigned most, FILE *to)
{
    char rate[FIGURE_BYTES];
    char share[FIGURE_BYTES];
    double all = sum_of(v, "queries");
    rank_list(v, "tlds", "name", r);
    fprintf(to, "%c\n%ctop-level", PLAIN, PLAIN);
    print_shares(r, TYPES_SHOWN, all, to);
    rank_list(v, "names", "name", r);
    fprintf(to, "\n%c%8s %7s  %s\n", BOLD, "q/s", "share", "name");
    for (unsigned i = 0; i < r->count && i < most; i++)
        fprintf(to, "%c%8s %7s  %s\n", PLAIN,
                figure_rate(r->row[i].queries / seconds_of(v), rate),
                share_text(r->row[i].queries, all, share), r->row[i].key);
}

/* ---- The screen ------------------------------------------------------------------------ */

/* Octets of the control character at `at`, of C0 or, in UTF-8, of C1; 0: it is none. */
static unsigned control_octets(const char *at, size_t left)
{
    uint8_t c = (uint8_t)at[0];
    if (c < ' ' || c == 0x7f)
        return 1;
    return c == 0xc2 && left > 1 && (uint8_t)at[1] >= 0x80 && (uint8_t)at[1] < 0xa0 ? 2 : 0;
}

static const char *beginning_of(char style)
{
    switch (style) {
    case BOLD:
        return "\033[K\033[1m";
    case ALARM:
        return "\033[K\033[1;31m";
    default: /* also the rest of a text that had a line's end in it */
        return "\033[K";
    }
}

/*
 * One line, cut where the screen ends; its first octet is a style.  What was there before is
 * erased first: erasing behind a full line would take its last character.
 */
static void show_line(const char *line, size_t length, struct top_size size, FILE *to)
{
    unsigned columns = 0;
    if (size.styled)
        fputs(beginning_of(line[0]), to);
    for (size_t i = 1; i < length; i++) {
        unsigned control = control_octets(line + i, length - i);
        bool starts = ((uint8_t)line[i] & 0xc0) != 0x80; /* not within one of UTF-8 */
        if (starts && size.columns > 0 && columns == size.columns)
            break;
        columns += starts;
        fputc(control > 0 ? '?' : line[i], to);
        i += control == 2; /* both its octets */
    }
    fputs(size.styled ? "\033[0m" : "", to);
}

static void show(const char *text, struct top_size size, FILE *to)
{
    unsigned lines = 0;
    for (const char *at = text; *at != '\0';) {
        size_t length = strcspn(at, "\n");
        if (size.lines > 0 && lines == size.lines)
            break;
        if (lines++ > 0)
            fputc('\n', to);
        show_line(at, length, size, to);
        at += length + (at[length] == '\n');
    }
    if (!size.styled)
        fputc('\n', to);
    else if (lines < size.lines)
        fputs("\n\033[J", to);
}

static unsigned lines_of(const char *text)
{
    unsigned lines = 0;
    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

/* What is left of the screen: three fifths for sources, beside both tables' headings. */
static void print_tables(const struct top_view *v, unsigned lines, struct ranking *r, FILE *to)
{
    enum { HEADINGS = 5 };
    unsigned left = lines == 0 ? 2 * SHOWN_MAX : lines > HEADINGS ? lines - HEADINGS : 0;
    unsigned sources = (left * 3 + 4) / 5;
    sources = sources < SHOWN_MAX ? sources : SHOWN_MAX;
    print_sources(v, r, sources, to);
    print_names(v, r, left - sources, to);
}

void top_view_print(const struct top_view *v, int64_t now_s, struct top_size size, FILE *to)
{
    char *text = NULL;
    size_t bytes;
    struct ranking *r = malloc(sizeof *r);
    FILE *page = r == NULL ? NULL : open_memstream(&text, &bytes);
    if (page == NULL) {
        free(r);
        fputs("rootwatch top: no memory\n", to);
        return;
    }
    print_head(v, page);
    print_age(v, now_s, page);
    print_totals(v, page);
    print_kinds(v, r, page);
    print_losses(v, page);
    print_incidents(v, page);
    (void)fflush(page);
    unsigned above = lines_of(text);
    unsigned lines = size.lines == 0 ? 0 : size.lines > above ? size.lines - above : 1;
    print_tables(v, lines, r, page);
    (void)fclose(page);
    show(text, size, to);
    free(text);
    free(r);
}

/* SPDX-License-Identifier: MIT */
#include "program/filters_text.h"

#include "program/report_period.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static double part(uint64_t of, uint64_t all)
{
    return all == 0 ? 0 : (double)of / (double)all;
}

/* Why a row is in no form that others read; NULL: it is. */
static const char *left_out(const struct filters_row *r)
{
    if (r->sums.queries == 0)
        return "nobody sends from it";
    if (r->within)
        return "another of the list covers it";
    enum filters_doubt doubt = filters_doubt(r);
    return doubt == FILTERS_CREDIBLE ? NULL : filters_doubt_words(doubt);
}

/* ---- For people ------------------------------------------------------------------------ */

static void print_sums(const struct filters_sums *s, const struct filters_sums *all)
{
    printf("%14" PRIu64 "  %6.2f", s->queries, 100 * part(s->queries, all->queries));
    if (s->judged == 0)
        printf("  %6s %14s", "?", "?");
    else
        printf("  %6.2f %14" PRIu64, 100 * part(s->junk, s->judged), filters_legitimate(s));
    printf(" %9" PRIu64 " %9" PRIu64, s->sources, s->hurt);
}

static void print_rows(const struct filters *f)
{
    char text[PREFIX_TEXT_BYTES];
    printf("%14s  %6s  %6s %14s %9s %9s  prefix\n", "queries", "%", "junk %", "legitimate",
           "sources", "hurt");
    for (size_t i = 0; i < f->rows; i++) {
        const struct filters_row *r = &f->row[i];
        const char *why = left_out(r);
        print_sums(&r->sums, &f->all);
        printf("  %s%s%s%s\n", prefix_format(r->prefix, text), why == NULL ? "" : " (",
               why == NULL ? "" : why, why == NULL ? "" : ")");
    }
    print_sums(&f->total, &f->all);
    printf("  in all, each query once\n");
    print_sums(&f->all, &f->all);
    printf("  of all sources\n");
}

static uint64_t silent_rows(const struct filters *f)
{
    uint64_t n = 0;
    for (size_t i = 0; i < f->rows; i++)
        n += f->row[i].sums.queries == 0;
    return n;
}

static void print_effect(const struct filters *f)
{
    uint64_t legitimate = filters_legitimate(&f->total);
    printf("\nIt drops %.2f %% of all junk and %.2f %% of what is not junk (legitimate, or not "
           "readable), and hurts %" PRIu64 " of %" PRIu64 " sources with such queries.\n",
           100 * part(f->total.junk, f->all.junk),
           100 * part(legitimate, filters_legitimate(&f->all)), f->total.hurt, f->all.hurt);
    if (f->all.judged < f->all.queries)
        printf("Of %" PRIu64 " queries it is not known whether they are junk; they are in no "
               "share of junk.\n",
               f->all.queries - f->all.judged);
    if (silent_rows(f) > 0)
        printf("Prefixes nobody sends from: %" PRIu64 " of %zu.\n", silent_rows(f), f->rows);
}

static void print_goal(const struct filters_text *t)
{
    if (t->goal == NULL)
        return;
    bool reached = filters_reaches(t->list, t->goal);
    printf("The goal of %.4g %% of all junk at %.4g %% of what is not junk is %s.\n",
           100 * t->goal->junk, 100 * t->goal->harm,
           reached ? "reached" : "not reached: no list that was found does");
}

static void print_doubts(const struct filters_text *t)
{
    const uint64_t *doubtful = t->list->total.doubtful;
    for (unsigned d = FILTERS_UNROUTED; d < FILTERS_DOUBTS; d++)
        if (doubtful[d] > 0)
            printf("Queries from %s, that is perhaps with forged addresses: %" PRIu64 ".\n",
                   filters_doubt_words(d), doubtful[d]);
    if (!t->origins)
        printf("Which sources have no route is not known: there is no table of origins.\n");
    else if (!t->routes)
        printf("Which sources have no route is not known: the table of origins is not whole, "
               "or "
               "of another time.\n");
}

/* The sources' own sum is less than all queries. */
static void print_rest(const struct report *r)
{
    if (r->rest > 0)
        printf("Up to %" PRIu64
               " queries more may be of these prefixes, or of others: they are "
               "below the floor of an hour, or were counted without a source.\n",
               r->rest);
}

void filters_text_table(const struct filters_text *t)
{
    printf("What %s would have dropped, ", t->goal == NULL ? "this list" : "the list found");
    report_period_print("", &t->report->now, "\n\n");
    print_rows(t->list);
    print_effect(t->list);
    print_goal(t);
    print_doubts(t);
    print_rest(t->report);
    report_period_missing(t->report);
}

/* ---- For programs ---------------------------------------------------------------------- */

static json_t *sums_json(const struct filters_sums *s, const struct filters_sums *all)
{
    json_t *j = json_pack("{s:I, s:f, s:I, s:I, s:I, s:I, s:I}", "queries",
                          (json_int_t)s->queries, "share", part(s->queries, all->queries),
                          "judged", (json_int_t)s->judged, "junk", (json_int_t)s->junk,
                          "not_junk", (json_int_t)filters_legitimate(s), "sources",
                          (json_int_t)s->sources, "sources_hurt", (json_int_t)s->hurt);
    if (j != NULL && s->judged > 0)
        json_object_set_new(j, "junk_share", json_real(part(s->junk, s->judged)));
    return j;
}

static const char *doubt_key(enum filters_doubt d)
{
    static const char *const keys[FILTERS_DOUBTS] = {
            [FILTERS_UNROUTED] = "unrouted", [FILTERS_FLOOD] = "flood"};
    return keys[d];
}

static json_t *row_json(const struct filters *f, const struct filters_row *r)
{
    char text[PREFIX_TEXT_BYTES];
    json_t *j = sums_json(&r->sums, &f->all);
    enum filters_doubt doubt = filters_doubt(r);
    if (j == NULL)
        return NULL;
    json_object_set_new(j, "prefix", json_string(prefix_format(r->prefix, text)));
    json_object_set_new(j, "within", json_boolean(r->within));
    if (r->line > 0)
        json_object_set_new(j, "line", json_integer((json_int_t)r->line));
    if (r->sums.queries > 0 && doubt != FILTERS_CREDIBLE)
        json_object_set_new(j, "forged", json_string(doubt_key(doubt)));
    return j;
}

static json_t *total_json(const struct filters *f)
{
    json_t *j = sums_json(&f->total, &f->all);
    if (j == NULL)
        return NULL;
    json_object_set_new(j, "of_all_junk", json_real(part(f->total.junk, f->all.junk)));
    json_object_set_new(
            j, "harm",
            json_real(part(filters_legitimate(&f->total), filters_legitimate(&f->all))));
    json_object_set_new(j, "forged",
                        json_pack("{s:I, s:I}", "unrouted",
                                  (json_int_t)f->total.doubtful[FILTERS_UNROUTED], "flood",
                                  (json_int_t)f->total.doubtful[FILTERS_FLOOD]));
    return j;
}

json_t *filters_text_json(const struct filters_text *t)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < t->list->rows; i++)
        json_array_append_new(rows, row_json(t->list, &t->list->row[i]));
    json_t *j = json_pack("{s:s, s:o, s:o, s:o, s:I, s:I, s:b, s:I, s:o}", "schema",
                          "rootwatch-filters/1", "rows", rows, "total", total_json(t->list),
                          "all", sums_json(&t->list->all, &t->list->all), "silent",
                          (json_int_t)silent_rows(t->list), "rest", (json_int_t)t->report->rest,
                          "routes_known", t->routes, "floods", (json_int_t)t->floods, "period",
                          report_period_json(t->report, &t->report->now));
    if (j != NULL && t->goal != NULL)
        json_object_set_new(j, "goal",
                            json_pack("{s:f, s:f, s:b}", "junk", t->goal->junk, "harm",
                                      t->goal->harm, "reached",
                                      filters_reaches(t->list, t->goal)));
    return j;
}

/* ---- nftables -------------------------------------------------------------------------- */

/* So much may pass of each prefix: twice what of it is not junk, and one a second. */
static unsigned limit_of(const struct filters_row *r, uint64_t captured_s)
{
    double all_qps = part(r->sums.queries, captured_s);
    double good = 1 - part(r->sums.junk, r->sums.judged);
    return (unsigned)fmin(fmax(1, ceil(2 * good * all_qps)), 1e6);
}

static void comment_rows(const struct filters_text *t, char sign)
{
    char text[PREFIX_TEXT_BYTES];
    for (size_t i = 0; i < t->list->rows; i++) {
        const struct filters_row *r = &t->list->row[i];
        const char *why = left_out(r);
        if (why != NULL)
            printf("%c left out: %s: %s\n", sign, prefix_format(r->prefix, text), why);
    }
}

/* Every form begins with what it rests on. */
static void comment_head(const struct filters_text *t, char sign)
{
    const struct filters_sums *s = &t->list->total;
    char head[4] = {sign, ' ', '\0'};
    printf("%c rootwatch filters: to be read before it is applied, by you.\n", sign);
    report_period_print(head, &t->report->now, "\n");
    printf("%c %" PRIu64 " queries, %.2f %% of all; %.2f %% junk; %" PRIu64
           " that are not, of %" PRIu64 " sources\n",
           sign, s->queries, 100 * part(s->queries, t->list->all.queries),
           100 * part(s->junk, s->judged), filters_legitimate(s), s->hurt);
    if (!t->routes)
        printf("%c Which sources have no route is not known: some may be forged.\n", sign);
    comment_rows(t, sign);
}

static void print_limits(const struct filters_text *t)
{
    char text[PREFIX_TEXT_BYTES];
    for (size_t i = 0; i < t->list->rows; i++) {
        const struct filters_row *r = &t->list->row[i];
        unsigned limit = limit_of(r, t->report->now.counted_s);
        if (left_out(r) != NULL)
            continue;
        printf("\tlimit l%zu { rate over %u/second burst %u packets } # %s: %.2f queries/s, ",
               i + 1, limit, 5 * limit, prefix_format(r->prefix, text),
               part(r->sums.queries, t->report->now.counted_s));
        if (r->sums.judged > 0)
            printf("%.1f %% junk\n", 100 * part(r->sums.junk, r->sums.judged));
        else
            printf("junk not known\n");
    }
}

static bool has_family(const struct filters *f, unsigned family)
{
    for (size_t i = 0; i < f->rows; i++)
        if (prefix_family(f->row[i].prefix) == family && left_out(&f->row[i]) == NULL)
            return true;
    return false;
}

static void print_map(const struct filters_text *t, unsigned family)
{
    char text[PREFIX_TEXT_BYTES];
    const char *before = "";
    printf("\tmap limits%u {\n\t\ttype %s : limit\n\t\tflags interval\n\t\telements = {\n",
           family, family == 4 ? "ipv4_addr" : "ipv6_addr");
    for (size_t i = 0; i < t->list->rows; i++) {
        const struct filters_row *r = &t->list->row[i];
        if (prefix_family(r->prefix) != family || left_out(r) != NULL)
            continue;
        printf("%s\t\t\t%s : \"l%zu\"", before, prefix_format(r->prefix, text), i + 1);
        before = ",\n";
    }
    printf("\n\t\t}\n\t}\n");
}

static void print_rule(const struct filters_text *t, unsigned family)
{
    printf("\t\tmeta l4proto { tcp, udp } th dport {");
    for (unsigned i = 0; i < t->scope->ports; i++)
        printf("%s %u", i == 0 ? "" : ",", t->scope->port[i]);
    printf(" } limit name %s saddr map @limits%u drop\n", family == 4 ? "ip" : "ip6", family);
}

void filters_text_nft(const struct filters_text *t)
{
    bool has[2] = {has_family(t->list, 4), has_family(t->list, 6)};
    comment_head(t, '#');
    printf("# Of each prefix twice the rate of what is not junk may pass, and one packet a "
           "second.\n");
    if (!has[0] && !has[1]) {
        printf("# Nothing is left to limit.\n");
        return;
    }
    printf("table inet rootwatch {\n");
    print_limits(t);
    for (unsigned i = 0; i < 2; i++)
        if (has[i])
            print_map(t, i == 0 ? 4 : 6);
    printf("\tchain queries {\n\t\ttype filter hook input priority filter - 5; policy "
           "accept;\n");
    for (unsigned i = 0; i < 2; i++)
        if (has[i])
            print_rule(t, i == 0 ? 4 : 6);
    printf("\t}\n}\n");
}

/* ---- DNS ------------------------------------------------------------------------------- */

bool filters_text_is_zone(const char *zone)
{
    size_t length = strlen(zone);
    if (length == 0 || length > 200)
        return false;
    for (const char *label = zone;; label++) {
        size_t n = strspn(label,
                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
        if (n == 0 || n > 63)
            return false;
        label += n;
        if (*label != '.')
            return *label == '\0';
    }
}

static void print_zone_head(const struct filters_text *t, const char *zone)
{
    comment_head(t, ';');
    printf("$ORIGIN %s.\n$TTL 3600\n@ SOA localhost. hostmaster.localhost. %" PRId64
           " 3600 600 604800 3600\n@ NS localhost.\n",
           zone, t->report->now.to_s);
}

/* The first `units` octets or nibbles of an address, last first, as reverse zones have them. */
static void print_reverse(unsigned family, uint64_t head, unsigned units)
{
    unsigned bits = family == 4 ? 8 : 4;
    for (unsigned i = units; i-- > 0;) {
        unsigned unit = (unsigned)(head >> (64 - bits * (i + 1))) & ((1U << bits) - 1);
        if (family == 4)
            printf(".%u", unit);
        else
            printf(".%x", unit);
    }
}

/* Wildcards stand for whole octets (nibbles): a length between two of them takes several. */
static void print_listed(const struct filters_row *r)
{
    char text[PREFIX_TEXT_BYTES];
    unsigned family = prefix_family(r->prefix);
    unsigned bits = family == 4 ? 8 : 4;
    unsigned length = prefix_length(r->prefix);
    unsigned units = (length + bits - 1) / bits;
    unsigned times = 1U << (units * bits - length);
    uint64_t step = units == 0 ? 0 : UINT64_C(1) << (64 - units * bits);
    uint64_t head = r->prefix.bits & ~(uint64_t)0xff;
    for (unsigned i = 0; i < times; i++) {
        printf("*");
        print_reverse(family, head + i * step, units);
        printf(" A 127.0.0.2\n*");
        print_reverse(family, head + i * step, units);
        printf(" TXT \"%s: %.1f %% junk of %" PRIu64 " queries\"\n",
               prefix_format(r->prefix, text), 100 * part(r->sums.junk, r->sums.judged),
               r->sums.judged);
    }
}

void filters_text_dnsbl(const struct filters_text *t, const char *zone)
{
    print_zone_head(t, zone);
    for (size_t i = 0; i < t->list->rows; i++)
        if (left_out(&t->list->row[i]) == NULL)
            print_listed(&t->list->row[i]);
}

/* "24.0.2.0.192.rpz-client-ip"; of IPv6 words of 16 bits, "zz" for the zeros behind. */
static void print_trigger(const struct filters_row *r)
{
    uint64_t head = r->prefix.bits & ~(uint64_t)0xff;
    printf("%u", prefix_length(r->prefix));
    if (prefix_family(r->prefix) == 4) {
        print_reverse(4, head, 4);
    } else {
        unsigned words = 3; /* at most a /48 */
        while (words > 0 && (head >> (64 - 16 * words) & 0xffff) == 0)
            words--;
        printf(".zz");
        for (unsigned i = words; i-- > 0;)
            printf(".%x", (unsigned)(head >> (48 - 16 * i)) & 0xffff);
    }
    printf(".rpz-client-ip CNAME rpz-drop.\n");
}

void filters_text_rpz(const struct filters_text *t, const char *zone)
{
    print_zone_head(t, zone);
    for (size_t i = 0; i < t->list->rows; i++)
        if (left_out(&t->list->row[i]) == NULL)
            print_trigger(&t->list->row[i]);
}

/* SPDX-License-Identifier: MIT */
#include "analysis/reasons.h"

#include "analysis/json.h"
#include "capture/source.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOLD = 3, WORTH_PERMILLE = 1 };

/* What is told of each kind: a count of what, and as a share of what. */
static const struct kind {
    const char *title, *unit;
    bool share; /* the unit is that of the whole */
} kinds[REASONS_KINDS] = {
        [REASONS_UNDECODED] = {"Not decoded", "frame", true},
        [REASONS_MALFORMED] = {"Malformed", "message", true},
        [REASONS_INCOMPLETE] = {"Never complete", "time", false},
        [REASONS_OTHER] = {"Other traffic", "frame", true},
};

/* The numbers not known, by the names they have in JSON and for people. */
static const struct number {
    const char *key, *words;
    enum verdict verdict; /* under which its frames are counted */
    bool hexadecimal;
} numbers[UNKNOWNS] = {
        [UNKNOWN_LINK_TYPE] = {"link_type", "link type", VERDICT_UNKNOWN_LINK, false},
        [UNKNOWN_ETHERTYPE] = {"ethertype", "ethertype", VERDICT_UNKNOWN_ETHERTYPE, true},
        [UNKNOWN_PROTOCOL] = {"ip_protocol", "IP protocol", VERDICT_IP_PROTOCOL, false},
};

void reasons_add(struct reasons *into, const struct reasons *r)
{
    for (unsigned i = 0; i < VERDICTS; i++)
        into->verdict[i] += r->verdict[i];
    for (unsigned i = 0; i < DEFECTS; i++)
        into->defect[i] += r->defect[i];
    for (unsigned i = 0; i < LOSSES; i++)
        into->loss[i] += r->loss[i];
    for (unsigned i = 0; i < UNKNOWNS; i++)
        leading_add(&into->unknown[i], r->unknown[i].number, r->unknown[i].lead);
}

void reasons_add_source(struct reasons *into, const struct source_counts *s)
{
    struct reasons r;
    memcpy(r.verdict, s->verdict, sizeof r.verdict);
    memcpy(r.defect, s->defect, sizeof r.defect);
    memcpy(r.loss, s->loss, sizeof r.loss);
    memcpy(r.unknown, s->unknown, sizeof r.unknown);
    reasons_add(into, &r);
}

static uint64_t sum(const uint64_t *count, unsigned rows)
{
    uint64_t all = 0;
    for (unsigned i = 0; i < rows; i++)
        all += count[i];
    return all;
}

uint64_t reasons_frames(const struct reasons *r)
{
    return sum(r->verdict, VERDICTS);
}

static bool verdict_is_of(enum verdict v, enum reasons_kind kind)
{
    return v != VERDICT_MESSAGE && verdict_is_loss(v) == (kind == REASONS_UNDECODED);
}

static uint64_t count_verdicts(const struct reasons *r, enum reasons_kind kind)
{
    uint64_t all = 0;
    for (unsigned i = 0; i < VERDICTS; i++)
        if (verdict_is_of(i, kind))
            all += r->verdict[i];
    return all;
}

uint64_t reasons_count(const struct reasons *r, enum reasons_kind kind)
{
    if (kind == REASONS_MALFORMED)
        return sum(r->defect, DEFECTS) - r->defect[DEFECT_NONE];
    if (kind == REASONS_INCOMPLETE)
        return sum(r->loss, LOSSES) - r->loss[LOSS_TCP_GAP_OCTETS];
    return count_verdicts(r, kind);
}

uint64_t reasons_whole(const struct reasons *r, enum reasons_kind kind)
{
    return kind == REASONS_MALFORMED ? sum(r->defect, DEFECTS) : reasons_frames(r);
}

bool reasons_matter(const struct reasons *r, enum reasons_kind kind)
{
    uint64_t count = reasons_count(r, kind);
    return count > 0 && (double)count * 1000 >= (double)reasons_whole(r, kind) * WORTH_PERMILLE;
}

const char *reasons_title(enum reasons_kind kind)
{
    return kinds[kind].title;
}

static const char *number_text(const struct number *n, uint32_t number, char text[static 16])
{
    (void)snprintf(text, 16, n->hexadecimal ? "0x%04" PRIx32 : "%" PRIu32, number);
    return text;
}

/* All of one number, most of it, or one number among others: as much as the vote says. */
static void name_number(struct reason *to, const struct reasons *r, unsigned i)
{
    const struct number *n = &numbers[i];
    const struct leading *l = &r->unknown[i];
    char text[16];
    if (l->number == 0)
        return;
    (void)number_text(n, l->number, text);
    if (l->lead >= to->count)
        (void)snprintf(to->words, sizeof to->words, "%s %s", n->words, text);
    else
        (void)snprintf(to->words, sizeof to->words, "unknown %ss, %s%s", n->words,
                       2 * l->lead > to->count ? "mostly " : text,
                       2 * l->lead > to->count ? text : " among them");
}

static void add_row(struct reason *row, unsigned *rows, const char *words, uint64_t count)
{
    if (count == 0)
        return;
    struct reason *to = &row[(*rows)++];
    to->count = count;
    (void)snprintf(to->words, sizeof to->words, "%s", words);
}

static void add_verdict(const struct reasons *r, enum verdict v, struct reason *row,
                        unsigned *rows)
{
    add_row(row, rows, verdict_words(v), r->verdict[v]);
    for (unsigned i = 0; i < UNKNOWNS; i++)
        if (numbers[i].verdict == v && r->verdict[v] > 0)
            name_number(&row[*rows - 1], r, i);
}

/* The octets of gaps are not a count of their own. */
static void add_loss(const struct reasons *r, enum loss l, struct reason *row, unsigned *rows)
{
    char words[REASON_WORDS_BYTES];
    (void)snprintf(words, sizeof words, "%s", loss_words(l));
    if (l == LOSS_TCP_GAPS)
        (void)snprintf(words, sizeof words, "%s (%" PRIu64 " octets)", loss_words(l),
                       r->loss[LOSS_TCP_GAP_OCTETS]);
    if (l != LOSS_TCP_GAP_OCTETS)
        add_row(row, rows, words, r->loss[l]);
}

static int by_count(const void *a, const void *b)
{
    const struct reason *x = a;
    const struct reason *y = b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return strcmp(x->words, y->words);
}

unsigned reasons_list(const struct reasons *r, enum reasons_kind kind,
                      struct reason row[static REASONS_ROWS])
{
    unsigned rows = 0;
    if (kind == REASONS_MALFORMED) {
        for (unsigned i = DEFECT_NONE + 1; i < DEFECTS; i++)
            add_row(row, &rows, defect_words(i), r->defect[i]);
    } else if (kind == REASONS_INCOMPLETE) {
        for (unsigned i = 0; i < LOSSES; i++)
            add_loss(r, i, row, &rows);
    } else {
        for (unsigned i = 0; i < VERDICTS; i++)
            if (verdict_is_of(i, kind))
                add_verdict(r, i, row, &rows);
    }
    qsort(row, rows, sizeof *row, by_count);
    return rows;
}

const char *reasons_line(const struct reasons *r, enum reasons_kind kind,
                         char text[static REASONS_LINE_BYTES])
{
    struct reason row[REASONS_ROWS];
    const struct kind *k = &kinds[kind];
    uint64_t count = reasons_count(r, kind);
    uint64_t told = 0;
    if (!reasons_matter(r, kind))
        return NULL;
    double percent = 100 * (double)count / (double)reasons_whole(r, kind);
    unsigned rows = reasons_list(r, kind, row);
    FILE *to = fmemopen(text, REASONS_LINE_BYTES, "w");
    if (to == NULL)
        return NULL;
    fprintf(to, "%s meanwhile: %" PRIu64 " %s%s", k->title, count, k->unit,
            count == 1 ? "" : "s");
    if (k->share)
        fprintf(to, percent < 1 ? " (%.1f %%)" : " (%.0f %%)", percent);
    for (unsigned i = 0; i < rows && i < TOLD; told += row[i++].count)
        fprintf(to, "%s %s %" PRIu64, i == 0 ? ":" : ",", row[i].words, row[i].count);
    if (rows > TOLD)
        fprintf(to, ", others %" PRIu64, count - told);
    (void)fclose(to);
    return text;
}

static void set_if_any(json_t *object, const char *key, uint64_t n)
{
    if (n > 0)
        json_object_set_new(object, key, json_integer((json_int_t)n));
}

static json_t *verdicts_json(const struct reasons *r, enum reasons_kind kind)
{
    json_t *object = json_object();
    for (unsigned i = 0; i < VERDICTS; i++)
        if (verdict_is_of(i, kind))
            set_if_any(object, verdict_name(i), r->verdict[i]);
    return object;
}

static json_t *unknown_json(const struct reasons *r)
{
    json_t *object = json_object();
    char text[16];
    for (unsigned i = 0; i < UNKNOWNS; i++) {
        uint32_t number = r->unknown[i].number;
        if (number != 0 && numbers[i].hexadecimal)
            json_object_set_new(object, numbers[i].key,
                                json_string(number_text(&numbers[i], number, text)));
        else
            set_if_any(object, numbers[i].key, number);
    }
    return object;
}

void reasons_set(json_t *object, const struct reasons *r)
{
    json_t *defects = json_object();
    json_t *losses = json_object();
    for (unsigned i = DEFECT_NONE + 1; i < DEFECTS; i++)
        set_if_any(defects, defect_name(i), r->defect[i]);
    for (unsigned i = 0; i < LOSSES; i++)
        set_if_any(losses, loss_name(i), r->loss[i]);
    json_object_set_new(object, "undecoded", verdicts_json(r, REASONS_UNDECODED));
    json_object_set_new(object, "not_dns", verdicts_json(r, REASONS_OTHER));
    json_object_set_new(object, "unknown", unknown_json(r));
    json_object_set_new(object, "defects", defects);
    json_object_set_new(object, "losses", losses);
}

json_t *reasons_json(const struct reasons *r)
{
    json_t *object = json_object();
    json_t *lead = json_object();
    set_if_any(object, "frames", reasons_frames(r));
    set_if_any(object, "messages", sum(r->defect, DEFECTS));
    reasons_set(object, r);
    for (unsigned i = 0; i < UNKNOWNS; i++)
        if (r->unknown[i].lead != r->verdict[numbers[i].verdict])
            json_object_set_new(lead, numbers[i].key,
                                json_integer((json_int_t)r->unknown[i].lead));
    json_object_set_new(object, "lead", lead);
    return object;
}

static bool parse_verdicts(const json_t *json, struct reasons *r)
{
    const json_t *undecoded = json_object_get(json, "undecoded");
    const json_t *other = json_object_get(json, "not_dns");
    for (unsigned i = 0; i < VERDICTS; i++)
        if (i != VERDICT_MESSAGE && !json_read_u64(verdict_is_loss(i) ? undecoded : other,
                                                   verdict_name(i), &r->verdict[i]))
            return false;
    uint64_t frames = 0;
    uint64_t rest = reasons_frames(r);
    if (!json_read_u64(json, "frames", &frames) || frames < rest)
        return false;
    r->verdict[VERDICT_MESSAGE] = frames - rest;
    return true;
}

static bool parse_defects(const json_t *json, struct reasons *r)
{
    uint64_t messages = 0;
    for (unsigned i = DEFECT_NONE + 1; i < DEFECTS; i++)
        if (!json_read_u64(json_object_get(json, "defects"), defect_name(i), &r->defect[i]))
            return false;
    uint64_t malformed = reasons_count(r, REASONS_MALFORMED);
    if (!json_read_u64(json, "messages", &messages) || messages < malformed)
        return false;
    r->defect[DEFECT_NONE] = messages - malformed;
    return true;
}

static bool parse_number(const json_t *json, unsigned i, struct reasons *r)
{
    const json_t *unknown = json_object_get(json, "unknown");
    struct leading *l = &r->unknown[i];
    char text[16] = "";
    l->lead = r->verdict[numbers[i].verdict];
    bool good = numbers[i].hexadecimal
                        ? json_read_text(unknown, numbers[i].key, text, sizeof text)
                        : json_read_u32(unknown, numbers[i].key, &l->number);
    if (text[0] != '\0')
        l->number = (uint32_t)strtoul(text, NULL, 16);
    return good && json_read_u64(json_object_get(json, "lead"), numbers[i].key, &l->lead);
}

bool reasons_parse(const json_t *json, struct reasons *r)
{
    *r = (struct reasons){.verdict = {0}};
    if (json == NULL)
        return true;
    bool good = parse_verdicts(json, r) && parse_defects(json, r);
    for (unsigned i = 0; good && i < LOSSES; i++)
        good = json_read_u64(json_object_get(json, "losses"), loss_name(i), &r->loss[i]);
    for (unsigned i = 0; good && i < UNKNOWNS; i++)
        good = parse_number(json, i, r);
    return good;
}

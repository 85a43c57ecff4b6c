/* SPDX-License-Identifier: MIT */
#include "graphs/page.h"
#include "graphs/publish.h"

#include <stdio.h>
#include <string.h>

/* A page of an incident that ended before is left as it is. */
enum { SETTLED_S = 2 * 86400, FUTURE_S = 3600 };

/* An id becomes part of a path. */
static bool is_plain(const char *id)
{
    return *id != 0 && strspn(id, "0123456789-abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(id);
}

static bool list_entry(void *argument, const struct incident_event *e)
{
    struct press *press = argument;
    if (press->entries == PAGE_ENTRIES)
        return false;
    if (is_plain(e->incident.id) && e->incident.opened_s <= press->at_s)
        memcpy(press->entry[press->entries++].id, e->incident.id, INCIDENT_ID_BYTES);
    return true;
}

static void fill_entry(struct page_entry *entry, const struct life *life, int64_t at_s)
{
    const struct incident *peak = life_peak(life);
    entry->culprits = peak->prefixes;
    memcpy(entry->culprit, peak->prefix, sizeof entry->culprit);
    life_fact(life, entry->fact);
    entry->share = peak->share;
    entry->rate_qps = peak->rate_qps;
    entry->usual_qps = peak->baseline_qps;
    entry->began_s = life_first(life)->began_s;
    entry->severity = life_last(life)->severity;
    entry->open = life_open(life);
    entry->end_s = entry->open ? 0 : life_end(life, at_s);
    entry->lossy = life_last(life)->lossy;
}

static bool read_entries(struct press *press)
{
    if (!store_incidents(press->store, press->at_s - page_span_s(PAGE_MONTH), press->at_s + 1,
                         list_entry, press, press->err))
        return false;
    for (unsigned i = 0; i < press->entries; i++) {
        struct life life;
        if (!life_read(&life, press->store, press->entry[i].id, press->at_s, press->err))
            return false;
        fill_entry(&press->entry[i], &life, press->at_s);
        life_fini(&life);
    }
    return true;
}

static bool is_due(const struct press *press, const struct page_entry *e)
{
    char file[64];
    (void)snprintf(file, sizeof file, "incidents/%s/index.html", e->id);
    return e->open || e->end_s > press->at_s - SETTLED_S ||
           !publish_exists(press->out_dir, file);
}

/* Keeps the first failure: one page that cannot be written does not stop the others. */
struct outcome {
    struct error own, first;
    bool failed;
};

static void note(struct outcome *o, bool done)
{
    if (!done && !o->failed)
        o->first = o->own;
    o->failed = o->failed || !done;
}

static bool write_all(struct press *press)
{
    struct outcome outcome = {0};
    struct error *err = press->err;
    press->err = &outcome.own;

    for (unsigned i = 0; i < press->entries; i++) {
        if (is_due(press, &press->entry[i]))
            note(&outcome, page_write_incident(press, press->entry[i].id));
    }
    for (unsigned s = 0; s < PAGE_SPANS; s++)
        note(&outcome, page_write_span(press, s));
    note(&outcome, page_write_style(press));
    note(&outcome, page_write_index(press));

    press->err = err;
    if (outcome.failed)
        *err = outcome.first;
    return !outcome.failed;
}

static bool find_span(struct store *s, int64_t now_s, int64_t *first_s, int64_t *end_s,
                      struct error *err)
{
    int64_t last_s;
    if (!store_span(s, first_s, &last_s, err))
        return false;
    err->text[0] = '\0';
    /* The minute that goes on is stored when the program ends, but archived when it is over. */
    if (*first_s <= now_s && *first_s + ARCHIVE_STEP_S > now_s)
        return false;
    if (last_s <= now_s && last_s + ARCHIVE_STEP_S > now_s)
        last_s -= ARCHIVE_STEP_S;
    /* A minute of the future is a clock's that was wrong. */
    if (last_s > now_s + FUTURE_S)
        last_s = now_s - ARCHIVE_STEP_S;
    *end_s = last_s + ARCHIVE_STEP_S;
    *end_s -= *end_s % ARCHIVE_STEP_S;
    return true;
}

bool pages_end(struct store *s, int64_t now_s, int64_t *end_s, struct error *err)
{
    int64_t first_s;
    return find_span(s, now_s, &first_s, end_s, err);
}

static bool find_end(struct press *press)
{
    const struct page_options *o = press->options;
    if (!find_span(press->store, o->now_s, &press->first_s, &press->at_s, press->err))
        return press->err->text[0] == 0
                       ? error_set(press->err,
                                   "no whole minute is stored yet: there is nothing to draw")
                       : false;
    if (o->at_s != 0)
        press->at_s = o->at_s - o->at_s % ARCHIVE_STEP_S;
    if (press->at_s <= press->first_s)
        return error_set(press->err, "nothing is stored from before the time asked for");
    return true;
}

/* A year has half a million minutes: of it, the last month is read. */
static bool read_health(struct press *press)
{
    int64_t earliest_s = press->at_s - page_span_s(PAGE_MONTH);
    for (unsigned span = 0; span < PAGE_SPANS; span++) {
        int64_t from_s = page_span_from(press, span);
        press->health[span] = (struct health){
                .from_s = from_s > earliest_s ? from_s : earliest_s, .to_s = press->at_s};
    }
    return health_read(press->health, PAGE_SPANS, press->store, press->err);
}

static bool prepare(struct press *press)
{
    return find_end(press) &&
           archive_catch_up(press->archive, press->store, press->options->now_s, press->err) &&
           overview_read(&press->day, press->store, page_span_from(press, PAGE_DAY),
                         press->at_s, press->err) &&
           overview_read(&press->week, press->store, press->at_s - page_span_s(PAGE_WEEK),
                         press->at_s, press->err) &&
           read_health(press) && read_entries(press);
}

bool pages_write(struct store *s, const char *state_dir, const char *out_dir,
                 const struct page_options *options, struct page_result *result,
                 struct error *err)
{
    struct press press = {
            .store = s, .out_dir = out_dir, .options = options, .result = result, .err = err};
    *result = (struct page_result){0};
    if (!graph_fonts_ok(err))
        return false;
    press.archive = archive_open(state_dir, err);
    if (press.archive == NULL)
        return false;

    bool done = prepare(&press) && write_all(&press);
    (void)snprintf(result->notes, sizeof result->notes, "%s", archive_notes(press.archive));
    archive_close(press.archive);
    return done;
}

/* SPDX-License-Identifier: MIT */
#include "analysis/casebook_inside.h"

#include "analysis/json.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static json_t *closed_json(const struct casebook_closed *old)
{
    return json_pack("{s:s, s:o, s:I, s:i}", "id", old->id, "subject",
                     subject_json(&old->subject), "closed", (json_int_t)old->closed_s, "wave",
                     (int)old->wave);
}

json_t *casebook_json(const struct casebook *b)
{
    json_t *open = json_array();
    json_t *closed = json_array();
    for (unsigned i = 0; i < CASEBOOK_SLOTS; i++)
        if (b->slot[i].state == CASE_OPEN)
            json_array_append_new(open, case_json(&b->slot[i]));
    for (unsigned i = 0; i < CASEBOOK_CLOSED; i++)
        if (b->closed[i].id[0] != '\0')
            json_array_append_new(closed, closed_json(&b->closed[i]));
    return json_pack("{s:I, s:i, s:i, s:o, s:o, s:o}", "day", (json_int_t)b->day, "opened",
                     (int)b->opened, "most", (int)b->most, "open", open, "closed", closed, "habits",
                     habits_json(&b->habits));
}

/* The first of several reasons is enough to say. */
static bool note(struct error *err, const struct error *why)
{
    if (err->text[0] == '\0')
        *err = *why;
    return false;
}

void casebook_note_id(struct casebook *b, const char *id)
{
    struct tm utc = {.tm_mday = 0};
    unsigned number;
    int read = 0;
    if (sscanf(id, "%4d-%2d%2d-%6u%n", &utc.tm_year, &utc.tm_mon, &utc.tm_mday, &number,
               &read) != 4 ||
        id[read] != '\0')
        return;
    utc.tm_year -= 1900;
    utc.tm_mon -= 1;
    int64_t day = timegm(&utc) / 86400;
    if (day < 0 || day > CASEBOOK_DAY_MAX)
        return;
    b->most = number > b->most ? number : b->most;
    if (day > b->day)
        b->opened = 0;
    if (day >= b->day && number > b->opened)
        b->opened = number;
    b->day = day > b->day ? day : b->day;
}

bool casebook_knows_ids(const struct casebook *b)
{
    return b->most > 0;
}

/* Neither is ahead of what was seen: it would never be quiet again. */
static void hold_times(struct case_file *c)
{
    c->active_s = c->active_s < c->seen_s ? c->active_s : c->seen_s;
    c->told_s = c->told_s < c->seen_s ? c->told_s : c->seen_s;
}

static bool parse_case(struct casebook *b, const json_t *json, struct error *err)
{
    static const struct subject none;
    struct case_file *c = casebook_take_slot(b, &none, 0);
    if (c == NULL)
        return error_set(err, "more open incidents than there is room for");
    if (case_parse(json, c, err)) {
        c->continued = true;
        hold_times(c);
        return true;
    }
    casebook_drop(c);
    return false;
}

static bool parse_closed(struct casebook *b, const json_t *json, struct error *err)
{
    struct casebook_closed *old = &b->closed[b->closed_next % CASEBOOK_CLOSED];
    if (json_read_text(json, "id", old->id, sizeof old->id) &&
        strspn(old->id, "0123456789-") == strlen(old->id) &&
        subject_parse(json_object_get(json, "subject"), &old->subject) &&
        json_read_time(json, "closed", &old->closed_s) &&
        json_read_u32(json, "wave", &old->wave) && old->wave < CASEBOOK_NUMBER_MAX) {
        b->closed_next++;
        return true;
    }
    *old = (struct casebook_closed){.id = ""};
    return error_set(err, "a closed incident is not as it was written");
}

/* Without it the highest number that is known to have been given counts. */
static bool parse_numbers(struct casebook *b, const json_t *json, struct error *err)
{
    if (json_read_time(json, "day", &b->day) && b->day <= CASEBOOK_DAY_MAX &&
        json_read_u32(json, "opened", &b->opened) && b->opened < CASEBOOK_NUMBER_MAX &&
        json_read_u32(json, "most", &b->most) && b->most < CASEBOOK_NUMBER_MAX)
        return true;
    b->day = b->opened = b->most = 0;
    for (unsigned i = 0; i < CASEBOOK_SLOTS; i++)
        if (b->slot[i].state == CASE_OPEN)
            casebook_note_id(b, b->slot[i].incident.id);
    for (unsigned i = 0; i < CASEBOOK_CLOSED; i++)
        casebook_note_id(b, b->closed[i].id);
    return error_set(err, "the number of the latest incident is not as it was written");
}

/* An incident that cannot be read costs no other. */
bool casebook_parse(const json_t *json, struct casebook *b, struct error *err)
{
    const json_t *open = json_object_get(json, "open");
    const json_t *closed = json_object_get(json, "closed");
    struct error why;
    err->text[0] = '\0';
    bool good = json_is_object(json) || error_set(err, "there are no incidents");
    for (size_t i = 0; i < json_array_size(open); i++)
        if (!parse_case(b, json_array_get(open, i), &why))
            good = note(err, &why);
    for (size_t i = 0; i < json_array_size(closed); i++)
        if (!parse_closed(b, json_array_get(closed, i), &why))
            good = note(err, &why);
    if (!parse_numbers(b, json, &why))
        good = note(err, &why);
    if (!habits_parse(json_object_get(json, "habits"), &b->habits)) {
        error_set(&why, "what comes every night is not as it was written");
        good = note(err, &why);
    }
    return good;
}

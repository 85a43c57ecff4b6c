/* SPDX-License-Identifier: MIT */
#include "analysis/casebook_inside.h"

#include "analysis/json.h"

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
    return json_pack("{s:I, s:i, s:o, s:o, s:o}", "day", (json_int_t)b->day, "opened",
                     (int)b->opened, "open", open, "closed", closed, "habits",
                     habits_json(&b->habits));
}

static bool parse_case(struct casebook *b, const json_t *json, struct error *err)
{
    static const struct subject none;
    struct case_file *c = casebook_take_slot(b, &none, 0);
    if (c == NULL)
        return error_set(err, "more open incidents than there is room for");
    if (case_parse(json, c, err)) {
        c->continued = true;
        return true;
    }
    casebook_drop(c);
    return false;
}

static bool parse_closed(struct casebook *b, const json_t *json)
{
    struct casebook_closed *old = &b->closed[b->closed_next++ % CASEBOOK_CLOSED];
    return json_read_text(json, "id", old->id, sizeof old->id) &&
           subject_parse(json_object_get(json, "subject"), &old->subject) &&
           json_read_i64(json, "closed", &old->closed_s) &&
           json_read_u32(json, "wave", &old->wave);
}

bool casebook_parse(const json_t *json, struct casebook *b, struct error *err)
{
    const json_t *open = json_object_get(json, "open");
    const json_t *closed = json_object_get(json, "closed");
    bool good =
            json_read_i64(json, "day", &b->day) && json_read_u32(json, "opened", &b->opened);
    err->text[0] = '\0';
    for (size_t i = 0; good && i < json_array_size(open); i++)
        good = parse_case(b, json_array_get(open, i), err);
    for (size_t i = 0; good && i < json_array_size(closed); i++)
        good = parse_closed(b, json_array_get(closed, i));
    good = good && habits_parse(json_object_get(json, "habits"), &b->habits);
    if (!good && err->text[0] == '\0')
        error_set(err, "the open incidents are not as they were written");
    return good;
}

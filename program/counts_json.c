/* SPDX-License-Identifier: MIT */
#include "program/counts_json.h"

json_t *counts_number(uint64_t n)
{
    return json_integer((json_int_t)n);
}

void counts_set_if_any(json_t *object, const char *key, uint64_t n)
{
    if (n > 0)
        json_object_set_new(object, key, counts_number(n));
}

json_t *counts_tally_json(const struct tally *t, enum code code)
{
    json_t *object = json_object();
    char text[CODE_NAME_BYTES];
    for (uint32_t i = 0; i < t->met; i++)
        json_object_set_new(object, code_name(code, t->touched[i], text),
                            counts_number(t->count[t->touched[i]]));
    return object;
}

json_t *counts_transports_json(const uint64_t count[static TRANSPORTS])
{
    json_t *object = json_object();
    for (unsigned i = 0; i < TRANSPORTS; i++)
        json_object_set_new(object, transport_name(i), counts_number(count[i]));
    return object;
}

json_t *counts_names_json(const struct names *names, unsigned most)
{
    struct name_count leading[COUNTS_NAMES_MAX];
    json_t *array = json_array();
    unsigned count =
            names_leading(names, leading, most < COUNTS_NAMES_MAX ? most : COUNTS_NAMES_MAX);
    for (unsigned i = 0; i < count; i++) {
        char text[NAMES_TEXT_BYTES];
        json_array_append_new(
                array, json_pack("{s:s, s:I, s:I}", "name",
                                 names_text(leading[i].name, leading[i].name_bytes, text),
                                 "queries", (json_int_t)leading[i].queries, "error",
                                 (json_int_t)leading[i].error));
    }
    return array;
}

json_t *counts_row_json(const struct counters *c, struct prefix p, uint64_t queries,
                        const struct prefix_record *record)
{
    char text[PREFIX_TEXT_BYTES];
    json_t *object =
            json_pack("{s:s, s:I, s:f}", "prefix", prefix_format(p, text), "queries",
                      (json_int_t)queries, "share", (double)queries / (double)c->queries);
    if (record == NULL)
        return object;
    struct prefix_detail d;
    prefix_counts_detail(c->prefixes, record, &d);
    json_t *types = json_object();
    for (unsigned i = 0; i < QTYPE_CLASSES; i++)
        counts_set_if_any(types, qtype_class_name(i), d.qtype[i]);
    json_object_set_new(object, "junk", counts_number(record->junk));
    json_object_set_new(object, "hosts", counts_number(prefix_detail_hosts(&d, p)));
    json_object_set_new(object, "qtype", types);
    return object;
}

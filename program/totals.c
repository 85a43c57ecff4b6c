/* SPDX-License-Identifier: MIT */
#include "program/totals.h"

#include "program/counts_json.h"

static void add(uint64_t *into, const uint64_t *from, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        into[i] += from[i];
}

/* IANA "DNS RCODEs": 0 to 11 and 16 to 23 are assigned. */
static unsigned rcode_slot(uint16_t number)
{
    return number <= 11 || (number >= 16 && number < TOTALS_RCODES) ? number : TOTALS_RCODES;
}

static void add_codes(struct totals *t, const struct counters *c)
{
    for (uint32_t i = 0; i < c->qtype.met; i++) {
        uint16_t number = c->qtype.touched[i];
        t->qtype[qtype_class(number)] += c->qtype.count[number];
    }
    for (uint32_t i = 0; i < c->rcode.met; i++) {
        uint16_t number = c->rcode.touched[i];
        t->rcode[rcode_slot(number)] += c->rcode.count[number];
    }
}

static void add_losses(struct totals *t, const struct counters *c)
{
    static const struct source_counts nothing;
    const struct prefix_totals p = prefix_counts_totals(c->prefixes);
    t->bare += p.bare;
    t->lost += p.lost;
    t->names_lost += names_lost(c->names);
    t->late += c->late;
    counters_add_source(&t->source, &c->source, &nothing);
}

/*
 * Junk is split interval by interval: the split of a sum can become smaller in a class when the
 * sum grows, and who takes differences would see a new start there.
 */
void totals_add(struct totals *t, const struct interval *interval)
{
    const struct counters *c = interval->counters;
    const struct junk_counts junk = junk_split(&c->junk);
    if (t->intervals++ == 0)
        t->start_ns = interval->start_ns;
    t->lossy_intervals += interval->lossy;
    t->queries += c->queries;
    t->responses += c->responses;
    t->malformed += c->malformed;
    t->unreadable += c->unreadable;
    add(t->queries_by, c->queries_by, TRANSPORTS);
    add(t->responses_by, c->responses_by, TRANSPORTS);
    add(t->junk, junk.queries, JUNK_CLASSES);
    t->estimated += junk.estimated;
    add_codes(t, c);
    add_losses(t, c);
}

static json_t *qtypes_json(const struct totals *t)
{
    json_t *object = json_object();
    for (unsigned i = 0; i < QTYPE_CLASSES; i++)
        json_object_set_new(object, qtype_class_name(i), counts_number(t->qtype[i]));
    json_object_set_new(object, "unreadable", counts_number(t->unreadable));
    return object;
}

static json_t *rcodes_json(const struct totals *t)
{
    json_t *object = json_object();
    char text[CODE_NAME_BYTES];
    for (uint16_t i = 0; i < TOTALS_RCODES; i++)
        if (rcode_slot(i) == i)
            json_object_set_new(object, code_name(CODE_RCODE, i, text),
                                counts_number(t->rcode[i]));
    json_object_set_new(object, "other", counts_number(t->rcode[TOTALS_RCODES]));
    return object;
}

static json_t *junk_json(const struct totals *t)
{
    json_t *object = json_object();
    uint64_t judged = 0;
    for (unsigned i = 0; i < JUNK_CLASSES; i++) {
        json_object_set_new(object, junk_class_name(i), counts_number(t->junk[i]));
        judged += t->junk[i];
    }
    json_object_set_new(object, "unreadable", counts_number(t->queries - judged));
    return object;
}

/* Frames that ended otherwise than as a message: in which DNS may have been lost, or not. */
static json_t *verdicts_json(const struct totals *t, bool undecoded)
{
    json_t *object = json_object();
    for (unsigned i = 0; i < VERDICTS; i++)
        if (i != VERDICT_MESSAGE && verdict_is_loss(i) == undecoded)
            json_object_set_new(object, verdict_name(i), counts_number(t->source.verdict[i]));
    return object;
}

static json_t *defects_json(const struct totals *t)
{
    json_t *object = json_object();
    for (unsigned i = DEFECT_NONE + 1; i < DEFECTS; i++)
        json_object_set_new(object, defect_name(i), counts_number(t->source.defect[i]));
    return object;
}

static json_t *losses_json(const struct totals *t)
{
    json_t *object = json_object();
    for (unsigned i = 0; i < LOSSES; i++)
        json_object_set_new(object, loss_name(i), counts_number(t->source.loss[i]));
    return object;
}

static void set_source(json_t *json, const struct totals *t)
{
    const struct source_counts *s = &t->source;
    json_object_set_new(json, "frames", counts_number(s->frames));
    json_object_set_new(json, "bytes", counts_number(s->bytes));
    json_object_set_new(json, "drops",
                        json_pack("{s:I, s:I}", "kernel", (json_int_t)s->kernel_drops,
                                  "interface", (json_int_t)s->interface_drops));
    json_object_set_new(json, "undecoded", verdicts_json(t, true));
    json_object_set_new(json, "not_dns", verdicts_json(t, false));
    json_object_set_new(json, "defects", defects_json(t));
    json_object_set_new(json, "losses", losses_json(t));
}

json_t *totals_json(const struct totals *t)
{
    json_t *json =
            json_pack("{s:f, s:I, s:I, s:I, s:I, s:I, s:I}", "start", (double)t->start_ns / 1e9,
                      "intervals", (json_int_t)t->intervals, "lossy_intervals",
                      (json_int_t)t->lossy_intervals, "queries", (json_int_t)t->queries,
                      "responses", (json_int_t)t->responses, "malformed",
                      (json_int_t)t->malformed, "late", (json_int_t)t->late);
    if (json == NULL)
        return NULL;
    json_object_set_new(json, "queries_by", counts_transports_json(t->queries_by));
    json_object_set_new(json, "responses_by", counts_transports_json(t->responses_by));
    json_object_set_new(json, "qtype", qtypes_json(t));
    json_object_set_new(json, "rcode", rcodes_json(t));
    json_object_set_new(json, "junk", junk_json(t));
    json_object_set_new(json, "junk_estimated", counts_number(t->estimated));
    set_source(json, t);
    json_object_set_new(json, "overflow",
                        json_pack("{s:I, s:I, s:I}", "prefix-detail", (json_int_t)t->bare,
                                  "prefix", (json_int_t)t->lost, "names",
                                  (json_int_t)t->names_lost));
    return json;
}

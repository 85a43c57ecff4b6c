/* SPDX-License-Identifier: MIT */
#include "analysis/investigation.h"

#include "analysis/json.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>

static const char *const answers[] = {[ORIGINS_UNKNOWN] = "unknown",
                                      [ORIGINS_UNROUTED] = "unrouted",
                                      [ORIGINS_ANNOUNCED] = "announced"};
static const char *const matches[] = {"nobody", "unknown", "covers", "same", "within"};

/* ---- Subjects -------------------------------------------------------------------------- */

static struct investigation_host *find_host(const struct investigation *v, const char *subject)
{
    uint8_t address[16] = {0};
    bool ipv6 = strchr(subject, ':') != NULL;
    if (inet_pton(ipv6 ? AF_INET6 : AF_INET, subject, address) != 1)
        return NULL;
    for (unsigned i = 0; i < v->hosts; i++)
        if (v->host[i].ipv6 == ipv6 && memcmp(v->host[i].address, address, ipv6 ? 16 : 4) == 0)
            return (struct investigation_host *)&v->host[i];
    return NULL;
}

static struct investigation_network *find_network(const struct investigation *v,
                                                  const char *subject)
{
    struct prefix p;
    if (!prefix_parse(subject, &p))
        return NULL;
    for (unsigned i = 0; i < v->networks; i++)
        if (v->network[i].prefix.bits == p.bits)
            return (struct investigation_network *)&v->network[i];
    return NULL;
}

static struct investigation_as *find_as(const struct investigation *v, const char *subject)
{
    uint32_t asn;
    if (sscanf(subject, "AS%" SCNu32, &asn) != 1)
        return NULL;
    for (unsigned i = 0; i < v->ases; i++)
        if (v->as[i].asn == asn)
            return (struct investigation_as *)&v->as[i];
    return NULL;
}

static struct investigation_registration *find_registration(const struct investigation *v,
                                                            const char *subject)
{
    struct investigation_network *n = find_network(v, subject);
    struct investigation_as *as = n == NULL ? find_as(v, subject) : NULL;
    return n != NULL ? &n->registration : as != NULL ? &as->registration : NULL;
}

/* ---- Texts ----------------------------------------------------------------------------- */

/* One line, harmless, at most as long as its place. */
static bool take_text(const json_t *object, const char *key, char *to, size_t size)
{
    char clean[WHOIS_RAW_BYTES];
    bool cut;
    const json_t *v = json_object_get(object, key);
    if (v == NULL)
        return true;
    if (!json_is_string(v))
        return false;
    size_t n = whois_text_clean(json_string_value(v), json_string_length(v), clean, &cut);
    if (n >= size)
        n = size - 1;
    while (n > 0 && ((uint8_t)clean[n] & 0xc0) == 0x80)
        n--;
    for (size_t i = 0; i < n; i++)
        if (clean[i] == '\n')
            clean[i] = ' ';
    memcpy(to, clean, n);
    to[n] = '\0';
    return true;
}

static bool take_name(const json_t *object, const char *key, const char *const *name,
                      unsigned names, unsigned *found)
{
    const char *text = json_string_value(json_object_get(object, key));
    for (unsigned i = 0; text != NULL && i < names; i++)
        if (strcmp(text, name[i]) == 0) {
            *found = i;
            return true;
        }
    return false;
}

static void put_text(json_t *object, const char *key, const char *text)
{
    if (text[0] != '\0')
        json_object_set_new(object, key, json_string(text));
}

static void put_number(json_t *object, const char *key, int64_t number)
{
    if (number != 0)
        json_object_set_new(object, key, json_integer(number));
}

/* ---- How it came about ----------------------------------------------------------------- */

static json_t *lookup_json(enum fact kind, const char *subject, const struct lookup *l)
{
    json_t *j = json_pack("{s:s, s:s, s:s}", "kind", fact_name(kind), "subject", subject,
                          "state", lookup_state_name(l->state));
    put_number(j, "time", l->time_s);
    put_number(j, "due", l->due_s);
    put_number(j, "tries", l->tries);
    put_text(j, "source", l->source);
    put_text(j, "words", l->words);
    return j;
}

static bool take_lookup(const json_t *fact, struct lookup *l)
{
    uint32_t tries = 0;
    const char *state = json_string_value(json_object_get(fact, "state"));
    *l = (struct lookup){.state = LOOKUP_WAITING};
    for (unsigned s = LOOKUP_WAITING; state != NULL && s <= LOOKUP_FAILED; s++)
        if (strcmp(state, lookup_state_name(s)) == 0)
            l->state = s;
    bool good = json_read_time(fact, "time", &l->time_s) &&
                json_read_time(fact, "due", &l->due_s) &&
                json_read_u32(fact, "tries", &tries) &&
                take_text(fact, "source", l->source, sizeof l->source) &&
                take_text(fact, "words", l->words, sizeof l->words);
    l->tries = tries;
    return good;
}

static bool is_answer(const struct lookup *l)
{
    return l->state == LOOKUP_FOUND || l->state == LOOKUP_NOTHING;
}

/* A failure does not replace an answer, nor what was never asked anything that was. */
static bool replaces(const struct lookup *fresh, const struct lookup *old)
{
    if (is_answer(fresh))
        return !is_answer(old) || fresh->time_s >= old->time_s;
    if (is_answer(old))
        return false;
    return fresh->state == LOOKUP_FAILED || old->state != LOOKUP_FAILED;
}

/* ---- Reverse names --------------------------------------------------------------------- */

static void put_names(json_t *j, const struct investigation_host *h)
{
    json_t *names = json_array();
    for (unsigned i = 0; i < h->names; i++)
        json_array_append_new(names, json_pack("{s:s, s:b}", "name", h->name[i].name,
                                               "confirmed", h->name[i].confirmed));
    json_object_set_new(j, "names", names);
    if (h->more)
        json_object_set_new(j, "more", json_true());
}

static bool take_names(const json_t *fact, struct investigation_host *h)
{
    const json_t *names = json_object_get(fact, "names");
    for (size_t i = 0; i < json_array_size(names) && h->names < INVESTIGATION_NAMES; i++) {
        struct investigation_name *n = &h->name[h->names++];
        if (!take_text(json_array_get(names, i), "name", n->name, sizeof n->name) ||
            !json_read_bool(json_array_get(names, i), "confirmed", &n->confirmed))
            return false;
    }
    return json_read_bool(fact, "more", &h->more);
}

static bool take_reverse(struct investigation *v, const json_t *fact, const char *subject,
                         const struct lookup *l)
{
    struct investigation_host *to = find_host(v, subject);
    if (to == NULL)
        return false;
    struct investigation_host fresh = {.lookup = *l, .ipv6 = to->ipv6};
    memcpy(fresh.address, to->address, sizeof fresh.address);
    if (!take_names(fact, &fresh))
        return false;
    if (replaces(l, &to->lookup))
        *to = fresh;
    return true;
}

/* ---- Registration ---------------------------------------------------------------------- */

/* The text itself is what is kept; what it says is found again each time. */
static void put_raw(json_t *j, const struct investigation_registration *r)
{
    if (r->raw == NULL)
        return;
    json_object_set_new(j, "raw", json_string(r->raw));
    json_object_set_new(j, "raw_cut", json_boolean(r->raw_cut));
}

static bool take_raw(const json_t *fact, struct investigation_registration *r)
{
    char clean[WHOIS_RAW_BYTES];
    bool cut = false;
    const json_t *raw = json_object_get(fact, "raw");
    if (raw == NULL)
        return true;
    if (!json_is_string(raw) || !json_read_bool(fact, "raw_cut", &r->raw_cut))
        return false;
    (void)whois_text_clean(json_string_value(raw), json_string_length(raw), clean, &cut);
    r->raw_cut |= cut;
    r->raw = strdup(clean);
    if (r->raw != NULL)
        whois_text_parse(clean, &r->text);
    return r->raw != NULL;
}

static bool take_whois(struct investigation *v, const json_t *fact, const char *subject,
                       const struct lookup *l)
{
    struct investigation_registration *to = find_registration(v, subject);
    struct investigation_registration fresh = {.lookup = *l};
    if (to == NULL)
        return false;
    if (!take_raw(fact, &fresh)) {
        free(fresh.raw);
        return false;
    }
    if (!replaces(l, &to->lookup)) {
        free(fresh.raw);
        return true;
    }
    free(to->raw);
    *to = fresh;
    return true;
}

/* What the text says, for readers of the JSON. */
static void put_registration(json_t *j, const struct investigation_registration *r)
{
    json_t *blocks = json_array();
    json_t *contacts = json_array();
    for (unsigned i = 0; i < r->text.blocks; i++) {
        const struct whois_block *b = &r->text.block[i];
        json_t *row = json_pack("{s:s}", "range", b->range);
        put_text(row, "name", b->name);
        put_text(row, "owner", b->owner);
        put_text(row, "handle", b->handle);
        put_text(row, "parent", b->parent);
        put_text(row, "registered", b->registered);
        put_text(row, "updated", b->updated);
        json_array_append_new(blocks, row);
    }
    for (unsigned i = 0; i < r->text.contacts; i++) {
        const struct whois_contact *c = &r->text.contact[i];
        json_t *row = json_pack("{s:s}", "role", whois_role_name(c->role));
        put_text(row, "name", c->name);
        put_text(row, "mail", c->mail);
        put_text(row, "phone", c->phone);
        json_array_append_new(contacts, row);
    }
    json_object_set_new(j, "blocks", blocks);
    json_object_set_new(j, "contacts", contacts);
    if (r->text.more)
        json_object_set_new(j, "more", json_true());
    put_raw(j, r);
}

/* ---- Routing --------------------------------------------------------------------------- */

static void put_routing(json_t *j, const struct investigation_routing *r)
{
    json_object_set_new(j, "answer", json_string(answers[r->answer]));
    put_number(j, "asn", r->asn);
    put_text(j, "announced", r->announced);
    put_text(j, "name", r->name);
    put_number(j, "table", r->table_s);
}

static bool take_routing(struct investigation *v, const json_t *fact, const char *subject,
                         const struct lookup *l)
{
    struct investigation_network *to = find_network(v, subject);
    struct investigation_routing fresh = {.lookup = *l};
    unsigned answer = ORIGINS_UNKNOWN;
    if (to == NULL)
        return false;
    if (is_answer(l) && !take_name(fact, "answer", answers, 3, &answer))
        return false;
    fresh.answer = answer;
    if (!json_read_u32(fact, "asn", &fresh.asn) ||
        !take_text(fact, "announced", fresh.announced, sizeof fresh.announced) ||
        !take_text(fact, "name", fresh.name, sizeof fresh.name) ||
        !json_read_time(fact, "table", &fresh.table_s))
        return false;
    if (replaces(l, &to->routing.lookup))
        to->routing = fresh;
    return true;
}

static void put_dns(json_t *j, const struct investigation_dns *d)
{
    put_number(j, "asn", d->asn);
    put_text(j, "announced", d->announced);
    put_text(j, "country", d->country);
    put_text(j, "registry", d->registry);
    put_text(j, "allocated", d->allocated);
}

static bool take_dns(struct investigation *v, const json_t *fact, const char *subject,
                     const struct lookup *l)
{
    struct investigation_network *to = find_network(v, subject);
    struct investigation_dns fresh = {.lookup = *l};
    if (to == NULL || !json_read_u32(fact, "asn", &fresh.asn) ||
        !take_text(fact, "announced", fresh.announced, sizeof fresh.announced) ||
        !take_text(fact, "country", fresh.country, sizeof fresh.country) ||
        !take_text(fact, "registry", fresh.registry, sizeof fresh.registry) ||
        !take_text(fact, "allocated", fresh.allocated, sizeof fresh.allocated))
        return false;
    if (replaces(l, &to->dns.lookup))
        to->dns = fresh;
    return true;
}

static bool take_as_name(struct investigation *v, const json_t *fact, const char *subject,
                         const struct lookup *l)
{
    struct investigation_as *to = find_as(v, subject);
    char name[sizeof to->name] = "";
    if (to == NULL || !take_text(fact, "name", name, sizeof name))
        return false;
    if (!replaces(l, &to->lookup))
        return true;
    to->lookup = *l;
    memcpy(to->name, name, sizeof name);
    return true;
}

/* ---- History --------------------------------------------------------------------------- */

static json_t *row_json(const struct investigation_row *r)
{
    json_t *origins = json_array();
    for (unsigned i = 0; i < r->origins; i++)
        json_array_append_new(origins, json_integer(r->origin[i]));
    json_t *j = json_pack("{s:I, s:I, s:i, s:s, s:o}", "from", (json_int_t)r->from, "to",
                          (json_int_t)r->to, "tables", (int)r->tables, "match",
                          matches[r->match], "origins", origins);
    put_text(j, "announced", r->announced);
    put_text(j, "path", r->path);
    return j;
}

static bool take_row(const json_t *j, struct investigation_row *r)
{
    unsigned match;
    uint32_t tables = 0;
    const json_t *origins = json_object_get(j, "origins");
    if (!take_name(j, "match", matches, 5, &match) || !json_read_time(j, "from", &r->from) ||
        !json_read_time(j, "to", &r->to) || !json_read_u32(j, "tables", &tables) ||
        !take_text(j, "announced", r->announced, sizeof r->announced) ||
        !take_text(j, "path", r->path, sizeof r->path))
        return false;
    r->match = match;
    r->tables = tables;
    for (size_t i = 0; i < json_array_size(origins) && r->origins < INVESTIGATION_ORIGINS; i++)
        if (!json_to_u32(json_array_get(origins, i), &r->origin[r->origins++]))
            return false;
    return r->to >= r->from;
}

static void put_history(json_t *j, const struct investigation_history *h)
{
    json_t *rows = json_array();
    for (unsigned i = 0; i < h->rows; i++)
        json_array_append_new(rows, row_json(&h->row[i]));
    json_object_set_new(j, "rows", rows);
    put_number(j, "tables", h->tables);
    if (h->more)
        json_object_set_new(j, "more", json_true());
}

static bool read_history(const json_t *fact, struct investigation_history *h)
{
    uint32_t tables = 0;
    const json_t *rows = json_object_get(fact, "rows");
    for (size_t i = 0; i < json_array_size(rows) && h->rows < INVESTIGATION_ROWS; i++)
        if (!take_row(json_array_get(rows, i), &h->row[h->rows++]))
            return false;
    if (!json_read_u32(fact, "tables", &tables) || !json_read_bool(fact, "more", &h->more))
        return false;
    h->tables = tables;
    return true;
}

/* One of fewer tables is no news. */
static bool take_history(struct investigation *v, const json_t *fact, const char *subject,
                         const struct lookup *l)
{
    struct investigation_network *to = find_network(v, subject);
    if (to == NULL)
        return false;
    struct investigation_history *fresh = calloc(1, sizeof *fresh);
    bool good = fresh != NULL && read_history(fact, fresh);
    if (good && replaces(l, &to->history.lookup) && fresh->tables >= to->history.tables) {
        to->history = *fresh;
        to->history.lookup = *l;
    }
    free(fresh);
    return good;
}

/* ---- All of them ----------------------------------------------------------------------- */

static json_t *network_fact(const struct investigation_network *n, enum fact kind,
                            const char *subject)
{
    json_t *j = NULL;
    if (kind == FACT_ROUTING) {
        j = lookup_json(kind, subject, &n->routing.lookup);
        put_routing(j, &n->routing);
    } else if (kind == FACT_DNS) {
        j = lookup_json(kind, subject, &n->dns.lookup);
        put_dns(j, &n->dns);
    } else if (kind == FACT_HISTORY) {
        j = lookup_json(kind, subject, &n->history.lookup);
        put_history(j, &n->history);
    }
    return j;
}

json_t *investigation_fact(const struct investigation *v, enum fact kind, const char *subject)
{
    const struct investigation_registration *r = find_registration(v, subject);
    const struct investigation_host *h = find_host(v, subject);
    const struct investigation_network *n = find_network(v, subject);
    const struct investigation_as *as = find_as(v, subject);
    json_t *j = NULL;
    if (kind == FACT_REVERSE && h != NULL) {
        j = lookup_json(kind, subject, &h->lookup);
        put_names(j, h);
    } else if (kind == FACT_WHOIS && r != NULL) {
        j = lookup_json(kind, subject, &r->lookup);
        put_registration(j, r);
    } else if (kind == FACT_AS_NAME && as != NULL) {
        j = lookup_json(kind, subject, &as->lookup);
        put_text(j, "name", as->name);
    } else if (n != NULL) {
        j = network_fact(n, kind, subject);
    }
    return j;
}

bool investigation_take(struct investigation *v, const json_t *fact)
{
    static bool (*const takers[FACTS])(struct investigation *, const json_t *, const char *,
                                       const struct lookup *) = {
            [FACT_REVERSE] = take_reverse, [FACT_WHOIS] = take_whois,
            [FACT_ROUTING] = take_routing, [FACT_DNS] = take_dns,
            [FACT_HISTORY] = take_history, [FACT_AS_NAME] = take_as_name,
    };
    struct lookup l;
    const char *kind = json_string_value(json_object_get(fact, "kind"));
    const char *subject = json_string_value(json_object_get(fact, "subject"));
    if (kind == NULL || subject == NULL || !take_lookup(fact, &l))
        return false;
    for (enum fact k = 0; k < FACTS; k++)
        if (strcmp(kind, fact_name(k)) == 0)
            return takers[k](v, fact, subject, &l);
    return false;
}

json_t *investigation_told_json(const struct investigation *v)
{
    json_t *lines = json_array();
    for (unsigned i = 0; i < v->tolds; i++)
        json_array_append_new(lines, json_string(v->told[i]));
    return json_pack("{s:I, s:o}", "time", (json_int_t)v->told_s, "lines", lines);
}

bool investigation_take_told(struct investigation *v, const json_t *told)
{
    const json_t *lines = json_object_get(told, "lines");
    if (!json_read_time(told, "time", &v->told_s))
        return false;
    v->tolds = 0;
    for (size_t i = 0; i < json_array_size(lines) && v->tolds < INVESTIGATION_TOLD; i++) {
        json_t *line = json_pack("{s:O}", "line", json_array_get(lines, i));
        bool good = take_text(line, "line", v->told[v->tolds], LOOKUP_WORDS_BYTES);
        json_decref(line);
        if (!good)
            return false;
        v->tolds++;
    }
    return true;
}

/* SPDX-License-Identifier: MIT */
#include "analysis/subject.h"

#include "analysis/code_name.h"
#include "analysis/json.h"
#include "analysis/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { LABEL_BYTES = 63 };

struct subject subject_of_prefix(struct prefix p)
{
    return (struct subject){.kind = INCIDENT_PREFIX, .key = p.bits};
}

uint64_t subject_name_key(const uint8_t *name, uint8_t name_bytes)
{
    return XXH3_64bits(name, name_bytes);
}

struct subject subject_of_name(const uint8_t *name, uint8_t name_bytes, bool zone)
{
    struct subject s = {.kind = INCIDENT_NAME,
                        .key = subject_name_key(name, name_bytes),
                        .zone = zone,
                        .name_bytes = name_bytes};
    memcpy(s.name, name, name_bytes);
    return s;
}

/* Label by label: the tail's octets may stand in the middle of a label. */
static bool is_below(const uint8_t *name, uint8_t name_bytes, uint8_t zone_bytes)
{
    unsigned left = name_bytes;
    while (left > zone_bytes) {
        unsigned step = *name + 1U;
        if (step == 1 || step > left)
            return false;
        name += step;
        left -= step;
    }
    return left == zone_bytes;
}

bool subject_covers_name(const struct subject *s, const uint8_t *name, uint8_t name_bytes)
{
    if (s->name_bytes == 0 || name_bytes < s->name_bytes ||
        (!s->zone && name_bytes != s->name_bytes))
        return false;
    return memcmp(name + name_bytes - s->name_bytes, s->name, s->name_bytes) == 0 &&
           is_below(name, name_bytes, s->name_bytes);
}

/* A label of at most three octets in one word, with its length. */
#define WORD(length, a, b, c) \
    ((uint32_t)(length) << 24 | (uint32_t)(a) << 16 | (uint32_t)(b) << 8 | (uint32_t)(c))

static uint32_t word_of(const uint8_t *label)
{
    return label[0] == 2   ? WORD(2, label[1], label[2], 0)
           : label[0] == 3 ? WORD(3, label[1], label[2], label[3])
                           : 0;
}

/* Second levels under which registries register, and the two reverse trees. */
static bool is_registry(const uint8_t *second, const uint8_t *top)
{
    if (top[0] == 4 && memcmp(top + 1, "arpa", 4) == 0)
        return (second[0] == 7 && memcmp(second + 1, "in-addr", 7) == 0) ||
               word_of(second) == WORD(3, 'i', 'p', '6');
    if (top[0] != 2)
        return false;
    switch (word_of(second)) {
    case WORD(2, 'c', 'o', 0):
    case WORD(3, 'c', 'o', 'm'):
    case WORD(3, 'n', 'e', 't'):
    case WORD(3, 'o', 'r', 'g'):
    case WORD(2, 'a', 'c', 0):
    case WORD(3, 'g', 'o', 'v'):
    case WORD(3, 'g', 'o', 'b'):
    case WORD(3, 'e', 'd', 'u'):
    case WORD(2, 'n', 'e', 0):
    case WORD(2, 'o', 'r', 0):
    case WORD(2, 'g', 'o', 0):
    case WORD(3, 'm', 'i', 'l'):
    case WORD(3, 'n', 'o', 'm'):
        return true;
    default:
        return false;
    }
}

const uint8_t *subject_zone(const uint8_t *name, uint8_t name_bytes, uint8_t *zone_bytes,
                            uint8_t *tld_bytes)
{
    const uint8_t *end = name + name_bytes;
    const uint8_t *last[3] = {name, name, name};
    unsigned labels = 0;
    for (const uint8_t *at = name; at < end && *at != 0; at += *at + 1, labels++) {
        last[0] = last[1];
        last[1] = last[2];
        last[2] = at;
    }
    unsigned from = labels >= 3 && is_registry(last[1], last[2]) ? 0 : labels >= 2 ? 1 : 2;
    *zone_bytes = (uint8_t)(end - last[from]);
    *tld_bytes = (uint8_t)(end - last[2]);
    return last[from];
}

static void name_text(const struct subject *s, char text[static SUBJECT_TEXT_BYTES])
{
    char name[NAMES_TEXT_BYTES];
    names_text(s->name, s->name_bytes, name);
    size_t length = strlen(name);
    const char *from = length > 60 ? name + length - 57 : name;
    (void)snprintf(text, SUBJECT_TEXT_BYTES, "%s%s%.60s", s->zone ? "names below " : "",
                   length > 60 ? "..." : "", from);
}

const char *subject_text(const struct subject *s, char text[static SUBJECT_TEXT_BYTES])
{
    char part[CODE_NAME_BYTES];
    char prefix[PREFIX_TEXT_BYTES];
    switch (s->kind) {
    case INCIDENT_PREFIX:
        (void)snprintf(text, SUBJECT_TEXT_BYTES, "%s",
                       prefix_format((struct prefix){s->key}, prefix));
        break;
    case INCIDENT_ASN:
        (void)snprintf(text, SUBJECT_TEXT_BYTES, "AS%" PRIu64, s->key);
        break;
    case INCIDENT_QTYPE:
        (void)snprintf(text, SUBJECT_TEXT_BYTES, "%s",
                       code_name(CODE_QTYPE, (uint16_t)s->key, part));
        break;
    case INCIDENT_RCODE:
        (void)snprintf(text, SUBJECT_TEXT_BYTES, "%s",
                       code_name(CODE_RCODE, (uint16_t)s->key, part));
        break;
    case INCIDENT_UNANSWERED:
        (void)snprintf(text, SUBJECT_TEXT_BYTES, "queries without an answer");
        break;
    case INCIDENT_UNROUTED:
        (void)snprintf(text, SUBJECT_TEXT_BYTES, "sources without a route");
        break;
    default:
        if (subject_is_name(s))
            name_text(s, text);
        else
            (void)snprintf(text, SUBJECT_TEXT_BYTES, "%s", incident_kind_name(s->kind));
        break;
    }
    return text;
}

json_t *subject_json(const struct subject *s)
{
    char hex[2 * MESSAGE_NAME_BYTES_MAX + 1] = "";
    for (unsigned i = 0; i < s->name_bytes; i++)
        (void)sprintf(hex + 2 * i, "%02x", s->name[i]);
    return json_pack("[s, I, b, s]", incident_kind_name(s->kind), (json_int_t)s->key, s->zone,
                     hex);
}

static bool parse_name(const char *hex, struct subject *s)
{
    size_t digits = hex == NULL ? 1 : strlen(hex);
    if (digits % 2 != 0 || digits / 2 > sizeof s->name)
        return false;
    for (size_t i = 0; i < digits / 2; i++) {
        char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        char *end;
        s->name[i] = (uint8_t)strtoul(pair, &end, 16);
        if (*end != '\0')
            return false;
    }
    s->name_bytes = (uint8_t)(digits / 2);
    return true;
}

/* Labels one after the other, and the root's octet at the very end. */
static bool is_wire_name(const uint8_t *name, uint8_t name_bytes)
{
    unsigned at = 0;
    while (at < name_bytes && name[at] != 0 && name[at] <= LABEL_BYTES)
        at += name[at] + 1U;
    return at + 1U == name_bytes && name[at] == 0;
}

static bool is_prefix(uint64_t key)
{
    char text[PREFIX_TEXT_BYTES];
    struct prefix again;
    return prefix_parse(prefix_format((struct prefix){key}, text), &again) && again.bits == key;
}

/* Whether a subject of this kind may have this key, and a name or none. */
static bool is_sound(const struct subject *s)
{
    if (s->kind == INCIDENT_NAME || subject_is_name(s))
        return (s->kind == INCIDENT_NAME || s->kind == INCIDENT_SPOOF) &&
               is_wire_name(s->name, s->name_bytes) &&
               s->key == subject_name_key(s->name, s->name_bytes);
    switch (s->kind) {
    case INCIDENT_PREFIX:
        return is_prefix(s->key);
    case INCIDENT_ASN:
        return s->key <= UINT32_MAX;
    case INCIDENT_QTYPE:
    case INCIDENT_RCODE:
        return s->key <= UINT16_MAX;
    default:
        return s->key == 0;
    }
}

bool subject_parse(const json_t *json, struct subject *s)
{
    *s = (struct subject){.key = (uint64_t)json_integer_value(json_array_get(json, 1)),
                          .zone = json_is_true(json_array_get(json, 2))};
    return incident_kind_parse(json_string_value(json_array_get(json, 0)), &s->kind) &&
           parse_name(json_string_value(json_array_get(json, 3)), s) && is_sound(s);
}

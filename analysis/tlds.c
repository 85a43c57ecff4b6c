/* SPDX-License-Identifier: MIT */
#include "analysis/tlds.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

enum { LABEL_BYTES_MAX = 63, PER_LABEL = 4, SLOTS_AT_FIRST = 8192, OWNER_BYTES = 1024 };

struct reading {
    struct tlds *tlds;
    const char *path;
    unsigned long line;
    bool zone;      /* a root zone, else a list */
    bool decided;   /* which of both */
    unsigned depth; /* of parentheses that are open: the record goes on */
    char owner[OWNER_BYTES];
    struct error *err;
};

static struct tlds *create(struct error *err)
{
    struct tlds *t = calloc(1, sizeof *t);
    if (t == NULL || (t->slot = calloc(SLOTS_AT_FIRST, sizeof *t->slot)) == NULL) {
        error_set(err, "no memory for the top-level domains");
        goto fail;
    }
    t->mask = SLOTS_AT_FIRST - 1;
    if (getrandom(&t->seed, sizeof t->seed, 0) == sizeof t->seed)
        return t;
    error_errno(err, "seeding the top-level domains");
fail:
    tlds_free(t);
    return NULL;
}

void tlds_free(struct tlds *t)
{
    if (t == NULL)
        return;
    free(t->slot);
    free(t);
}

static void put(struct tlds *t, uint64_t key)
{
    uint64_t at = tlds_place(t, key);
    while (t->slot[at & t->mask] != 0)
        at++;
    t->slot[at & t->mask] = key;
}

static bool grow(struct tlds *t, struct error *err)
{
    struct tlds larger = *t;
    larger.mask = 2 * t->mask + 1;
    larger.slot = calloc(larger.mask + 1, sizeof *larger.slot);
    if (larger.slot == NULL)
        return error_set(err, "no memory for the top-level domains");
    for (uint64_t i = 0; i <= t->mask; i++)
        if (t->slot[i] != 0)
            put(&larger, t->slot[i]);
    free(t->slot);
    *t = larger;
    return true;
}

/* A label in lower case; one that is there already stays. */
static bool add(struct tlds *t, const char *text, size_t bytes, struct error *err)
{
    uint8_t label[1 + LABEL_BYTES_MAX + sizeof(uint64_t)] = {(uint8_t)bytes};
    memcpy(label + 1, text, bytes);
    uint64_t key = tlds_key(t, label);
    if (tlds_has(t, key))
        return true;
    if (t->count == TLDS_MOST)
        return error_set(err, "more than %d top-level domains", TLDS_MOST);
    if ((t->count + 1) * PER_LABEL > t->mask && !grow(t, err))
        return false;
    put(t, key);
    t->count++;
    return true;
}

static bool wrong(struct reading *r, const char *text, const char *what)
{
    char shown[40];
    size_t n = 0;
    for (; text[n] != '\0' && n + 1 < sizeof shown; n++)
        shown[n] = isprint((unsigned char)text[n]) ? text[n] : '?';
    shown[n] = '\0';
    return error_set(r->err, "%s:%lu: \"%s\" %s", r->path, r->line, shown, what);
}

/* Letters, digits and hyphens (RFC 5890: a U-label is not what a name on the wire has). */
static bool add_label(struct reading *r, const char *text, size_t bytes)
{
    char label[LABEL_BYTES_MAX];
    struct error err;
    if (bytes == 0 || bytes > LABEL_BYTES_MAX)
        return wrong(r, text, "is no label: it has 1 to 63 octets");
    for (size_t i = 0; i < bytes; i++) {
        if (!isalnum((unsigned char)text[i]) && text[i] != '-')
            return wrong(r, text, "is no top-level domain: letters, digits and hyphens");
        label[i] = (char)tolower((unsigned char)text[i]);
    }
    if (add(r->tlds, label, bytes, &err))
        return true;
    return error_set(r->err, "%s:%lu: %s", r->path, r->line, err.text);
}

/* The next word of a line of a zone, in place, without comments; NULL: none. */
static char *next_word(struct reading *r, char **at)
{
    for (;;) {
        *at += strspn(*at, " \t\r\n");
        if (**at != '(' && **at != ')')
            break;
        if (**at == '(')
            r->depth++;
        else if (r->depth > 0)
            r->depth--;
        (*at)++;
    }
    if (**at == '\0' || **at == ';')
        return NULL;
    char *word = *at;
    if (*word == '"') {
        char *end = word + 1;
        while (*end != '\0' && *end != '"')
            end += *end == '\\' && end[1] != '\0' ? 2 : 1;
        *at = *end == '\0' ? end : end + 1;
        return word;
    }
    *at += strcspn(*at, " \t\r\n();\"");
    if (**at == ' ' || **at == '\t' || **at == '\r' || **at == '\n')
        *(*at)++ = '\0';
    return word;
}

static bool is_class(const char *word)
{
    return strncasecmp(word, "IN", 3) == 0 || strncasecmp(word, "CH", 3) == 0 ||
           strncasecmp(word, "HS", 3) == 0;
}

/* The type behind TTL and class, which come in any order; NULL: none. */
static const char *type_of(struct reading *r, char **at)
{
    const char *word;
    while ((word = next_word(r, at)) != NULL)
        if (!isdigit((unsigned char)*word) && !is_class(word))
            return word;
    return NULL;
}

static bool take_directive(struct reading *r, const char *word, char **at)
{
    const char *value = next_word(r, at);
    if (strcasecmp(word, "$TTL") == 0)
        return true;
    if (strcasecmp(word, "$ORIGIN") == 0 && value != NULL && strcmp(value, ".") == 0)
        return true;
    return wrong(r, word, "is for other zones than the root's");
}

/* Whose record a line is: named at its beginning, or as before; NULL: of none. */
static const char *owner_of(struct reading *r, char *line, char **at)
{
    if (*line == ' ' || *line == '\t')
        return r->owner;
    const char *word = next_word(r, at);
    if (word != NULL && *word != '$')
        (void)snprintf(r->owner, sizeof r->owner, "%s", word);
    return word;
}

/* The label of a delegation from the root; false: see err. */
static bool take_owner(struct reading *r)
{
    size_t bytes = strlen(r->owner);
    bytes -= bytes > 0 && r->owner[bytes - 1] == '.';
    if (bytes == 0 || strcmp(r->owner, "@") == 0 || memchr(r->owner, '.', bytes) != NULL)
        return true;
    return add_label(r, r->owner, bytes);
}

static bool take_record(struct reading *r, char *line)
{
    char *at = line;
    bool goes_on = r->depth > 0;
    const char *owner = goes_on ? NULL : owner_of(r, line, &at);
    if (owner != NULL && *owner == '$')
        return take_directive(r, owner, &at);
    const char *type = owner == NULL ? NULL : type_of(r, &at);
    if (owner != NULL && owner != r->owner && type == NULL && r->depth == 0)
        return wrong(r, owner, "has no type behind it: neither a list of labels nor a zone");
    bool delegates = type != NULL && strcasecmp(type, "NS") == 0;
    while (next_word(r, &at) != NULL) {
    }
    return !delegates || take_owner(r);
}

static bool take_label(struct reading *r, char *line)
{
    char *text = line + strspn(line, " \t\r\n");
    size_t bytes = strcspn(text, " \t\r\n#;");
    const char *rest = text + bytes + strspn(text + bytes, " \t\r\n");
    if (*rest != '\0' && *rest != '#' && *rest != ';')
        return wrong(r, text, "is followed by more than a comment");
    text[bytes] = '\0';
    bytes -= bytes > 0 && text[bytes - 1] == '.';
    return bytes == 0 || add_label(r, text, bytes);
}

/* A list has one word a line; the first line that is not a comment shows which it is. */
static void decide(struct reading *r, const char *line)
{
    size_t word = strspn(line, " \t");
    size_t bytes = strcspn(line + word, " \t\r\n#;");
    if (bytes == 0)
        return;
    const char *rest = line + word + bytes;
    rest += strspn(rest, " \t\r\n");
    r->zone = *rest != '\0' && *rest != '#' && *rest != ';';
    r->decided = true;
}

static bool take_line(struct reading *r, char *line, size_t bytes)
{
    if (strlen(line) != bytes)
        return wrong(r, line, "is followed by a zero octet");
    if (line[bytes - 1] != '\n' && bytes + 1 == TLDS_LINE_BYTES)
        return wrong(r, line, "begins a line that is too long");
    if (!r->decided)
        decide(r, line);
    if (!r->decided)
        return true;
    return r->zone ? take_record(r, line) : take_label(r, line);
}

/* fgets() that tells zero octets from the end; 0: no more. */
static size_t read_line(FILE *f, char line[static TLDS_LINE_BYTES])
{
    size_t n = 0;
    int c;
    while (n + 1 < TLDS_LINE_BYTES && (c = getc(f)) != EOF) {
        line[n++] = (char)c;
        if (c == '\n')
            break;
    }
    line[n] = '\0';
    return n;
}

static bool read_lines(struct reading *r, FILE *from)
{
    char line[TLDS_LINE_BYTES];
    size_t bytes;
    bool good = true;
    while (good && (bytes = read_line(from, line)) > 0) {
        r->line++;
        good = take_line(r, line, bytes);
    }
    if (good && ferror(from))
        return error_errno(r->err, "reading %s", r->path);
    if (good && r->depth > 0)
        return error_set(r->err, "%s:%lu: ends within a record", r->path, r->line);
    return good &&
           (r->tlds->count > 0 || error_set(r->err, "%s: no top-level domain in it", r->path));
}

struct tlds *tlds_read(FILE *from, const char *path, struct error *err)
{
    struct tlds *t = create(err);
    if (t == NULL)
        return NULL;
    struct reading r = {.tlds = t, .path = path, .err = err};
    (void)snprintf(t->source, sizeof t->source, "%s", path);
    if (read_lines(&r, from))
        return t;
    tlds_free(t);
    return NULL;
}

static struct tlds *take_shipped(struct error *err)
{
    struct tlds *t = create(err);
    if (t == NULL)
        return NULL;
    (void)snprintf(t->source, sizeof t->source, "rootwatch's list of %s", tlds_shipped_day);
    for (size_t i = 0; i < tlds_shipped_count; i++)
        if (!add(t, tlds_shipped[i], strlen(tlds_shipped[i]), err)) {
            tlds_free(t);
            return NULL;
        }
    return t;
}

struct tlds *tlds_create(const char *path, struct error *err)
{
    if (path == NULL || *path == '\0')
        return take_shipped(err);
    FILE *f = fopen(path, "re");
    if (f == NULL) {
        error_errno(err, "%s", path);
        return NULL;
    }
    struct tlds *t = tlds_read(f, path, err);
    fclose(f);
    return t;
}

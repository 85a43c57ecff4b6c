/* SPDX-License-Identifier: MIT */
#include "analysis/whois_text.h"

#include "analysis/whois_keys.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LINE_BYTES = 512 };

/* ---- Cleaning -------------------------------------------------------------------------- */

/* Octets of the UTF-8 sequence that begins there and may be shown; 0: it is none. */
static size_t sequence(const uint8_t *p, size_t n)
{
    size_t length = p[0] >= 0xf0 && p[0] <= 0xf4 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc2 ? 2 : 0;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (length == 0 || length > n || p[0] > 0xf4)
        return 0;
    uint32_t point = p[0] & (0xffU >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (p[i] & 0x3f);
    }
    bool surrogate = point >= 0xd800 && point <= 0xdfff;
    bool control = point < 0xa0 || point == 0x2028 || point == 0x2029;
    bool turning = (point >= 0x202a && point <= 0x202e) ||
                   (point >= 0x2066 && point <= 0x2069) || point == 0x200e || point == 0x200f;
    bool valid = point >= least[length] && point <= 0x10ffff && !surrogate;
    return valid && !control && !turning && point != 0xfeff ? length : 0;
}

size_t whois_text_clean(const void *from, size_t n, char to[static WHOIS_RAW_BYTES], bool *cut)
{
    const uint8_t *p = from;
    size_t used = 0;
    size_t i = 0;
    while (i < n && used + 5 < WHOIS_RAW_BYTES) {
        size_t length = p[i] < 0x80 ? 0 : sequence(p + i, n - i);
        if (p[i] == '\r' && i + 1 < n && p[i + 1] == '\n') {
            i++;
        } else if (p[i] == '\t') {
            to[used++] = ' ';
            i++;
        } else if (p[i] == '\n' || (p[i] >= ' ' && p[i] < 0x7f)) {
            to[used++] = (char)p[i++];
        } else if (length > 0) {
            memcpy(to + used, p + i, length);
            used += length;
            i += length;
        } else {
            used += (size_t)snprintf(to + used, 5, "\\x%02x", p[i++]);
        }
    }
    to[used] = '\0';
    *cut = i < n;
    return used;
}

/* ---- Values ---------------------------------------------------------------------------- */

/* A copy that ends between two characters where it does not fit. */
static void copy(char *to, size_t size, const char *from, size_t n)
{
    if (n >= size) {
        n = size - 1;
        while (n > 0 && ((uint8_t)from[n] & 0xc0) == 0x80)
            n--;
    }
    memcpy(to, from, n);
    to[n] = '\0';
}

static bool is_date(unsigned year, unsigned month, unsigned day)
{
    return year >= 1970 && year < 2200 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

static unsigned month_of(const char *name)
{
    static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                         "jul", "aug", "sep", "oct", "nov", "dec"};
    for (unsigned m = 0; m < 12; m++)
        if (strncasecmp(name, months[m], 3) == 0)
            return m + 1;
    return 0;
}

const char *whois_text_date(const char *from, char date[static WHOIS_DATE_BYTES])
{
    unsigned year = 0, month = 0, day = 0;
    char name[4] = "";
    date[0] = '\0';
    if (sscanf(from, "%4u-%2u-%2u", &year, &month, &day) != 3 &&
        sscanf(from, "%4u/%2u/%2u", &year, &month, &day) != 3 &&
        sscanf(from, "%4u.%2u.%2u", &year, &month, &day) != 3) {
        if (strspn(from, "0123456789") == 8)
            (void)sscanf(from, "%4u%2u%2u", &year, &month, &day);
        else if (sscanf(from, "%2u-%3[A-Za-z]-%4u", &day, name, &year) == 3)
            month = month_of(name);
    }
    if (is_date(year, month, day))
        (void)snprintf(date, WHOIS_DATE_BYTES, "%04u-%02u-%02u", year % 10000, month % 100,
                       day % 100);
    return date;
}

/* "hostmaster@example.net 20050110": RPSL's old way to say when. */
static const char *date_behind(const char *from, char date[static WHOIS_DATE_BYTES])
{
    const char *space = strchr(from, ' ');
    whois_text_date(space == NULL ? from : space + strspn(space, " "), date);
    return date;
}

static bool is_mailbox(const char *text)
{
    const char *at = strchr(text, '@');
    if (at == NULL || at == text || text[0] == '-' || strchr(at + 1, '@') != NULL)
        return false;
    for (const char *p = text; *p != '\0'; p++)
        if (p != at && (!isascii((unsigned char)*p) ||
                        (!isalnum((unsigned char)*p) && strchr("._+-=", *p) == NULL)))
            return false;
    return strchr(at, '.') != NULL;
}

static bool is_phone(const char *text)
{
    size_t digits = 0;
    for (const char *p = text; *p != '\0'; p++) {
        if (!isascii((unsigned char)*p) ||
            (!isalnum((unsigned char)*p) && strchr(" +-./()#*,:", *p) == NULL))
            return false;
        digits += isdigit((unsigned char)*p) != 0;
    }
    return digits >= 3;
}

static unsigned ipv4_length(const char *from, const char *to)
{
    struct in_addr a, b;
    if (inet_pton(AF_INET, from, &a) != 1 || inet_pton(AF_INET, to, &b) != 1 ||
        ntohl(b.s_addr) < ntohl(a.s_addr))
        return 0;
    uint64_t size = (uint64_t)ntohl(b.s_addr) - ntohl(a.s_addr) + 1;
    unsigned length = 32;
    while (length > 0 && (UINT64_C(1) << (32 - length)) < size)
        length--;
    return length;
}

/* How long a prefix as large as the range is. */
static unsigned range_length(const char *range)
{
    char from[48] = "", to[48] = "";
    unsigned length = 0;
    if (sscanf(range, "%47[0-9.] - %47[0-9.]", from, to) == 2)
        return ipv4_length(from, to);
    const char *slash = strchr(range, '/');
    if (slash != NULL && sscanf(slash + 1, "%3u", &length) == 1 && length <= 128)
        return length;
    return 0;
}

/* ---- Lines ----------------------------------------------------------------------------- */

struct reading {
    struct whois_text *text;
    struct whois_block *block;     /* begun in this paragraph; NULL */
    struct whois_block *latest;    /* the last one begun, whose owner may follow */
    struct whois_contact *contact; /* begun in this paragraph; NULL */
    struct whois_block spare_block;
    struct whois_contact spare_contact; /* for those that there is no room for */
    bool described;                     /* the latest block's owner is only a description */
    bool of_krnic;                      /* the latest block is in KRNIC's form */
    char waiting[128];                  /* an organisation whose network follows */
};

static struct whois_block *begin_block(struct reading *r, const char *range)
{
    struct whois_text *t = r->text;
    t->more |= t->blocks == WHOIS_BLOCKS;
    r->block = t->blocks < WHOIS_BLOCKS ? &t->block[t->blocks++] : &r->spare_block;
    *r->block = (struct whois_block){.length = range_length(range)};
    copy(r->block->range, sizeof r->block->range, range, strlen(range));
    copy(r->block->owner, sizeof r->block->owner, r->waiting, strlen(r->waiting));
    r->waiting[0] = '\0';
    r->latest = r->block;
    r->described = false;
    return r->block;
}

static struct whois_contact *begin_contact(struct reading *r, enum whois_role role,
                                           const char *name)
{
    struct whois_text *t = r->text;
    t->more |= t->contacts == WHOIS_CONTACTS;
    r->contact = t->contacts < WHOIS_CONTACTS ? &t->contact[t->contacts++] : &r->spare_contact;
    *r->contact = (struct whois_contact){.role = role};
    copy(r->contact->name, sizeof r->contact->name, name, strlen(name));
    return r->contact;
}

static void set(char *to, size_t size, const char *value)
{
    if (to[0] == '\0')
        copy(to, size, value, strlen(value));
}

static void set_mail(struct whois_contact *c, const char *value)
{
    if (is_mailbox(value))
        set(c->mail, sizeof c->mail, value);
}

static void set_phone(struct whois_contact *c, const char *value)
{
    if (is_phone(value))
        set(c->phone, sizeof c->phone, value);
}

/* ARIN names the role in each key: those of one role that follow each other are one contact. */
static struct whois_contact *contact_of_role(struct reading *r, const struct whois_key *key)
{
    bool same = r->contact != NULL && r->contact->role == key->role;
    bool taken = same && ((key->field == FIELD_ROLE_NAME && r->contact->name[0] != '\0') ||
                          (key->field == FIELD_ROLE_MAIL && r->contact->mail[0] != '\0'));
    return same && !taken ? r->contact : begin_contact(r, key->role, "");
}

static bool has_mail(const struct whois_text *t, const char *mail)
{
    for (unsigned i = 0; i < t->contacts; i++)
        if (strcasecmp(t->contact[i].mail, mail) == 0)
            return true;
    return false;
}

static void add_abuse(struct reading *r, const char *mail)
{
    if (!is_mailbox(mail) || has_mail(r->text, mail))
        return;
    if (r->contact != NULL && r->contact->mail[0] == '\0') {
        r->contact->role = WHOIS_ABUSE;
        set_mail(r->contact, mail);
        return;
    }
    struct whois_contact *before = r->contact;
    set_mail(begin_contact(r, WHOIS_ABUSE, before != NULL ? before->name : ""), mail);
    if (before != NULL)
        copy(r->contact->phone, sizeof r->contact->phone, before->phone, strlen(before->phone));
    r->contact = before;
}

/* A description is an owner until something says more. */
static void describe(struct reading *r, const char *value)
{
    struct whois_block *b = r->block;
    if (b == NULL || b->owner[0] != '\0')
        return;
    set(b->owner, sizeof b->owner, value);
    r->described = true;
}

static void own(struct reading *r, struct whois_block *b, const char *value)
{
    if (b == NULL)
        return;
    if (r->described)
        b->owner[0] = '\0';
    r->described = false;
    set(b->owner, sizeof b->owner, value);
}

/* It stands behind its network, or, in ARIN's older form, before it. */
static void take_organisation(struct reading *r, const char *value)
{
    if (r->latest != NULL && (r->latest->owner[0] == '\0' || r->described))
        own(r, r->latest, value);
    else
        copy(r->waiting, sizeof r->waiting, value, strlen(value));
}

static void take_of_block(struct reading *r, enum whois_field field, const char *value)
{
    char date[WHOIS_DATE_BYTES];
    struct whois_block *b = r->block;
    if (b == NULL)
        return;
    if (field == FIELD_NAME)
        set(b->name, sizeof b->name, value);
    if (field == FIELD_HANDLE)
        set(b->handle, sizeof b->handle, value);
    if (field == FIELD_PARENT)
        set(b->parent, sizeof b->parent, value);
    if (field == FIELD_REGISTERED)
        set(b->registered, sizeof b->registered, whois_text_date(value, date));
    if (field == FIELD_UPDATED)
        set(b->updated, sizeof b->updated, whois_text_date(value, date));
    if (field == FIELD_CHANGED && date_behind(value, date)[0] != '\0' &&
        strcmp(date, b->updated) > 0)
        memcpy(b->updated, date, sizeof date);
    if (field == FIELD_CIDR && range_length(value) > 0 && b->length == 0)
        b->length = range_length(value);
}

static void take_of_contact(struct reading *r, const struct whois_key *key, const char *value)
{
    if (key->field == FIELD_MAIL && r->contact != NULL)
        set_mail(r->contact, value);
    if (key->field == FIELD_PHONE && r->contact != NULL)
        set_phone(r->contact, value);
    if (key->field == FIELD_ROLE_NAME) {
        struct whois_contact *c = contact_of_role(r, key);
        set(c->name, sizeof c->name, value);
    }
    if (key->field == FIELD_ROLE_MAIL)
        set_mail(contact_of_role(r, key), value);
    if (key->field == FIELD_ROLE_PHONE)
        set_phone(contact_of_role(r, key), value);
}

static void take(struct reading *r, const struct whois_key *key, const char *value)
{
    switch (key->field) {
    case FIELD_RANGE:
    case FIELD_KRNIC_RANGE:
        begin_block(r, value);
        r->of_krnic = key->field == FIELD_KRNIC_RANGE;
        break;
    case FIELD_OTHER_OBJECT:
        r->block = NULL;
        r->contact = NULL;
        break;
    case FIELD_ORG_BEGIN:
        take_organisation(r, value);
        break;
    case FIELD_OWNER:
        own(r, r->block, value);
        break;
    case FIELD_DESCR:
        describe(r, value);
        break;
    case FIELD_KRNIC_PERSON:
        if (!r->of_krnic)
            break;
        /* fall through */
    case FIELD_PERSON:
    case FIELD_IRT:
        r->block = NULL;
        begin_contact(r, key->role, value);
        break;
    case FIELD_ABUSE_OF:
        add_abuse(r, value);
        break;
    default:
        take_of_block(r, key->field, value);
        take_of_contact(r, key, value);
    }
}

/* "Owner of it EXAMPLE-NET (NET-192-0-2-0-1) 192.0.2.0 - 192.0.2.255"; the range may stand on
 * the line that follows. */
static bool take_reassignment(struct reading *r, const char *line)
{
    const char *open = strstr(line, "(NET");
    const char *close = open == NULL ? NULL : strchr(open, ')');
    if (close == NULL || open == line || open[-1] != ' ')
        return false;
    const char *end = open - 1;
    const char *name = end;
    while (name > line && name[-1] != ' ')
        name--;
    struct whois_block *b = begin_block(r, close + 1 + strspn(close + 1, " "));
    copy(b->handle, sizeof b->handle, open + 1, (size_t)(close - open - 1));
    copy(b->name, sizeof b->name, name, (size_t)(end - name));
    while (name > line && name[-1] == ' ')
        name--;
    copy(b->owner, sizeof b->owner, line, (size_t)(name - line));
    return true;
}

/* The range of a reassignment, behind its line. */
static bool take_range(struct reading *r, const char *line)
{
    const char *value = line + strspn(line, " ");
    if (value == line || r->block == NULL || r->block->range[0] != '\0' ||
        range_length(value) == 0)
        return false;
    copy(r->block->range, sizeof r->block->range, value, strlen(value));
    r->block->length = range_length(value);
    return true;
}

/* "% Abuse contact for '192.0.2.0 - 192.0.2.255' is 'abuse@example.net'" */
static void take_comment(struct reading *r, const char *line)
{
    char mail[128] = "";
    const char *is = strstr(line, "' is '");
    if (strstr(line, "Abuse contact for") == NULL || is == NULL ||
        sscanf(is + 6, "%127[^']", mail) != 1)
        return;
    add_abuse(r, mail);
}

static void note_no_match(struct whois_text *t, const char *line)
{
    static const char *const words[] = {"no match", "no entries found", "not found",
                                        "no data found", "no object found"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        t->no_match |= strcasestr(line, words[i]) != NULL;
}

static void take_line(struct reading *r, char *line)
{
    size_t n = strlen(line);
    while (n > 0 && line[n - 1] == ' ')
        line[--n] = '\0';
    if (n == 0) { /* a paragraph ends; an owner may follow in the next */
        r->block = NULL;
        r->contact = NULL;
        return;
    }
    if (line[0] == '%' || line[0] == '#')
        take_comment(r, line);
    note_no_match(r->text, line);
    const char *value;
    const struct whois_key *key = whois_key_of(line, &value);
    if (key != NULL && *value != '\0')
        take(r, key, value);
    else if (key == NULL && !take_range(r, line))
        (void)take_reassignment(r, line);
}

/* ---- Order ----------------------------------------------------------------------------- */

/* Insertion sorts: what is equal stays in the order of the text. */
static void sort_blocks(struct whois_text *t)
{
    for (unsigned i = 1; i < t->blocks; i++) {
        struct whois_block b = t->block[i];
        unsigned at = i;
        for (; at > 0 && t->block[at - 1].length < b.length; at--)
            t->block[at] = t->block[at - 1];
        t->block[at] = b;
    }
}

static void sort_contacts(struct whois_text *t)
{
    for (unsigned i = 1; i < t->contacts; i++) {
        struct whois_contact c = t->contact[i];
        unsigned at = i;
        for (; at > 0 && t->contact[at - 1].role > c.role; at--)
            t->contact[at] = t->contact[at - 1];
        t->contact[at] = c;
    }
}

/* Contacts that say nothing, and those said twice. */
static void drop_empty(struct whois_text *t)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < t->contacts; i++) {
        const struct whois_contact *c = &t->contact[i];
        bool again = false;
        for (unsigned k = 0; k < kept; k++)
            again |= strcasecmp(t->contact[k].mail, c->mail) == 0 &&
                     strcmp(t->contact[k].phone, c->phone) == 0;
        if ((c->mail[0] != '\0' || c->phone[0] != '\0') && !again)
            t->contact[kept++] = *c;
    }
    t->contacts = kept;
}

void whois_text_parse(const char *clean, struct whois_text *text)
{
    struct reading r = {.text = text};
    char line[LINE_BYTES];
    *text = (struct whois_text){.blocks = 0};
    while (*clean != '\0') {
        size_t n = strcspn(clean, "\n");
        copy(line, sizeof line, clean, n);
        take_line(&r, line);
        clean += n + (clean[n] == '\n');
    }
    text->no_match = text->no_match && text->blocks == 0;
    sort_contacts(text);
    drop_empty(text);
    sort_blocks(text);
}

const char *whois_role_name(enum whois_role role)
{
    static const char *const names[] = {"abuse", "NOC", "technical", "contact"};
    return names[role];
}

/* SPDX-License-Identifier: MIT */
#include "analysis/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { FRESH_DAYS = 90, DAY_S = 86400 };

/* ---- Times ----------------------------------------------------------------------------- */

static struct tm utc(int64_t time_s)
{
    time_t t = (time_t)time_s;
    struct tm tm = {.tm_mday = 1, .tm_year = 70};
    (void)gmtime_r(&t, &tm);
    return tm;
}

static const char *month_name(int month)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return months[month % 12];
}

const char *words_day(int64_t time_s, char text[static WORDS_TIME_BYTES])
{
    struct tm tm = utc(time_s);
    (void)snprintf(text, WORDS_TIME_BYTES, "%d %s %d", tm.tm_mday, month_name(tm.tm_mon),
                   tm.tm_year + 1900);
    return text;
}

const char *words_minute(int64_t time_s, char text[static WORDS_TIME_BYTES])
{
    struct tm tm = utc(time_s);
    (void)snprintf(text, WORDS_TIME_BYTES, "%d %s %d %02d:%02d UTC", tm.tm_mday,
                   month_name(tm.tm_mon), tm.tm_year + 1900, tm.tm_hour, tm.tm_min);
    return text;
}

const char *words_second(int64_t time_s, char text[static WORDS_TIME_BYTES])
{
    struct tm tm = utc(time_s);
    (void)strftime(text, WORDS_TIME_BYTES, "%Y-%m-%d %H:%M:%S UTC", &tm);
    return text;
}

const char *words_lookup(const struct lookup *l, char text[static WORDS_BYTES])
{
    char when[WORDS_TIME_BYTES], again[WORDS_TIME_BYTES];
    (void)words_minute(l->time_s, when);
    (void)words_minute(l->due_s, again);
    switch (l->state) {
    case LOOKUP_WAITING:
        (void)snprintf(text, WORDS_BYTES, "Not looked up yet");
        break;
    case LOOKUP_OFF:
        (void)snprintf(text, WORDS_BYTES, "Not looked up: %s",
                       l->words[0] != '\0' ? l->words : "off");
        break;
    case LOOKUP_FAILED:
        (void)snprintf(text, WORDS_BYTES, "Failed at %s: %s; %s%s", when, l->words,
                       l->due_s != 0 ? "tried again after " : "given up",
                       l->due_s != 0 ? again : "");
        break;
    default:
        (void)snprintf(text, WORDS_BYTES, "Looked up %s: %s%s%s", when, l->source,
                       l->words[0] != '\0' ? "; " : "", l->words);
    }
    return text;
}

/* ---- Networks and their owners --------------------------------------------------------- */

static const char *as_name(const struct investigation *v, uint32_t asn)
{
    for (unsigned i = 0; i < v->networks; i++)
        if (v->network[i].routing.asn == asn && v->network[i].routing.name[0] != '\0')
            return v->network[i].routing.name;
    for (unsigned i = 0; i < v->ases; i++) {
        const struct investigation_as *as = &v->as[i];
        const struct whois_block *b = words_block(&as->registration);
        if (as->asn == asn && as->name[0] != '\0')
            return as->name;
        if (as->asn == asn && b != NULL)
            return words_owner(b);
    }
    return "";
}

const char *words_as(const struct investigation *v, uint32_t asn, char text[static WORDS_BYTES])
{
    const char *name = as_name(v, asn);
    (void)snprintf(text, WORDS_BYTES, "AS%" PRIu32 "%s%s%s", asn, name[0] != '\0' ? " (" : "",
                   name, name[0] != '\0' ? ")" : "");
    return text;
}

const struct whois_block *words_block(const struct investigation_registration *r)
{
    return r->lookup.state == LOOKUP_FOUND && r->text.blocks > 0 ? &r->text.block[0] : NULL;
}

const char *words_owner(const struct whois_block *b)
{
    return b->owner[0] != '\0' ? b->owner : b->name[0] != '\0' ? b->name : b->range;
}

bool words_age(const struct whois_block *b, int64_t began_s, int64_t *days)
{
    struct tm tm = {.tm_isdst = 0};
    if (sscanf(b->registered, "%4d-%2d-%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday) != 3)
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    int64_t registered_s = timegm(&tm);
    *days = (began_s - began_s % DAY_S - registered_s) / DAY_S;
    return true;
}

bool words_is_fresh(const struct whois_block *b, int64_t began_s)
{
    int64_t days;
    return words_age(b, began_s, &days) && days <= FRESH_DAYS && days >= -FRESH_DAYS;
}

const char *words_registered(const struct whois_block *b, int64_t began_s,
                             char text[static WORDS_BYTES])
{
    int64_t days;
    text[0] = '\0';
    if (!words_age(b, began_s, &days))
        return text;
    if (!words_is_fresh(b, began_s))
        (void)snprintf(text, WORDS_BYTES, "registered %s", b->registered);
    else if (days == 0)
        (void)snprintf(text, WORDS_BYTES, "registered %s, the same day", b->registered);
    else
        (void)snprintf(text, WORDS_BYTES, "registered %s, %" PRId64 " day%s %s", b->registered,
                       days > 0 ? days : -days, days == 1 || days == -1 ? "" : "s",
                       days > 0 ? "before" : "after it began");
    return text;
}

/* ---- Reverse names --------------------------------------------------------------------- */

const struct lookup *words_reverse_lookup(const struct investigation *v)
{
    const struct lookup *most = NULL;
    for (unsigned i = 0; i < v->hosts; i++)
        if (most == NULL ||
            (v->host[i].lookup.state == LOOKUP_FAILED) > (most->state == LOOKUP_FAILED))
            most = &v->host[i].lookup;
    return most;
}

/* What could not be found out of some hosts, behind what was of others. */
static void add_unknown(unsigned unknown, char text[static WORDS_BYTES])
{
    size_t used = strlen(text);
    if (unknown > 0)
        (void)snprintf(text + used, WORDS_BYTES - used, "; of %u not known", unknown);
}

const char *words_reverse(const struct investigation *v, char text[static WORDS_BYTES])
{
    unsigned named = 0, confirmed = 0, none = 0;
    for (unsigned i = 0; i < v->hosts; i++) {
        const struct investigation_host *h = &v->host[i];
        bool right = false;
        for (unsigned n = 0; n < h->names; n++)
            right |= h->name[n].confirmed;
        named += h->lookup.state == LOOKUP_FOUND;
        none += h->lookup.state == LOOKUP_NOTHING;
        confirmed += right;
    }
    unsigned unknown = v->hosts - named - none;
    if (v->hosts == 0)
        (void)snprintf(text, WORDS_BYTES, "no host is known");
    else if (unknown == v->hosts)
        (void)snprintf(text, WORDS_BYTES, "not known");
    else if (named == 0)
        (void)snprintf(text, WORDS_BYTES, "none of %u host%s has a reverse name", none,
                       none == 1 ? "" : "s");
    else
        (void)snprintf(text, WORDS_BYTES,
                       "%u of %u host%s %s a reverse name, %u that leads back", named, v->hosts,
                       v->hosts == 1 ? "" : "s", named == 1 ? "has" : "have", confirmed);
    if (unknown < v->hosts)
        add_unknown(unknown, text);
    return text;
}

/* ---- Routing --------------------------------------------------------------------------- */

bool words_is_unrouted(const struct investigation_network *n)
{
    return n->routing.lookup.state == LOOKUP_FOUND && n->routing.answer == ORIGINS_UNROUTED;
}

static const char *table_words(const struct investigation_routing *r,
                               char text[static WORDS_TIME_BYTES + 32])
{
    char day[WORDS_TIME_BYTES];
    (void)snprintf(text, WORDS_TIME_BYTES + 32, "the table of origins%s%s",
                   r->table_s != 0 ? " of " : "",
                   r->table_s != 0 ? words_day(r->table_s, day) : "");
    return text;
}

static const char *routed_by_dns(const struct investigation *v,
                                 const struct investigation_network *n,
                                 char text[static WORDS_BYTES])
{
    char as[WORDS_BYTES];
    const struct investigation_dns *d = &n->dns;
    if (d->lookup.state == LOOKUP_FOUND)
        (void)snprintf(text, WORDS_BYTES, "yes, %s by %.200s, says %.120s", d->announced,
                       words_as(v, d->asn, as), d->lookup.source);
    else if (d->lookup.state == LOOKUP_NOTHING)
        (void)snprintf(text, WORDS_BYTES, "perhaps not, %.200s has no origin for it",
                       d->lookup.source);
    else if (n->routing.lookup.state == LOOKUP_FOUND)
        (void)snprintf(text, WORDS_BYTES,
                       "not known, it is not in the table of origins, which is not whole");
    else
        (void)snprintf(text, WORDS_BYTES, "not known");
    return text;
}

const char *words_routed(const struct investigation *v, const struct investigation_network *n,
                         char text[static WORDS_BYTES])
{
    char table[WORDS_TIME_BYTES + 32], as[WORDS_BYTES];
    const struct investigation_routing *r = &n->routing;
    bool found = r->lookup.state == LOOKUP_FOUND;
    if (found && r->answer == ORIGINS_ANNOUNCED && r->asn != 0)
        (void)snprintf(text, WORDS_BYTES, "yes, %s by %.300s, says %s", r->announced,
                       words_as(v, r->asn, as), table_words(r, table));
    else if (found && r->answer == ORIGINS_ANNOUNCED)
        (void)snprintf(text, WORDS_BYTES, "yes, %s, of an AS that %s does not name",
                       r->announced, table_words(r, table));
    else if (words_is_unrouted(n))
        (void)snprintf(text, WORDS_BYTES, "no, nobody announces it in %s",
                       table_words(r, table));
    else
        return routed_by_dns(v, n, text);
    return text;
}

const struct investigation_row *words_last_origin(const struct investigation_network *n)
{
    for (unsigned i = n->history.rows; i > 0; i--)
        if (n->history.row[i - 1].origins > 0)
            return &n->history.row[i - 1];
    return NULL;
}

/* The last row before it with another origin. */
static const struct investigation_row *origin_before(const struct investigation_network *n,
                                                     const struct investigation_row *last)
{
    for (const struct investigation_row *r = last; r-- > n->history.row;)
        if (r->origins > 0 && r->origin[0] != last->origin[0])
            return r;
    return NULL;
}

const char *words_origins(const struct investigation_network *n, char text[static WORDS_BYTES])
{
    char until[WORDS_TIME_BYTES], before[WORDS_TIME_BYTES];
    const struct investigation_row *last = words_last_origin(n);
    const struct investigation_row *first = last == NULL ? NULL : origin_before(n, last);
    text[0] = '\0';
    if (last == NULL)
        return text;
    int used = snprintf(text, WORDS_BYTES, "AS%" PRIu32 " until %s", last->origin[0],
                        words_day(last->to, until));
    if (first != NULL)
        (void)snprintf(text + used, WORDS_BYTES - (size_t)used,
                       "; before that AS%" PRIu32 ", until %s", first->origin[0],
                       words_day(first->to, before));
    return text;
}

/* ---- Whom to write to ------------------------------------------------------------------ */

/* Contacts are sorted by what they are for; one with a mailbox is worth most. */
static const struct whois_contact *best_contact(const struct investigation_registration *r)
{
    for (unsigned i = 0; i < r->text.contacts; i++)
        if (r->text.contact[i].mail[0] != '\0')
            return &r->text.contact[i];
    return r->text.contacts > 0 ? &r->text.contact[0] : NULL;
}

const struct whois_contact *words_contact(const struct investigation_network *n,
                                          char whose[static WORDS_BYTES])
{
    const struct whois_contact *c = best_contact(&n->registration);
    const struct whois_block *b = words_block(&n->registration);
    (void)snprintf(whose, WORDS_BYTES, "%s", b != NULL ? words_owner(b) : "the network");
    return c;
}

const struct whois_contact *words_as_contact(const struct investigation *v,
                                             char whose[static WORDS_BYTES])
{
    whose[0] = '\0';
    for (unsigned i = 0; i < v->ases; i++) {
        const struct whois_contact *c = best_contact(&v->as[i].registration);
        if (c == NULL)
            continue;
        const char *name = as_name(v, v->as[i].asn);
        (void)snprintf(whose, WORDS_BYTES, "AS%" PRIu32 "%s%s", v->as[i].asn,
                       name[0] != '\0' ? ", " : "", name);
        return c;
    }
    return NULL;
}

const char *words_reach(const struct whois_contact *c, char text[static WORDS_BYTES])
{
    (void)snprintf(text, WORDS_BYTES, "%s%s%s", c->mail,
                   c->mail[0] != '\0' && c->phone[0] != '\0' ? ", " : "", c->phone);
    return text;
}

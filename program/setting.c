/* SPDX-License-Identifier: MIT */
#include "program/setting.h"

#include "program/endpoint.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define AT(field)   offsetof(struct config, field)
#define SIZE(field) (sizeof((struct config *)0)->field - 1)

/* The least and most of a text are its octets; the most is what its field holds. */
static const struct setting settings[] = {
        {"site", SETTING_NAME, AT(site), 0, SIZE(site), "",
         "name of this site in pages and mails; empty: the host name"},
        {"user", SETTING_NAME, AT(user), 0, SIZE(user), "",
         "user that run becomes after it has opened the interface"},
        {"state", SETTING_PATH, AT(state), 1, SIZE(state), "/var/lib/rootwatch",
         "directory of the database, the archives and the spool"},
        {"www", SETTING_PATH, AT(www), 0, SIZE(www), "",
         "directory of pages and pictures; empty: www below state"},
        {"page-url", SETTING_PAGE, AT(page_url), 0, SIZE(page_url), "",
         "where www is published; mails link to it"},

        {"capture.interface", SETTING_TEXT, AT(interface), 0, SIZE(interface), "",
         "network interface to capture on"},
        {"capture.workers", SETTING_COUNT, AT(workers), 1, 64, "1", "capturing threads"},
        {"capture.buffer-mib", SETTING_COUNT, AT(buffer_mib), 1, 2047, "64",
         "kernel ring of each worker, MiB"},
        {"capture.snaplen", SETTING_COUNT, AT(snaplen), 96, 65535, "1600",
         "octets kept of each frame"},
        {"capture.stream-mib", SETTING_COUNT, AT(stream_mib), 1, 4096, "64",
         "memory of each worker for DNS over TCP, MiB"},
        {"capture.fragment-mib", SETTING_COUNT, AT(fragment_mib), 1, 1024, "16",
         "memory of each worker for fragments, MiB"},

        {"server.addresses", SETTING_ADDRESSES, AT(scope.server), 0, SOURCE_SERVERS_MAX, "",
         "the server's own addresses; empty: all messages on its ports count"},
        {"server.ports", SETTING_PORTS, AT(scope.port), 1, SOURCE_PORTS_MAX, "53",
         "ports that carry DNS"},

        {"counting.interval", SETTING_COUNT, AT(interval_s), 1, 60, "1",
         "length of a counting interval, seconds"},
        {"counting.prefix-records", SETTING_COUNT, AT(prefix_records), 1024, 8388608, "131072",
         "busy prefixes counted by type and host in one interval"},

        {"junk.tlds", SETTING_PATH, AT(tlds), 0, SIZE(tlds), "",
         "list of top-level domains, or the root zone; empty: the list that ships"},
        {"junk.memory-mib", SETTING_COUNT, AT(question_mib), 1, 4096, "16",
         "memory for recent questions, of all workers together, MiB"},
        {"junk.zone-labels", SETTING_COUNT, AT(zone_labels), 1, 2, "1",
         "labels of the zones that the server delegates: 1 for a root, 2 for a TLD"},

        {"detection.open-qps", SETTING_NUMBER, AT(open_qps), 0.1, 1e9, "1",
         "smallest excess that opens an incident, queries per second"},
        {"detection.open-share", SETTING_NUMBER, AT(open_share), 0.0001, 1, "0.015",
         "smallest excess that opens an incident, part of all queries"},
        {"detection.sensitivity", SETTING_NUMBER, AT(sensitivity), 0.25, 4, "1",
         "of all tests; 2 tells half the excess in half the time, and more often in vain"},
        {"detection.quiet", SETTING_COUNT, AT(quiet_s), 60, 86400, "900",
         "an incident closes after so many seconds without excess"},
        {"detection.warmup", SETTING_COUNT, AT(warmup_s), 0, 86400, "300",
         "seconds of a first start in which nothing opens"},
        {"detection.known", SETTING_SOURCES, AT(known), 0, KNOWN_SOURCES, "",
         "prefixes that may send much, each up to so many queries per second or without limit"},
        {"detection.silence", SETTING_SILENCES, AT(silences), 0, SILENCES, "",
         "spans of time in which nothing is told"},
        {"detection.origins", SETTING_PATH, AT(origins), 0, SIZE(origins), "",
         "table of which AS announces a prefix; empty: origins are not known"},
        {"detection.origins-days", SETTING_COUNT, AT(origins_days), 1, 36600, "30",
         "an older table, or a newer one, does not tell who is unrouted"},
        {"detection.evidence", SETTING_COUNT, AT(evidence_frames), 0, 10000, "1000",
         "frames kept of each incident in evidence.pcap; 0: none"},

        {"mail.to", SETTING_MAILBOXES, AT(mail_to), 0, CONFIG_RECIPIENTS, "",
         "who gets mail about incidents; empty: nobody"},
        {"mail.from", SETTING_MAILBOX, AT(mail_from), 0, SIZE(mail_from), "",
         "sender; empty: rootwatch at the host name"},
        {"mail.smarthost", SETTING_RELAY, AT(smarthost), 0, SIZE(smarthost), "",
         "mail server; empty: mail goes through the sendmail program"},
        {"mail.user", SETTING_TEXT, AT(mail_user), 0, SIZE(mail_user), "",
         "user name at the mail server"},
        {"mail.password-file", SETTING_SECRET, AT(mail_password_file), 0,
         SIZE(mail_password_file), "", "file whose first line is the password"},
        {"mail.starttls", SETTING_STARTTLS, AT(starttls), 0, 0, "try",
         "encryption of an smtp:// connection"},
        {"mail.sendmail", SETTING_PATH, AT(sendmail), 1, SIZE(sendmail), "/usr/sbin/sendmail",
         "program that takes mail where no smarthost is set"},
        {"mail.timeout", SETTING_COUNT, AT(mail_timeout_s), 1, 600, "60",
         "seconds for handing over one mail"},
        {"mail.severity", SETTING_SEVERITY, AT(mail_severity), 0, 0, "notice",
         "the least severity that is mailed"},
        {"mail.update-minutes", SETTING_COUNT, AT(update_minutes), 0, 1440, "30",
         "at most one mail about a change in so many minutes; a new wave, or a greater "
         "severity, at once"},

        {"webhook.url", SETTING_WEB, AT(webhook_url), 0, SIZE(webhook_url), "",
         "gets each event as JSON by POST"},
        {"webhook.timeout", SETTING_COUNT, AT(webhook_timeout_s), 1, 60, "10",
         "seconds for one POST"},
        {"notify.command", SETTING_PATH, AT(notify_command), 0, SIZE(notify_command), "",
         "program that gets each event as JSON on its standard input"},

        {"metrics.listen", SETTING_LISTEN, AT(metrics_listen), 0, SIZE(metrics_listen), "",
         "where run answers Prometheus; empty: nowhere"},

        {"lookups.resolver", SETTING_RESOLVER, AT(resolver), 0, SIZE(resolver), "",
         "resolver that is asked for the names of an incident's hosts; empty: none is"},
        {"lookups.origin-zone", SETTING_NAME, AT(origin_zone), 0, SIZE(origin_zone), "",
         "zone of origin ASes in the DNS, asked where no table has the answer; empty: none is"},
        {"lookups.whois", SETTING_PATH, AT(whois), 0, SIZE(whois), "",
         "whois program that is asked for an incident's networks; empty: none is"},
        {"lookups.whois-server", SETTING_SERVER, AT(whois_server), 0, SIZE(whois_server), "",
         "the one whois server to ask; empty: as the program chooses"},
        {"lookups.history", SETTING_PATH, AT(history), 0, SIZE(history), "",
         "directory of dated tables of origins; empty: no history"},
        {"lookups.deadline", SETTING_COUNT, AT(lookups_s), 1, 60, "10",
         "seconds that the first mail of an incident waits for look-ups, at most"},
        {"lookups.keep-hours", SETTING_COUNT, AT(lookups_hours), 0, 8760, "24",
         "hours for which what was looked up is taken over by other incidents"},

        {"rssac002.service", SETTING_NAME, AT(rssac002_service), 0, SIZE(rssac002_service), "",
         "service that RSSAC002 is counted for, as x.root-servers.net; empty: nothing is"},
        {"rssac002.keep-days", SETTING_COUNT, AT(rssac002_days), 2, 3660, "40",
         "days that hours of RSSAC002, with all their sources, are kept"},

        {"retention.minutes-days", SETTING_COUNT, AT(minutes_days), 1, 3660, "35",
         "days that minutes are kept"},
        {"retention.hours-days", SETTING_COUNT, AT(hours_days), 1, 3660, "400",
         "days that hourly counts by prefix and name are kept"},
        {"retention.cases-days", SETTING_COUNT, AT(cases_days), 2, 36600, "400",
         "days that case files and evidence are kept once an incident has closed"},
        {"retention.hour-floor", SETTING_COUNT, AT(hour_floor), 1, 1000000, "1",
         "smallest hourly count of a prefix that is kept"},
        {"retention.hour-names", SETTING_COUNT, AT(hour_names), 1, 1000, "500",
         "leading names that are kept of an hour, and as many top-level domains"},
};

/* What an enumeration's values are called, in their order. */
enum { WORDS = 3 };
static const char *const words[SETTING_KINDS][WORDS] = {
        [SETTING_STARTTLS] = {"try", "require", "never"},
        [SETTING_SEVERITY] = {"notice", "warning", "critical"},
};

const struct setting *setting_table(size_t *count)
{
    *count = sizeof settings / sizeof settings[0];
    return settings;
}

const struct setting *setting_find(const char *name)
{
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        if (strcmp(settings[i].name, name) == 0)
            return &settings[i];
    return NULL;
}

static unsigned least_of(unsigned a, unsigned b, unsigned c)
{
    unsigned ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Levenshtein's distance, of the first 63 octets. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[64];
    size_t n = strnlen(b, 63);
    for (size_t j = 0; j <= n; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= 63 && a[i - 1] != '\0'; i++) {
        unsigned corner = row[0]++;
        for (size_t j = 1; j <= n; j++) {
            unsigned above = row[j];
            row[j] = least_of(corner + (a[i - 1] != b[j - 1]), above + 1, row[j - 1] + 1);
            corner = above;
        }
    }
    return row[n];
}

static const char *last_part(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot == NULL ? name : dot + 1;
}

/* A right word in the wrong section is nearer than a wrong word in the right one. */
static unsigned unlikeness(const char *name, const struct setting *s)
{
    unsigned whole = 2 * distance(name, s->name);
    unsigned part = 2 * distance(last_part(name), last_part(s->name)) + 1;
    return whole < part ? whole : part;
}

const struct setting *setting_nearest(const char *name)
{
    const struct setting *nearest = &settings[0];
    for (size_t i = 1; i < sizeof settings / sizeof settings[0]; i++)
        if (unlikeness(name, &settings[i]) < unlikeness(name, nearest))
            nearest = &settings[i];
    return nearest;
}

static char *field(const struct setting *s, struct config *c)
{
    return (char *)c + s->place;
}

static const char *const_field(const struct setting *s, const struct config *c)
{
    return (const char *)c + s->place;
}

/* Judges of texts.  Their length is checked by the caller. */

static bool is_text(const char *text)
{
    for (const char *p = text; *p != '\0'; p++)
        if (!isgraph((unsigned char)*p))
            return false;
    return true;
}

static bool is_name(const char *text)
{
    for (const char *p = text; *p != '\0'; p++)
        if (!isalnum((unsigned char)*p) && strchr(".-_", *p) == NULL)
            return false;
    return text[0] != '-' && text[0] != '.';
}

static bool is_path(const char *text)
{
    for (const char *p = text; *p != '\0'; p++)
        if (iscntrl((unsigned char)*p))
            return false;
    return text[0] == '/';
}

static bool is_secret(const char *text)
{
    struct stat st;
    return is_path(text) && (stat(text, &st) != 0 || (st.st_mode & S_IROTH) == 0);
}

static bool has_host_after(const char *text, const char *scheme)
{
    size_t length = strlen(scheme);
    return strncmp(text, scheme, length) == 0 && isgraph((unsigned char)text[length]) &&
           text[length] != '/' && is_text(text) && strpbrk(text, "<>\"\\^`{|}") == NULL;
}

static bool is_web(const char *text)
{
    return has_host_after(text, "https://") || has_host_after(text, "http://");
}

/* Pages may also lie where the reader of a mail has them as files. */
static bool is_page(const char *text)
{
    return is_web(text) || (strncmp(text, "file:///", 8) == 0 && is_text(text) &&
                            strpbrk(text, "<>\"\\^`{|}") == NULL);
}

static bool is_relay(const char *text)
{
    return (has_host_after(text, "smtp://") || has_host_after(text, "smtps://")) &&
           strchr(text, '@') == NULL;
}

static bool is_resolver(const char *text)
{
    union endpoint e;
    return endpoint_parse(text, 53, &e);
}

static bool is_server(const char *text)
{
    char host[ENDPOINT_HOST_BYTES];
    uint16_t port;
    return endpoint_split(text, host, &port);
}

static bool is_listen(const char *text)
{
    union endpoint e;
    return endpoint_parse_own(text, &e);
}

/* RFC 5321's dot-string form; quoted local parts are for nobody's NOC. */
static bool is_mailbox(const char *text)
{
    const char *at = strchr(text, '@');
    if (at == NULL || at == text || strchr(at + 1, '@') != NULL || at[1] == '\0')
        return false;
    for (const char *p = text; p < at; p++)
        if (!isalnum((unsigned char)*p) && strchr("!#$%&'*+-/=?^_`{|}~.", *p) == NULL)
            return false;
    return is_name(at + 1) && text[0] != '-';
}

static bool refuse(const struct setting *s, const char *text, struct error *err)
{
    char shown[64];
    char allowed[SETTING_TEXT_BYTES];
    size_t n = 0;
    for (; text[n] != '\0' && n + 1 < sizeof shown; n++)
        shown[n] = isprint((unsigned char)text[n]) ? text[n] : '?';
    shown[n] = '\0';
    return error_set(err, "\"%s\" will not do; allowed is %s", shown,
                     setting_allowed(s, allowed));
}

static bool read_text(const struct setting *s, struct config *c, const char *text,
                      bool (*judge)(const char *), struct error *err)
{
    size_t length = strlen(text);
    if ((double)length < s->least || (double)length > s->most || (length > 0 && !judge(text)))
        return refuse(s, text, err);
    memcpy(field(s, c), text, length + 1);
    return true;
}

static bool read_count(const struct setting *s, struct config *c, const char *text,
                       struct error *err)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 10 || text[digits] != '\0')
        return refuse(s, text, err);
    double value = (double)strtoull(text, NULL, 10);
    if (value < s->least || value > s->most)
        return refuse(s, text, err);
    *(uint32_t *)(void *)field(s, c) = (uint32_t)value;
    return true;
}

static bool read_number(const struct setting *s, struct config *c, const char *text,
                        struct error *err)
{
    char *end;
    if (text[strspn(text, "0123456789.eE+-")] != '\0' || text[0] == '\0')
        return refuse(s, text, err);
    double value = strtod(text, &end);
    if (*end != '\0' || !(value >= s->least && value <= s->most))
        return refuse(s, text, err);
    *(double *)(void *)field(s, c) = value;
    return true;
}

static bool is_word(const struct setting *s)
{
    return words[s->kind][0] != NULL;
}

static bool read_word(const struct setting *s, struct config *c, const char *text,
                      struct error *err)
{
    for (unsigned i = 0; i < WORDS; i++)
        if (strcmp(text, words[s->kind][i]) == 0) {
            *(unsigned *)(void *)field(s, c) = i;
            return true;
        }
    return refuse(s, text, err);
}

static unsigned *length_of(const struct setting *s, struct config *c)
{
    switch (s->kind) {
    case SETTING_ADDRESSES:
        return &c->scope.servers;
    case SETTING_PORTS:
        return &c->scope.ports;
    case SETTING_MAILBOXES:
        return &c->mail_recipients;
    case SETTING_SOURCES:
        return &c->known.sources;
    case SETTING_SILENCES:
        return &c->silences.spans;
    default:
        return NULL;
    }
}

/* As in struct source_scope: IPv4 as ::ffff:a.b.c.d. */
static bool read_address(struct config *c, const char *text)
{
    uint8_t *to = c->scope.server[c->scope.servers];
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (inet_pton(AF_INET6, text, to) == 1)
        return true;
    memcpy(to, mapped, sizeof mapped);
    return inet_pton(AF_INET, text, to + sizeof mapped) == 1;
}

static bool read_port(struct config *c, const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 5 || text[digits] != '\0')
        return false;
    unsigned long port = strtoul(text, NULL, 10);
    c->scope.port[c->scope.ports] = (uint16_t)port;
    return port >= 1 && port <= 65535;
}

static bool read_recipient(struct config *c, const char *text)
{
    if (strlen(text) >= CONFIG_MAILBOX_BYTES || !is_mailbox(text))
        return false;
    memcpy(c->mail_to[c->mail_recipients], text, strlen(text) + 1);
    return true;
}

static bool read_source(struct config *c, const char *text)
{
    return known_parse(text, &c->known.source[c->known.sources]);
}

static bool read_silence(struct config *c, const char *text)
{
    return silence_parse(text, &c->silences.span[c->silences.spans]);
}

static bool read_item(const struct setting *s, struct config *c, const char *text,
                      bool (*read)(struct config *, const char *), struct error *err)
{
    unsigned *length = length_of(s, c);
    if (*length >= s->most || !read(c, text))
        return refuse(s, text, err);
    (*length)++;
    return true;
}

bool setting_is_list(const struct setting *s)
{
    return s->kind >= SETTING_ADDRESSES;
}

void setting_clear(const struct setting *s, struct config *c)
{
    unsigned *length = length_of(s, c);
    if (length != NULL)
        *length = 0;
}

bool setting_read(const struct setting *s, struct config *c, const char *text,
                  struct error *err)
{
    switch (s->kind) {
    case SETTING_TEXT:
        return read_text(s, c, text, is_text, err);
    case SETTING_NAME:
        return read_text(s, c, text, is_name, err);
    case SETTING_PATH:
        return read_text(s, c, text, is_path, err);
    case SETTING_SECRET:
        return read_text(s, c, text, is_secret, err);
    case SETTING_WEB:
        return read_text(s, c, text, is_web, err);
    case SETTING_PAGE:
        return read_text(s, c, text, is_page, err);
    case SETTING_RELAY:
        return read_text(s, c, text, is_relay, err);
    case SETTING_MAILBOX:
        return read_text(s, c, text, is_mailbox, err);
    case SETTING_RESOLVER:
        return read_text(s, c, text, is_resolver, err);
    case SETTING_SERVER:
        return read_text(s, c, text, is_server, err);
    case SETTING_LISTEN:
        return read_text(s, c, text, is_listen, err);
    case SETTING_STARTTLS:
    case SETTING_SEVERITY:
        return read_word(s, c, text, err);
    case SETTING_COUNT:
        return read_count(s, c, text, err);
    case SETTING_NUMBER:
        return read_number(s, c, text, err);
    case SETTING_ADDRESSES:
        return read_item(s, c, text, read_address, err);
    case SETTING_PORTS:
        return read_item(s, c, text, read_port, err);
    case SETTING_MAILBOXES:
        return read_item(s, c, text, read_recipient, err);
    case SETTING_SOURCES:
        return read_item(s, c, text, read_source, err);
    case SETTING_SILENCES:
        return read_item(s, c, text, read_silence, err);
    case SETTING_KINDS:
        break;
    }
    return false;
}

static const char *const allowed[SETTING_KINDS] = {
        [SETTING_TEXT] = "text without spaces",
        [SETTING_NAME] = "letters, digits, dots, hyphens and underscores",
        [SETTING_PATH] = "an absolute path",
        [SETTING_SECRET] = "an absolute path of a file that others cannot read",
        [SETTING_WEB] = "an http:// or https:// URL",
        [SETTING_PAGE] = "an http://, https:// or file:/// URL",
        [SETTING_RELAY] = "smtp://HOST:PORT or smtps://HOST:PORT",
        [SETTING_MAILBOX] = "one mail address",
        [SETTING_STARTTLS] = "try, require or never",
        [SETTING_SEVERITY] = "notice, warning or critical",
        [SETTING_RESOLVER] = "an address, ADDRESS:PORT or [IPV6]:PORT",
        [SETTING_SERVER] = "a host or an address, with :PORT or without",
        [SETTING_LISTEN] = "ADDRESS:PORT, [IPV6]:PORT or unix:/PATH",
        [SETTING_COUNT] = "a whole number",
        [SETTING_NUMBER] = "a number",
        [SETTING_ADDRESSES] = "IPv4 or IPv6 addresses",
        [SETTING_PORTS] = "port numbers from 1 to 65535",
        [SETTING_MAILBOXES] = "mail addresses",
        [SETTING_SOURCES] = "prefixes (/24, /48 or shorter), each with =QUERIES/S or without",
        [SETTING_SILENCES] = "spans of UTC, as 2026-11-25T02:00/2026-11-25T04:30",
};

const char *setting_allowed(const struct setting *s, char text[static SETTING_TEXT_BYTES])
{
    const char *what = allowed[s->kind];
    if (setting_is_list(s))
        (void)snprintf(text, SETTING_TEXT_BYTES, "a list of up to %.0f %s", s->most, what);
    else if (s->kind == SETTING_COUNT || s->kind == SETTING_NUMBER)
        (void)snprintf(text, SETTING_TEXT_BYTES, "%s from %.10g to %.10g", what, s->least,
                       s->most);
    else if (is_word(s))
        (void)snprintf(text, SETTING_TEXT_BYTES, "%s", what);
    else
        (void)snprintf(text, SETTING_TEXT_BYTES, "%s, up to %.0f octets", what, s->most);
    return text;
}

static void add_item(char text[static SETTING_TEXT_BYTES], const char *item)
{
    size_t used = strlen(text);
    (void)snprintf(text + used, SETTING_TEXT_BYTES - used, "%s%s", used > 0 ? " " : "", item);
}

static void format_address(const uint8_t address[static 16], char item[static INET6_ADDRSTRLEN])
{
    struct in6_addr in6;
    memcpy(&in6, address, sizeof in6);
    if (IN6_IS_ADDR_V4MAPPED(&in6))
        (void)inet_ntop(AF_INET, address + 12, item, INET6_ADDRSTRLEN);
    else
        (void)inet_ntop(AF_INET6, address, item, INET6_ADDRSTRLEN);
}

static void format_list(const struct setting *s, const struct config *c,
                        char text[static SETTING_TEXT_BYTES])
{
    char item[KNOWN_TEXT_BYTES];
    text[0] = '\0';
    for (unsigned i = 0; s->kind == SETTING_MAILBOXES && i < c->mail_recipients; i++)
        add_item(text, c->mail_to[i]);
    for (unsigned i = 0; s->kind == SETTING_PORTS && i < c->scope.ports; i++) {
        (void)snprintf(item, sizeof item, "%u", c->scope.port[i]);
        add_item(text, item);
    }
    for (unsigned i = 0; s->kind == SETTING_ADDRESSES && i < c->scope.servers; i++) {
        format_address(c->scope.server[i], item);
        add_item(text, item);
    }
    for (unsigned i = 0; s->kind == SETTING_SOURCES && i < c->known.sources; i++)
        add_item(text, known_format(&c->known.source[i], item));
    for (unsigned i = 0; s->kind == SETTING_SILENCES && i < c->silences.spans; i++)
        add_item(text, silence_format(&c->silences.span[i], item));
}

const char *setting_format(const struct setting *s, const struct config *c,
                           char text[static SETTING_TEXT_BYTES])
{
    const void *value = const_field(s, c);
    if (setting_is_list(s))
        format_list(s, c, text);
    else if (s->kind == SETTING_COUNT)
        (void)snprintf(text, SETTING_TEXT_BYTES, "%u", *(const uint32_t *)value);
    else if (s->kind == SETTING_NUMBER)
        (void)snprintf(text, SETTING_TEXT_BYTES, "%.10g", *(const double *)value);
    else if (is_word(s))
        (void)snprintf(text, SETTING_TEXT_BYTES, "%s",
                       words[s->kind][*(const unsigned *)value]);
    else
        (void)snprintf(text, SETTING_TEXT_BYTES, "%s", (const char *)value);
    return text;
}

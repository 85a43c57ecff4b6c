/* SPDX-License-Identifier: MIT */
#include "program/mail.h"

#include "program/mail_text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER_COLUMNS = 78, BOUNDARY_BYTES = 64 };

/* Text from outside as it may stand in a header. */
static const char *clean(const char *from, char *to, size_t size)
{
    size_t n = 0;
    for (; from[n] != '\0' && n + 1 < size; n++)
        to[n] = isascii((unsigned char)from[n]) && isprint((unsigned char)from[n]) ? from[n]
                                                                                   : '?';
    to[n] = '\0';
    return to;
}

/* As part of a Message-ID or List-Id: letters, digits and hyphens. */
static const char *label(const char *from, char *to, size_t size)
{
    size_t n = 0;
    for (; from[n] != '\0' && n + 1 < size; n++)
        to[n] = isascii((unsigned char)from[n]) && isalnum((unsigned char)from[n]) ? from[n]
                                                                                   : '-';
    to[n] = '\0';
    return to;
}

/* RFC 5322 2.2.3: folded before a space, as late as the line stays short. */
static void write_header(FILE *to, const char *name, const char *value)
{
    size_t column = strlen(name) + 2;
    (void)fprintf(to, "%s: ", name);
    for (bool first = true; *value != '\0'; first = false) {
        size_t spaces = strspn(value, " ");
        size_t word = spaces + strcspn(value + spaces, " ");
        bool fold = !first && spaces < word && column + word > HEADER_COLUMNS;
        if (fold) {
            (void)fputs("\r\n", to);
            column = 0;
        }
        (void)fprintf(to, "%.*s", (int)word, value);
        column += word;
        value += word;
    }
    (void)fputs("\r\n", to);
}

__attribute__((format(printf, 3, 4))) static void header(FILE *to, const char *name,
                                                         const char *format, ...)
{
    char value[900]; /* RFC 5322 2.1.1: a line has at most 998 octets */
    char cleaned[sizeof value];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(value, sizeof value, format, args);
    va_end(args);
    write_header(to, name, clean(value, cleaned, sizeof cleaned));
}

static void write_recipients(const struct config *c, FILE *to)
{
    for (unsigned i = 0; i < c->mail_recipients; i++)
        (void)fprintf(to, "%s%s", i == 0 ? "To: " : ",\r\n ", c->mail_to[i]);
    (void)fputs("\r\n", to);
}

static void write_thread(const struct config *c, const struct mail_story *story, FILE *to)
{
    char id[INCIDENT_ID_BYTES];
    char site[sizeof c->site];
    char fact[MAIL_FACT_BYTES];
    bool reply = story->number > story->first;
    (void)label(story->event->incident.id, id, sizeof id);
    (void)label(c->site, site, sizeof site);
    header(to, "Subject", "%s[rootwatch %s] %s", reply ? "Re: " : "", c->site,
           mail_text_fact(&story->opening->incident, fact));
    header(to, "Message-ID", "<%s.%u@%s.rootwatch>", id, story->number, site);
    if (reply) {
        header(to, "In-Reply-To", "<%s.%u@%s.rootwatch>", id, story->first, site);
        header(to, "References", "<%s.%u@%s.rootwatch>", id, story->first, site);
    }
    header(to, "List-Id", "<%s.rootwatch>", site);
    header(to, "X-Rootwatch-Incident", "%s", story->event->incident.id);
    header(to, "X-Rootwatch-Severity", "%s",
           incident_severity_name(story->event->incident.severity));
    if (story->event->incident.severity == INCIDENT_CRITICAL)
        header(to, "Importance", "high"); /* RFC 2156 2.4; RFC 4021 2.1.54 */
    header(to, "X-Rootwatch-State", "%s", incident_state_name(story->event->state));
}

static void write_headers(const struct config *c, const struct mail_story *story, FILE *to)
{
    char date[MAIL_DATE_BYTES];
    header(to, "From", "\"rootwatch %s\" <%s>", c->site, c->mail_from);
    write_recipients(c, to);
    header(to, "Date", "%s", mail_text_date(story->written_s, date));
    write_thread(c, story, to);
    header(to, "Auto-Submitted", "auto-generated"); /* RFC 3834 */
    header(to, "MIME-Version", "1.0");
}

static void write_base64_line(const unsigned char *b, size_t n, FILE *to)
{
    static const char digit[] =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        unsigned bits = (unsigned)b[i] << 16 | (i + 1 < n ? (unsigned)b[i + 1] << 8 : 0) |
                        (i + 2 < n ? b[i + 2] : 0);
        (void)fprintf(to, "%c%c%c%c", digit[bits >> 18], digit[bits >> 12 & 63],
                      i + 1 < n ? digit[bits >> 6 & 63] : '=',
                      i + 2 < n ? digit[bits & 63] : '=');
    }
    (void)fputs("\r\n", to);
}

static void write_picture(const struct mail_picture *picture, const char *boundary, FILE *to)
{
    enum { LINE_OCTETS = 57 }; /* 76 columns, RFC 2045 6.8 */
    char name[sizeof picture->name];
    (void)snprintf(name, sizeof name, "%s", picture->name);
    for (char *p = name; *p != '\0'; p++)
        if (!isascii((unsigned char)*p) || (!isalnum((unsigned char)*p) && *p != '.'))
            *p = '-';
    (void)fprintf(to,
                  "\r\n--%s\r\nContent-Type: image/png; name=\"%s\"\r\n"
                  "Content-Transfer-Encoding: base64\r\n"
                  "Content-Disposition: attachment; filename=\"%s\"\r\n\r\n",
                  boundary, name, name);
    for (size_t at = 0; at < picture->size; at += LINE_OCTETS) {
        size_t left = picture->size - at;
        write_base64_line((unsigned char *)picture->bytes + at,
                          left < LINE_OCTETS ? left : LINE_OCTETS, to);
    }
}

static const char text_headers[] = "Content-Type: text/plain; charset=us-ascii\r\n"
                                   "Content-Transfer-Encoding: 7bit\r\n\r\n";

/* One that the text does not hold: names in it are chosen by strangers. */
static void choose_boundary(const struct mail_story *story, const char *text,
                            char boundary[static BOUNDARY_BYTES])
{
    char id[INCIDENT_ID_BYTES];
    unsigned n = story->number;
    do
        (void)snprintf(boundary, BOUNDARY_BYTES, "=_rootwatch_%s_%u",
                       label(story->event->incident.id, id, sizeof id), n++);
    while (strstr(text, boundary) != NULL);
}

static void write_body(const struct mail_story *story, const char *text, FILE *to)
{
    char boundary[BOUNDARY_BYTES];
    if (story->pictures == 0) {
        (void)fprintf(to, "%s%s", text_headers, text);
        return;
    }
    choose_boundary(story, text, boundary);
    (void)fprintf(to, "Content-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n--%s\r\n%s%s",
                  boundary, boundary, text_headers, text);
    for (unsigned i = 0; i < story->pictures; i++)
        write_picture(&story->picture[i], boundary, to);
    (void)fprintf(to, "\r\n--%s--\r\n", boundary);
}

/* The text is made first: the boundary depends on it. */
static char *make_text(const struct config *c, const struct mail_story *story)
{
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    if (to == NULL)
        return NULL;
    mail_text_write(c, story, to);
    bool failed = ferror(to) != 0;
    if (fclose(to) == 0 && !failed)
        return text;
    free(text);
    return NULL;
}

static bool write_message(const struct config *c, const struct mail_story *story, FILE *to)
{
    char *text = make_text(c, story);
    if (text == NULL)
        return false;
    write_headers(c, story, to);
    write_body(story, text, to);
    free(text);
    return ferror(to) == 0;
}

bool mail_compose(const struct config *c, const struct mail_story *story, char **message,
                  size_t *size, struct error *err)
{
    *message = NULL;
    FILE *to = open_memstream(message, size);
    bool written = to != NULL && write_message(c, story, to);
    bool closed = to != NULL && fclose(to) == 0;
    if (written && closed)
        return true;
    free(*message);
    *message = NULL;
    return error_set(err, "no memory for the mail about incident %s",
                     story->event->incident.id);
}

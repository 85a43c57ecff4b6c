/* SPDX-License-Identifier: MIT */
#include "analysis/rssac002_text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static const char *const metrics[RSSAC002_METRICS] = {
        [RSSAC002_TRAFFIC_VOLUME] = "traffic-volume",
        [RSSAC002_TRAFFIC_SIZES] = "traffic-sizes",
        [RSSAC002_RCODE_VOLUME] = "rcode-volume",
        [RSSAC002_UNIQUE_SOURCES] = "unique-sources",
};

static const char *const protocols[COUNTERS_PROTOCOLS] = {"udp", "tcp"};

const char *rssac002_metric_name(enum rssac002_metric m)
{
    return metrics[m];
}

/* ---- Names ----------------------------------------------------------------------------- */

static void day_text(const struct rssac002_day *d, const char *format, char *text, size_t size)
{
    time_t at = (time_t)d->start_s;
    struct tm utc;
    (void)strftime(text, size, format, gmtime_r(&at, &utc));
}

/* x.root-servers.net is x-root. */
static void short_name(const char *service, char name[static RSSAC002_SERVICE_BYTES + 8])
{
    size_t label = strcspn(service, ".");
    if (strcasecmp(service + label, ".root-servers.net") == 0)
        (void)snprintf(name, RSSAC002_SERVICE_BYTES + 8, "%.*s-root", (int)label, service);
    else
        (void)snprintf(name, RSSAC002_SERVICE_BYTES + 8, "%s", service);
    for (char *c = name; *c != '\0'; c++)
        *c = (char)(isalnum((unsigned char)*c) || *c == '_' ? tolower((unsigned char)*c) : '-');
}

const char *rssac002_file_name(const struct rssac002_day *d, enum rssac002_metric m,
                               char name[static RSSAC002_NAME_BYTES])
{
    char folder[16];
    char day[16];
    char service[RSSAC002_SERVICE_BYTES + 8];
    day_text(d, "%Y/%m", folder, sizeof folder);
    day_text(d, "%Y%m%d", day, sizeof day);
    short_name(d->service, service);
    (void)snprintf(name, RSSAC002_NAME_BYTES, "%s/%s/%s-%s-%s.yaml", folder, metrics[m],
                   service, day, metrics[m]);
    return name;
}

/* ---- Values ---------------------------------------------------------------------------- */

bool rssac002_has_metric(const struct rssac002_day *d, enum rssac002_metric m)
{
    switch (m) {
    case RSSAC002_RCODE_VOLUME:
        return rssac002_day_has_responses(d);
    case RSSAC002_UNIQUE_SOURCES:
        return rssac002_day_has_queries(d);
    default:
        return true;
    }
}

/* A name is text to every reader of YAML; "on" and "12" are not. */
static void put_service(FILE *to, const char *service)
{
    bool plain = isalpha((unsigned char)service[0]) && strchr(service, '.') != NULL;
    (void)fprintf(to, plain ? "service: %s\n" : "service: '%s'\n", service);
}

static void put_head(FILE *to, const struct rssac002_day *d, enum rssac002_metric m)
{
    char day[16];
    day_text(d, "%Y-%m-%d", day, sizeof day);
    (void)fprintf(to, "---\nversion: rssac002v5\n");
    put_service(to, d->service);
    (void)fprintf(to, "start-period: '%sT00:00:00Z'\nmetric: %s\n", day, metrics[m]);
}

static void put_volume(FILE *to, const char *what, const uint64_t count[static TRANSPORTS])
{
    for (unsigned i = 0; i < TRANSPORTS; i++)
        (void)fprintf(to, "dns-%s-%s-ipv%c: %" PRIu64 "\n", protocols[i / 2], what,
                      i % 2 == 0 ? '4' : '6', count[i]);
}

static void put_sizes(FILE *to, const char *protocol, const char *what, const uint64_t *bin,
                      unsigned bins)
{
    bool any = rssac002_sum(bin, bins) > 0;
    (void)fprintf(to, "%s-%s-sizes:%s\n", protocol, what, any ? "" : " {}");
    for (unsigned i = 0; i < bins; i++) {
        unsigned from = i * COUNTERS_SIZE_STEP;
        if (bin[i] > 0 && i + 1 < bins)
            (void)fprintf(to, "  %u-%u: %" PRIu64 "\n", from, from + COUNTERS_SIZE_STEP - 1,
                          bin[i]);
        else if (bin[i] > 0)
            (void)fprintf(to, "  %u-: %" PRIu64 "\n", from, bin[i]);
    }
}

static void put_all_sizes(FILE *to, const struct rssac002_day *d)
{
    const struct rssac002_counts *c = &d->counts;
    for (unsigned i = 0; i < COUNTERS_PROTOCOLS; i++) {
        if (rssac002_day_has_queries(d))
            put_sizes(to, protocols[i], "request", c->query_sizes[i], COUNTERS_QUERY_BINS);
        if (rssac002_day_has_responses(d))
            put_sizes(to, protocols[i], "response", c->response_sizes[i],
                      COUNTERS_RESPONSE_BINS);
    }
}

static void put_values(FILE *to, const struct rssac002_day *d, enum rssac002_metric m)
{
    switch (m) {
    case RSSAC002_TRAFFIC_VOLUME:
        if (rssac002_day_has_queries(d))
            put_volume(to, "queries-received", d->counts.queries);
        if (rssac002_day_has_responses(d))
            put_volume(to, "responses-sent", d->counts.responses);
        break;
    case RSSAC002_TRAFFIC_SIZES:
        put_all_sizes(to, d);
        break;
    case RSSAC002_RCODE_VOLUME:
        for (unsigned i = 0; i < COUNTERS_RCODES; i++)
            if (d->counts.rcode[i] > 0)
                (void)fprintf(to, "%u: %" PRIu64 "\n", i, d->counts.rcode[i]);
        break;
    default:
        (void)fprintf(to,
                      "num-sources-ipv4: %" PRIu64 "\nnum-sources-ipv6: %" PRIu64
                      "\nnum-sources-ipv6-aggregate: %" PRIu64 "\n",
                      d->sources4, d->sources6, d->networks6);
    }
}

static void put_comment(void *to, bool warning, const char *text)
{
    (void)fprintf(to, "# %s%s\n", warning ? "warning: " : "", text);
}

char *rssac002_text(const struct rssac002_day *d, enum rssac002_metric m, const char *maker)
{
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    if (to == NULL)
        return NULL;
    put_head(to, d, m);
    put_values(to, d, m);
    (void)fprintf(to, "# %s, from %u state director%s\n", maker, d->instances,
                  d->instances == 1 ? "y" : "ies");
    rssac002_notes(d, put_comment, to);
    if (fclose(to) == 0)
        return text;
    free(text);
    return NULL;
}

/* ---- Notes ----------------------------------------------------------------------------- */

enum { GREAT_PERMILLE = 1 }; /* a part that is worth a warning */

struct notes {
    const struct rssac002_day *day;
    rssac002_note_function *note;
    void *argument;
};

__attribute__((format(printf, 3, 4))) static void say(const struct notes *n, bool warning,
                                                      const char *format, ...)
{
    char text[RSSAC002_NOTE_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    n->note(n->argument, warning, text);
}

/* The same of one directory of several. */
__attribute__((format(printf, 3, 4))) static void say_of(const struct notes *n, unsigned number,
                                                         const char *format, ...)
{
    char text[RSSAC002_NOTE_BYTES];
    int before = 0;
    va_list args;
    if (n->day->instances > 1)
        before = snprintf(text, sizeof text, "directory %u: ", number + 1);
    va_start(args, format);
    (void)vsnprintf(text + before, sizeof text - (size_t)before, format, args);
    va_end(args);
    n->note(n->argument, true, text);
}

static bool is_great(uint64_t part, uint64_t whole)
{
    return part * 1000 > whole * GREAT_PERMILLE;
}

static void note_capture(const struct notes *n)
{
    const struct rssac002_day *d = n->day;
    uint64_t all_s = (uint64_t)d->instances * RSSAC002_DAY_S;
    uint64_t captured_s = d->counts.captured_ms / 1000;
    captured_s = captured_s < all_s ? captured_s : all_s; /* a restart within a second */
    say(n, is_great(all_s - captured_s, all_s), "captured: %" PRIu64 " of %" PRIu64 " s",
        captured_s, all_s);
    for (unsigned i = 0; i < d->instances; i++) {
        uint64_t s = d->instance[i].captured_ms / 1000;
        if (d->instances > 1 && s < RSSAC002_DAY_S &&
            is_great(RSSAC002_DAY_S - s, RSSAC002_DAY_S))
            say_of(n, i, "captured: %" PRIu64 " of %d s", s, RSSAC002_DAY_S);
    }
}

static void note_hours(const struct notes *n, unsigned number)
{
    const struct rssac002_instance *i = &n->day->instance[number];
    if (i->spoilt > 0)
        say_of(n, number, "hours that cannot be read, and are left out: %u", i->spoilt);
    if (i->left)
        say_of(n, number,
               "a part of an hour is not here yet: it is once `rootwatch run` ends that hour, "
               "or is started again");
    if (i->without_responses > 0)
        say_of(n, number, "hours with queries and without a response: %u",
               i->without_responses);
    if (i->without_queries > 0)
        say_of(n, number, "hours with responses and without a query: %u", i->without_queries);
}

static void note_direction(const struct notes *n)
{
    if (!rssac002_day_has_responses(n->day))
        say(n, true, "the capture has no responses: only what is known of queries is told");
    if (!rssac002_day_has_queries(n->day))
        say(n, true, "the capture has no queries: only what is known of responses is told");
}

static void note_frames(const struct notes *n)
{
    const struct rssac002_counts *c = &n->day->counts;
    uint64_t dropped = c->kernel_drops + c->interface_drops;
    say(n, is_great(dropped, c->frames + dropped),
        "frames dropped: %" PRIu64 " by the kernel, %" PRIu64 " by the interface, of %" PRIu64,
        c->kernel_drops, c->interface_drops, c->frames + dropped);
    say(n, is_great(c->undecoded, c->frames),
        "frames that may have held a message, and were not decoded: %" PRIu64, c->undecoded);
    for (unsigned i = 0; i < LOSSES; i++)
        if (c->loss[i] > 0)
            say(n, false, "lost of what comes in parts: %s: %" PRIu64, loss_words(i),
                c->loss[i]);
}

static void note_messages(const struct notes *n)
{
    const struct rssac002_counts *c = &n->day->counts;
    if (c->malformed > 0)
        say(n, false, "malformed messages, which are counted: %" PRIu64, c->malformed);
    if (c->cut > 0)
        say(n, false,
            "messages cut off by the capture, which are counted; rcodes above 15 may count as "
            "those below: %" PRIu64,
            c->cut);
    if (c->unread > 0)
        say(n, true, "parts of hours that were stored and could not be read again: %" PRIu64,
            c->unread);
}

static void note_sources(const struct notes *n)
{
    const struct rssac002_counts *c = &n->day->counts;
    if (c->unplaced > 0)
        say(n, true,
            "sources are too few: up to %" PRIu64 " queries came from some that found no room",
            c->unplaced);
    if (c->refused6 > 0)
        say(n, true,
            "sources of IPv6 are too few: up to %" PRIu64 " found no room in a full set",
            c->refused6);
}

void rssac002_notes(const struct rssac002_day *d, rssac002_note_function *note, void *argument)
{
    const struct notes n = {d, note, argument};
    note_capture(&n);
    for (unsigned i = 0; i < d->instances; i++)
        note_hours(&n, i);
    note_direction(&n);
    note_frames(&n);
    note_messages(&n);
    note_sources(&n);
}

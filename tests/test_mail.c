/* SPDX-License-Identifier: MIT */
#include "program/mail.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

enum { OPENED_S = 1106049960 }; /* 2005-01-18 12:06 UTC */

static struct config config;
static struct incident_event opening, event;
static struct mail_story story;
static char *message;

static struct prefix culprit(void)
{
    struct prefix p;
    cr_assert(prefix_parse("207.244.46.0/24", &p));
    return p;
}

static void setup(void)
{
    strcpy(config.site, "x-root");
    strcpy(config.mail_from, "rootwatch@mon.example.net");
    strcpy(config.page_url, "https://mon.example.net");
    strcpy(config.mail_to[0], "noc@example.net");
    strcpy(config.mail_to[1], "duty@example.org");
    config.mail_recipients = 2;
    opening = (struct incident_event){
            .time_s = OPENED_S,
            .state = INCIDENT_OPENED,
            .incident = {.id = "2005-0118-1",
                         .kind = INCIDENT_PREFIX,
                         .severity = INCIDENT_CRITICAL,
                         .wave = 1,
                         .began_s = OPENED_S - 360,
                         .prefix = {culprit()},
                         .prefixes = 1,
                         .rate_qps = 960,
                         .share = 0.23,
                         .total_qps = 4200,
                         .usual_qps = 3240,
                         .queries = 345600,
                         .hosts = 5,
                         .type = {{"MX", 0, 580, 200000, true}, {"A", 0, 380, 145600, false}},
                         .types = 2,
                         .name = {{"example.com", 9, true}},
                         .names = 1,
                         .summary = "207.244.46.0/24 sends 23 % of all queries: 960 "
                                    "queries/s, usually below 1; mostly MX for example.com"}};
    event = opening;
    story = (struct mail_story){.event = &event,
                                .opening = &opening,
                                .number = 1,
                                .first = 1,
                                .written_s = OPENED_S + 5};
}

static void teardown(void)
{
    free(message);
}

TestSuite(mail, .init = setup, .fini = teardown);

static char *composed(void)
{
    struct error err;
    size_t size;
    free(message);
    cr_assert(mail_compose(&config, &story, &message, &size, &err));
    cr_assert(eq(sz, strlen(message), size));
    return message;
}

static void given_update(unsigned number, int64_t later_s, double qps)
{
    event.time_s += later_s;
    event.state = INCIDENT_CHANGED;
    event.incident.rate_qps = qps;
    event.incident.share = 0.35;
    story.number = number;
    story.previous = &opening;
}

#define EXPECT_HAS(text) \
    cr_expect(strstr(message, text) != NULL, "no '%s' in:\n%s", text, message)
#define EXPECT_NOT(text) cr_expect(strstr(message, text) == NULL, "'%s' in:\n%s", text, message)

Test(mail, of_an_opening_says_the_fact_in_its_subject)
{
    composed();
    EXPECT_HAS("\r\nSubject: [rootwatch x-root] 207.244.46.0/24 sends 23 % of all queries "
               "(960\r\n q/s)\r\n");
    EXPECT_HAS("\r\nMessage-ID: <2005-0118-1.1@x-root.rootwatch>\r\n");
    EXPECT_HAS("\r\nDate: Tue, 18 Jan 2005 12:06:05 +0000\r\n");
    EXPECT_HAS("\r\nTo: noc@example.net,\r\n duty@example.org\r\n");
    EXPECT_HAS("\r\nAuto-Submitted: auto-generated\r\n");
    EXPECT_HAS("\r\nList-Id: <x-root.rootwatch>\r\n");
    EXPECT_HAS("\r\nX-Rootwatch-Incident: 2005-0118-1\r\n");
    EXPECT_HAS("\r\nX-Rootwatch-State: open\r\n");
    EXPECT_HAS("\r\nX-Rootwatch-Severity: critical\r\nImportance: high\r\n");
    EXPECT_NOT("References");
}

Test(mail, of_an_opening_tells_who_sends_what_since_when)
{
    cr_expect(eq(str, strstr(composed(), "\r\n\r\n") + 4,
                 "Opened 18 Jan 2005 12:06 UTC on x-root.   incident 2005-0118-1, critical\r\n"
                 "207.244.46.0/24 sends 23 % of all queries: 960 queries/s, usually below\r\n"
                 "  1; mostly MX for example.com.\r\n"
                 "It began at 12:00. Total is 4200 q/s, usual at this hour 3240.\r\n"
                 "Types: MX 60 %, A 40 %. Hosts: 5 of 256.\r\n"
                 "Names: example.com\r\n"
                 "Page: https://mon.example.net/incidents/2005-0118-1/\r\n"));
}

Test(mail, of_a_change_answers_the_first_and_says_what_changed)
{
    given_update(4, 7200, 1708);
    event.incident.wave = 2;
    composed();
    EXPECT_HAS("\r\nSubject: Re: [rootwatch x-root] 207.244.46.0/24 sends 23 % of all queries "
               "(960\r\n q/s)\r\n");
    EXPECT_HAS("\r\nMessage-ID: <2005-0118-1.4@x-root.rootwatch>\r\n");
    EXPECT_HAS("\r\nIn-Reply-To: <2005-0118-1.1@x-root.rootwatch>\r\n");
    EXPECT_HAS("\r\nReferences: <2005-0118-1.1@x-root.rootwatch>\r\n");
    EXPECT_HAS("This is wave 2 of the incident");
    EXPECT_HAS("1708 q/s");
    EXPECT_HAS("was 960 q/s");
}

Test(mail, of_a_change_that_is_the_first_one_mailed_answers_nothing)
{
    given_update(3, 7200, 1708);
    story.previous = NULL;
    story.first = 3;
    composed();
    EXPECT_HAS("\r\nSubject: [rootwatch x-root] 207.244.46.0/24");
    EXPECT_NOT("In-Reply-To");
    story.number = 4;
    composed();
    EXPECT_HAS("\r\nIn-Reply-To: <2005-0118-1.3@x-root.rootwatch>\r\n");
}

Test(mail, asks_for_attention_only_when_it_is_critical)
{
    event.incident.severity = INCIDENT_WARNING;
    composed();
    EXPECT_HAS("incident 2005-0118-1, warning\r\n");
    EXPECT_NOT("Importance");
}

Test(mail, of_a_close_tells_how_long_and_how_much)
{
    event.state = INCIDENT_CLOSED;
    event.time_s = OPENED_S + 14400;
    event.incident.ended_s = OPENED_S + 13440;
    event.incident.peak_qps = 1708;
    event.incident.queries = 16000000;
    story.number = 3;
    composed();
    EXPECT_HAS("Closed 18 Jan 2005 16:06 UTC");
    EXPECT_HAS("It lasted 3 h 50 min, from 12:00 to 15:50.");
}

Test(mail, of_a_close_days_later_has_the_day_of_both_ends)
{
    event.state = INCIDENT_CLOSED;
    event.time_s = OPENED_S + 2 * 86400;
    event.incident.ended_s = event.time_s - 960;
    composed();
    EXPECT_HAS("from 18 Jan 2005 12:00 UTC to 20 Jan");
}

Test(mail, says_when_figures_are_too_small)
{
    event.incident.lossy = true;
    event.incident.drops = (struct incident_drops){
            .since_s = OPENED_S, .frames = 98000, .kernel = 1900, .interface = 100};
    event.incident.opened_s = OPENED_S;
    composed();
    EXPECT_HAS("2000 frames were dropped meanwhile (2.0 % of all; by the kernel 1900, by\r\n"
               "  the interface 100): the figures are too small, and shares may be\r\n"
               "  wrong.\r\n");
}

Test(mail, says_what_was_not_decoded_and_why)
{
    struct reasons *r = &event.incident.reasons;
    r->verdict[VERDICT_MESSAGE] = 398796;
    r->verdict[VERDICT_UNKNOWN_ETHERTYPE] = 900;
    r->verdict[VERDICT_IP_PROTOCOL] = 304;
    r->unknown[UNKNOWN_ETHERTYPE] = (struct leading){0x88b5, 900};
    r->unknown[UNKNOWN_PROTOCOL] = (struct leading){253, 304};
    r->defect[DEFECT_NONE] = 300000;
    r->defect[DEFECT_QUESTION_NAME] = 98796;
    composed();
    EXPECT_HAS("\r\nNot decoded meanwhile: 1204 frames (0.3 %): ethertype 0x88b5 900, IP\r\n"
               "  protocol 253 304.\r\n"
               "Malformed meanwhile: 98796 messages (25 %): name broken 98796.\r\n"
               "Page: ");
}

Test(mail, keeps_silent_about_what_a_mirror_always_has)
{
    event.incident.reasons.verdict[VERDICT_MESSAGE] = 1000000;
    event.incident.reasons.verdict[VERDICT_IP_PROTOCOL] = 4;
    event.incident.reasons.verdict[VERDICT_NOT_IP] = 40000;
    composed();
    EXPECT_NOT("ot decoded");
    EXPECT_NOT("meanwhile");
}

Test(mail, has_lines_of_72_columns_and_ascii_only)
{
    char long_name[1000];
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    for (unsigned i = 0; i < INCIDENT_NAMES; i++)
        event.incident.name[i] = (struct incident_name){long_name, 1, true};
    event.incident.names = INCIDENT_NAMES;
    memset(event.incident.summary, 'y', sizeof event.incident.summary - 1);
    event.incident.summary[7] = '\xe9';
    composed();
    const char *line = strstr(message, "\r\n\r\n") + 4;
    while (*line != '\0') {
        const char *end = strstr(line, "\r\n");
        cr_assert(end != NULL);
        cr_expect(le(sz, (size_t)(end - line), 72), "%.*s", (int)(end - line), line);
        for (const char *p = line; p < end; p++)
            cr_expect(lt(int, *p - ' ', 95));
        line = end + 2;
    }
}

/* Lines of the header that begin a field, and the only empty line. */
static unsigned fields(const char *m)
{
    unsigned n = 0;
    const char *end = strstr(m, "\r\n\r\n");
    for (const char *p = m; p != NULL && p < end; p = strstr(p, "\r\n")) {
        p += p == m ? 0 : 2;
        n += *p != ' ';
        if (p >= end)
            break;
    }
    return n;
}

Test(mail, cannot_be_given_a_header_from_outside)
{
    static const char evil[] = "x\r\nBcc: victim@example.com\r\n\r\nbody\n.\r\n";
    unsigned honest = fields(composed());
    opening.incident.kind = event.incident.kind = INCIDENT_NAME;
    strcpy(opening.incident.summary, evil);
    strcpy(event.incident.summary, evil);
    strcpy(event.incident.id, "a\r\nBcc: b@c");
    event.incident.name[0].name = (char *)evil;
    given_update(2, 60, 1);
    composed();
    cr_expect(eq(u32, fields(message), honest + 2)); /* In-Reply-To, References */
    EXPECT_NOT("\nBcc");
    EXPECT_NOT("\n.\r");
}

Test(mail, folds_a_header_only_before_a_word)
{
    opening.incident.kind = INCIDENT_VOLUME;
    memset(opening.incident.summary, ' ', sizeof opening.incident.summary - 1);
    opening.incident.summary[sizeof opening.incident.summary - 1] = '\0';
    composed();
    EXPECT_NOT("\r\n   ");
}

Test(mail, carries_its_pictures)
{
    struct mail_picture picture[] = {{"share.png", "\x89PNG", 4}, {"a\"b\r.png", "12345", 5}};
    story.picture = picture;
    story.pictures = 2;
    composed();
    EXPECT_HAS(
            "\r\nContent-Type: multipart/mixed; boundary=\"=_rootwatch_2005-0118-1_1\"\r\n\r\n"
            "--=_rootwatch_2005-0118-1_1\r\n");
    EXPECT_HAS("filename=\"share.png\"\r\n\r\niVBORw==\r\n\r\n--=_rootwatch_2005-0118-1_1\r\n");
    EXPECT_HAS(
            "filename=\"a-b-.png\"\r\n\r\nMTIzNDU=\r\n\r\n--=_rootwatch_2005-0118-1_1--\r\n");
    EXPECT_HAS("Graphs attached.");
}

Test(mail, cannot_be_ended_by_a_name_that_is_its_boundary)
{
    struct mail_picture picture = {"share.png", "x", 1};
    event.incident.name[0].name = "=_rootwatch_2005-0118-1_1--";
    story.picture = &picture;
    story.pictures = 1;
    composed();
    EXPECT_HAS("boundary=\"=_rootwatch_2005-0118-1_2\"");
}

Test(mail, composed_twice_is_the_same_mail)
{
    char *first = strdup(composed());
    cr_expect(eq(str, composed(), first));
    free(first);
}

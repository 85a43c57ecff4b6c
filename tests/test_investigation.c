/* SPDX-License-Identifier: MIT */
#include "analysis/letter.h"
#include "analysis/words.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

static const int64_t noon = 1106049600; /* 2005-01-18 12:00 UTC */
static struct incident incident;
static struct investigation *found;

static void setup(void)
{
    incident = (struct incident){.kind = INCIDENT_PREFIX, .began_s = noon, .hosts = 2};
    (void)snprintf(incident.id, sizeof incident.id, "2005-0118-1");
    incident.prefixes = 1;
    incident.prefix[0] = prefix_of(4, (const uint8_t[16]){192, 0, 2}, 24);
    incident.queries = 1000;
    incident.rate_qps = 960;
    incident.share = 0.23;
    incident.hosts_listed = 2;
    for (unsigned i = 0; i < 2; i++) {
        incident.host[i].queries = 600 - 200 * i;
        (void)inet_pton(AF_INET, i == 0 ? "192.0.2.9" : "192.0.2.1", incident.host[i].address);
    }
    found = investigation_create(&incident);
    cr_assert_not_null(found);
}

static void teardown(void)
{
    investigation_free(found);
}

TestSuite(investigation, .init = setup, .fini = teardown);

/* Takes in a fact that is written here as JSON. */
static bool take(const char *text)
{
    json_t *fact = json_loads(text, 0, NULL);
    cr_assert_not_null(fact, "%s", text);
    bool taken = investigation_take(found, fact);
    json_decref(fact);
    return taken;
}

static void take_history(void)
{
    cr_assert(
            take("{\"kind\":\"history\",\"subject\":\"192.0.2.0/24\",\"state\":\"found\","
                 "\"time\":1,\"tables\":18,\"rows\":["
                 "{\"from\":1104537600,\"to\":1105056000,\"tables\":7,\"match\":\"same\","
                 "\"announced\":\"192.0.2.0/24\",\"origins\":[64497]},"
                 "{\"from\":1105142400,\"to\":1105920000,\"tables\":10,\"match\":\"same\","
                 "\"announced\":\"192.0.2.0/24\",\"origins\":[64498],\"path\":\"64500 64498\"},"
                 "{\"from\":1106006400,\"to\":1106006400,\"tables\":1,\"match\":\"nobody\","
                 "\"origins\":[]}]}"));
}

static void take_unrouted(void)
{
    cr_assert(take("{\"kind\":\"routing\",\"subject\":\"192.0.2.0/24\",\"state\":\"found\","
                   "\"time\":1,\"answer\":\"unrouted\",\"table\":1106006400}"));
}

static void take_whois(void)
{
    cr_assert(take(
            "{\"kind\":\"whois\",\"subject\":\"192.0.2.0/24\",\"state\":\"found\","
            "\"time\":1,\"source\":\"whois\",\"raw\":\"NetRange: 192.0.2.0 - 192.0.2.255\\n"
            "RegDate: 2005-01-10\\n\\nOrgName: Small Customer, LLC\\n\\n"
            "OrgAbuseEmail: abuse@example.net\\nOrgAbusePhone: +1-555-0100\\n\"}"));
}

static void take_no_names(void)
{
    cr_assert(take("{\"kind\":\"reverse\",\"subject\":\"192.0.2.9\",\"state\":\"nothing\","
                   "\"time\":1}"));
    cr_assert(take("{\"kind\":\"reverse\",\"subject\":\"192.0.2.1\",\"state\":\"nothing\","
                   "\"time\":1}"));
}

struct comparing {
    const struct investigation *other;
    unsigned facts;
};

static void compare(void *argument, enum fact kind, const char *subject, struct lookup *lookup)
{
    struct comparing *c = argument;
    (void)lookup;
    json_t *is = investigation_fact(found, kind, subject);
    json_t *was = investigation_fact(c->other, kind, subject);
    cr_expect(json_equal(is, was), "%s of %s", fact_name(kind), subject);
    json_decref(is);
    json_decref(was);
    c->facts++;
}

static void copy(void *argument, enum fact kind, const char *subject, struct lookup *lookup)
{
    (void)lookup;
    json_t *fact = investigation_fact(found, kind, subject);
    bool taken = investigation_take(argument, fact);
    cr_expect(taken || subject[0] == 'A', "ASes are subjects once a fact has named them");
    json_decref(fact);
}

Test(investigation, comes_back_from_its_json_fact_by_fact)
{
    take_history();
    take_unrouted();
    take_whois();
    cr_assert(take(
            "{\"kind\":\"reverse\",\"subject\":\"192.0.2.9\",\"state\":\"found\",\"time\":7,"
            "\"source\":\"DNS\",\"more\":true,\"names\":[{\"name\":\"a.example.net\","
            "\"confirmed\":true},{\"name\":\"b.example.net\",\"confirmed\":false}]}"));
    cr_assert(take(
            "{\"kind\":\"dns\",\"subject\":\"192.0.2.0/24\",\"state\":\"found\",\"time\":3,"
            "\"asn\":64499,\"announced\":\"192.0.0.0/16\",\"country\":\"US\","
            "\"registry\":\"arin\",\"allocated\":\"1999-01-01\"}"));
    investigation_find_ases(found);
    cr_assert(take(
            "{\"kind\":\"as-name\",\"subject\":\"AS64499\",\"state\":\"failed\",\"time\":3,"
            "\"due\":13,\"tries\":2,\"words\":\"no answer\",\"name\":\"\"}"));
    struct investigation *other = investigation_create(&incident);
    investigation_walk(found, copy, other);
    investigation_find_ases(other);
    investigation_walk(found, copy, other);
    struct comparing c = {.other = other};
    investigation_walk(found, compare, &c);
    cr_expect(eq(uint, c.facts, 2 + 4 + 2 * 2));
    cr_expect(eq(str, (char *)other->network[0].registration.text.contact[0].mail,
                 "abuse@example.net"));
    investigation_free(other);
}

Test(investigation, keeps_what_was_found_when_asking_again_fails)
{
    take_whois();
    cr_assert(take("{\"kind\":\"whois\",\"subject\":\"192.0.2.0/24\",\"state\":\"failed\","
                   "\"time\":9,\"due\":19,\"words\":\"refused\"}"));
    cr_expect(eq(int, found->network[0].registration.lookup.state, LOOKUP_FOUND));
    cr_assert(take("{\"kind\":\"whois\",\"subject\":\"192.0.2.0/24\",\"state\":\"nothing\","
                   "\"time\":10}"));
    cr_expect(eq(int, found->network[0].registration.lookup.state, LOOKUP_NOTHING),
              "an answer that is newer");
}

Test(investigation, refuses_facts_about_what_it_does_not_look_into)
{
    cr_expect_not(
            take("{\"kind\":\"reverse\",\"subject\":\"198.51.100.1\",\"state\":\"found\"}"));
    cr_expect_not(take("{\"kind\":\"whois\",\"subject\":\"nonsense\",\"state\":\"found\"}"));
    cr_expect_not(take("{\"kind\":\"wisdom\",\"subject\":\"192.0.2.9\",\"state\":\"found\"}"));
    cr_expect_not(take("{\"kind\":\"routing\",\"subject\":\"192.0.2.0/24\",\"state\":\"found\","
                       "\"answer\":\"perhaps\"}"));
}

Test(investigation, makes_what_it_takes_harmless_and_short)
{
    char text[2048] =
            "{\"kind\":\"reverse\",\"subject\":\"192.0.2.9\",\"state\":\"found\",\"names\":"
            "[{\"confirmed\":false,\"name\":\"\\u001b[31m\\n";
    for (unsigned i = 0; i < 600; i++)
        strcat(text, "x");
    strcat(text, "\"}]}");
    cr_assert(take(text));
    cr_expect(eq(int, strncmp(found->host[0].name[0].name, "\\x1b[31m x", 10), 0));
    cr_expect(eq(sz, strlen(found->host[0].name[0].name), INVESTIGATION_NAME_BYTES - 1));
}

Test(investigation, tries_again_later_and_later_and_gives_up)
{
    struct lookup l = {.state = LOOKUP_WAITING};
    cr_expect(lookup_is_due(&l, 100));
    lookup_fail(&l, 100, "no answer");
    cr_expect(eq(i64, l.due_s, 110));
    cr_expect_not(lookup_is_due(&l, 109));
    cr_expect(lookup_is_due(&l, 110));
    lookup_fail(&l, 110, "no answer");
    cr_expect(eq(i64, l.due_s, 130));
    while (l.tries < LOOKUP_TRIES - 1)
        lookup_fail(&l, 1000, "no answer");
    cr_expect(eq(i64, l.due_s, 1000 + 3600));
    lookup_fail(&l, 5000, "no answer");
    cr_expect(eq(i64, l.due_s, 0));
    cr_expect_not(lookup_is_due(&l, 1000000));
}

Test(investigation, says_who_where_and_since_when)
{
    char text[WORDS_BYTES];
    take_whois();
    take_history();
    take_unrouted();
    take_no_names();
    investigation_find_ases(found);
    const struct investigation_network *n = &found->network[0];
    const struct whois_block *b = words_block(&n->registration);
    cr_expect(eq(str, (char *)words_owner(b), "Small Customer, LLC"));
    cr_expect(eq(str, (char *)words_registered(b, noon, text),
                 "registered 2005-01-10, 8 days before"));
    cr_expect(words_is_fresh(b, noon));
    cr_expect_not(words_is_fresh(b, noon + 86400 * 365));
    cr_expect(
            eq(str, (char *)words_reverse(found, text), "none of 2 hosts has a reverse name"));
    cr_expect(eq(str, (char *)words_routed(found, n, text),
                 "no, nobody announces it in the table of origins of 18 Jan 2005"));
    cr_expect(eq(str, (char *)words_origins(n, text),
                 "AS64498 until 17 Jan 2005; before that AS64497, until 7 Jan 2005"));
    cr_expect(eq(u32, found->as[0].asn, 64498), "who announced it last is looked into, too");
}

Test(investigation, leaves_nothing_blank_where_nothing_is_known)
{
    char text[WORDS_BYTES];
    cr_expect(eq(str, (char *)words_reverse(found, text), "not known"));
    cr_expect(eq(str, (char *)words_routed(found, &found->network[0], text), "not known"));
    cr_expect(eq(str, (char *)words_lookup(&found->host[0].lookup, text), "Not looked up yet"));
    lookup_fail(&found->host[0].lookup, noon, "refused");
    cr_expect(eq(str, (char *)words_lookup(&found->host[0].lookup, text),
                 "Failed at 18 Jan 2005 12:00 UTC: refused; tried again after 18 Jan 2005 "
                 "12:00 UTC"));
}

Test(investigation, speaks_of_forging_with_care)
{
    struct forgery f;
    take_unrouted();
    forgery_judge(&incident, 11, found, &f);
    cr_expect(eq(int, f.verdict, FORGERY_UNDECIDED), "few hosts, but no route: one each");
    take_history();
    forgery_judge(&incident, 7200, found, &f);
    cr_expect(eq(int, f.verdict, FORGERY_UNLIKELY));
    incident.kind = INCIDENT_SPOOF;
    incident.prefixes = 0;
    forgery_judge(&incident, 7200, found, &f);
    cr_expect(eq(int, f.verdict, FORGERY_LIKELY));
}

/* The sum of what speaks for forging. */
static int weighed(void)
{
    struct forgery f;
    int sum = 0;
    forgery_judge(&incident, 11, found, &f);
    for (unsigned p = 0; p < f.points; p++)
        sum += f.point[p].weight;
    return sum;
}

Test(investigation, takes_what_packets_say_into_account)
{
    int without = weighed();
    incident.traits = (struct incident_traits){.queries = 900, .ttls = 1, .hosts_steady = 7};
    cr_expect(eq(int, weighed(), without), "one machine has one TTL, too");
    incident.traits.ttls = 5;
    cr_expect(eq(int, weighed(), without - 1));
    incident.traits.hosts_varied = 9;
    cr_expect(eq(int, weighed(), without + 1));
    incident.traits.tcp_responses = 2;
    cr_expect(eq(int, weighed(), without), "few of 900");
    incident.traits.handshakes.completed = 9;
    cr_expect(eq(int, weighed(), without - 1));
}

Test(investigation, tells_what_packets_say_whole_however_large)
{
    char text[INCIDENT_TRAITS_BYTES];
    const uint64_t most = UINT64_MAX / 5; /* the sum of four is told, too */
    struct incident_traits *t = &incident.traits;
    memset(t, 0xff, sizeof *t);
    t->queries = t->handshakes.unfinished = most;
    t->handshakes.completed = t->handshakes.one_sided = t->handshakes.unanswered = most;
    t->handshakes.completed = 0;
    t->verdict = TRAITS_PROBABLY_FORGED;
    cr_assert_not_null(incident_traits_text(&incident, text));
    cr_expect_not_null(strstr(text, "no way back. Answers in all: "), "%s", text);
    const char *end = "which speaks for forged sources";
    cr_expect(eq(str, text + strlen(text) - strlen(end), (char *)end), "%s", text);
}

Test(investigation, takes_a_deaf_source_for_a_sign_of_forging)
{
    incident.traits = (struct incident_traits){
            .queries = 900, .ttls = 1, .handshakes = {.completed = 1, .unfinished = 99}};
    int deaf = weighed();
    take_unrouted(); /* which is a point itself, and explains why nobody hears */
    cr_expect(eq(int, weighed(), deaf));
    incident.traits.handshakes.unfinished = 0;
    cr_expect(eq(int, weighed(), deaf - 1));
    incident.traits.handshakes = (struct traits_handshakes){.one_sided = 50};
    cr_expect(eq(int, weighed(), deaf - 1));
    incident.traits.responses = 5; /* answers are mirrored: data alone proves nothing */
    cr_expect(eq(int, weighed(), deaf));
}

static char *letter(enum forgery_verdict verdict)
{
    char *text = NULL;
    size_t size;
    struct forgery f = {.verdict = verdict};
    const struct letter l = {.site = "x-root",
                             .first = &incident,
                             .peak = &incident,
                             .last = &incident,
                             .end_s = noon + 3661,
                             .investigation = found,
                             .forgery = &f};
    FILE *to = open_memstream(&text, &size);
    cr_assert(letter_applies(&l));
    letter_write(&l, to);
    (void)fclose(to);
    return text;
}

static bool fits(const char *text)
{
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1)
        if (strcspn(line, "\n") > 72)
            return false;
    return true;
}

Test(investigation, drafts_a_letter_with_exact_figures_and_a_reserve)
{
    take_whois();
    take_history();
    take_unrouted();
    take_no_names();
    char *text = letter(FORGERY_UNDECIDED);
    cr_expect_not_null(strstr(text, "\nTo: abuse@example.net\n"));
    cr_expect_not_null(strstr(text, "2005-01-18 12:00:00 UTC"));
    cr_expect_not_null(strstr(text, "2005-01-18 13:01:01 UTC"));
    cr_expect_not_null(strstr(text, "192.0.2.9"));
    cr_expect_not_null(strstr(text, "the addresses may be forged"));
    cr_expect(fits(text), "%s", text);
    free(text);
    text = letter(FORGERY_LIKELY);
    cr_expect_not_null(strstr(text, "probably forged"));
    free(text);
}

Test(investigation, drafts_a_letter_to_nobody_known)
{
    char *text = letter(FORGERY_UNDECIDED);
    cr_expect_not_null(strstr(text, "\nTo: [?]\n"));
    cr_expect_not_null(strstr(text, "no address was found"));
    free(text);
}

Test(investigation, writes_to_one_owner_about_his_own_network_alone)
{
    (void)inet_pton(AF_INET, "198.51.100.7", incident.host[1].address);
    incident.prefix[1] = prefix_of(4, (const uint8_t[16]){198, 51, 100}, 24);
    incident.prefixes = 2;
    char *text = letter(FORGERY_UNDECIDED);
    cr_expect_not_null(strstr(text, "from 192.0.2.0/24\n"));
    cr_expect_not_null(strstr(text, "192.0.2.9"));
    cr_expect_null(strstr(text, "198.51.100"), "%s", text);
    cr_expect_not_null(strstr(text, "1 more network"));
    cr_expect_not_null(strstr(text, "that take part"));
    free(text);
}

Test(investigation, holds_many_sources_without_a_route_for_forged)
{
    struct forgery f;
    incident.kind = INCIDENT_UNROUTED;
    incident.prefixes = 0;
    forgery_judge(&incident, 11, found, &f);
    cr_expect(eq(int, f.verdict, FORGERY_LIKELY));
}

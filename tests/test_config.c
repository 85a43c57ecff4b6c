/* SPDX-License-Identifier: MIT */
#include "program/config.h"

#include "program/setting.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct config config;
static struct config_problems problems;
static char directory[] = "/tmp/rootwatch-config-XXXXXX";
static char file[64];

static void setup(void)
{
    cr_assert(mkdtemp(directory) != NULL);
    (void)snprintf(file, sizeof file, "%s/r.yaml", directory);
}

static void teardown(void)
{
    (void)unlink(file);
    (void)rmdir(directory);
}

TestSuite(config, .init = setup, .fini = teardown);

static bool given(const char *yaml)
{
    FILE *f = fopen(file, "we");
    cr_assert(f != NULL && fputs(yaml, f) >= 0 && fclose(f) == 0);
    return config_load(file, &config, &problems);
}

/* The text of a problem, from its line on. */
static char *problem(unsigned i)
{
    static char none[] = "(no such problem)";
    return i < problems.count ? problems.problem[i].text + strlen(file) : none;
}

Test(config, takes_known_sources_with_a_rate_and_without)
{
    cr_assert(given("detection:\n  known: [192.0.2.0/24, 2001:db8::/32=800]\n"));
    cr_expect(eq(u32, config.known.sources, 2));
    cr_expect(eq(dbl, config.known.source[1].most_qps, 800));

    cr_expect(not(given("detection:\n  known: [192.0.2.0/25]\n")));
    cr_expect(
            eq(str, problem(0),
               ":2:11: detection.known: \"192.0.2.0/25\" will not do; allowed is a list of up "
               "to 64 prefixes (/24, /48 or shorter), each with =QUERIES/S or without"));
}

Test(config, takes_spans_of_silence)
{
    cr_assert(given("detection:\n  silence: [2026-11-25T02:00/2026-11-25T04:30]\n"));
    cr_expect(eq(u32, config.silences.spans, 1));
    cr_expect(eq(i64, config.silences.span[0].from_s, 1795572000));
    cr_expect(eq(i64, config.silences.span[0].to_s, 1795572000 + 9000));
    cr_expect(not(given("detection:\n  silence: [2026-11-25T02:00/2026-11-25T02:00]\n")));
}

Test(config, of_an_empty_file_is_all_defaults)
{
    cr_assert(given(""));
    cr_expect(eq(u32, config.workers, 1));
    cr_expect(eq(u32, config.snaplen, 1600));
    cr_expect(eq(u32, config.scope.ports, 1));
    cr_expect(eq(u16, config.scope.port[0], 53));
    cr_expect(eq(u32, config.scope.servers, 0));
    cr_expect(eq(dbl, config.open_share, 0.015));
    cr_expect(eq(u32, config.quiet_s, 900));
    cr_expect(eq(str, config.state, "/var/lib/rootwatch"));
    cr_expect(ne(str, config.site, ""));
    cr_expect(eq(u32, config.mail_recipients, 0));
}

Test(config, reads_what_an_operator_sets)
{
    cr_assert(given("site: x-root\n"
                    "page-url: https://mon.example.net/\n"
                    "capture:\n  interface: eth1\n  workers: 4\n"
                    "server:\n  addresses: [192.0.2.1, '2001:db8::1']\n  ports: 5353\n"
                    "detection:\n  open-share: 0.05\n"
                    "mail:\n  to:\n    - noc@example.net\n    - duty@example.org\n"
                    "  starttls: require\n"));
    cr_expect(eq(str, config.site, "x-root"));
    cr_expect(eq(str, config.page_url, "https://mon.example.net"));
    cr_expect(eq(str, config.interface, "eth1"));
    cr_expect(eq(u32, config.workers, 4));
    cr_expect(eq(u32, config.scope.servers, 2));
    cr_expect(eq(u8, config.scope.server[0][10], 0xff));
    cr_expect(eq(u8, config.scope.server[0][15], 1));
    cr_expect(eq(u8, config.scope.server[1][0], 0x20));
    cr_expect(eq(u16, config.scope.port[0], 5353));
    cr_expect(eq(dbl, config.open_share, 0.05));
    cr_expect(eq(u32, config.mail_recipients, 2));
    cr_expect(eq(str, config.mail_to[1], "duty@example.org"));
    cr_expect(eq(int, config.starttls, CONFIG_STARTTLS_REQUIRE));
}

Test(config, tells_every_problem_with_line_and_column)
{
    cr_assert(not(given("capture:\n"
                        "  workers: 65\n"
                        "  interfaec: eth1\n"
                        "  buffer-mib: lots\n"
                        "interface: eth0\n"
                        "mail: noc@example.net\n"
                        "detection: {open-share: 1.5, quiet: }\n")));
    cr_expect(eq(u32, problems.count, 7));
    cr_expect(eq(str, problem(0),
                 ":2:12: capture.workers: \"65\" will not do; allowed is a "
                 "whole number from 1 to 64"));
    cr_expect(eq(str, problem(1),
                 ":3:3: capture.interfaec: is no setting; the nearest known "
                 "is capture.interface"));
    cr_expect(eq(str, problem(2),
                 ":4:15: capture.buffer-mib: \"lots\" will not do; allowed is "
                 "a whole number from 1 to 2047"));
    cr_expect(eq(str, problem(3),
                 ":5:1: interface: is no setting; the nearest known is "
                 "capture.interface"));
    cr_expect(eq(str, problem(4), ":6:7: mail: has no \"name: value\" lines"));
    cr_expect(eq(str, problem(5),
                 ":7:25: detection.open-share: \"1.5\" will not do; allowed "
                 "is a number from 0.0001 to 1"));
    cr_expect(eq(str, problem(6),
                 ":7:37: detection.quiet: has no value; leave the line out "
                 "for \"900\""));
}

Test(config, tells_where_the_file_stops_being_yaml)
{
    cr_assert(not(given("capture:\n  workers: [1\nsite: x\n")));
    cr_expect(eq(u32, problems.count, 1));
    cr_expect(eq(int, strncmp(problem(0), ":3:", 3), 0), "%s", problem(0));
}

Test(config, refuses_a_setting_given_twice)
{
    cr_assert(not(given("site: a\nsite: b\n")));
    cr_expect(eq(str, problem(0), ":2:1: site: is there twice"));
}

Test(config, keeps_the_first_problems_of_very_many)
{
    char yaml[4096] = "";
    for (unsigned i = 0; i < 40; i++)
        (void)snprintf(yaml + strlen(yaml), sizeof yaml - strlen(yaml), "unknown%u: 1\n", i);
    cr_assert(not(given(yaml)));
    cr_expect(eq(u32, problems.count, 40));
    cr_expect(eq(int, strncmp(problem(31), ":32:1: unknown31:", 17), 0), "%s", problem(31));
}

Test(config, logs_every_problem_as_an_error)
{
    char line[512];
    unsigned lines = 0;
    FILE *said = tmpfile();
    const struct log log = {.fd = fileno(said), .journal = true, .least = LOG_IS_INFO};
    char yaml[4096] = "";
    for (unsigned i = 0; i < 40; i++)
        (void)snprintf(yaml + strlen(yaml), sizeof yaml - strlen(yaml), "unknown%u: 1\n", i);
    cr_assert(not(given(yaml)));
    config_log_problems(&problems, &log);
    rewind(said);
    for (; fgets(line, sizeof line, said) != NULL; lines++)
        cr_expect(eq(int, strncmp(line, "<3>", 3), 0), "%s", line);
    cr_expect(eq(u32, lines, 33));
    cr_expect(eq(str, line, "<3>and 8 more\n"));
    (void)fclose(said);
}

Test(config, refuses_a_list_that_is_too_long)
{
    char yaml[512] = "server: {ports: [1";
    for (unsigned i = 2; i <= SOURCE_PORTS_MAX + 1; i++)
        (void)snprintf(yaml + strlen(yaml), sizeof yaml - strlen(yaml), ", %u", i);
    cr_assert(not(given(strcat(yaml, "]}\n"))));
    cr_expect(eq(u32, problems.count, 1));
    cr_expect(eq(u32, config.scope.ports, SOURCE_PORTS_MAX));
}

Test(config, survives_aliases_that_contain_themselves)
{
    cr_assert(not(given("capture: &a {workers: *a, snaplen: *a}\n&b site: *b\n")));
    cr_expect(gt(u32, problems.count, 0));
}

Test(config, refuses_what_could_break_a_mail_header)
{
    cr_assert(not(
            given("mail:\n"
                  "  to: [\"noc@example.net\\r\\nBcc: x@example.org\", \"-f@x\", \"a b@c\"]\n"
                  "  from: \"x@y\\nz\"\n"
                  "site: \"x\\ny\"\n")));
    cr_expect(eq(u32, problems.count, 5));
    cr_expect(eq(u32, config.mail_recipients, 0));
    for (unsigned i = 0; i < problems.count; i++)
        cr_expect(eq(ptr, strpbrk(problem(i), "\r\n"), NULL));
}

Test(config, refuses_a_password_that_everybody_can_read)
{
    char secret[80], yaml[256];
    (void)snprintf(secret, sizeof secret, "%s/secret", directory);
    FILE *f = fopen(secret, "we");
    cr_assert(f != NULL && fclose(f) == 0 && chmod(secret, 0644) == 0);
    (void)snprintf(yaml, sizeof yaml,
                   "mail: {user: x, smarthost: 'smtp://mx:25', password-file: %s}\n", secret);
    cr_expect(not(given(yaml)));
    cr_assert(eq(int, chmod(secret, 0640), 0));
    cr_expect(given(yaml));
    (void)unlink(secret);
}

Test(config, refuses_a_user_name_without_its_password)
{
    cr_expect(not(given("mail: {user: x, smarthost: 'smtp://mx'}\n")));
    cr_expect(eq(u32, problems.count, 1));
}

Test(config, refuses_intervals_that_do_not_end_with_the_day_where_days_are_published)
{
    cr_expect(given("counting: {interval: 7}\n"));
    cr_expect(given("counting: {interval: 12}\nrssac002: {service: x.root-servers.net}\n"));
    cr_expect(not(given("counting: {interval: 7}\nrssac002: {service: x.root-servers.net}\n")));
    cr_expect_not_null(strstr(problem(0), "has to divide 60"), "%s", problem(0));
}

Test(config, that_was_named_must_exist)
{
    cr_expect(not(config_load("/nonexistent/r.yaml", &config, &problems)));
    cr_expect(eq(str, problems.problem[0].text,
                 "/nonexistent/r.yaml: No such file or directory"));
}

Test(config, table_reads_its_own_defaults_back)
{
    size_t count;
    const struct setting *table = setting_table(&count);
    cr_assert(given(""));
    for (size_t i = 0; i < count; i++) {
        char text[SETTING_TEXT_BYTES];
        (void)setting_format(&table[i], &config, text);
        if (strcmp(table[i].name, "site") != 0 && strcmp(table[i].name, "mail.from") != 0)
            cr_expect(eq(str, text, (char *)table[i].standard), "%s", table[i].name);
    }
}

/* The manual in one line, with single spaces, and a bar before each paragraph. */
static char *manual(void)
{
    static char text[65536];
    size_t n = 0;
    FILE *f = fopen(DOCS "/rootwatch.yaml.5.scd", "re");
    cr_assert(f != NULL);
    for (int c = getc(f), before = 0; c != EOF && n + 1 < sizeof text; before = c, c = getc(f))
        if (c == '\n' && before == '\n')
            text[n - 1] = '|';
        else if (c != '\n' && c != '\t' && c != ' ')
            text[n++] = (char)c;
        else if (n > 0 && text[n - 1] != ' ')
            text[n++] = ' ';
    (void)fclose(f);
    text[n] = '\0';
    return text;
}

Test(config, manual_has_each_setting_with_its_limits_and_default)
{
    size_t count;
    const struct setting *table = setting_table(&count);
    const char *text = manual();
    for (size_t i = 0; i < count; i++) {
        char heading[64], limits[SETTING_TEXT_BYTES + 32], allowed[SETTING_TEXT_BYTES];
        (void)snprintf(heading, sizeof heading, "|*%s* ", table[i].name);
        (void)snprintf(limits, sizeof limits, "++ Allowed: %s. Default: %s",
                       setting_allowed(&table[i], allowed), table[i].standard);
        const char *paragraph = strstr(text, heading);
        cr_assert(paragraph != NULL, "%s", heading);
        const char *first = strstr(paragraph, "++ Allowed: ");
        cr_expect(eq(int, strncmp(first, limits, strlen(limits)), 0), "%s: %s\n%.200s",
                  table[i].name, limits, first);
    }
}

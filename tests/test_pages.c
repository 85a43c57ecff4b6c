/* SPDX-License-Identifier: MIT */
#include "graphs/html.h"
#include "graphs/pages.h"
#include "graphs/publish.h"
#include "tests/support/case.h"
#include "tests/support/directory.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char directory[DIRECTORY_BYTES], out[DIRECTORY_BYTES + 8];
static struct store *store;
static struct error err;
static struct page_result result;
static struct page_options options;
static char *page; /* the text of the last one read */

static void setup(void)
{
    setenv("TZ", "UTC", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    tzset();
    setlocale(LC_ALL, "");
    directory_make(directory);
    snprintf(out, sizeof out, "%s/www", directory);
    store = store_open(directory, STORE_WRITE, &err);
    cr_assert_not_null(store, "%s", err.text);
    options = (struct page_options){.site = "x-root", .now_s = CASE_TO_S};
}

static void teardown(void)
{
    free(page);
    store_close(store);
    directory_remove(directory);
}

TestSuite(pages, .init = setup, .fini = teardown, .timeout = 900);

static void stored(int64_t from_s, int64_t to_s)
{
    cr_assert(case_fill(store, from_s, to_s, &err), "%s", err.text);
}

static void written(void)
{
    cr_assert(pages_write(store, directory, out, &options, &result, &err), "%s", err.text);
}

static const char *read_page(const char *name)
{
    char path[DIRECTORY_BYTES + 128];
    struct stat st;
    free(page);
    snprintf(path, sizeof path, "%s/%s", out, name);
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file, "%s", path);
    fstat(fileno(file), &st);
    page = calloc(1, (size_t)st.st_size + 1);
    cr_assert_eq(fread(page, 1, (size_t)st.st_size, file), (size_t)st.st_size);
    fclose(file);
    return page;
}

#define says(name, text) \
    cr_expect_not_null(strstr(read_page(name), text), "%s in %s", text, name)
#define never_says(name, text) \
    cr_expect_null(strstr(read_page(name), text), "%s in %s", text, name)

static void put_event(struct incident *i, enum incident_state state)
{
    struct incident_event e = {.time_s = i->changed_s, .state = state, .incident = *i};
    cr_assert(store_put_event(store, &e, &err), "%s", err.text);
}

static struct incident plain_incident(void)
{
    return (struct incident){.id = "2005-0117-1",
                             .kind = INCIDENT_VOLUME,
                             .wave = 1,
                             .began_s = CASE_FROM_S + 600,
                             .opened_s = CASE_FROM_S + 610,
                             .changed_s = CASE_FROM_S + 610,
                             .rate_qps = 5000,
                             .share = 1,
                             .summary = "all queries rose to 5000 q/s"};
}

Test(pages, end_now_whatever_a_wrong_clock_has_stored)
{
    struct minute m = {.start_s = 4102444800, .covered_s = 60, .queries = 1};
    m.usual_qps = m.spread_qps = 0;
    stored(CASE_FROM_S, CASE_FROM_S + 3600);
    cr_assert(store_put_minute(store, &m, &err), "%s", err.text);
    options.now_s = CASE_FROM_S + 3600;
    written();
    cr_expect_null(strstr(read_page("index.html"), "2100"));
    cr_expect_not_null(strstr(read_page("index.html"), "2005"));
}

/* It is stored when the program ends, and archived when it is over. */
Test(pages, end_before_the_minute_that_goes_on)
{
    int64_t end_s;
    struct minute m = {.start_s = CASE_FROM_S, .covered_s = 20};
    cr_assert(store_put_minute(store, &m, &err), "%s", err.text);
    cr_expect_not(pages_end(store, CASE_FROM_S + 59, &end_s, &err));
    cr_expect(eq(str, err.text, ""));
    cr_expect(pages_end(store, CASE_FROM_S + 60, &end_s, &err));
    cr_expect(eq(i64, end_s, CASE_FROM_S + 60));
    m.start_s += 60;
    cr_assert(store_put_minute(store, &m, &err), "%s", err.text);
    cr_expect(pages_end(store, CASE_FROM_S + 61, &end_s, &err));
    cr_expect(eq(i64, end_s, CASE_FROM_S + 60));
    cr_expect(pages_end(store, CASE_FROM_S + 120, &end_s, &err));
    cr_expect(eq(i64, end_s, CASE_FROM_S + 120));
}

Test(pages, tell_the_published_case)
{
    stored(CASE_ENDED_S - 3 * 3600, CASE_ENDED_S + 3600);
    cr_assert(case_events(store, &err));
    written();
    cr_expect(eq(uint, result.pages, 6));
    says("index.html", "one incident");
    says("index.html", "above usual");
    says("index.html", "incidents/" CASE_ID "/index.html");
    says("incidents/" CASE_ID "/index.html", "207.244.46.0/24 sends 37 % of all queries");
    says("incidents/" CASE_ID "/index.html", "207.244.46.14");
    says("incidents/" CASE_ID "/index.html", "a.root-servers.net.");
    says("incidents/" CASE_ID "/index.html",
         "7000000 frames were dropped meanwhile (1.2 % of all; by the kernel 7000000, by the "
         "interface 0): the figures are too small.");
}

Test(pages, say_what_was_not_seen)
{
    stored(CASE_FROM_S, CASE_FROM_S + 3600);
    struct incident i = plain_incident();
    put_event(&i, INCIDENT_OPENED);
    written();
    says("incidents/2005-0117-1/index.html", "Not seen.");
    says("incidents/2005-0117-1/index.html", "all queries rose to 5000 q/s");
    says("index.html", "still open");
    says("index.html", "not known");
}

Test(pages, say_why_frames_were_not_decoded)
{
    stored(CASE_ENDED_S - 3 * 3600, CASE_ENDED_S + 3600);
    cr_assert(case_events(store, &err));
    written();
    static const char *const pages[] = {"index.html", "day.html",
                                        "week.html",  "month.html",
                                        "year.html",  "incidents/" CASE_ID "/index.html"};
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        says(pages[i], "<td>ethertype 0x88b5</td>");
        says(pages[i], "<td>encrypted (IPsec, MACsec, 802.11)</td>");
        says(pages[i], "<td>name broken</td>");
        says(pages[i], "TCP, messages whose end never came");
        never_says(pages[i], "no reason was stored");
    }
    says("year.html", "Of the last month.");
    never_says("month.html", "Of the last month.");
}

Test(pages, say_so_where_an_older_release_stored_no_reason)
{
    stored(CASE_FROM_S, CASE_FROM_S + 3600);
    written();
    says("day.html", "Not decoded: frames that may have held DNS");
    says("day.html", "no reason was stored");
    never_says("day.html", "ethertype");
}

Test(pages, say_nothing_of_reasons_where_nothing_was_lost)
{
    struct minute m;
    cr_assert(case_minute(CASE_FROM_S, &m));
    m.undecoded = m.malformed = 0;
    cr_assert(store_put_minute(store, &m, &err), "%s", err.text);
    written();
    says("index.html", "Not decoded</dt><dd>none");
    never_says("index.html", "class=\"wide reasons\"");
}

Test(pages, of_a_quiet_day_say_so)
{
    stored(CASE_FROM_S, CASE_FROM_S + 3600);
    written();
    says("index.html", "no incident");
    says("index.html", "None in the last month");
    never_says("index.html", "nan");
}

Test(pages, make_names_from_outside_harmless)
{
    stored(CASE_FROM_S, CASE_FROM_S + 3600);
    struct incident i = plain_incident();
    char name[] = "<script>alert('x')</script>&\".example.";
    i.name[0].name = name;
    i.names = 1;
    i.kind = INCIDENT_NAME;
    snprintf(i.summary, sizeof i.summary, "<img src=x onerror=\"alert(1)\"> is asked by all");
    snprintf(i.type[0].qtype, sizeof i.type[0].qtype, "<b>MX");
    i.types = 1;
    put_event(&i, INCIDENT_OPENED);
    options.site = "<i>x-root</i>";
    written();
    says("incidents/2005-0117-1/index.html",
         "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;.example.");
    never_says("incidents/2005-0117-1/index.html", "<script");
    never_says("incidents/2005-0117-1/index.html", "<img src=x");
    never_says("incidents/2005-0117-1/index.html", "<b>MX");
    never_says("index.html", "<img src=x");
    never_says("index.html", "<i>x-root");
}

Test(pages, refuse_an_id_that_is_a_path)
{
    stored(CASE_FROM_S, CASE_FROM_S + 3600);
    struct incident i = plain_incident();
    snprintf(i.id, sizeof i.id, "../../../outside");
    put_event(&i, INCIDENT_OPENED);
    written();
    says("index.html", "no incident");
    cr_expect(not(directory_holds(directory, "outside")));
}

Test(pages, end_at_the_time_asked_for)
{
    stored(CASE_BEGAN_S - 7200, CASE_BEGAN_S + 3600);
    cr_assert(case_events(store, &err));
    options.at_s = CASE_BEGAN_S - 60;
    written();
    says("index.html", "no incident");
    options.at_s = CASE_BEGAN_S + 600;
    written();
    says("index.html", "still open");
    never_says("incidents/" CASE_ID "/index.html", "second wave");
}

Test(pages, cannot_be_made_of_nothing)
{
    cr_expect(not(pages_write(store, directory, out, &options, &result, &err)));
    cr_expect_not_null(strstr(err.text, "nothing to draw"), "%s", err.text);
}

static void expect_file(const char *base, const char *link, size_t length)
{
    char path[2 * DIRECTORY_BYTES];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s%.*s", out, base, (int)length, link);
    path[strcspn(path, "#")] = 0;
    cr_expect_eq(stat(path, &st), 0, "%s", path);
}

/* What follows `attribute` in the page, up to a quote or a space, is a file. */
static void expect_links(const char *base, const char *name, const char *attribute)
{
    const char *at = read_page(name);
    while ((at = strstr(at, attribute)) != NULL) {
        at += strlen(attribute);
        if (strncmp(at, "data:", 5) != 0)
            expect_file(base, at, strcspn(at, "\" "));
    }
}

Test(pages, link_only_to_what_is_there)
{
    static const struct {
        const char *base, *name;
    } pages[] = {{"", "index.html"},
                 {"", "week.html"},
                 {"incidents/" CASE_ID "/", "incidents/" CASE_ID "/index.html"}};
    stored(CASE_BEGAN_S - 3600, CASE_BEGAN_S + 3600);
    cr_assert(case_events(store, &err));
    written();
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        expect_links(pages[i].base, pages[i].name, "href=\"");
        expect_links(pages[i].base, pages[i].name, "src=\"");
        expect_links(pages[i].base, pages[i].name, "1x, ");
    }
    cr_expect(not(directory_holds(out, ".new")));
}

Test(pages, leave_settled_incidents_alone)
{
    stored(CASE_FROM_S, CASE_FROM_S + 3600);
    struct incident i = plain_incident();
    i.began_s = i.opened_s = CASE_FROM_S - 9 * 86400;
    i.changed_s = i.closed_s = i.ended_s = CASE_FROM_S - 8 * 86400;
    put_event(&i, INCIDENT_CLOSED);
    written();
    unsigned first = result.pages;
    written();
    cr_expect(eq(uint, result.pages, first - 1));
}

Test(publish, replaces_a_file_whole_or_not_at_all)
{
    char small[DIRECTORY_BYTES + 8];
    static char large[400000];
    snprintf(small, sizeof small, "%s/small", directory);
    mkdir(small, 0700);
    if (mount("tmpfs", small, "tmpfs", 0, "size=64k") != 0)
        cr_skip("a small tmpfs needs the rights of root");

    snprintf(out, sizeof out, "%s", small);
    bool first = publish_file(out, "page.html", "before", 6, &err);
    bool second = publish_file(out, "page.html", large, sizeof large, &err);
    bool kept = first && strcmp(read_page("page.html"), "before") == 0;
    bool aside = directory_holds(small, ".new");
    umount(small);
    cr_expect(not(second));
    cr_expect_not_null(strstr(err.text, "No space"), "%s", err.text);
    cr_expect(kept);
    cr_expect(not(aside));
}

TestSuite(publish, .init = setup, .fini = teardown);

Test(html, keeps_text_and_markup_apart)
{
    struct html h;
    cr_assert(html_init(&h, &err));
    html_element(&h, "td class=\"n\"", "%s", "<&>\"'\x01");
    cr_assert(html_finish(&h, &err));
    cr_expect(eq(str, h.text, "<td class=\"n\">&lt;&amp;&gt;&quot;&#39;\xef\xbf\xbd</td>"));
    html_fini(&h);
}

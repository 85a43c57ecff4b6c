/* SPDX-License-Identifier: MIT */
#include "graphs/graph.h"
#include "graphs/graph_incident.h"
#include "tests/support/bitmap.h"
#include "tests/support/case.h"
#include "tests/support/directory.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CULPRIT_COLOUR = 0xcc3311, GAP_COLOUR = 0xececec };

static char directory[DIRECTORY_BYTES];
static struct archive *archive;
static struct store *store;
static struct error err;
static struct picture_png png;
static struct bitmap seen;
static struct graph_scene scene;

static void setup(void)
{
    setenv("TZ", "UTC", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    tzset();
    setlocale(LC_ALL, "");
    directory_make(directory);
    archive = archive_open(directory, &err);
    store = store_open(directory, STORE_WRITE, &err);
    cr_assert(archive != NULL && store != NULL, "%s", err.text);
    scene = (struct graph_scene){.archive = archive, .site = "x-root"};
}

static void teardown(void)
{
    bitmap_fini(&seen);
    picture_png_free(&png);
    archive_close(archive);
    store_close(store);
    directory_remove(directory);
}

TestSuite(graph, .init = setup, .fini = teardown);

static void archived(int64_t from_s, int64_t to_s)
{
    cr_assert(case_fill(store, from_s, to_s, &err), "%s", err.text);
    cr_assert(archive_catch_up(archive, store, to_s, &err), "%s", err.text);
    scene.from_s = from_s;
    scene.to_s = to_s;
}

static void followed(struct prefix p)
{
    cr_assert(archive_follow(archive, store, &p, 1, scene.to_s, &err), "%s", err.text);
}

static void with_culprit(void)
{
    followed(case_culprit());
    followed(case_network(0));
    scene.culprit[scene.culprits++] = case_culprit();
    scene.other[scene.others++] = case_network(0);
    scene.began_s = CASE_BEGAN_S;
}

static void draw(enum graph g, enum picture_size size, unsigned scale)
{
    bitmap_fini(&seen);
    picture_png_free(&png);
    cr_assert(graph_draw(g, &scene, size, scale, &png, &err), "%s", err.text);
    cr_assert(bitmap_read(&seen, png.bytes, png.size), "a valid PNG");
}

Test(graph, draws_every_row_of_its_table)
{
    archived(CASE_BEGAN_S - 3 * 3600, CASE_BEGAN_S + 3 * 3600);
    with_culprit();
    for (unsigned g = 0; g < GRAPHS; g++) {
        draw(g, PICTURE_FULL, 1);
        cr_expect(eq(uint, seen.width, png.width));
        cr_expect(gt(uint, seen.width, 960), "%s", graph_name(g));
        cr_expect(gt(uint, bitmap_colours(&seen), 20), "%s is blank", graph_name(g));
        cr_expect(lt(uint, bitmap_count(&seen, 0xffffff), seen.width * seen.height * 19 / 20),
                  "%s is blank", graph_name(g));
    }
}

Test(graph, is_twice_as_large_for_dense_screens)
{
    archived(CASE_FROM_S, CASE_FROM_S + 3600);
    draw(GRAPH_QTYPE, PICTURE_SMALL, 1);
    unsigned width = seen.width;
    draw(GRAPH_QTYPE, PICTURE_SMALL, 2);
    cr_expect(eq(uint, seen.width, 2 * width));
    draw(GRAPH_QTYPE, PICTURE_THUMB, 1);
    cr_expect(eq(uint, seen.width, 240));
    cr_expect(eq(uint, seen.height, 60));
}

Test(graph, has_the_accent_for_the_culprit_and_nobody_else)
{
    archived(CASE_BEGAN_S - 3600, CASE_BEGAN_S + 3600);
    draw(GRAPH_SOURCE, PICTURE_FULL, 1);
    cr_expect(eq(uint, bitmap_count(&seen, CULPRIT_COLOUR), 0));
    with_culprit();
    draw(GRAPH_SOURCE, PICTURE_FULL, 1);
    cr_expect(gt(uint, bitmap_count(&seen, CULPRIT_COLOUR), 5000));
}

Test(graph, shows_in_grey_what_was_not_captured)
{
    archived(CASE_GAP_S + 7200, CASE_GAP_S + 4 * 3600);
    draw(GRAPH_HEALTH, PICTURE_FULL, 1);
    cr_expect(lt(uint, bitmap_count(&seen, GAP_COLOUR), 500), "nothing is missing");
}

Test(graph, shows_a_silent_mirror_in_grey)
{
    archived(CASE_GAP_S - 3600, CASE_GAP_S + 2 * 3600);
    draw(GRAPH_HEALTH, PICTURE_FULL, 1);
    cr_expect(gt(uint, bitmap_count(&seen, GAP_COLOUR), 20000));
}

Test(graph, draws_a_capture_of_a_few_minutes)
{
    struct minute m;
    for (int64_t t = CASE_FROM_S; t < CASE_FROM_S + 180; t += 60) {
        case_minute(t, &m);
        cr_assert(archive_put(archive, &m, t + 60, &err), "%s", err.text);
    }
    scene.from_s = CASE_FROM_S - 86400 + 180;
    scene.to_s = CASE_FROM_S + 180;
    scene.began_s = CASE_FROM_S + 60;
    for (unsigned g = 0; g < GRAPHS; g++) {
        if (graph_applies(g, &scene))
            draw(g, PICTURE_FULL, 1);
    }
}

Test(graph, takes_any_text_from_outside)
{
    static const char *const hostile[] = {
            "a:b\\l:c", "%s%n%d", "\\", "<b>&amp;\n\r\t\x01", "\xc3", ":::", "#CC3311:STACK"};
    archived(CASE_FROM_S, CASE_FROM_S + 3600);
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        struct graph_moment *m = &scene.moment[scene.moments++];
        *m = (struct graph_moment){.time_s = CASE_FROM_S + 600 * (int)i};
        snprintf(m->text, sizeof m->text, "%s", hostile[i]);
    }
    scene.site = "x:root\\l%s";
    scene.began_s = CASE_FROM_S + 1800;
    draw(GRAPH_QTYPE, PICTURE_FULL, 1);
}

Test(graph, refuses_to_draw_from_a_file_that_is_not_there)
{
    scene.from_s = CASE_FROM_S;
    scene.to_s = CASE_TO_S;
    cr_expect(not(graph_draw(GRAPH_QTYPE, &scene, PICTURE_FULL, 1, &png, &err)));
    cr_expect_not_null(strstr(err.text, "Queries by type"), "%s", err.text);
}

Test(graph, says_its_range_as_people_do)
{
    char text[GRAPH_TITLE_BYTES];
    int64_t day = 86400, t = CASE_FROM_S;
    cr_expect(eq(str, (char *)graph_range(t, t + day, text), "17 January 2005"));
    cr_expect(eq(str, (char *)graph_range(t, t + 4 * day, text), "17–20 January 2005"));
    cr_expect(eq(str, (char *)graph_range(t - 20 * day, t + day, text),
                 "28 December 2004 – 17 January 2005"));
    cr_expect(eq(str, (char *)graph_range(t, t + 21 * day, text),
                 "17 January – 6 February 2005"));
    cr_expect(eq(str, (char *)graph_range(t + 540, t + 3600, text),
                 "17 January 2005, 00:09–01:00"));
    cr_expect(eq(str, (char *)graph_range(t - 60, t + 60, text),
                 "16 Jan 23:59 – 17 Jan 2005 00:01"));
}

Test(graph, escapes_what_rrdtool_takes_for_its_own)
{
    char text[16];
    picture_escape(text, sizeof text, "a:b\nc");
    cr_expect(eq(str, text, "a\\:b?c"));
    picture_escape(text, 8, "123456é");
    cr_expect(lt(sz, strlen(text), 8));
    cr_expect(eq(u8, text[strlen(text) - 1] & 0x80, 0), "no half characters: %s", text);
}

Test(graph, finds_its_fonts)
{
    cr_expect(graph_fonts_ok(&err), "%s", err.text);
}

Test(graph, of_an_incident_shows_what_was_known_then)
{
    struct picture_png first, second;
    archived(CASE_BEGAN_S - 7200, CASE_BEGAN_S + 7200);
    cr_assert(case_events(store, &err), "%s", err.text);
    cr_assert(graph_incident(store, directory, "x-root", CASE_ID, CASE_BEGAN_S + 120,
                             CASE_BEGAN_S + 7200, &first, &second, &err),
              "%s", err.text);
    cr_assert(bitmap_read(&seen, first.bytes, first.size));
    cr_expect(gt(uint, bitmap_count(&seen, CULPRIT_COLOUR), 50));
    bitmap_fini(&seen);
    cr_expect(bitmap_read(&seen, second.bytes, second.size));
    picture_png_free(&first);
    picture_png_free(&second);
}

Test(graph, of_an_incident_just_opened_shows_what_no_minute_tells_yet)
{
    struct picture_png first, second;
    archived(CASE_BEGAN_S - 7200, CASE_BEGAN_S);
    cr_assert(case_events(store, &err), "%s", err.text);
    cr_assert(graph_incident(store, directory, "x-root", CASE_ID, CASE_BEGAN_S + 9,
                             CASE_BEGAN_S + 10, &first, &second, &err),
              "%s", err.text);
    cr_assert(bitmap_read(&seen, first.bytes, first.size));
    cr_expect(gt(uint, bitmap_count(&seen, CULPRIT_COLOUR), 80));
    picture_png_free(&first);
    picture_png_free(&second);
}

Test(graph, of_an_unknown_incident_is_an_error)
{
    struct picture_png first, second;
    archived(CASE_FROM_S, CASE_FROM_S + 3600);
    cr_expect(not(graph_incident(store, directory, "x-root", "2005-0101-9", CASE_TO_S,
                                 CASE_TO_S, &first, &second, &err)));
    cr_expect_not_null(strstr(err.text, "2005-0101-9"), "%s", err.text);
}

/* SPDX-License-Identifier: MIT */
/*
 * For tests/e2e/mail.py: puts events into a store, or tells those that nobody was told yet.
 *
 *     tool_notify put STATE <EVENTS.jsonl
 *     tool_notify pending CONFIG STATE NOW [PICTURE.png]
 */
#include "program/notify.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fail(const struct error *err)
{
    fprintf(stderr, "tool_notify: %s\n", err->text);
    return 1;
}

static bool put_line(struct store *s, const char *line, struct error *err)
{
    json_error_t where;
    struct incident_event e;
    json_t *json = json_loads(line, 0, &where);
    if (json == NULL)
        return error_set(err, "%s", where.text);
    bool good = incident_event_parse(json, &e, err);
    json_decref(json);
    if (!good)
        return false;
    good = store_put_event(s, &e, err);
    incident_fini(&e.incident);
    return good;
}

static int put(const char *state)
{
    struct error err;
    char line[65536];
    struct store *s = store_open(state, STORE_WRITE, &err);
    bool good = s != NULL;
    while (good && fgets(line, sizeof line, stdin) != NULL)
        good = put_line(s, line, &err);
    store_close(s);
    return good ? 0 : fail(&err);
}

/* The picture is one file, for every incident. */
static unsigned draw(void *argument, const struct incident_event *e,
                     struct mail_picture picture[static MAIL_PICTURES])
{
    FILE *f = fopen(argument, "re");
    (void)e;
    if (f == NULL)
        return 0;
    strcpy(picture[0].name, "share.png");
    picture[0].bytes = malloc(1 << 20);
    picture[0].size = picture[0].bytes == NULL ? 0 : fread(picture[0].bytes, 1, 1 << 20, f);
    (void)fclose(f);
    return picture[0].bytes != NULL;
}

static void print_counts(const char *name, const struct spool_counts *c)
{
    printf("%s %u %u %u\n", name, c->sent, c->waiting, c->rejected);
}

static int pending(const char *file, const char *state, int64_t now_s, char *png)
{
    static struct config config;
    static struct config_problems problems;
    struct notify_counts counts;
    struct error err;
    struct log log;
    log_init(&log, STDERR_FILENO);
    if (!config_load(file, &config, &problems)) {
        config_print_problems(&problems, stderr);
        return 2;
    }
    struct store *s = store_open(state, STORE_NOTE, &err);
    if (s == NULL)
        return fail(&err);
    struct notify n = {.config = &config,
                       .state = state,
                       .store = s,
                       .now_s = now_s,
                       .newest = INT64_MAX,
                       .draw = png != NULL ? draw : NULL,
                       .draw_argument = png,
                       .log = &log};
    bool good = notify_pending(&n, &counts, &err);
    store_close(s);
    if (!good)
        return fail(&err);
    print_counts("mail", &counts.mail);
    print_counts("webhook", &counts.webhook);
    print_counts("command", &counts.command);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "put") == 0)
        return put(argv[2]);
    if ((argc == 5 || argc == 6) && strcmp(argv[1], "pending") == 0)
        return pending(argv[2], argv[3], strtoll(argv[4], NULL, 10),
                       argc == 6 ? argv[5] : NULL);
    return 2;
}

/* SPDX-License-Identifier: MIT */
#include "program/retry.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FIRST_PAUSE_S = 60, DOUBLINGS = 10 };

/* "3 1106049960 1106050200 451 try later": the words are for people. */
static void parse(const char *line, struct retry *r)
{
    char *rest;
    unsigned long tries = strtoul(line, &rest, 10);
    r->first_s = strtoll(rest, &rest, 10);
    r->due_s = strtoll(rest, &rest, 10);
    r->tries = tries < UINT_MAX && *rest == ' ' ? (unsigned)tries : 0;
}

struct retry retry_read(const char *directory, const char *name)
{
    struct retry r = {.tries = 0};
    char line[128];
    (void)snprintf(r.path, sizeof r.path, "%s/%s.retry", directory, name);
    FILE *f = fopen(r.path, "re");
    if (f == NULL)
        return r;
    if (fgets(line, sizeof line, f) != NULL)
        parse(line, &r);
    (void)fclose(f);
    return r;
}

/* A clock that was set back must not stop the mail. */
bool retry_is_due(const struct retry *r, int64_t now_s)
{
    return r->tries == 0 || now_s >= r->due_s || now_s < r->first_s;
}

void retry_note(struct retry *r, int64_t now_s, int64_t longest_s, const char *words)
{
    int64_t pause_s = FIRST_PAUSE_S << (r->tries < DOUBLINGS ? r->tries : DOUBLINGS);
    if (r->tries == 0 || now_s < r->first_s)
        r->first_s = now_s;
    r->tries++;
    r->due_s = now_s + (pause_s < longest_s ? pause_s : longest_s);
    FILE *f = fopen(r->path, "we");
    if (f == NULL)
        return;
    (void)fprintf(f, "%u %" PRId64 " %" PRId64 " %s\n", r->tries, r->first_s, r->due_s, words);
    (void)fclose(f);
}

void retry_forget(struct retry *r)
{
    if (r->tries > 0)
        (void)unlink(r->path);
    r->tries = 0;
}

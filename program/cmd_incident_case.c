/* SPDX-License-Identifier: MIT */
#include "program/cmd_incident.h"

#include "graphs/cases.h"
#include "program/casework.h"
#include "program/command.h"
#include "program/privileges.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static bool print_file(const char *path)
{
    char part[4096];
    size_t n;
    FILE *f = fopen(path, "re");
    if (f == NULL) {
        fprintf(stderr, "rootwatch incident: %s: %s\n", path, strerror(errno));
        return false;
    }
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        (void)fwrite(part, 1, n, stdout);
    bool good = ferror(f) == 0;
    (void)fclose(f);
    return good;
}

int cmd_incident_case(const struct config *c, const char *state, const char *id, bool again,
                      bool json)
{
    struct error err;
    struct log log;
    char path[CASES_PATH_BYTES];
    char user[PRIVILEGES_NAME_BYTES];
    log_init(&log, STDERR_FILENO);
    log.name = "rootwatch incident";
    struct casework w = {.config = c, .state = state, .now_s = time(NULL), .log = &log};
    w.store = privileges_become_owner(state, user, &err) ? store_open(state, STORE_NOTE, &err)
                                                         : NULL;
    bool made = w.store != NULL && casework_make(&w, id, again, &err);
    store_close(w.store);
    if (!made) {
        fprintf(stderr, "rootwatch incident: %s\n", err.text);
        return EXIT_FAILED;
    }
    if (!print_file(cases_path(state, id, json ? "case.json" : "case.txt", path)))
        return EXIT_FAILED;
    if (json)
        putchar('\n');
    fprintf(stderr, "rootwatch incident: made %s\n", cases_path(state, id, "case.html", path));
    return EXIT_DONE;
}

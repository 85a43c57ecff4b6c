/* SPDX-License-Identifier: MIT */
#include "program/restart.h"

#include <string.h>
#include <sys/wait.h>

void restart_begun(struct restart *r, int64_t now_s)
{
    r->begun_s = now_s;
    r->due_s = 0;
}

void restart_plan(struct restart *r, int64_t now_s, const char *what, int wait_status,
                  const struct log *log)
{
    bool lasted = now_s - r->begun_s >= RESTART_STABLE_S;
    r->pause_s = r->pause_s == 0 || lasted ? 1 : r->pause_s * 2;
    if (r->pause_s > RESTART_PAUSE_MAX_S)
        r->pause_s = RESTART_PAUSE_MAX_S;
    r->due_s = now_s + r->pause_s;
    if (WIFSIGNALED(wait_status))
        log_error(log, "%s was ended by signal %d (%s); started again in %u s", what,
                  WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)), r->pause_s);
    else
        log_error(log, "%s ended with status %d; started again in %u s", what,
                  WEXITSTATUS(wait_status), r->pause_s);
}

void restart_late(struct restart *r, int64_t now_s)
{
    r->due_s = now_s + RESTART_PAUSE_MAX_S;
}

bool restart_is_due(const struct restart *r, int64_t now_s)
{
    return r->due_s != 0 && now_s >= r->due_s;
}

/* SPDX-License-Identifier: MIT */
#include "analysis/lookup.h"

#include <stdarg.h>
#include <stdio.h>

enum { AGAIN_S = 10, AGAIN_MAX_S = 3600 };

bool lookup_is_due(const struct lookup *l, int64_t now_s)
{
    switch (l->state) {
    case LOOKUP_WAITING:
    case LOOKUP_OFF:
        return true;
    default:
        return l->due_s != 0 && l->due_s <= now_s;
    }
}

void lookup_fail(struct lookup *l, int64_t now_s, const char *format, ...)
{
    unsigned doublings = l->tries < 10 ? l->tries : 10;
    int64_t wait_s = (int64_t)AGAIN_S << doublings;
    va_list args;
    l->tries++;
    l->state = LOOKUP_FAILED;
    l->time_s = now_s;
    l->due_s = l->tries >= LOOKUP_TRIES ? 0
                                        : now_s + (wait_s < AGAIN_MAX_S ? wait_s : AGAIN_MAX_S);
    va_start(args, format);
    (void)vsnprintf(l->words, sizeof l->words, format, args);
    va_end(args);
}

void lookup_settle(struct lookup *l, enum lookup_state state, int64_t now_s)
{
    l->state = state;
    l->time_s = now_s;
    l->due_s = 0;
    l->tries = 0;
    l->words[0] = '\0';
}

const char *lookup_state_name(enum lookup_state state)
{
    static const char *const names[] = {"waiting", "off", "found", "nothing", "failed"};
    return names[state];
}

/* SPDX-License-Identifier: MIT */
#include "program/progress.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

enum { NS = 1000000000 };

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS + now.tv_nsec;
}

void progress_init(struct progress *p, FILE *to, const char *what)
{
    *p = (struct progress){.what = what, .to = isatty(fileno(to)) ? to : NULL};
    p->begun_ns = p->shown_ns = now_ns();
}

static void show_rest(FILE *to, double seconds, uint64_t done_bytes, uint64_t all_bytes)
{
    if (all_bytes == 0 || done_bytes == 0 || done_bytes > all_bytes)
        return;
    double left = seconds * (double)(all_bytes - done_bytes) / (double)done_bytes;
    fprintf(to, ", %.0f %%, %.0f:%02.0f left", 100.0 * (double)done_bytes / (double)all_bytes,
            (double)((int64_t)left / 60), (double)((int64_t)left % 60));
}

void progress_show(struct progress *p, uint64_t count, uint64_t done_bytes, uint64_t all_bytes)
{
    if (p->to == NULL)
        return;
    int64_t now = now_ns();
    if (now - p->shown_ns < NS)
        return;
    double step = (double)(now - p->shown_ns) / NS;
    fprintf(p->to, "\r\033[K%" PRIu64 " %s, %.0f/s", count, p->what,
            (double)(count - p->shown_count) / step);
    show_rest(p->to, (double)(now - p->begun_ns) / NS, done_bytes, all_bytes);
    fflush(p->to);
    p->shown_ns = now;
    p->shown_count = count;
}

void progress_end(struct progress *p)
{
    if (p->to != NULL && p->shown_count > 0)
        fprintf(p->to, "\r\033[K");
}

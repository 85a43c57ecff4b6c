/* The line that shows how far a long read is: on a terminal only, once a second. */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct progress {
    FILE *to;         /* NULL: not a terminal */
    const char *what; /* is counted: "frames" */
    int64_t begun_ns, shown_ns;
    uint64_t shown_count;
};

void progress_init(struct progress *p, FILE *to, const char *what);
/* Octets of all files; `all_bytes` 0 when it is not known. */
void progress_show(struct progress *p, uint64_t count, uint64_t done_bytes, uint64_t all_bytes);
void progress_end(struct progress *p); /* wipes the line */

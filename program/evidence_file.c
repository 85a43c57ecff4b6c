/* SPDX-License-Identifier: MIT */
#include "program/evidence_file.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

enum { CASE_MODE = 0750, PATH_BYTES = 4096 };

static bool make_directory(const char *path, struct error *err)
{
    return mkdir(path, CASE_MODE) == 0 || errno == EEXIST ||
           error_errno(err, "making %s", path);
}

bool evidence_file_write(const char *state, const char *id, int64_t from_s, struct evidence *e,
                         const struct log *log, struct error *err)
{
    char path[PATH_BYTES];
    uint32_t left_out;
    (void)snprintf(path, sizeof path, "%s/cases", state);
    if (!make_directory(path, err))
        return false;
    (void)snprintf(path, sizeof path, "%s/cases/%s", state, id);
    if (!make_directory(path, err))
        return false;
    int used = snprintf(path, sizeof path, "%s/cases/%s/evidence", state, id);
    if (from_s == 0)
        (void)snprintf(path + used, sizeof path - (size_t)used, ".pcap");
    else
        (void)snprintf(path + used, sizeof path - (size_t)used, "-%lld.pcap",
                       (long long)from_s);
    if (!evidence_write(e, path, &left_out, err))
        return false;
    if (left_out > 0)
        log_notice(log, "%s: %u frames of other link types are left out", path, left_out);
    return true;
}

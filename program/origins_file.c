/* SPDX-License-Identifier: MIT */
#include "program/origins_file.h"

#include "program/progress.h"

#include <unistd.h>

static const char default_table[] = "/usr/share/libloc-location/location.db";

static bool keep_on(void *to, const struct feed *from, uint64_t routes)
{
    uint64_t done_bytes, size_bytes;
    input_progress(from->input, &done_bytes, &size_bytes);
    progress_show(to, routes, done_bytes, size_bytes);
    return true;
}

struct origins *origins_file_read(const char *path, struct error *err)
{
    struct feed from;
    struct progress progress;
    if (!feed_open(&from, path, err))
        return NULL;
    progress_init(&progress, stderr, "routes");
    struct origins *o = origins_read(&from, keep_on, &progress, err);
    progress_end(&progress);
    feed_close(&from);
    return o;
}

bool origins_file_has_default(void)
{
    return access(default_table, R_OK) == 0;
}

struct origins *origins_file_default(const char *path, struct error *err)
{
    if (path != NULL)
        return origins_file_read(path, err);
    if (origins_file_has_default())
        return origins_file_read(default_table, err);
    error_set(err, "no table of origins: give one with --origins, or install the package "
                   "libloc-database");
    return NULL;
}

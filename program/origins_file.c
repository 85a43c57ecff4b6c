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

typedef struct origins *reader(struct feed *from, origins_keep_on *keep_on, void *to,
                               struct error *err);

static struct origins *read_file(const char *path, reader *read, struct error *err)
{
    struct feed from;
    struct progress progress;
    if (!feed_open(&from, path, err))
        return NULL;
    progress_init(&progress, stderr, "routes");
    struct origins *o = read(&from, keep_on, &progress, err);
    progress_end(&progress);
    feed_close(&from);
    return o;
}

struct origins *origins_file_read(const char *path, struct error *err)
{
    return read_file(path, origins_read, err);
}

bool origins_file_has_default(void)
{
    return access(default_table, R_OK) == 0;
}

static struct origins *read_default(const char *path, reader *read, struct error *err)
{
    if (path != NULL)
        return read_file(path, read, err);
    if (origins_file_has_default())
        return read_file(default_table, read, err);
    error_set(err, "no table of origins: give one with --origins, or install the package "
                   "libloc-database");
    return NULL;
}

struct origins *origins_file_default(const char *path, struct error *err)
{
    return read_default(path, origins_read, err);
}

struct origins *origins_file_countries(const char *path, struct error *err)
{
    return read_default(path, origins_read_countries, err);
}

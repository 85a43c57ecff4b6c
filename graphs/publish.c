/* SPDX-License-Identifier: MIT */
#include "graphs/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool join(char path[static PUBLISH_PATH_BYTES], const char *directory, const char *name,
                 const char *ending, struct error *err)
{
    int length = snprintf(path, PUBLISH_PATH_BYTES, "%s/%s%s", directory, name, ending);
    return (length > 0 && length < PUBLISH_PATH_BYTES) ||
           error_set(err, "the path of %s is longer than %d octets", name, PUBLISH_PATH_BYTES);
}

static bool make_directories(char *path, struct error *err)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        bool made = mkdir(path, 0755) == 0 || errno == EEXIST;
        if (!made)
            error_errno(err, "making the directory %s", path);
        *slash = '/';
        if (!made)
            return false;
    }
    return true;
}

static bool write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

static bool write_file(const char *path, const void *bytes, size_t size, struct error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return error_errno(err, "creating %s", path);

    bool done = (write_all(fd, bytes, size) && fsync(fd) == 0) ||
                error_errno(err, "writing %s", path);
    if (close(fd) != 0 && done)
        done = error_errno(err, "writing %s", path);
    return done;
}

bool publish_file(const char *directory, const char *name, const void *bytes, size_t size,
                  struct error *err)
{
    char path[PUBLISH_PATH_BYTES];
    char aside[PUBLISH_PATH_BYTES];

    if (!join(path, directory, name, "", err) || !join(aside, directory, name, ".new", err) ||
        !make_directories(path, err))
        return false;
    if (write_file(aside, bytes, size, err) &&
        (rename(aside, path) == 0 || error_errno(err, "renaming to %s", path)))
        return true;
    (void)unlink(aside);
    return false;
}

bool publish_exists(const char *directory, const char *name)
{
    char path[PUBLISH_PATH_BYTES];
    struct error ignored;
    return join(path, directory, name, "", &ignored) && access(path, F_OK) == 0;
}

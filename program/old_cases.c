/* SPDX-License-Identifier: MIT */
#include "program/old_cases.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, OPEN_FOLDERS = 8 };

/* Whether somebody makes its files; -1 in *fd: it has no lock. */
static bool is_in_work(const char *path, int *fd)
{
    char lock[PATH_BYTES + 8];
    (void)snprintf(lock, sizeof lock, "%s/lock", path);
    *fd = open(lock, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    return *fd >= 0 && flock(*fd, LOCK_EX | LOCK_NB) != 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    return remove(path);
}

/* Its lock is held, so that nobody begins to make it meanwhile. */
static bool remove_case(const char *path, bool *removed, struct error *err)
{
    int fd;
    *removed = false;
    bool busy = is_in_work(path, &fd);
    if (!busy)
        *removed = nftw(path, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS) == 0;
    bool good = busy || *removed || error_errno(err, "removing %s", path);
    if (fd >= 0)
        (void)close(fd);
    return good;
}

struct removing {
    const char *folder;
    struct store *store;
    int64_t before_s;
    unsigned *removed;
};

static bool look_at(const struct removing *r, const char *id, struct error *err)
{
    char path[PATH_BYTES];
    bool old, removed;
    if (!store_is_closed(r->store, id, r->before_s, &old, err))
        return false;
    if (!old || snprintf(path, sizeof path, "%s/%s", r->folder, id) >= (int)sizeof path)
        return true;
    bool good = remove_case(path, &removed, err);
    *r->removed += removed;
    return good;
}

bool old_cases_remove(const char *folder, struct store *s, int64_t before_s, unsigned *removed,
                      struct error *err)
{
    struct error one;
    const struct dirent *e;
    bool good = true;
    *removed = 0;
    DIR *d = opendir(folder);
    if (d == NULL)
        return errno == ENOENT || error_errno(err, "%s", folder);
    const struct removing r = {folder, s, before_s, removed};
    while (*removed < OLD_CASES_AT_ONCE && (e = readdir(d)) != NULL) {
        bool done = e->d_name[0] == '.' || look_at(&r, e->d_name, &one);
        if (!done && good)
            *err = one;
        good &= done;
    }
    (void)closedir(d);
    return good;
}

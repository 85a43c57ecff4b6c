/* SPDX-License-Identifier: MIT */
#include "program/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

/* Newer than Debian 12's <linux/landlock.h>: what the kernel takes is told by its version. */
struct attributes {
    uint64_t files, network, scope;
};
enum {
    FILES_REFER = 1 << 13,    /* version 2 */
    FILES_TRUNCATE = 1 << 14, /* version 3 */
    FILES_DEVICES = 1 << 15,  /* version 5 */
    FILES_FIRST = FILES_REFER - 1,
    NETWORK_ALL = 3, /* bind, connect; version 4 */
    SCOPE_ALL = 3,   /* abstract sockets, signals; version 6 */
};

static struct attributes attributes_of(long version)
{
    return (struct attributes){
            .files = FILES_FIRST | (version >= 2 ? FILES_REFER : 0) |
                     (version >= 3 ? FILES_TRUNCATE : 0) | (version >= 5 ? FILES_DEVICES : 0),
            .network = version >= 4 ? NETWORK_ALL : 0,
            .scope = version >= 6 ? SCOPE_ALL : 0,
    };
}

static size_t bytes_of(long version)
{
    if (version >= 6)
        return sizeof(struct attributes);
    return version >= 4 ? offsetof(struct attributes, scope)
                        : offsetof(struct attributes, network);
}

/* -1: neither it nor one above it can be opened. */
static int open_nearest(const char *directory)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s", directory);
    for (;;) {
        int fd = open(path[0] != '\0' ? path : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        char *slash = strrchr(path, '/');
        if (fd >= 0 || errno != ENOENT || slash == NULL)
            return fd;
        *slash = '\0';
    }
}

static bool allow(int rules, const char *directory, uint64_t what, struct error *err)
{
    struct landlock_path_beneath_attr rule = {.allowed_access = what,
                                              .parent_fd = open_nearest(directory)};
    bool good = rule.parent_fd >= 0 && syscall(SYS_landlock_add_rule, rules,
                                               LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
    if (!good)
        error_errno(err, "%s", directory);
    if (rule.parent_fd >= 0)
        (void)close(rule.parent_fd);
    return good;
}

static bool restrict_self(int rules, struct error *err)
{
    return syscall(SYS_landlock_restrict_self, rules, 0) == 0 || error_errno(err, "entering");
}

bool sandbox_enter(const char *readable, const char *removable, struct error *err)
{
    long version =
            syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1)
        return error_errno(err, "Landlock");
    const struct attributes all = attributes_of(version);
    int rules = (int)syscall(SYS_landlock_create_ruleset, &all, bytes_of(version), 0);
    if (rules < 0)
        return error_errno(err, "Landlock");
    bool good = allow(rules, readable, LANDLOCK_ACCESS_FS_READ_FILE, err) &&
                (removable == NULL ||
                 allow(rules, removable, LANDLOCK_ACCESS_FS_REMOVE_FILE, err)) &&
                restrict_self(rules, err);
    (void)close(rules);
    return good || error_prefix(err, "Landlock");
}

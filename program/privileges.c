/* SPDX-License-Identifier: MIT */
#include "program/privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* The kernel forgets with the old user which signal the parent's death is to send. */
static bool keep_bond(int signal, pid_t parent, struct error *err)
{
    if (signal == 0)
        return true;
    if (prctl(PR_SET_PDEATHSIG, signal) != 0)
        return error_errno(err, "asking for a signal when the parent ends");
    return getppid() == parent || error_set(err, "the parent has ended");
}

static bool become(const char *user, struct error *err)
{
    errno = 0;
    const struct passwd *p = getpwnam(user);
    if (p == NULL)
        return errno != 0 ? error_errno(err, "user %s", user)
                          : error_set(err, "user %s: there is no such user", user);
    if (p->pw_uid == geteuid())
        return true;
    int signal = 0;
    pid_t parent = getppid();
    (void)prctl(PR_GET_PDEATHSIG, &signal);
    if (initgroups(user, p->pw_gid) != 0 || setgid(p->pw_gid) != 0 || setuid(p->pw_uid) != 0)
        return error_errno(err, "becoming user %s", user);
    return keep_bond(signal, parent, err);
}

static bool apply(capng_select_t set, struct error *err)
{
    return capng_apply(set) == 0 || error_set(err, "dropping capabilities: the kernel refuses");
}

bool privileges_drop(const char *user, struct error *err)
{
    if (user[0] != '\0' && !become(user, err))
        return false;
    capng_clear(CAPNG_SELECT_CAPS);
    if (!apply(CAPNG_SELECT_CAPS, err))
        return false;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return error_errno(err, "renouncing new privileges");
    return true;
}

bool privileges_keep_capture(struct error *err)
{
    static const unsigned kept[] = {CAP_NET_RAW, CAP_SETUID, CAP_SETGID, CAP_KILL};
    capng_get_caps_process();
    bool has[sizeof kept / sizeof *kept];
    for (unsigned i = 0; i < sizeof kept / sizeof *kept; i++)
        has[i] = capng_have_capability(CAPNG_PERMITTED, kept[i]);
    capng_clear(CAPNG_SELECT_CAPS);
    for (unsigned i = 0; i < sizeof kept / sizeof *kept; i++)
        if (has[i])
            capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, kept[i]);
    return apply(CAPNG_SELECT_CAPS, err);
}

/* A directory that is not there yet is nobody's, and will be made by who asks. */
bool privileges_become_owner(const char *directory, char user[static PRIVILEGES_NAME_BYTES],
                             struct error *err)
{
    struct stat st;
    user[0] = '\0';
    if (geteuid() != 0 || stat(directory, &st) != 0 || st.st_uid == 0)
        return true;
    const struct passwd *p = getpwuid(st.st_uid);
    if (p != NULL)
        (void)snprintf(user, PRIVILEGES_NAME_BYTES, "%s", p->pw_name);
    else
        (void)snprintf(user, PRIVILEGES_NAME_BYTES, "%u", (unsigned)st.st_uid);
    bool good = p != NULL ? initgroups(p->pw_name, p->pw_gid) == 0 : setgroups(0, NULL) == 0;
    if (good && setgid(p != NULL ? p->pw_gid : st.st_gid) == 0 && setuid(st.st_uid) == 0)
        return true;
    return error_errno(err, "becoming %s, who owns %s", user, directory);
}

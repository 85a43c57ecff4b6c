/* SPDX-License-Identifier: MIT */
#include "program/mirror.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static enum mirror state_of(int fd, const char *interface)
{
    struct ifreq r = {.ifr_flags = 0};
    (void)snprintf(r.ifr_name, sizeof r.ifr_name, "%s", interface);
    if (ioctl(fd, SIOCGIFFLAGS, &r) != 0)
        return errno == ENODEV ? MIRROR_GONE : MIRROR_UP;
    if ((r.ifr_flags & IFF_UP) == 0)
        return MIRROR_DOWN;
    return (r.ifr_flags & IFF_RUNNING) != 0 ? MIRROR_UP : MIRROR_NO_CARRIER;
}

enum mirror mirror_state(const char *interface)
{
    if (strcmp(interface, "any") == 0)
        return MIRROR_UP;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return MIRROR_UP;
    enum mirror m = state_of(fd, interface);
    (void)close(fd);
    return m;
}

const char *mirror_text(enum mirror m, const char *interface,
                        char text[static MIRROR_TEXT_BYTES])
{
    static const char *const words[] = {[MIRROR_UP] = "is up",
                                        [MIRROR_NO_CARRIER] = "has no carrier",
                                        [MIRROR_DOWN] = "is down",
                                        [MIRROR_GONE] = "is not there"};
    (void)snprintf(text, MIRROR_TEXT_BYTES, "%s %s", interface, words[m]);
    return text;
}

bool mirror_is_away(enum mirror m)
{
    return m == MIRROR_DOWN || m == MIRROR_GONE;
}

/* SPDX-License-Identifier: MIT */
#include "program/mirror.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

Test(mirror, finds_no_interface_where_there_is_none)
{
    cr_expect(eq(int, mirror_state("rw-none"), MIRROR_GONE));
    cr_expect(mirror_is_away(MIRROR_GONE));
}

Test(mirror, takes_any_for_one_that_is_up)
{
    cr_expect(eq(int, mirror_state("any"), MIRROR_UP));
    cr_expect_not(mirror_is_away(MIRROR_UP));
    cr_expect_not(mirror_is_away(MIRROR_NO_CARRIER), "it can be opened");
}

/* In a network namespace of its own, where `lo` is down at first. */
Test(mirror, sees_a_link_go_up_and_down)
{
    struct ifreq r = {.ifr_name = "lo"};
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0 && unshare(CLONE_NEWNET) != 0)
        cr_skip_test("no right to make a network namespace");
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    cr_expect(eq(int, mirror_state("lo"), MIRROR_DOWN));
    cr_expect(mirror_is_away(MIRROR_DOWN));
    r.ifr_flags = IFF_UP;
    cr_assert(eq(int, ioctl(fd, SIOCSIFFLAGS, &r), 0));
    cr_expect(eq(int, mirror_state("lo"), MIRROR_UP));
    r.ifr_flags = 0;
    cr_assert(eq(int, ioctl(fd, SIOCSIFFLAGS, &r), 0));
    cr_expect(eq(int, mirror_state("lo"), MIRROR_DOWN));
    close(fd);
}

Test(mirror, says_how_it_is)
{
    char text[MIRROR_TEXT_BYTES];
    cr_expect(eq(str, (char *)mirror_text(MIRROR_NO_CARRIER, "eth1", text),
                 "eth1 has no carrier"));
    cr_expect(eq(str, (char *)mirror_text(MIRROR_DOWN, "a-name-of-15-oc", text),
                 "a-name-of-15-oc is down"));
}

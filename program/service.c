/* SPDX-License-Identifier: MIT */
#include "program/service.h"

#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#include <time.h>

void service_ready(const char *status)
{
    (void)sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void service_alive(void)
{
    (void)sd_notify(0, "WATCHDOG=1");
}

void service_reloading(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
                     (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

void service_stopping(void)
{
    (void)sd_notify(0, "STOPPING=1");
}
#else
void service_ready(const char *status)
{
    (void)status;
}

void service_alive(void)
{
}

void service_reloading(void)
{
}

void service_stopping(void)
{
}
#endif

/* Tells systemd how the daemon is (sd_notify(3)); without systemd, nothing is told. */
/* SPDX-License-Identifier: MIT */
#pragma once

void service_ready(const char *status);
void service_alive(void); /* feeds the watchdog */
void service_reloading(void);
void service_stopping(void);

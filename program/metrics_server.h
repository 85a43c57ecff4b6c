/*
 * The process that answers Prometheus: GET /metrics, from status.json below the state
 * directory, which it reads anew each time.
 *
 * What strangers send is parsed by libmicrohttpd, in this process and nowhere else: it has no
 * rights, no descriptor of the others, and never writes to what they read.  It has one thread,
 * a bounded number of connections, and for each a time after which it is cut off; a connection
 * is for one answer.
 *
 * It opens its socket as the user that `run` becomes, so what is allowed at the start is
 * allowed later on.
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include "program/config.h"
#include "program/log.h"

enum {
    METRICS_CLIENTS = 16,
    METRICS_IDLE_S = 10,   /* a client that says nothing, or takes nothing */
    METRICS_CLIENT_S = 30, /* any client, from its first octet to the last */
};

/*
 * Until SIGTERM; returns the exit status: EXIT_NO_INTERFACE where no interface has the address,
 * or has it yet.  Once it listens, it writes an octet to `ready_fd` and closes it; what keeps
 * it from listening is in the log.
 */
int metrics_server_run(const struct config *c, const struct log *log, int ready_fd);

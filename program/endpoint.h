/*
 * A server in the configuration: a name or an address, with a port or without.
 *
 *     192.0.2.53   192.0.2.53:5353   2001:db8::53   [2001:db8::53]:5353   whois.example.net:43
 *
 * And where we are a server ourselves: an address with its port, or a socket in the file
 * system.
 *
 *     127.0.0.1:9153   [::1]:9153   unix:/run/rootwatch/metrics
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/un.h>

enum { ENDPOINT_HOST_BYTES = 128 };

/* The port is 0 where none is given. */
bool endpoint_split(const char *text, char host[static ENDPOINT_HOST_BYTES], uint16_t *port);

/* The same of an address, as a socket takes it. */
union endpoint {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
    struct sockaddr_un local;
};
bool endpoint_parse(const char *text, uint16_t standard_port, union endpoint *e);
/* Ours. */
bool endpoint_parse_own(const char *text, union endpoint *e);
socklen_t endpoint_bytes(const union endpoint *e);
/* Whether only this machine reaches it. */
bool endpoint_is_local(const union endpoint *e);

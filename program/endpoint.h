/*
 * A server in the configuration: a name or an address, with a port or without.
 *
 *     192.0.2.53   192.0.2.53:5353   2001:db8::53   [2001:db8::53]:5353   whois.example.net:43
 */
/* SPDX-License-Identifier: MIT */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>

enum { ENDPOINT_HOST_BYTES = 128 };

/* The port is 0 where none is given. */
bool endpoint_split(const char *text, char host[static ENDPOINT_HOST_BYTES], uint16_t *port);

/* The same of an address, as a socket takes it. */
union endpoint {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
};
bool endpoint_parse(const char *text, uint16_t standard_port, union endpoint *e);

/* SPDX-License-Identifier: MIT */
#include "program/endpoint.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool read_port(const char *text, uint16_t *port)
{
    size_t digits = strspn(text, "0123456789");
    unsigned long value = strtoul(text, NULL, 10);
    *port = (uint16_t)value;
    return digits > 0 && digits <= 5 && text[digits] == '\0' && value > 0 && value <= 65535;
}

static bool is_host(const char *text)
{
    if (!isalnum((unsigned char)text[0]) && text[0] != ':')
        return false;
    for (const char *c = text; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && strchr(".-:%", *c) == NULL)
            return false;
    return true;
}

bool endpoint_split(const char *text, char host[static ENDPOINT_HOST_BYTES], uint16_t *port)
{
    bool bracketed = text[0] == '[';
    const char *from = text + bracketed;
    const char *end = bracketed ? strchr(text, ']') : NULL;
    const char *colon = strrchr(text, ':');
    *port = 0;
    if (bracketed && end == NULL)
        return false;
    if (end == NULL)
        end = colon != NULL && strchr(text, ':') == colon ? colon : text + strlen(text);
    const char *rest = end + bracketed;
    if (end == from || (size_t)(end - from) >= ENDPOINT_HOST_BYTES)
        return false;
    memcpy(host, from, (size_t)(end - from));
    host[end - from] = '\0';
    if (!is_host(host) || (bracketed && strchr(host, ':') == NULL))
        return false;
    return *rest == '\0' || (*rest == ':' && read_port(rest + 1, port));
}

bool endpoint_parse(const char *text, uint16_t standard_port, union endpoint *e)
{
    char host[ENDPOINT_HOST_BYTES];
    uint16_t port;
    if (!endpoint_split(text, host, &port))
        return false;
    port = htons(port != 0 ? port : standard_port);
    *e = (union endpoint){.ipv6 = {.sin6_family = AF_INET6, .sin6_port = port}};
    if (inet_pton(AF_INET6, host, &e->ipv6.sin6_addr) == 1)
        return true;
    *e = (union endpoint){.ipv4 = {.sin_family = AF_INET, .sin_port = port}};
    return inet_pton(AF_INET, host, &e->ipv4.sin_addr) == 1;
}

static bool parse_path(const char *path, union endpoint *e)
{
    size_t length = strlen(path);
    *e = (union endpoint){.local = {.sun_family = AF_UNIX}};
    if (path[0] != '/' || path[length - 1] == '/' || length >= sizeof e->local.sun_path)
        return false;
    for (const char *c = path; *c != '\0'; c++)
        if (iscntrl((unsigned char)*c))
            return false;
    memcpy(e->local.sun_path, path, length + 1);
    return true;
}

bool endpoint_parse_own(const char *text, union endpoint *e)
{
    static const char scheme[] = "unix:";
    if (strncmp(text, scheme, sizeof scheme - 1) == 0)
        return parse_path(text + sizeof scheme - 1, e);
    return endpoint_parse(text, 0, e) &&
           (e->any.sa_family == AF_INET6 ? e->ipv6.sin6_port : e->ipv4.sin_port) != 0;
}

socklen_t endpoint_bytes(const union endpoint *e)
{
    switch (e->any.sa_family) {
    case AF_UNIX:
        return sizeof e->local;
    case AF_INET6:
        return sizeof e->ipv6;
    default:
        return sizeof e->ipv4;
    }
}

bool endpoint_is_local(const union endpoint *e)
{
    switch (e->any.sa_family) {
    case AF_UNIX:
        return true;
    case AF_INET6:
        return IN6_IS_ADDR_LOOPBACK(&e->ipv6.sin6_addr);
    default:
        return ntohl(e->ipv4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    }
}
